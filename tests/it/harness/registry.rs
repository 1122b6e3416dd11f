//! A client of both faces of the registry surface, in one region, with a minted key.

use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::http::{Received, Reply, Request};
use super::image::{Image, OCI_MANIFEST, sha256};
use super::tls::Way;

const TARGET_PREFIX: &str = "AmazonEC2ContainerRegistry_V20150921";
const JSON: &str = "application/x-amz-json-1.1";

/// Somebody who calls.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) address: SocketAddr,
    access_key: String,
    region: String,
    login: Option<String>,
    way: Way,
}

impl Caller {
    pub(crate) fn new(address: SocketAddr, access_key: &str, region: &str) -> Self {
        Self { address, access_key: access_key.to_owned(), region: region.to_owned(), login: None, way: Way::Plain }
    }

    /// The header of a signed request. The fixture takes a caller's word; the signature is of the right form only.
    pub(crate) fn authorization(&self) -> String {
        format!(
            "AWS4-HMAC-SHA256 Credential={}/20260101/{}/ecr/aws4_request, SignedHeaders=host;x-amz-date, Signature={}",
            self.access_key,
            self.region,
            "5e".repeat(32)
        )
    }

    /// A request of the JSON API.
    pub(crate) fn ecr_request(&self, operation: &str, body: impl Into<Vec<u8>>) -> Request {
        Request::new("POST", "/")
            .header("Content-Type", JSON)
            .header("X-Amz-Target", format!("{TARGET_PREFIX}.{operation}"))
            .header("Authorization", self.authorization())
            .body(body)
    }

    /// Calls an operation and answers its whole reply, after checks that hold for every reply of the JSON API.
    pub(crate) async fn ecr_reply(&self, operation: &str, body: impl Into<Vec<u8>>) -> Reply {
        let reply = self.send(&self.ecr_request(operation, body)).await;
        assert_eq!(reply.header("content-type"), JSON, "{operation}: {reply:?}");
        assert!(is_uuid(reply.header("x-amzn-requestid")), "{operation}: {reply:?}");
        reply
    }

    /// Calls an operation; answers status and body.
    pub(crate) async fn ecr(&self, operation: &str, input: Value) -> (u16, Value) {
        let reply = self.ecr_reply(operation, input.to_string()).await;
        (reply.status, reply.json())
    }

    /// Calls an operation that must succeed; answers its body.
    pub(crate) async fn ok(&self, operation: &str, input: Value) -> Value {
        let (status, body) = self.ecr(operation, input).await;
        assert_eq!(status, 200, "{operation}: {body}");
        body
    }

    /// Calls an operation that must be refused; answers status, exception and message, which are all of the body.
    pub(crate) async fn refused(&self, operation: &str, input: Value) -> (u16, String, String) {
        let reply = self.ecr_reply(operation, input.to_string()).await;
        let body = reply.json();
        let text = |name: &str| body[name].as_str().unwrap_or_else(|| panic!("no {name} in {body}")).to_owned();
        assert_eq!(reply.header("x-amzn-errortype"), text("__type"), "{reply:?}");
        (reply.status, text("__type"), text("message"))
    }

    /// The password of a login to this region's registry.
    pub(crate) async fn password(&self) -> String {
        let answer = self.ok("GetAuthorizationToken", json!({})).await;
        let token = answer["authorizationData"][0]["authorizationToken"].as_str().expect("a token");
        let plain = String::from_utf8(STANDARD.decode(token).expect("base64")).expect("text");
        plain.strip_prefix("AWS:").expect("the user is AWS").to_owned()
    }

    pub(crate) async fn logged_in(mut self) -> Self {
        self.login = Some(basic(&self.password().await));
        self
    }

    /// The same caller with another login.
    pub(crate) fn with_password(mut self, password: &str) -> Self {
        self.login = Some(basic(password));
        self
    }

    /// The same caller at another address.
    pub(crate) fn at(mut self, address: SocketAddr) -> Self {
        self.address = address;
        self
    }

    /// The same caller by another way.
    pub(crate) fn by(mut self, way: Way) -> Self {
        self.way = way;
        self
    }

    /// A request of the registry surface, with the login if there is one.
    pub(crate) fn request(&self, method: &str, target: &str) -> Request {
        let request = Request::new(method, target);
        match &self.login {
            Some(login) => request.header("Authorization", login),
            None => request,
        }
    }

    /// Sends a request on a connection of its own; the reply must be whole.
    pub(crate) async fn send(&self, request: &Request) -> Reply {
        self.exchange(request).await.whole()
    }

    /// Sends a request on a connection of its own, however the answer ends. Follows a redirect, as clients do.
    pub(crate) async fn exchange(&self, request: &Request) -> Received {
        let received = self.exchange_once(request).await;
        match &received.reply {
            Some(reply) if reply.status == 307 => {
                let target = self.path_of(reply.header("location"));
                self.exchange_once(&request.redirected(&target)).await
            }
            _ => received,
        }
    }

    /// Sends a request on a connection of its own and follows no redirect.
    pub(crate) async fn exchange_once(&self, request: &Request) -> Received {
        // A handshake is large, and most tests have none.
        Box::pin(self.way.exchange(self.address, request)).await
    }

    pub(crate) async fn get(&self, target: &str) -> Reply {
        self.send(&self.request("GET", target)).await
    }

    pub(crate) async fn head(&self, target: &str) -> Reply {
        self.send(&self.request("HEAD", target)).await
    }

    pub(crate) async fn delete(&self, target: &str) -> Reply {
        self.send(&self.request("DELETE", target)).await
    }

    /// Begins an upload; answers its path.
    pub(crate) async fn begin_upload(&self, repository: &str) -> String {
        let started = self.send(&self.request("POST", &format!("/v2/{repository}/blobs/uploads/"))).await;
        assert_eq!(started.status, 202, "{started:?}");
        self.path_of(started.header("location"))
    }

    /// The path of a URL of ours; a path stays what it is.
    pub(crate) fn path_of(&self, url: &str) -> String {
        if url.starts_with('/') {
            return url.to_owned();
        }
        let base = format!("{}://{}", self.way.scheme(), self.address);
        url.strip_prefix(&base).unwrap_or_else(|| panic!("{url} is not below {base}")).to_owned()
    }

    /// Uploads a blob by POST and PUT; answers its digest.
    pub(crate) async fn push_blob(&self, repository: &str, bytes: &[u8]) -> String {
        let digest = sha256(bytes);
        let upload = self.begin_upload(repository).await;
        let request = self.request("PUT", &format!("{upload}?digest={digest}")).body(bytes);
        let finished = self.send(&request).await;
        assert_eq!(finished.status, 201, "{finished:?}");
        digest
    }

    pub(crate) fn manifest_request(&self, repository: &str, reference: &str, manifest: &[u8]) -> Request {
        self.request("PUT", &format!("/v2/{repository}/manifests/{reference}"))
            .header("Content-Type", OCI_MANIFEST)
            .body(manifest)
    }

    /// Uploads the blobs of an image.
    pub(crate) async fn push_blobs(&self, repository: &str, image: &Image) {
        self.push_blob(repository, &image.layer).await;
        self.push_blob(repository, &image.config).await;
    }

    /// Pushes an image under a tag or a digest.
    pub(crate) async fn push(&self, repository: &str, reference: &str, image: &Image) {
        self.push_blobs(repository, image).await;
        let reply = self.send(&self.manifest_request(repository, reference, &image.manifest)).await;
        assert_eq!(reply.status, 201, "{reply:?}");
    }

    /// Fails unless an image is there, byte for byte, with its blobs.
    pub(crate) async fn pulls(&self, repository: &str, reference: &str, image: &Image) {
        let manifest = self.get(&format!("/v2/{repository}/manifests/{reference}")).await;
        assert_eq!((manifest.status, &manifest.body), (200, &image.manifest));
        for blob in [&image.layer, &image.config] {
            let reply = self.get(&format!("/v2/{repository}/blobs/{}", sha256(blob))).await;
            assert_eq!(reply.status, 200, "{reply:?}");
            assert!(reply.body == *blob, "the blob differs");
        }
    }

    /// Status and failure code of an image's replication to a region, e.g. `FAILED UPSTREAM_TIMEOUT`.
    pub(crate) async fn replication(&self, repository: &str, image: &Image, region: &str) -> String {
        let input = json!({"repositoryName": repository, "imageId": {"imageDigest": image.digest()}});
        let answer = self.ok("DescribeImageReplicationStatus", input).await;
        let statuses = answer["replicationStatuses"].as_array().expect("an array");
        let found: Vec<&Value> = statuses.iter().filter(|status| status["region"] == region).collect();
        assert_eq!(found.len(), 1, "{answer}");
        let code = found[0]["failureCode"].as_str().map(|code| format!(" {code}")).unwrap_or_default();
        format!("{}{code}", found[0]["status"].as_str().expect("a status"))
    }
}

fn basic(password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("AWS:{password}")))
}

pub(crate) fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    lengths == [8, 4, 4, 4, 12] && groups.concat().bytes().all(|byte| byte.is_ascii_hexdigit())
}
