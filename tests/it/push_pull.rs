//! Pushing and pulling over the registry surface: uploads in all their forms, manifests, listings, and the errors' bodies.

use serde_json::{Value, json};

use crate::harness::{Caller, Connection, Image, OCI_MANIFEST, Reply, TestServer, TestWorld, filler, index_of, sha256};

/// What every part of an upload but the last must have in ECR.
const PART_BYTES: usize = 5 << 20;

/// A daemon, a world with repository `app`, and a caller who has logged in.
async fn app() -> (TestServer, TestWorld, Caller) {
    let server = TestServer::start().await;
    let world = server.world_with("app").await;
    let home = world.home().await;
    (server, world, home)
}

fn error_body(code: &str, message: &str) -> String {
    format!("{}\n", json!({"errors": [{"code": code, "message": message}]}))
}

fn check_error(reply: &Reply, status: u16, code: &str, message: &str) {
    assert_eq!((reply.status, reply.text()), (status, error_body(code, message).as_str()));
    assert_eq!(reply.header("content-type"), "application/json; charset=utf-8");
    assert_eq!(reply.header("docker-distribution-api-version"), "registry/2.0");
}

#[tokio::test]
async fn c_018_a_logged_in_client_is_answered_by_the_base_path() {
    let (_server, _world, home) = app().await;
    for path in ["/v2/", "/v2"] {
        let reply = home.get(path).await;
        assert_eq!((reply.status, reply.header("docker-distribution-api-version")), (200, "registry/2.0"), "{path}");
    }
}

#[tokio::test]
async fn c_061_a_pushed_image_is_pulled_byte_for_byte_by_tag_and_by_digest() {
    let (_server, _world, home) = app().await;
    let image = Image::new(1);
    home.push_blobs("app", &image).await;
    let stored = home.send(&home.manifest_request("app", "v1", &image.manifest)).await;
    assert_eq!((stored.status, stored.text()), (201, ""));
    assert_eq!(stored.header("docker-content-digest"), image.digest());
    assert_eq!(home.path_of(stored.header("location")), format!("/v2/app/manifests/{}", image.digest()));
    home.pulls("app", "v1", &image).await;
    home.pulls("app", &image.digest(), &image).await;
}

#[tokio::test]
async fn c_041_c_051_a_post_and_a_put_upload_a_blob_and_name_where_it_is() {
    let (_server, _world, home) = app().await;
    let bytes = filler(1, 70_000);
    let digest = sha256(&bytes);
    let started = home.send(&home.request("POST", "/v2/app/blobs/uploads/")).await;
    assert_eq!((started.status, started.header("range"), started.text()), (202, "0-0", ""));
    let upload = home.path_of(started.header("location"));
    assert_eq!(upload, format!("/v2/app/blobs/uploads/{}", started.header("docker-upload-uuid")));
    let finished = home.send(&home.request("PUT", &format!("{upload}?digest={digest}")).body(bytes.clone())).await;
    assert_eq!((finished.status, finished.header("docker-content-digest")), (201, digest.as_str()));
    let blob = home.get(&home.path_of(finished.header("location"))).await;
    assert_eq!(blob.status, 200);
    assert!(blob.body == bytes);
    let gone = home.get(&upload).await;
    assert_eq!((gone.status, gone.oci_error().0.as_str()), (404, "BLOB_UPLOAD_UNKNOWN"));
}

#[tokio::test]
async fn c_044_c_046_c_050_unconfirmed_a_patch_is_answered_201_with_the_range_that_is_there() {
    let (_server, _world, home) = app().await;
    let bytes = filler(2, 2 * PART_BYTES + 1_000);
    let upload = home.begin_upload("app").await;
    let mut offset = 0;
    for chunk in bytes.chunks(PART_BYTES) {
        let reply = home.send(&home.request("PATCH", &upload).body(chunk)).await;
        offset += chunk.len();
        assert_eq!((reply.status, reply.header("range")), (201, format!("0-{}", offset - 1).as_str()));
        assert_eq!(home.path_of(reply.header("location")), upload);
        let status = home.get(&upload).await;
        assert_eq!((status.status, status.header("range")), (204, format!("0-{}", offset - 1).as_str()));
    }
    let digest = sha256(&bytes);
    let finished = home.send(&home.request("PUT", &format!("{upload}?digest={digest}"))).await;
    assert_eq!(finished.status, 201);
    assert!(home.get(&format!("/v2/app/blobs/{digest}")).await.body == bytes);
}

#[tokio::test]
async fn c_045_unconfirmed_chunks_with_a_content_range_must_begin_where_the_upload_ends() {
    let (_server, _world, home) = app().await;
    let bytes = filler(3, PART_BYTES + 1_000);
    let upload = home.begin_upload("app").await;
    let chunk = |first: usize, last: usize| {
        home.request("PATCH", &upload).header("Content-Range", format!("{first}-{last}")).body(&bytes[first..=last])
    };
    assert_eq!(home.send(&chunk(0, PART_BYTES - 1)).await.status, 201);
    for (first, last) in [(0, 999), (PART_BYTES + 1, PART_BYTES + 999)] {
        let refused = home.send(&chunk(first, last)).await;
        let message = format!("First byte of the layer part is {first} instead of {PART_BYTES}");
        check_error(&refused, 416, "RANGE_INVALID", &message);
        assert_eq!(refused.header("range"), format!("0-{}", PART_BYTES - 1));
        assert_eq!(home.path_of(refused.header("location")), upload);
    }
    assert_eq!(home.send(&chunk(PART_BYTES, PART_BYTES + 999)).await.status, 201);
    let digest = sha256(&bytes);
    assert_eq!(home.send(&home.request("PUT", &format!("{upload}?digest={digest}"))).await.status, 201);
    assert!(home.get(&format!("/v2/app/blobs/{digest}")).await.body == bytes);
}

#[tokio::test]
async fn c_047_a_content_range_of_another_length_than_the_body_is_refused() {
    let (_server, _world, home) = app().await;
    let upload = home.begin_upload("app").await;
    let reply = home.send(&home.request("PATCH", &upload).header("Content-Range", "0-9").body(vec![1; 5])).await;
    check_error(&reply, 400, "SIZE_INVALID", "Content-Range names 10 bytes and the body has 5");
    let reply = home.send(&home.request("PATCH", &upload).header("Content-Range", "9-0").body(vec![1; 5])).await;
    check_error(&reply, 400, "SIZE_INVALID", "`9-0` is not the range of a chunk such as 0-1023");
    assert_eq!(home.get(&upload).await.header("range"), "0-0");
}

#[tokio::test]
async fn c_042_unconfirmed_one_post_uploads_a_whole_blob() {
    let (_server, _world, home) = app().await;
    let bytes = filler(4, 500);
    let digest = sha256(&bytes);
    let target = format!("/v2/app/blobs/uploads/?digest={digest}");
    let reply = home.send(&home.request("POST", &target).body(bytes.clone())).await;
    assert_eq!((reply.status, reply.header("docker-content-digest")), (201, digest.as_str()));
    assert!(home.get(&format!("/v2/app/blobs/{digest}")).await.body == bytes);
}

#[tokio::test]
async fn c_058_unconfirmed_an_upload_is_cancelled_once() {
    let (_server, _world, home) = app().await;
    let upload = home.begin_upload("app").await;
    assert_eq!(home.delete(&upload).await.status, 204);
    let again = home.delete(&upload).await;
    assert_eq!((again.status, again.oci_error().0.as_str()), (404, "BLOB_UPLOAD_UNKNOWN"));
}

#[tokio::test]
async fn a_small_chunk_inside_an_upload_is_told_at_its_end() {
    let (_server, _world, home) = app().await;
    let bytes = filler(3, 2_000);
    let upload = home.begin_upload("app").await;
    for chunk in bytes.chunks(1_000) {
        assert_eq!(home.send(&home.request("PATCH", &upload).body(chunk)).await.status, 201);
    }
    let refused = home.send(&home.request("PUT", &format!("{upload}?digest={}", sha256(&bytes)))).await;
    let id = upload.rsplit('/').next().expect("an id");
    let message = format!(
        "The upload with id '{id}' in the repository with name 'app' in the registry with id '123456789012' contains a \
         layer part that is smaller than 5 MiB"
    );
    check_error(&refused, 400, "BLOB_UPLOAD_INVALID", &message);
}

#[tokio::test]
async fn c_043_c_181_d_018_a_blob_of_another_repository_is_mounted_once_the_account_says_so() {
    let (_server, world, home) = app().await;
    world.seed(r#"{"repository": {"name": "other"}}"#).await;
    let image = Image::new(4);
    home.push("other", "v1", &image).await;
    let (digest, loose) = (sha256(&image.layer), home.push_blob("other", b"of no image").await);
    let mount = async |digest: &str, from: &str| {
        home.send(&home.request("POST", &format!("/v2/app/blobs/uploads/?mount={digest}{from}"))).await
    };
    assert_eq!(mount(&digest, "&from=other").await.status, 202);
    home.ok("PutAccountSetting", json!({"name": "BLOB_MOUNTING", "value": "ENABLED"})).await;
    assert_eq!(mount(&digest, "").await.status, 202);
    assert_eq!(mount(&loose, "&from=other").await.status, 202);
    let reply = mount(&digest, "&from=other").await;
    assert_eq!((reply.status, reply.header("docker-content-digest")), (201, digest.as_str()));
    // Nothing that was mounted goes when the setting does.
    home.ok("PutAccountSetting", json!({"name": "BLOB_MOUNTING", "value": "DISABLED"})).await;
    assert!(home.get(&home.path_of(reply.header("location"))).await.body == image.layer);
    assert_eq!(mount(&sha256(&image.config), "&from=other").await.status, 202);
}

#[tokio::test]
async fn a_mount_that_is_declined_becomes_an_upload() {
    let (_server, _world, home) = app().await;
    let digest = sha256(b"layer");
    let reply = home.send(&home.request("POST", &format!("/v2/app/blobs/uploads/?mount={digest}&from=other"))).await;
    assert_eq!(reply.status, 202);
    let upload = home.path_of(reply.header("location"));
    let finished = home.send(&home.request("PUT", &format!("{upload}?digest={digest}")).body(*b"layer")).await;
    assert_eq!(finished.status, 201);
}

#[tokio::test]
async fn c_039_a_part_of_a_blob_is_served_and_what_is_no_part_is_refused() {
    let (_server, _world, home) = app().await;
    let bytes = filler(5, 1_000);
    let digest = home.push_blob("app", &bytes).await;
    let path = format!("/v2/app/blobs/{digest}");
    let get = async |range: &str| home.send(&home.request("GET", &path).header("Range", range)).await;
    for (range, content_range, part) in [
        ("bytes=0-0", "bytes 0-0/1000", &bytes[..1]),
        ("bytes=10-19", "bytes 10-19/1000", &bytes[10..20]),
        ("bytes=990-", "bytes 990-999/1000", &bytes[990..]),
        ("bytes=-5", "bytes 995-999/1000", &bytes[995..]),
        ("bytes=900-5000", "bytes 900-999/1000", &bytes[900..]),
    ] {
        let reply = get(range).await;
        assert_eq!((reply.status, reply.header("content-range")), (206, content_range), "{range}");
        assert!(reply.body == part, "{range}");
    }
    for range in ["bytes=1000-", "bytes=5-4", "bytes=-0"] {
        let reply = get(range).await;
        assert_eq!((reply.status, reply.header("content-range")), (416, "bytes */1000"), "{range}");
        let told = format!("<RangeRequested>{range}</RangeRequested><ActualObjectSize>1000</ActualObjectSize>");
        assert!(reply.text().contains("<Code>InvalidRange</Code>") && reply.text().contains(&told), "{reply:?}");
    }
    for range in ["bytes=0-1,4-5", "lines=0-1", "bytes=a-b"] {
        let reply = get(range).await;
        assert_eq!((reply.status, reply.body.len()), (200, 1_000), "{range}");
    }
}

#[tokio::test]
async fn c_035_c_064_a_head_has_length_type_and_digest_of_the_get() {
    let (_server, _world, home) = app().await;
    let image = Image::new(6);
    home.push("app", "v1", &image).await;
    for path in [
        "/v2/app/manifests/v1".to_owned(),
        format!("/v2/app/manifests/{}", image.digest()),
        format!("/v2/app/blobs/{}", image.layer_digest()),
        "/v2/app/manifests/none".to_owned(),
        format!("/v2/app/blobs/{}", sha256(b"none")),
    ] {
        let (get, head) = (home.get(&path).await, home.head(&path).await);
        assert_eq!(head.status, get.status, "{path}");
        // The storage that the GET of a blob is redirected to knows no digest.
        let is_blob = path.contains("/blobs/") && get.status == 200;
        for name in ["content-length", "content-type", "etag", if is_blob { "" } else { "docker-content-digest" }] {
            assert_eq!(head.find(name), get.find(name), "{path}: {name}");
        }
        assert_eq!(head.content_length(), get.body.len(), "{path}");
        assert!(!is_blob || head.header("content-type") == "application/octet-stream", "{path}");
        assert!(get.status == 404 || head.header("docker-content-digest").starts_with("sha256:"), "{path}");
    }
}

#[tokio::test]
async fn a_validator_that_still_holds_is_answered_without_a_body() {
    let (_server, _world, home) = app().await;
    let image = Image::new(7);
    home.push("app", "v1", &image).await;
    for path in ["/v2/app/manifests/v1".to_owned(), format!("/v2/app/blobs/{}", image.layer_digest())] {
        let etag = home.get(&path).await.header("etag").to_owned();
        let reply = home.send(&home.request("GET", &path).header("If-None-Match", &etag)).await;
        assert_eq!((reply.status, reply.header("etag")), (304, etag.as_str()));
        let reply = home.send(&home.request("GET", &path).header("If-None-Match", "\"other\"")).await;
        assert_eq!(reply.status, 200);
    }
}

#[tokio::test]
async fn c_033_tags_come_in_pages_with_a_link_to_the_next() {
    let (_server, _world, home) = app().await;
    let image = Image::new(8);
    home.push_blobs("app", &image).await;
    let tags: Vec<String> = (0..5).map(|number| format!("v{number}")).collect();
    for tag in &tags {
        assert_eq!(home.send(&home.manifest_request("app", tag, &image.manifest)).await.status, 201);
    }
    let all = home.get("/v2/app/tags/list").await;
    assert_eq!((all.status, all.json()), (200, json!({"name": "app", "tags": tags})));
    assert_eq!(all.find("link"), None);
    let mut seen = Vec::new();
    let mut path = "/v2/app/tags/list?n=2".to_owned();
    loop {
        let page = home.get(&path).await;
        assert_eq!(page.status, 200, "{page:?}");
        let listed: Vec<String> = serde_json::from_value(page.json()["tags"].clone()).unwrap();
        assert!(listed.len() <= 2);
        seen.extend(listed);
        let Some(link) = page.find("link") else { break };
        let target = link.strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\"")).expect("a link");
        path = home.path_of(target);
        assert!(path.ends_with("&n=2"), "{path}");
    }
    assert_eq!(seen, tags);
}

#[tokio::test]
async fn c_033_a_page_size_out_of_bounds_is_refused_with_405() {
    let (_server, _world, home) = app().await;
    for (size, constraint) in [
        ("0", "Member must have value greater than or equal to 1"),
        ("1001", "Member must have value less than or equal to 1000"),
    ] {
        let message = format!("Invalid parameter at 'maxResults' failed to satisfy constraint: '{constraint}'");
        let reply = home.get(&format!("/v2/app/tags/list?n={size}")).await;
        check_error(&reply, 405, "UNSUPPORTED", &message);
    }
}

#[tokio::test]
async fn c_076_the_catalog_lists_the_registry_s_repositories_in_pages() {
    let (_server, world, home) = app().await;
    world.seed(r#"{"repository": {"name": "bb"}}, {"repository": {"name": "aa"}}"#).await;
    assert_eq!(home.get("/v2/_catalog").await.json(), json!({"repositories": ["aa", "app", "bb"]}));
    let first = home.get("/v2/_catalog?n=2").await;
    assert_eq!(first.json(), json!({"repositories": ["aa", "app"]}));
    let link = first.header("link").split(['<', '>']).nth(1).expect("a link").to_owned();
    assert_eq!(home.get(&home.path_of(&link)).await.json(), json!({"repositories": ["bb"]}));
}

#[tokio::test]
async fn c_074_a_manifest_is_deleted_by_tag_and_by_digest() {
    let (_server, _world, home) = app().await;
    let image = Image::new(9);
    home.push("app", "v1", &image).await;
    assert_eq!(home.send(&home.manifest_request("app", "v2", &image.manifest)).await.status, 201);
    assert_eq!(home.delete("/v2/app/manifests/v1").await.status, 202);
    assert_eq!(home.get("/v2/app/manifests/v1").await.status, 404);
    home.pulls("app", "v2", &image).await;
    assert_eq!(home.delete(&format!("/v2/app/manifests/{}", image.digest())).await.status, 202);
    let gone = home.get("/v2/app/manifests/v2").await;
    check_error(&gone, 404, "MANIFEST_UNKNOWN", "Requested image not found");
    let again = home.delete("/v2/app/manifests/v2").await;
    check_error(&again, 404, "MANIFEST_UNKNOWN", "Requested image not found");
}

#[tokio::test]
async fn c_030_c_032_c_034_what_does_not_exist_is_told_in_the_words_of_ecr() {
    let (_server, _world, home) = app().await;
    let unknown = sha256(b"nowhere");
    check_error(
        &home.get("/v2/nope/tags/list").await,
        404,
        "NAME_UNKNOWN",
        "The repository with name 'nope' does not exist in the registry with id '123456789012'",
    );
    check_error(&home.get("/v2/app/manifests/none").await, 404, "MANIFEST_UNKNOWN", "Requested image not found");
    check_error(
        &home.get(&format!("/v2/app/blobs/{unknown}")).await,
        404,
        "BLOB_UNKNOWN",
        &format!(
            "The layer with digest '{unknown}' does not exist in the repository with name 'app' in the registry with \
             id '123456789012'"
        ),
    );
    check_error(
        &home.get("/v2/app/blobs/uploads/none").await,
        404,
        "BLOB_UPLOAD_UNKNOWN",
        "The upload with id 'none' does not exist in the repository with name 'app' in the registry with id \
         '123456789012'",
    );
}

#[tokio::test]
async fn c_029_c_040_unconfirmed_what_the_surface_does_not_offer_is_refused_with_405() {
    let (_server, _world, home) = app().await;
    let digest = sha256(b"x");
    check_error(
        &home.delete(&format!("/v2/app/blobs/{digest}")).await,
        405,
        "UNSUPPORTED",
        "ECR does not delete blobs over this API.",
    );
    let reply = home.send(&home.request("POST", "/v2/app/manifests/v1")).await;
    check_error(&reply, 405, "UNSUPPORTED", "The operation is unsupported.");
    assert_eq!(reply.header("allow"), "GET, HEAD, PUT, DELETE");
    let reply = home.get("/v2/app/nonsense").await;
    assert_eq!((reply.status, reply.text()), (404, "404 page not found\n"));
    assert_eq!(reply.header("content-type"), "text/plain; charset=utf-8");
}

#[tokio::test]
async fn c_063_an_illegal_tag_is_405_and_a_head_of_it_400() {
    let (_server, _world, home) = app().await;
    let reply = home.get("/v2/app/manifests/%21").await;
    assert_eq!((reply.status, reply.oci_error().0.as_str()), (405, "UNSUPPORTED"));
    assert!(reply.oci_error().1.starts_with("Invalid parameter at 'imageTag' failed to satisfy constraint: "));
    assert_eq!(home.head("/v2/app/manifests/%21").await.status, 400);
}

#[tokio::test]
async fn c_028_an_illegal_name_or_digest_is_refused_as_such() {
    let (_server, _world, home) = app().await;
    check_error(&home.get("/v2/App/tags/list").await, 400, "NAME_INVALID", "invalid repository name: 'App'");
    let reply = home.get("/v2/app/blobs/sha256:12").await;
    check_error(&reply, 400, "DIGEST_INVALID", "invalid digest: 'sha256:12'");
}

#[tokio::test]
async fn a_023_c_071_an_immutable_tag_refuses_a_second_digest_on_both_surfaces() {
    let server = TestServer::start().await;
    let world = server.world().await;
    world.seed(r#"{"repository": {"name": "app", "imageTagMutability": "IMMUTABLE"}}"#).await;
    let home = world.home().await;
    let (first, second) = (Image::new(1), Image::new(2));
    home.push("app", "v1", &first).await;
    home.push_blobs("app", &second).await;
    let message = "The image tag 'v1' already exists in the 'app' repository and cannot be overwritten because the tag is \
                   immutable.";
    let refused = home.send(&home.manifest_request("app", "v1", &second.manifest)).await;
    check_error(&refused, 400, "TAG_INVALID", message);
    let input = json!({"repositoryName": "app", "imageManifest": second.manifest_text(), "imageTag": "v1"});
    let expected = (400, "ImageTagAlreadyExistsException".to_owned(), message.to_owned());
    assert_eq!(home.refused("PutImage", input).await, expected);
    home.pulls("app", "v1", &first).await;
}

#[tokio::test]
async fn a_025_the_identical_push_is_silent_on_the_registry_surface_and_refused_by_put_image() {
    let (_server, _world, home) = app().await;
    let image = Image::new(1);
    home.push("app", "v1", &image).await;
    assert_eq!(home.send(&home.manifest_request("app", "v1", &image.manifest)).await.status, 201);
    let input = json!({"repositoryName": "app", "imageManifest": image.manifest_text(), "imageTag": "v1"});
    let (status, exception, message) = home.refused("PutImage", input).await;
    assert_eq!((status, exception.as_str()), (400, "ImageAlreadyExistsException"));
    let text = "Image with digest '{}' and tag 'v1' already exists in the repository with name 'app' in registry with id \
                '123456789012'";
    assert_eq!(message, text.replace("{}", &image.digest()));
}

#[tokio::test]
async fn a_038_c_067_unconfirmed_a_manifest_without_its_blobs_names_those_that_are_missing() {
    let (_server, _world, home) = app().await;
    let image = Image::new(1);
    let reply = home.send(&home.manifest_request("app", "v1", &image.manifest)).await;
    let (code, message) = reply.oci_error();
    assert_eq!((reply.status, code.as_str()), (404, "MANIFEST_BLOB_UNKNOWN"));
    for digest in [image.layer_digest(), image.config_digest()] {
        assert!(message.contains(&digest), "{message}");
    }
    let input = json!({"repositoryName": "app", "imageManifest": image.manifest_text()});
    let (status, exception, same) = home.refused("PutImage", input).await;
    assert_eq!((status, exception.as_str(), same), (400, "LayersNotFoundException", message));
}

#[tokio::test]
async fn a_039_an_index_without_its_images_is_refused() {
    let (_server, _world, home) = app().await;
    let (first, second) = (Image::new(1), Image::new(2));
    home.push("app", &first.digest(), &first).await;
    let index = index_of(&[&first, &second]);
    let input = json!({"repositoryName": "app", "imageManifest": String::from_utf8(index.clone()).unwrap()});
    let (status, exception, message) = home.refused("PutImage", input).await;
    assert_eq!((status, exception.as_str()), (400, "ReferencedImagesNotFoundException"));
    assert!(message.contains(&second.digest()) && !message.contains(&first.digest()), "{message}");
    let put = home.manifest_request("app", "v1", &index).header("Content-Type", crate::harness::OCI_INDEX);
    let reply = home.send(&put).await;
    assert_eq!((reply.status, reply.oci_error()), (404, ("MANIFEST_BLOB_UNKNOWN".to_owned(), message)));
}

#[tokio::test]
async fn c_024_a_token_ends_after_twelve_hours_of_the_world_s_time() {
    let (_server, world, home) = app().await;
    world.advance(12 * 3_600 - 1).await;
    assert_eq!(home.get("/v2/").await.status, 200);
    world.advance(1).await;
    let expired = home.get("/v2/").await;
    let message = "Your authorization token has expired. Reauthenticate and try again.";
    check_error(&expired, 403, "DENIED", message);
    assert_eq!(expired.find("www-authenticate"), None, "no challenge, so that no client logs in again by itself");
    assert_eq!(world.home().await.get("/v2/").await.status, 200, "a new token is good");
}

#[tokio::test]
async fn c_019_c_020_an_anonymous_call_is_challenged_in_fifteen_bytes() {
    let (_server, world, home) = app().await;
    let anonymous = world.caller("us-east-1");
    let mut forged = home.password().await;
    forged.replace_range(0..1, "!");
    for caller in [anonymous.clone(), anonymous.clone().with_password("hunter2"), anonymous.with_password(&forged)] {
        let reply = caller.get("/v2/app/manifests/v1").await;
        assert_eq!((reply.status, reply.text(), reply.body.len()), (401, "Not Authorized\n", 15));
        assert_eq!(reply.header("content-type"), "text/plain; charset=utf-8");
        assert_eq!(reply.header("docker-distribution-api-version"), "registry/2.0");
        let challenge = format!("Basic realm=\"http://{}/\",service=\"ecr.amazonaws.com\"", caller.address);
        assert_eq!(reply.header("www-authenticate"), challenge);
        let head = caller.head("/v2/app/manifests/v1").await;
        assert_eq!((head.status, head.header("www-authenticate")), (401, challenge.as_str()));
    }
}

#[tokio::test]
async fn c_027_names_may_hold_the_words_of_the_routes() {
    let server = TestServer::start().await;
    let world = server.world().await;
    let home = world.home().await;
    for name in ["blobs", "manifests", "tags/list", "a/blobs/uploads", "v2/manifests/tags", "blobs/manifests/x"] {
        world.seed(&format!(r#"{{"repository": {{"name": "{name}"}}}}"#)).await;
        let image = Image::new(name.len() as u64);
        home.push(name, "v1", &image).await;
        home.pulls(name, "v1", &image).await;
        home.pulls(name, &image.digest(), &image).await;
        let listed = home.get(&format!("/v2/{name}/tags/list")).await;
        assert_eq!(listed.json(), json!({"name": name, "tags": ["v1"]}));
    }
}

#[tokio::test]
async fn c_002_the_layer_operations_push_the_same_image_and_both_surfaces_agree() {
    let (_server, _world, home) = app().await;
    let image = Image::new(11);
    for blob in [&image.layer, &image.config] {
        let upload = home.ok("InitiateLayerUpload", json!({"repositoryName": "app"})).await;
        let upload = upload["uploadId"].as_str().expect("an id").to_owned();
        let middle = blob.len() - 1;
        let part = base64_of(blob);
        let input = json!({
            "repositoryName": "app", "uploadId": upload, "partFirstByte": 0, "partLastByte": middle, "layerPartBlob": part,
        });
        assert_eq!(home.ok("UploadLayerPart", input).await["lastByteReceived"], middle);
        let input = json!({"repositoryName": "app", "uploadId": upload, "layerDigests": [sha256(blob)]});
        assert_eq!(home.ok("CompleteLayerUpload", input).await["layerDigest"], sha256(blob));
    }
    let input = json!({"repositoryName": "app", "imageManifest": image.manifest_text(), "imageTag": "json"});
    home.ok("PutImage", input).await;
    home.pulls("app", "json", &image).await;

    // And the other way round: what the registry surface stored, the JSON API shows.
    let other = Image::new(12);
    home.push("app", "oci", &other).await;
    let ids = json!([{"imageTag": "oci"}, {"imageTag": "json"}]);
    let shown = home.ok("BatchGetImage", json!({"repositoryName": "app", "imageIds": ids})).await;
    let images = shown["images"].as_array().expect("an array");
    let manifests: Vec<&Value> = images.iter().map(|image| &image["imageManifest"]).collect();
    assert_eq!(manifests, [&json!(other.manifest_text()), &json!(image.manifest_text())]);
    assert_eq!(images[0]["imageManifestMediaType"], OCI_MANIFEST);
}

fn base64_of(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[tokio::test]
async fn one_connection_carries_a_whole_push_and_pull() {
    let (_server, _world, home) = app().await;
    let image = Image::new(13);
    let mut connection = Connection::open(home.address).await;
    for blob in [&image.layer, &image.config] {
        let target = format!("/v2/app/blobs/uploads/?digest={}", sha256(blob));
        let reply = connection.exchange(&home.request("POST", &target).body(blob.clone())).await.whole();
        assert_eq!(reply.status, 201);
    }
    let reply = connection.exchange(&home.manifest_request("app", "v1", &image.manifest)).await.whole();
    assert_eq!(reply.status, 201);
    let missing = connection.exchange(&home.request("GET", "/v2/app/manifests/none")).await.whole();
    assert_eq!(missing.status, 404);
    let head = connection.exchange(&home.request("HEAD", "/v2/app/manifests/v1")).await.whole();
    assert_eq!(head.content_length(), image.manifest.len());
    let reply = connection.exchange(&home.request("GET", "/v2/app/manifests/v1")).await.whole();
    assert_eq!(reply.body, image.manifest);
}

#[tokio::test]
async fn c_015_unconfirmed_an_upload_goes_on_and_ends_on_the_other_surface() {
    let (_server, _world, home) = app().await;
    let opened = home.ok("InitiateLayerUpload", json!({"repositoryName": "app"})).await;
    let upload = opened["uploadId"].as_str().expect("an id").to_owned();
    let path = format!("/v2/app/blobs/uploads/{upload}");
    assert_eq!(home.send(&home.request("PATCH", &path).body(*b"layer")).await.status, 201);
    let digest = sha256(b"layer");
    let input = json!({"repositoryName": "app", "uploadId": upload, "layerDigests": [digest]});
    assert_eq!(home.ok("CompleteLayerUpload", input).await["layerDigest"], digest);
    assert_eq!(home.get(&format!("/v2/app/blobs/{digest}")).await.body, b"layer");
}

#[tokio::test]
async fn c_048_unconfirmed_a_second_request_on_a_busy_upload_waits_its_turn() {
    let (_server, world, home) = app().await;
    let upload = home.begin_upload("app").await;
    let first = filler(1, PART_BYTES);
    let request = home.request("PATCH", &upload).body(first.clone());
    let mut busy = Connection::open(home.address).await;
    busy.send_part(&request, 1_000).await;
    while world.calls("oci:upload.patch").await.is_empty() {
        tokio::task::yield_now().await;
    }
    let mut waiting = Connection::open(home.address).await;
    waiting.send(&home.request("PATCH", &upload).body(*b"the end")).await;
    while world.calls("oci:upload.patch").await.len() < 2 {
        tokio::task::yield_now().await;
    }
    busy.send_raw(&first[1_000..]).await;
    assert_eq!(busy.receive("PATCH").await.whole().header("range"), format!("0-{}", PART_BYTES - 1));
    assert_eq!(waiting.receive("PATCH").await.whole().header("range"), format!("0-{}", PART_BYTES + 6));
    let digest = sha256(&[&first[..], b"the end"].concat());
    assert_eq!(home.send(&home.request("PUT", &format!("{upload}?digest={digest}"))).await.status, 201);
}

#[tokio::test]
async fn c_069_a_manifest_keeps_its_exact_bytes() {
    let (_server, _world, home) = app().await;
    let image = Image::new(15);
    home.push_blobs("app", &image).await;
    let spaced = format!(
        "  {}\n\n",
        image.manifest_text().replace("\"config\":", "\"annotations\":{\"a\":\"\u{e4}\\u00e4\"},\r\n\t\"config\":")
    );
    assert_eq!(home.send(&home.manifest_request("app", "odd", spaced.as_bytes())).await.status, 201);
    let pulled = home.get("/v2/app/manifests/odd").await;
    assert_eq!(pulled.body, spaced.as_bytes());
    assert_eq!(pulled.header("docker-content-digest"), sha256(spaced.as_bytes()));
    let shown = home.ok("BatchGetImage", json!({"repositoryName": "app", "imageIds": [{"imageTag": "odd"}]})).await;
    assert_eq!(shown["images"][0]["imageManifest"], spaced);
}

#[tokio::test]
async fn a_031_a_pushed_image_is_as_large_as_its_layers_and_config() {
    let (_server, _world, home) = app().await;
    let image = Image::new(14);
    home.push("app", "v1", &image).await;
    let shown = home.ok("DescribeImages", json!({"repositoryName": "app"})).await;
    assert_eq!(shown["imageDetails"][0]["imageSizeInBytes"], image.layer.len() + image.config.len());
}
