//! URLs of blobs, which need no login: expired, changed, or of what is not there. What they lead to answers like S3.
//!
//! Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>

use serde_json::json;

use super::gallery::{STORAGE, TAKEN};
use super::stage::{PROFILES, Stage};
use crate::harness::{Image, Request, sha256};

#[tokio::test]
async fn downloads() {
    for profile in PROFILES {
        let Stage { server: _server, world, home, mut gallery } = Stage::of("downloads", profile).await;
        let image = Image::new(1);
        home.push("app", "v1", &image).await;
        let get = home.request("GET", &format!("/v2/app/blobs/{}", image.layer_digest())).header("Range", "bytes=0-0");
        gallery.shows(TAKEN, "A blob, by redirect where layers come from S3", &get).await;
        let input = json!({"repositoryName": "app", "layerDigest": image.layer_digest()});
        let url = home.ok("GetDownloadUrlForLayer", input).await["downloadUrl"].as_str().expect("a URL").to_owned();
        let target = home.path_of(&url);
        let (path, query) = target.split_once('?').expect("a signed URL");
        let unsigned =
            query.split('&').filter(|member| !member.starts_with("X-Amz-Signature=")).collect::<Vec<_>>().join("&");
        let (front, signature) = query.split_once("X-Amz-Signature=").expect("a signature");
        let end = signature.find('&').map_or("", |end| &signature[end..]);
        let forged = format!("{path}?{front}X-Amz-Signature={}{end}", "0".repeat(64));
        for (title, target) in [
            ("A URL without anything behind it", path.to_owned()),
            ("A URL without its signature", format!("{path}?{unsigned}")),
            ("A URL of another signature", forged.clone()),
            ("A URL of another blob", target.replace(&image.layer_digest(), &image.config_digest())),
            ("A URL with a member more", format!("{target}&response-content-type=text/html")),
            ("A URL of another world", target.replacen("/layers/", "/layers/x", 1)),
            ("A URL that names nothing", "/layers/nothing".to_owned()),
        ] {
            gallery.shows(STORAGE, title, &Request::new("GET", &target)).await;
        }
        gallery.shows(STORAGE, "HEAD of a URL of another signature", &Request::new("HEAD", &forged)).await;
        gallery.shows(STORAGE, "A URL is for reading", &Request::new("DELETE", &target)).await;
        let range = Request::new("GET", &target).header("Range", "bytes=2000-");
        gallery.shows(STORAGE, "No byte is in the range bytes=2000-", &range).await;
        world.fault("on oci:blob.get do 1x status(503) -> pass").await;
        gallery.shows(STORAGE, "A rule answers 503", &Request::new("GET", &target)).await;
        world.advance(3_600).await;
        gallery.shows(STORAGE, "A URL of an hour ago", &Request::new("GET", &target)).await;

        let blob = home.push_blob("app", b"soon gone").await;
        let unused = json!({"repositoryName": "app", "layerDigest": blob});
        let (_, answer) = home.ecr("GetDownloadUrlForLayer", unused).await;
        assert_eq!(answer["__type"], "LayerInaccessibleException", "of what no image has there is no URL");
        let input = json!({"repositoryName": "app", "layerDigest": image.config_digest()});
        let url = home.ok("GetDownloadUrlForLayer", input).await["downloadUrl"].as_str().expect("a URL").to_owned();
        home.ok("DeleteRepository", json!({"repositoryName": "app", "force": true})).await;
        let gone = Request::new("GET", &home.path_of(&url));
        gallery.shows(STORAGE, "A URL of a blob that has gone", &gone).await;
        let unknown = home.request("GET", &format!("/v2/app/blobs/{}", sha256(b"unknown")));
        gallery.shows("RepositoryNotFound", "There is no URL of what is not there", &unknown).await;
        gallery.compare();
    }
}
