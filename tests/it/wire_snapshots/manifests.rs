//! Manifests that are not there, that cannot be read, that lack their parts, that may not be moved or deleted.

use serde_json::{Value, json};

use super::gallery::TAKEN;
use super::stage::{PROFILES, Stage};
use crate::harness::{Image, OCI_INDEX, OCI_MANIFEST, index_of, sha256};

#[tokio::test]
async fn pulls_and_deletions() {
    for profile in PROFILES {
        let Stage { server: _server, home, mut gallery, .. } = Stage::of("manifests", profile).await;
        let image = Image::new(1);
        home.push("app", "v1", &image).await;
        let at = |reference: &str| format!("/v2/app/manifests/{reference}");
        let (unknown, absent) = (at(&sha256(b"unknown")), at("none"));
        gallery.shows("ImageNotFound", "No such tag", &home.request("GET", &absent)).await;
        gallery.shows("ImageNotFound", "No such digest", &home.request("GET", &unknown)).await;
        gallery.shows("ImageNotFound", "HEAD of no such tag", &home.request("HEAD", &absent)).await;
        let deleted = gallery.either("ManifestUnknown", "ImageNotFound");
        gallery.shows(deleted, "Deletion of no such tag", &home.request("DELETE", &absent)).await;
        gallery.shows(deleted, "Deletion of no such digest", &home.request("DELETE", &unknown)).await;
        for method in ["GET", "HEAD", "DELETE"] {
            let missing = home.request(method, "/v2/nowhere/manifests/v1");
            gallery.shows("RepositoryNotFound", &format!("{method} in a repository that is not there"), &missing).await;
        }
        for (title, reference) in [
            ("A digest that is too short", "sha256:12"),
            ("A digest in capitals", &format!("sha256:{}", "A".repeat(64))),
            ("An algorithm that nobody knows", "md5:098f6bcd4621d373cade4e832627b4f6"),
        ] {
            gallery.shows("DigestInvalid", title, &home.request("GET", &at(reference))).await;
        }
        for (title, reference) in [("A tag with a plus", "v1+2"), ("A tag of 301 letters", &"a".repeat(301))] {
            for method in ["GET", "DELETE", "HEAD"] {
                let said = gallery.either("InvalidParameter", "TagInvalid");
                let refused = if method == "HEAD" { "TagInvalid" } else { said };
                gallery.shows(refused, &format!("{method}: {title}"), &home.request(method, &at(reference))).await;
            }
        }
        for (title, reference) in
            [("A tag of 129 letters", "a".repeat(129).as_str()), ("A tag that begins with a dot", ".v1")]
        {
            let refused = gallery.either("ImageNotFound", "TagInvalid");
            gallery.shows(refused, title, &home.request("GET", &at(reference))).await;
        }

        let index = index_of(&[&image]);
        let put = home.request("PUT", &at("list")).header("Content-Type", OCI_INDEX).body(index);
        assert_eq!(home.send(&put).await.status, 201);
        let child = gallery.either("Unsupported", TAKEN);
        gallery.shows(child, "Deletion of what an index holds", &home.request("DELETE", &at(&image.digest()))).await;

        let archived = Image::new(2);
        home.push("app", "old", &archived).await;
        let archive = json!({"repositoryName": "app", "imageId": {"imageTag": "old"}, "targetStorageClass": "ARCHIVE"});
        home.ok("UpdateImageStorageClass", archive).await;
        gallery.shows("ImageNotFound", "An archived image by tag", &home.request("GET", &at("old"))).await;
        let by_digest = home.request("GET", &at(&archived.digest()));
        gallery.shows("ImageNotFound", "An archived image by digest", &by_digest).await;
        gallery.shows("ImageNotFound", "HEAD of an archived image", &home.request("HEAD", &at("old"))).await;
        let layer = home.request("GET", &format!("/v2/app/blobs/{}", archived.layer_digest()));
        gallery.shows("LayerNotFound", "A layer that only archived images have", &layer).await;
        gallery.compare();
    }
}

#[tokio::test]
async fn pushes() {
    for profile in PROFILES {
        let Stage { server: _server, home, mut gallery, .. } = Stage::of("pushes", profile).await;
        let image = Image::new(1);
        home.push("app", "v1", &image).await;
        let put = |reference: &str, media_type: &str, body: &str| {
            let request = home.request("PUT", &format!("/v2/app/manifests/{reference}")).body(body);
            if media_type.is_empty() { request } else { request.header("Content-Type", media_type) }
        };
        let written = |change: &dyn Fn(&mut Value)| {
            let mut manifest: Value = serde_json::from_slice(&image.manifest).expect("JSON");
            change(&mut manifest);
            manifest.to_string()
        };
        let unreadable = gallery.either("Manifest", "ManifestInvalid");
        let untyped = written(&|manifest| drop(manifest.as_object_mut().expect("an object").remove("mediaType")));
        for (title, media_type, body) in [
            ("No body", OCI_MANIFEST, ""),
            ("Half of a manifest", OCI_MANIFEST, r#"{"schemaVersion": 2"#),
            ("JSON, and no object", OCI_MANIFEST, "[]"),
            ("An object without members", OCI_MANIFEST, "{}"),
            ("No type anywhere", "", untyped.as_str()),
            ("A type that is none of a manifest", "text/plain", "{}"),
            ("A type that no manifest has, in the manifest", "", r#"{"schemaVersion": 2, "mediaType": "text/plain"}"#),
            ("Sent as an index, and it says that it is an image", OCI_INDEX, &image.manifest_text()),
            (
                "A layer without a digest",
                OCI_MANIFEST,
                &written(&|manifest| manifest["layers"][0]["digest"] = json!(null)),
            ),
            (
                "A layer with a digest that is none",
                OCI_MANIFEST,
                &written(&|manifest| manifest["layers"][0]["digest"] = json!("sha256:12")),
            ),
            (
                "A layer of a negative size",
                OCI_MANIFEST,
                &written(&|manifest| manifest["layers"][0]["size"] = json!(-1)),
            ),
            ("A subject that is none", OCI_MANIFEST, &written(&|manifest| manifest["subject"] = json!({}))),
            (
                "No configuration",
                OCI_MANIFEST,
                &written(&|manifest| drop(manifest.as_object_mut().expect("an object").remove("config"))),
            ),
        ] {
            gallery.shows(unreadable, title, &put("v2", media_type, body)).await;
        }
        let sparse = gallery.either("Manifest", TAKEN);
        let bare = written(&|manifest| manifest["layers"] = json!([]));
        gallery.shows(sparse, "An image without layers", &put("v2", OCI_MANIFEST, &bare)).await;

        let other = Image::new(2);
        let missing = gallery.either("LayersNotFound", TAKEN);
        gallery
            .shows(missing, "Layers and configuration are missing", &put("v3", OCI_MANIFEST, &other.manifest_text()))
            .await;
        let headless = written(&|manifest| manifest["config"]["digest"] = json!(sha256(b"config")));
        gallery.shows(missing, "The configuration is missing", &put("v4", OCI_MANIFEST, &headless)).await;
        let index = String::from_utf8(index_of(&[&image, &Image::new(3)])).expect("text");
        let missing = gallery.either("ReferencedImagesNotFound", TAKEN);
        gallery.shows(missing, "An image of the index is missing", &put("v5", OCI_INDEX, &index)).await;

        let mismatch = gallery.either("ImageDigestDoesNotMatch", "DigestInvalid");
        let text = image.manifest_text();
        gallery
            .shows(mismatch, "Another digest than the manifest's", &put(&sha256(b"other"), OCI_MANIFEST, &text))
            .await;
        let sha_512 = format!("sha512:{}", "0".repeat(128));
        gallery
            .shows(mismatch, "Another digest than the manifest's, by SHA-512", &put(&sha_512, OCI_MANIFEST, &text))
            .await;
        gallery.shows("DigestInvalid", "A digest that is none", &put("sha256:12", OCI_MANIFEST, &text)).await;
        let refused = gallery.either("InvalidParameter", "TagInvalid");
        for (title, tag) in [
            ("A tag with an exclamation mark", "%21"),
            ("A tag with a plus", "v1+2"),
            ("A tag of 301 letters", &"a".repeat(301)),
        ] {
            gallery.shows(refused, title, &put(tag, OCI_MANIFEST, &text)).await;
        }
        let refused = gallery.either(TAKEN, "TagInvalid");
        for (title, tag) in
            [("A tag of 129 letters", "a".repeat(129).as_str()), ("A tag that begins with a hyphen", "-v1")]
        {
            gallery.shows(refused, title, &put(tag, OCI_MANIFEST, &text)).await;
        }
        let parameter = format!("{}?tag=%21", image.digest());
        gallery.shows(refused, "A parameter that is no tag", &put(&parameter, OCI_MANIFEST, &text)).await;

        let large = " ".repeat((4 << 20) + 1);
        gallery.shows("ManifestTooLarge", "A byte more than 4 MiB", &put("v6", OCI_MANIFEST, &large)).await;
        let missing = gallery.either("RepositoryNotFound", TAKEN);
        let push = home.request("PUT", "/v2/nowhere/manifests/v1").header("Content-Type", OCI_MANIFEST);
        gallery.shows(missing, "A repository that is not there", &push.body(image.manifest.clone())).await;

        let immutable = json!({"repositoryName": "app", "imageTagMutability": "IMMUTABLE"});
        home.ok("PutImageTagMutability", immutable).await;
        home.push_blobs("app", &other).await;
        gallery
            .shows(
                "ImageTagAlreadyExists",
                "A tag that may not be moved",
                &put("v1", OCI_MANIFEST, &other.manifest_text()),
            )
            .await;
        gallery.shows(TAKEN, "A tag that may not be moved, and does not", &put("v1", OCI_MANIFEST, &text)).await;
        gallery.compare();
    }
}

/// Requests that a library would have given a length.
#[tokio::test]
async fn bodies_without_a_length() {
    for profile in PROFILES {
        let Stage { server: _server, home, mut gallery, .. } = Stage::of("lengths", profile).await;
        let unreadable = gallery.either("Manifest", "ManifestInvalid");
        let head = |line: &str| {
            let head =
                home.request("PUT", "/v2/app/manifests/v1").header("Content-Type", OCI_MANIFEST).head(home.address);
            let head = String::from_utf8(head).expect("text");
            head.replace("Content-Length: 0\r\n", line)
        };
        let shown = |line: &str| format!("PUT /v2/app/manifests/v1 HTTP/1.1\n{line}\n");
        let none = head("");
        gallery.shows_raw(unreadable, "Neither a length nor chunks: no body", &shown(""), none.as_bytes()).await;
        let chunked = "Transfer-Encoding: chunked\r\n";
        let small = format!("{}2\r\n{{}}\r\n0\r\n\r\n", head(chunked));
        gallery
            .shows_raw(unreadable, "A body in chunks", &shown("Transfer-Encoding: chunked\n\n{}"), small.as_bytes())
            .await;
        let large = format!("{}{:x}\r\n{}\r\n0\r\n\r\n", head(chunked), (4 << 20) + 1, " ".repeat((4 << 20) + 1));
        let title = "A body in chunks of a byte more than 4 MiB";
        gallery
            .shows_raw(
                "ManifestTooLarge",
                title,
                &shown("Transfer-Encoding: chunked\n\n(4194305 bytes)"),
                large.as_bytes(),
            )
            .await;
        let expected = head("Expect: 100-continue\r\nContent-Length: 5242880\r\n");
        let title = "Too long, and the client waits for a word before it sends it";
        let line = "Expect: 100-continue\nContent-Length: 5242880\n";
        gallery.shows_raw("ManifestTooLarge", title, &shown(line), expected.as_bytes()).await;
        gallery.compare();
    }
}
