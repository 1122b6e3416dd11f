//! Blobs by URL: the redirect that ECR answers, what the URL is answered, and that a download is one call whichever way it
//! takes.

use ecr_fixture::proto::{self, CreateWorldRequest, ListenMode, RegistryProfile};
use serde_json::json;

use crate::harness::{Caller, Connection, End, Image, Reply, Request, TestServer, TestWorld, sha256};

/// A world with image `app:v1`; somebody who has logged in, the image, and the path of its layer.
async fn image() -> (TestServer, TestWorld, Caller, Image, String) {
    let server = TestServer::start().await;
    let world = server.world_with("app").await;
    let home = world.home().await;
    let image = Image::new(1);
    home.push("app", "v1", &image).await;
    let layer = format!("/v2/app/blobs/{}", image.layer_digest());
    (server, world, home, image, layer)
}

/// Where the `GET` of a blob is redirected to.
async fn target(home: &Caller, blob: &str) -> String {
    let redirect = home.exchange_once(&home.request("GET", blob)).await.whole();
    assert_eq!(redirect.status, 307, "{redirect:?}");
    home.path_of(redirect.header("location"))
}

/// The URL of a layer that the JSON API hands out.
async fn download_url(home: &Caller, digest: &str) -> String {
    let answer = home.ok("GetDownloadUrlForLayer", json!({"repositoryName": "app", "layerDigest": digest})).await;
    home.path_of(answer["downloadUrl"].as_str().expect("a URL"))
}

/// Fails unless a reply is an error of S3 with this status and these elements.
fn told(reply: &Reply, status: u16, elements: &[&str]) {
    assert_eq!((reply.status, reply.header("content-type")), (status, "application/xml"), "{reply:?}");
    let text = reply.text();
    assert!(text.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>"), "{text}");
    for element in elements {
        assert!(text.contains(element), "{element} in {text}");
    }
    let id = format!("<RequestId>{}</RequestId>", reply.header("x-amz-request-id"));
    assert!(text.contains(&id) && text.ends_with(&format!("<HostId>{}</HostId></Error>", reply.header("x-amz-id-2"))));
}

#[tokio::test]
async fn c_037_d_021_a_get_of_a_blob_is_redirected_to_a_url_that_needs_no_login() {
    let (_server, _world, home, image, layer) = image().await;
    let host = format!("localhost:{}", home.address.port());
    let redirect = home.exchange_once(&home.request("GET", &layer).header("Host", &host)).await.whole();
    assert_eq!((redirect.status, redirect.content_length()), (307, 0));
    assert_eq!(redirect.header("docker-distribution-api-version"), "registry/2.0");
    let target = redirect.header("location").strip_prefix(&format!("http://{host}")).expect("the host that was called");
    let (path, query) = target.split_once('?').expect("a query");
    assert!(path.starts_with("/layers/") && path.ends_with(&image.layer_digest()), "{path}");
    let members: Vec<&str> = query.split('&').filter_map(|member| Some(member.split_once('=')?.0)).collect();
    let expected = ["Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature"];
    assert!(expected.iter().all(|name| members.contains(&format!("X-Amz-{name}").as_str())), "{query}");

    // A client may leave its login behind, as one must on the way to another host, or carry it along.
    for request in [Request::new("GET", target), Request::new("GET", target).header("Authorization", "Basic QVdTOng=")]
    {
        let reply = home.exchange_once(&request).await.whole();
        assert!(reply.status == 200 && reply.body == image.layer, "{reply:?}");
        assert_eq!(reply.find("docker-content-digest"), None, "the storage knows keys only");
    }
    let head = home.exchange_once(&home.request("HEAD", &layer)).await.whole();
    assert_eq!((head.status, head.content_length(), head.find("location")), (200, image.layer.len(), None));
    for (blob, code) in [
        (format!("/v2/app/blobs/{}", sha256(b"none")), "BLOB_UNKNOWN"),
        (format!("/v2/nope/blobs/{}", image.layer_digest()), "NAME_UNKNOWN"),
    ] {
        let refused = home.exchange_once(&home.request("GET", &blob)).await.whole();
        assert_eq!((refused.status, refused.oci_error().0.as_str()), (404, code));
    }
    let anonymous = home.exchange_once(&Request::new("GET", &layer)).await.whole();
    assert_eq!(anonymous.status, 401, "nobody is redirected without a login");
}

#[tokio::test]
async fn d_021_a_url_ends_after_an_hour_of_the_worlds_time_and_is_good_for_one_blob() {
    let (_server, world, home, image, layer) = image().await;
    let redirected = target(&home, &layer).await;
    let handed_out = download_url(&home, &image.layer_digest()).await;
    for url in [&redirected, &handed_out] {
        let (path, signature) = url.split_once("X-Amz-Signature=").expect("a signature");
        let reversed: String = signature.chars().rev().collect();
        let forged = home.send(&Request::new("GET", &format!("{path}X-Amz-Signature={reversed}"))).await;
        let provided = format!("<SignatureProvided>{reversed}</SignatureProvided>");
        told(&forged, 403, &["<Code>SignatureDoesNotMatch</Code>", "<AWSAccessKeyId>ASIA", &provided]);
        let other = url.replace(&image.layer_digest(), &image.config_digest());
        told(&home.send(&Request::new("GET", &other)).await, 403, &["<Code>SignatureDoesNotMatch</Code>"]);
        let bare = url.split('?').next().expect("a path");
        told(&home.send(&Request::new("GET", bare)).await, 403, &["<Code>AccessDenied</Code>"]);
        let short = format!("{path}x=y");
        told(&home.send(&Request::new("GET", &short)).await, 400, &["<Code>AuthorizationQueryParametersError</Code>"]);
        let escaped = url.replace("sha256:", "sha256%3A");
        assert_eq!(home.send(&Request::new("GET", &escaped)).await.status, 200);
    }
    world.advance(3_590).await;
    assert_eq!(home.send(&Request::new("GET", &handed_out)).await.status, 200);
    world.advance(10).await;
    for url in [&redirected, &handed_out] {
        let late = home.send(&Request::new("GET", url)).await;
        let elements = ["<Code>AccessDenied</Code><Message>Request has expired</Message>", "<X-Amz-Expires>3600<"];
        told(&late, 403, &elements);
        assert!(late.text().contains("<Expires>20") && late.text().contains("Z</Expires><ServerTime>20"), "{late:?}");
        assert_eq!(home.head(url).await.status, 403);
    }
    assert_eq!(home.get(&layer).await.status, 200, "the next redirect leads to a fresh one");
}

#[tokio::test]
async fn c_039_c_083_a_url_answers_ranges_validators_and_heads_as_s3_does() {
    let (_server, _world, home, image, _layer) = image().await;
    let url = download_url(&home, &image.layer_digest()).await;
    let ask = |method: &str| Request::new(method, &url);
    let part = home.send(&ask("GET").header("Range", "bytes=10-19")).await;
    assert_eq!(
        (part.status, part.header("content-range"), part.header("accept-ranges")),
        (206, "bytes 10-19/2000", "bytes")
    );
    assert!(part.body == image.layer[10..20]);
    let several = home.send(&ask("GET").header("Range", "bytes=0-1,4-5")).await;
    assert_eq!((several.status, several.body.len()), (200, 2_000));
    let beyond = home.send(&ask("GET").header("Range", "bytes=2000-")).await;
    let elements = ["<Code>InvalidRange</Code>", "<RangeRequested>bytes=2000-<", "<ActualObjectSize>2000<"];
    told(&beyond, 416, &elements);
    assert_eq!(beyond.header("content-range"), "bytes */2000");
    let head = home.send(&ask("HEAD")).await;
    assert_eq!((head.status, head.content_length(), head.header("etag")), (200, 2_000, part.header("etag")));
    let same = home.send(&ask("GET").header("If-None-Match", part.header("etag"))).await;
    assert_eq!((same.status, same.header("etag")), (304, part.header("etag")));
    let posted = home.send(&ask("POST").body(*b"x")).await;
    told(&posted, 405, &["<Code>MethodNotAllowed</Code>", "<Method>POST</Method>"]);
    assert_eq!(posted.header("allow"), "GET, HEAD");
    home.ok("DeleteRepository", json!({"repositoryName": "app", "force": true})).await;
    told(&home.send(&ask("GET")).await, 404, &["<Code>NoSuchKey</Code>", &image.layer_digest()]);
    for (path, code) in
        [("/layers/nowhere", "NoSuchKey"), (&*url.replacen("/layers/", "/layers/no-", 1), "NoSuchBucket")]
    {
        told(&home.send(&Request::new("GET", path)).await, 404, &[&format!("<Code>{code}</Code>")]);
    }
}

#[tokio::test]
async fn a_redirected_download_is_one_call_of_two_requests() {
    let (_server, world, home, image, layer) = image().await;
    let size = image.layer.len() as u64;
    let shown = async || -> Vec<(Option<u32>, u64)> {
        world.calls("oci:blob.get").await.iter().map(|call| (call.status, call.bytes_out)).collect()
    };
    let first = target(&home, &layer).await;
    assert_eq!(shown().await, [(Some(307), 0)], "whoever does not follow has been answered");
    assert_eq!(home.send(&Request::new("HEAD", &first)).await.status, 200);
    assert_eq!(shown().await, [(Some(307), 0), (Some(200), 0)], "asking about it fetches nothing");
    let reply = home.send(&Request::new("GET", &first)).await;
    assert!(reply.body == image.layer);
    assert_eq!(shown().await[0], (Some(200), size));
    assert_eq!(world.calls("oci:blob.get").await[0].number.to_string(), reply.header("x-fixture-seq"));
    // The same URL once more is another call, and so is a part of it.
    let part = home.send(&Request::new("GET", &first).header("Range", "bytes=0-9")).await;
    assert_eq!((part.status, part.body.len()), (206, 10));
    assert_eq!(shown().await, [(Some(200), size), (Some(200), 0), (Some(206), 10)]);
    assert_eq!(home.get(&layer).await.status, 200);
    assert_eq!(shown().await.len(), 4);
    assert!(world.calls("oci:blob.get where status = 307").await.is_empty());
    assert_eq!(kinds_of(&world).await, Vec::<i32>::new());
}

async fn kinds_of(world: &TestWorld) -> Vec<i32> {
    world.finish().await.findings.iter().map(|finding| finding.kind).collect()
}

#[tokio::test]
async fn d_033_rules_act_on_the_request_that_they_are_about() {
    let (_server, world, home, image, layer) = image().await;
    world
        .fault(
            "on oci:blob.get do 1x status(503) -> 1x lose_reply(eof) -> 1x truncate(50%) -> 1x reset(after_bytes=10B) -> \
             1x reset -> 1x delay(1ms) + truncate(50%, fix_length=true) -> pass",
        )
        .await;
    let get = home.request("GET", &layer);
    let refused = home.exchange_once(&get).await.whole();
    assert_eq!((refused.status, refused.oci_error().0.as_str()), (503, "UNAVAILABLE"));
    home.exchange_once(&get).await.nothing(End::Eof);
    let half = home.exchange(&get).await.cut(End::Eof);
    assert_eq!((half.status, half.body.len(), half.content_length()), (200, 1_000, 2_000));
    for bytes in [10, 0] {
        assert_eq!(home.exchange(&get).await.cut(End::Reset).body.len(), bytes);
    }
    assert_eq!(home.exchange(&get).await.whole().body.len(), 1_000);
    assert!(home.exchange(&get).await.whole().body == image.layer);
    let calls = world.calls("oci:blob.get").await;
    let told: Vec<(&str, proto::Outcome)> =
        calls.iter().map(|call| (call.decisions[0].action.as_str(), call.outcome())).collect();
    let (whole, reset, eof) = (proto::Outcome::Completed, proto::Outcome::FaultReset, proto::Outcome::FaultEof);
    assert_eq!(
        told,
        [
            ("status(503)", whole),
            ("lose_reply(eof)", eof),
            ("truncate(50%)", eof),
            ("reset(after_bytes=10B)", reset),
            ("reset", reset),
            ("delay(1ms) + truncate(50%, fix_length=true)", whole),
            ("pass", whole),
        ]
    );
    // A URL from the JSON API is a call of its own, which is refused in the voice of the storage.
    let url = download_url(&home, &image.layer_digest()).await;
    world.fault("on oci:blob.get do 1x status(503) -> 1x status(429) -> pass").await;
    told_codes(&home, &url, &[(503, "SlowDown"), (429, "TOOMANYREQUESTS")]).await;
    assert_eq!(home.send(&Request::new("GET", &url)).await.status, 200);
}

async fn told_codes(home: &Caller, url: &str, expected: &[(u16, &str)]) {
    for (status, code) in expected {
        told(&home.send(&Request::new("GET", url)).await, *status, &[&format!("<Code>{code}</Code>")]);
    }
}

#[tokio::test]
async fn a_world_that_has_ended_or_has_another_port_serves_no_url() {
    let (server, world, home, _image, layer) = image().await;
    let url = target(&home, &layer).await;
    let other = server.dedicated_world().await;
    let elsewhere = Connection::open(other.address()).await.exchange(&Request::new("GET", &url)).await.whole();
    told(&elsewhere, 404, &["<Code>NoSuchBucket</Code>"]);
    server.plane.clone().worlds.delete_world(proto::DeleteWorldRequest { world: world.name() }).await.unwrap();
    told(&home.send(&Request::new("GET", &url)).await, 404, &["<Code>NoSuchBucket</Code>"]);
}

#[tokio::test]
async fn c_037_the_specifications_profile_has_the_bytes_in_the_first_answer() {
    let server = TestServer::start().await;
    let request = CreateWorldRequest {
        profile: RegistryProfile::Oci.into(),
        listen: ListenMode::Dedicated.into(),
        ..CreateWorldRequest::default()
    };
    let world = server.world_of(request).await;
    let anybody = world.caller("us-east-1");
    let blob = format!("/v2/app/blobs/{}", anybody.push_blob("app", b"layer").await);
    let reply = anybody.exchange_once(&anybody.request("GET", &blob)).await.whole();
    assert_eq!((reply.status, reply.text(), reply.header("docker-content-digest")), (200, "layer", &*sha256(b"layer")));
}
