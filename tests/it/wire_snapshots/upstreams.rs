//! Pulls through a cache rule whose upstream does not deliver: in a world, by fault rules, and a real one, by what it says.

use ecr_fixture::proto::FinishWorldRequest;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::gallery::Gallery;
use super::stage::{PROFILES, Stage};
use crate::harness::{Caller, Connection, OCI_MANIFEST, TestServer, TestWorld, sha256};

const SEED: &str = r#"
    {"upstream": {"host": "quay.io", "repositories": [{"name": "base", "images": [{"tags": ["1", "2", "3"]}]}]}},
    {"registry": {"cacheRules": [{"prefix": "quay", "upstream": "quay.io"}, {"prefix": "far", "upstream": "ghcr.io"}]}}"#;

/// What a rule does to a call upstream, and what the client hears: of an image, and of a blob.
const TROUBLES: [(&str, &str, &str); 13] = [
    ("status(401)", "UpstreamAccessDenied", "UpstreamAccessDenied"),
    ("status(403)", "UpstreamAccessDenied", "UpstreamAccessDenied"),
    ("status(404)", "ManifestUnknown", "BlobUnknown"),
    ("status(429)", "UpstreamTooManyRequests", "UpstreamTooManyRequests"),
    ("status(500)", "UpstreamImageUnavailable", "UpstreamLayerUnavailable"),
    ("status(502)", "UpstreamImageUnavailable", "UpstreamLayerUnavailable"),
    ("status(503)", "UpstreamImageUnavailable", "UpstreamLayerUnavailable"),
    ("status(504)", "UpstreamImageUnavailable", "UpstreamLayerUnavailable"),
    ("reset", "UpstreamImageUnavailable", "UpstreamLayerUnavailable"),
    ("lose_reply", "UpstreamImageUnavailable", "UpstreamLayerUnavailable"),
    ("reset(after_bytes=10)", "UpstreamImageUnavailable", "UpstreamLayerUnavailable"),
    ("truncate(50%)", "UpstreamImageUnavailable", "UpstreamLayerUnavailable"),
    ("truncate(50%, fix_length)", "UpstreamImageUnavailable", "UpstreamLayerUnavailable"),
];

#[tokio::test]
async fn upstreams_of_a_world() {
    for profile in PROFILES {
        let Stage { server: _server, world, home, mut gallery } = Stage::of("upstreams", profile).await;
        world.seed(SEED).await;
        let manifest = |tag: &str| home.request("GET", &format!("/v2/quay/base/manifests/{tag}"));
        gallery
            .shows("RepositoryNotFound", "No rule covers it", &home.request("GET", "/v2/other/base/manifests/1"))
            .await;
        let digest = home.request("GET", &format!("/v2/quay/base/manifests/{}", sha256(b"first")));
        gallery.shows("RepositoryNotFound", "A first pull by digest asks nobody", &digest).await;
        gallery.shows("ManifestUnknown", "The upstream has no such tag", &manifest("none")).await;
        let far = home.request("GET", "/v2/far/base/manifests/1");
        gallery.shows("UpstreamImageUnavailable", "A host that may not be called", &far).await;
        for (does, failure, _) in TROUBLES {
            world.fault(&format!("on upstream:manifest.get do 1x {does} -> pass")).await;
            gallery.shows(failure, &format!("The upstream's answer for the image: {does}"), &manifest("1")).await;
        }
        let pulled = home.send(&manifest("1")).await;
        assert_eq!(pulled.status, 200);
        let layer = pulled.json()["layers"][0]["digest"].as_str().expect("a digest").to_owned();
        let blob = home.request("GET", &format!("/v2/quay/base/blobs/{layer}"));
        for (does, _, failure) in TROUBLES {
            world.fault(&format!("on upstream:blob.get do 1x {does} -> pass")).await;
            gallery.shows(failure, &format!("The upstream's answer for the blob: {does}"), &blob).await;
        }
        let head = home.request("HEAD", &format!("/v2/quay/base/blobs/{layer}"));
        world.fault("on upstream:blob.get do 1x status(503) -> pass").await;
        gallery.shows("UpstreamLayerUnavailable", "HEAD, and the upstream fails", &head).await;
        let unnamed = home.request("GET", &format!("/v2/quay/base/blobs/{}", sha256(b"unnamed")));
        gallery.shows("LayerNotFound", "A blob that no cached image names", &unnamed).await;
        gallery.compare();
    }
}

/// An answer of a real upstream: headers without the status line, and body.
fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n{body}", body.len())
}

/// Lets a real upstream, which gives these answers, be asked for an image, and shows what the client hears.
async fn asks(gallery: &mut Gallery, stage: (&TestWorld, &Caller), failure: &str, title: &str, answers: &[String]) {
    let (world, home) = stage;
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let host = listener.local_addr().expect("an address").to_string();
    let prefix = format!("real-{}", gallery.entries());
    world.seed(&format!(r#"{{"registry": {{"cacheRules": [{{"prefix": "{prefix}", "upstream": "{host}"}}]}}}}"#)).await;
    let serve = async {
        for answer in answers {
            let (mut socket, _) = listener.accept().await.expect("a call");
            let read = socket.read(&mut [0; 4096]).await.expect("a request");
            assert!(read > 0);
            socket.write_all(answer.replace("HOST", &host).as_bytes()).await.expect("a reader");
        }
        if answers.is_empty() {
            drop(listener);
        }
    };
    let request = home.request("GET", &format!("/v2/{prefix}/base/manifests/1"));
    if answers.is_empty() {
        serve.await;
        gallery.shows(failure, title, &request).await;
    } else {
        tokio::join!(serve, gallery.shows(failure, title, &request));
    }
}

#[tokio::test]
async fn real_upstreams() {
    for profile in PROFILES {
        let Stage { server, world, home, mut gallery } = Stage::of("real-upstreams", profile).await;
        let stage = (&world, &home);
        let unavailable = "UpstreamImageUnavailable";
        let challenge = |header: &str| answer("401 Unauthorized", &format!("www-authenticate: {header}\r\n"), "");
        let bearer = || challenge(r#"Bearer realm="http://HOST/token",service="s",scope="repository:base:pull""#);
        let token = || answer("200 OK", "", r#"{"token": "t"}"#);
        let page = "<html>";
        let denied = "UpstreamAccessDenied";
        for (failure, title, answers) in [
            (unavailable, "Nobody listens", vec![]),
            (unavailable, "It speaks no HTTP", vec!["nonsense\r\n\r\n".to_owned()]),
            (denied, "It wants a login by Basic", vec![challenge(r#"Basic realm="x""#)]),
            (denied, "It wants a login and does not say how", vec![answer("401 Unauthorized", "", "")]),
            (denied, "Its challenge has no realm", vec![challenge(r#"Bearer service="s""#)]),
            (denied, "Its token is not good enough", vec![bearer(), token(), bearer()]),
            (denied, "Its realm refuses", vec![bearer(), answer("403 Forbidden", "", "")]),
            (
                "UpstreamTooManyRequests",
                "Its realm is asked too often",
                vec![bearer(), answer("429 Too Many Requests", "", "")],
            ),
            (unavailable, "Its realm fails", vec![bearer(), answer("500 Internal Server Error", "", "")]),
            (unavailable, "Its realm gives no token", vec![bearer(), answer("200 OK", "", "{}")]),
            (unavailable, "Its realm is elsewhere", vec![challenge(r#"Bearer realm="https://auth.example/token""#)]),
            ("ManifestUnknown", "It has no such image", vec![answer("404 Not Found", "", "")]),
            (
                "UpstreamTooManyRequests",
                "It is asked too often",
                vec![answer("429 Too Many Requests", "retry-after: 7\r\n", "")],
            ),
            (unavailable, "It is in trouble", vec![answer("500 Internal Server Error", "", "")]),
            (
                unavailable,
                "It redirects elsewhere",
                vec![answer("307 Temporary Redirect", "location: https://cdn.example/\r\n", "")],
            ),
            (
                unavailable,
                "It redirects without end",
                vec![answer("307 Temporary Redirect", "location: /again\r\n", ""); 6],
            ),
            (unavailable, "It sends a page", vec![answer("200 OK", "content-type: text/html\r\n", page)]),
            (
                unavailable,
                "It announces another digest",
                vec![answer(
                    "200 OK",
                    &format!("content-type: {OCI_MANIFEST}\r\ndocker-content-digest: {}\r\n", sha256(b"other")),
                    "{}",
                )],
            ),
            (unavailable, "It breaks off", vec!["HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf".to_owned()]),
            (
                unavailable,
                "It announces more than 4 MiB",
                vec!["HTTP/1.1 200 OK\r\ncontent-length: 4194305\r\n\r\n".to_owned()],
            ),
        ] {
            asks(&mut gallery, stage, failure, title, &answers).await;
        }
        ends_meanwhile(&mut gallery, &server, &world, &home).await;
        gallery.compare();
    }
}

/// The world ends while its upstream is silent. Asked on the daemon's own port, which stays.
async fn ends_meanwhile(gallery: &mut Gallery, server: &TestServer, world: &TestWorld, home: &Caller) {
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let host = silent.local_addr().expect("an address").to_string();
    world.seed(&format!(r#"{{"registry": {{"cacheRules": [{{"prefix": "silent", "upstream": "{host}"}}]}}}}"#)).await;
    let request = home.request("GET", "/v2/silent/base/manifests/1");
    let mut waiting = Connection::open(server.registry()).await;
    waiting.send(&request).await;
    let _asked = silent.accept().await.expect("a call");
    let finish = FinishWorldRequest { world: world.name(), journal_tail: None };
    world.plane.clone().worlds.finish_world(finish).await.expect("a world finishes");
    let reply = waiting.receive("GET").await.whole();
    gallery.keep(
        "Unavailable",
        "The world ends meanwhile",
        "GET /v2/silent/base/manifests/1 HTTP/1.1\n",
        &reply,
        false,
    );
}
