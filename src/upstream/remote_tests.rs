//! The way to a real registry against small servers on this machine, each of which notes the calls that it gets.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::credentials::Credentials;
use super::hosts::AllowedHosts;
use super::remote::{RemoteRegistry, RemoteRequest, RemoteTimeouts};
use super::remote_error::RemoteError;
use super::remote_reply::RemoteReply;
use crate::clock::RealTime;

const MANIFEST: &str = "/v2/library/nginx/manifests/1";

/// `AWS:secret` in the Basic scheme.
const BASIC: &str = "Basic QVdTOnNlY3JldA==";

/// A call as a server saw it.
struct Seen {
    target: String,
    host: String,
    authorization: String,
}

struct TestServer {
    host: String,
    calls: Arc<Mutex<Vec<String>>>,
}

impl TestServer {
    async fn start(answer: impl Fn(&Seen) -> Response<Full<Bytes>> + Clone + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let host = listener.local_addr().expect("an address").to_string();
        let calls = Arc::<Mutex<Vec<String>>>::default();
        let log = Arc::clone(&calls);
        in_background(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (answer, log) = (answer.clone(), Arc::clone(&log));
                let service = service_fn(move |request| {
                    let seen = Seen::of(&request);
                    let call = format!("{} {} [{}]", request.method(), seen.target, seen.authorization);
                    log.lock().expect("no panic").push(call);
                    let reply = answer(&seen);
                    async { Ok::<_, std::convert::Infallible>(reply) }
                });
                in_background(async move {
                    // A peer that goes away is no failure of the test.
                    let _ = http1::Builder::new().serve_connection(TokioIo::new(socket), service).await;
                });
            }
        });
        Self { host, calls }
    }

    fn calls(&self) -> Vec<String> {
        self.calls.lock().expect("no panic").clone()
    }
}

impl Seen {
    fn of(request: &Request<Incoming>) -> Self {
        let header = |name: &str| {
            request.headers().get(name).map(|value| value.to_str().expect("text").to_owned()).unwrap_or_default()
        };
        Self { target: request.uri().to_string(), host: header("host"), authorization: header("authorization") }
    }
}

#[expect(clippy::disallowed_methods, reason = "a server of a test ends with the runtime of the test")]
fn in_background(work: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(work);
}

fn answer_with(status: u16, headers: &[(&str, &str)], body: &str) -> Response<Full<Bytes>> {
    let mut reply = Response::builder().status(status);
    for (name, value) in headers {
        reply = reply.header(*name, *value);
    }
    reply.body(Full::from(body.to_owned())).expect("a reply")
}

fn remote() -> RemoteRegistry {
    RemoteRegistry::new(AllowedHosts::default(), RemoteTimeouts::default(), RealTime::start())
}

fn login() -> Credentials {
    Credentials { user: "AWS".into(), password: "secret".into() }
}

fn get<'a>(host: &'a str, path: &'a str, credentials: Option<&'a Credentials>) -> RemoteRequest<'a> {
    RemoteRequest { host, method: Method::GET, path, accept: Some("application/json"), credentials }
}

async fn text(reply: RemoteReply) -> String {
    String::from_utf8(reply.bytes(1024).await.expect("a body").to_vec()).expect("text")
}

/// A registry that wants a token of its own realm; the `n`th token is `token-n`, and all before `oldest` are withdrawn.
async fn bearer_registry(oldest: Arc<Mutex<usize>>) -> TestServer {
    let given = Arc::new(Mutex::new(0_usize));
    TestServer::start(move |seen| {
        if seen.target.starts_with("/token") {
            let mut given = given.lock().expect("no panic");
            *given += 1;
            return answer_with(200, &[], &format!(r#"{{"token":"token-{given}","expires_in":300}}"#));
        }
        let token = seen.authorization.strip_prefix("Bearer token-").and_then(|number| number.parse::<usize>().ok());
        if token.is_some_and(|token| token >= *oldest.lock().expect("no panic")) {
            return answer_with(200, &[("docker-content-digest", "sha256:00"), ("content-type", "text/x")], "manifest");
        }
        let challenge = format!(
            r#"Bearer realm="http://{}/token?a=b",service="s",scope="repository:library/nginx:pull""#,
            seen.host
        );
        answer_with(401, &[("www-authenticate", &challenge)], "{}")
    })
    .await
}

#[tokio::test]
async fn a_token_is_fetched_once_and_used_again() {
    let server = bearer_registry(Arc::default()).await;
    let remote = remote();
    for _ in 0..2 {
        let reply = remote.request(get(&server.host, MANIFEST, None)).await.expect("an answer");
        assert_eq!(reply.status, StatusCode::OK);
        assert_eq!(reply.docker_content_digest.as_deref(), Some("sha256:00"));
        assert_eq!(reply.content_type.as_deref(), Some("text/x"));
        assert_eq!(reply.content_length, Some(8));
        assert_eq!(text(reply).await, "manifest");
    }
    assert_eq!(
        server.calls(),
        [
            format!("GET {MANIFEST} []"),
            "GET /token?a=b&service=s&scope=repository%3Alibrary%2Fnginx%3Apull []".to_owned(),
            format!("GET {MANIFEST} [Bearer token-1]"),
            format!("GET {MANIFEST} []"),
            format!("GET {MANIFEST} [Bearer token-1]"),
        ]
    );
}

#[tokio::test]
async fn a_token_is_not_shared_between_logins() {
    let server = bearer_registry(Arc::default()).await;
    let remote = remote();
    remote.request(get(&server.host, MANIFEST, Some(&login()))).await.expect("an answer");
    remote.request(get(&server.host, MANIFEST, None)).await.expect("an answer");
    let calls = server.calls();
    assert!(calls[1].ends_with(&format!("[{BASIC}]")), "{calls:?}");
    assert_eq!(calls[5], format!("GET {MANIFEST} [Bearer token-2]"));
}

#[tokio::test]
async fn callers_who_need_the_same_token_wait_for_one() {
    let server = bearer_registry(Arc::default()).await;
    let remote = remote();
    let (one, other) = tokio::join!(
        remote.request(get(&server.host, MANIFEST, None)),
        remote.request(get(&server.host, MANIFEST, None)),
    );
    assert_eq!((one.expect("one").status, other.expect("other").status), (StatusCode::OK, StatusCode::OK));
    assert_eq!(server.calls().iter().filter(|call| call.starts_with("GET /token")).count(), 1);
}

#[tokio::test]
async fn a_withdrawn_token_is_replaced_once() {
    let oldest = Arc::<Mutex<usize>>::default();
    let server = bearer_registry(Arc::clone(&oldest)).await;
    let remote = remote();
    remote.request(get(&server.host, MANIFEST, None)).await.expect("an answer");
    *oldest.lock().expect("no panic") = 2;
    let reply = remote.request(get(&server.host, MANIFEST, None)).await.expect("an answer");
    assert_eq!(reply.status, StatusCode::OK);
    *oldest.lock().expect("no panic") = usize::MAX;
    let reply = remote.request(get(&server.host, MANIFEST, None)).await.expect("an answer");
    assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "no token helps, and there is no third try");
    assert_eq!(server.calls().iter().filter(|call| call.starts_with("GET /token")).count(), 3);
}

#[tokio::test]
async fn a_refused_token_says_what_the_endpoint_answered() {
    let server = TestServer::start(|seen| {
        if seen.target.starts_with("/token") {
            return answer_with(403, &[], "");
        }
        answer_with(401, &[("www-authenticate", r#"Bearer realm="/token""#)], "")
    })
    .await;
    let error = remote().request(get(&server.host, MANIFEST, Some(&login()))).await.expect_err("no token");
    assert!(
        matches!(&error, RemoteError::TokenRefused { host, status: StatusCode::FORBIDDEN } if *host == server.host)
    );
}

#[tokio::test]
async fn a_basic_challenge_is_answered_by_who_has_a_login() {
    let server = TestServer::start(|seen| {
        if seen.authorization == BASIC {
            return answer_with(200, &[], "manifest");
        }
        answer_with(401, &[("www-authenticate", r#"Basic realm="x""#)], "")
    })
    .await;
    let remote = remote();
    let reply = remote.request(get(&server.host, MANIFEST, Some(&login()))).await.expect("an answer");
    assert_eq!((reply.status, text(reply).await.as_str()), (StatusCode::OK, "manifest"));
    let reply = remote.request(get(&server.host, MANIFEST, None)).await.expect("an answer");
    assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
    assert_eq!(server.calls().len(), 3);
    let wrong = Credentials { password: "wrong".into(), ..login() };
    let reply = remote.request(get(&server.host, MANIFEST, Some(&wrong))).await.expect("an answer");
    assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
    assert_eq!(server.calls().len(), 5, "a refused login is not tried twice");
}

#[tokio::test]
async fn other_statuses_are_answers() {
    let server = TestServer::start(|_| answer_with(429, &[("retry-after", "7")], "{}")).await;
    let reply = remote().request(get(&server.host, MANIFEST, Some(&login()))).await.expect("an answer");
    assert_eq!((reply.status, reply.retry_after.as_deref()), (StatusCode::TOO_MANY_REQUESTS, Some("7")));
    let server = TestServer::start(|_| answer_with(404, &[], "{}")).await;
    let head = RemoteRequest { method: Method::HEAD, ..get(&server.host, MANIFEST, None) };
    let reply = remote().request(head).await.expect("an answer");
    assert_eq!((reply.status, reply.content_length), (StatusCode::NOT_FOUND, Some(2)));
    assert_eq!(server.calls(), [format!("HEAD {MANIFEST} []")]);
}

#[tokio::test]
async fn a_redirect_to_another_port_leaves_the_login_behind() {
    let storage = TestServer::start(|_| answer_with(200, &[("content-encoding", "gzip")], "blob")).await;
    let elsewhere = format!("http://{}/signed?key=1", storage.host);
    let server = TestServer::start(move |seen| match (seen.authorization.as_str(), seen.target.as_str()) {
        ("", _) => answer_with(401, &[("www-authenticate", "Basic")], ""),
        (_, "/v2/a/blobs/x") => answer_with(302, &[("location", "/v2/a/blobs/y")], ""),
        _ => answer_with(307, &[("location", &elsewhere)], ""),
    })
    .await;
    let reply = remote().request(get(&server.host, "/v2/a/blobs/x", Some(&login()))).await.expect("an answer");
    assert_eq!((reply.host.as_str(), reply.status), (storage.host.as_str(), StatusCode::OK));
    assert_eq!(text(reply).await, "blob", "bytes are as they were sent, whatever their encoding is called");
    assert_eq!(storage.calls(), ["GET /signed?key=1 []"]);
    assert_eq!(server.calls()[1..], [format!("GET /v2/a/blobs/x [{BASIC}]"), format!("GET /v2/a/blobs/y [{BASIC}]")]);
}

#[tokio::test]
async fn the_login_is_not_shown_to_a_host_that_a_redirect_leads_to() {
    let other = TestServer::start(|_| answer_with(401, &[("www-authenticate", "Basic")], "")).await;
    let elsewhere = format!("http://{}/", other.host);
    let server = TestServer::start(move |_| answer_with(307, &[("location", &elsewhere)], "")).await;
    let reply = remote().request(get(&server.host, MANIFEST, Some(&login()))).await.expect("an answer");
    assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
    assert_eq!(other.calls(), ["GET / []"]);
}

#[tokio::test]
async fn redirects_come_to_an_end() {
    let server = TestServer::start(|seen| answer_with(307, &[("location", &format!("{}x", seen.target))], "")).await;
    let error = remote().request(get(&server.host, "/v2/a/blobs/x", None)).await.expect_err("a loop");
    assert!(matches!(error, RemoteError::TooManyRedirects { .. }), "{error}");
    assert_eq!(server.calls().len(), 6);
}

#[tokio::test]
async fn hosts_that_were_not_named_are_never_called() {
    fn check(outcome: Result<RemoteReply, RemoteError>, refused: &str) {
        match outcome {
            Err(RemoteError::HostNotAllowed(host)) => assert_eq!(host.0, refused),
            other => panic!("{refused}: {other:?}"),
        }
    }
    let remote = remote();
    check(remote.request(get("quay.io", MANIFEST, None)).await, "quay.io");
    check(remote.request(get("169.254.169.254", "/latest", None)).await, "169.254.169.254");
    let server = TestServer::start(|_| answer_with(307, &[("location", "http://169.254.169.254/latest")], "")).await;
    check(remote.request(get(&server.host, MANIFEST, None)).await, "169.254.169.254");
    let challenge = r#"Bearer realm="https://auth.example/token""#;
    let server = TestServer::start(|_| answer_with(401, &[("www-authenticate", challenge)], "")).await;
    check(remote.request(get(&server.host, MANIFEST, Some(&login()))).await, "auth.example");
}

#[tokio::test]
async fn b_015_b_032_a_registry_that_is_silent_or_absent_is_told_apart() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let host = listener.local_addr().expect("an address").to_string();
    let timeouts = RemoteTimeouts { read: Duration::from_millis(50), ..RemoteTimeouts::default() };
    let remote = RemoteRegistry::new(AllowedHosts::default(), timeouts, RealTime::start());
    let error = remote.request(get(&host, MANIFEST, None)).await.expect_err("nobody accepts");
    assert!(matches!(error, RemoteError::Timeout { .. }), "{error:?}");
    drop(listener);
    let error = remote.request(get(&host, MANIFEST, None)).await.expect_err("nobody listens");
    assert!(matches!(error, RemoteError::Connect { .. }), "{error:?}");
}

#[tokio::test]
async fn a_server_that_does_not_speak_tls_is_not_connected_to() {
    let plain = TestServer::start(|_| answer_with(200, &[], "")).await;
    let elsewhere = format!("https://{}/", plain.host);
    let server = TestServer::start(move |_| answer_with(307, &[("location", &elsewhere)], "")).await;
    let error = remote().request(get(&server.host, MANIFEST, None)).await.expect_err("no handshake");
    assert!(matches!(&error, RemoteError::Connect { host, .. } if *host == plain.host), "{error:?}");
    assert_eq!(plain.calls(), [""; 0]);
}

#[test]
fn a_call_can_be_made_from_any_task() {
    fn check<T: Send>(_: T) {}
    let remote = remote();
    check(&remote);
    check(remote.request(get("quay.io", MANIFEST, None)));
}

#[tokio::test]
async fn a_body_that_breaks_off_or_is_too_long_is_no_body() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let host = listener.local_addr().expect("an address").to_string();
    in_background(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let _head = socket.read(&mut [0; 4096]).await.expect("a request");
            socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf").await.expect("an answer");
        }
    });
    let reply = remote().request(get(&host, MANIFEST, None)).await.expect("a head");
    let error = reply.bytes(1024).await.expect_err("half a body");
    assert!(matches!(error, RemoteError::Interrupted { .. }), "{error:?}");
    let server = TestServer::start(|_| reply_of_ten_bytes()).await;
    let reply = remote().request(get(&server.host, MANIFEST, None)).await.expect("a head");
    let error = reply.bytes(9).await.expect_err("ten bytes");
    assert!(matches!(error, RemoteError::TooLong { limit_bytes: 9, .. }), "{error:?}");
}

fn reply_of_ten_bytes() -> Response<Full<Bytes>> {
    answer_with(200, &[], "0123456789")
}
