//! Backfills: what is copied, what is counted, and how they end.

use std::sync::Arc;

use super::{Backfill, BackfillProgress, BackfillResult, BackfillStatus, ReplicationConfiguration, ReplicationRule};
use super::{TOO_MANY_FAILURES, run_backfill};
use crate::registry::image::ReplicationState;
use crate::registry::limits;
use crate::registry::ops::{put_replication_configuration, start_replication_backfill, stop_replication_backfill};
use crate::registry::state::Registry;
use crate::registry::testing::{
    NOON, at, create, image_of, index_of, key, link, name, picture, push, tag, with, with_repository,
};
use crate::registry::types::{Tag, Timestamp};

const OWN: &str = "123456789012";
const LATER: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// A registry with an image as `a` and `b`, an untagged one, and an index as `list` over a child, replicated to two regions.
fn source() -> Registry {
    let mut source = with_repository();
    link(&mut source, &["{}", "layer", "other", "third"]);
    let (image, untagged) = (image_of("{}", &["layer"], ""), image_of("{}", &["third"], ""));
    let child = image_of("{}", &["other"], "");
    let index = index_of(&[&child], "");
    for (manifest, image_tag) in
        [(&image, Some("a")), (&image, Some("b")), (&untagged, None), (&child, None), (&index, Some("list"))]
    {
        push(&mut source, manifest, image_tag).unwrap();
    }
    create(&mut source, "other");
    let rule = |region: &str, prefix: &str| ReplicationRule {
        destinations: vec![key(OWN, region)],
        repository_prefixes: vec![Arc::from(prefix)],
        delete_replication: None,
    };
    let rules = vec![rule("eu-west-1", "team/"), rule("eu-west-2", "oth")];
    let input = put_replication_configuration::Input { replication: ReplicationConfiguration { rules } };
    with(|cx| put_replication_configuration::apply(&mut source, cx, input)).unwrap();
    source
}

fn start(source: &mut Registry, region: &str) -> Result<Arc<Backfill>, start_replication_backfill::Error> {
    let input = start_replication_backfill::Input { destination: key(OWN, region) };
    with(|cx| start_replication_backfill::apply(source, cx, input)).map(|output| output.backfill)
}

fn told(results: &[BackfillResult]) -> Vec<(Option<&str>, Option<&str>)> {
    let mut all: Vec<_> = results
        .iter()
        .map(|result| {
            let image_tag = result.image_id.tag.as_ref().map(Tag::as_str);
            (image_tag, result.failure.as_ref().map(|failure| &*failure.code))
        })
        .collect();
    all.sort_unstable();
    all
}

#[test]
fn d_001_d_006_each_image_with_each_tag_is_one_replication_and_children_travel_along() {
    let mut source = source();
    let id = start(&mut source, "eu-west-1").unwrap().id.clone();
    source.begin_backfill(&id);
    let backfill = Arc::clone(source.backfill(&id).unwrap());
    let progress = BackfillProgress { total: 4, ..BackfillProgress::default() };
    assert_eq!((backfill.status, &backfill.progress), (BackfillStatus::InProgress, &Some(progress)));

    let mut replica = Registry::new(key(OWN, "eu-west-1"));
    let results = run_backfill(&source, &mut replica, LATER);
    assert_eq!(told(&results), [(None, None), (Some("a"), None), (Some("b"), None), (Some("list"), None)]);
    assert_eq!(picture(&replica, "team/app"), picture(&source, "team/app"));
    assert!(replica.repository(&name("other")).is_err(), "its rule has another destination");
    source.end_backfill(&id, LATER, Ok(results));
    let ended = source.backfill(&id).unwrap();
    assert_eq!((ended.status, ended.ended_at), (BackfillStatus::Complete, Some(LATER)));
    let progress = ended.progress.as_ref().unwrap();
    assert_eq!((progress.total, progress.completed, progress.failed), (4, 4, 0));
    let image = source.repository(&name("team/app")).unwrap().tagged(&tag("a")).unwrap();
    assert_eq!(image.replication_statuses()[0].state, ReplicationState::Complete);
}

#[test]
fn d_004_d_005_half_of_the_images_failing_fails_the_backfill() {
    let mut source = source();
    let id = start(&mut source, "eu-west-1").unwrap().id.clone();
    let repository = source.repository(&name("team/app")).unwrap();
    let list = repository.tagged(&tag("list")).unwrap().digest().clone();
    let mut replica = Registry::new(key(OWN, "eu-west-1"));
    create(&mut replica, "team/app");
    let mut results = run_backfill(&source, &mut replica, LATER);
    let failure = super::BackfillFailure { code: "ACCESS_DENIED".into(), sub_images: None };
    for result in results.iter_mut().filter(|result| result.image_id.digest != list).take(2) {
        result.failure = Some(failure.clone());
    }
    source.end_backfill(&id, LATER, Ok(results));
    let ended = source.backfill(&id).unwrap();
    assert_eq!((ended.status, ended.failure_code.as_deref()), (BackfillStatus::Failed, Some(TOO_MANY_FAILURES)));
    let progress = ended.progress.as_ref().unwrap();
    assert_eq!((progress.total, progress.completed, progress.failed), (4, 2, 2));
    assert_eq!(progress.failure_codes, [Arc::from("ACCESS_DENIED")]);
}

#[test]
fn d_004_a_list_that_fails_tells_the_codes_of_its_images() {
    let mut source = source();
    let id = start(&mut source, "eu-west-1").unwrap().id.clone();
    let input = put_replication_configuration::Input {
        replication: ReplicationConfiguration {
            rules: vec![ReplicationRule {
                destinations: vec![key("999999999999", "eu-west-1")],
                repository_prefixes: Vec::new(),
                delete_replication: None,
            }],
        },
    };
    with(|cx| put_replication_configuration::apply(&mut source, cx, input)).unwrap();
    let mut replica = Registry::new(key("999999999999", "eu-west-1"));
    let results = run_backfill(&source, &mut replica, LATER);
    let denied = Some("ACCESS_DENIED");
    assert_eq!(told(&results), [(None, denied), (Some("a"), denied), (Some("b"), denied), (Some("list"), denied)]);
    for result in &results {
        let is_list = result.image_id.tag.as_ref().is_some_and(|image_tag| image_tag.as_str() == "list");
        let codes = result.failure.as_ref().unwrap().sub_images.clone();
        assert_eq!(codes, is_list.then(|| vec![Arc::from("ACCESS_DENIED")]));
    }
    assert!(replica.repositories().is_empty());
    source.end_backfill(&id, LATER, Err("NETWORK".into()));
    let ended = source.backfill(&id).unwrap();
    assert_eq!((ended.status, ended.failure_code.as_deref()), (BackfillStatus::Failed, Some("NETWORK")));
    assert_eq!((&ended.progress, ended.results.len()), (&None, 0), "it never began to copy");
}

#[test]
fn d_002_a_backfill_stops_at_once_before_it_copies_and_when_it_has_copied_after_that() {
    let mut source = source();
    let stop = |source: &mut Registry, id: &str| {
        let input = stop_replication_backfill::Input { id: id.to_owned() };
        with(|cx| stop_replication_backfill::apply(source, cx, &input)).map(|output| output.backfill.status)
    };
    let first = start(&mut source, "eu-west-1").unwrap().id.clone();
    assert_eq!(stop(&mut source, &first), Ok(BackfillStatus::Stopped));
    assert_eq!(source.backfill(&first).unwrap().progress, None);
    source.end_backfill(&first, LATER, Err("NETWORK".into()));
    assert_eq!(source.backfill(&first).unwrap().ended_at, Some(NOON), "it had ended");

    let mut source = self::source();
    let second = start(&mut source, "eu-west-1").unwrap().id.clone();
    source.begin_backfill(&second);
    assert_eq!(stop(&mut source, &second), Ok(BackfillStatus::Stopping));
    source.end_backfill(&second, LATER, Err("NETWORK".into()));
    let ended = source.backfill(&second).unwrap();
    assert_eq!((ended.status, ended.failure_code.as_deref()), (BackfillStatus::Stopped, None));
    assert!(matches!(stop(&mut source, &second), Err(stop_replication_backfill::Error::InvalidStatus(_))));
}

#[test]
fn d_005_a_backfill_is_kept_for_ninety_days_after_its_end() {
    let mut source = source();
    let id = start(&mut source, "eu-west-1").unwrap().id.clone();
    source.forget_backfills(LATER);
    assert!(source.backfill(&id).is_ok(), "it has not ended");
    source.end_backfill(&id, NOON, Ok(vec![]));
    let gone = NOON.plus(limits::BACKFILLS_KEPT);
    source.forget_backfills(gone.minus(std::time::Duration::from_millis(1)));
    assert!(source.backfill(&id).is_ok());
    let input = start_replication_backfill::Input { destination: key(OWN, "eu-west-2") };
    at(gone, |cx| {
        cx.ids.uuid();
        start_replication_backfill::apply(&mut source, cx, input)
    })
    .unwrap();
    assert!(source.backfill(&id).is_err(), "a new one sweeps the old ones out");
}

#[test]
fn d_005_an_empty_backfill_is_complete() {
    let mut source = source();
    let id = start(&mut source, "eu-west-2").unwrap().id.clone();
    let mut replica = Registry::new(key(OWN, "eu-west-2"));
    let results = run_backfill(&source, &mut replica, LATER);
    assert!(results.is_empty());
    source.end_backfill(&id, LATER, Ok(results));
    assert_eq!(source.backfill(&id).unwrap().status, BackfillStatus::Complete);
}
