//! Faults as a client meets them: statuses in the voice of each surface, replies that are lost, cut or held, byte for byte.

use ecr_fixture::proto;
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::harness::{Caller, Connection, End, Image, Received, TestServer, TestWorld, filler, sha256};

const MIB: usize = 1 << 20;

async fn app() -> (TestServer, TestWorld, Caller) {
    let server = TestServer::start().await;
    let world = server.world_with("app").await;
    let home = world.home().await;
    (server, world, home)
}

/// A world whose repository has one blob of four mebibytes; its path and bytes.
async fn blob() -> (TestServer, TestWorld, Caller, String, Vec<u8>) {
    let (server, world, home) = app().await;
    let bytes = filler(5, 4 * MIB);
    let path = format!("/v2/app/blobs/{}", home.push_blob("app", &bytes).await);
    (server, world, home, path, bytes)
}

async fn fetch(home: &Caller, path: &str) -> Received {
    home.exchange(&home.request("GET", path)).await
}

/// Action and rule of the one decision of the one record that matches.
async fn decided(world: &TestWorld, matcher: &str) -> (proto::Call, String) {
    let call = world.finished_call(matcher).await;
    assert_eq!(call.decisions.len(), 1, "{call:?}");
    let action = call.decisions[0].action.clone();
    (call, action)
}

#[tokio::test]
async fn d_033_a_status_is_told_in_the_voice_of_each_surface() {
    let (_server, world, home) = app().await;
    let created = json!({"repositoryName": "bb"});
    for (rule, ecr, oci) in [
        ("status(503)", (503, "ServerException"), (503, "UNAVAILABLE")),
        ("status(500)", (500, "ServerException"), (500, "UNKNOWN")),
        ("status(429)", (400, "ThrottlingException"), (429, "TOOMANYREQUESTS")),
        (r#"status("ThrottlingException")"#, (400, "ThrottlingException"), (429, "TOOMANYREQUESTS")),
        (r#"status("NAME_UNKNOWN")"#, (400, "RepositoryNotFoundException"), (404, "NAME_UNKNOWN")),
        ("status(403)", (403, "AccessDeniedException"), (403, "DENIED")),
    ] {
        world.fault(&format!("r: on any:* do {rule}")).await;
        let (status, exception, message) = home.refused("CreateRepository", created.clone()).await;
        assert_eq!((status, exception.as_str()), ecr, "{rule}");
        let reply = home.get("/v2/app/tags/list").await;
        assert_eq!((reply.status, reply.oci_error()), (oci.0, (oci.1.to_owned(), message)), "{rule}");
    }
    let delete = proto::DeleteRulesRequest { world: world.name(), all: true, ..Default::default() };
    assert_eq!(world.plane.clone().faults.delete_rules(delete).await.unwrap().into_inner().deleted, 1);
    home.ok("CreateRepository", created).await;
}

#[tokio::test]
async fn a_call_that_is_answered_by_a_rule_changes_nothing() {
    let (_server, world, home) = app().await;
    let image = Image::new(1);
    home.push_blobs("app", &image).await;
    world.fault(r#"on any:PutImage do 2x status("ThrottlingException", "slow down") -> pass"#).await;
    let (seq, now) = (world.seq().await, world.now().await);
    let refused = home.send(&home.manifest_request("app", "v1", &image.manifest)).await;
    assert_eq!((refused.status, refused.oci_error()), (429, ("TOOMANYREQUESTS".to_owned(), "slow down".to_owned())));
    let input = json!({"repositoryName": "app", "imageManifest": image.manifest_text(), "imageTag": "v1"});
    let expected = (400, "ThrottlingException".to_owned(), "slow down".to_owned());
    assert_eq!(home.refused("PutImage", input.clone()).await, expected);
    assert_eq!((world.seq().await, world.now().await), (seq, now));
    assert_eq!(home.get("/v2/app/manifests/v1").await.status, 404);
    home.ok("PutImage", input).await;
    home.pulls("app", "v1", &image).await;
}

#[tokio::test]
async fn a_call_that_is_answered_by_a_rule_leaves_its_upload_where_it_was() {
    let (_server, world, home) = app().await;
    let upload = home.begin_upload("app").await;
    world.fault("on oci:upload.patch do 1x status(500) -> pass").await;
    let patch = home.request("PATCH", &upload).body(vec![7; 100_000]);
    assert_eq!(home.send(&patch).await.status, 500);
    assert_eq!(home.get(&upload).await.header("range"), "0-0");
    assert_eq!(home.send(&patch).await.status, 201);
    assert_eq!(home.get(&upload).await.header("range"), "0-99999");
}

#[tokio::test]
async fn a_lost_reply_is_a_reset_and_the_push_has_landed() {
    let (_server, world, home) = app().await;
    let image = Image::new(1);
    home.push_blobs("app", &image).await;
    world.fault("on any:PutImage do 2x lose_reply(reset) -> pass").await;
    home.exchange(&home.manifest_request("app", "v1", &image.manifest)).await.nothing(End::Reset);
    home.pulls("app", "v1", &image).await;
    let input = json!({"repositoryName": "app", "imageManifest": image.manifest_text(), "imageTag": "v2"});
    home.exchange(&home.ecr_request("PutImage", input.to_string())).await.nothing(End::Reset);
    home.pulls("app", "v2", &image).await;
    let (call, action) = decided(&world, "oci:manifest.put").await;
    assert_eq!((call.outcome(), call.status, action.as_str()), (proto::Outcome::FaultReset, None, "lose_reply(reset)"));
    assert!(call.revision_after > call.revision_before, "the effect is committed");
}

#[tokio::test]
async fn a_reset_of_a_reply_without_a_body_leaves_nothing_of_the_reply() {
    let (_server, world, home) = app().await;
    let image = Image::new(1);
    home.push_blobs("app", &image).await;
    world.fault("on oci:manifest.put do 1x reset -> pass").await;
    home.exchange(&home.manifest_request("app", "v1", &image.manifest)).await.nothing(End::Reset);
    let (call, action) = decided(&world, "oci:manifest.put").await;
    assert_eq!((call.outcome(), action.starts_with("reset")), (proto::Outcome::FaultReset, true), "{call:?}");
    assert!(call.revision_after > call.revision_before, "the effect is committed");
    home.pulls("app", "v1", &image).await;
}

#[tokio::test]
async fn a_lost_reply_may_be_a_clean_end_instead() {
    let (_server, world, home) = app().await;
    world.fault("on ecr:CreateRepository do 1x lose_reply(eof) -> pass").await;
    let body = r#"{"repositoryName":"bb"}"#;
    home.exchange(&home.ecr_request("CreateRepository", body)).await.nothing(End::Eof);
    let (_, exception, _) = home.refused("CreateRepository", json!({"repositoryName": "bb"})).await;
    assert_eq!(exception, "RepositoryAlreadyExistsException");
    let first = world.calls("ecr:CreateRepository").await.remove(0);
    assert_eq!(first.outcome(), proto::Outcome::FaultEof);
}

#[tokio::test]
async fn a_reset_before_the_call_leaves_everything_as_it_was() {
    let (_server, world, home) = app().await;
    world.fault("on ecr:*@before do 1x reset -> pass").await;
    let body = r#"{"repositoryName":"bb"}"#;
    home.exchange(&home.ecr_request("CreateRepository", body)).await.nothing(End::Reset);
    home.ok("CreateRepository", json!({"repositoryName": "bb"})).await;
}

#[tokio::test]
async fn a_body_cut_in_half_is_exactly_half_and_a_clean_end() {
    let (_server, world, home, path, bytes) = blob().await;
    world
        .fault("on oci:blob.get do 1x truncate(50%) -> 1x truncate(1MiB) -> 1x truncate(0B) -> 1x truncate(100%)")
        .await;
    for kept in [2 * MIB, MIB, 0, 4 * MIB] {
        let reply = fetch(&home, &path).await;
        // All of a body is no cut.
        let reply = if kept == bytes.len() { reply.whole() } else { reply.cut(End::Eof) };
        assert_eq!((reply.status, reply.content_length(), reply.body.len()), (200, bytes.len(), kept));
        assert!(reply.body == bytes[..kept]);
    }
    let reply = fetch(&home, &path).await.whole();
    assert!(reply.body == bytes, "the plan is spent");
    let told: Vec<(proto::Outcome, u64)> =
        world.calls("oci:blob.get").await.iter().map(|call| (call.outcome(), call.bytes_out)).collect();
    let (cut, whole) = (proto::Outcome::FaultEof, proto::Outcome::Completed);
    let size = bytes.len() as u64;
    assert_eq!(told, [(cut, size / 2), (cut, MIB as u64), (cut, 0), (whole, size), (whole, size)]);
}

#[tokio::test]
async fn a_shortened_body_announces_its_own_length() {
    let (_server, world, home, path, bytes) = blob().await;
    world.fault("on oci:blob.get do 1x truncate(50%, fix_length=true) -> pass").await;
    let reply = fetch(&home, &path).await.whole();
    assert_eq!((reply.status, reply.content_length()), (200, bytes.len() / 2));
    assert!(reply.body == bytes[..bytes.len() / 2]);
}

#[tokio::test]
async fn a_reset_comes_after_exactly_so_many_bytes() {
    let (_server, world, home, path, bytes) = blob().await;
    for (text, count) in [("0B", 0), ("1B", 1), ("64KiB", 65_536), ("1MiB", MIB)] {
        world.fault(&format!("r: on oci:blob.get do 1x reset(after_bytes={text}) -> pass")).await;
        let reply = fetch(&home, &path).await.cut(End::Reset);
        assert_eq!((reply.status, reply.content_length(), reply.body.len()), (200, bytes.len(), count));
        assert!(reply.body == bytes[..count], "{text}");
        let call = world.calls("oci:blob.get").await.pop().expect("a record");
        assert_eq!((call.outcome(), call.bytes_out), (proto::Outcome::FaultReset, count as u64));
    }
    assert!(fetch(&home, &path).await.whole().body == bytes);
}

#[tokio::test]
async fn the_reply_of_the_json_api_is_cut_too() {
    let (_server, world, home) = app().await;
    world.fault("on ecr:DescribeRepositories do 1x truncate(10B) -> 1x reset(after_bytes=3B) -> pass").await;
    let request = home.ecr_request("DescribeRepositories", "{}");
    let cut = home.exchange(&request).await.cut(End::Eof);
    assert_eq!((cut.body.len(), cut.text()), (10, r#"{"reposito"#));
    assert_eq!(home.exchange(&request).await.cut(End::Reset).text(), r#"{"r"#);
    assert_eq!(home.exchange(&request).await.whole().status, 200);
}

#[tokio::test]
async fn a_delayed_call_is_overtaken_and_answered_later() {
    let (server, world, home) = app().await;
    world.fault("on oci:tags.list do 1x delay(1ms) -> 1x delay(1h)").await;
    assert_eq!(home.get("/v2/app/tags/list").await.status, 200);
    let (call, action) = decided(&world, "oci:tags.list").await;
    assert_eq!((call.outcome(), action.as_str()), (proto::Outcome::Completed, "delay(1ms)"));

    let mut delayed = Connection::open(home.address).await;
    delayed.send(&home.request("GET", "/v2/app/tags/list")).await;
    let arrived = loop {
        if let Some(call) = world.calls("oci:tags.list").await.into_iter().nth(1) {
            break call;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!((arrived.phase(), arrived.decisions[0].action.as_str()), (proto::Phase::Arrived, "delay(1h)"));
    // A later call is answered while the earlier one still waits.
    assert_eq!(home.get("/v2/app/tags/list").await.status, 200);
    let calls = world.calls("oci:tags.list").await;
    assert_eq!((calls[1].phase(), calls[2].phase()), (proto::Phase::Arrived, proto::Phase::Finished));
    server.plane.clone().worlds.delete_world(proto::DeleteWorldRequest { world: world.name() }).await.unwrap();
    delayed.receive("GET").await.nothing(End::Eof);
}

#[tokio::test]
async fn a_held_call_changes_nothing_until_its_gate_is_opened() {
    let (_server, world, home) = app().await;
    let image = Image::new(1);
    home.push_blobs("app", &image).await;
    world.fault("on oci:manifest.put do hold(door)").await;
    let request = home.manifest_request("app", "v1", &image.manifest);
    let mut held = Connection::open(home.address).await;
    held.send(&request).await;
    let waiters = world.waiters("door").await;
    let record = world.calls("oci:manifest.put").await.remove(0);
    assert_eq!(waiters, [format!("calls/{}", record.number)]);
    assert_eq!(home.get("/v2/app/manifests/v1").await.status, 404);
    assert_eq!(world.advance(0).await.held.len(), 1, "Advance says who is held");
    assert_eq!(world.open_gate("door").await, 1);
    assert_eq!(held.receive("PUT").await.whole().status, 201);
    home.pulls("app", "v1", &image).await;
    assert_eq!(
        home.send(&home.manifest_request("app", "v2", &image.manifest)).await.status,
        201,
        "it is open for good"
    );
}

#[tokio::test]
async fn a_call_held_after_its_effect_is_seen_by_others_before_it_is_answered() {
    let (_server, world, home) = app().await;
    let image = Image::new(1);
    home.push_blobs("app", &image).await;
    world.fault("on oci:manifest.put@after do hold(published)").await;
    let mut held = Connection::open(home.address).await;
    held.send(&home.manifest_request("app", "v1", &image.manifest)).await;
    world.waiters("published").await;
    home.pulls("app", "v1", &image).await;
    assert_eq!(world.calls("oci:manifest.put").await[0].phase(), proto::Phase::Committed);
    world.open_gate("published").await;
    assert_eq!(held.receive("PUT").await.whole().status, 201);
}

#[tokio::test]
async fn a_gate_lets_a_number_of_waiters_through() {
    let (_server, world, home) = app().await;
    world.fault("on oci:ping do hold(door)").await;
    let mut connections = Vec::new();
    for waiting in 1..=3 {
        let mut connection = Connection::open(home.address).await;
        connection.send(&home.request("GET", "/v2/")).await;
        connections.push(connection);
        while world.waiters("door").await.len() < waiting {
            tokio::task::yield_now().await;
        }
    }
    let open = proto::OpenGateRequest { world: world.name(), gate: "door".to_owned(), count: Some(2) };
    assert_eq!(world.plane.clone().faults.open_gate(open).await.unwrap().into_inner().released, 2);
    for connection in &mut connections[..2] {
        assert_eq!(connection.receive("GET").await.whole().status, 200, "the oldest go first");
    }
    assert_eq!(world.waiters("door").await.len(), 1);
    assert_eq!(world.open_gate("door").await, 1);
    assert_eq!(connections[2].receive("GET").await.whole().status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_count_is_split_exactly_over_sixteen_concurrent_callers() {
    let (_server, world, home) = app().await;
    for _ in 0..10 {
        world.fault("r: on oci:ping do 2x status(503) -> pass").await;
        let mut callers = JoinSet::new();
        for _ in 0..16 {
            let home = home.clone();
            callers.spawn(async move { home.get("/v2/").await.status });
        }
        let mut statuses = callers.join_all().await;
        statuses.sort_unstable();
        assert_eq!(statuses.iter().filter(|status| **status == 503).count(), 2, "{statuses:?}");
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 14, "{statuses:?}");
    }
    let rule = world.rules().await.remove(0);
    assert_eq!((rule.matched, rule.fired, rule.step), (16, 2, 1));
}

#[tokio::test]
async fn a_window_of_ten_minutes_is_over_at_exactly_ten_minutes() {
    let (_server, world, home) = app().await;
    world.fault("on oci:ping do for 10m status(503) -> pass").await;
    assert_eq!(home.get("/v2/").await.status, 503);
    let just_before = prost_types::Duration { seconds: 599, nanos: 999_999_000 };
    world.try_advance(proto::advance_request::Target::By(just_before)).await.unwrap();
    assert_eq!(home.get("/v2/").await.status, 503);
    let a_microsecond = prost_types::Duration { seconds: 0, nanos: 1_000 };
    world.try_advance(proto::advance_request::Target::By(a_microsecond)).await.unwrap();
    assert_eq!(home.get("/v2/").await.status, 200);
}

#[tokio::test]
async fn a_step_lasts_until_its_gate_is_opened() {
    let (_server, world, home) = app().await;
    world.fault("on oci:ping do until ready status(503) -> pass").await;
    for _ in 0..3 {
        assert_eq!(home.get("/v2/").await.status, 503);
    }
    world.open_gate("ready").await;
    assert_eq!(home.get("/v2/").await.status, 200);
}

#[tokio::test]
async fn every_third_call_and_loops_count_as_they_say() {
    let (_server, world, home) = app().await;
    let statuses = async |count: usize| {
        let mut statuses = Vec::new();
        for _ in 0..count {
            statuses.push(home.get("/v2/").await.status);
        }
        statuses
    };
    world.fault("r: on oci:ping do every 3 status(503)").await;
    assert_eq!(statuses(6).await, [200, 200, 503, 200, 200, 503]);
    world.fault("r: on oci:ping do 1x pass -> 1x status(503) -> loop").await;
    assert_eq!(statuses(4).await, [200, 503, 200, 503]);
}

#[tokio::test]
async fn a_rule_counts_by_repository_if_it_says_so() {
    let (_server, world, home) = app().await;
    world.seed(r#"{"repository": {"name": "other"}}"#).await;
    world.fault("on oci:tags.list do 1x status(503) -> pass per repository").await;
    for (repository, status) in [("app", 503), ("app", 200), ("other", 503), ("app", 200), ("other", 200)] {
        assert_eq!(home.get(&format!("/v2/{repository}/tags/list")).await.status, status, "{repository}");
    }
}

#[tokio::test]
async fn the_rule_of_higher_priority_decides_and_the_other_keeps_its_count() {
    let (_server, world, home) = app().await;
    world
        .fault("low: on oci:ping do 1x status(500) -> pass\nhigh: on oci:ping do 1x status(503) -> pass priority 5")
        .await;
    assert_eq!(home.get("/v2/").await.status, 503);
    let call = world.calls("oci:ping").await.remove(0);
    let told: Vec<(&str, bool)> =
        call.decisions.iter().map(|decision| (decision.rule.as_str(), decision.shadowed)).collect();
    assert_eq!(told, [("high", false), ("low", true)]);
    assert_eq!(home.get("/v2/").await.status, 500, "a shadowed rule has not been used up");
}

/// The statuses of forty pulls of forty tags, in a world of this seed.
async fn dice(server: &TestServer, seed: u64) -> Vec<u16> {
    let request = proto::CreateWorldRequest { seed: Some(seed), ..Default::default() };
    let world = server.world_of(request).await;
    world.seed(r#"{"repository": {"name": "app"}}"#).await;
    world.fault("dice: on oci:manifest.get do 50% status(503)").await;
    let home = world.home().await;
    let tags: Vec<String> = (0..40).map(|number| format!("/v2/app/manifests/v{number}")).collect();
    join_all(tags.iter().map(|path| async { home.get(path).await.status })).await
}

#[tokio::test]
async fn a_chance_falls_the_same_way_for_the_same_seed() {
    let server = TestServer::start().await;
    let (first, again, other) = (dice(&server, 1).await, dice(&server, 1).await, dice(&server, 2).await);
    assert_eq!(first, again);
    assert_ne!(first, other);
    let fired = first.iter().filter(|status| **status == 503).count();
    assert!((8..=32).contains(&fired), "{fired} of 40 at 50 %");
}

#[tokio::test]
async fn a_refused_anonymous_call_does_not_use_up_a_rule() {
    let (_server, world, home) = app().await;
    world.fault("on oci:* do 1x status(503) -> pass").await;
    let anonymous = world.caller("us-east-1");
    for caller in [anonymous.clone(), anonymous.with_password("hunter2")] {
        assert_eq!(caller.get("/v2/").await.status, 401);
    }
    assert_eq!(world.rules().await[0].matched, 0);
    assert_eq!(home.get("/v2/").await.status, 503);
    assert_eq!(home.get("/v2/").await.status, 200);
}

#[tokio::test]
async fn a_request_that_breaks_a_constraint_does_not_use_up_a_rule() {
    let (_server, world, home) = app().await;
    world.fault("on ecr:CreateRepository do 1x status(503) -> pass").await;
    assert_eq!(home.refused("CreateRepository", json!({"repositoryName": "x"})).await.0, 400);
    assert_eq!(home.refused("CreateRepository", json!({"repositoryName": "bb"})).await.0, 503);
}

const UPSTREAM: &str = r#"
    {"upstream": {"host": "quay.io", "repositories": [
        {"name": "base", "images": [{"tags": ["1"], "layers": 1, "layerSizeBytes": 100000}]}]}},
    {"registry": {"cacheRules": [{"prefix": "quay", "upstream": "quay.io"}]}}"#;

/// Pulls the manifest of the cached image; answers the path of its layer.
async fn cached_layer(home: &Caller) -> String {
    let manifest = home.get("/v2/quay/base/manifests/1").await;
    assert_eq!(manifest.status, 200, "{manifest:?}");
    format!("/v2/quay/base/blobs/{}", manifest.json()["layers"][0]["digest"].as_str().expect("a layer"))
}

#[tokio::test]
async fn an_upstream_stumbles_twice_sends_half_and_then_works() {
    let server = TestServer::start().await;
    let world = server.world().await;
    world.seed(UPSTREAM).await;
    let rule = r#"on upstream:blob.get where upstream = "quay.io" do 2x status(503) -> 1x truncate(50%) -> 1x reset(after_bytes=10B)"#;
    world.fault(&format!("{rule} -> pass")).await;
    let home = world.home().await;
    let path = cached_layer(&home).await;
    for _ in 0..4 {
        let reply = home.get(&path).await;
        assert_eq!((reply.status, reply.oci_error().0.as_str()), (503, "UNAVAILABLE"));
    }
    let reply = home.get(&path).await;
    let digest = path.rsplit('/').next().expect("a digest");
    assert_eq!((reply.status, sha256(&reply.body).as_str()), (200, digest));
    assert_eq!(home.get(&path).await.status, 200);

    let calls = world.calls("upstream:blob.get").await;
    let size = reply.body.len() as u64;
    let told: Vec<(Option<u32>, proto::Outcome, u64)> =
        calls.iter().map(|call| (call.status, call.outcome(), call.bytes_out)).collect();
    let (whole, cut, reset) = (proto::Outcome::Completed, proto::Outcome::FaultEof, proto::Outcome::FaultReset);
    let bytes = [0, 0, size / 2, 10, size];
    let statuses = [Some(503), Some(503), Some(200), Some(200), Some(200)];
    let outcomes = [whole, whole, cut, reset, whole];
    let expected: Vec<_> = (0..5).map(|at| (statuses[at], outcomes[at], bytes[at])).collect();
    assert_eq!(told[2..], expected[2..]);
    assert_eq!(
        told.iter().map(|call| (call.0, call.1)).collect::<Vec<_>>(),
        expected.iter().map(|call| (call.0, call.1)).collect::<Vec<_>>()
    );
    assert_eq!(calls.len(), 5, "the sixth pull is served from here");
    let pulls = world.calls("oci:blob.get").await;
    let caused: Vec<u64> = calls.iter().map(|call| call.caused_by).collect();
    assert_eq!(caused, pulls[..5].iter().map(|call| call.number).collect::<Vec<_>>());
}

#[tokio::test]
async fn b_036_b_037_unconfirmed_an_upstream_that_refuses_is_told_by_kind() {
    let server = TestServer::start().await;
    let world = server.world().await;
    world.seed(UPSTREAM).await;
    let home = world.home().await;
    for (status, expected) in [
        (401, (403, "DENIED")),
        (403, (403, "DENIED")),
        (404, (404, "MANIFEST_UNKNOWN")),
        (429, (429, "TOOMANYREQUESTS")),
        (500, (503, "UNAVAILABLE")),
    ] {
        world.fault(&format!("r: on upstream:manifest.get do 1x status({status}) -> pass")).await;
        let reply = home.get("/v2/quay/base/manifests/1").await;
        assert_eq!((reply.status, reply.oci_error().0.as_str()), expected, "{status}");
    }
    assert_eq!(home.get("/v2/quay/base/manifests/1").await.status, 200);
}

#[tokio::test]
async fn two_rules_say_everything_of_one_text() {
    let (_server, world, _home) = app().await;
    let rules = world
        .fault("# first\nmine: on ecr:PutImage do 2x status(503)\n\non oci:blob.get do truncate(1048576) tag x")
        .await;
    let texts: Vec<&str> = rules.iter().map(|rule| rule.text.as_str()).collect();
    assert_eq!(texts[0], "mine: on ecr:PutImage do 2x status(503)");
    assert!(texts[1].ends_with("on oci:blob.get do truncate(1MiB) tag \"x\""), "{texts:?}");
    let mut deleting = world.plane.clone().faults;
    let delete = proto::DeleteRulesRequest { world: world.name(), tag: "x".to_owned(), ..Default::default() };
    assert_eq!(deleting.delete_rules(delete).await.unwrap().into_inner().deleted, 1);
    let delete = proto::DeleteRulesRequest {
        world: world.name(),
        names: vec!["mine".to_owned(), "no".to_owned()],
        ..Default::default()
    };
    assert_eq!(deleting.delete_rules(delete).await.unwrap().into_inner().deleted, 1);
}

#[tokio::test]
async fn rules_are_replaced_or_only_tried_if_the_request_says_so() {
    let (_server, world, _home) = app().await;
    world.fault("one: on any:* do pass").await;
    let request = proto::ApplyRulesRequest {
        world: world.name(),
        text: "two: on any:* do pass".to_owned(),
        validate_only: true,
        ..Default::default()
    };
    let names = async || world.rules().await.iter().map(|status| status.rule.clone().unwrap().name).collect::<Vec<_>>();
    world.plane.clone().faults.apply_rules(request.clone()).await.unwrap();
    assert_eq!(names().await, ["one"]);
    let mut request = proto::ApplyRulesRequest { validate_only: false, ..request };
    request.set_mode(proto::ApplyRulesMode::ReplaceAll);
    world.plane.clone().faults.apply_rules(request).await.unwrap();
    assert_eq!(names().await, ["two"]);
}

/// A rule as a tree does what its text does.
#[tokio::test]
async fn a_rule_given_as_a_tree_is_answered_as_text_and_acts() {
    let (_server, world, home) = app().await;
    let comparison = proto::Comparison {
        fact: "repository".to_owned(),
        operator: proto::Operator::Equal.into(),
        values: vec!["app".to_owned()],
    };
    let status = proto::action::Kind::Status(proto::StatusAction { code: Some(503), ..Default::default() });
    let rule = proto::Rule {
        name: "tree".to_owned(),
        target: Some(proto::Target { surface: "oci".to_owned(), operation: "tags.*".to_owned(), ..Default::default() }),
        r#where: Some(proto::Predicate { form: Some(proto::predicate::Form::Comparison(comparison)) }),
        steps: vec![proto::Step {
            extent: Some(proto::step::Extent::Count(1)),
            actions: vec![proto::Action { kind: Some(status) }],
            ..Default::default()
        }],
        ..Default::default()
    };
    let request = proto::ApplyRulesRequest { world: world.name(), rules: vec![rule.clone()], ..Default::default() };
    let applied = world.plane.clone().faults.apply_rules(request).await.unwrap().into_inner().rules.remove(0);
    assert_eq!(applied.text, r#"tree: on oci:tags.* where repository = "app" do 1x status(503)"#);
    assert_eq!(applied.rule.map(|applied| (applied.target, applied.steps)), Some((rule.target, rule.steps)));
    assert_eq!(home.get("/v2/app/tags/list").await.status, 503);
    assert_eq!(home.get("/v2/app/tags/list").await.status, 200);
}

#[tokio::test]
async fn a_reset_of_one_connection_spares_the_others() {
    let (_server, world, home, path, bytes) = blob().await;
    let mut other = Connection::open(home.address).await;
    assert_eq!(other.exchange(&home.request("GET", "/v2/")).await.whole().status, 200);
    world.fault("on oci:blob.get do 1x reset(after_bytes=100B) -> pass").await;
    fetch(&home, &path).await.cut(End::Reset);
    let redirect = other.exchange(&home.request("GET", &path)).await.whole();
    let target = home.path_of(redirect.header("location"));
    assert!(other.exchange(&home.request("GET", &target)).await.whole().body == bytes);
}

#[tokio::test]
async fn records_of_cut_calls_name_the_rule_and_its_step() {
    let (_server, world, home, path, _bytes) = blob().await;
    world.fault("cut: on oci:blob.get do 1x pass -> 1x truncate(1KiB) -> pass").await;
    for _ in 0..3 {
        fetch(&home, &path).await;
    }
    let told: Vec<Value> = world
        .calls("oci:blob.get")
        .await
        .iter()
        .map(|call| {
            let decision = &call.decisions[0];
            json!([decision.rule, decision.step, decision.action])
        })
        .collect();
    assert_eq!(told, [json!(["cut", 0, "pass"]), json!(["cut", 1, "truncate(1KiB)"]), json!(["cut", 2, "pass"])]);
}
