//! Blobs that are not there, ranges beyond their end, deletions.

use super::gallery::TAKEN;
use super::stage::{PROFILES, Stage};
use crate::harness::{Image, sha256};

#[tokio::test]
async fn blobs() {
    for profile in PROFILES {
        let stage = Stage::of("blobs", profile).await;
        let is_ecr = stage.is_ecr();
        let Stage { server: _server, home, mut gallery, .. } = stage;
        let image = Image::new(1);
        home.push("app", "v1", &image).await;
        let blob = format!("/v2/app/blobs/{}", image.layer_digest());
        let unknown = format!("/v2/app/blobs/{}", sha256(b"unknown"));
        let sha_512 = format!("/v2/app/blobs/sha512:{}", "0".repeat(128));
        gallery.shows("LayerNotFound", "No such blob", &home.request("GET", &unknown)).await;
        gallery.shows("LayerNotFound", "HEAD of no such blob", &home.request("HEAD", &unknown)).await;
        gallery.shows("LayerNotFound", "No such blob, by SHA-512", &home.request("GET", &sha_512)).await;
        for method in ["GET", "HEAD"] {
            let title = format!("{method} in a repository that is not there");
            let missing = home.request(method, &unknown.replace("app", "nowhere"));
            gallery.shows("RepositoryNotFound", &title, &missing).await;
        }
        for (title, digest) in [
            ("A digest that is too short", "sha256:12"),
            ("A digest in capitals", &format!("sha256:{}", "A".repeat(64))),
            ("An algorithm that nobody knows", "md5:098f6bcd4621d373cade4e832627b4f6"),
            ("No digest at all", "latest"),
        ] {
            for method in ["GET", "HEAD"] {
                let request = home.request(method, &format!("/v2/app/blobs/{digest}"));
                gallery.shows("DigestInvalid", &format!("{method}: {title}"), &request).await;
            }
        }
        if !is_ecr {
            for range in ["bytes=2000-", "bytes=-0", "bytes=500-0", "bytes=2000-2001,3000-"] {
                let request = home.request("GET", &blob).header("Range", range);
                gallery.shows("BlobRangeInvalid", &format!("No byte is in the range {range}"), &request).await;
            }
        }
        let deleted = gallery.either("Unsupported", "LayerNotFound");
        gallery.shows(deleted, "Deletion of no such blob", &home.request("DELETE", &unknown)).await;
        let deleted = gallery.either("Unsupported", TAKEN);
        gallery.shows(deleted, "Deletion of a blob", &home.request("DELETE", &blob)).await;
        let missing = home.request("DELETE", &unknown.replace("app", "nowhere"));
        let deleted = gallery.either("Unsupported", "RepositoryNotFound");
        gallery.shows(deleted, "Deletion in a repository that is not there", &missing).await;
        gallery.compare();
    }
}
