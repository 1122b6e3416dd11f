//! What registry clients rely on without saying so, in both profiles: ten habits of theirs, spoken as raw HTTP.

use ecr_fixture::proto::{CreateWorldRequest, ListenMode, RegistryProfile};
use serde_json::json;

use crate::harness::{Caller, Connection, End, Image, OCI_MANIFEST, TestServer, TestWorld, filler, sha256};

/// A daemon and a world of each profile with repository `app`, and somebody who may do everything there.
async fn both() -> (TestServer, [(TestWorld, Caller, RegistryProfile); 2]) {
    let server = TestServer::start().await;
    let mut worlds = Vec::new();
    for profile in [RegistryProfile::Ecr, RegistryProfile::Oci] {
        let request = CreateWorldRequest {
            profile: profile.into(),
            listen: ListenMode::Dedicated.into(),
            ..CreateWorldRequest::default()
        };
        let world = server.world_of(request).await;
        world.seed(r#"{"repository": {"name": "app"}}"#).await;
        let home = world.home().await;
        worlds.push((world, home, profile));
    }
    (server, worlds.try_into().expect("two of them"))
}

/// Status of a chunk that was taken.
fn patched(profile: RegistryProfile) -> u16 {
    if profile == RegistryProfile::Ecr { 201 } else { 202 }
}

#[tokio::test]
async fn c_049_only_a_body_with_content_range_leaves_its_bytes_when_it_breaks_off() {
    let (_server, worlds) = both().await;
    for (world, home, _) in worlds {
        let bytes = filler(1, 200_000);
        let digest = sha256(&bytes);
        for (range, start) in [(None, 0), (Some("0-199999"), 100_000)] {
            let upload = home.begin_upload("app").await;
            let mut request = home.request("PATCH", &upload).body(bytes.clone());
            if let Some(range) = range {
                request = request.header("Content-Range", range);
            }
            let mut connection = Connection::open(home.address).await;
            connection.send_part(&request, 100_000).await;
            drop(connection);
            let id = upload.rsplit('/').next().expect("an id");
            world.finished_call(&format!("oci:upload.patch where upload = {id:?}")).await;
            let status = home.get(&upload).await;
            assert_eq!(status.header("range"), format!("0-{}", usize::max(start, 1) - 1), "{range:?}");
            // Who sent no range sends the whole body again to the same URL; who did goes on from what is there.
            let put = home.request("PUT", &format!("{upload}?digest={digest}")).body(&bytes[start..]);
            let put = if start > 0 { put.header("Content-Range", format!("{start}-199999")) } else { put };
            assert_eq!(home.send(&put).await.status, 201, "{range:?}");
            assert!(home.get(&format!("/v2/app/blobs/{digest}")).await.body == bytes);
        }
    }
}

#[tokio::test]
async fn an_answer_that_comes_early_reaches_who_sends_everything_first() {
    let (_server, worlds) = both().await;
    for (world, home, _) in worlds {
        let body = filler(2, 6 << 20);
        let upload = home.begin_upload("app").await;
        world.fault("on oci:upload.put do 1x status(429) -> pass").await;
        let throttled = home.request("PUT", &format!("{upload}?digest={}", sha256(&body))).body(body.clone());
        let unknown = home.request("PATCH", "/v2/app/blobs/uploads/nobody").body(body.clone());
        let too_large = home.manifest_request("app", "v1", &body);
        for (request, status) in [(throttled, 429), (unknown, 404), (too_large, 413)] {
            assert_eq!(home.send(&request).await.status, status);
        }
    }
}

#[tokio::test]
async fn c_019_an_anonymous_body_is_taken_in_and_told_to_log_in() {
    let server = TestServer::start().await;
    let world = server.world_with("app").await;
    let home = world.home().await;
    let upload = home.begin_upload("app").await;
    let anonymous = world.caller("us-east-1");
    let request = anonymous.request("PUT", &format!("{upload}?digest={}", sha256(b"x"))).body(filler(3, 6 << 20));
    let refused = anonymous.send(&request.header("x-fixture-world", world.connection().world_header.clone())).await;
    assert_eq!((refused.status, refused.text()), (401, "Not Authorized\n"));
}

#[tokio::test]
async fn a_blob_keeps_the_name_that_it_was_pushed_under() {
    let (_server, [_, (_, home, _)]) = both().await;
    let sha_512 = "sha512:ee26b0dd4af7e749aa1a8ee3c10ae9923f618980772e473f8819a5d4940e0db27ac185f8a0e1d5f84f88bc887fd67b143732c304cc5fa9ad8e6f57f50028a8ff";
    let upload = home.begin_upload("app").await;
    assert_eq!(home.send(&home.request("PATCH", &upload).body(*b"te")).await.status, 202);
    let ended = home.send(&home.request("PUT", &format!("{upload}?digest={sha_512}")).body(*b"st")).await;
    assert_eq!((ended.status, ended.header("docker-content-digest")), (201, sha_512));
    assert_eq!(ended.header("location"), format!("/v2/app/blobs/{sha_512}"));
    for reply in [home.get(ended.header("location")).await, home.head(ended.header("location")).await] {
        assert_eq!((reply.status, reply.header("docker-content-digest")), (200, sha_512));
    }
    let sha_256 = format!("/v2/app/blobs/{}", sha256(b"test"));
    assert_eq!(home.get(&sha_256).await.status, 404, "nobody pushed it under this name");
}

#[tokio::test]
async fn nothing_is_ever_compressed() {
    let (_server, worlds) = both().await;
    for (_, home, _) in worlds {
        let image = Image::with_layer(vec![b'a'; 100_000]);
        home.push("app", "v1", &image).await;
        let blob = format!("/v2/app/blobs/{}", image.layer_digest());
        for target in [blob.as_str(), "/v2/app/manifests/v1", "/v2/app/tags/list", "/v2/_catalog", "/v2/app/nonsense"] {
            let request =
                home.request("GET", target).header("Accept-Encoding", "zstd;q=1.0, gzip;q=0.8, deflate, br, *");
            let reply = home.send(&request).await;
            assert_eq!((reply.find("content-encoding"), reply.find("vary")), (None, None), "{target}");
        }
    }
}

#[tokio::test]
async fn c_041_a_location_stays_with_the_host_that_the_client_named() {
    let (_server, worlds) = both().await;
    for (_, home, profile) in worlds {
        let image = Image::new(4);
        home.push_blobs("app", &image).await;
        let host = format!("localhost:{}", home.address.port());
        let named = |request: crate::harness::Request| request.header("Host", host.clone());
        let started = home.send(&named(home.request("POST", "/v2/app/blobs/uploads/"))).await;
        let pushed = home.send(&named(home.manifest_request("app", "v1", &image.manifest))).await;
        let base = if profile == RegistryProfile::Ecr { format!("http://{host}") } else { String::new() };
        assert!(started.header("location").starts_with(&format!("{base}/v2/app/blobs/uploads/")), "{started:?}");
        assert_eq!(pushed.header("location"), format!("{base}/v2/app/manifests/{}", image.digest()));
    }
}

#[tokio::test]
async fn c_035_a_head_says_exactly_what_the_get_would() {
    let (_server, worlds) = both().await;
    for (_, home, profile) in worlds {
        let image = Image::new(5);
        home.push("app", "v1", &image).await;
        for target in [
            "/v2/app/manifests/v1".to_owned(),
            format!("/v2/app/manifests/{}", image.digest()),
            format!("/v2/app/blobs/{}", image.layer_digest()),
            "/v2/app/manifests/none".to_owned(),
            format!("/v2/app/blobs/{}", sha256(b"none")),
            "/v2/app/tags/list".to_owned(),
        ] {
            let (get, head) = (home.get(&target).await, home.head(&target).await);
            assert_eq!((head.status, head.body.len()), (get.status, 0), "{target}");
            // In ECR's case the GET of a blob ends at the storage, which knows no digest.
            let is_redirected = profile == RegistryProfile::Ecr && target.contains("/blobs/") && get.status == 200;
            let digest = if is_redirected { "" } else { "docker-content-digest" };
            for name in ["content-length", "content-type", digest, "etag", "accept-ranges"] {
                assert_eq!(head.find(name), get.find(name), "{name} of {target}");
            }
            assert_eq!(head.content_length(), get.body.len(), "{target}");
        }
    }
}

#[tokio::test]
async fn c_050_each_chunk_is_answered_with_the_range_that_is_there() {
    let (_server, worlds) = both().await;
    for (_, home, profile) in worlds {
        let upload = home.begin_upload("app").await;
        for (chunk, range) in [(1_000, "0-999"), (500, "0-1499"), (1, "0-1500")] {
            let reply = home.send(&home.request("PATCH", &upload).body(filler(6, chunk))).await;
            assert_eq!((reply.status, reply.header("range")), (patched(profile), range));
            assert!(reply.header("location").ends_with(&upload) && !reply.header("docker-upload-uuid").is_empty());
        }
        let status = home.get(&upload).await;
        assert_eq!((status.status, status.header("range")), (204, "0-1500"));
        assert!(status.header("location").ends_with(&upload) && !status.header("docker-upload-uuid").is_empty());
        assert_eq!(home.delete(&upload).await.status, 204);
        assert_eq!(home.get(&upload).await.status, 404);
    }
}

#[tokio::test]
async fn a_reset_in_a_body_and_its_early_end_are_two_faults() {
    let (_server, worlds) = both().await;
    for (world, home, _) in worlds {
        let layer = home.push_blob("app", &filler(7, 50_000)).await;
        world.fault("on oci:blob.get do 1x truncate(10KiB) -> 1x reset(after_bytes=10KiB) -> pass").await;
        for end in [End::Eof, End::Reset] {
            let reply = home.exchange(&home.request("GET", &format!("/v2/app/blobs/{layer}"))).await.cut(end);
            assert_eq!((reply.status, reply.body.len(), reply.content_length()), (200, 10 << 10, 50_000));
        }
        // A client that goes on from there gets the rest.
        let rest = home.request("GET", &format!("/v2/app/blobs/{layer}")).header("Range", "bytes=10240-");
        assert_eq!(home.send(&rest).await.content_length(), 50_000 - (10 << 10));
    }
}

#[tokio::test]
async fn who_tries_https_first_is_told_at_once_that_this_is_http() {
    let (_server, worlds) = both().await;
    for (_, home, _) in worlds {
        let mut connection = Connection::open(home.address).await;
        // The head of a record of TLS, and the beginning of the hello in it.
        connection.send_raw(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03").await;
        let received = connection.receive("GET").await;
        // The harness reads a status line of `HTTP/1.1` or fails, which is what clients look for.
        assert_eq!(received.reply.map(|reply| reply.status), Some(400));
    }
}

#[tokio::test]
async fn members_of_a_query_that_nobody_knows_are_ignored_on_every_url_of_an_upload() {
    let (_server, worlds) = both().await;
    for (_, home, profile) in worlds {
        let bytes = filler(8, 3_000);
        let extra = format!("ns=docker.io&origin=example.com&x=%20&&digest={}", sha256(&bytes));
        let started =
            home.send(&home.request("POST", "/v2/app/blobs/uploads/?ns=docker.io&origin=example.com&x&&")).await;
        assert_eq!(started.status, 202);
        let upload = home.path_of(started.header("location"));
        // regclient carries the digest along from its first chunk on.
        let chunk = home.send(&home.request("PATCH", &format!("{upload}?{extra}")).body(bytes.clone())).await;
        assert_eq!((chunk.status, chunk.header("range")), (patched(profile), "0-2999"));
        assert_eq!(home.get(&format!("{upload}?{extra}")).await.status, 204);
        assert_eq!(home.send(&home.request("PUT", &format!("{upload}?{extra}"))).await.status, 201);
        let other = home.begin_upload("app").await;
        assert_eq!(home.delete(&format!("{other}?{extra}")).await.status, 204);
        let image = Image::with_layer(bytes);
        home.push("app", "v1", &image).await;
        for target in ["/v2/app/manifests/v1?ns=docker.io", "/v2/app/tags/list?ns=docker.io", "/v2/?ns=docker.io"] {
            assert_eq!(home.get(target).await.status, 200, "{target}");
        }
        let put = home.request("PUT", "/v2/app/manifests/v2?ns=docker.io").header("Content-Type", OCI_MANIFEST);
        assert_eq!(home.send(&put.body(image.manifest)).await.status, 201);
    }
}

#[tokio::test]
async fn a_205_c_075_d_019_referrers_are_an_index_that_is_filtered_and_paged() {
    let (_server, worlds) = both().await;
    for (_, home, profile) in worlds {
        let image = Image::new(9);
        home.push("app", "v1", &image).await;
        let subject = json!({"mediaType": OCI_MANIFEST, "digest": image.digest(), "size": image.manifest.len()});
        let list = format!("/v2/app/referrers/{}", image.digest());
        let index = "application/vnd.oci.image.index.v1+json";
        let none = home.get(&list).await;
        assert_eq!((none.status, none.header("content-type"), none.find("oci-filters-applied")), (200, index, None));
        assert_eq!(none.json(), json!({"schemaVersion": 2, "mediaType": index, "manifests": []}));

        let about = |number: usize, artifact_type: Option<&str>| {
            let mut manifest: serde_json::Value = serde_json::from_slice(&image.manifest).expect("JSON");
            manifest["subject"] = subject.clone();
            manifest["annotations"] = json!({"number": number.to_string()});
            if let Some(artifact_type) = artifact_type {
                manifest["artifactType"] = json!(artifact_type);
            }
            manifest.to_string().into_bytes()
        };
        let most = if profile == RegistryProfile::Ecr { 50 } else { 100 };
        for number in 0..=most {
            let manifest = about(number, Some("application/x+sbom"));
            let pushed = home.send(&home.manifest_request("app", &sha256(&manifest), &manifest)).await;
            assert_eq!((pushed.status, pushed.header("oci-subject")), (201, image.digest().as_str()));
        }
        let plain = about(0, None);
        home.send(&home.manifest_request("app", "plain", &plain)).await;

        // By the type that it says it is of, and else by the type of its configuration.
        let config = "application/vnd.oci.image.config.v1+json";
        let filtered = home.get(&format!("{list}?artifactType={config}")).await;
        assert_eq!(filtered.header("oci-filters-applied"), "artifactType");
        assert_eq!(
            filtered.json()["manifests"],
            json!([{
                "mediaType": OCI_MANIFEST,
                "digest": sha256(&plain),
                "size": plain.len(),
                "artifactType": config,
                "annotations": {"number": "0"},
            }])
        );
        let nobody = home.get(&format!("{list}?artifactType=text/x")).await;
        assert_eq!((nobody.status, &nobody.json()["manifests"]), (200, &json!([])));

        let mut found = Vec::new();
        let mut target = format!("{list}?artifactType=application/x%2Bsbom");
        let mut pages = 0;
        loop {
            let page = home.get(&target).await;
            assert_eq!((page.status, page.header("oci-filters-applied")), (200, "artifactType"), "{target}");
            let manifests = page.json()["manifests"].as_array().expect("an array").clone();
            found.extend(manifests.iter().map(|manifest| manifest["digest"].to_string()));
            pages += 1;
            let Some(link) = page.find("link") else { break };
            let link = link.strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\"")).expect("a link");
            target = home.path_of(link);
        }
        found.sort();
        found.dedup();
        assert_eq!((found.len(), pages), (most + 1, 2));

        // What is deleted leaves the list; a subject that is deleted keeps its own.
        assert_eq!(home.delete(&format!("/v2/app/manifests/{}", sha256(&plain))).await.status, 202);
        assert_eq!(home.get(&format!("{list}?artifactType={config}")).await.json()["manifests"], json!([]));
        assert_eq!(home.delete(&format!("/v2/app/manifests/{}", image.digest())).await.status, 202);
        assert_eq!(home.get(&list).await.json()["manifests"].as_array().map(Vec::len), Some(most));
        assert_eq!(home.get("/v2/app/referrers/sha256:12").await.status, 400);
        assert_eq!(home.get(&format!("{list}?last=garbage")).await.status / 100, 4);
        let missing = home.get(&format!("/v2/no/where/referrers/{}", image.digest())).await;
        assert_eq!(missing.status, if profile == RegistryProfile::Ecr { 404 } else { 200 });
    }
}

#[tokio::test]
async fn c_075_what_a_client_keeps_under_the_fallback_tag_is_listed_too() {
    let (_server, worlds) = both().await;
    for (_, home, _) in worlds {
        let image = Image::new(10);
        home.push("app", "v1", &image).await;
        let mut about: serde_json::Value = serde_json::from_slice(&image.manifest).expect("JSON");
        about["subject"] = json!({"mediaType": OCI_MANIFEST, "digest": image.digest(), "size": image.manifest.len()});
        let about = about.to_string().into_bytes();
        home.send(&home.manifest_request("app", &sha256(&about), &about)).await;
        let index = "application/vnd.oci.image.index.v1+json";
        let entry = json!({"mediaType": OCI_MANIFEST, "digest": sha256(&about), "size": about.len()});
        let fallback = json!({"schemaVersion": 2, "mediaType": index, "manifests": [entry]}).to_string();
        let tag = image.digest().replace(':', "-");
        let put = home.request("PUT", &format!("/v2/app/manifests/{tag}")).header("Content-Type", index);
        assert_eq!(home.send(&put.body(fallback.clone())).await.status, 201);
        assert_eq!(home.get(&format!("/v2/app/manifests/{tag}")).await.text(), fallback);
        let listed = home.get(&format!("/v2/app/referrers/{}", image.digest())).await.json();
        assert_eq!(listed["manifests"].as_array().map(Vec::len), Some(1));
        assert_eq!(listed["manifests"][0]["digest"], entry["digest"]);
    }
}

/// What a client does that finds no `OCI-Subject` on its push: it reads the index under the fallback tag, if there is one,
/// and writes it anew with one entry more.
async fn note_under_fallback_tag(home: &Caller, subject: &str, referrer: &[u8]) {
    let index = "application/vnd.oci.image.index.v1+json";
    let tag = format!("/v2/app/manifests/{}", subject.replace(':', "-"));
    let kept = home.get(&tag).await;
    let mut kept = match kept.status {
        404 => json!({"schemaVersion": 2, "mediaType": index, "manifests": []}),
        _ => kept.json(),
    };
    let entry = json!({"mediaType": OCI_MANIFEST, "digest": sha256(referrer), "size": referrer.len()});
    kept["manifests"].as_array_mut().expect("an array").push(entry);
    let put = home.request("PUT", &tag).header("Content-Type", index).body(kept.to_string());
    assert_eq!(home.send(&put).await.status, 201);
}

#[tokio::test]
async fn c_075_d_019_without_a_referrers_api_a_client_keeps_the_fallback_tag_until_there_is_one() {
    let (_server, worlds) = both().await;
    for (world, home, _) in worlds {
        let image = Image::new(11);
        home.push("app", "v1", &image).await;
        world.seed(r#"{"surface": {"referrers": false}}"#).await;
        let list = format!("/v2/app/referrers/{}", image.digest());
        let unknown = format!("/v2/no/where/referrers/{}", image.digest());
        for target in [&list, &unknown, "/v2/app/referrers/nonsense"] {
            let missing = home.get(target).await;
            // Clients stop at NAME_UNKNOWN and take any other 404 for a registry without the API.
            assert!(missing.status == 404 && !missing.text().contains("NAME_UNKNOWN"), "{target}: {missing:?}");
        }
        let mut referrers = Vec::new();
        for number in 0..3 {
            let mut about: serde_json::Value = serde_json::from_slice(&image.manifest).expect("JSON");
            about["subject"] =
                json!({"mediaType": OCI_MANIFEST, "digest": image.digest(), "size": image.manifest.len()});
            about["annotations"] = json!({"number": number.to_string()});
            let about = about.to_string().into_bytes();
            let pushed = home.send(&home.manifest_request("app", &sha256(&about), &about)).await;
            assert_eq!((pushed.status, pushed.find("oci-subject")), (201, None));
            note_under_fallback_tag(&home, &image.digest(), &about).await;
            referrers.push(sha256(&about));
        }
        let fallback = home.get(&format!("/v2/app/manifests/{}", image.digest().replace(':', "-"))).await;
        assert_eq!(fallback.header("content-type"), "application/vnd.oci.image.index.v1+json");
        let digests = |index: &serde_json::Value| -> Vec<String> {
            let mut found: Vec<String> = index["manifests"]
                .as_array()
                .expect("an array")
                .iter()
                .map(|entry| entry["digest"].as_str().expect("a digest").to_owned())
                .collect();
            found.sort();
            found
        };
        referrers.sort();
        assert_eq!(digests(&fallback.json()), referrers);
        world.seed(r#"{"surface": {"referrers": true}}"#).await;
        assert_eq!(digests(&home.get(&list).await.json()), referrers, "what was kept by tag is in the list");
    }
}

#[tokio::test]
async fn d_021_a_world_may_redirect_or_not_whatever_its_profile() {
    let (_server, worlds) = both().await;
    for (world, home, profile) in worlds {
        let blob = format!("/v2/app/blobs/{}", home.push_blob("app", b"layer").await);
        let is_ecr = profile == RegistryProfile::Ecr;
        for (seed, redirects) in [
            (r#"{"surface": {}}"#, is_ecr),
            (r#"{"surface": {"redirects": true}}"#, true),
            (r#"{"surface": {"redirects": false}}"#, false),
            (r#"{"surface": {"referrers": true}}"#, false),
        ] {
            world.seed(seed).await;
            let reply = home.exchange_once(&home.request("GET", &blob)).await.whole();
            assert_eq!(reply.status, if redirects { 307 } else { 200 }, "{seed}");
            assert_eq!(home.get(&blob).await.text(), "layer");
        }
    }
}
