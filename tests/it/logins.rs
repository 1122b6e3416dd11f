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
