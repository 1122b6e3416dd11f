//! How an upstream is spoken to: logins, redirects, connections, and what its troubles become.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::upstream::{Seen, Upstream, answer, half, serve};
use crate::harness::{Caller, Image, Reply, sha256};

const MANIFEST: &str = "/v2/far/base/manifests/1";

/// Status and code of a pull that fails.
fn told(reply: &Reply) -> (u16, String) {
    (reply.status, reply.oci_error().0)
}

fn unavailable() -> (u16, String) {
    (503, "UNAVAILABLE".to_owned())
}

async fn get_layer(home: &Caller, image: &Image) -> Reply {
    home.get(&format!("/v2/far/base/blobs/{}", image.layer_digest())).await
}

fn unauthorized(challenge: &str) -> Vec<u8> {
    answer("401 Unauthorized", &format!("www-authenticate: {challenge}\r\n"), "{}")
}

/// A registry that takes tokens of its own realm only, and gives out `token-1`, `token-2` and so on. `challenge` is its
/// header; `HOST` stands for its address.
fn guarded(image: Image, challenge: &'static str) -> impl Fn(&Seen) -> Vec<u8> + Send + Sync {
    let given = AtomicUsize::new(0);
    move |seen: &Seen| {
        if seen.target.starts_with("/token") {
            let number = given.fetch_add(1, Ordering::Relaxed) + 1;
            return answer("200 OK", "", format!(r#"{{"token":"token-{number}","expires_in":300}}"#));
        }
        if seen.header("authorization").starts_with("Bearer token-") {
            return serve(&image, seen);
        }
        unauthorized(&challenge.replace("HOST", seen.header("host")))
    }
}

#[tokio::test]
async fn b_014_connections_to_an_upstream_are_used_again() {
    let image = Image::new(1);
    let upstream = Upstream::start({
        let image = image.clone();
        move |seen| serve(&image, seen)
    })
    .await;
    let (_server, _world, home) = upstream.cached().await;
    for repository in ["a", "b", "c", "d"] {
        assert_eq!(home.get(&format!("/v2/far/{repository}/manifests/1")).await.status, 200);
        let blob = home.get(&format!("/v2/far/{repository}/blobs/{}", image.layer_digest())).await;
        assert!(blob.body == image.layer);
    }
    assert_eq!(upstream.seen().len(), 8);
    assert!(upstream.connections() < 8, "{} connections", upstream.connections());
}

#[tokio::test]
async fn b_016_redirects_are_followed_to_where_they_may_lead_and_not_for_ever() {
    let image = Image::new(2);
    let storage = Upstream::start({
        let image = image.clone();
        move |_| answer("200 OK", "", &image.layer)
    })
    .await;
    let elsewhere = format!("http://{}/signed?key=1", storage.host);
    let to = Mutex::new(vec!["/again".to_owned(), "https://evil.example/".to_owned(), elsewhere]);
    let upstream = Upstream::start({
        let image = image.clone();
        move |seen| {
            let mut to = to.lock().expect("no panic");
            match seen.target.as_str() {
                "/again" => answer("307 Temporary Redirect", "location: /again\r\n", ""),
                target if target.contains("/blobs/") => {
                    answer("307 Temporary Redirect", &format!("location: {}\r\n", to.remove(0)), "")
                }
                _ => serve(&image, seen),
            }
        }
    })
    .await;
    let (_server, _world, home) = upstream.cached().await;
    assert_eq!(home.get(MANIFEST).await.status, 200);
    let endless = get_layer(&home, &image).await;
    assert_eq!(told(&endless), unavailable());
    assert_eq!(upstream.targets().iter().filter(|target| *target == "/again").count(), 5);
    let evil = get_layer(&home, &image).await;
    assert!(told(&evil) == unavailable() && evil.oci_error().1.contains("evil.example"), "{evil:?}");
    assert!(get_layer(&home, &image).await.body == image.layer);
    assert_eq!(storage.targets(), ["/signed?key=1"]);
}

#[tokio::test]
async fn b_018_b_019_an_upstream_hears_who_asks_and_which_types_are_read() {
    let image = Image::new(3);
    let upstream = Upstream::start({
        let image = image.clone();
        move |seen| serve(&image, seen)
    })
    .await;
    let (_server, _world, home) = upstream.cached().await;
    assert_eq!(home.send(&home.request("GET", MANIFEST).header("Accept", "text/plain")).await.status, 200);
    assert_eq!(get_layer(&home, &image).await.status, 200);
    let seen = upstream.seen();
    let types: Vec<&str> = seen[0].header("accept").split(", ").collect();
    assert_eq!(
        types,
        [
            "application/vnd.oci.image.index.v1+json",
            "application/vnd.oci.image.manifest.v1+json",
            "application/vnd.docker.distribution.manifest.list.v2+json",
            "application/vnd.docker.distribution.manifest.v2+json",
        ]
    );
    for seen in seen {
        assert_eq!(seen.header("user-agent"), concat!("ecr-fixture/", env!("CARGO_PKG_VERSION")));
    }
}

#[tokio::test]
async fn b_022_b_027_b_030_one_token_is_asked_for_and_opens_everything_that_it_is_for() {
    let challenge = r#"Bearer realm="http://HOST/token?a=b",service="registry of all",scope="repository:base:pull""#;
    let image = Image::new(4);
    let upstream = Upstream::start(guarded(image.clone(), challenge)).await;
    let (_server, _world, home) = upstream.cached().await;
    assert_eq!(home.get(MANIFEST).await.body, image.manifest);
    assert!(get_layer(&home, &image).await.body == image.layer);
    let calls: Vec<String> =
        upstream.seen().iter().map(|seen| format!("{} [{}]", seen.target, seen.header("authorization"))).collect();
    let blob = format!("/v2/base/blobs/{}", image.layer_digest());
    assert_eq!(
        calls,
        [
            "/v2/base/manifests/1 []".to_owned(),
            "/token?a=b&service=registry+of+all&scope=repository%3Abase%3Apull []".to_owned(),
            "/v2/base/manifests/1 [Bearer token-1]".to_owned(),
            format!("{blob} []"),
            format!("{blob} [Bearer token-1]"),
        ]
    );
}

#[tokio::test]
async fn b_023_b_024_challenges_are_read_whatever_their_case_and_commas() {
    let challenge =
        "Negotiate\r\nwww-authenticate: bEARER realm=\"http://HOST/token\",scope=\"repository:base:pull,push\"";
    let image = Image::new(5);
    let upstream = Upstream::start(guarded(image.clone(), challenge)).await;
    let (_server, _world, home) = upstream.cached().await;
    assert_eq!(home.get(MANIFEST).await.body, image.manifest);
    assert_eq!(upstream.targets()[1], "/token?scope=repository%3Abase%3Apull%2Cpush");
}

#[tokio::test]
async fn b_025_a_basic_challenge_is_answered_with_the_login_of_the_rule_s_secret() {
    let image = Image::new(11);
    let upstream = Upstream::start({
        let image = image.clone();
        move |seen| {
            // `me:token`.
            let is_known = seen.header("authorization") == "Basic bWU6dG9rZW4=";
            if is_known { serve(&image, seen) } else { unauthorized(r#"Basic realm="registry""#) }
        }
    })
    .await;
    let (_server, world, home) = upstream.cached().await;
    assert_eq!(told(&home.get(MANIFEST).await), (403, "DENIED".to_owned()), "the rule names no secret");
    let arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:ecr-pullthroughcache/own";
    let secret = format!(r#"{{"secret": {{"arn": "{arn}", "username": "me", "accessToken": "token"}}}}"#);
    let rule = format!(r#"{{"prefix": "own", "upstream": "{}", "credentialArn": "{arn}"}}"#, upstream.host);
    world.seed(&format!(r#"{secret}, {{"registry": {{"cacheRules": [{rule}]}}}}"#)).await;
    assert_eq!(home.get("/v2/own/base/manifests/1").await.body, image.manifest);
}

#[tokio::test]
async fn b_026_b_031_who_cannot_log_in_is_denied_in_the_words_of_ecr() {
    for challenge in [r#"Bearer service="s""#, r#"Bearer realm="""#, r#"Digest realm="r""#, ""] {
        let upstream = Upstream::start(move |_| unauthorized(challenge)).await;
        let (_server, _world, home) = upstream.cached().await;
        let reply = home.get(MANIFEST).await;
        assert_eq!(told(&reply), (403, "DENIED".to_owned()), "{challenge}");
        let message = "The authentication to the upstream registry failed. Verify that the credentials provided in the \
                       pull through cache rule are correct, and try again.";
        assert_eq!(reply.oci_error().1, message, "{challenge}");
        assert_eq!(upstream.targets(), ["/v2/base/manifests/1"], "{challenge}: nobody tries again");
    }
}

#[tokio::test]
async fn b_028_a_token_has_either_name_and_an_answer_without_one_is_none() {
    for (reply, expected) in [
        (answer("200 OK", "", r#"{"access_token": "token-1"}"#), 200),
        (answer("200 OK", "", r#"{"token": "token-1", "access_token": "other"}"#), 200),
        (answer("200 OK", "", r#"{"expires_in": 60}"#), 503),
        (answer("200 OK", "", "no JSON"), 503),
        (answer("500 Internal Server Error", "", "{}"), 503),
        (answer("403 Forbidden", "", "{}"), 403),
        (answer("429 Too Many Requests", "", "{}"), 429),
    ] {
        let image = Image::new(6);
        let shown = String::from_utf8_lossy(&reply).into_owned();
        let upstream = Upstream::start(move |seen| match seen.target.as_str() {
            target if target.starts_with("/token") => reply.clone(),
            _ if seen.header("authorization") == "Bearer token-1" => serve(&image, seen),
            _ => unauthorized(&format!(r#"Bearer realm="http://{}/token""#, seen.header("host"))),
        })
        .await;
        let (_server, _world, home) = upstream.cached().await;
        assert_eq!(home.get(MANIFEST).await.status, expected, "{shown}");
    }
}

#[tokio::test]
async fn b_029_a_realm_leads_nowhere_that_a_pull_may_not_go() {
    for realm in ["https://auth.example/token", "http://169.254.169.254/latest/meta-data", "file:///etc/passwd"] {
        let upstream = Upstream::start(move |_| unauthorized(&format!(r#"Bearer realm="{realm}""#))).await;
        let (_server, world, home) = upstream.cached().await;
        let reply = home.get(MANIFEST).await;
        assert_eq!(told(&reply), unavailable(), "{realm}");
        assert!(reply.oci_error().1.contains("may not be called"), "{realm}: {reply:?}");
        assert_eq!(world.finished_call("upstream:manifest.get").await.error, "DENIED", "{realm}");
    }
}

#[tokio::test]
async fn b_032_b_037_b_051_unconfirmed_an_upstream_s_trouble_comes_in_the_envelope_and_by_its_kind() {
    for (status, expected) in [
        ("401 Unauthorized", (403, "DENIED")),
        ("403 Forbidden", (403, "DENIED")),
        ("429 Too Many Requests", (429, "TOOMANYREQUESTS")),
        ("500 Internal Server Error", (503, "UNAVAILABLE")),
        ("502 Bad Gateway", (503, "UNAVAILABLE")),
        ("304 Not Modified", (503, "UNAVAILABLE")),
    ] {
        let image = Image::new(7);
        let is_well = AtomicUsize::new(0);
        let upstream = Upstream::start({
            let image = image.clone();
            move |seen| {
                // The first answer is trouble, then the image comes, and its layer does not.
                let first = is_well.fetch_add(1, Ordering::Relaxed) == 0;
                if first || seen.target.contains("/blobs/") { answer(status, "", "{}") } else { serve(&image, seen) }
            }
        })
        .await;
        let (_server, _world, home) = upstream.cached().await;
        let expected = (expected.0, expected.1.to_owned());
        assert_eq!(told(&home.get(MANIFEST).await), expected, "{status}");
        assert_eq!(home.get(MANIFEST).await.status, 200, "{status}");
        assert_eq!(told(&get_layer(&home, &image).await), expected, "{status}");
    }
    // Nobody listens: the port is taken, and not for listening.
    let upstream = Upstream::start(|_| Vec::new()).await;
    let (_server, world, home) = upstream.cached().await;
    let silent = tokio::net::TcpSocket::new_v4().expect("a socket");
    silent.bind(([127, 0, 0, 1], 0).into()).expect("a free port");
    let free = silent.local_addr().expect("an address");
    world.seed(&format!(r#"{{"registry": {{"cacheRules": [{{"prefix": "gone", "upstream": "{free}"}}]}}}}"#)).await;
    assert_eq!(told(&home.get("/v2/gone/base/manifests/1").await), unavailable());
}

#[tokio::test]
async fn b_042_a_manifest_of_more_than_four_mebibytes_is_not_taken_whatever_its_length_says() {
    let large = vec![b' '; (4 << 20) + 1];
    let chunked = {
        let head = format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n", large.len());
        [head.as_bytes(), &large, b"\r\n0\r\n\r\n"].concat()
    };
    for reply in [answer("200 OK", "", &large), chunked] {
        let upstream = Upstream::start(move |_| reply.clone()).await;
        let (_server, _world, home) = upstream.cached().await;
        let reply = home.get(MANIFEST).await;
        assert!(
            told(&reply) == unavailable() && reply.oci_error().1.contains("longer than 4194304 bytes"),
            "{reply:?}"
        );
    }
}

#[tokio::test]
async fn b_047_no_header_of_an_upstream_can_fail_a_pull() {
    let image = Image::new(8);
    let upstream = Upstream::start({
        let image = image.clone();
        move |seen| {
            let whole = serve(&image, seen);
            let odd = b"HTTP/1.1 200 OK\r\ncontent-type: \xff\xfe\r\netag: \x80\r\nx-odd: \xc3\x28\r\n";
            [odd.as_slice(), &whole["HTTP/1.1 200 OK\r\n".len()..]].concat()
        }
    })
    .await;
    let (_server, _world, home) = upstream.cached().await;
    assert_eq!(home.get(MANIFEST).await.body, image.manifest);
    assert!(get_layer(&home, &image).await.body == image.layer);
}

#[tokio::test]
async fn b_053_b_054_a_blob_is_kept_only_if_it_is_whole_and_has_its_digest() {
    let image = Image::new(9);
    let answers = Mutex::new(vec![answer("200 OK", "", "something else"), half(&image.layer)]);
    let upstream = Upstream::start({
        let image = image.clone();
        move |seen| {
            let mut answers = answers.lock().expect("no panic");
            let is_blob = seen.target.contains("/blobs/") && !answers.is_empty();
            if is_blob { answers.remove(0) } else { serve(&image, seen) }
        }
    })
    .await;
    let (server, _world, home) = upstream.cached().await;
    assert_eq!(home.get(MANIFEST).await.status, 200);
    for trouble in ["other bytes", "half of them"] {
        assert_eq!(told(&get_layer(&home, &image).await), unavailable(), "{trouble}");
        assert_eq!(server.running.daemon().blobs.used_bytes(), 0, "{trouble}");
    }
    let whole = get_layer(&home, &image).await;
    assert_eq!((whole.status, sha256(&whole.body)), (200, image.layer_digest()));
    assert_eq!(upstream.targets().len(), 4);
}

#[tokio::test]
async fn b_041_b_046_b_065_a_cached_manifest_has_its_own_type_and_its_exact_bytes() {
    // Blanks, escapes, members that nobody knows, a line feed: all of it is what the digest is of.
    let image = Image::new(10);
    let odd = image.manifest_text().replacen(
        '{',
        "{ \n\t\"annotations\": {\"\\u00fc\": \"\u{fc}\u{1f980}\"}, \"odd\" : [ ],",
        1,
    );
    let bytes = format!("{odd}\r\n").into_bytes();
    let upstream = Upstream::start({
        let bytes = bytes.clone();
        move |_| answer("200 OK", "content-type: application/octet-stream; charset=utf-8\r\n", &bytes)
    })
    .await;
    let (_server, _world, home) = upstream.cached().await;
    for round in ["the first pull", "from the cache"] {
        let reply = home.get(MANIFEST).await;
        assert!(reply.status == 200 && reply.body == bytes, "{round}: {reply:?}");
        assert_eq!(reply.header("content-type"), "application/vnd.oci.image.manifest.v1+json", "{round}");
        assert_eq!(reply.header("docker-content-digest"), sha256(&bytes), "{round}");
        assert_eq!(reply.header("docker-distribution-api-version"), "registry/2.0", "{round}");
        assert_eq!(reply.content_length(), bytes.len(), "{round}");
    }
    assert_eq!(upstream.seen().len(), 1);
}
