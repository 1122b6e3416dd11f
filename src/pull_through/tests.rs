//! Pulls through a cache rule in a whole world, whose upstream lives in it or is a small server on this machine.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::{PullThrough, bring_blob, bring_manifest};
use crate::blobs::BlobStore;
use crate::clock::{ClockMode, RealTime};
use crate::config::Bounds;
use crate::daemon::{Daemon, TaskSet, UploadSessions};
use crate::facts::{Fact, Facts, Surface};
use crate::faults::{ApplyMode, samples};
use crate::http::{Call, ConnectionHandle, Socket};
use crate::journal::{Masker, Record};
use crate::registry::types::{AccountId, Digest, RegistryKey, RepositoryName, Tag, Timestamp};
use crate::registry::{Caller, MediaType, Reference, SecretState, seeding};
use crate::upstream::content::{UpstreamImage, UpstreamManifest, UpstreamRegistry};
use crate::upstream::hosts::AllowedHosts;
use crate::upstream::remote::{RemoteRegistry, RemoteTimeouts};
use crate::wire_errors::Failure;
use crate::worlds::{Birth, CallArrival, Directory, Live, RepositoryUri, Secret, World, WorldSettings};

const LAYER: &[u8] = b"ten bytes!";

/// A daemon with one world, in which `quay/` is pulled through from `host`.
struct Bench {
    daemon: Arc<Daemon>,
    world: Arc<World>,
    connection: Arc<ConnectionHandle>,
    _socket: Socket,
    key: RegistryKey,
    caller: Caller,
    repository: RepositoryName,
}

impl Bench {
    async fn new(host: &str) -> Self {
        let real = RealTime::start();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (socket, connection) = Socket::new(TcpStream::connect(address).await.expect("a connection"), 1);
        let (graveyard, _) = tokio::sync::mpsc::unbounded_channel();
        let daemon = Arc::new(Daemon {
            directory: Directory::new(real, [7; 32], false, graveyard),
            blobs: BlobStore::memory(1 << 20),
            uploads: UploadSessions::default(),
            remote: RemoteRegistry::new(AllowedHosts::default(), RemoteTimeouts::default(), real),
            pulls: PullThrough::default(),
            tasks: TaskSet::default(),
            bounds: Bounds::default(),
            permits: Arc::new(tokio::sync::Semaphore::new(1)),
            listen: address,
            tls: None,
            h2c: false,
            control: address,
            token: None,
            masker: Masker::new([7; 16]),
            connections: AtomicU64::new(0),
        });
        let region = || "us-east-1".parse().expect("region");
        let settings = WorldSettings {
            clock_mode: ClockMode::Frozen,
            now: Timestamp::EPOCH,
            seed: 0,
            accounts: Arc::from([AccountId::DEFAULT]),
            regions: Arc::from([region()]),
            repository_uri: RepositoryUri::Advertised,
        };
        let birth = Birth {
            id: None,
            labels: std::collections::BTreeMap::new(),
            lease: Duration::ZERO,
            address: daemon.shared_address(),
        };
        let world = daemon.directory.create(birth, settings).expect("a world");
        let key = RegistryKey { account: AccountId::DEFAULT, region: region() };
        world.write(|live| {
            let prefix = "quay".parse().expect("prefix");
            let registry = live.state.registry_mut(&key);
            seeding::cache_rule(registry, Timestamp::EPOCH, prefix, host.to_owned(), None, None).expect("room");
        });
        let caller = Live::root_caller(&key, AccountId::DEFAULT);
        let repository = "quay/base".parse().expect("name");
        Self { daemon, world, connection, _socket: socket, key, caller, repository }
    }

    /// A world whose upstream has an image of one layer, and an index of that image.
    async fn with_upstream() -> Self {
        let bench = Self::new("quay.io").await;
        let mut upstream = UpstreamRegistry::new("quay.io".into());
        let blobs = [b"{}".as_slice(), LAYER].map(|bytes| bench.daemon.blobs.put(bytes).expect("room"));
        let image = image();
        let index = index(&image);
        for (tag, root) in [("1", &image), ("multi", &index)] {
            let content = UpstreamImage {
                root: root.0.clone(),
                tags: vec![tag.into()],
                manifests: vec![image.clone(), root.clone()],
                blobs: blobs.to_vec(),
            };
            upstream.put_image(&"base".into(), content).expect("its root is there");
        }
        bench.world.write(|live| live.state.upstreams.insert("quay.io".into(), Arc::new(upstream)));
        bench
    }

    fn rule(&self, text: &str) {
        self.world.write(|live| {
            let cx = live.state.decide_context();
            let mut rules = live.state.rules.clone();
            rules.apply(samples::rules(text), ApplyMode::Add, &cx).expect("room");
            live.state.rules = rules;
        });
    }

    fn call(&self) -> Call {
        let facts = Facts::new(Surface::Oci, "blob.get", None);
        let arrival = CallArrival { facts, real_micros: 0, caused_by: None, request_line: None, counts_as: None };
        Call::open(&self.daemon, Arc::clone(&self.world), &self.connection, arrival)
    }

    async fn pull(&self, tag: &str) -> Result<(), Failure> {
        let reference = Reference::Tag(tag.parse().expect("tag"));
        bring_manifest(&self.call(), &self.key, &self.caller, &self.repository, &reference).await
    }

    async fn pull_layer(&self) -> Result<(), Failure> {
        bring_blob(&self.call(), &self.key, &self.caller, &self.repository, &Digest::sha256_of(LAYER)).await
    }

    fn has_layer(&self) -> bool {
        let layer = Digest::sha256_of(LAYER);
        self.read(|live| {
            live.read_registry(&self.key, |registry| {
                registry.repository(&self.repository).is_ok_and(|repository| repository.layer(&layer).is_some())
            })
        })
    }

    /// Images of the repository; None if there is no such repository.
    fn images(&self) -> Option<usize> {
        self.read(|live| {
            live.read_registry(&self.key, |registry| {
                registry.repository(&self.repository).ok().map(|repository| repository.images().len())
            })
        })
    }

    fn read<R>(&self, work: impl FnOnce(&Live) -> R) -> R {
        self.world.write(|live| work(live))
    }

    /// The calls upstream, one line each.
    fn calls(&self) -> Vec<String> {
        self.read(|live| {
            let upstream = |record: &&Record| record.facts.surface == Surface::Upstream;
            records(live).into_iter().filter(upstream).map(line).collect()
        })
    }
}

fn records(live: &Live) -> Vec<&Record> {
    (1..=live.journal.last_number()).filter_map(|number| live.journal.record(number)).map(AsRef::as_ref).collect()
}

fn line(record: &Record) -> String {
    let status = record.status.map_or_else(|| "-".to_owned(), |status| status.to_string());
    let outcome = record.outcome.map_or("unfinished", crate::journal::Outcome::as_str);
    let error = record.error.as_deref().unwrap_or("-");
    format!("{} {status} {outcome} {error} {}", record.facts.operation, record.bytes_out)
}

fn manifest(media_type: &MediaType, members: &str) -> (Digest, UpstreamManifest) {
    let text = format!(r#"{{"schemaVersion":2,"mediaType":"{media_type}",{members}}}"#);
    let digest = Digest::sha256_of(text.as_bytes());
    (digest, UpstreamManifest { bytes: Bytes::from(text), media_type: media_type.as_str().into() })
}

fn descriptor(media_type: &str, digest: &Digest, size: usize) -> String {
    format!(r#"{{"mediaType":"{media_type}","digest":"{digest}","size":{size}}}"#)
}

fn image() -> (Digest, UpstreamManifest) {
    let config = descriptor("application/vnd.oci.image.config.v1+json", &Digest::sha256_of(b"{}"), 2);
    let layer = descriptor("application/vnd.oci.image.layer.v1.tar", &Digest::sha256_of(LAYER), LAYER.len());
    manifest(&MediaType::OciManifest, &format!(r#""config":{config},"layers":[{layer}]"#))
}

fn index(image: &(Digest, UpstreamManifest)) -> (Digest, UpstreamManifest) {
    let child = descriptor(&image.1.media_type, &image.0, image.1.bytes.len());
    manifest(&MediaType::OciIndex, &format!(r#""manifests":[{child}]"#))
}

fn oci(result: Result<(), Failure>) -> String {
    match result {
        Ok(()) => "ok".to_owned(),
        Err(failure) => {
            let (code, status) = failure.outcome(Surface::Oci);
            format!("{} {code}: {failure}", status.as_u16())
        }
    }
}

#[tokio::test]
async fn a_blob_comes_after_two_errors_and_half_an_answer() {
    let bench = Bench::with_upstream().await;
    bench.rule(r#"on upstream:blob.get where upstream = "quay.io" do 2x status(503) -> 1x truncate(50%) -> pass"#);
    assert_eq!(bench.pull("1").await, Ok(()));
    let mut told = Vec::new();
    for _ in 0..4 {
        assert!(!bench.has_layer());
        told.push(oci(bench.pull_layer().await));
    }
    let refused =
        "503 UNAVAILABLE: The upstream registry quay.io did not deliver: it answered 503 Service Unavailable.";
    let cut = "503 UNAVAILABLE: The upstream registry quay.io did not deliver: its answer broke off after 5 bytes.";
    assert_eq!(told, [refused, refused, cut, "ok"]);
    assert!(bench.has_layer());
    assert_eq!(bench.pull_layer().await, Ok(()), "it is here and nobody is asked");
    let manifest = format!("manifest.get 200 completed - {}", image().1.bytes.len());
    assert_eq!(
        bench.calls(),
        [
            manifest.as_str(),
            "blob.get 503 completed UNAVAILABLE 0",
            "blob.get 503 completed UNAVAILABLE 0",
            "blob.get 200 fault_eof - 5",
            "blob.get 200 completed - 10",
        ]
    );
}

#[tokio::test]
async fn a_call_upstream_says_who_caused_it_and_what_was_asked() {
    let bench = Bench::with_upstream().await;
    assert_eq!(bench.pull("1").await, Ok(()));
    bench.read(|live| {
        let records = records(live);
        let [pull, asked] = records[..] else { panic!("{records:?}") };
        assert_eq!(asked.caused_by, Some(pull.number));
        assert_eq!(asked.request_line.as_deref(), Some("GET https://quay.io/v2/base/manifests/1"));
        let facts: Vec<String> =
            asked.facts.iter().map(|(fact, value)| format!("{}={}", fact.name(), value.text())).collect();
        assert_eq!(
            facts,
            [
                "upstream=quay.io",
                "repository=base",
                "tag=1",
                "account=123456789012",
                "region=us-east-1",
                "attempt=1",
                "status=200",
                "outcome=completed"
            ]
        );
        assert_eq!(asked.facts.text(Fact::Error), "");
        assert_eq!((pull.revision_before + 1, live.state.seq), (pull.revision_after, pull.revision_after));
    });
}

#[tokio::test]
async fn an_index_comes_with_its_children_in_one_commit_or_not_at_all() {
    let bench = Bench::with_upstream().await;
    let child = image().0;
    bench.rule(&format!(r#"on upstream:manifest.get where digest = "{child}" do 1x reset -> pass"#));
    let before = bench.read(|live| live.state.seq);
    let lost = "503 UNAVAILABLE: The upstream registry quay.io did not deliver: its answer broke off after 0 bytes.";
    assert_eq!(oci(bench.pull("multi").await), lost);
    assert_eq!((bench.images(), bench.read(|live| live.state.seq)), (None, before));
    assert_eq!(bench.pull("multi").await, Ok(()));
    assert_eq!((bench.images(), bench.read(|live| live.state.seq)), (Some(2), before + 1));
    let tag: Tag = "multi".parse().expect("tag");
    let tagged = bench.read(|live| {
        live.read_registry(&bench.key, |registry| {
            registry.repository(&bench.repository).expect("it came").tagged(&tag).map(|image| image.digest().clone())
        })
    });
    assert_eq!(tagged, Some(index(&image()).0));
    let operations: Vec<String> =
        bench.calls().iter().map(|call| call.rsplit_once(' ').expect("words").0.to_owned()).collect();
    let whole = "manifest.get 200 completed -";
    assert_eq!(operations, [whole, "manifest.get 200 fault_reset -", whole, whole]);
    assert_eq!(bench.pull("1").await, Ok(()), "a child that is here gets its tag");
}

#[tokio::test]
async fn what_no_rule_covers_and_what_no_image_names_asks_nobody() {
    let bench = Bench::with_upstream().await;
    assert_eq!(bench.pull_layer().await, Ok(()), "B-048: no image names it yet");
    let digest = Reference::Digest(image().0);
    let call = bench.call();
    let by_digest = bring_manifest(&call, &bench.key, &bench.caller, &bench.repository, &digest).await;
    assert_eq!(by_digest, Ok(()), "B-035: a first pull by digest");
    let elsewhere = "docker/base".parse().expect("name");
    let tag = Reference::Tag("1".parse().expect("tag"));
    assert_eq!(bring_manifest(&call, &bench.key, &bench.caller, &elsewhere, &tag).await, Ok(()), "no rule");
    assert_eq!(bench.calls(), Vec::<String>::new());
    assert_eq!(bench.images(), None);
}

#[tokio::test]
async fn an_unknown_image_is_not_found_and_nothing_is_made() {
    let bench = Bench::with_upstream().await;
    assert_eq!(oci(bench.pull("2").await), "404 MANIFEST_UNKNOWN: Requested image not found");
    assert_eq!(bench.calls(), ["manifest.get 404 completed MANIFEST_UNKNOWN 0"]);
    assert_eq!(bench.images(), None);
}

#[tokio::test]
async fn lost_connections_and_shortened_answers_are_told_apart_in_records_only() {
    for (plan, said, record) in [
        ("@before do reset", "the connection was lost before it answered", "- fault_reset - 0"),
        (" do lose_reply", "the connection was lost before it answered", "- fault_reset - 0"),
        (" do lose_reply(eof)", "the connection was lost before it answered", "- fault_eof - 0"),
        (" do reset(3)", "its answer broke off after 3 bytes", "200 fault_reset - 3"),
        (" do truncate(3, fix_length=true)", "its answer broke off after 3 bytes", "200 completed DIGEST_INVALID 3"),
    ] {
        let bench = Bench::with_upstream().await;
        bench.rule(&format!("on upstream:manifest.get{plan}"));
        let expect = format!("503 UNAVAILABLE: The upstream registry quay.io did not deliver: {said}.");
        assert_eq!(oci(bench.pull("1").await), expect, "{plan}");
        assert_eq!(bench.calls(), [format!("manifest.get {record}")], "{plan}");
        assert_eq!(bench.images(), None, "{plan}");
    }
}

#[tokio::test]
async fn equal_pulls_at_one_time_ask_once() {
    let bench = Bench::with_upstream().await;
    bench.rule(r#"on upstream:manifest.get do 1x hold("door") -> pass"#);
    let open = async {
        bench.world.wait_until(|live| live.waiting.iter().next().is_some()).await;
        assert_eq!(bench.images(), None);
        bench.world.write(|live| live.open_gate("door", None));
        bench.world.notify();
    };
    let (first, second, ()) = tokio::join!(bench.pull("1"), bench.pull("1"), open);
    assert_eq!((first, second, bench.calls().len(), bench.images()), (Ok(()), Ok(()), 1, Some(1)));
}

#[tokio::test]
async fn a_pull_that_is_given_up_ends_its_record() {
    let bench = Bench::with_upstream().await;
    bench.rule(r#"on upstream:manifest.get do 1x hold("door") -> pass"#);
    {
        let mut pull = Box::pin(bench.pull("1"));
        assert!(futures_util::poll!(&mut pull).is_pending());
    }
    assert_eq!(bench.calls(), ["manifest.get - client_gone - 0"]);
    assert_eq!(bench.pull("1").await, Ok(()));
}

#[tokio::test]
async fn a_rule_that_goes_during_the_fetch_leaves_nothing() {
    let bench = Bench::with_upstream().await;
    bench.rule(r#"on upstream:manifest.get do 1x hold("door") -> pass"#);
    let meanwhile = async {
        bench.world.wait_until(|live| live.waiting.iter().next().is_some()).await;
        bench.world.write(|live| {
            // Its rule goes, as with a restored snapshot that did not have it.
            let key = bench.key.clone();
            live.state.registries.remove(&key);
            live.open_gate("door", None);
        });
        bench.world.notify();
    };
    let (pulled, ()) = tokio::join!(bench.pull("1"), meanwhile);
    assert_eq!((pulled, bench.images()), (Ok(()), None), "nothing is kept under a rule that has gone");
}

#[tokio::test]
async fn a_host_that_may_not_be_called_is_named() {
    let bench = Bench::new("quay.io").await;
    let told = oci(bench.pull("1").await);
    assert!(
        told.starts_with("503 UNAVAILABLE: ") && told.contains("quay.io") && told.contains("--allow-upstream"),
        "{told}"
    );
    assert_eq!(bench.calls(), ["manifest.get - failed DENIED 0"]);
}

/// A registry that answers one call after the other with these bytes, each on a connection of its own, and tells in the end
/// how each began and who it said it was.
async fn replies(replies: Vec<Vec<u8>>) -> (String, impl Future<Output = Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let host = listener.local_addr().expect("an address").to_string();
    let serve = async move {
        let mut calls = Vec::new();
        for reply in replies {
            let (mut socket, _) = listener.accept().await.expect("a call");
            let mut request = [0; 4096];
            let read = socket.read(&mut request).await.expect("a request");
            assert!(read > 0);
            let head = String::from_utf8_lossy(&request[..read]).into_owned();
            let line = head.lines().next().unwrap_or_default().trim_end_matches(" HTTP/1.1");
            let authorization = head.lines().find_map(|line| line.strip_prefix("authorization: ")).unwrap_or("-");
            calls.push(format!("{line} {authorization}"));
            socket.write_all(&reply).await.expect("a reader");
        }
        calls
    };
    (host, serve)
}

fn reply(headers: &str, length: usize, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n");
    [head.as_bytes(), body].concat()
}

#[tokio::test]
async fn a_real_upstream_is_believed_only_as_far_as_digests_go() {
    let (digest, manifest) = image();
    let whole = |headers: &str| reply(headers, manifest.bytes.len(), &manifest.bytes);
    let (host, serve) = replies(vec![
        whole(&format!("docker-content-digest: {}\r\n", Digest::sha256_of(b"other"))),
        reply("", manifest.bytes.len(), &manifest.bytes[..9]),
        whole(&format!("docker-content-digest: {digest}\r\ncontent-type: text/plain\r\n")),
        reply("", LAYER.len(), b"TEN BYTES!"),
        reply("", LAYER.len(), &LAYER[..4]),
        reply("", LAYER.len(), LAYER),
    ])
    .await;
    let bench = Bench::new(&host).await;
    let pulls = async {
        assert!(oci(bench.pull("1").await).starts_with("503 UNAVAILABLE"), "another digest is announced");
        assert!(oci(bench.pull("1").await).starts_with("503 UNAVAILABLE"), "the manifest breaks off");
        assert_eq!(bench.images(), None);
        assert_eq!(bench.pull("1").await, Ok(()));
        for trouble in ["B-053: other bytes", "B-054: too few bytes"] {
            assert!(oci(bench.pull_layer().await).starts_with("503 UNAVAILABLE"), "{trouble}");
            assert_eq!((bench.has_layer(), bench.daemon.blobs.used_bytes()), (false, 0), "{trouble}");
        }
        assert_eq!(bench.pull_layer().await, Ok(()));
        assert!(bench.has_layer());
    };
    let ((), _) = tokio::join!(pulls, serve);
    let length = manifest.bytes.len();
    assert_eq!(
        bench.calls(),
        [
            format!("manifest.get 200 completed DIGEST_INVALID {length}"),
            "manifest.get 200 failed UNAVAILABLE 9".to_owned(),
            format!("manifest.get 200 completed - {length}"),
            "blob.get 200 completed DIGEST_INVALID 10".to_owned(),
            "blob.get 200 failed UNAVAILABLE 4".to_owned(),
            "blob.get 200 completed - 10".to_owned(),
        ]
    );
}

#[tokio::test]
async fn an_upstream_that_is_not_there_is_unavailable() {
    let (host, _) = replies(Vec::new()).await;
    let bench = Bench::new(&host).await;
    assert!(oci(bench.pull("1").await).starts_with("503 UNAVAILABLE: The upstream registry "));
    assert_eq!(bench.calls(), ["manifest.get - failed UNAVAILABLE 0"]);
}

#[tokio::test]
async fn b_020_b_022_b_025_a_real_upstream_gets_the_login_in_the_way_that_it_asks_for() {
    let (_, manifest) = image();
    let challenge = |scheme: &str| {
        format!(
            "HTTP/1.1 401 Unauthorized\r\nwww-authenticate: {scheme}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
        )
        .into_bytes()
    };
    let token = br#"{"token":"t0k3n"}"#;
    let found = || reply("", manifest.bytes.len(), &manifest.bytes);
    let bearer = "Bearer realm=\"/token\",service=\"s\",scope=\"repository:base:pull\"";
    let (host, serve) = replies(vec![
        challenge(bearer),
        reply("", token.len(), token),
        found(),
        challenge("Basic realm=\"r\""),
        reply("", LAYER.len(), LAYER),
        challenge(bearer),
        challenge("Basic realm=\"token\""),
    ])
    .await;
    let bench = Bench::new(&host).await;
    let declare = |token: &str| {
        let secret = Secret { state: SecretState::Usable, login: Some((Arc::from("me"), Arc::from(token))) };
        bench.world.write(|live| live.state.secrets.declare(Arc::from("arn"), secret));
    };
    bench.world.write(|live| {
        let prefix = "quay".parse().expect("prefix");
        let registry = live.state.registry_mut(&bench.key);
        let arn = Some("arn".to_owned());
        seeding::cache_rule(registry, Timestamp::EPOCH, prefix, host.clone(), None, arn).expect("room");
    });
    let pulls = async {
        declare("sesame");
        assert_eq!(bench.pull("1").await, Ok(()));
        assert_eq!(bench.pull_layer().await, Ok(()));
        declare("wrong");
        assert!(
            oci(bench.pull("2").await).starts_with("403 DENIED: The authentication to the upstream registry failed.")
        );
    };
    let ((), calls) = tokio::join!(pulls, serve);
    let basic = "Basic bWU6c2VzYW1l";
    let (layer, wrong) = (Digest::sha256_of(LAYER), "Basic bWU6d3Jvbmc=");
    assert_eq!(
        calls,
        [
            "GET /v2/base/manifests/1 -".to_owned(),
            format!("GET /token?service=s&scope=repository%3Abase%3Apull {basic}"),
            "GET /v2/base/manifests/1 Bearer t0k3n".to_owned(),
            format!("GET /v2/base/blobs/{layer} -"),
            format!("GET /v2/base/blobs/{layer} {basic}"),
            "GET /v2/base/manifests/2 -".to_owned(),
            format!("GET /token?service=s&scope=repository%3Abase%3Apull {wrong}"),
        ]
    );
    let length = manifest.bytes.len();
    let last = "manifest.get - failed UNAUTHORIZED 0".to_owned();
    assert_eq!(
        bench.calls(),
        [format!("manifest.get 200 completed - {length}"), "blob.get 200 completed - 10".to_owned(), last]
    );
}

#[tokio::test]
async fn a_login_is_masked_in_the_record_of_each_call() {
    let bench = Bench::with_upstream().await;
    let secret = Secret { state: SecretState::Usable, login: Some((Arc::from("me"), Arc::from("sesame"))) };
    bench.world.write(|live| {
        live.state.secrets.declare(Arc::from("arn"), secret);
        let prefix = "quay".parse().expect("prefix");
        let registry = live.state.registry_mut(&bench.key);
        let (host, arn) = ("quay.io".to_owned(), Some("arn".to_owned()));
        seeding::cache_rule(registry, Timestamp::EPOCH, prefix, host, None, arn).expect("room");
    });
    assert_eq!(bench.pull("1").await, Ok(()));
    bench.read(|live| {
        let headers = records(live)[1].facts.headers.clone().expect("headers");
        let [("authorization", value)] = headers.iter().collect::<Vec<_>>()[..] else { panic!("{headers:?}") };
        assert!(value.starts_with("Basic ***#"), "{value}");
    });
}
