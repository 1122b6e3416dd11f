//! The demo's client of the registry surface: plain HTTP, as small as it can be.

use anyhow::{Context as _, bail, ensure};
use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION};
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::ecr::protocol::TARGET_PREFIX;
use crate::registry::types::Digest;

/// An image as the demo pushes it.
pub(super) struct PushedImage {
    pub(super) digest: Digest,
    pub(super) manifest: Vec<u8>,
    pub(super) layer: Vec<u8>,
    pub(super) layer_digest: Digest,
}

/// A caller of one world in one region.
pub(super) struct Caller {
    http: Client,
    endpoint: String,
    access_key_id: String,
    region: String,
    login: Option<String>,
}

impl Caller {
    pub(super) fn new(http: Client, endpoint: &str, access_key_id: &str, region: &str) -> Self {
        Self {
            http,
            endpoint: endpoint.to_owned(),
            access_key_id: access_key_id.to_owned(),
            region: region.to_owned(),
            login: None,
        }
    }

    /// Calls an operation of the JSON API; answers status and body.
    pub(super) async fn ecr(&self, operation: &str, input: Value) -> anyhow::Result<(StatusCode, Value)> {
        // The fixture takes a caller's word for who it is: the credential says key and region, the signature is not checked.
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential={}/20260101/{}/ecr/aws4_request, SignedHeaders=host, Signature={}",
            self.access_key_id,
            self.region,
            "0".repeat(64)
        );
        let response = self
            .http
            .post(&self.endpoint)
            .header(CONTENT_TYPE, "application/x-amz-json-1.1")
            .header("x-amz-target", format!("{TARGET_PREFIX}.{operation}"))
            .header(AUTHORIZATION, authorization)
            .body(input.to_string())
            .send()
            .await?;
        let status = response.status();
        let body = response.bytes().await?;
        Ok((status, serde_json::from_slice(&body).with_context(|| format!("{operation} did not answer JSON"))?))
    }

    /// Logs in to the registry of this region.
    pub(super) async fn log_in(&mut self) -> anyhow::Result<()> {
        let (status, answer) = self.ecr("GetAuthorizationToken", json!({})).await?;
        ensure!(status == StatusCode::OK, "GetAuthorizationToken answered {status}: {answer}");
        let token = answer["authorizationData"][0]["authorizationToken"].as_str().context("no token")?;
        self.login = Some(format!("Basic {token}"));
        Ok(())
    }

    async fn oci(
        &self,
        method: Method,
        path: &str,
        content_type: Option<&str>,
        body: Vec<u8>,
    ) -> anyhow::Result<Response> {
        let mut request = self.http.request(method, format!("{}{path}", self.endpoint)).body(body);
        if let Some(login) = &self.login {
            request = request.header(AUTHORIZATION, login);
        }
        if let Some(content_type) = content_type {
            request = request.header(CONTENT_TYPE, content_type);
        }
        Ok(request.send().await?)
    }

    /// Pushes an image of one layer: uploads, then the manifest.
    pub(super) async fn push(&self, repository: &str, tag: &str) -> anyhow::Result<PushedImage> {
        let layer = format!("layer of {repository}:{tag}\n").repeat(4_096).into_bytes();
        let config = json!({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}});
        let config = config.to_string().into_bytes();
        let layer_digest = self.push_blob(repository, &layer).await?;
        let config_digest = self.push_blob(repository, &config).await?;
        let media_type = "application/vnd.oci.image.manifest.v1+json";
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": media_type,
            "config": {
                "mediaType": "application/vnd.oci.image.config.v1+json",
                "digest": config_digest.to_string(),
                "size": config.len(),
            },
            "layers": [{
                "mediaType": "application/vnd.oci.image.layer.v1.tar",
                "digest": layer_digest.to_string(),
                "size": layer.len(),
            }],
        });
        let manifest = manifest.to_string().into_bytes();
        let path = format!("/v2/{repository}/manifests/{tag}");
        let reply = self.oci(Method::PUT, &path, Some(media_type), manifest.clone()).await?;
        ensure!(reply.status() == StatusCode::CREATED, "the manifest was answered {}", reply.status());
        Ok(PushedImage { digest: Digest::sha256_of(&manifest), manifest, layer, layer_digest })
    }

    async fn push_blob(&self, repository: &str, bytes: &[u8]) -> anyhow::Result<Digest> {
        let digest = Digest::sha256_of(bytes);
        let started = self.oci(Method::POST, &format!("/v2/{repository}/blobs/uploads/"), None, Vec::new()).await?;
        ensure!(started.status() == StatusCode::ACCEPTED, "an upload was answered {}", started.status());
        let location = started.headers().get("location").context("no Location")?.to_str()?;
        let path = location.strip_prefix(&self.endpoint).unwrap_or(location).to_owned();
        let separator = if path.contains('?') { '&' } else { '?' };
        let finished = self
            .oci(
                Method::PUT,
                &format!("{path}{separator}digest={digest}"),
                Some("application/octet-stream"),
                bytes.to_vec(),
            )
            .await?;
        ensure!(finished.status() == StatusCode::CREATED, "a blob was answered {}", finished.status());
        Ok(digest)
    }

    /// Gets something below `/v2/`; answers the status and, if the body arrived whole, its bytes.
    pub(super) async fn pull(&self, path: &str) -> anyhow::Result<(StatusCode, Option<Bytes>)> {
        let mut reply = self.oci(Method::GET, path, None, Vec::new()).await?;
        if reply.status() == StatusCode::TEMPORARY_REDIRECT {
            // A blob lies elsewhere, under a URL that needs no login.
            let target = reply.headers().get(LOCATION).context("no Location")?.to_str()?.to_owned();
            reply = self.http.get(target).send().await?;
        }
        let status = reply.status();
        Ok((status, reply.bytes().await.ok()))
    }

    /// Status and failure code of an image's replication to `region`.
    pub(super) async fn replication(&self, repository: &str, digest: &Digest, region: &str) -> anyhow::Result<String> {
        let input = json!({"repositoryName": repository, "imageId": {"imageDigest": digest.to_string()}});
        let (status, answer) = self.ecr("DescribeImageReplicationStatus", input).await?;
        ensure!(status == StatusCode::OK, "DescribeImageReplicationStatus answered {status}: {answer}");
        for entry in answer["replicationStatuses"].as_array().into_iter().flatten() {
            if entry["region"] == region {
                let code = entry["failureCode"].as_str().map(|code| format!(" ({code})")).unwrap_or_default();
                return Ok(format!("{}{code}", entry["status"].as_str().unwrap_or_default()));
            }
        }
        bail!("no replication to {region}: {answer}")
    }
}
