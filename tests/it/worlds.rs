//! Worlds: what makes one, how it is addressed, what it keeps from others, and how it ends.

use ecr_fixture::proto;
use serde_json::json;
use tonic::Code;

use crate::harness::{
    Caller, Connection, End, Image, Plane, Request, START_SECONDS, TestServer, TestWorld, duration, reason, timestamp,
};

fn request(world_id: &str) -> proto::CreateWorldRequest {
    proto::CreateWorldRequest { world_id: Some(world_id.to_owned()), ..Default::default() }
}

async fn repositories(caller: &Caller) -> Vec<String> {
    let answer = caller.ok("DescribeRepositories", json!({})).await;
    let listed = answer["repositories"].as_array().expect("an array");
    listed.iter().map(|repository| repository["repositoryName"].as_str().expect("a name").to_owned()).collect()
}

async fn lives(server: &TestServer, name: &str) -> bool {
    let listed =
        server.plane.clone().worlds.list_worlds(proto::ListWorldsRequest {}).await.expect("worlds").into_inner();
    listed.worlds.iter().any(|world| world.name == name)
}

/// Waits until a world is gone, without counting as its traffic.
async fn is_gone(server: &TestServer, name: &str) {
    while lives(server, name).await {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_world_says_how_it_is_reached_and_what_it_has() {
    let server = TestServer::start().await;
    let world = server
        .world_of(proto::CreateWorldRequest {
            now: Some(timestamp(START_SECONDS)),
            seed: Some(3),
            accounts: vec!["111111111111".to_owned(), "222222222222".to_owned()],
            regions: vec!["eu-west-1".to_owned()],
            labels: [("suite".to_owned(), "it".to_owned())].into(),
            lease: Some(duration(60)),
            ..request("mine")
        })
        .await;
    let shown = &world.world;
    assert_eq!((shown.name.as_str(), shown.seed, shown.seq), ("worlds/mine", 3, 0));
    assert_eq!(
        (&shown.accounts[..], &shown.regions[..]),
        (&["111111111111".to_owned(), "222222222222".to_owned()][..], &["eu-west-1".to_owned()][..])
    );
    assert_eq!((shown.lease, shown.labels["suite"].as_str()), (Some(duration(60)), "it"));
    let clock = shown.clock.as_ref().unwrap();
    assert_eq!((clock.mode(), clock.now), (proto::ClockMode::Frozen, Some(timestamp(START_SECONDS))));
    assert_eq!(clock.mutation_tick, Some(prost_types::Duration { seconds: 0, nanos: 1_000_000 }));
    let connection = world.connection();
    assert_eq!(connection.endpoint, format!("http://{}", server.registry()));
    assert_eq!(connection.world_header, "mine");
    let first = &connection.credentials[0];
    assert_eq!((connection.credentials.len(), first.account_id.as_str()), (2, "111111111111"));
    for (name, value) in [
        ("AWS_ENDPOINT_URL_ECR", &connection.endpoint),
        ("AWS_ACCESS_KEY_ID", &first.access_key_id),
        ("AWS_SECRET_ACCESS_KEY", &first.secret_access_key),
    ] {
        assert_eq!(&connection.environment[name], value);
    }
    assert_eq!(connection.environment["AWS_REGION"], "eu-west-1");
}

#[tokio::test]
async fn a_name_is_taken_once_and_illegal_members_are_named() {
    let server = TestServer::start().await;
    server.world_of(request("mine")).await;
    let mut worlds = server.plane.clone().worlds;
    let status = worlds.create_world(request("mine")).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::AlreadyExists, "ALREADY_EXISTS"));
    let status = worlds.create_world(request("Not Mine")).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    let bad =
        proto::CreateWorldRequest { accounts: vec!["1".to_owned()], regions: vec!["EU".to_owned()], ..request("x") };
    let status = worlds.create_world(bad).await.unwrap_err();
    let paths: Vec<String> = crate::harness::field_violations(&status).into_iter().map(|(path, _)| path).collect();
    assert_eq!(paths, ["accounts[0]", "regions[0]"]);
    assert!(!lives(&server, "worlds/x").await);
}

#[tokio::test]
async fn c_218_forks_see_what_was_and_nothing_of_each_other() {
    let server = TestServer::start().await;
    let parent = server.world_with("app").await;
    let image = Image::new(1);
    parent.home().await.push("app", "v1", &image).await;
    let request = proto::ForkWorldRequest { world: parent.name(), count: Some(2), ..Default::default() };
    let forks = server.plane.clone().worlds.fork_world(request).await.unwrap().into_inner().worlds;
    let forks: Vec<TestWorld> = forks.into_iter().map(|world| TestWorld::new(server.plane.clone(), world)).collect();
    assert_eq!(forks.len(), 2);
    for (fork, name) in forks.iter().zip(["left", "right"]) {
        assert!(fork.calls("any:*").await.is_empty(), "the journal of a fork starts empty");
        let home = fork.home().await;
        home.pulls("app", "v1", &image).await;
        home.ok("CreateRepository", json!({"repositoryName": name})).await;
    }
    parent.caller("us-east-1").ok("CreateRepository", json!({"repositoryName": "parent"})).await;
    assert_eq!(repositories(&forks[0].caller("us-east-1")).await, ["app", "left"]);
    assert_eq!(repositories(&forks[1].caller("us-east-1")).await, ["app", "right"]);
    assert_eq!(repositories(&parent.caller("us-east-1")).await, ["app", "parent"]);
    forks[0].home().await.delete("/v2/app/manifests/v1").await;
    forks[1].home().await.pulls("app", "v1", &image).await;
}

#[tokio::test]
async fn a_fork_has_rules_anew_unless_counters_are_kept() {
    let server = TestServer::start().await;
    let parent = server.world_with("app").await;
    parent.fault("on oci:ping do 1x status(503) -> pass").await;
    assert_eq!(parent.home().await.get("/v2/").await.status, 503);
    for (keep_counters, expected) in [(false, 503), (true, 200)] {
        let request = proto::ForkWorldRequest { world: parent.name(), keep_counters, ..Default::default() };
        let mut forks = server.plane.clone().worlds.fork_world(request).await.unwrap().into_inner().worlds;
        let fork = TestWorld::new(server.plane.clone(), forks.pop().unwrap());
        assert_eq!(fork.home().await.get("/v2/").await.status, expected, "{keep_counters}");
    }
}

#[tokio::test]
async fn c_218_a_snapshot_is_restored_and_forked_from() {
    let server = TestServer::start().await;
    let world = server.world_with("app").await;
    let mut worlds = server.plane.clone().worlds;
    let take = proto::CreateSnapshotRequest { world: world.name(), snapshot_id: Some("before".to_owned()) };
    assert_eq!(worlds.create_snapshot(take.clone()).await.unwrap().into_inner().snapshot, "snapshots/before");
    assert_eq!(worlds.create_snapshot(take).await.unwrap_err().code(), Code::AlreadyExists);
    let home = world.home().await;
    home.ok("CreateRepository", json!({"repositoryName": "later"})).await;
    let calls = world.calls("ecr:CreateRepository").await.len();
    let seq = world.seq().await;

    let restore = proto::RestoreWorldRequest { world: world.name(), snapshot: "snapshots/before".to_owned() };
    let restored = worlds.restore_world(restore).await.unwrap().into_inner().world.unwrap();
    assert!(restored.seq > seq);
    assert_eq!(repositories(&home).await, ["app"]);
    assert_eq!(world.calls("ecr:CreateRepository").await.len(), calls, "the journal is kept");
    assert_eq!(home.get("/v2/").await.status, 200, "logins are kept");

    let from = Some(proto::create_world_request::From::FromSnapshot("snapshots/before".to_owned()));
    let fork = server.world_of(proto::CreateWorldRequest { from, ..request("fork") }).await;
    assert_eq!(repositories(&fork.caller("us-east-1")).await, ["app"]);
    let missing = proto::RestoreWorldRequest { world: world.name(), snapshot: "snapshots/none".to_owned() };
    assert_eq!(reason(&worlds.restore_world(missing).await.unwrap_err()), "SNAPSHOT_NOT_FOUND");
}

#[tokio::test]
async fn an_upload_does_not_survive_a_restore() {
    let server = TestServer::start().await;
    let world = server.world_with("app").await;
    let home = world.home().await;
    let upload = home.begin_upload("app").await;
    let mut worlds = server.plane.clone().worlds;
    let take = proto::CreateSnapshotRequest { world: world.name(), snapshot_id: Some("open".to_owned()) };
    worlds.create_snapshot(take).await.unwrap();
    let restore = proto::RestoreWorldRequest { world: world.name(), snapshot: "snapshots/open".to_owned() };
    worlds.restore_world(restore).await.unwrap();
    let reply = home.send(&home.request("PATCH", &upload).body(*b"x")).await;
    assert_eq!((reply.status, reply.oci_error().0.as_str()), (404, "BLOB_UPLOAD_UNKNOWN"));
}

#[tokio::test]
async fn a_finished_or_deleted_world_is_gone_with_its_port_and_its_keys() {
    let server = TestServer::start().await;
    for finish in [true, false] {
        let world = server.dedicated_world().await;
        let home = world.home().await;
        assert_eq!(home.get("/v2/").await.status, 200);
        if finish {
            assert!(world.finish().await.ok);
        } else {
            let request = proto::DeleteWorldRequest { world: world.name() };
            server.plane.clone().worlds.delete_world(request.clone()).await.unwrap();
            let again = server.plane.clone().worlds.delete_world(request).await.unwrap_err();
            assert_eq!(again.code(), Code::NotFound);
        }
        assert!(!lives(&server, &world.name()).await);
        // The shared port knows neither its password nor, as an address, its name.
        let elsewhere = home.clone().at(server.registry());
        assert_eq!(elsewhere.get("/v2/").await.status, 421);
    }
}

#[tokio::test]
async fn a_dedicated_port_needs_no_further_address() {
    let server = TestServer::start().await;
    let world = server.dedicated_world().await;
    assert_ne!(world.address(), server.registry());
    let stranger = Caller::new(world.address(), "AKIAIOSFODNN7EXAMPLE", "us-east-1");
    stranger.ok("CreateRepository", json!({"repositoryName": "here"})).await;
    assert_eq!(repositories(&world.caller("us-east-1")).await, ["here"]);
    let created = stranger.ok("DescribeRepositories", json!({})).await;
    let uri = created["repositories"][0]["repositoryUri"].as_str().unwrap();
    assert_eq!(uri, format!("{}/here", world.address()));
}

#[tokio::test]
async fn a_label_of_the_host_name_addresses_a_world_account_and_region() {
    let server = TestServer::start().await;
    let world = server.world_of(request("labelled")).await;
    let stranger = Caller::new(server.registry(), "AKIAIOSFODNN7EXAMPLE", "us-east-1");
    let host = "api.ecr.us-east-1.labelled.localhost:4510";
    let reply = stranger
        .send(&stranger.ecr_request("CreateRepository", r#"{"repositoryName":"app"}"#).header("Host", host))
        .await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(repositories(&world.caller("us-east-1")).await, ["app"]);
    let host = "123456789012.dkr.ecr.us-east-1.labelled.localhost:4510";
    let home = world.home().await;
    let reply = home.send(&home.request("GET", "/v2/_catalog").header("Host", host)).await;
    assert_eq!(reply.json(), json!({"repositories": ["app"]}));
    let challenged = home.send(&Request::new("GET", "/v2/").header("Host", host)).await;
    assert_eq!(
        challenged.header("www-authenticate"),
        format!("Basic realm=\"http://{host}/\",service=\"ecr.amazonaws.com\"")
    );
    let other_region = home.request("GET", "/v2/").header("Host", "123456789012.dkr.ecr.eu-west-1.labelled.localhost");
    assert_eq!(home.send(&other_region).await.status, 401, "a token is good in the region that issued it");
}

#[tokio::test]
async fn an_access_key_and_a_registry_password_address_the_world_that_minted_them() {
    let server = TestServer::start().await;
    let (left, right) = (server.world_with("left").await, server.world_with("right").await);
    assert_eq!(repositories(&left.caller("us-east-1")).await, ["left"]);
    assert_eq!(repositories(&right.caller("us-east-1")).await, ["right"]);
    let catalog = async |world: &TestWorld| world.home().await.get("/v2/_catalog").await.json();
    assert_eq!(catalog(&left).await, json!({"repositories": ["left"]}));
    assert_eq!(catalog(&right).await, json!({"repositories": ["right"]}));
}

#[tokio::test]
async fn an_account_that_one_world_alone_has_addresses_it() {
    let server = TestServer::start().await;
    let only = server
        .world_of(proto::CreateWorldRequest { accounts: vec!["999999999999".to_owned()], ..request("only") })
        .await;
    let caller = Caller::new(server.registry(), "999999999999", "us-east-1");
    caller.ok("CreateRepository", json!({"repositoryName": "app"})).await;
    assert_eq!(repositories(&only.caller("us-east-1")).await, ["app"]);
    let second = server
        .world_of(proto::CreateWorldRequest { accounts: vec!["999999999999".to_owned()], ..request("second") })
        .await;
    assert!(repositories(&caller).await.is_empty(), "the default world takes what is ambiguous");
    assert!(repositories(&second.caller("us-east-1")).await.is_empty());
}

#[tokio::test]
async fn the_header_addresses_a_world() {
    let server = TestServer::start().await;
    let world = server.world_of(request("named")).await;
    let stranger = Caller::new(server.registry(), "AKIAIOSFODNN7EXAMPLE", "us-east-1");
    let create =
        stranger.ecr_request("CreateRepository", r#"{"repositoryName":"app"}"#).header("X-Fixture-World", "named");
    assert_eq!(stranger.send(&create).await.status, 200);
    assert_eq!(repositories(&world.caller("us-east-1")).await, ["app"]);
    assert!(repositories(&stranger).await.is_empty());
}

#[tokio::test]
async fn calls_that_reach_no_world_of_their_own_are_strays() {
    let server = TestServer::start().await;
    let stranger = Caller::new(server.registry(), "AKIAIOSFODNN7EXAMPLE", "us-east-1");
    let strays = async || {
        let listed = server.plane.clone().server.list_strays(proto::ListStraysRequest {}).await.unwrap();
        listed.into_inner().strays
    };
    stranger.ok("DescribeRegistry", json!({})).await;
    assert!(strays().await.is_empty(), "with no world beside it, the default one is meant");
    let world = server.world().await;
    stranger.ok("DescribeRegistry", json!({})).await;
    let refused = stranger.send(&stranger.ecr_request("ListImages", "{}").header("X-Fixture-World", "nowhere")).await;
    assert_eq!(refused.status, 421);
    let found = strays().await;
    let told: Vec<(&str, &str)> =
        found.iter().map(|stray| (stray.call.as_ref().unwrap().operation.as_str(), stray.reason.as_str())).collect();
    assert_eq!(
        told,
        [
            ("DescribeRegistry", "it named no world while others lived, so the default one took it"),
            ("ListImages", "header x-fixture-world names world `nowhere`, which does not exist or has finished"),
        ]
    );
    let report = world.finish().await;
    assert!(report.ok, "strays are notes");
    assert_eq!(crate::harness::kinds(&report), [proto::FindingKind::StrayCall; 2]);
}

#[tokio::test]
async fn a_strict_daemon_refuses_calls_that_name_no_world() {
    let server = TestServer::with(|args| args.strict = true).await;
    let stranger = Caller::new(server.registry(), "AKIAIOSFODNN7EXAMPLE", "us-east-1");
    let reply = stranger.send(&stranger.ecr_request("DescribeRegistry", "{}")).await;
    assert_eq!((reply.status, reply.json()["__type"].as_str()), (421, Some("WorldNotFoundException")));
    assert!(reply.text().contains("--strict"), "{}", reply.text());
    let ping = stranger.get("/v2/").await;
    assert_eq!(ping.status, 401, "a client that has not logged in has to be told how");
    let world = server.world().await;
    assert_eq!(world.home().await.get("/v2/").await.status, 200);
}

#[tokio::test]
async fn the_token_of_a_world_is_good_for_that_world_only() {
    let server = TestServer::start().await;
    let (mine, other) = (server.world().await, server.world().await);
    let plane: Plane = server.plane.with_token(Some(&mine.connection().control_token));
    let get = async |name: String| plane.clone().worlds.get_world(proto::GetWorldRequest { world: name }).await;
    assert_eq!(get(mine.name()).await.unwrap().into_inner().world.unwrap().name, mine.name());
    let status = get(other.name()).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::PermissionDenied, "WORLD_TOKEN_ONLY"));
    let list = plane.clone().worlds.list_worlds(proto::ListWorldsRequest {}).await.unwrap_err();
    assert_eq!(list.code(), Code::PermissionDenied);
    let create = plane.clone().worlds.create_world(request("x")).await.unwrap_err();
    assert_eq!(create.code(), Code::PermissionDenied);
    let delete = plane.clone().worlds.delete_world(proto::DeleteWorldRequest { world: other.name() }).await;
    assert_eq!(delete.unwrap_err().code(), Code::PermissionDenied);
    let fault =
        proto::ApplyRulesRequest { world: other.name(), text: "on any:* do pass".to_owned(), ..Default::default() };
    assert_eq!(plane.clone().faults.apply_rules(fault).await.unwrap_err().code(), Code::PermissionDenied);
    let stop = plane.clone().server.shutdown(proto::ShutdownRequest {}).await.unwrap_err();
    assert_eq!(stop.code(), Code::PermissionDenied);
    let from = Some(proto::create_world_request::From::FromWorld(other.name()));
    let copy = plane.clone().worlds.create_world(proto::CreateWorldRequest { from, ..request("y") }).await;
    assert_eq!(copy.unwrap_err().code(), Code::PermissionDenied);
    assert!(lives(&server, &other.name()).await);
}

#[tokio::test]
async fn the_token_of_a_world_opens_snapshots_of_that_world_only() {
    let server = TestServer::start().await;
    let (mine, other) = (server.world_with("mine").await, server.world_with("other").await);
    let mut worlds = server.plane.with_token(Some(&mine.connection().control_token)).worlds;
    let take = |world: &TestWorld, id: &str| proto::CreateSnapshotRequest {
        world: world.name(),
        snapshot_id: Some(id.to_owned()),
    };
    worlds.create_snapshot(take(&mine, "mine")).await.unwrap();
    server.plane.clone().worlds.create_snapshot(take(&other, "other")).await.unwrap();
    mine.caller("us-east-1").ok("CreateRepository", json!({"repositoryName": "later"})).await;

    let restore =
        |snapshot: &str| proto::RestoreWorldRequest { world: mine.name(), snapshot: format!("snapshots/{snapshot}") };
    let status = worlds.restore_world(restore("other")).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::PermissionDenied, "WORLD_TOKEN_ONLY"));
    let fork = proto::ForkWorldRequest { world: mine.name(), ..Default::default() };
    let status = worlds.fork_world(fork).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::PermissionDenied, "WORLD_TOKEN_ONLY"));
    assert_eq!(repositories(&mine.caller("us-east-1")).await, ["later", "mine"]);

    worlds.restore_world(restore("mine")).await.unwrap();
    assert_eq!(repositories(&mine.caller("us-east-1")).await, ["mine"]);
    server.plane.clone().worlds.restore_world(restore("other")).await.unwrap();
    assert_eq!(repositories(&mine.caller("us-east-1")).await, ["other"], "the daemon's token opens every one");
}

#[tokio::test]
async fn a_world_without_traffic_ends_with_its_lease() {
    let server = TestServer::start().await;
    let short = prost_types::Duration { seconds: 0, nanos: 1_000_000 };
    let world = server.world_of(proto::CreateWorldRequest { lease: Some(short), ..request("short") }).await;
    let kept = server.world_of(request("kept")).await;
    is_gone(&server, &world.name()).await;
    assert!(lives(&server, &kept.name()).await);
}

#[tokio::test]
async fn a_world_that_is_attached_outlives_its_lease_and_dies_with_the_stream() {
    let server = TestServer::start().await;
    let short = prost_types::Duration { seconds: 0, nanos: 1_000_000 };
    let held = server.world_of(proto::CreateWorldRequest { lease: Some(short), ..request("held") }).await;
    let mut stream = server
        .plane
        .clone()
        .worlds
        .attach_world(proto::AttachWorldRequest { world: held.name() })
        .await
        .unwrap()
        .into_inner();
    assert!(stream.message().await.unwrap().is_some(), "one message comes at once");
    // Another world with the same lease ends; the held one was looked at in the same round.
    let other = server.world_of(proto::CreateWorldRequest { lease: Some(short), ..request("other") }).await;
    is_gone(&server, &other.name()).await;
    assert!(lives(&server, &held.name()).await);
    drop(stream);
    is_gone(&server, &held.name()).await;
}

#[tokio::test]
async fn a_stream_that_outlives_its_world_does_not_end_the_next_one_of_that_name() {
    let server = TestServer::start().await;
    let attach = async |world: &TestWorld| {
        let request = proto::AttachWorldRequest { world: world.name() };
        let mut stream = server.plane.clone().worlds.attach_world(request).await.unwrap().into_inner();
        assert!(stream.message().await.unwrap().is_some(), "one message comes at once");
        stream
    };
    // The next world is made the moment that the name is free, so that the end of the stream comes before or after.
    let mut worlds = server.plane.clone().worlds;
    let mut made_again = async || loop {
        match worlds.create_world(request("x")).await {
            Ok(created) => return TestWorld::new(server.plane.clone(), created.into_inner().world.unwrap()),
            Err(status) => assert_eq!(status.code(), Code::AlreadyExists, "{status:?}"),
        }
    };
    let mut world = server.world_of(request("x")).await;
    for _ in 0..10 {
        let mut old = attach(&world).await;
        let (report, next) = tokio::join!(world.finish(), made_again());
        assert!(report.ok);
        assert!(old.message().await.unwrap().is_none(), "the stream ends with its world");
        drop(old);
        // Once the world of a later stream has gone with it, the end of the old stream has been seen too.
        let marker = server.world_of(request("marker")).await;
        drop(attach(&marker).await);
        is_gone(&server, &marker.name()).await;
        let get = proto::GetWorldRequest { world: next.name() };
        let shown = server.plane.clone().worlds.get_world(get).await.unwrap().into_inner().world.unwrap();
        assert_eq!(shown.connection.as_ref(), Some(next.connection()), "it is the same world still");
        world = next;
    }
}

#[tokio::test]
async fn x_017_c_011_two_regions_are_two_registries() {
    let server = TestServer::start().await;
    let world = server.world().await;
    let (home, away) = (world.home().await, world.away().await);
    home.ok("CreateRepository", json!({"repositoryName": "app"})).await;
    assert!(repositories(&away).await.is_empty());
    assert_eq!(away.get("/v2/app/tags/list").await.oci_error().0, "NAME_UNKNOWN");
    let created = away.ok("CreateRepository", json!({"repositoryName": "app"})).await;
    let arn = &created["repository"]["repositoryArn"];
    assert_eq!(arn, "arn:aws:ecr:eu-west-1:123456789012:repository/app");
    let image = Image::new(1);
    home.push("app", "v1", &image).await;
    assert_eq!(away.get("/v2/app/manifests/v1").await.oci_error().0, "MANIFEST_UNKNOWN");
}

#[tokio::test]
async fn two_accounts_of_a_world_are_two_registries() {
    let server = TestServer::start().await;
    let accounts = vec!["111111111111".to_owned(), "222222222222".to_owned()];
    let world = server.world_of(proto::CreateWorldRequest { accounts, ..request("two") }).await;
    let (first, second) = (world.caller_of(0, "us-east-1"), world.caller_of(1, "us-east-1"));
    first.ok("CreateRepository", json!({"repositoryName": "app"})).await;
    assert_eq!(repositories(&first).await, ["app"]);
    assert!(repositories(&second).await.is_empty());
}

#[tokio::test]
async fn a_call_that_waits_in_a_world_is_cut_off_when_the_world_is_deleted() {
    let server = TestServer::start().await;
    let world = server.world().await;
    world.fault("on oci:ping do hold(never)").await;
    let home = world.home().await;
    let mut connection = Connection::open(home.address).await;
    connection.send(&home.request("GET", "/v2/")).await;
    assert_eq!(world.waiters("never").await.len(), 1);
    server.plane.clone().worlds.delete_world(proto::DeleteWorldRequest { world: world.name() }).await.unwrap();
    connection.receive("GET").await.nothing(End::Eof);
}

#[tokio::test]
async fn a_reply_that_pauses_in_its_body_is_cut_off_when_the_world_is_deleted() {
    let server = TestServer::start().await;
    let world = server.world().await;
    world.fault("on oci:ping@send.body@1 do delay(1h)").await;
    let home = world.home().await;
    let mut connection = Connection::open(home.address).await;
    connection.send(&home.request("GET", "/v2/")).await;
    while world.rules().await[0].fired == 0 {}
    server.plane.clone().worlds.delete_world(proto::DeleteWorldRequest { world: world.name() }).await.unwrap();
    let received = connection.receive("GET").await;
    assert_eq!(received.end, End::Eof);
    assert_ne!(received.reply.map(|reply| reply.body), Some(b"{}".to_vec()));
}

#[tokio::test]
async fn a_world_is_finished_even_if_nobody_waits_for_the_report() {
    let server = TestServer::start().await;
    let world = server.world().await;
    // A body that is not sent whole keeps the call open, and with it the report, for half a second.
    let home = world.home().await;
    let mut connection = Connection::open(home.address).await;
    connection.send_part(&home.manifest_request("app", "v1", &[b' '; 4096]), 1024).await;
    while world.calls("oci:manifest.put").await.is_empty() {}
    let mut request = tonic::Request::new(proto::FinishWorldRequest { world: world.name(), journal_tail: None });
    request.set_timeout(std::time::Duration::from_millis(20));
    server.plane.clone().worlds.finish_world(request).await.expect_err("the caller gives up first");
    let exists = || async {
        let request = proto::GetWorldRequest { world: world.name() };
        server.plane.clone().worlds.get_world(request).await.is_ok()
    };
    while exists().await {}
}

#[tokio::test]
async fn c_017_there_is_no_reset_a_world_ends_and_another_of_its_name_begins_empty() {
    let server = TestServer::start().await;
    for _ in 0..2 {
        let world = server.world_of(request("again")).await;
        let home = world.caller("us-east-1");
        assert!(repositories(&home).await.is_empty());
        home.ok("CreateRepository", json!({"repositoryName": "app"})).await;
        let deleted = proto::DeleteWorldRequest { world: world.name() };
        server.plane.clone().worlds.delete_world(deleted).await.expect("a world is deleted");
    }
}
