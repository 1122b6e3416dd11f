//! The client against a live daemon: each test has a world of its own, all of them one daemon.

mod common;

use std::io::{BufRead as _, BufReader};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use ecr_fixture_client::{
    EcrFixture, Error, FindingKind, MIB, Options, Outcome, Phase, Push, Result, TaskState, World, cache_rule, calls,
    image, minutes, on, repo, seconds, sequence, upstream, world_with,
};

async fn world() -> Result<World> {
    common::daemon_of_this_workspace();
    ecr_fixture_client::world().await
}

async fn replication_state(world: &World) -> Result<TaskState> {
    let tasks = world.tasks().await?;
    assert_eq!(tasks.len(), 1, "{tasks:?}");
    Ok(tasks[0].state)
}

#[tokio::test]
async fn replication_fails_then_recovers() -> Result<()> {
    let world = world().await?;
    world.seed(repo("app").replicate_to(["eu-west-1"]).task_retry(minutes(5))).await?;
    let failing =
        on("task:replication").filter("dest_region", "eu-west-1").during(minutes(10)).fail("UPSTREAM_TIMEOUT");
    let rules = world.fault(failing.clone()).await?;
    assert!(rules[0].text.contains(&failing.to_string()), "{} is not {failing}", rules[0].text);

    let image = world.push("app:v1").await?;
    assert_eq!(replication_state(&world).await?, TaskState::Failed);
    assert_eq!(world.tasks().await?[0].failure_code, "UPSTREAM_TIMEOUT");

    let before = world.clock().await?.now;
    let advanced = world.advance(minutes(10)).await?;
    assert_eq!(advanced.clock.now, before + minutes(10));
    assert!(advanced.fired_count >= 1 && advanced.settled, "{advanced:?}");
    assert_eq!(replication_state(&world).await?, TaskState::Complete);
    assert_eq!(world.pull_from("eu-west-1", "app:v1").await?.digest, image.digest);
    world.verify(calls("oci:manifest.put").exactly(1)).await?;
    assert!(world.finish().await?.ok);
    Ok(())
}

#[tokio::test]
async fn what_is_pushed_can_be_pulled_and_has_the_digest_of_every_language() -> Result<()> {
    let world = world().await?;
    world.seed(repo("app")).await?;
    let pushed = world.push("app:v1").await?;
    assert_eq!(pushed.digest, "sha256:59e820b719d81dd1e8476f8dd3121edad554270cd1bebf8d465a47afe7dc03ca");
    let pulled = world.pull("app:v1").await?;
    assert_eq!((&pulled.digest, &pulled.layers, &pulled.manifest), (&pushed.digest, &pushed.layers, &pushed.manifest));
    assert_eq!(world.pull(&format!("app@{}", pushed.digest)).await?.digest, pushed.digest);

    let large = Push { layers: 3, layer_size: 3 * MIB as usize, ..Push::default() };
    assert!(world.push_with("app:large", large).await?.size() > 9 * MIB);
    assert_eq!(world.pull("app:large").await?.layers.len(), 3);

    let missing = world.pull("app:none").await.unwrap_err();
    let Error::Registry { status, error, .. } = &missing else { panic!("{missing}") };
    assert_eq!((*status, error.as_str()), (Some(404), "MANIFEST_UNKNOWN"));
    Ok(())
}

#[tokio::test]
async fn a_seeded_image_has_the_digest_that_seeding_told() -> Result<()> {
    let world = world().await?;
    let seeded = world.seed(repo("app").image(image("v1").layers(3)).image("v2")).await?;
    assert_eq!(world.pull("app:v1").await?.digest, seeded.images[0].digest);
    assert_eq!(world.pull("app:v1").await?.layers.len(), 3);
    let again = world.seed(repo("app").image(image("v1").layers(3)).image("v2")).await?;
    assert_eq!((again.created, again.updated), (0, 0), "{again:?}");
    Ok(())
}

#[tokio::test]
async fn an_image_comes_through_the_cache_from_an_upstream() -> Result<()> {
    let world = world().await?;
    world.seed((upstream("quay.io").repository("team/app", ["v1"]), cache_rule("quay", "quay.io"))).await?;
    let pulled = world.pull("quay/team/app:v1").await?;
    assert!(pulled.digest.starts_with("sha256:"));
    world.verify(calls("upstream:*").at_least(1)).await
}

#[tokio::test]
async fn a_verdict_that_fails_shows_the_daemons_report() -> Result<()> {
    let world = world().await?;
    world.seed(repo("app")).await?;
    world.push("app:v1").await?;
    let error = world.verify(calls("oci:manifest.put").filter("tag", "v2").once()).await.unwrap_err();
    let Error::Verdict(text) = &error else { panic!("{error}") };
    assert!(text.contains("oci:manifest.put") && text.contains("v1"), "{text}");
    assert_eq!(&format!("{error:?}"), text);
    let verdict = world.verdict([calls("oci:manifest.put").once(), calls("oci:manifest.put").never()]).await?;
    assert_eq!((verdict.items[0].actual, verdict.items[1].actual), (1, 1));
    world.verify(sequence(["ecr:GetAuthorizationToken", "oci:manifest.put"])).await
}

#[tokio::test]
async fn marks_part_the_journal() -> Result<()> {
    let world = world().await?;
    world.seed(repo("app")).await?;
    world.push("app:v1").await?;
    let mark = world.mark().await?;
    world.pull("app:v1").await?;
    world.verify_since(&mark, calls("oci:manifest.put").never()).await?;
    assert_eq!(world.calls_since(&mark, "oci:manifest.get").await?.len(), 1);
    let puts = world.calls(calls("oci:manifest.put").filter("repository", "app")).await?;
    assert_eq!((puts.len(), puts[0].phase, puts[0].outcome), (1, Phase::Finished, Some(Outcome::Completed)));
    assert_eq!(puts[0].status, Some(201));
    assert!(world.journal().await?.len() > 2);
    Ok(())
}

#[tokio::test]
async fn two_worlds_at_once_know_nothing_of_each_other() -> Result<()> {
    let (first, second) = tokio::try_join!(world(), world())?;
    assert_ne!(first.name(), second.name());
    tokio::try_join!(first.seed(repo("app")), second.seed(repo("app")))?;
    first.fault(r#"on oci:manifest.put do status("TOOMANYREQUESTS")"#).await?;
    let (refused, pushed) = tokio::join!(first.push("app:v1"), second.push("app:v1"));
    assert!(matches!(&refused, Err(Error::Registry { status: Some(429), .. })), "{refused:?}");
    pushed?;
    assert!(matches!(first.pull("app:v1").await, Err(Error::Registry { status: Some(404), .. })));
    second.pull("app:v1").await?;
    first.verify(calls("oci:manifest.put").once()).await
}

#[tokio::test]
async fn a_plan_goes_step_by_step_and_its_counters_are_told() -> Result<()> {
    let world = world().await?;
    world.seed(repo("app").image("v1")).await?;
    world.fault(on("oci:manifest.get").times(2).status(503).then().pass().named("flaky")).await?;
    for _ in 0..2 {
        let error = world.pull("app:v1").await.unwrap_err();
        assert!(matches!(error, Error::Registry { status: Some(503), .. }), "{error}");
    }
    world.pull("app:v1").await?;
    let rules = world.rules().await?;
    assert_eq!((rules[0].name.as_str(), rules[0].fired), ("flaky", 2));
    assert_eq!(world.clear_faults(["flaky", "unknown"]).await?, 1);
    assert_eq!(world.rules().await?, []);
    Ok(())
}

#[tokio::test]
async fn what_is_wrong_with_a_rule_is_told_by_place() -> Result<()> {
    let world = world().await?;
    let error = world.fault("on ecr:PutImage do sttatus(503)").await.unwrap_err();
    let Error::InvalidRequest { violations, .. } = &error else { panic!("{error}") };
    assert!(!violations.is_empty() && error.to_string().contains("sttatus"), "{error}");
    let error = world.fault(on("PutImage").status(503)).await.unwrap_err();
    assert!(error.to_string().contains("rules[0]: not a target"), "{error}");
    Ok(())
}

#[tokio::test]
async fn a_gate_holds_a_task_until_it_is_opened() -> Result<()> {
    let world = world().await?;
    world.seed(repo("app").replicate_to(["eu-west-1"])).await?;
    world.fault(on("task:replication").hold("gate")).await?;
    world.push("app:v1").await?;
    assert_eq!(replication_state(&world).await?, TaskState::Held);
    let gates = world.gates().await?;
    assert_eq!((gates[0].name.as_str(), gates[0].open, gates[0].waiters.len()), ("gate", false, 1));
    assert_eq!(world.open_gate("gate").await?, 1);
    world.advance(seconds(1)).await?;
    assert_eq!(replication_state(&world).await?, TaskState::Complete);
    Ok(())
}

#[tokio::test]
async fn forks_and_snapshots_are_copies() -> Result<()> {
    let mut world = world().await?;
    world.seed(repo("app").image("v1")).await?;
    let snapshot = world.snapshot().await?;
    let fork = world.fork().await?;
    fork.push("app:v2").await?;
    assert!(world.pull("app:v2").await.is_err());
    world.push("app:v3").await?;
    world.restore(&snapshot).await?;
    assert!(world.pull("app:v3").await.is_err());
    let later = world_with(Options { from_snapshot: Some(snapshot), ..Options::default() }).await?;
    later.pull("app:v1").await?;
    Ok(())
}

#[tokio::test]
async fn options_reach_the_world() -> Result<()> {
    common::daemon_of_this_workspace();
    let options = Options {
        seed: Some(42),
        regions: vec!["eu-west-1".to_owned(), "us-east-1".to_owned()],
        accounts: vec!["111111111111".to_owned()],
        lease: Some(Duration::from_mins(1)),
        ..Options::default()
    };
    let world = world_with(options).await?;
    assert_eq!((world.random_seed(), world.regions()[0].as_str()), (42, "eu-west-1"));
    assert_eq!(world.accounts(), ["111111111111"]);
    assert!(world.name().starts_with("worlds/options-reach-the-world-"), "{}", world.name());
    assert_eq!(world.aws(None)?.region, "eu-west-1");
    let taken = Options { name: world.name().strip_prefix("worlds/").map(str::to_owned), ..Options::default() };
    let error = world_with(taken).await.unwrap_err();
    assert!(matches!(&error, Error::Refused { reason, .. } if reason == "ALREADY_EXISTS"), "{error}");
    Ok(())
}

#[tokio::test]
async fn a_childs_environment_and_login_lead_to_the_world() -> Result<()> {
    let world = world().await?;
    let variables = world.env().await?;
    assert_eq!(variables["AWS_ENDPOINT_URL_ECR"], world.endpoint());
    assert!(std::path::Path::new(&variables["DOCKER_CONFIG"]).join("config.json").is_file());
    let login = world.login("eu-west-1").await?;
    assert_eq!((login.username.as_str(), login.host.as_str()), ("AWS", world.registry_host()));
    Ok(())
}

#[tokio::test]
async fn time_never_goes_back() -> Result<()> {
    let world = world().await?;
    let error = world.advance(world.clock().await?.now - seconds(1)).await.unwrap_err();
    assert!(matches!(&error, Error::Refused { reason, .. } if reason == "CLOCK_BACKWARDS"), "{error}");
    Ok(())
}

#[tokio::test]
async fn findings_that_fail_are_an_error_of_finish() -> Result<()> {
    let world = world().await?;
    world.fault(on("ecr:PutImage").status(500).must_fire().named("needed")).await?;
    let error = world.finish().await.unwrap_err();
    let Error::Findings(report) = &error else { panic!("{error}") };
    assert!(report.findings.iter().any(|finding| finding.kind == FindingKind::MustFireUnmet && finding.fails));
    assert!(report.text.contains("needed"), "{}", report.text);
    Ok(())
}

#[tokio::test]
async fn a_dropped_world_is_finished() -> Result<()> {
    let name = {
        let world = world().await?;
        world.name().to_owned()
    };
    let worlds = EcrFixture::shared().await?.worlds().await?;
    assert!(!worlds.contains(&name), "{name} is in {worlds:?}");
    Ok(())
}

#[tokio::test]
async fn an_attached_daemon_outlives_its_clients() -> Result<()> {
    common::daemon_of_this_workspace();
    let owner = EcrFixture::start().await?;
    let guest = EcrFixture::attach(owner.address(), owner.token()).await?;
    assert_eq!(guest.process_id(), None);
    let world = guest.world().await?;
    assert_eq!(owner.worlds().await?.iter().filter(|name| *name == world.name()).count(), 1);
    drop((world, guest));
    assert!(owner.info().await?.operations.iter().any(|operation| operation == "PutImage"));

    let error = match EcrFixture::attach(owner.address(), "wrong").await {
        Ok(guest) => guest.worlds().await.unwrap_err(),
        Err(error) => error,
    };
    assert!(matches!(&error, Error::Refused { reason, .. } if reason == "TOKEN_REQUIRED"), "{error}");
    assert!(error.to_string().contains("ECR_FIXTURE_TOKEN"), "{error}");
    Ok(())
}

/// Runs one test of this file in a process of its own, in which `CHILD` is set.
fn child(test: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("a running test has an executable"));
    command.args(["--exact", test, "--nocapture"]).env(CHILD, "1").stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

const CHILD: &str = "STORY_CHILD";

#[tokio::test]
async fn what_a_failed_test_prints_is_the_report() -> Result<()> {
    if std::env::var_os(CHILD).is_some() {
        let world = world().await?;
        world.seed(repo("app")).await?;
        world.push("app:v1").await?;
        panic!("told to");
    }
    let output = child("what_a_failed_test_prints_is_the_report").output().unwrap();
    let printed = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{printed}");
    assert!(printed.contains("told to") && printed.contains("manifest.put"), "{printed}");
    Ok(())
}

#[tokio::test]
async fn what_a_passed_test_prints_is_nothing() -> Result<()> {
    if std::env::var_os(CHILD).is_some() {
        let world = world().await?;
        world.seed(repo("app")).await?;
        world.push("app:v1").await?;
        return Ok(());
    }
    let output = child("what_a_passed_test_prints_is_nothing").output().unwrap();
    assert!(output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    Ok(())
}

#[tokio::test]
async fn the_daemon_ends_with_a_process_that_is_killed() -> Result<()> {
    if std::env::var_os(CHILD).is_some() {
        let _world = world().await?;
        eprintln!("daemon at {}", EcrFixture::shared().await?.address());
        std::thread::sleep(Duration::from_mins(1));
    }
    let mut child = child("the_daemon_ends_with_a_process_that_is_killed").spawn().unwrap();
    let told = BufReader::new(child.stderr.take().unwrap()).lines().map_while(std::result::Result::ok);
    let address = told.into_iter().find_map(|line| line.strip_prefix("daemon at ").map(str::to_owned));
    let address = address.expect("the child tells where its daemon is");
    assert!(TcpStream::connect(&address).is_ok());
    child.kill().unwrap();
    child.wait().unwrap();
    let ended = (0..400).any(|_| {
        std::thread::sleep(Duration::from_millis(25));
        TcpStream::connect(&address).is_err()
    });
    assert!(ended, "the daemon at {address} is still there");
    Ok(())
}

#[tokio::test]
async fn a_daemon_with_tls_is_trusted() -> Result<()> {
    common::daemon_of_this_workspace();
    let fixture = EcrFixture::start_with_tls().await?;
    let world = fixture.world().await?;
    world.seed(repo("app")).await?;
    let pushed = world.push("app:v1").await?;
    assert_eq!(world.pull("app:v1").await?.digest, pushed.digest);
    assert!(world.endpoint().starts_with("https://"));
    let file = world.ca_file()?.expect("the daemon made an authority");
    assert_eq!(std::fs::read_to_string(&file).expect("it is there"), fixture.info().await?.tls_ca_pem);
    world.finish().await?;
    assert!(!file.exists(), "it goes with the world");
    Ok(())
}
