//! A small registry client on the data port: login, push, pull.
//!
//! It behaves as a plain OCI client: whatever a fault does to a call becomes `Error::Registry`, and nothing is retried.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::content::{Content, MANIFEST_TYPE, digest_of};
use crate::errors::{Error, Result, Violation};
use crate::http::{Answer, Http};
use crate::records::{Aws, Blob, Image, Login};
use crate::sigv4::signed_headers;
use crate::trust::Trust;

const AWS_TARGET: &str = "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken";
const INDEX_TYPES: [&str; 2] =
    ["application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"];
const DOCKER_MANIFEST_TYPE: &str = "application/vnd.docker.distribution.manifest.v2+json";
const PATH_CHARACTERS: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// `repository[:tag][@digest]`; the tag is `latest` if neither is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    text: String,
    pub(crate) repository: String,
    pub(crate) tag: String,
    digest: Option<String>,
}

impl Reference {
    /// Reads a reference without a host.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let (named, digest) = match text.split_once('@') {
            Some((named, digest)) => (named, Some(digest)),
            None => (text, None),
        };
        let (repository, tag) = match named.split_once(':') {
            Some((repository, tag)) => (repository, Some(tag)),
            None => (named, None),
        };
        let is_digest = |digest: &str| {
            let hash = digest.strip_prefix("sha256:").unwrap_or_default();
            hash.len() == 64 && hash.bytes().all(|letter| matches!(letter, b'0'..=b'9' | b'a'..=b'f'))
        };
        let fits = !repository.is_empty()
            && tag.is_none_or(|tag| !tag.is_empty() && !tag.contains(':'))
            && digest.is_none_or(is_digest);
        if !fits {
            let description = format!("{text:?}; write \"app:v1\" or \"app@sha256:…\", without a host");
            let violation = Violation { field: "reference".to_owned(), description };
            return Err(Error::invalid("not a reference", vec![violation]));
        }
        Ok(Self {
            text: text.to_owned(),
            repository: repository.to_owned(),
            tag: tag.unwrap_or(if digest.is_some() { "" } else { "latest" }).to_owned(),
            digest: digest.map(str::to_owned),
        })
    }

    fn path(&self, rest: &str) -> String {
        format!("/v2/{}/{rest}", quoted(&self.repository))
    }
}

/// Calls `GetAuthorizationToken`, as `docker login` to ECR does.
pub(crate) async fn log_in(aws: &Aws, registry_host: &str, trust: &Trust) -> Result<Login> {
    let what = "GetAuthorizationToken";
    let endpoint: Uri = aws.endpoint.parse().map_err(|error| Error::broken(what, error))?;
    let host = endpoint.authority().map(ToString::to_string).unwrap_or_default();
    #[expect(
        clippy::disallowed_methods,
        reason = "a signature is of the caller's real time; the one place that needs it"
    )]
    let now = std::time::SystemTime::now();
    let mut headers = HeaderMap::new();
    for (name, value) in signed_headers(aws, &host, AWS_TARGET, b"{}", now) {
        // The connection writes the host by itself.
        if name != "host" {
            headers.insert(HeaderName::from_static(name), value.parse().map_err(|error| Error::broken(what, error))?);
        }
    }
    let answer = Http::new(&host, trust).send(Method::POST, "/", &headers, Bytes::from_static(b"{}")).await?;
    if answer.status != StatusCode::OK {
        return Err(refused(what, &answer));
    }
    let form: Value = serde_json::from_slice(&answer.body).map_err(|error| Error::broken(what, error))?;
    let token = form["authorizationData"][0]["authorizationToken"].as_str().unwrap_or_default();
    let decoded = BASE64.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
    let (username, password) = decoded.split_once(':').ok_or_else(|| Error::broken(what, "it has no token"))?;
    Ok(Login { username: username.to_owned(), password: password.to_owned(), host: registry_host.to_owned() })
}

/// The value of `auth` in Docker's config, and of Basic authorization.
pub(crate) fn basic_secret(login: &Login) -> String {
    BASE64.encode(format!("{}:{}", login.username, login.password))
}

/// A logged-in client of one registry.
pub(crate) struct Registry {
    http: Http,
    headers: HeaderMap,
}

impl Registry {
    pub(crate) fn new(login: &Login, trust: &Trust) -> Result<Self> {
        let authorization = HeaderValue::from_str(&format!("Basic {}", basic_secret(login)))
            .map_err(|error| Error::broken("login", error))?;
        let headers = HeaderMap::from_iter([(http::header::AUTHORIZATION, authorization)]);
        Ok(Self { http: Http::new(&login.host, trust), headers })
    }

    /// Uploads layers and config, then the manifest. One POST and one PUT for each blob.
    pub(crate) async fn push(&mut self, reference: &Reference, content: Content) -> Result<Image> {
        for (blob, bytes) in content.layers.iter().chain([&content.config]) {
            let uploads = reference.path("blobs/uploads/");
            let started = self.ask(Method::POST, &uploads, None, Bytes::new(), &[StatusCode::ACCEPTED]).await?;
            let place = location(&uploads, &started)?;
            let query = place.query().map(|query| format!("{query}&")).unwrap_or_default();
            let path = format!("{}?{query}digest={}", place.path(), quoted(&blob.digest));
            let kind = Some("application/octet-stream");
            self.ask(Method::PUT, &path, kind, bytes.clone(), &[StatusCode::CREATED]).await?;
        }
        let name = if reference.tag.is_empty() { &content.digest } else { &reference.tag };
        let path = reference.path(&format!("manifests/{}", quoted(name)));
        let done = [StatusCode::OK, StatusCode::CREATED];
        self.ask(Method::PUT, &path, Some(MANIFEST_TYPE), content.manifest.clone(), &done).await?;
        Ok(Image {
            reference: reference.text.clone(),
            repository: reference.repository.clone(),
            digest: content.digest,
            media_type: MANIFEST_TYPE.to_owned(),
            manifest: content.manifest.into(),
            config: content.config.0,
            layers: content.layers.into_iter().map(|(blob, _)| blob).collect(),
        })
    }

    /// Downloads manifest and blobs and checks them; of several platforms `linux/amd64`, or else the first.
    pub(crate) async fn pull(&mut self, reference: &Reference) -> Result<Image> {
        let name = reference.digest.as_ref().unwrap_or(&reference.tag);
        let mut manifest = self.manifest(reference, name).await?;
        if INDEX_TYPES.contains(&manifest.media_type.as_str()) {
            let child = chosen(&manifest.form).ok_or_else(|| Error::broken("pull", "the index names no manifest"))?;
            manifest = self.manifest(reference, &child).await?;
        }
        let config = blob(&manifest.form["config"])?;
        let listed = manifest.form["layers"].as_array().map(Vec::as_slice).unwrap_or_default();
        let layers: Vec<Blob> = listed.iter().map(blob).collect::<Result<_>>()?;
        for blob in layers.iter().chain([&config]) {
            self.check_blob(reference, blob).await?;
        }
        Ok(Image {
            reference: reference.text.clone(),
            repository: reference.repository.clone(),
            digest: manifest.digest,
            media_type: manifest.media_type,
            manifest: manifest.bytes.into(),
            config,
            layers,
        })
    }

    /// A manifest; asked by digest, its bytes must hash to it.
    async fn manifest(&mut self, reference: &Reference, name: &str) -> Result<Manifest> {
        let path = reference.path(&format!("manifests/{}", quoted(name)));
        let what = format!("GET {path}");
        let mut headers = self.headers.clone();
        let accept = [MANIFEST_TYPE, DOCKER_MANIFEST_TYPE, INDEX_TYPES[0], INDEX_TYPES[1]].join(", ");
        headers.insert(http::header::ACCEPT, accept.parse().map_err(|error| Error::broken(&what, error))?);
        let answer = self.http.send(Method::GET, &path, &headers, Bytes::new()).await?;
        if answer.status != StatusCode::OK {
            return Err(refused(&what, &answer));
        }
        let digest = digest_of(&answer.body);
        if name.starts_with("sha256:") && name != digest {
            return Err(corrupt(&what, &format!("the manifest hashes to {digest}")));
        }
        let media_type = header(&answer, http::header::CONTENT_TYPE).split(';').next().unwrap_or_default().trim();
        let media_type = media_type.to_owned();
        let form = serde_json::from_slice(&answer.body).map_err(|error| Error::broken(&what, error))?;
        Ok(Manifest { bytes: answer.body, form, media_type, digest })
    }

    /// Downloads a blob and compares size and hash with its descriptor, without keeping it.
    async fn check_blob(&mut self, reference: &Reference, blob: &Blob) -> Result<()> {
        let path = reference.path(&format!("blobs/{}", quoted(&blob.digest)));
        let (mut hasher, mut size) = (Sha256::new(), 0);
        let mut count = |piece: &[u8]| {
            hasher.update(piece);
            size += piece.len() as u64;
        };
        let mut answer = self.http.stream(&path, &self.headers, &mut count).await?;
        if matches!(answer.status, StatusCode::FOUND | StatusCode::TEMPORARY_REDIRECT) {
            // The login stays behind: the address carries its own permission.
            let place = location(&path, &answer)?;
            let host = place.authority().map_or_else(|| self.http.host().to_owned(), ToString::to_string);
            let target = place.path_and_query().map_or("/", |path| path.as_str());
            answer = self.http.to(&host).stream(target, &HeaderMap::new(), &mut count).await?;
        }
        let what = format!("GET {path}");
        if answer.status != StatusCode::OK {
            return Err(refused(&what, &answer));
        }
        let digest = format!("sha256:{}", hex::encode(hasher.finalize()));
        if (size, &digest) != (blob.size, &blob.digest) {
            let found =
                format!("the body has {size} bytes that hash to {digest}, not {} of {}", blob.size, blob.digest);
            return Err(corrupt(&what, &found));
        }
        Ok(())
    }

    async fn ask(
        &mut self,
        method: Method,
        path: &str,
        content_type: Option<&'static str>,
        body: Bytes,
        expected: &[StatusCode],
    ) -> Result<Answer> {
        let what = format!("{method} {path}");
        let mut headers = self.headers.clone();
        if let Some(content_type) = content_type {
            headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        let answer = self.http.send(method, path, &headers, body).await?;
        if expected.contains(&answer.status) { Ok(answer) } else { Err(refused(&what, &answer)) }
    }
}

struct Manifest {
    bytes: Bytes,
    form: Value,
    media_type: String,
    digest: String,
}

fn blob(descriptor: &Value) -> Result<Blob> {
    let text = |name: &str| descriptor[name].as_str().map(str::to_owned);
    let blob =
        || Some(Blob { digest: text("digest")?, size: descriptor["size"].as_u64()?, media_type: text("mediaType")? });
    blob().ok_or_else(|| Error::broken("pull", format!("the manifest has a descriptor that is none: {descriptor}")))
}

/// Digest of the child for `linux/amd64`, else of the first.
fn chosen(index: &Value) -> Option<String> {
    let manifests = index["manifests"].as_array()?;
    let fits = |item: &&Value| item["platform"]["os"] == "linux" && item["platform"]["architecture"] == "amd64";
    let item = manifests.iter().find(fits).or_else(|| manifests.first())?;
    item["digest"].as_str().map(str::to_owned)
}

fn location(what: &str, answer: &Answer) -> Result<Uri> {
    header(answer, http::header::LOCATION).parse().map_err(|error| Error::broken(what, format!("no location: {error}")))
}

fn header(answer: &Answer, name: HeaderName) -> &str {
    answer.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

fn quoted(text: &str) -> String {
    utf8_percent_encode(text, PATH_CHARACTERS).to_string()
}

fn corrupt(what: &str, found: &str) -> Error {
    Error::Registry { message: format!("{what}: {found}"), status: Some(200), error: "DIGEST_INVALID".to_owned() }
}

fn refused(what: &str, answer: &Answer) -> Error {
    let (error, message) = reason(&answer.body);
    let shown: Vec<&str> = [error.as_str(), message.as_str()].into_iter().filter(|part| !part.is_empty()).collect();
    let shown = if shown.is_empty() {
        String::from_utf8_lossy(&answer.body[..answer.body.len().min(200)]).trim().to_owned()
    } else {
        shown.join(": ")
    };
    let status = answer.status.as_u16();
    Error::Registry {
        message: format!("{what}: HTTP {status} {shown}").trim_end().to_owned(),
        status: Some(status),
        error,
    }
}

/// Code and message of an error body, of the AWS API or of the OCI one; empty if it is neither.
fn reason(body: &[u8]) -> (String, String) {
    let form: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let first = &form["errors"][0];
    if first.is_object() {
        return (text(&first["code"]), text(&first["message"]));
    }
    let kind = text(&form["__type"]);
    let message = if form["message"].is_string() { &form["message"] } else { &form["Message"] };
    (kind.rsplit('#').next().unwrap_or_default().to_owned(), text(message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_has_a_repository_and_a_tag_or_digest() {
        let digest = format!("sha256:{}", "a".repeat(64));
        let check = |text: &str, tag: &str, has_digest: bool| {
            let reference = Reference::parse(text).unwrap();
            assert_eq!((reference.repository.as_str(), reference.tag.as_str()), ("team/app", tag));
            assert_eq!(reference.digest.is_some(), has_digest);
        };
        check("team/app", "latest", false);
        check("team/app:v1", "v1", false);
        check(&format!("team/app@{digest}"), "", true);
        check(&format!("team/app:v1@{digest}"), "v1", true);
        for text in ["", ":v1", "app:", "app@sha256:1", "host:5000/app:v1", "app@v1"] {
            assert!(matches!(Reference::parse(text), Err(Error::InvalidRequest { .. })), "{text}");
        }
    }

    #[test]
    fn an_error_body_of_either_surface_is_read() {
        let check = |body: &str, code: &str, message: &str| {
            assert_eq!(reason(body.as_bytes()), (code.to_owned(), message.to_owned()));
        };
        check(r#"{"errors":[{"code":"DENIED","message":"no"}]}"#, "DENIED", "no");
        check(r#"{"__type":"com.amazonaws#ThrottlingException","message":"slow"}"#, "ThrottlingException", "slow");
        check(r#"{"__type":"X","Message":"m"}"#, "X", "m");
        check("<html>", "", "");
        check("[]", "", "");
    }

    #[test]
    fn of_several_platforms_linux_amd64_is_chosen() {
        let item = |digest: &str, architecture: &str| serde_json::json!({"digest": digest, "platform": {"os": "linux", "architecture": architecture}});
        let index = |items: Vec<Value>| serde_json::json!({ "manifests": items });
        assert_eq!(chosen(&index(vec![item("a", "arm64"), item("b", "amd64")])).as_deref(), Some("b"));
        assert_eq!(chosen(&index(vec![item("a", "arm64"), item("c", "s390x")])).as_deref(), Some("a"));
        assert_eq!(chosen(&index(vec![])), None);
    }
}
