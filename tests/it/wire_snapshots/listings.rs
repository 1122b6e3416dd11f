//! Pages that cannot be, and lists in repositories that are not there.

use super::gallery::TAKEN;
use super::stage::{PROFILES, Stage};
use crate::harness::sha256;

#[tokio::test]
async fn listings() {
    for profile in PROFILES {
        let Stage { server: _server, home, mut gallery, .. } = Stage::of("listings", profile).await;
        let get = |target: &str| home.request("GET", target);
        gallery
            .shows("RepositoryNotFound", "Tags of a repository that is not there", &get("/v2/nowhere/tags/list"))
            .await;
        for list in ["/v2/app/tags/list", "/v2/_catalog"] {
            for (size, is_number) in [("0", true), ("1001", true), ("-1", false), ("ten", false), ("", false)] {
                let refused = gallery.either("InvalidParameter", if is_number { TAKEN } else { "PageInvalid" });
                let title = format!("{list}: a page of {}", if size.is_empty() { "nothing" } else { size });
                gallery.shows(refused, &title, &get(&format!("{list}?n={size}"))).await;
            }
            let refused = gallery.either("InvalidParameter", TAKEN);
            gallery.shows(refused, &format!("{list}: after a name"), &get(&format!("{list}?last=v1"))).await;
        }
        let referrers = |repository: &str, digest: &str| get(&format!("/v2/{repository}/referrers/{digest}"));
        let refused = gallery.either("RepositoryNotFound", TAKEN);
        let title = "Referrers in a repository that is not there";
        gallery.shows(refused, title, &referrers("nowhere", &sha256(b"subject"))).await;
        gallery.shows("DigestInvalid", "Referrers of what is no digest", &referrers("app", "v1")).await;
        let refused = gallery.either("InvalidParameter", "PageInvalid");
        let page = referrers("app", &format!("{}?last=nonsense", sha256(b"subject")));
        gallery.shows(refused, "Referrers after a page that nobody gave", &page).await;
        gallery.compare();
    }
}
