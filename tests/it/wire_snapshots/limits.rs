//! Rates of calls, quotas, and the fixture's own bounds.

use ecr_fixture::config::ServeArgs;
use ecr_fixture::proto::AuthMode;
use serde_json::json;

use super::stage::{PROFILES, Stage};
use crate::harness::{Image, filler};

#[tokio::test]
async fn rates_and_quotas() {
    for profile in PROFILES {
        let Stage { server: _server, world, home, mut gallery } = Stage::of("limits", profile).await;
        let (one, two) = (Image::new(1), Image::new(2));
        home.push("app", "v1", &one).await;
        home.push_blobs("app", &two).await;
        world
            .seed(r#"{"quotas": {"repositoriesPerRegistry": "1", "imagesPerRepository": "1", "tagsPerImage": "1"}}"#)
            .await;
        let push = home.manifest_request("app", "v2", &two.manifest);
        gallery.shows("LimitExceeded", "More images than a repository may have", &push).await;
        let push = home.manifest_request("app", "v2", &one.manifest);
        gallery.shows("LimitExceeded", "More tags than an image may have", &push).await;
        let template = json!({"prefix": "made", "appliedFor": ["CREATE_ON_PUSH"]});
        home.ok("CreateRepositoryCreationTemplate", template).await;
        let start = home.request("POST", "/v2/made/web/blobs/uploads/");
        gallery.shows("LimitExceeded", "More repositories than a registry may have", &start).await;

        let bucket = |operation: &str| format!(r#"{{"operation": "{operation}", "ratePerSecond": 0, "burst": 1}}"#);
        world
            .seed(&format!(
                r#"{{"throttles": {{"operations": [{}, {}]}}}}"#,
                bucket("ListImages"),
                bucket("BatchGetImage")
            ))
            .await;
        let (tags, head) = (home.request("GET", "/v2/app/tags/list"), home.request("HEAD", "/v2/app/manifests/v1"));
        assert_eq!((home.send(&tags).await.status, home.send(&head).await.status), (200, 200));
        gallery.shows("Throttled", "One call more than the bucket holds", &tags).await;
        gallery.shows("Throttled", "HEAD, and one call more than the bucket holds", &head).await;
        gallery.compare();
    }
}

#[tokio::test]
async fn bounds_of_the_fixture() {
    for profile in PROFILES {
        let small = |args: &mut ServeArgs| {
            args.blob_memory = 100_000;
            args.bounds.max_open_uploads = 1;
        };
        let Stage { server: _server, home, mut gallery, .. } =
            Stage::with("store", profile, AuthMode::Claimed, small).await;
        let upload = home.begin_upload("app").await;
        let patch = home.request("PATCH", &upload).body(filler(1, 400_000));
        gallery.shows("ServerFault", "More bytes than the fixture has room for", &patch).await;
        let start = home.request("POST", "/v2/app/blobs/uploads/");
        gallery.shows("TooManyUploads", "More uploads than may be open", &start).await;
        gallery.compare();
    }
}
