//! TLS on the registry surface: who is trusted for which names, both HTTPs above it, and rules that act as without it.

use std::net::SocketAddr;
use std::path::Path;

use ecr_fixture::config::{Profile, TlsMode};
use ecr_fixture::proto::{self, GetInfoRequest};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::harness::{
    Caller, Connection, End, Http2, Image, Process, Request, TestServer, TestWorld, Trust, Way, filler, ready_line,
};

const MIB: usize = 1 << 20;

/// A daemon with certificates of its own making, and trust in their authority.
async fn secured() -> (TestServer, Trust) {
    let server = TestServer::with(|args| args.tls.mode = TlsMode::SelfSigned).await;
    let trust = Trust::in_authority(&authority(&server).await);
    (server, trust)
}

/// The authority, as the control plane tells it.
async fn authority(server: &TestServer) -> String {
    let info = server.plane.clone().server.get_info(GetInfoRequest {}).await.expect("a daemon tells of itself");
    info.into_inner().tls_ca_pem
}

/// A caller by each HTTP, in a world with the repository `app`.
async fn by_both(server: &TestServer, trust: &Trust) -> (TestWorld, [Caller; 2]) {
    let world = server.world_with("app").await;
    let caller = world.caller("us-east-1");
    let over_1 = caller.clone().by(Way::Tls(trust.clone())).logged_in().await;
    let over_2 = caller.by(Way::Http2(trust.clone())).logged_in().await;
    (world, [over_1, over_2])
}

/// Path and bytes of a blob of four mebibytes.
async fn blob(home: &Caller) -> (String, Vec<u8>) {
    let bytes = filler(5, 4 * MIB);
    (format!("/v2/app/blobs/{}", home.push_blob("app", &bytes).await), bytes)
}

#[tokio::test]
async fn each_client_gets_the_http_that_it_offers() {
    let (server, trust) = secured().await;
    let check = async |offered: &[&str], agreed: Option<&str>| {
        let stream = trust.offering(offered).open(server.registry()).await;
        let protocol =
            stream.get_ref().1.alpn_protocol().map(|protocol| String::from_utf8_lossy(protocol).into_owned());
        assert_eq!(protocol.as_deref(), agreed, "{offered:?}");
    };
    check(&["h2", "http/1.1"], Some("h2")).await;
    check(&["http/1.1", "h2"], Some("h2")).await;
    check(&["http/1.1"], Some("http/1.1")).await;
    check(&[], None).await;
    let stranger = trust.offering(&["spdy/1"]).connect(server.registry(), "localhost").await;
    assert!(stranger.expect_err("nothing in common").to_string().contains("NoApplicationProtocol"));
    let unsaid = trust.open(server.registry()).await;
    let ping = Connection::over(unsaid, server.registry()).exchange(&plain_ping()).await.whole();
    assert_eq!(ping.status, 401, "who offers nothing speaks HTTP/1.1");
}

fn plain_ping() -> Request {
    Request::new("GET", "/v2/")
}

#[tokio::test]
async fn c_009_a_certificate_is_good_for_the_name_that_is_asked_for() {
    let (server, trust) = secured().await;
    for host in [
        "127.0.0.1",
        "localhost",
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
        "api.ecr.us-east-1.w7.localhost",
        "Under_Score.example",
    ] {
        trust.connect(server.registry(), host).await.unwrap_or_else(|error| panic!("{host}: {error}"));
    }
    let elsewhere = trust.connect(server.registry(), "10.1.2.3").await.expect_err("nobody reached it there");
    assert!(elsewhere.to_string().contains("not valid for name"), "{elsewhere}");
}

#[tokio::test]
async fn each_daemon_has_an_authority_of_its_own() {
    let ((one, trust), (_other, stranger)) = (secured().await, secured().await);
    trust.connect(one.registry(), "localhost").await.expect("its own authority signed it");
    let refused = stranger.connect(one.registry(), "localhost").await.expect_err("another one did not");
    assert!(refused.to_string().contains("invalid peer certificate"), "{refused}");
    assert_eq!(authority(&TestServer::start().await).await, "", "without TLS there is none");
}

#[tokio::test]
async fn the_ready_line_names_the_file_of_the_authority() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("ca.pem");
    let file = file.to_str().expect("text");
    let mut process = Process::serve(&["--print-addresses", "json", "--tls", "self-signed", "--tls-ca", file]);
    let ready = ready_line(&process.line().await);
    assert_eq!(ready["tls_ca"], file);
    let address =
        ready["data"].as_str().and_then(|data| data.strip_prefix("https://")).expect("it is a secured address");
    let trust = Trust::in_authority(&std::fs::read_to_string(file).expect("it is there"));
    trust.open(address.parse().expect("an address")).await;
}

/// Writes a certificate for `registry.test` and its key; answers both.
fn write_certificate(folder: &Path) -> (String, CertifiedKey<rcgen::KeyPair>) {
    let made = generate_simple_self_signed(["registry.test".to_owned()]).expect("a certificate");
    std::fs::write(folder.join("cert.pem"), made.cert.pem()).expect("it is written");
    std::fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).expect("it is written");
    (made.cert.pem(), made)
}

#[tokio::test]
async fn a_certificate_that_was_brought_along_is_shown_to_everybody() {
    let folder = tempfile::tempdir().expect("a folder");
    let (pem, _) = write_certificate(folder.path());
    let server = TestServer::with(|args| {
        args.tls.certificate = Some(folder.path().join("cert.pem"));
        args.tls.key = Some(folder.path().join("key.pem"));
    })
    .await;
    assert_eq!(authority(&server).await, "", "nothing was made here");
    let trust = Trust::in_authority(&pem);
    trust.connect(server.registry(), "registry.test").await.expect("it is the one in the file");
    let refused = trust.connect(server.registry(), "other.test").await.expect_err("there is but one");
    assert!(refused.to_string().contains("not valid for name"), "{refused}");
}

#[tokio::test]
async fn flags_that_cannot_be_served_are_refused_by_name() {
    let folder = tempfile::tempdir().expect("a folder");
    write_certificate(folder.path());
    let other = tempfile::tempdir().expect("a folder");
    write_certificate(other.path());
    let file = |folder: &tempfile::TempDir, name: &str| folder.path().join(name).to_str().expect("text").to_owned();
    let (certificate, key) = (file(&folder, "cert.pem"), file(&folder, "key.pem"));
    let (other_key, nowhere) = (file(&other, "key.pem"), file(&folder, "nowhere/ca.pem"));
    let check = async |arguments: &[&str], part: &str| {
        let said = Process::refuses(arguments).await;
        assert!(said.contains(part), "{arguments:?}: {said}");
    };
    check(&["--tls", "on"], "invalid value 'on' for '--tls <HOW>'").await;
    check(&["--tls-cert", &certificate], "--tls-cert needs --tls-key").await;
    check(&["--tls-key", &key], "--tls-key needs --tls-cert").await;
    check(&["--tls-ca", &nowhere], "--tls-ca is where the authority of --tls self-signed is written").await;
    check(&["--tls", "self-signed", "--tls-cert", &certificate], "--tls self-signed makes its certificates").await;
    check(&["--tls", "self-signed", "--h2c"], "--h2c is HTTP/2 without TLS").await;
    check(&["--tls", "self-signed", "--tls-ca", &nowhere], &format!("--tls-ca: cannot write {nowhere}")).await;
    let pair = async |certificate: &str, key: &str, part: &str| {
        check(&["--tls-cert", certificate, "--tls-key", key], part).await;
    };
    pair(&nowhere, &key, &format!("--tls-cert: {nowhere} holds no readable certificate chain")).await;
    pair(&key, &key, &format!("--tls-cert: {key} holds no readable certificate chain")).await;
    pair(&certificate, &nowhere, &format!("--tls-key: {nowhere} holds no readable private key")).await;
    pair(&certificate, &certificate, &format!("--tls-key: {certificate} holds no readable private key")).await;
    check(&["--upstream-ca", &key], &format!("--upstream-ca: {key} holds no readable certificate authority")).await;
    pair(&certificate, &other_key, &format!("--tls-key: {other_key} is not the key of the first certificate")).await;
}

#[tokio::test]
async fn a_client_without_tls_is_told_so() {
    let (server, trust) = secured().await;
    let mut plain = Connection::open(server.registry()).await;
    let body = vec![7; 100_000];
    let told = plain.exchange(&Request::new("PUT", "/v2/app").body(body)).await.whole();
    assert_eq!((told.status, told.text()), (400, "Client sent an HTTP request to an HTTPS server.\n"));
    let mut noise = TcpStream::connect(server.registry()).await.expect("the port accepts");
    noise.write_all(&[0x16, 3, 1, 0, 4, 1, 2, 3, 4]).await.expect("it takes bytes");
    let mut answer = Vec::new();
    noise.read_to_end(&mut answer).await.expect("the connection ends");
    assert!(!answer.starts_with(b"HTTP"), "whoever speaks no HTTP is told nothing in HTTP");
    let _silent = TcpStream::connect(server.registry()).await.expect("the port accepts");
    trust.open(server.registry()).await;
}

#[tokio::test]
async fn a_handshake_has_the_time_of_a_head() {
    let server = TestServer::with(|args| {
        args.tls.mode = TlsMode::SelfSigned;
        args.bounds.header_timeout = std::time::Duration::from_millis(50);
    })
    .await;
    for begin in [&[][..], &[0x16, 3, 1][..]] {
        let began = tokio::time::Instant::now();
        let mut slow = TcpStream::connect(server.registry()).await.expect("the port accepts");
        slow.write_all(begin).await.expect("it takes bytes");
        let mut rest = Vec::new();
        slow.read_to_end(&mut rest).await.expect("the connection ends");
        assert!(rest.is_empty(), "{rest:?}");
        assert!(began.elapsed() >= std::time::Duration::from_millis(45), "{:?}", began.elapsed());
    }
}

#[tokio::test]
async fn http_2_needs_tls_unless_it_is_allowed_without() {
    let over_plain = async |address: SocketAddr| {
        let stream = TcpStream::connect(address).await.expect("the port accepts");
        Http2::over(stream, address).await?.try_exchange(&plain_ping()).await
    };
    let strict = TestServer::start().await;
    over_plain(strict.registry()).await.expect_err("the port speaks HTTP/1.1");
    let free = TestServer::with(|args| args.tls.h2c = true).await;
    assert_eq!(over_plain(free.registry()).await.expect("it speaks both").whole().status, 401);
    let old = Connection::open(free.registry()).await.exchange(&plain_ping()).await.whole();
    assert_eq!(old.status, 401);
}

#[tokio::test]
async fn every_address_of_the_registry_surface_says_that_it_is_secured() {
    let (server, trust) = secured().await;
    let base = format!("https://{}", server.registry());
    let (world, callers) = by_both(&server, &trust).await;
    assert_eq!(world.connection().endpoint, base);
    let info = server.plane.clone().server.get_info(GetInfoRequest {}).await.expect("a daemon tells of itself");
    assert_eq!(info.into_inner().data, base);
    let image = Image::new(1);
    for home in callers {
        let token = home.ok("GetAuthorizationToken", json!({})).await;
        assert_eq!(token["authorizationData"][0]["proxyEndpoint"], base.as_str());
        let challenge = home.clone().with_password("wrong").get("/v2/").await;
        assert!(challenge.header("www-authenticate").contains(&format!("realm=\"{base}/\"")), "{challenge:?}");
        let upload = home.send(&home.request("POST", "/v2/app/blobs/uploads/")).await;
        assert!(upload.header("location").starts_with(&format!("{base}/v2/")), "{upload:?}");
        home.push("app", "v1", &image).await;
        let layer = json!({"repositoryName": "app", "layerDigest": image.layer_digest()});
        let url = home.ok("GetDownloadUrlForLayer", layer).await["downloadUrl"].as_str().expect("a URL").to_owned();
        assert!(url.starts_with(&format!("{base}/")), "{url}");
        let download = home.send(&Request::new("GET", &home.path_of(&url))).await;
        assert!(download.body == image.layer, "{download:?}");
    }
}

#[tokio::test]
async fn the_port_of_one_world_is_secured_too() {
    let (server, trust) = secured().await;
    let world = server.dedicated_world().await;
    assert_eq!(world.connection().endpoint, format!("https://{}", world.address()));
    assert_ne!(world.address(), server.registry());
    let home = world.caller("us-east-1").by(Way::Tls(trust));
    home.ok("CreateRepository", json!({"repositoryName": "app"})).await;
}

#[tokio::test]
async fn an_image_is_pushed_and_pulled_by_either_http() {
    let (server, trust) = secured().await;
    let (world, [over_1, over_2]) = by_both(&server, &trust).await;
    let (one, two) = (Image::new(1), Image::with_layer(filler(3, 3 * MIB)));
    over_1.push("app", "v1", &one).await;
    over_2.push("app", "v2", &two).await;
    over_1.pulls("app", "v2", &two).await;
    over_2.pulls("app", "v1", &one).await;
    let host = server.registry().to_string();
    let puts = world.calls("oci:manifest.put").await;
    let told: Vec<_> = puts.iter().map(|call| (call.status, call.headers["host"].as_str())).collect();
    assert_eq!(told, [(Some(201), host.as_str()); 2], "HTTP/2 names the host as well");
}

#[tokio::test]
async fn calls_share_a_connection_of_http_2() {
    let (server, trust) = secured().await;
    let (world, [_, home]) = by_both(&server, &trust).await;
    let (path, bytes) = blob(&home).await;
    let shared = Http2::open(&trust, server.registry()).await;
    world.fault("on oci:tags.list do 1x hold(gate) -> pass").await;
    let (held, blob) = (home.request("GET", "/v2/app/tags/list"), home.request("GET", &path));
    let overtaking = async {
        world.waiters("gate").await;
        let redirect = shared.exchange(&blob).await.whole();
        let target = home.path_of(redirect.header("location"));
        assert!(shared.exchange(&blob.redirected(&target)).await.whole().body == bytes);
        world.open_gate("gate").await;
    };
    let (held, ()) = tokio::join!(shared.exchange(&held), overtaking);
    assert_eq!(held.whole().status, 200);
}

#[tokio::test]
async fn a_lost_reply_is_a_reset_by_either_http_and_the_push_has_landed() {
    let (server, trust) = secured().await;
    let (world, callers) = by_both(&server, &trust).await;
    for (home, tag) in callers.iter().zip(["v1", "v2"]) {
        let image = Image::new(7);
        home.push_blobs("app", &image).await;
        world.fault("r: on any:PutImage do 1x lose_reply(reset) -> pass").await;
        home.exchange(&home.manifest_request("app", tag, &image.manifest)).await.nothing(End::Reset);
        home.pulls("app", tag, &image).await;
        let call = world.calls("oci:manifest.put").await.pop().expect("a record");
        assert_eq!((call.outcome(), call.status), (proto::Outcome::FaultReset, None));
    }
}

#[tokio::test]
async fn a_reset_comes_after_exactly_so_many_bytes_by_either_http() {
    let (server, trust) = secured().await;
    let (world, callers) = by_both(&server, &trust).await;
    let (path, bytes) = blob(&callers[0]).await;
    for home in &callers {
        for (text, count) in [("0B", 0), ("1B", 1), ("65535B", 65_535), ("64KiB", 65_536), ("3MiB", 3 * MIB)] {
            world.fault(&format!("r: on oci:blob.get do 1x reset(after_bytes={text}) -> pass")).await;
            let reply = home.exchange(&home.request("GET", &path)).await.cut(End::Reset);
            assert_eq!((reply.status, reply.content_length(), reply.body.len()), (200, bytes.len(), count), "{text}");
            assert!(reply.body == bytes[..count], "{text}");
            let call = world.calls("oci:blob.get").await.pop().expect("a record");
            assert_eq!((call.outcome(), call.bytes_out), (proto::Outcome::FaultReset, count as u64));
        }
        assert!(home.get(&path).await.body == bytes);
    }
}

#[tokio::test]
async fn a_body_cut_in_half_ends_in_order_by_either_http() {
    let (server, trust) = secured().await;
    let (world, callers) = by_both(&server, &trust).await;
    let (path, bytes) = blob(&callers[0]).await;
    for home in &callers {
        world.fault("r: on oci:blob.get do 1x truncate(50%) -> 1x truncate(0B) -> pass").await;
        for kept in [2 * MIB, 0] {
            let reply = home.exchange(&home.request("GET", &path)).await.cut(End::Eof);
            assert_eq!((reply.status, reply.content_length(), reply.body.len()), (200, bytes.len(), kept));
            assert!(reply.body == bytes[..kept]);
        }
        let call = world.calls("oci:blob.get").await.pop().expect("a record");
        assert_eq!((call.outcome(), call.bytes_out), (proto::Outcome::FaultEof, 0));
    }
}

#[tokio::test]
async fn a_reset_of_one_stream_spares_the_others_of_its_connection() {
    let (server, trust) = secured().await;
    let (world, [_, home]) = by_both(&server, &trust).await;
    let (path, bytes) = blob(&home).await;
    let shared = Http2::open(&trust, server.registry()).await;
    world.fault("held: on oci:tags.list do 1x hold(gate) -> pass").await;
    world.fault("cut: on oci:blob.get do 1x reset(after_bytes=1MiB) -> 1x truncate(1MiB) -> pass").await;
    world.fault("lost: on ecr:CreateRepository do 1x lose_reply(reset) -> 1x lose_reply(eof)").await;
    let held = home.request("GET", "/v2/app/tags/list");
    let blob = home.request("GET", &path);
    let breaking = async {
        world.waiters("gate").await;
        for (end, name) in [(End::Reset, "one"), (End::Eof, "two")] {
            let redirect = shared.exchange(&blob).await.whole();
            let target = home.path_of(redirect.header("location"));
            let reply = shared.exchange(&blob.redirected(&target)).await.cut(end);
            assert!(reply.body == bytes[..MIB]);
            let create = home.ecr_request("CreateRepository", format!(r#"{{"repositoryName":"{name}"}}"#));
            shared.exchange(&create).await.nothing(End::Reset);
        }
        world.open_gate("gate").await;
    };
    let (held, ()) = tokio::join!(shared.exchange(&held), breaking);
    assert_eq!(held.whole().status, 200);
}

#[tokio::test]
async fn an_upstream_may_be_a_daemon_with_tls() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("ca.pem");
    let far = TestServer::with(|args| {
        args.profile = Profile::Oci;
        args.tls.mode = TlsMode::SelfSigned;
        args.tls.ca = Some(file.clone());
    })
    .await;
    let image = Image::new(1);
    let pusher =
        Caller::new(far.registry(), "AKIA", "us-east-1").by(Way::Http2(Trust::in_authority(&authority(&far).await)));
    pusher.push("base", "1", &image).await;
    let near = TestServer::with(|args| {
        args.allow_upstreams = vec![far.registry().to_string()];
        args.upstream_ca = Some(file.clone());
    })
    .await;
    let world = near.world().await;
    let rule = format!(r#"{{"prefix": "far", "upstream": "{}"}}"#, far.registry());
    world.seed(&format!(r#"{{"registry": {{"cacheRules": [{rule}]}}}}"#)).await;
    world.home().await.pulls("far/base", "1", &image).await;
}
