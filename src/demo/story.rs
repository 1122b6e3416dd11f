//! The story: replication that fails and recovers, an upstream that stumbles, and two verdicts.

use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use rustls::RootCertStore;

use super::control::ControlPlane;
use super::registry::{Caller, PushedImage};
use crate::proto;
use crate::registry::types::Digest;
use crate::upstream::remote::{self, RemoteTimeouts};

const HOME: &str = "us-east-1";
const AWAY: &str = "eu-west-1";
const TEN_MINUTES: prost_types::Duration = prost_types::Duration { seconds: 600, nanos: 0 };

/// Tells the story of one world.
pub(super) async fn tell(control: SocketAddr, token: Option<String>, out: &mut impl Write) -> anyhow::Result<()> {
    let mut plane = ControlPlane::connect(control, token).await?;
    let timeouts = RemoteTimeouts { connect: Duration::from_secs(5), read: Duration::from_secs(10) };
    let http = remote::client(timeouts, &RootCertStore::empty())?;

    step(out, "A world with two regions, frozen in time")?;
    let request = proto::CreateWorldRequest {
        world_id: Some("demo".to_owned()),
        regions: vec![HOME.to_owned(), AWAY.to_owned()],
        ..Default::default()
    };
    let world = plane.worlds.create_world(request).await?.into_inner().world.context("no world")?;
    let connection = world.connection.clone().context("no connection")?;
    let key = connection.credentials.first().context("no credential")?.access_key_id.clone();
    line(out, &format!("{} at {}, access key {key}", world.name, connection.endpoint))?;
    let mut home = Caller::new(http.clone(), &connection.endpoint, &key, HOME);
    let mut away = Caller::new(http, &connection.endpoint, &key, AWAY);

    replication(out, &mut plane, &world.name, &mut home, &mut away).await?;
    let layer = pull_through(out, &mut plane, &world.name, &home).await?;
    verdicts(out, &mut plane, &world.name, &layer).await?;

    step(out, "FinishWorld: what the world leaves behind")?;
    let request = proto::FinishWorldRequest { world: world.name, journal_tail: Some(5) };
    let report = plane.worlds.finish_world(request).await?.into_inner();
    quote(out, &report.text)?;
    ensure!(report.ok, "the world finished with findings");
    Ok(())
}

async fn replication(
    out: &mut impl Write,
    plane: &mut ControlPlane,
    world: &str,
    home: &mut Caller,
    away: &mut Caller,
) -> anyhow::Result<()> {
    step(out, "Seed: a repository, replicated to the other region, failed replications retried every five minutes")?;
    let documents = vec![
        document(proto::document::Kind::Repository(proto::RepositoryDocument {
            name: "app".to_owned(),
            ..Default::default()
        })),
        document(proto::document::Kind::Registry(proto::RegistryDocument {
            replication: Some(proto::ReplicationDocument {
                rules: vec![proto::ReplicationRuleDocument {
                    destinations: vec![proto::ReplicationDestinationDocument {
                        region: AWAY.to_owned(),
                        account: None,
                    }],
                    ..Default::default()
                }],
            }),
            ..Default::default()
        })),
        document(proto::document::Kind::Tasks(proto::TaskDocument {
            replication_retry: Some(prost_types::Duration { seconds: 300, nanos: 0 }),
            ..Default::default()
        })),
    ];
    seed(out, plane, world, documents).await?;
    let rule = format!(r#"on task:replication where dest_region = "{AWAY}" do for 10m fail("UPSTREAM_TIMEOUT")"#);
    fault(out, plane, world, &rule).await?;

    step(out, "Push app:v1 by HTTP")?;
    home.log_in().await?;
    let image: PushedImage = home.push("app", "v1").await?;
    line(out, &format!("201, {}", image.digest))?;
    let status = home.replication("app", &image.digest, AWAY).await?;
    line(out, &format!("DescribeImageReplicationStatus: {status}"))?;
    ensure!(status == "FAILED (UPSTREAM_TIMEOUT)", "the replication should have failed");
    away.log_in().await?;
    let (status, _) = away.pull("/v2/app/manifests/v1").await?;
    line(out, &format!("GET the replica in {AWAY}: {status}"))?;

    step(out, "Advance the clock by ten minutes")?;
    let target = proto::advance_request::Target::By(TEN_MINUTES);
    let request = proto::AdvanceRequest { world: world.to_owned(), target: Some(target), ..Default::default() };
    let advanced = plane.clock.advance(request).await?.into_inner();
    line(out, &format!("{} timers fired", advanced.fired_count))?;
    let status = home.replication("app", &image.digest, AWAY).await?;
    line(out, &format!("DescribeImageReplicationStatus: {status}"))?;
    ensure!(status == "COMPLETE", "the replication should have recovered");

    step(out, &format!("Pull the replica in {AWAY}, byte for byte"))?;
    let (status, manifest) = away.pull("/v2/app/manifests/v1").await?;
    ensure!(manifest.as_deref() == Some(image.manifest.as_slice()), "the manifest differs");
    line(out, &format!("manifest {status}, {} bytes, equal", image.manifest.len()))?;
    let (status, layer) = away.pull(&format!("/v2/app/blobs/{}", image.layer_digest)).await?;
    ensure!(layer.as_deref() == Some(image.layer.as_slice()), "the layer differs");
    line(out, &format!("layer {status}, {} bytes, equal", image.layer.len()))
}

/// Answers the digest of the layer that was pulled.
async fn pull_through(
    out: &mut impl Write,
    plane: &mut ControlPlane,
    world: &str,
    home: &Caller,
) -> anyhow::Result<Digest> {
    step(out, "An upstream that answers 503 twice, then half a blob, then works")?;
    let image = proto::ImageDocument { tags: vec!["1".to_owned()], layers: Some(1), ..Default::default() };
    let documents = vec![
        document(proto::document::Kind::Upstream(proto::UpstreamDocument {
            host: "quay.io".to_owned(),
            repositories: vec![proto::UpstreamRepositoryDocument { name: "base".to_owned(), images: vec![image] }],
            login: None,
        })),
        document(proto::document::Kind::Registry(proto::RegistryDocument {
            cache_rules: vec![proto::CacheRuleDocument {
                prefix: "quay".to_owned(),
                upstream: "quay.io".to_owned(),
                ..Default::default()
            }],
            ..Default::default()
        })),
    ];
    seed(out, plane, world, documents).await?;
    let rule = r#"on upstream:blob.get where upstream = "quay.io" do 2x status(503) -> 1x truncate(50%) -> pass"#;
    fault(out, plane, world, rule).await?;

    let (status, manifest) = home.pull("/v2/quay/base/manifests/1").await?;
    line(out, &format!("GET quay/base:1: {status}"))?;
    let manifest: serde_json::Value = serde_json::from_slice(&manifest.context("no manifest")?)?;
    let layer: Digest = manifest["layers"][0]["digest"].as_str().context("no layer")?.parse()?;
    let mut arrived = false;
    for attempt in 1..=4 {
        let (status, bytes) = home.pull(&format!("/v2/quay/base/blobs/{layer}")).await?;
        arrived = bytes.is_some_and(|bytes| Digest::sha256_of(&bytes) == layer);
        line(
            out,
            &format!("attempt {attempt}: GET the layer: {status}, {}", if arrived { "whole" } else { "not the layer" }),
        )?;
    }
    ensure!(arrived, "the fourth attempt should have brought the layer");

    step(out, "The exact calls that the upstream saw")?;
    let matcher = proto::Matcher { text: "upstream:*".to_owned(), ..Default::default() };
    let request = proto::ListCallsRequest { world: world.to_owned(), matcher: Some(matcher), ..Default::default() };
    for call in plane.journal.list_calls(request).await?.into_inner().calls {
        let what = call.decisions.first().map_or("", |decision| decision.action.as_str());
        let status = call.status.map_or_else(|| "no status".to_owned(), |status| status.to_string());
        line(
            out,
            &format!("#{} upstream:{} -> {status}, {} bytes {what}", call.number, call.operation, call.bytes_out),
        )?;
    }
    Ok(layer)
}

async fn verdicts(out: &mut impl Write, plane: &mut ControlPlane, world: &str, layer: &Digest) -> anyhow::Result<()> {
    step(out, "A verdict that passes: the client asked for the layer four times")?;
    let passed = verify(out, plane, world, &format!(r#"oci:blob.get where digest = "{layer}""#), 4).await?;
    ensure!(passed == proto::Verdict::Pass, "the verdict should be PASS");
    step(out, "A verdict that fails, and says what came near")?;
    let failed =
        verify(out, plane, world, r#"ecr:DescribeImageReplicationStatus where region = "eu-west-1""#, 1).await?;
    ensure!(failed == proto::Verdict::Fail, "the verdict should be FAIL");
    Ok(())
}

async fn verify(
    out: &mut impl Write,
    plane: &mut ControlPlane,
    world: &str,
    matcher: &str,
    exactly: u64,
) -> anyhow::Result<proto::Verdict> {
    let count = proto::CountExpectation {
        matcher: Some(proto::Matcher { text: matcher.to_owned(), ..Default::default() }),
        min: Some(exactly),
        max: Some(exactly),
        ..Default::default()
    };
    let form = Some(proto::expectation::Form::Count(count));
    let request = proto::VerifyRequest {
        world: world.to_owned(),
        expectations: vec![proto::Expectation { label: String::new(), form }],
        since: String::new(),
    };
    let answer = plane.asserts.verify(request).await?.into_inner();
    quote(out, &answer.text)?;
    Ok(answer.verdict())
}

async fn seed(
    out: &mut impl Write,
    plane: &mut ControlPlane,
    world: &str,
    documents: Vec<proto::Document>,
) -> anyhow::Result<()> {
    let request = proto::ApplyRequest { world: world.to_owned(), documents, validate_only: false };
    let results = plane.state.apply(request).await?.into_inner().results;
    let created: u32 = results.iter().map(|result| result.created).sum();
    line(out, &format!("{} documents applied, {created} objects created", results.len()))
}

async fn fault(out: &mut impl Write, plane: &mut ControlPlane, world: &str, rule: &str) -> anyhow::Result<()> {
    let request = proto::ApplyRulesRequest { world: world.to_owned(), text: rule.to_owned(), ..Default::default() };
    for rule in plane.faults.apply_rules(request).await?.into_inner().rules {
        line(out, &rule.text)?;
    }
    Ok(())
}

fn document(kind: proto::document::Kind) -> proto::Document {
    proto::Document { kind: Some(kind) }
}

fn step(out: &mut impl Write, text: &str) -> anyhow::Result<()> {
    Ok(writeln!(out, "\n== {text}")?)
}

fn line(out: &mut impl Write, text: &str) -> anyhow::Result<()> {
    Ok(writeln!(out, "   {text}")?)
}

fn quote(out: &mut impl Write, text: &str) -> anyhow::Result<()> {
    for text in text.lines() {
        line(out, text)?;
    }
    Ok(())
}
