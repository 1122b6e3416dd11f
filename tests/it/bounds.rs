//! What happens at each bound of the registry surface, over real sockets; `docs/LIMITS.md` promises it. Times are real, so
//! the tests set short ones.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use clap::CommandFactory as _;
use ecr_fixture::config::{Bounds, Cli, TlsMode};
use ecr_fixture::proto;
use rustix::process::{Resource, Rlimit, Signal, getrlimit, setrlimit};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::harness::{
    Caller, Connection, End, Image, Process, Reply, Request, TestServer, TestWorld, Trust, Way, filler, ready_line,
    sha256,
};

/// A time that is over soon, and long enough for what must come before it.
const SHORT: Duration = Duration::from_millis(500);
/// Longest that anything here may take that should be over after [`SHORT`].
const PATIENCE: Duration = Duration::from_secs(20);

/// A daemon within other bounds, a world with repository `app`, and a caller who has logged in.
async fn within(change: impl FnOnce(&mut Bounds)) -> (TestServer, TestWorld, Caller) {
    let server = TestServer::with(|args| change(&mut args.bounds)).await;
    let world = server.world_with("app").await;
    let home = world.home().await;
    (server, world, home)
}

/// Fails unless the answer is of this status, in the words of both surfaces, and the last of its connection.
async fn check_farewell(connection: &mut Connection, status: u16, exception: &str, code: &str, message: &str) -> Reply {
    let reply = connection.receive("GET").await.whole();
    assert_eq!(reply.status, status, "{reply:?}");
    let expected = json!({"__type": exception, "message": message, "errors": [{"code": code, "message": message}]});
    assert_eq!(reply.json(), expected);
    assert_eq!((reply.header("connection"), reply.header("content-type")), ("close", "application/json"));
    connection.receive("GET").await.nothing(End::Eof);
    reply
}

/// A request whose head has exactly so many bytes.
fn head_of(bytes: usize) -> String {
    let start = "GET /v2/ HTTP/1.1\r\nHost: localhost\r\nX-Padding: ";
    format!("{start}{}\r\n\r\n", "x".repeat(bytes - start.len() - 4))
}

#[tokio::test]
async fn one_connection_more_is_turned_away_and_told_when_to_come_back() {
    let server = TestServer::with(|args| args.bounds.max_connections = 2).await;
    let ping = Request::new("GET", "/v2/");
    let (mut first, mut second) =
        (Connection::open(server.registry()).await, Connection::open(server.registry()).await);
    for connection in [&mut first, &mut second] {
        assert_eq!(connection.exchange(&ping).await.whole().status, 401, "both are served");
    }
    let mut third = Connection::open(server.registry()).await;
    third.send(&ping).await;
    let message = "2 connections are open, and there may be no more";
    let refused = check_farewell(&mut third, 503, "ServiceUnavailableException", "UNAVAILABLE", message).await;
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(first.exchange(&ping).await.whole().status, 401, "those who are there are not disturbed");
    drop(second);
    // Room comes once the daemon has seen the other leave.
    let deadline = Instant::now() + PATIENCE;
    while Connection::open(server.registry()).await.exchange(&ping).await.whole().status == 503 {
        assert!(Instant::now() < deadline, "no room came");
    }
}

#[tokio::test]
async fn a_port_of_a_world_counts_towards_the_connections_of_the_daemon() {
    let server = TestServer::with(|args| args.bounds.max_connections = 1).await;
    let world = server.dedicated_world().await;
    let ping = Request::new("GET", "/v2/");
    let mut held = Connection::open(server.registry()).await;
    assert_eq!(held.exchange(&ping).await.whole().status, 401);
    assert_eq!(Connection::open(world.address()).await.exchange(&ping).await.whole().status, 503);
}

#[tokio::test]
async fn a_head_has_so_many_bytes_and_not_one_more() {
    let server = TestServer::with(|args| args.bounds.max_header_bytes = 8_192).await;
    let mut connection = Connection::open(server.registry()).await;
    for _ in 0..2 {
        connection.send_raw(head_of(8_192).as_bytes()).await;
        assert_eq!(connection.receive("GET").await.whole().status, 401, "the largest head is a request like others");
    }
    let message = "The head of the request exceeds 8192 bytes or 100 headers";
    let exception = "RequestHeaderFieldsTooLargeException";
    for bytes in [8_193, 1 << 20] {
        // Also on a connection that has been used, and to a client that reads only once it has sent all.
        let mut connection = Connection::open(server.registry()).await;
        connection.send_raw(head_of(100).as_bytes()).await;
        assert_eq!(connection.receive("GET").await.whole().status, 401);
        connection.send_raw(head_of(bytes).as_bytes()).await;
        check_farewell(&mut connection, 431, exception, "UNSUPPORTED", message).await;
    }
}

#[tokio::test]
async fn a_body_does_not_count_towards_the_head() {
    let (_server, _world, home) = within(|bounds| bounds.max_header_bytes = 8_192).await;
    let bytes = filler(3, 3 << 20);
    let mut connection = Connection::open(home.address).await;
    for number in 0..3 {
        let unknown = format!("/v2/app/blobs/uploads/{number}");
        let refused = connection.exchange(&home.request("PATCH", &unknown).body(&bytes[..200 << 10])).await.whole();
        assert_eq!(refused.status, 404, "a body that nobody wants is no head either: {refused:?}");
        assert_eq!(connection.exchange(&home.request("GET", "/v2/")).await.whole().status, 200);
    }
    home.push_blob("app", &bytes).await;
}

#[tokio::test]
async fn a_head_has_so_many_headers_and_not_one_more() {
    for (most, above) in [(20, 21), (100, 101), (300, 301)] {
        let server = TestServer::with(|args| args.bounds.max_headers = most).await;
        let head = |count: usize| {
            let lines = (1..count).map(|number| format!("X-{number}: x\r\n")).collect::<Vec<_>>().concat();
            format!("GET /v2/ HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n")
        };
        let mut connection = Connection::open(server.registry()).await;
        connection.send_raw(head(most).as_bytes()).await;
        assert_eq!(connection.receive("GET").await.whole().status, 401, "{most}");
        connection.send_raw(head(above).as_bytes()).await;
        let message = format!("The head of the request exceeds 65536 bytes or {most} headers");
        let exception = "RequestHeaderFieldsTooLargeException";
        check_farewell(&mut connection, 431, exception, "UNSUPPORTED", &message).await;
    }
}

#[tokio::test]
async fn a_target_has_so_many_bytes_and_not_one_more() {
    let server = TestServer::with(|args| {
        args.bounds.max_uri_bytes = 100;
        args.bounds.max_header_bytes = 256 << 10;
    })
    .await;
    let target = |bytes: usize| Request::new("GET", &format!("/v2/?{}", "x".repeat(bytes - 5)));
    let fits = Connection::open(server.registry()).await.exchange(&target(100)).await.whole();
    assert_eq!(fits.status, 401);
    // The last is more than the HTTP library reads.
    for bytes in [101, 5_000, 70_000] {
        let mut connection = Connection::open(server.registry()).await;
        connection.send(&target(bytes)).await;
        let message = "The target of the request exceeds 100 bytes";
        check_farewell(&mut connection, 414, "RequestUriTooLongException", "UNSUPPORTED", message).await;
    }
}

#[tokio::test]
async fn what_is_no_http_is_told_so() {
    let server = TestServer::start().await;
    for garbage in ["\x16\x03\x01\x02\x00\x01", "GET / HTTP/9.9\r\n\r\n", "G\u{e4}T / HTTP/1.1\r\n\r\n"] {
        let mut connection = Connection::open(server.registry()).await;
        connection.send_raw(garbage.as_bytes()).await;
        let message = "The request is no HTTP that can be read here";
        check_farewell(&mut connection, 400, "MalformedHttpRequestException", "UNSUPPORTED", message).await;
    }
}

#[tokio::test]
async fn a_body_of_the_ecr_api_has_so_many_bytes_and_not_one_more() {
    let (_server, world, home) = within(|bounds| bounds.max_api_body = 1_000).await;
    let body = |bytes: usize| format!("{:bytes$}", "{}");
    home.ecr_reply("DescribeRegistry", body(1_000)).await;
    let mut connection = Connection::open(home.address).await;
    let refused = connection.exchange(&home.ecr_request("DescribeRegistry", body(1_001))).await.whole();
    let message = "The request body exceeds the maximum of 1000 bytes";
    let expected = json!({"__type": "RequestEntityTooLargeException", "message": message});
    assert_eq!((refused.status, refused.json()), (413, expected));
    assert_eq!(refused.find("connection"), None, "so little is taken in at once");
    let allowed = connection.exchange(&home.ecr_request("DescribeRegistry", body(10))).await.whole();
    assert_eq!(allowed.status, 200);
    let statuses: Vec<Option<u32>> = world.calls("ecr:DescribeRegistry").await.iter().map(|call| call.status).collect();
    assert_eq!(statuses, [Some(200), Some(413), Some(200)], "it is recorded like any other refusal");
}

#[tokio::test]
async fn a_client_that_asks_first_is_spared_the_sending() {
    let (_server, world, home) = within(|bounds| bounds.max_api_body = 1_000).await;
    world.seed(r#"{"quotas": {"layerMaximumBytes": "1000"}}"#).await;
    let upload = home.begin_upload("app").await;
    let large = 5 << 20;
    for (request, status) in [
        (home.ecr_request("PutImage", ""), 413),
        (home.manifest_request("app", "v1", b""), 413),
        (home.request("PATCH", &upload), 400),
        (home.request("PATCH", "/v2/app/blobs/uploads/none"), 404),
    ] {
        let request = request.header("Content-Length", large).header("Expect", "100-continue");
        let mut connection = Connection::open(home.address).await;
        connection.send(&request).await;
        let reply = connection.receive("POST").await.whole();
        assert_eq!((reply.status, reply.header("connection")), (status, "close"), "{reply:?}");
        connection.receive("POST").await.nothing(End::Eof);
    }
    let request = home.request("PATCH", &upload).header("Content-Length", 3).header("Expect", "100-continue");
    let mut connection = Connection::open(home.address).await;
    connection.send(&request).await;
    assert_eq!(connection.receive("PATCH").await.whole().status, 100, "what is welcome is asked for");
    connection.send_raw(b"abc").await;
    assert_eq!(connection.receive("PATCH").await.whole().status, 201);
}

#[tokio::test]
async fn a_world_has_so_many_open_uploads_and_not_one_more() {
    let (server, _world, home) = within(|bounds| bounds.max_open_uploads = 2).await;
    let (first, _second) = (home.begin_upload("app").await, home.begin_upload("app").await);
    let message = "2 layer uploads are open, and there may be no more: end or cancel others first";
    for _ in 0..3 {
        let refused = home.send(&home.request("POST", "/v2/app/blobs/uploads/")).await;
        let expected = ("TOOMANYREQUESTS".to_owned(), message.to_owned());
        assert_eq!((refused.status, refused.oci_error()), (429, expected));
        let refused = home.refused("InitiateLayerUpload", json!({"repositoryName": "app"})).await;
        assert_eq!(refused, (400, "ThrottlingException".to_owned(), message.to_owned()));
    }
    let other = server.world_with("app").await;
    other.home().await.begin_upload("app").await;
    assert_eq!(home.delete(&first).await.status, 204);
    home.begin_upload("app").await;
}

#[tokio::test]
async fn blobs_have_so_many_bytes_and_not_one_more() {
    let server = TestServer::with(|args| args.blob_memory = 100_000).await;
    let home = server.world_with("app").await.home().await;
    let upload = home.begin_upload("app").await;
    let patch = |bytes: usize| home.request("PATCH", &upload).body(filler(1, bytes));
    let refused = home.send(&patch(100_001)).await;
    let (code, message) = refused.oci_error();
    assert_eq!((refused.status, code.as_str()), (500, "UNKNOWN"));
    assert!(message.starts_with("The fixture cannot store these bytes: ") && message.contains("100000"), "{message}");
    assert_eq!(home.get(&upload).await.header("range"), "0-0", "the upload is what it was");
    assert_eq!(home.send(&patch(100_000)).await.status, 201);
}

#[tokio::test]
async fn a_refused_body_is_taken_in_up_to_a_bound() {
    let (_server, _world, home) = within(|bounds| bounds.max_drain = 1 << 20).await;
    let refused = |bytes: usize| home.request("PATCH", "/v2/app/blobs/uploads/none").body(vec![0; bytes]);
    let mut connection = Connection::open(home.address).await;
    let small = connection.exchange(&refused(200 << 10)).await.whole();
    assert_eq!((small.status, small.find("connection")), (404, None));
    let large = connection.exchange(&refused(1 << 20)).await.whole();
    assert_eq!((large.status, large.header("connection")), (404, "close"), "and the same connection was still good");
    connection.receive("PATCH").await.nothing(End::Eof);
    // Beyond the bound the connection ends while the client still sends.
    let mut stream = TcpStream::connect(home.address).await.expect("the registry port accepts");
    let endless = refused(0).header("Content-Length", 1_u64 << 40);
    stream.write_all(&endless.head(home.address)).await.expect("the head is taken");
    let chunk = vec![0; 256 << 10];
    let sending = async { while stream.write_all(&chunk).await.is_ok() {} };
    tokio::time::timeout(PATIENCE, sending).await.expect("the daemon hangs up");
}

#[tokio::test]
async fn a_refused_body_is_taken_in_for_so_long() {
    let (_server, _world, home) = within(|bounds| bounds.drain_timeout = SHORT).await;
    let refused = home.request("PATCH", "/v2/app/blobs/uploads/none").body(vec![0; 1 << 20]);
    let mut connection = Connection::open(home.address).await;
    let began = Instant::now();
    connection.send_part(&refused, 1_000).await;
    assert_eq!(connection.receive("PATCH").await.whole().status, 404, "the answer does not wait");
    connection.receive("PATCH").await.nothing(End::Eof);
    assert!(began.elapsed() >= SHORT, "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_connection_idles_for_so_long() {
    let server = TestServer::with(|args| args.bounds.idle_timeout = SHORT).await;
    let mut connection = Connection::open(server.registry()).await;
    let began = Instant::now();
    connection.receive("GET").await.nothing(End::Eof);
    assert!(began.elapsed() >= SHORT.mul_f64(0.9), "{:?}", began.elapsed());
    let mut connection = Connection::open(server.registry()).await;
    for _ in 0..2 {
        let began = Instant::now();
        assert_eq!(connection.exchange(&Request::new("GET", "/v2/")).await.whole().status, 401);
        assert!(began.elapsed() < PATIENCE);
    }
    let began = Instant::now();
    connection.receive("GET").await.nothing(End::Eof);
    assert!(began.elapsed() >= SHORT.mul_f64(0.9), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_head_that_drips_is_told_that_it_took_too_long() {
    let server = TestServer::with(|args| args.bounds.header_timeout = SHORT).await;
    let mut stream = TcpStream::connect(server.registry()).await.expect("the registry port accepts");
    let began = Instant::now();
    stream.write_all(b"GET /v2/ HTTP/1.1\r\nX-Drops: ").await.expect("a start");
    // A byte now and then gives no more time.
    let mut answer = Vec::new();
    let mut drops = tokio::time::interval(SHORT / 10);
    loop {
        tokio::select! {
            read = stream.read_buf(&mut answer) => if read.expect("an orderly end") == 0 { break },
            _ = drops.tick() => { let _ = stream.try_write(b"x"); }
        }
        assert!(began.elapsed() < PATIENCE, "the daemon waits on");
    }
    assert!(began.elapsed() >= SHORT.mul_f64(0.9), "{:?}", began.elapsed());
    let answer = String::from_utf8(answer).expect("a text");
    assert!(answer.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{answer}");
    assert!(answer.contains("RequestTimeoutException") && answer.contains("connection: close"), "{answer}");
}

#[tokio::test]
async fn a_body_that_stalls_ends_its_connection_and_the_upload_goes_on() {
    let (_server, world, home) = within(|bounds| bounds.body_timeout = SHORT).await;
    let bytes = filler(9, 2 << 20);
    let upload = home.begin_upload("app").await;
    let half = bytes.len() / 2;
    let range = format!("0-{}", bytes.len() - 1);
    let request = home.request("PATCH", &upload).header("Content-Range", range).body(bytes.clone());
    let mut connection = Connection::open(home.address).await;
    connection.send_part(&request, half).await;
    connection.receive("PATCH").await.nothing(End::Eof);
    let call = world.finished_call("oci:upload.patch").await;
    assert_eq!((call.outcome(), call.bytes_in), (proto::Outcome::ClientGone, half as u64));
    assert_eq!(home.get(&upload).await.header("range"), format!("0-{}", half - 1), "what came is kept");
    let range = format!("{half}-{}", bytes.len() - 1);
    let rest = home.request("PATCH", &upload).header("Content-Range", range).body(&bytes[half..]);
    assert_eq!(home.send(&rest).await.status, 201);
    let put = home.request("PUT", &format!("{upload}?digest={}", sha256(&bytes)));
    assert_eq!(home.send(&put).await.status, 201);

    let image = Image::new(1);
    home.push_blobs("app", &image).await;
    for request in [home.manifest_request("app", "v1", &image.manifest), home.ecr_request("PutImage", vec![b' '; 200])]
    {
        let mut connection = Connection::open(home.address).await;
        connection.send_part(&request, 100).await;
        connection.receive("PUT").await.nothing(End::Eof);
    }
    assert_eq!(home.get("/v2/app/manifests/v1").await.status, 404);
}

#[tokio::test]
async fn a_body_that_comes_slowly_is_waited_for() {
    let (_server, _world, home) = within(|bounds| bounds.body_timeout = SHORT).await;
    let bytes = filler(4, 100);
    let upload = home.begin_upload("app").await;
    let request = home.request("PATCH", &upload).body(bytes.clone());
    let mut connection = Connection::open(home.address).await;
    connection.send_part(&request, 0).await;
    let began = Instant::now();
    let mut ticks = tokio::time::interval(SHORT / 15);
    for byte in bytes.chunks(2) {
        ticks.tick().await;
        connection.send_raw(byte).await;
    }
    assert!(began.elapsed() > SHORT * 2);
    assert_eq!(connection.receive("PATCH").await.whole().status, 201);
}

#[tokio::test]
async fn a_call_that_the_daemon_keeps_waiting_is_not_too_slow() {
    let (_server, world, home) = within(|bounds| {
        bounds.idle_timeout = SHORT;
        bounds.header_timeout = SHORT;
        bounds.body_timeout = SHORT;
        bounds.send_timeout = SHORT;
    })
    .await;
    world.fault("on oci:upload.patch do hold(door)").await;
    let upload = home.begin_upload("app").await;
    let mut connection = Connection::open(home.address).await;
    let began = Instant::now();
    // The body is larger than a socket takes, so that it waits at the client, too.
    let request = home.request("PATCH", &upload).body(filler(5, 8 << 20));
    let (reply, ()) = tokio::join!(connection.exchange(&request), async {
        while began.elapsed() < SHORT * 4 {
            assert!(world.waiters("door").await.len() <= 1);
        }
        assert_eq!(world.open_gate("door").await, 1);
    });
    assert_eq!(reply.whole().status, 201);
    assert!(began.elapsed() >= SHORT * 4);
}

/// Begins to download a blob of this size through a small buffer.
async fn download(home: &Caller, bytes: usize) -> TcpStream {
    let digest = home.push_blob("app", &filler(6, bytes)).await;
    let get = home.request("GET", &format!("/v2/app/blobs/{digest}"));
    let found = home.exchange_once(&get).await.whole();
    let request = if found.status == 307 { get.redirected(&home.path_of(found.header("location"))) } else { get };
    let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(16 << 10).expect("a small buffer");
    let mut stream = socket.connect(home.address).await.expect("the registry port accepts");
    stream.write_all(&request.head(home.address)).await.expect("the head is taken");
    stream
}

#[tokio::test]
async fn a_client_that_takes_nothing_of_its_answer_is_reset() {
    let (_server, world, home) = within(|bounds| bounds.send_timeout = SHORT).await;
    let bytes = 12 << 20;
    let mut stream = download(&home, bytes).await;
    let began = Instant::now();
    let call = loop {
        let calls = world.calls("oci:blob.get").await;
        if let Some(call) = calls.into_iter().find(|call| call.outcome() == proto::Outcome::ClientGone) {
            break call;
        }
        assert!(began.elapsed() < PATIENCE, "the daemon waits on");
    };
    assert!(call.bytes_out < bytes as u64, "{call:?}");
    let mut rest = Vec::new();
    let end = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut rest)).await.expect("it ends");
    assert_eq!(end.expect_err("a reset").kind(), std::io::ErrorKind::ConnectionReset);
    assert!(rest.len() < bytes);
}

#[tokio::test]
async fn a_client_that_takes_its_answer_slowly_gets_all_of_it() {
    let (_server, _world, home) = within(|bounds| bounds.send_timeout = SHORT).await;
    let bytes = 8 << 20;
    let mut stream = download(&home, bytes).await;
    let began = Instant::now();
    let mut ticks = tokio::time::interval(SHORT / 150);
    let mut buffer = vec![0; 16 << 10];
    let mut received = 0;
    while received < bytes {
        ticks.tick().await;
        let read = stream.read(&mut buffer).await.expect("no reset");
        assert!(read > 0, "it ends after {received} bytes");
        received += read;
    }
    assert!(began.elapsed() > SHORT * 2, "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_daemon_that_stops_waits_for_so_long() {
    let (server, world, home) = within(|bounds| bounds.stop_timeout = SHORT).await;
    world.fault("on oci:ping do hold(door)").await;
    let mut connection = Connection::open(home.address).await;
    connection.send(&home.request("GET", "/v2/")).await;
    while world.waiters("door").await.is_empty() {}
    let began = Instant::now();
    server.running.stop().await;
    assert!(began.elapsed() >= SHORT && began.elapsed() < PATIENCE, "{:?}", began.elapsed());
    connection.receive("GET").await.nothing(End::Eof);

    let mut process = Process::serve(&["--print-addresses", "json", "--stop-timeout", "150ms"]);
    let line = process.line().await;
    let address = ready_line(&line)["data"].as_str().and_then(|data| data.strip_prefix("http://")?.parse().ok());
    let mut idle = Connection::open(address.expect("an address")).await;
    assert_eq!(idle.exchange(&Request::new("GET", "/v2/")).await.whole().status, 401);
    process.signal(Signal::TERM);
    let (code, _) = process.ends_within(PATIENCE).await;
    assert_eq!(code, Some(0));
}

#[tokio::test]
async fn thousands_of_half_heads_take_little_memory_and_are_all_ended() {
    /// Most bytes for one of them: its buffer of 8 KiB, what the connection itself needs, and room for both to be twice that.
    const EACH: u64 = 40 << 10;
    let maximum = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).expect("the soft limit may rise");
    let count = maximum.map_or(2_000, |most| (most / 3).min(2_000));
    let mut process = Process::serve(&["--print-addresses", "json", "--header-timeout", "5s"]);
    let line = process.line().await;
    let address = ready_line(&line)["data"].as_str().and_then(|data| data.strip_prefix("http://")?.parse().ok());
    let address = address.expect("an address");
    // What every daemon needs for its first calls is not theirs.
    let ping = Request::new("GET", "/v2/");
    assert_eq!(Connection::open(address).await.exchange(&ping).await.whole().status, 401);
    let before = process.resident_bytes();
    let half = format!("GET /v2/ HTTP/1.1\r\nHost: localhost\r\nX-Half: {}", "x".repeat(2_000));
    let mut connections = Vec::new();
    for _ in 0..count {
        let mut connection = Connection::open(address).await;
        connection.send_raw(half.as_bytes()).await;
        connections.push(connection);
    }
    assert_eq!(Connection::open(address).await.exchange(&ping).await.whole().status, 401, "others are served");
    let grown = process.resident_bytes().saturating_sub(before);
    assert!(grown < count * EACH, "{} bytes for each of {count} connections", grown / count);
    for connection in &mut connections {
        assert_eq!(connection.receive("GET").await.whole().status, 408);
        connection.receive("GET").await.nothing(End::Eof);
    }
    let grown = process.resident_bytes().saturating_sub(before);
    assert!(grown < count * EACH, "{} bytes for each of {count} connections that ended", grown / count);
}

#[tokio::test]
async fn the_same_bounds_hold_under_tls() {
    let server = TestServer::with(|args| {
        args.tls.mode = TlsMode::SelfSigned;
        args.bounds.max_header_bytes = 8_192;
        args.bounds.header_timeout = SHORT * 4;
        args.bounds.idle_timeout = SHORT * 8;
    })
    .await;
    let address = server.registry();
    let info = server.plane.clone().server.get_info(proto::GetInfoRequest {}).await.expect("a daemon tells of itself");
    let trust = Trust::in_authority(&info.into_inner().tls_ca_pem);
    let open = async || Connection::over(trust.open(address).await, address);

    let mut connection = open().await;
    connection.send_raw(head_of(8_192).as_bytes()).await;
    assert_eq!(connection.receive("GET").await.whole().status, 401);
    connection.send_raw(head_of(8_193).as_bytes()).await;
    let message = "The head of the request exceeds 8192 bytes or 100 headers";
    check_farewell(&mut connection, 431, "RequestHeaderFieldsTooLargeException", "UNSUPPORTED", message).await;

    let mut connection = open().await;
    connection.send_raw(b"GET /v2/ HTTP/1.1\r\n").await;
    let message = "The head of the request did not arrive in time";
    check_farewell(&mut connection, 408, "RequestTimeoutException", "UNSUPPORTED", message).await;

    let (began, mut connection) = (Instant::now(), open().await);
    connection.receive("GET").await.nothing(End::Eof);
    assert!(began.elapsed() >= SHORT * 8, "a handshake is no head: {:?}", began.elapsed());

    let mut silent = TcpStream::connect(address).await.expect("the registry port accepts");
    silent.write_all(&[0x16]).await.expect("the start of a handshake");
    let ended = tokio::time::timeout(PATIENCE, silent.read(&mut [0; 64])).await.expect("it is not waited for");
    assert!(!matches!(ended, Ok(read) if read > 0), "{ended:?}");

    let request = Request::new("GET", "/v2/").header("X-Padding", "x".repeat(9_000));
    let over_http2 = Way::Http2(trust).exchange(address, &request).await;
    assert_eq!(over_http2.reply.map(|reply| reply.status), Some(431));
}

/// The rows of the first table of the document, by flag.
fn documented() -> BTreeMap<String, Vec<String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/LIMITS.md");
    let text = std::fs::read_to_string(path).expect("the document is there");
    let rows = text.lines().filter(|line| line.starts_with("| `--"));
    rows.map(|row| {
        let cells: Vec<String> =
            row.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`').to_owned()).collect();
        assert_eq!(cells.len(), 7, "{row}");
        assert!(cells.iter().all(|cell| !cell.is_empty()), "{row}");
        (cells[0].clone(), cells)
    })
    .collect()
}

#[test]
fn the_table_of_limits_has_every_bound_with_its_flag_variable_default_and_test() {
    let command = Cli::command();
    let is_bound = |argument: &&clap::Arg| {
        argument.get_help_heading() == Some("Bounds") || argument.get_long() == Some("blob-memory")
    };
    let mut documented = documented();
    let tests = include_str!("bounds.rs");
    for argument in command.get_arguments().filter(is_bound) {
        let flag = format!("--{}", argument.get_long().expect("a long flag"));
        let row = documented.remove(&flag).unwrap_or_else(|| panic!("the table has no {flag}"));
        let variable = argument.get_env().expect("a variable").to_str().expect("a text");
        let default = argument.get_default_values()[0].to_str().expect("a text");
        assert_eq!((row[1].as_str(), row[2].as_str()), (variable, default), "{flag}");
        assert!(tests.contains(&format!("async fn {}()", row[6])), "{flag}: there is no test {}", row[6]);
    }
    assert!(documented.is_empty(), "no flags: {:?}", documented.keys());
}
