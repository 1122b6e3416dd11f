//! Logins to the registry surface: what is none, and whose registry a good one opens.

use ecr_fixture::proto;
use serde_json::json;

use crate::harness::{Caller, Request, TestServer};

#[tokio::test]
async fn c_021_c_022_c_023_unconfirmed_only_a_password_by_basic_is_a_login() {
    let server = TestServer::start().await;
    let world = server.dedicated_world().await;
    let home = world.home().await;
    let password = home.password().await;
    let token = home.ok("GetAuthorizationToken", json!({})).await["authorizationData"][0]["authorizationToken"].clone();
    let token = token.as_str().expect("a token");
    let ping = async |authorization: &str| {
        home.send(&Request::new("GET", "/v2/").header("Authorization", authorization)).await
    };
    assert_eq!(ping(&format!("Basic {token}")).await.status, 200);
    for authorization in [
        "",
        "Basic",
        "Basic !!!!",
        "Basic QVdT",
        "Nonsense",
        &home.authorization(),
        &format!("Bearer {token}"),
        &format!("Bearer {password}"),
        &format!("Basic {password}"),
    ] {
        let reply = ping(authorization).await;
        assert_eq!((reply.status, reply.text()), (401, "Not Authorized\n"), "{authorization}");
        assert!(reply.header("www-authenticate").starts_with("Basic realm="), "{authorization}");
    }
}

#[tokio::test]
async fn c_025_the_host_names_the_registry_and_the_token_the_caller() {
    let (ours, theirs) = ("111111111111", "222222222222");
    let server = TestServer::start().await;
    let world = server
        .world_of(proto::CreateWorldRequest {
            world_id: Some("two".to_owned()),
            accounts: vec![ours.to_owned(), theirs.to_owned()],
            ..Default::default()
        })
        .await;
    let (owner, guest) = (world.caller_of(0, "us-east-1"), world.caller_of(1, "us-east-1").logged_in().await);
    owner.ok("CreateRepository", json!({"repositoryName": "app"})).await;
    let tags = async |caller: &Caller, account: &str| {
        let host = format!("{account}.dkr.ecr.us-east-1.two.localhost");
        caller.send(&caller.request("GET", "/v2/app/tags/list").header("Host", host)).await
    };
    let message = format!(
        "User: arn:aws:iam::{theirs}:root is not authorized to perform: ecr:ListImages on resource: \
         arn:aws:ecr:us-east-1:{ours}:repository/app because no resource-based policy allows the ecr:ListImages action"
    );
    let refused = tags(&guest, ours).await;
    assert_eq!((refused.status, refused.oci_error()), (403, ("DENIED".to_owned(), message)));
    let policy = json!({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Principal": {"AWS": theirs}, "Action": "ecr:ListImages",
    }});
    let input = json!({"repositoryName": "app", "policyText": policy.to_string()});
    owner.ok("SetRepositoryPolicy", input).await;
    assert_eq!(tags(&guest, ours).await.json(), json!({"name": "app", "tags": []}));
    assert_eq!(tags(&guest, theirs).await.oci_error().0, "NAME_UNKNOWN", "its own registry is another");
}

#[tokio::test]
async fn x_014_c_007_a_temporary_key_ends_by_the_clock_of_the_world() {
    const SESSION: &str = "arn:aws:sts::123456789012:assumed-role/ci/7";
    const KEY: &str = "ASIACI1234567890";
    let server = TestServer::start().await;
    let world = server.dedicated_world().await;
    let policy = json!({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Action": ["ecr:GetAuthorizationToken", "ecr:ListImages"], "Resource": "*",
    }});
    let role = json!({"principal": {"arn": "arn:aws:iam::123456789012:role/ci", "policies": [policy.to_string()]}});
    let session = json!({"principal": {
        "arn": SESSION, "accessKeyId": KEY, "secretAccessKey": "secret", "sessionToken": "token",
        "expiresAt": "2026-01-01T01:00:00Z",
    }});
    world.seed(&format!(r#"{role}, {session}, {{"repository": {{"name": "app"}}}}"#)).await;
    let ci = Caller::new(world.address(), KEY, "us-east-1").logged_in().await;
    let list = json!({"repositoryName": "app"});
    ci.ok("ListImages", list.clone()).await;
    let (_, exception, message) = ci.refused("DescribeImages", list.clone()).await;
    assert_eq!(exception, "AccessDeniedException");
    assert!(message.starts_with(&format!("User: {SESSION} is not authorized to perform: ")), "{message}");

    world.advance(3_600).await;
    let expired = "The security token included in the request is expired".to_owned();
    for operation in ["ListImages", "GetAuthorizationToken", "DescribeImages"] {
        let refused = ci.refused(operation, list.clone()).await;
        assert_eq!(refused, (400, "ExpiredTokenException".to_owned(), expired.clone()), "{operation}");
    }
    let asked = world.calls("ecr:ListImages where error = \"ExpiredTokenException\"").await;
    assert_eq!(asked.len(), 1, "the record says so");
    // Whoever assumes the role again has another key, or another end.
    world.seed(&session.to_string().replace("01:00:00Z", "02:00:00Z")).await;
    ci.ok("ListImages", list).await;
}

#[tokio::test]
async fn c_024_unconfirmed_a_login_outlives_the_session_that_it_was_given_to() {
    const KEY: &str = "ASIACI1234567890";
    let server = TestServer::start().await;
    let world = server.dedicated_world().await;
    let session = json!({"principal": {
        "arn": "arn:aws:sts::123456789012:assumed-role/ci/7", "accessKeyId": KEY, "secretAccessKey": "secret",
        "sessionToken": "token", "expiresAt": "2026-01-01T01:00:00Z",
    }});
    world.seed(&format!(r#"{session}, {{"repository": {{"name": "app"}}}}"#)).await;
    let ci = Caller::new(world.address(), KEY, "us-east-1").logged_in().await;
    for (hours, status) in [(1, 200), (10, 200), (1, 403)] {
        world.advance(hours * 3_600).await;
        assert_eq!(ci.get("/v2/app/tags/list").await.status, status, "{hours}");
    }
}

#[tokio::test]
async fn c_022_c_025_a_login_is_of_user_aws_and_good_in_its_region_alone() {
    let server = TestServer::start().await;
    let world =
        server.world_of(proto::CreateWorldRequest { world_id: Some("one".to_owned()), ..Default::default() }).await;
    let (home, away) = (world.home().await, world.away().await);
    let account = "123456789012";
    let login = |user: &str, password: &str| {
        let basic = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, format!("{user}:{password}"));
        Request::new("GET", "/v2/").header("Authorization", format!("Basic {basic}"))
    };
    let password = home.password().await;
    let ping = home.send(&login("AWS", &password)).await;
    assert_eq!((ping.status, ping.text()), (200, "{}"));
    assert_eq!(ping.header("docker-distribution-api-version"), "registry/2.0");
    for refused in [login("aws", &password), login("", &password), login("AWS", &password[..40]), login("AWS", "")] {
        let reply = home.send(&refused).await;
        assert_eq!((reply.status, reply.text()), (401, "Not Authorized\n"), "{refused:?}");
    }
    for (region, caller, status) in
        [("us-east-1", &home, 200), ("eu-west-1", &home, 401), ("us-east-1", &away, 401), ("eu-west-1", &away, 200)]
    {
        let host = format!("{account}.dkr.ecr.{region}.one.localhost");
        let reply = caller.send(&caller.request("GET", "/v2/").header("Host", &host)).await;
        assert_eq!(reply.status, status, "{host}: {reply:?}");
        if status == 401 {
            let challenge = format!("Basic realm=\"http://{host}/\",service=\"ecr.amazonaws.com\"");
            assert_eq!((reply.header("www-authenticate"), reply.text()), (challenge.as_str(), "Not Authorized\n"));
        }
    }
}

#[tokio::test]
async fn c_024_a_login_is_worth_what_its_principal_may_now() {
    const ROLE: &str = "arn:aws:iam::123456789012:role/ci";
    const KEY: &str = "AKIACI1234567890";
    let server = TestServer::start().await;
    let world = server.dedicated_world().await;
    let may = |actions: serde_json::Value| {
        let policy = json!({"Version": "2012-10-17", "Statement": {
            "Effect": "Allow", "Action": actions, "Resource": "*",
        }});
        json!({"principal": {
            "arn": ROLE, "policies": [policy.to_string()], "accessKeyId": KEY, "secretAccessKey": "secret",
        }})
        .to_string()
    };
    world.seed(&format!("{}, {{\"repository\": {{\"name\": \"app\"}}}}", may(json!(["ecr:*"])))).await;
    let ci = Caller::new(world.address(), KEY, "us-east-1").logged_in().await;
    assert_eq!(ci.get("/v2/app/tags/list").await.status, 200);
    // Taking the rights away takes them from every login that is out.
    world.seed(&may(json!(["ecr:GetAuthorizationToken"]))).await;
    let message = format!(
        "User: {ROLE} is not authorized to perform: ecr:ListImages on resource: \
         arn:aws:ecr:us-east-1:123456789012:repository/app because no identity-based policy allows the ecr:ListImages action"
    );
    let refused = ci.get("/v2/app/tags/list").await;
    assert_eq!((refused.status, refused.oci_error()), (403, ("DENIED".to_owned(), message)));
    assert_eq!(ci.get("/v2/").await.status, 200, "the login itself is good");
    assert_eq!(ci.send(&ci.request("POST", "/v2/app/blobs/uploads/")).await.oci_error().0, "DENIED");
}
