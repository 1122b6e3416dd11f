//! Paths that lead nowhere, methods that no path takes, names that are none, worlds that are not there, and what is no
//! HTTP to begin with.

use super::gallery::HTTP;
use super::stage::{PROFILES, Stage};
use crate::harness::{Caller, Request, TestServer};

#[tokio::test]
async fn paths_methods_and_names() {
    for profile in PROFILES {
        let Stage { server, world, home, mut gallery } = Stage::of("routes", profile).await;
        for (title, target) in [
            ("A path below a repository that nothing has", "/v2/app/nonsense"),
            ("A manifest without a reference", "/v2/app/manifests/"),
            ("A repository without anything behind it", "/v2/app"),
            ("The catalog with a slash behind it", "/v2/_catalog/"),
            ("A route without a name", "/v2/tags/list"),
        ] {
            gallery.shows("RouteNotFound", title, &home.request("GET", target)).await;
        }
        let nowhere = home.request("HEAD", "/v2/app/nonsense");
        gallery.shows("RouteNotFound", "HEAD of a path that nothing has", &nowhere).await;

        for (method, target) in [
            ("POST", "/v2/"),
            ("PUT", "/v2/_catalog"),
            ("DELETE", "/v2/app/tags/list"),
            ("POST", &format!("/v2/app/referrers/sha256:{}", "0".repeat(64))),
            ("PATCH", "/v2/app/manifests/v1"),
            ("PUT", &format!("/v2/app/blobs/sha256:{}", "0".repeat(64))),
            ("GET", "/v2/app/blobs/uploads/"),
            ("POST", "/v2/app/blobs/uploads/an-upload"),
            ("BREW", "/v2/"),
        ] {
            let title = format!("{method} of {target}");
            gallery.shows("MethodNotAllowed", &title, &home.request(method, target)).await;
        }

        for (title, name) in [
            ("A name with capitals", "App"),
            ("A name of one letter", "a"),
            ("A name of 257 letters", &"a".repeat(257)),
            ("A name with an empty component", "team//app"),
            ("A name that climbs", "../app"),
            ("A name that is no UTF-8", "%FF"),
            ("A name that ends in a separator", "app-"),
        ] {
            gallery.shows("NameInvalid", title, &home.request("GET", &format!("/v2/{name}/tags/list"))).await;
        }
        let anonymous = Request::new("GET", "/v2/App/tags/list");
        gallery.shows("NameInvalid", "A bad name comes before a missing login", &anonymous).await;

        let shared = server.registry();
        let unknown = home.request("GET", "/v2/").header("Host", "123456789012.dkr.ecr.us-east-1.nobody.localhost");
        gallery.shows_at(shared, "NoWorld", "A host name of a world that is not there", &unknown).await;
        let unknown = home.request("GET", "/v2/").header("x-fixture-world", "nobody");
        gallery.shows("NoWorld", "A header of a world that is not there", &unknown).await;
        let other = server.world().await;
        let stranger =
            Caller::new(world.address(), "any", "us-east-1").with_password(&other.caller("us-east-1").password().await);
        gallery.shows("NoWorld", "A login of another world than the port's", &stranger.request("GET", "/v2/")).await;
        let strict = TestServer::with(|args| args.strict = true).await;
        let nobody = stranger.with_password("unknown").request("GET", "/v2/app/tags/list");
        gallery.shows_at(strict.registry(), "NoWorld", "A strict daemon, and nothing names a world", &nobody).await;
        let anonymous = Request::new("GET", "/v2/");
        let title = "A strict daemon, and nobody has logged in yet";
        gallery.shows_at(strict.registry(), "Unauthorized", title, &anonymous).await;
        gallery.compare();
    }
}

#[tokio::test]
async fn what_is_no_http() {
    for profile in PROFILES {
        let Stage { mut gallery, .. } = Stage::of("http", profile).await;
        let head = |lines: &str| format!("GET /v2/ HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n");
        for (title, shown, bytes) in [
            ("A hello of TLS", "(bytes of TLS)", "\u{16}\u{3}\u{1}\u{2}".to_owned()),
            ("A version that is none", "GET /v2/ HTTP/9.9", "GET /v2/ HTTP/9.9\r\n\r\n".to_owned()),
            ("A header without a colon", "Nonsense", head("Nonsense\r\n")),
            ("A length that is no number", "Content-Length: many", head("Content-Length: many\r\n")),
            ("Two lengths", "Content-Length: 1\nContent-Length: 2", head("Content-Length: 1\r\nContent-Length: 2\r\n")),
            ("A target of 9 000 bytes", "GET /v2/aaaa…", format!("GET /v2/{} HTTP/1.1\r\n\r\n", "a".repeat(9_000))),
            ("A head of 66 000 bytes", "GET /v2/aaaa…", format!("GET /v2/{} HTTP/1.1\r\n\r\n", "a".repeat(66_000))),
            (
                "More than 100 headers",
                "X-0: x\nX-1: x\n…",
                head(&(0..200).map(|n| format!("X-{n}: x\r\n")).collect::<Vec<_>>().concat()),
            ),
        ] {
            gallery.shows_raw(HTTP, title, &format!("{shown}\n"), bytes.as_bytes()).await;
        }
        gallery.compare();
    }
}
