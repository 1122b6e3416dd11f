//! Time and the work that waits for it: clocks, timers, replication and its faults.

use ecr_fixture::proto;
use serde_json::json;
use tonic::Code;

use crate::harness::{
    Caller, Image, OCI_INDEX, START_SECONDS, TestServer, TestWorld, duration, index_of, reason, timestamp,
};

/// A world whose repository `app` is replicated to `eu-west-1`, and what its tasks do.
async fn replicated(tasks: &str) -> (TestServer, TestWorld, Caller, Caller) {
    let server = TestServer::start().await;
    let world = server.world_with("app").await;
    world
        .seed(&format!(
            r#"{{"registry": {{"replication": {{"rules": [{{"destinations": [{{"region": "eu-west-1"}}]}}]}}}}}},
               {{"tasks": {{{tasks}}}}}"#
        ))
        .await;
    let (home, away) = (world.home().await, world.away().await);
    (server, world, home, away)
}

fn states(tasks: &[proto::Task]) -> Vec<(proto::TaskState, u32)> {
    tasks.iter().map(|task| (task.state(), task.attempts)).collect()
}

#[tokio::test]
async fn x_018_a_frozen_clock_moves_by_a_millisecond_a_write_and_not_by_reads() {
    let server = TestServer::start().await;
    let world = server.world().await;
    let home = world.caller("us-east-1");
    assert_eq!(world.now().await, timestamp(START_SECONDS));
    home.ok("DescribeRepositories", json!({})).await;
    home.refused("DeleteRepository", json!({"repositoryName": "none"})).await;
    assert_eq!(world.now().await, timestamp(START_SECONDS));
    for (name, millis) in [("aa", 1), ("bb", 2)] {
        let created = home.ok("CreateRepository", json!({"repositoryName": name})).await;
        let expected = f64::from(millis) / 1_000.0 + 1_767_225_600.0;
        assert_eq!(created["repository"]["createdAt"], expected, "{name}");
        assert_eq!(world.now().await.nanos, millis * 1_000_000);
    }
}

#[tokio::test]
async fn a_clock_is_advanced_by_to_and_to_the_next_event() {
    let (_server, world, home, _away) = replicated(r#""replicationDuration": "90s""#).await;
    let start = world.now().await;
    let answer = world.advance(10).await;
    assert_eq!(answer.clock.unwrap().now.unwrap().seconds, start.seconds + 10);
    let to = timestamp(START_SECONDS + 60);
    let answer = world.try_advance(proto::advance_request::Target::To(to)).await.unwrap();
    assert_eq!((answer.clock.unwrap().now, answer.fired_count), (Some(to), 0));
    let again = world.try_advance(proto::advance_request::Target::To(to)).await.unwrap();
    assert_eq!(again.clock.unwrap().now, Some(to), "`to` is idempotent");

    let image = Image::new(1);
    home.push("app", "v1", &image).await;
    let timers = world.timers().await;
    assert_eq!(timers.len(), 1);
    assert_eq!((timers[0].owner.as_str(), timers[0].timer_class.as_str()), ("replication/1", "task"));
    let answer = world.try_advance(proto::advance_request::Target::NextEvent(true)).await.unwrap();
    assert_eq!((answer.fired_count, answer.pending_count, answer.settled), (1, 0, true));
    assert_eq!(answer.fired[0].owner, "replication/1");
    let due = answer.fired[0].due.unwrap();
    assert_eq!(Some(due), timers[0].due);
    assert!(world.now().await.seconds >= due.seconds, "the clock stands at the event or its tick after");
    let idle = world.try_advance(proto::advance_request::Target::NextEvent(true)).await.unwrap();
    assert_eq!(idle.fired_count, 0);
}

#[tokio::test]
async fn an_advance_to_the_time_of_a_timer_may_be_repeated() {
    let (_server, world, home, _away) = replicated(r#""replicationDuration": "90s""#).await;
    let image = Image::new(1);
    home.push("app", "v1", &image).await;
    let due = world.timers().await[0].due.unwrap();
    for fired in [1, 0] {
        let answer = world.try_advance(proto::advance_request::Target::To(due)).await.unwrap();
        assert_eq!((answer.clock.unwrap().now, answer.fired_count), (Some(due), fired), "it stands exactly there");
    }
    assert_eq!(home.replication("app", &image, "eu-west-1").await, "COMPLETE");
    assert_eq!(world.now().await, due);
}

#[tokio::test]
async fn a_repeated_advance_with_a_request_id_moves_once() {
    let server = TestServer::start().await;
    let world = server.world().await;
    let by = |seconds| proto::AdvanceRequest {
        world: world.name(),
        target: Some(proto::advance_request::Target::By(duration(seconds))),
        request_id: "once".to_owned(),
        ..Default::default()
    };
    let mut clock = world.plane.clone().clock;
    let first = clock.advance(by(60)).await.unwrap().into_inner();
    let again = clock.advance(by(60)).await.unwrap().into_inner();
    assert_eq!(first, again);
    assert_eq!(world.now().await, timestamp(START_SECONDS + 60));
    let status = clock.advance(by(61)).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::InvalidArgument, "REQUEST_ID_REUSED"));
    world.advance(60).await;
    world.advance(60).await;
    assert_eq!(world.now().await, timestamp(START_SECONDS + 180), "without an id each one moves");
}

#[tokio::test]
async fn a_flowing_clock_follows_real_time_from_where_it_was_set() {
    let server = TestServer::start().await;
    let world = server.world().await;
    let mut clock = world.plane.clone().clock;
    let mut request =
        proto::UpdateClockRequest { world: world.name(), now: Some(timestamp(START_SECONDS + 9)), mode: 0 };
    request.set_mode(proto::ClockMode::Flowing);
    let shown = clock.update_clock(request).await.unwrap().into_inner().clock.unwrap();
    assert_eq!(shown.mode(), proto::ClockMode::Flowing);
    let start = world.now().await;
    assert_eq!(start.seconds, START_SECONDS + 9);
    while world.now().await == start {
        tokio::task::yield_now().await;
    }
    let mut request = proto::UpdateClockRequest { world: world.name(), ..Default::default() };
    request.set_mode(proto::ClockMode::Frozen);
    clock.update_clock(request).await.unwrap();
    let frozen = world.now().await;
    assert_eq!(world.now().await, frozen);
}

#[tokio::test]
async fn a_047_a_066_a_replication_is_in_progress_until_its_time_has_come() {
    let (_server, world, home, away) = replicated(r#""replicationDuration": "30s""#).await;
    let image = Image::new(1);
    home.push("app", "v1", &image).await;
    assert_eq!(home.replication("app", &image, "eu-west-1").await, "IN_PROGRESS");
    assert_eq!(away.get("/v2/app/manifests/v1").await.oci_error().0, "NAME_UNKNOWN");
    assert_eq!(states(&world.tasks().await), [(proto::TaskState::Pending, 0)]);
    world.advance(29).await;
    assert_eq!(home.replication("app", &image, "eu-west-1").await, "IN_PROGRESS");
    world.advance(1).await;
    assert_eq!(home.replication("app", &image, "eu-west-1").await, "COMPLETE");
    away.pulls("app", "v1", &image).await;
    let task = world.tasks().await.remove(0);
    assert_eq!(
        (task.name.as_str(), task.kind.as_str(), task.state()),
        ("tasks/1", "replication", proto::TaskState::Complete)
    );
    for (fact, value) in [("repository", "app"), ("dest_region", "eu-west-1"), ("region", "us-east-1"), ("tag", "v1")] {
        assert_eq!(task.facts[fact], value);
    }
    assert_eq!(task.facts["digest"], image.digest());
    assert!(task.ended.unwrap().seconds >= task.created.unwrap().seconds + 30);
}

#[tokio::test]
async fn a_056_a_075_a_079_a_replica_is_there_with_tag_and_config_when_work_takes_no_time() {
    let (_server, _world, home, away) = replicated("").await;
    let image = Image::new(1);
    home.push("app", "v1", &image).await;
    assert_eq!(home.replication("app", &image, "eu-west-1").await, "COMPLETE");
    away.pulls("app", "v1", &image).await;
    away.pulls("app", &image.digest(), &image).await;
}

#[tokio::test]
async fn a_058_an_index_arrives_with_its_images() {
    let server = TestServer::start().await;
    let world = server.world_with("app").await;
    let (home, away) = (world.home().await, world.away().await);
    let (amd, arm) = (Image::new(1), Image::new(2));
    for image in [&amd, &arm] {
        home.push("app", &image.digest(), image).await;
    }
    // Replication is configured only now, so the images travel with the index or not at all.
    world.seed(r#"{"registry": {"replication": {"rules": [{"destinations": [{"region": "eu-west-1"}]}]}}}"#).await;
    let index = index_of(&[&amd, &arm]);
    let put = home.manifest_request("app", "multi", &index).header("Content-Type", OCI_INDEX);
    assert_eq!(home.send(&put).await.status, 201);
    let replica = away.get("/v2/app/manifests/multi").await;
    assert_eq!((replica.status, replica.header("content-type")), (200, OCI_INDEX));
    assert_eq!(replica.body, index);
    for image in [&amd, &arm] {
        away.pulls("app", &image.digest(), image).await;
    }
}

#[tokio::test]
async fn d_009_an_image_arrives_untagged_where_its_tag_is_immutable_and_taken() {
    let (_server, world, home, away) = replicated("").await;
    world.seed(r#"{"repository": {"name": "app", "region": "eu-west-1", "imageTagMutability": "IMMUTABLE"}}"#).await;
    let (first, second) = (Image::new(1), Image::new(2));
    home.push("app", "v1", &first).await;
    home.push("app", "v1", &second).await;
    assert_eq!(home.replication("app", &second, "eu-west-1").await, "COMPLETE");
    home.pulls("app", "v1", &second).await;
    away.pulls("app", "v1", &first).await;
    away.pulls("app", &second.digest(), &second).await;
    assert_eq!(away.get("/v2/app/tags/list").await.json()["tags"], json!(["v1"]));
}

#[tokio::test]
async fn a_069_d_008_another_account_receives_only_what_it_allows() {
    let server = TestServer::start().await;
    let accounts = vec!["111111111111".to_owned(), "222222222222".to_owned()];
    let world = server.world_of(proto::CreateWorldRequest { accounts, ..Default::default() }).await;
    world
        .seed(
            r#"{"repository": {"name": "app"}},
               {"registry": {"replication": {"rules": [{"destinations": [{"region": "us-east-1", "account": "222222222222"}]}]}}}"#,
        )
        .await;
    let home = world.caller_of(0, "us-east-1").logged_in().await;
    let there = world.caller_of(1, "us-east-1").logged_in().await;
    let (first, second) = (Image::new(1), Image::new(2));
    home.push("app", "v1", &first).await;
    assert_eq!(home.replication("app", &first, "us-east-1").await, "FAILED ACCESS_DENIED");
    assert_eq!(there.get("/v2/app/manifests/v1").await.oci_error().0, "NAME_UNKNOWN");
    world.seed(r#"{"registry": {"account": "222222222222", "replicationSources": ["111111111111"]}}"#).await;
    home.push("app", "v2", &second).await;
    assert_eq!(home.replication("app", &second, "us-east-1").await, "COMPLETE");
    there.pulls("app", "v2", &second).await;
}

#[tokio::test]
async fn a_067_a_failed_replication_stays_failed_unless_retries_are_seeded() {
    let (_server, world, home, _away) = replicated("").await;
    world.fault(r#"on task:replication do 1x fail("UPSTREAM_TIMEOUT") -> pass"#).await;
    let image = Image::new(1);
    home.push("app", "v1", &image).await;
    assert_eq!(home.replication("app", &image, "eu-west-1").await, "FAILED UPSTREAM_TIMEOUT");
    world.advance(86_400).await;
    assert_eq!(home.replication("app", &image, "eu-west-1").await, "FAILED UPSTREAM_TIMEOUT");
    let (home, away) = (world.home().await, world.away().await);
    assert_eq!(away.get("/v2/app/manifests/v1").await.status, 404);
    let task = world.tasks().await.remove(0);
    assert_eq!(
        (task.state(), task.failure_code.as_str(), task.attempts),
        (proto::TaskState::Failed, "UPSTREAM_TIMEOUT", 1)
    );
    // Another tag of the same image is pushed, and replicated.
    assert_eq!(home.send(&home.manifest_request("app", "v2", &image.manifest)).await.status, 201);
    assert_eq!(home.replication("app", &image, "eu-west-1").await, "COMPLETE");
}

#[tokio::test]
async fn a_failed_replication_recovers_with_the_first_retry_after_the_window() {
    let (_server, world, home, away) = replicated(r#""replicationRetry": "300s""#).await;
    world.fault(r#"on task:replication where dest_region = "eu-west-1" do for 10m fail("UPSTREAM_TIMEOUT")"#).await;
    let image = Image::new(1);
    home.push("app", "v1", &image).await;
    for (seconds, status, attempts) in
        [(0, "FAILED UPSTREAM_TIMEOUT", 1), (301, "FAILED UPSTREAM_TIMEOUT", 2), (300, "COMPLETE", 3)]
    {
        world.advance(seconds).await;
        assert_eq!(home.replication("app", &image, "eu-west-1").await, status);
        assert_eq!(world.tasks().await[0].attempts, attempts);
    }
    away.pulls("app", "v1", &image).await;
    let attempts: Vec<(proto::Outcome, String)> = world
        .calls("task:replication")
        .await
        .iter()
        .map(|call| (call.outcome(), call.facts["attempt"].clone()))
        .collect();
    let (failed, done) = (proto::Outcome::Failed, proto::Outcome::Completed);
    assert_eq!(attempts, [(failed, "1".to_owned()), (failed, "2".to_owned()), (done, "3".to_owned())]);
}

#[tokio::test]
async fn a_replication_waits_at_a_gate_until_it_is_opened() {
    let (_server, world, home, away) = replicated("").await;
    world.fault("on task:replication do hold(network)").await;
    let image = Image::new(1);
    home.push("app", "v1", &image).await;
    assert_eq!(home.replication("app", &image, "eu-west-1").await, "IN_PROGRESS");
    assert_eq!(world.waiters("network").await, ["tasks/1"]);
    assert_eq!(states(&world.tasks().await), [(proto::TaskState::Held, 1)]);
    let answer = world.advance(3_600).await;
    assert!(!answer.settled, "{answer:?}");
    assert_eq!(answer.held.len(), 1);
    assert_eq!(away.get("/v2/app/manifests/v1").await.status, 404);
    assert_eq!(world.open_gate("network").await, 1);
    assert_eq!(home.replication("app", &image, "eu-west-1").await, "COMPLETE");
    away.pulls("app", "v1", &image).await;
}

/// A world with a replication that waits at gate `network`.
async fn held_replication() -> (TestServer, TestWorld, Image) {
    let (server, world, home, _away) = replicated("").await;
    world.fault("on task:replication do hold(network)").await;
    let image = Image::new(1);
    home.push("app", "v1", &image).await;
    still_waits(&world, &image).await;
    (server, world, image)
}

async fn still_waits(world: &TestWorld, image: &Image) {
    assert_eq!(states(&world.tasks().await), [(proto::TaskState::Held, 1)]);
    assert_eq!(world.home().await.replication("app", image, "eu-west-1").await, "IN_PROGRESS");
    let missing = world.away().await.get("/v2/app/manifests/v1").await;
    assert_eq!((missing.status, missing.oci_error().0.as_str()), (404, "NAME_UNKNOWN"));
}

async fn arrives_through_the_gate(world: &TestWorld, image: &Image) {
    assert_eq!(world.open_gate("network").await, 1, "{}", world.name());
    assert_eq!(world.home().await.replication("app", image, "eu-west-1").await, "COMPLETE");
    world.away().await.pulls("app", "v1", image).await;
    let call = world.calls("task:replication").await.pop().expect("a record");
    assert_eq!((call.phase(), call.outcome()), (proto::Phase::Finished, proto::Outcome::Completed));
}

#[tokio::test]
async fn a_replication_at_a_gate_waits_in_a_fork_of_its_world_too() {
    let (server, parent, image) = Box::pin(held_replication()).await;
    let request = proto::ForkWorldRequest { world: parent.name(), ..Default::default() };
    let mut forks = server.plane.clone().worlds.fork_world(request).await.unwrap().into_inner().worlds;
    let fork = TestWorld::new(server.plane.clone(), forks.pop().unwrap());
    still_waits(&fork, &image).await;
    arrives_through_the_gate(&fork, &image).await;
    still_waits(&parent, &image).await;
    arrives_through_the_gate(&parent, &image).await;
}

#[tokio::test]
async fn a_replication_at_a_gate_waits_again_once_its_world_is_restored() {
    let (server, world, image) = Box::pin(held_replication()).await;
    let mut worlds = server.plane.clone().worlds;
    let take = proto::CreateSnapshotRequest { world: world.name(), snapshot_id: Some("held".to_owned()) };
    worlds.create_snapshot(take).await.unwrap();
    arrives_through_the_gate(&world, &image).await;
    let restore = proto::RestoreWorldRequest { world: world.name(), snapshot: "snapshots/held".to_owned() };
    worlds.restore_world(restore).await.unwrap();
    still_waits(&world, &image).await;
    arrives_through_the_gate(&world, &image).await;
}

#[tokio::test]
async fn a_delayed_replication_waits_on_the_world_s_clock() {
    let (_server, world, home, away) = replicated(r#""replicationDuration": "10s""#).await;
    world.fault("on task:replication do delay(5m)").await;
    let image = Image::new(1);
    home.push("app", "v1", &image).await;
    world.advance(10).await;
    assert_eq!(home.replication("app", &image, "eu-west-1").await, "IN_PROGRESS");
    assert_eq!(world.timers().await.len(), 1);
    world.advance(299).await;
    assert_eq!(home.replication("app", &image, "eu-west-1").await, "IN_PROGRESS");
    world.advance(1).await;
    assert_eq!(home.replication("app", &image, "eu-west-1").await, "COMPLETE");
    away.pulls("app", "v1", &image).await;
}

#[tokio::test]
async fn a_source_that_is_gone_when_its_time_comes_fails() {
    let (_server, world, home, _away) = replicated(r#""replicationDuration": "60s""#).await;
    let image = Image::new(1);
    home.push("app", "v1", &image).await;
    home.delete(&format!("/v2/app/manifests/{}", image.digest())).await;
    world.advance(60).await;
    let task = world.tasks().await.remove(0);
    assert_eq!((task.state(), task.failure_code.as_str()), (proto::TaskState::Failed, "IMAGE_NOT_FOUND"));
}

#[tokio::test]
async fn a_060_only_repositories_with_the_prefix_are_replicated() {
    let server = TestServer::start().await;
    let world = server.world().await;
    world
        .seed(
            r#"{"registry": {"replication": {"rules": [
                   {"destinations": [{"region": "eu-west-1"}], "repositoryPrefixes": ["prod-"]}]}}},
               {"repository": {"name": "prod-app"}}, {"repository": {"name": "dev-app"}}"#,
        )
        .await;
    let (home, away) = (world.home().await, world.away().await);
    let image = Image::new(1);
    home.push("prod-app", "v1", &image).await;
    home.push("dev-app", "v1", &image).await;
    away.pulls("prod-app", "v1", &image).await;
    assert_eq!(away.get("/v2/_catalog").await.json(), json!({"repositories": ["prod-app"]}));
}

#[tokio::test]
async fn more_timers_than_the_budget_are_refused_with_their_busiest_owners() {
    let (_server, world, home, _away) = replicated(r#""replicationRetry": "1s""#).await;
    world.fault(r#"on task:replication do fail("NEVER")"#).await;
    home.push("app", "v1", &Image::new(1)).await;
    let request = proto::AdvanceRequest {
        world: world.name(),
        target: Some(proto::advance_request::Target::By(duration(3_600))),
        event_budget: Some(5),
        ..Default::default()
    };
    let status = world.plane.clone().clock.advance(request).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::ResourceExhausted, "EVENT_BUDGET_EXCEEDED"));
    assert!(status.message().contains("replication/1 (5)"), "{}", status.message());
    assert_eq!(world.timers().await.len(), 1, "the next one still waits");
}

#[tokio::test]
async fn timers_of_one_time_beyond_the_budget_are_not_lost_and_keep_the_order_of_their_creation() {
    let server = TestServer::start().await;
    let regions = ["us-east-1", "eu-west-1", "eu-north-1", "sa-east-1"].map(str::to_owned).to_vec();
    let now = Some(timestamp(START_SECONDS));
    let world = server.world_of(proto::CreateWorldRequest { now, regions, ..Default::default() }).await;
    world
        .seed(
            r#"{"repository": {"name": "app"}},
               {"registry": {"replication": {"rules": [{"destinations": [
                   {"region": "eu-west-1"}, {"region": "eu-north-1"}, {"region": "sa-east-1"}]}]}}},
               {"tasks": {"replicationDuration": "90s"}}"#,
        )
        .await;
    world.home().await.push("app", "v1", &Image::new(1)).await;
    let owners = |timers: &[proto::Timer]| timers.iter().map(|timer| timer.owner.clone()).collect::<Vec<_>>();
    let timers = world.timers().await;
    assert_eq!(owners(&timers), ["replication/1", "replication/2", "replication/3"]);
    let due = timers[0].due.unwrap();
    assert!(timers.iter().all(|timer| timer.due == Some(due)), "{timers:?}");

    let to = proto::advance_request::Target::To(due);
    let request =
        proto::AdvanceRequest { world: world.name(), target: Some(to), event_budget: Some(1), ..Default::default() };
    let status = world.plane.clone().clock.advance(request).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::ResourceExhausted, "EVENT_BUDGET_EXCEEDED"));
    assert!(status.message().contains("replication/1 (1)"), "{}", status.message());

    let answer = world.try_advance(to).await.unwrap();
    assert_eq!((answer.pending_count, answer.clock.unwrap().now), (0, Some(due)));
    assert_eq!(states(&world.tasks().await), [(proto::TaskState::Complete, 1); 3]);
    let created: Vec<String> = world.tasks().await.iter().map(|task| task.facts["dest_region"].clone()).collect();
    let calls = world.calls("task:replication").await;
    assert_eq!(calls.iter().map(|call| call.facts["dest_region"].clone()).collect::<Vec<_>>(), created);
}

#[tokio::test]
async fn work_of_a_snapshot_happens_at_its_own_time_in_a_world_that_begins_later() {
    let (server, world, home, _away) = replicated(r#""replicationDuration": "90s""#).await;
    let image = Image::new(1);
    home.push("app", "v1", &image).await;
    let due = world.timers().await[0].due;
    let take = proto::CreateSnapshotRequest { world: world.name(), snapshot_id: Some("pending".to_owned()) };
    server.plane.clone().worlds.create_snapshot(take).await.unwrap();
    let now = Some(timestamp(START_SECONDS + 30 * 86_400));
    let from = Some(proto::create_world_request::From::FromSnapshot("snapshots/pending".to_owned()));
    let later = server.world_of(proto::CreateWorldRequest { from, now, ..Default::default() }).await;
    assert_eq!(later.world.clock.as_ref().unwrap().now, now);
    let call = later.finished_call("task:replication").await;
    assert_eq!((call.arrived, call.finished, call.outcome()), (due, due, proto::Outcome::Completed));
    later.away().await.pulls("app", "v1", &image).await;
    assert_eq!(
        states(&world.tasks().await),
        [(proto::TaskState::Pending, 0)],
        "the world it was taken of stands still"
    );
}

#[tokio::test]
async fn an_advance_names_calls_that_are_still_sending() {
    let (_server, world, home, _away) = replicated("").await;
    world.fault("on oci:ping do delay(1h)").await;
    let mut waiting = crate::harness::Connection::open(home.address).await;
    waiting.send(&home.request("GET", "/v2/")).await;
    let call = loop {
        if let Some(call) = world.calls("oci:ping").await.pop() {
            break call;
        }
        tokio::task::yield_now().await;
    };
    let answer = world.advance(1).await;
    assert_eq!((answer.external, answer.settled), (vec![format!("calls/{}", call.number)], false));
}
