//! What is wrong with a request is told exactly, and changes nothing: truncated, mistyped, misaddressed, too large, half sent.

use ecr_fixture::proto;
use serde_json::json;
use tonic::Code;

use crate::harness::{
    Caller, Connection, Image, Request, TestServer, TestWorld, field_violations, filler, reason, sha256, timestamp,
};

async fn app() -> (TestServer, TestWorld, Caller) {
    let server = TestServer::start().await;
    let world = server.world_with("app").await;
    let home = world.home().await;
    (server, world, home)
}

/// Sends a body to an operation; answers status, exception and message.
async fn answer(home: &Caller, operation: &str, body: &str) -> (u16, String, String) {
    let reply = home.ecr_reply(operation, body).await;
    let json = reply.json();
    let text = |name: &str| json[name].as_str().expect("a text").to_owned();
    (reply.status, text("__type"), text("message"))
}

fn told(status: u16, exception: &str, message: &str) -> (u16, String, String) {
    (status, exception.to_owned(), message.to_owned())
}

#[tokio::test]
async fn x_003_x_004_a_body_that_is_no_object_of_the_right_types_is_a_serialization_error() {
    let (_server, _world, home) = app().await;
    for (body, message) in [
        (r#"{"repositoryName": "app""#, "EOF while parsing an object at line 1 column 24"),
        (r#"{"repositoryName": 7}"#, "invalid type: integer `7`, expected a string at line 1 column 20"),
        ("[]", "invalid type: sequence, expected an object at line 1 column 0"),
        ("", "EOF while parsing a value at line 1 column 0"),
    ] {
        let expected = told(400, "SerializationException", message);
        assert_eq!(answer(&home, "CreateRepository", body).await, expected, "{body}");
    }
}

#[tokio::test]
async fn x_002_a_missing_member_is_named() {
    let (_server, _world, home) = app().await;
    let message = "Invalid parameter at 'repositoryName' failed to satisfy constraint: 'must not be null'";
    for body in ["{}", r#"{"repositoryName": null}"#] {
        let expected = told(400, "InvalidParameterException", message);
        assert_eq!(answer(&home, "CreateRepository", body).await, expected, "{body}");
    }
}

#[tokio::test]
async fn x_005_members_that_nobody_knows_are_ignored() {
    let (_server, _world, home) = app().await;
    home.ok("CreateRepository", json!({"repositoryName": "bb", "colour": {"of": ["no", "interest"]}})).await;
}

#[tokio::test]
async fn a_target_that_nobody_has_is_an_unknown_operation() {
    let (_server, _world, home) = app().await;
    for (target, named) in [("AmazonEC2ContainerRegistry_V20150921.Fly", true), ("Fly", true), ("", false)] {
        let request = home.ecr_request("ListImages", "{}").header("X-Amz-Target", target);
        let reply = home.send(&request).await;
        assert_eq!((reply.status, reply.header("x-amzn-errortype")), (400, "UnknownOperationException"), "{target}");
        let message = reply.json()["message"].as_str().expect("a message").to_owned();
        assert!(!named || message == format!("no operation has the target `{target}`"), "{message}");
    }
}

#[tokio::test]
async fn a_call_without_a_signature_is_refused() {
    let (server, _world, _home) = app().await;
    let request = Request::new("POST", "/")
        .header("X-Amz-Target", "AmazonEC2ContainerRegistry_V20150921.DescribeRegistry")
        .body("{}");
    let reply = Connection::open(server.registry()).await.exchange(&request).await.whole();
    assert_eq!(reply.status, 400);
    let expected = json!({"__type": "MissingAuthenticationTokenException", "message": "Missing Authentication Token"});
    assert_eq!(reply.json(), expected);
}

#[tokio::test]
async fn a_011_a_manifest_of_five_mebibytes_is_too_large_on_both_surfaces() {
    let (_server, world, home) = app().await;
    let large = vec![b' '; 5 << 20];
    let message = "Invalid parameter at 'imageManifest' failed to satisfy constraint: 'must have length less than or equal \
                   to 4194304'";
    let before = world.seq().await;
    let reply = home.send(&home.manifest_request("app", "v1", &large)).await;
    assert_eq!((reply.status, reply.oci_error()), (413, ("SIZE_INVALID".to_owned(), message.to_owned())));
    let input = json!({"repositoryName": "app", "imageManifest": String::from_utf8(large).unwrap()});
    let expected = told(400, "InvalidParameterException", message);
    assert_eq!(answer(&home, "PutImage", &input.to_string()).await, expected);
    let empty = json!({"repositoryName": "app", "imageManifest": ""}).to_string();
    let message = "Invalid parameter at 'imageManifest' failed to satisfy constraint: 'must have length greater than or equal \
                   to 1'";
    assert_eq!(answer(&home, "PutImage", &empty).await, told(400, "InvalidParameterException", message));
    assert_eq!(world.seq().await, before, "nothing changed");
}

#[tokio::test]
async fn c_051_c_054_c_099_unconfirmed_a_digest_that_is_not_that_of_the_bytes_drops_the_upload() {
    let (_server, _world, home) = app().await;
    let expected = sha256(b"expected");
    let upload = home.begin_upload("app").await;
    let id = upload.rsplit('/').next().expect("an id").to_owned();
    let reply = home.send(&home.request("PUT", &format!("{upload}?digest={expected}")).body(*b"something else")).await;
    let message = format!(
        "None of the provided layer digests '[{expected}]' match the digest that Amazon ECR has calculated for the upload \
         with id '{id}' in the repository with name 'app' in the registry with id '123456789012'"
    );
    assert_eq!((reply.status, reply.oci_error()), (400, ("DIGEST_INVALID".to_owned(), message)));
    assert_eq!(home.get(&upload).await.status, 404);
    assert_eq!(home.head(&format!("/v2/app/blobs/{expected}")).await.status, 404);
    assert_eq!(home.head(&format!("/v2/app/blobs/{}", sha256(b"something else"))).await.status, 404);
}

#[tokio::test]
async fn c_066_a_manifest_under_another_digest_is_refused() {
    let (_server, _world, home) = app().await;
    let (image, other) = (Image::new(1), sha256(b"other"));
    home.push_blobs("app", &image).await;
    let reply = home.send(&home.manifest_request("app", &other, &image.manifest)).await;
    let message = format!(
        "The image with digest '{other}' in repository 'app' and registry ID '123456789012' does not match the image \
         digest that Amazon ECR has calculated."
    );
    assert_eq!((reply.status, reply.oci_error()), (400, ("MANIFEST_INVALID".to_owned(), message)));
}

#[tokio::test]
async fn c_053_an_upload_that_ends_without_a_digest_is_refused() {
    let (_server, _world, home) = app().await;
    let upload = home.begin_upload("app").await;
    let reply = home.send(&home.request("PUT", &upload).body(*b"x")).await;
    let message = "the digest of the upload is missing";
    assert_eq!((reply.status, reply.oci_error()), (400, ("DIGEST_INVALID".to_owned(), message.to_owned())));
    assert_eq!(home.get(&upload).await.header("range"), "0-0", "the upload goes on without those bytes");
}

#[tokio::test]
async fn c_056_an_upload_that_ends_without_a_byte_is_refused() {
    let (_server, _world, home) = app().await;
    let upload = home.begin_upload("app").await;
    let reply = home.send(&home.request("PUT", &format!("{upload}?digest={}", sha256(b"")))).await;
    let id = upload.rsplit('/').next().expect("an id");
    let message = format!(
        "The upload with id '{id}' in the repository with name 'app' in the registry with id '123456789012' does not \
         contain any layer parts"
    );
    assert_eq!((reply.status, reply.oci_error()), (400, ("BLOB_UPLOAD_INVALID".to_owned(), message)));
}

#[tokio::test]
async fn c_068_a_manifest_of_another_type_than_it_says_is_refused() {
    let (_server, _world, home) = app().await;
    let image = Image::new(1);
    home.push_blobs("app", &image).await;
    let docker = "application/vnd.docker.distribution.manifest.v2+json";
    let request = home.manifest_request("app", "v1", &image.manifest).header("Content-Type", docker);
    let reply = home.send(&request).await;
    assert_eq!((reply.status, reply.oci_error().0.as_str()), (405, "UNSUPPORTED"));
    assert_eq!(home.get("/v2/app/manifests/v1").await.status, 404);
}

#[tokio::test]
async fn a_015_a_manifest_that_is_none_is_refused_on_both_surfaces() {
    let (_server, _world, home) = app().await;
    let reply = home.send(&home.manifest_request("app", "v1", b"not a manifest")).await;
    let (code, message) = reply.oci_error();
    assert_eq!((reply.status, code.as_str()), (405, "UNSUPPORTED"));
    let input = json!({"repositoryName": "app", "imageManifest": "not a manifest"});
    let expected = told(400, "InvalidParameterException", &message);
    assert_eq!(answer(&home, "PutImage", &input.to_string()).await, expected);
}

#[tokio::test]
async fn a_world_that_does_not_exist_is_421_in_the_voice_of_each_surface() {
    let (_server, _world, home) = app().await;
    let message = "header x-fixture-world names world `nowhere`, which does not exist or has finished";
    let plain = Caller::new(home.address, "AKIAIOSFODNN7EXAMPLE", "us-east-1");
    let reply = plain.send(&plain.ecr_request("DescribeRegistry", "{}").header("X-Fixture-World", "nowhere")).await;
    assert_eq!(reply.status, 421);
    assert_eq!(reply.json(), json!({"__type": "WorldNotFoundException", "message": message}));
    let reply = plain.send(&Request::new("GET", "/v2/").header("X-Fixture-World", "nowhere")).await;
    assert_eq!((reply.status, reply.oci_error()), (421, ("UNKNOWN".to_owned(), message.to_owned())));
}

#[tokio::test]
async fn two_addresses_that_disagree_are_421_with_both_named() {
    let (server, world, home) = app().await;
    let other = server.world().await;
    let (id, other_id) = (&world.connection().world_header, &other.connection().world_header);
    let message = format!(
        "the credential names world `{id}` and header x-fixture-world names world `{other_id}`; a call can be for one \
         world only"
    );
    let reply = home.send(&home.ecr_request("DescribeRegistry", "{}").header("X-Fixture-World", other_id)).await;
    assert_eq!((reply.status, reply.json()["message"].as_str()), (421, Some(message.as_str())));
    let reply = home.send(&home.request("GET", "/v2/").header("X-Fixture-World", other_id)).await;
    assert_eq!((reply.status, reply.oci_error()), (421, ("UNKNOWN".to_owned(), message)));
    let agreeing = home.send(&home.request("GET", "/v2/").header("X-Fixture-World", id)).await;
    assert_eq!(agreeing.status, 200);
}

#[tokio::test]
async fn a_rule_with_a_typo_is_refused_with_a_caret_under_it() {
    let (_server, world, _home) = app().await;
    let status = world.try_fault("on ecr:PutImage where repositry = app do status(503)").await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::InvalidArgument, "UNKNOWN_FACT"));
    let expected = "line 1, column 23: unknown fact `repositry`; did you mean `repository`?\n  \
                    on ecr:PutImage where repositry = app do status(503)\n                        ^^^^^^^^^";
    assert_eq!(field_violations(&status), [("text".to_owned(), expected.to_owned())]);
    assert!(world.rules().await.is_empty());
}

#[tokio::test]
async fn every_wrong_rule_is_told_at_once_and_no_rule_is_applied() {
    let (_server, world, _home) = app().await;
    let text = "on ecr:PutImage do status(503)\non ecr:PutImag do status(503)\non oci:blob.get do lose_reply(maybe)";
    let status = world.try_fault(text).await.unwrap_err();
    let violations = field_violations(&status);
    assert_eq!(violations.len(), 2, "{violations:?}");
    assert!(violations[0].1.starts_with("line 2, column ") && violations[0].1.contains("`PutImage`"), "{violations:?}");
    assert!(violations[1].1.starts_with("line 3, column "), "{violations:?}");
    assert!(world.rules().await.is_empty());
}

#[tokio::test]
async fn a_rule_whose_action_is_illegal_at_its_point_names_those_that_are_legal() {
    let (_server, world, _home) = app().await;
    let status = world.try_fault("on oci:blob.get@after do status(503)").await.unwrap_err();
    assert_eq!(reason(&status), "ILLEGAL_ACTION_AT_POINT");
    let violations = field_violations(&status);
    let expected = "`status` cannot be done to `oci` at `after`, only `delay`, `hold`, `lose_reply`";
    assert!(violations.len() == 1 && violations[0].1.contains(expected), "{violations:?}");
}

#[tokio::test]
async fn a_rule_given_as_a_tree_is_refused_by_field_path() {
    let (_server, world, _home) = app().await;
    let target =
        proto::Target { surface: "task".to_owned(), operation: "replication".to_owned(), ..Default::default() };
    let action = proto::action::Kind::Status(proto::StatusAction { code: Some(503), ..Default::default() });
    let step = proto::Step { actions: vec![proto::Action { kind: Some(action) }], ..Default::default() };
    let rule = proto::Rule { target: Some(target), steps: vec![step], ..Default::default() };
    let request = proto::ApplyRulesRequest { world: world.name(), rules: vec![rule], ..Default::default() };
    let status = world.plane.clone().faults.apply_rules(request).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::InvalidArgument, "ILLEGAL_ACTION_AT_POINT"));
    assert_eq!(field_violations(&status)[0].0, "rules[0].steps[0].actions[0]");
}

#[tokio::test]
async fn time_never_goes_back() {
    let (_server, world, _home) = app().await;
    let now = world.now().await;
    let backwards = proto::advance_request::Target::To(timestamp(now.seconds - 1));
    let status = world.try_advance(backwards).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::FailedPrecondition, "CLOCK_BACKWARDS"));
    let request = proto::UpdateClockRequest { world: world.name(), now: Some(timestamp(0)), ..Default::default() };
    let status = world.plane.clone().clock.update_clock(request).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::FailedPrecondition, "CLOCK_BACKWARDS"));
    assert_eq!(world.now().await, now);
}

#[tokio::test]
async fn an_unknown_world_is_not_found_on_the_control_plane() {
    let server = TestServer::start().await;
    let request = proto::GetWorldRequest { world: "worlds/nowhere".to_owned() };
    let status = server.plane.clone().worlds.get_world(request).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::NotFound, "WORLD_NOT_FOUND"));
}

#[tokio::test]
async fn a_fork_is_not_named_by_a_prefix_that_no_world_could_have() {
    let server = TestServer::start().await;
    let world = server.world().await;
    let mut worlds = server.plane.clone().worlds;
    let mut names = async || {
        let listed = worlds.list_worlds(proto::ListWorldsRequest {}).await.unwrap().into_inner().worlds;
        listed.into_iter().map(|world| world.name).collect::<Vec<String>>()
    };
    let before = names().await;
    for prefix in ["Bad_Name", "\u{20ac}\u{20ac}\u{20ac}"] {
        let request =
            proto::ForkWorldRequest { world: world.name(), id_prefix: Some(prefix.to_owned()), ..Default::default() };
        let status = server.plane.clone().worlds.fork_world(request).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{prefix}: {status:?}");
        let paths: Vec<String> = field_violations(&status).into_iter().map(|(path, _)| path).collect();
        assert_eq!(paths, ["id_prefix"], "{prefix}");
    }
    assert_eq!(names().await, before);
    assert_eq!(world.home().await.get("/v2/").await.status, 200);
}

/// Sends half of a body of 4 MiB and hangs up; answers the path of the upload and the bytes.
async fn vanish(home: &Caller, content_range: Option<&str>) -> (String, Vec<u8>) {
    let bytes = filler(9, 4 << 20);
    let upload = home.begin_upload("app").await;
    let mut request = home.request("PATCH", &upload).body(bytes.clone());
    if let Some(range) = content_range {
        request = request.header("Content-Range", range);
    }
    let mut connection = Connection::open(home.address).await;
    connection.send_part(&request, bytes.len() / 2).await;
    drop(connection);
    (upload, bytes)
}

#[tokio::test]
async fn c_049_a_client_that_vanishes_in_the_middle_of_a_layer_leaves_nothing_behind() {
    let (_server, world, home) = app().await;
    let (upload, bytes) = vanish(&home, None).await;
    let call = world.finished_call("oci:upload.patch").await;
    assert_eq!(call.outcome(), proto::Outcome::ClientGone);
    assert_eq!((call.status, call.revision_before), (None, call.revision_after), "nothing was committed");
    assert_eq!(home.get(&upload).await.header("range"), "0-0");
    // The retry of the whole body is taken as if nothing had been sent.
    let digest = sha256(&bytes);
    let retried = home.send(&home.request("PATCH", &upload).body(bytes.clone())).await;
    assert_eq!(retried.status, 201);
    assert_eq!(home.send(&home.request("PUT", &format!("{upload}?digest={digest}"))).await.status, 201);
    assert!(home.get(&format!("/v2/app/blobs/{digest}")).await.body == bytes);
}

#[tokio::test]
async fn what_a_client_sent_with_a_content_range_before_it_vanished_stays() {
    let (_server, world, home) = app().await;
    let (upload, bytes) = vanish(&home, Some("0-4194303")).await;
    let call = world.finished_call("oci:upload.patch").await;
    assert_eq!(call.outcome(), proto::Outcome::ClientGone);
    let status = home.get(&upload).await;
    let last: usize = status.header("range").strip_prefix("0-").and_then(|last| last.parse().ok()).expect("a range");
    assert_eq!(last + 1, bytes.len() / 2, "whatever arrived");
    assert_eq!(call.bytes_in, (bytes.len() / 2) as u64);
    // The client goes on from there and ends the upload.
    let rest = bytes[last + 1..].to_vec();
    let range = format!("{}-{}", last + 1, bytes.len() - 1);
    let resumed = home.send(&home.request("PATCH", &upload).header("Content-Range", range).body(rest)).await;
    assert_eq!(resumed.status, 201);
    let digest = sha256(&bytes);
    let finished = home.send(&home.request("PUT", &format!("{upload}?digest={digest}"))).await;
    assert_eq!(finished.status, 201, "{}", finished.text());
    assert!(home.get(&format!("/v2/app/blobs/{digest}")).await.body == bytes);
}

#[tokio::test]
async fn a_client_that_vanishes_in_the_middle_of_a_manifest_pushes_nothing() {
    let (_server, world, home) = app().await;
    let image = Image::new(1);
    home.push_blobs("app", &image).await;
    let request = home.manifest_request("app", "v1", &image.manifest);
    let mut connection = Connection::open(home.address).await;
    connection.send_part(&request, 100).await;
    drop(connection);
    let call = world.finished_call("oci:manifest.put").await;
    assert_eq!((call.outcome(), call.status), (proto::Outcome::ClientGone, None));
    assert_eq!(home.get("/v2/app/manifests/v1").await.status, 404);
    home.push("app", "v1", &image).await;
}

#[tokio::test]
async fn what_is_no_http_ends_its_connection_and_nothing_else() {
    let (_server, _world, home) = app().await;
    for garbage in ["\x16\x03\x01\x02\x00\x01", "GET / HTTP/9.9\r\n\r\n"] {
        let mut connection = Connection::open(home.address).await;
        connection.send_raw(garbage.as_bytes()).await;
        let received = connection.receive("GET").await;
        assert_eq!(received.reply.map(|reply| reply.status), Some(400), "{garbage:?}: {:?}", received.end);
    }
    assert_eq!(home.get("/v2/").await.status, 200);
}
