//! The journal: what is recorded of a call, what is kept secret, what verdicts say, and what the end of a world reports.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ecr_fixture::proto;
use ecr_fixture::proto::FindingKind as Kind;
use serde_json::json;
use tonic::Code;

use crate::harness::{Caller, Connection, Image, TestServer, TestWorld, field_violations, kinds, reason};

async fn app() -> (TestServer, TestWorld, Caller) {
    let server = TestServer::start().await;
    let world = server.world_with("app").await;
    let home = world.home().await;
    (server, world, home)
}

fn matcher(text: &str) -> proto::Matcher {
    proto::Matcher { text: text.to_owned(), ..Default::default() }
}

fn exactly(count: u64, text: &str) -> proto::Expectation {
    let count = proto::CountExpectation {
        matcher: Some(matcher(text)),
        min: Some(count),
        max: Some(count),
        ..Default::default()
    };
    proto::Expectation { label: String::new(), form: Some(proto::expectation::Form::Count(count)) }
}

fn sequence(texts: &[&str]) -> proto::Expectation {
    let matchers = texts.iter().map(|text| matcher(text)).collect();
    let form = proto::expectation::Form::Sequence(proto::SequenceExpectation { matchers });
    proto::Expectation { label: String::new(), form: Some(form) }
}

async fn verify(world: &TestWorld, expectations: Vec<proto::Expectation>, since: &str) -> proto::VerifyResponse {
    let request = proto::VerifyRequest { world: world.name(), expectations, since: since.to_owned() };
    world.plane.clone().asserts.verify(request).await.expect("a verdict").into_inner()
}

#[tokio::test]
async fn x_023_a_record_says_what_was_called_and_what_came_of_it() {
    let (_server, world, home) = app().await;
    let image = Image::new(1);
    home.push("app", "v1", &image).await;
    let call = world.finished_call("oci:manifest.put").await;
    assert_eq!(call.name, format!("{}/calls/{}", world.name(), call.number));
    assert_eq!((call.surface.as_str(), call.operation.as_str()), ("oci", "manifest.put"));
    assert_eq!((call.phase(), call.outcome()), (proto::Phase::Finished, proto::Outcome::Completed));
    assert_eq!((call.status, call.error.as_str()), (Some(201), ""));
    assert_eq!((call.bytes_in, call.bytes_out), (image.manifest.len() as u64, 0));
    assert_eq!(call.revision_after, call.revision_before + 1);
    assert_eq!(call.request_line, "PUT /v2/app/manifests/v1");
    assert!(call.finished.unwrap().nanos > call.arrived.unwrap().nanos, "the write moved the clock");
    for (fact, value) in [
        ("account", "123456789012"),
        ("region", "us-east-1"),
        ("repository", "app"),
        ("tag", "v1"),
        ("caller", "arn:aws:iam::123456789012:root"),
        ("method", "PUT"),
        ("status", "201"),
        ("outcome", "completed"),
    ] {
        assert_eq!(call.facts.get(fact).map(String::as_str), Some(value), "{fact}");
    }
    assert!(call.facts["connection"].parse::<u64>().unwrap() > 0);

    let pull = home.get("/v2/app/manifests/none").await;
    assert_eq!(pull.status, 404);
    let missed = world.finished_call("oci:manifest.get").await;
    assert_eq!((missed.status, missed.error.as_str()), (Some(404), "MANIFEST_UNKNOWN"));
    assert_eq!((missed.bytes_out, missed.revision_before), (pull.body.len() as u64, missed.revision_after));
    assert_eq!(pull.header("x-fixture-seq"), missed.number.to_string());
}

#[tokio::test]
async fn calls_of_the_json_api_carry_their_facts_too() {
    let (_server, world, home) = app().await;
    home.refused("ListImages", json!({"repositoryName": "nope"})).await;
    let call = world.finished_call("ecr:ListImages").await;
    assert_eq!((call.status, call.error.as_str()), (Some(400), "RepositoryNotFoundException"));
    assert_eq!(call.facts["repository"], "nope");
    assert!(call.facts["access_key"].starts_with("AKIA"));
    assert_eq!(call.request_line, "POST /");
    assert_eq!(call.headers["x-amz-target"], "AmazonEC2ContainerRegistry_V20150921.ListImages");
}

#[tokio::test]
async fn calls_are_listed_in_pages() {
    let (_server, world, home) = app().await;
    for _ in 0..5 {
        home.get("/v2/").await;
    }
    let mut request = proto::ListCallsRequest {
        world: world.name(),
        matcher: Some(matcher("oci:ping")),
        page_size: Some(2),
        ..Default::default()
    };
    let mut pages = Vec::new();
    let mut journal = world.plane.clone().journal;
    loop {
        let page = journal.list_calls(request.clone()).await.unwrap().into_inner();
        assert_eq!(page.low_watermark, 1);
        pages.push(page.calls.iter().map(|call| call.number).collect::<Vec<_>>());
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 1]);
    assert!(pages.concat().is_sorted());
    request.page_token = "garbage".to_owned();
    let status = journal.list_calls(request).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::InvalidArgument, "INVALID_PAGE_TOKEN"));
}

#[tokio::test]
async fn records_point_at_what_caused_them() {
    let (_server, world, home) = app().await;
    world
        .seed(
            r#"{"registry": {"replication": {"rules": [{"destinations": [{"region": "eu-west-1"}]}]},
                             "cacheRules": [{"prefix": "quay", "upstream": "quay.io"}]}},
               {"upstream": {"host": "quay.io", "repositories": [{"name": "base", "images": [{"tags": ["1"]}]}]}}"#,
        )
        .await;
    home.push("app", "v1", &Image::new(1)).await;
    let push = world.finished_call("oci:manifest.put").await;
    let task = world.finished_call("task:replication").await;
    assert_eq!((task.caused_by, push.caused_by), (push.number, 0));
    assert_eq!((task.facts["dest_region"].as_str(), task.request_line.as_str()), ("eu-west-1", ""));
    assert_eq!(home.get("/v2/quay/base/manifests/1").await.status, 200);
    let pull = world.finished_call("oci:manifest.get").await;
    for asked in world.calls("upstream:*").await {
        assert_eq!(asked.caused_by, pull.number);
    }
    let asked = world.calls("upstream:manifest.get").await.remove(0);
    assert_eq!(asked.request_line, "GET https://quay.io/v2/base/manifests/1");
}

#[tokio::test]
async fn no_record_holds_a_password_a_token_or_a_signature() {
    let (_server, world, home) = app().await;
    let password = home.password().await;
    let caller = home.clone().with_password(&password);
    let image = Image::new(1);
    caller.push("app", "v1", &image).await;
    let input = json!({"repositoryName": "app", "layerDigest": image.layer_digest()});
    let url = caller.ok("GetDownloadUrlForLayer", input).await["downloadUrl"].as_str().unwrap().to_owned();
    let path = caller.path_of(&url);
    assert_eq!(caller.get(&path).await.status, 200);
    caller
        .send(
            &caller
                .ecr_request("ListImages", r#"{"repositoryName":"app"}"#)
                .header("X-Amz-Security-Token", "sesame-street"),
        )
        .await;

    let calls = world.calls("any:*").await;
    let everything = format!("{calls:?}");
    assert!(calls.len() > 8, "{}", calls.len());
    let signature = url.split("X-Amz-Signature=").nth(1).unwrap();
    let login = STANDARD.encode(format!("AWS:{password}"));
    for secret in [&*password, &login, signature, &"5e".repeat(32), "sesame-street", &world.connection().control_token]
    {
        assert!(!everything.contains(secret), "{secret} is in the journal");
    }
    let masks: Vec<&str> = calls
        .iter()
        .filter(|call| call.surface == "oci" && call.operation.starts_with("upload"))
        .map(|call| call.headers["authorization"].as_str())
        .collect();
    assert!(
        masks.len() >= 4 && masks.iter().all(|mask| *mask == masks[0] && mask.starts_with("Basic ***#")),
        "{masks:?}"
    );
    let signed = &world.calls("ecr:ListImages").await[0].headers["authorization"];
    assert!(signed.starts_with("AWS4-HMAC-SHA256 Credential=AKIA") && signed.contains("Signature=***#"), "{signed}");
}

#[tokio::test]
async fn a_verdict_says_what_was_expected_and_what_came_near() {
    let (_server, world, home) = app().await;
    home.get("/v2/app/manifests/v1").await;
    let passed = verify(&world, vec![exactly(1, "oci:manifest.get"), exactly(0, "oci:manifest.put")], "").await;
    assert_eq!(passed.verdict(), proto::Verdict::Pass);
    assert!(passed.text.starts_with("PASS: 2 of 2 expectations hold"), "{}", passed.text);
    let number = world.calls("oci:manifest.get").await[0].number;
    assert_eq!((passed.items[0].matched.clone(), passed.items[0].actual), (vec![number], 1));
    assert_eq!(passed.checked_through, number);

    let failed = verify(&world, vec![exactly(1, r#"oci:manifest.get where repository = "web""#)], "").await;
    assert_eq!(failed.verdict(), proto::Verdict::Fail);
    let miss = &failed.items[0].near_misses[0];
    assert_eq!(miss.call.as_ref().unwrap().number, number);
    assert_eq!(miss.differences, ["repository is `app`, expected `web`"]);
    assert!(failed.text.contains("repository is `app`, expected `web`"), "{}", failed.text);
    assert!(failed.text.lines().count() <= 40);
}

#[tokio::test]
async fn a_sequence_holds_only_in_its_order() {
    let (_server, world, home) = app().await;
    home.push("app", "v1", &Image::new(1)).await;
    home.get("/v2/app/manifests/v1").await;
    let right = sequence(&["oci:upload.start", "oci:upload.put", "oci:manifest.put", "oci:manifest.get"]);
    let wrong = sequence(&["oci:manifest.get", "oci:manifest.put"]);
    let answer = verify(&world, vec![right, wrong], "").await;
    let verdicts: Vec<proto::Verdict> = answer.items.iter().map(proto::VerifyItem::verdict).collect();
    assert_eq!(verdicts, [proto::Verdict::Pass, proto::Verdict::Fail]);
}

#[tokio::test]
async fn only_what_came_after_a_mark_counts() {
    let (_server, world, home) = app().await;
    home.get("/v2/").await;
    let mark =
        world.plane.clone().journal.mark(proto::MarkRequest { world: world.name() }).await.unwrap().into_inner().mark;
    assert_eq!(verify(&world, vec![exactly(0, "oci:ping")], &mark).await.verdict(), proto::Verdict::Pass);
    home.get("/v2/").await;
    assert_eq!(verify(&world, vec![exactly(1, "oci:ping")], &mark).await.verdict(), proto::Verdict::Pass);
    assert_eq!(verify(&world, vec![exactly(2, "oci:ping")], "").await.verdict(), proto::Verdict::Pass);
    let request = proto::ListCallsRequest { world: world.name(), since: mark, ..Default::default() };
    assert_eq!(world.plane.clone().journal.list_calls(request).await.unwrap().into_inner().calls.len(), 1);
    let request = proto::VerifyRequest { world: world.name(), since: "no such mark".to_owned(), ..Default::default() };
    assert_eq!(reason(&world.plane.clone().asserts.verify(request).await.unwrap_err()), "MARK_NOT_FOUND");
}

#[tokio::test]
async fn attempts_of_one_logical_call_count_once_if_asked_for() {
    let (_server, world, home) = app().await;
    for (call, attempt) in [("one", 1), ("one", 2), ("one", 3), ("two", 1)] {
        let request = home
            .ecr_request("ListImages", r#"{"repositoryName":"app"}"#)
            .header("amz-sdk-invocation-id", call)
            .header("amz-sdk-request", format!("attempt={attempt}; max=3"));
        assert_eq!(home.send(&request).await.status, 200);
    }
    let count = |unit: proto::CountUnit, count: u64| {
        let mut expected = proto::CountExpectation {
            matcher: Some(matcher("ecr:ListImages")),
            min: Some(count),
            max: Some(count),
            ..Default::default()
        };
        expected.set_unit(unit);
        proto::Expectation { label: String::new(), form: Some(proto::expectation::Form::Count(expected)) }
    };
    let expectations = vec![count(proto::CountUnit::Calls, 4), count(proto::CountUnit::LogicalCalls, 2)];
    assert_eq!(verify(&world, expectations, "").await.verdict(), proto::Verdict::Pass);
    let attempts: Vec<String> = world
        .calls(r#"ecr:ListImages where logical_call = "one" and attempt > 1"#)
        .await
        .iter()
        .map(|call| call.facts["attempt"].clone())
        .collect();
    assert_eq!(attempts, ["2", "3"]);
}

#[tokio::test]
async fn results_are_facts_of_a_record() {
    let (_server, world, home) = app().await;
    home.get("/v2/app/manifests/v1").await;
    home.get("/v2/").await;
    assert_eq!(world.calls("oci:* where status >= 400").await.len(), 1);
    assert_eq!(world.calls(r#"oci:* where error = "MANIFEST_UNKNOWN""#).await.len(), 1);
    assert_eq!(world.calls(r#"any:BatchGetImage where tag = "v1""#).await.len(), 1, "what a route comes down to");
}

#[tokio::test]
async fn an_expectation_that_makes_no_sense_is_refused_with_its_path() {
    let (_server, world, _home) = app().await;
    let request = proto::VerifyRequest {
        world: world.name(),
        expectations: vec![
            exactly(1, "oci:ping"),
            exactly(1, "oci:ping where repositry exists"),
            proto::Expectation::default(),
        ],
        since: String::new(),
    };
    let status = world.plane.clone().asserts.verify(request).await.unwrap_err();
    let paths: Vec<String> = field_violations(&status).into_iter().map(|(path, _)| path).collect();
    assert_eq!(paths, ["expectations[1].count.matcher.text", "expectations[2]"]);
}

#[tokio::test]
async fn a_clean_world_finishes_without_findings() {
    let (_server, world, home) = app().await;
    home.push("app", "v1", &Image::new(1)).await;
    let report = world.finish().await;
    assert!(report.ok && report.findings.is_empty(), "{}", report.text);
    assert!(
        report.text.starts_with("OK\n") && report.text.contains("oci:manifest.put app v1 -> 201"),
        "{}",
        report.text
    );
    assert!(report.text.contains("seed=7"), "{}", report.text);
}

#[tokio::test]
async fn the_end_of_a_world_reports_what_was_left() {
    let (_server, world, home) = app().await;
    world
        .fault(
            "must: on ecr:PutImage do 1x status(503) must_fire\n\
             never: on ecr:DeleteRepository do status(503)\n\
             steps: on oci:ping do 1x status(503) -> 1x status(500) -> pass\n\
             again: on oci:tags.list do 1x pass -> unexpected",
        )
        .await;
    assert_eq!(home.get("/v2/").await.status, 503);
    home.get("/v2/app/tags/list").await;
    home.get("/v2/app/tags/list").await;
    home.begin_upload("app").await;
    let report = world.finish().await;
    assert!(!report.ok, "{}", report.text);
    let told: Vec<(Kind, &str, bool)> =
        report.findings.iter().map(|finding| (finding.kind(), finding.subject.as_str(), finding.fails)).collect();
    assert_eq!(told[0], (Kind::MustFireUnmet, "must", true));
    assert!(told.contains(&(Kind::RuleNeverMatched, "never", false)), "{told:?}");
    assert!(told.contains(&(Kind::StepNeverReached, "steps", false)), "{told:?}");
    assert!(told.contains(&(Kind::UnexpectedMatch, "again", true)), "{told:?}");
    assert!(told.iter().any(|(kind, _, fails)| *kind == Kind::OpenUpload && !fails), "{told:?}");
    assert!(report.text.starts_with("FAIL\n"), "{}", report.text);
    assert!(report.text.contains("rule `must` fired 0 times and must fire at least 1"), "{}", report.text);
}

#[tokio::test]
async fn a_call_that_never_ends_is_a_finding() {
    let (_server, world, home) = app().await;
    world.fault("on oci:ping do delay(1h)").await;
    let mut connection = Connection::open(home.address).await;
    connection.send(&home.request("GET", "/v2/")).await;
    while world.calls("oci:ping").await.is_empty() {
        tokio::task::yield_now().await;
    }
    let report = world.finish().await;
    assert_eq!(kinds(&report), [proto::FindingKind::UnfinishedCall]);
    assert!(report.ok, "{}", report.text);
}

#[tokio::test]
async fn held_calls_are_let_go_before_a_world_ends() {
    let (_server, world, home) = app().await;
    world.fault("on oci:ping do hold(door)").await;
    let mut connection = Connection::open(home.address).await;
    connection.send(&home.request("GET", "/v2/")).await;
    world.waiters("door").await;
    let (report, reply) = tokio::join!(world.finish(), connection.receive("GET"));
    assert_eq!(reply.whole().status, 200);
    assert_eq!(kinds(&report), [proto::FindingKind::UnopenedGate]);
}

#[tokio::test]
async fn work_that_is_due_later_is_settled_before_a_world_ends() {
    let (_server, world, home) = app().await;
    world
        .seed(
            r#"{"registry": {"replication": {"rules": [{"destinations": [{"region": "eu-west-1"}]}]}}},
               {"tasks": {"replicationDuration": "3600s"}}"#,
        )
        .await;
    home.push("app", "v1", &Image::new(1)).await;
    assert_eq!(world.tasks().await[0].state(), proto::TaskState::Pending);
    let report = world.finish().await;
    assert!(report.ok && report.findings.is_empty(), "{}", report.text);
}

#[tokio::test]
async fn work_that_can_never_settle_does_not_keep_a_world() {
    let (_server, world, home) = app().await;
    world
        .seed(
            r#"{"registry": {"replication": {"rules": [{"destinations": [{"region": "us-east-1", "account": "999999999999"}]}]}}},
               {"tasks": {"replicationRetry": "1s"}}"#,
        )
        .await;
    home.push("app", "v1", &Image::new(1)).await;
    assert!(world.finish().await.ok);
}
