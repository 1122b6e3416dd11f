//! Who may not: no login, a bad one, one that has expired, and every kind of policy that says no.

use ecr_fixture::proto::AuthMode;
use serde_json::{Value, json};

use super::gallery::{Gallery, TAKEN};
use super::signed::password;
use super::stage::{PROFILES, Stage, logged_in};
use crate::harness::{Caller, Image, Request, TestWorld};

const BOB: &str = "arn:aws:iam::123456789012:user/bob";
const EVE: &str = "arn:aws:iam::123456789012:user/eve";
const HALF_A_DAY_SECONDS: i64 = 12 * 3_600;

/// In profile `oci` nobody has to log in unless the world verifies.
#[tokio::test]
async fn logins_that_are_none() {
    for profile in PROFILES {
        let stage = Stage::with("logins", profile, AuthMode::VerifiedOnWorldClock, |_| {}).await;
        let Stage { server: _server, world, home, mut gallery } = stage;
        let ping = |authorization: &str| Request::new("GET", "/v2/").header("Authorization", authorization);
        gallery.shows("Unauthorized", "No login", &Request::new("GET", "/v2/")).await;
        for (title, authorization) in [
            ("An empty header", ""),
            ("A scheme that is none", "Nonsense"),
            ("Bearer and not Basic", "Bearer dG9rZW4="),
            ("Basic without credentials", "Basic"),
            ("Basic, and no Base64", "Basic !!!!"),
            ("No colon between user and password", "Basic QVdT"),
            ("A user that is not AWS", "Basic bWU6c2VjcmV0"),
            ("A password that nobody gave out", "Basic QVdTOnNlY3JldA=="),
        ] {
            gallery.shows("Unauthorized", title, &ping(authorization)).await;
        }
        let elsewhere = home.request("GET", "/v2/").header("Host", "123456789012.dkr.ecr.eu-west-1.amazonaws.com");
        gallery.shows("Unauthorized", "A token of another region than the host's", &elsewhere).await;
        gallery.shows("Unauthorized", "HEAD without a login", &Request::new("HEAD", "/v2/app/manifests/v1")).await;
        let missing = Request::new("GET", "/v2/nowhere/tags/list");
        gallery.shows("Unauthorized", "Without a login nobody learns what exists", &missing).await;
        let named = Request::new("GET", "/v2/").header("Host", "localhost:5000");
        gallery.shows("Unauthorized", "The realm is the host that was called", &named).await;

        world.advance(HALF_A_DAY_SECONDS).await;
        gallery.shows("TokenExpired", "A token of twelve hours ago", &home.request("GET", "/v2/")).await;
        let head = home.request("HEAD", "/v2/app/manifests/v1");
        gallery.shows("TokenExpired", "HEAD with a token of twelve hours ago", &head).await;
        gallery.compare();

        let Stage { server: _server, home, mut gallery, .. } = Stage::of("logins-claimed", profile).await;
        let is_open = gallery.either("Unauthorized", TAKEN);
        gallery.shows(is_open, "No login, where signatures are not verified", &Request::new("GET", "/v2/")).await;
        let stranger = home.with_password("unknown").request("GET", "/v2/");
        gallery.shows(is_open, "A password that nobody gave out, there", &stranger).await;
        gallery.compare();
    }
}

#[tokio::test]
async fn policies_that_say_no() {
    for profile in PROFILES {
        let stage = Stage::of("policies", profile).await;
        let Stage { server: _server, world, home, mut gallery } = stage;
        let image = Image::new(1);
        home.push("app", "v1", &image).await;
        let bob = principal(&world, BOB, "AKIDBOB0123456789012", &[("Allow", "ecr:GetAuthorizationToken")]).await;
        let rights = [("Allow", "*"), ("Deny", "ecr:PutImage")];
        let eve = principal(&world, EVE, "AKIDEVE0123456789012", &rights).await;
        for (action, request) in [
            ("ListImages", bob.request("GET", "/v2/app/tags/list")),
            ("DescribeRepositories", bob.request("GET", "/v2/_catalog")),
            ("BatchGetImage", bob.request("GET", "/v2/app/manifests/v1")),
            ("BatchGetImage, of referrers", bob.request("GET", &format!("/v2/app/referrers/{}", image.digest()))),
            ("PutImage", bob.manifest_request("app", "v2", &image.manifest)),
            ("BatchDeleteImage", bob.request("DELETE", "/v2/app/manifests/v1")),
            ("GetDownloadUrlForLayer", bob.request("GET", &format!("/v2/app/blobs/{}", image.layer_digest()))),
            ("BatchCheckLayerAvailability", bob.request("HEAD", &format!("/v2/app/blobs/{}", image.layer_digest()))),
            ("InitiateLayerUpload", bob.request("POST", "/v2/app/blobs/uploads/")),
            ("UploadLayerPart", bob.request("PATCH", "/v2/app/blobs/uploads/an-upload").body(*b"x")),
            ("CompleteLayerUpload", bob.request("PUT", "/v2/app/blobs/uploads/an-upload?digest=x")),
        ] {
            gallery.shows("AccessDenied", &format!("No policy allows {action}"), &request).await;
        }
        let push = eve.manifest_request("app", "v2", &image.manifest);
        gallery.shows("AccessDenied", "A policy of the caller denies it", &push).await;
        let missing = bob.request("GET", "/v2/nowhere/tags/list");
        gallery.shows("AccessDenied", "Who has no right does not learn what exists", &missing).await;

        create_on_push(&home, &mut gallery, &world).await;

        let tags = home.request("GET", "/v2/app/tags/list");
        let deny = statement("Deny", "*", "ecr:ListImages");
        let input = json!({"repositoryName": "app", "policyText": deny.to_string()});
        home.ok("SetRepositoryPolicy", input).await;
        gallery.shows("AccessDenied", "The repository's policy denies it", &tags).await;
        home.ok("DeleteRepositoryPolicy", json!({"repositoryName": "app"})).await;
        let mut deny = deny;
        deny["Statement"]["Resource"] = json!("*");
        home.ok("PutRegistryPolicy", json!({"policyText": deny.to_string()})).await;
        gallery.shows("AccessDenied", "The registry's policy denies it", &tags).await;
        home.ok("DeleteRegistryPolicy", json!({})).await;

        let guest = logged_in(&world, 1).await;
        let ours = "123456789012.dkr.ecr.us-east-1.amazonaws.com";
        let guest = guest.request("GET", "/v2/app/tags/list").header("Host", ours);
        gallery.shows("AccessDenied", "Another account, and no policy of ours", &guest).await;
        gallery.compare();
    }
}

/// A push that would create its repository takes the right to create it, and what the template asks for.
async fn create_on_push(home: &Caller, gallery: &mut Gallery, world: &TestWorld) {
    let template = |prefix: &str| json!({"prefix": prefix, "appliedFor": ["CREATE_ON_PUSH"]});
    home.ok("CreateRepositoryCreationTemplate", template("made")).await;
    let mut sealed = template("sealed");
    sealed["encryptionConfiguration"] = json!({"encryptionType": "KMS"});
    home.ok("CreateRepositoryCreationTemplate", sealed).await;
    let rights = [("Allow", "*"), ("Deny", "ecr:CreateRepository")];
    let ann = principal(world, "arn:aws:iam::123456789012:user/ann", "AKIDANN0123456789012", &rights).await;
    let start = ann.request("POST", "/v2/made/web/blobs/uploads/");
    gallery.shows("AccessDenied", "A push would create a repository, which the caller may not", &start).await;
    let start = home.request("POST", "/v2/sealed/web/blobs/uploads/");
    gallery.shows("TemplateRoleMissing", "A template that needs a role and names none", &start).await;
}

/// A principal with one policy, logged in.
async fn principal(world: &TestWorld, arn: &str, key: &str, rights: &[(&str, &str)]) -> Caller {
    let statements: Vec<Value> =
        rights.iter().map(|(effect, action)| json!({"Effect": effect, "Action": action, "Resource": "*"})).collect();
    let policy = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    let principal = json!({"arn": arn, "policies": [policy], "accessKeyId": key, "secretAccessKey": "secret"});
    world.seed(&json!({ "principal": principal }).to_string()).await;
    let password = password(world.address(), key, "secret").await;
    Caller::new(world.address(), key, "us-east-1").with_password(&password)
}

fn statement(effect: &str, principal: &str, action: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": {"Effect": effect, "Principal": principal, "Action": action}})
}
