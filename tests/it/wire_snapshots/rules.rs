//! What fault rules may say on this surface: every name of the table, bare statuses, and texts of one's own.

use std::collections::BTreeSet;

use ecr_fixture::wire_errors::Failure;

use super::gallery::RULE;
use super::stage::{PROFILES, Stage};

/// Statuses that a rule may name without an error.
const STATUSES: [u16; 22] =
    [400, 401, 403, 404, 405, 408, 409, 411, 412, 413, 414, 416, 418, 421, 429, 431, 451, 500, 501, 502, 503, 504];

/// Names that stand in no row, and texts.
const OTHERS: [&str; 4] = [
    r#"status("SomethingNew")"#,
    r#"status(418, "TEAPOT", "short and stout")"#,
    r#"status(409, "TAG_INVALID")"#,
    r#"status("TOOMANYREQUESTS", "Slow down.")"#,
];

#[tokio::test]
async fn answers_of_rules() {
    for profile in PROFILES {
        let Stage { server: _server, world, home, mut gallery } = Stage::of("rules", profile).await;
        let names: BTreeSet<&str> = Failure::names().collect();
        let names = names.into_iter().map(|name| format!("status({name:?})"));
        let statuses = STATUSES.map(|status| format!("status({status})"));
        let tags = home.request("GET", "/v2/app/tags/list");
        for action in names.chain(statuses).chain(OTHERS.map(str::to_owned)) {
            world.fault(&format!("on oci:tags.list do 1x {action} -> pass")).await;
            gallery.shows(RULE, &action, &tags).await;
        }
        world.fault("on oci:manifest.head do status(503)").await;
        gallery.shows(RULE, "status(503) of a HEAD", &home.request("HEAD", "/v2/app/manifests/v1")).await;
        gallery.compare();
    }
}
