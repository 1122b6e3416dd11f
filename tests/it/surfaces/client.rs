//! Does an operation over a real socket and says what came back.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::answer::Answer;
use super::content::{BLOBS, blob, manifest};
use super::operation::{EXCLUDED, ImageId, Mutability, Operation as Op, Place, Surface};
use crate::harness::{Caller, Connection, Reply, Request, sha256};

/// Somebody who calls one world, over one connection as long as it lasts.
#[derive(Debug)]
pub(super) struct Client {
    caller: Caller,
    connection: Connection,
    /// Ids of all uploads that were ever opened.
    uploads: Vec<String>,
}

/// An upload as the model knows it, for requests that say where their bytes belong.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target {
    pub(super) repository: &'static str,
    pub(super) length: usize,
}

/// More than any listing of ours has.
const LINES_AT_MOST: usize = 200;

impl Client {
    pub(super) async fn new(caller: Caller) -> Self {
        let connection = Connection::open(caller.address).await;
        Self { caller, connection, uploads: Vec::new() }
    }

    /// Does it. `target` is the upload that it is about, if it is about one.
    pub(super) async fn call(&mut self, operation: &Op, target: Option<Target>) -> Answer {
        match operation {
            Op::StartUpload { surface, .. } | Op::AddPart { surface, .. } | Op::FinishUpload { surface, .. } => {
                match surface {
                    Surface::Ecr => self.ecr_upload(operation, target).await,
                    Surface::Oci => self.oci_upload(operation, target).await,
                }
            }
            Op::UploadStatus { .. } | Op::CancelUpload { .. } => self.oci_upload(operation, target).await,
            Op::PutImage { surface: Surface::Oci, .. }
            | Op::PushBlob { .. }
            | Op::MountBlob { .. }
            | Op::PullBlob { .. }
            | Op::PullManifest { .. }
            | Op::DeleteManifest { .. }
            | Op::ListTags { .. }
            | Op::Catalog { .. } => self.oci(operation).await,
            _ => self.ecr(operation).await,
        }
    }

    async fn send(&mut self, method: &str, request: &Request) -> Reply {
        let mut reply = self.connection.exchange(request).await.whole();
        if reply.status == 307 {
            let target = self.caller.path_of(reply.header("location"));
            reply = self.connection.exchange(&request.redirected(&target)).await.whole();
        }
        if reply.header("connection") == "close" {
            self.connection = Connection::open(self.caller.address).await;
        }
        assert!(reply.status < 500, "{method}: {reply:?}");
        reply
    }

    /// Calls an operation of the JSON API; `show` sees the body of a success.
    async fn json(&mut self, name: &str, input: Value, show: impl FnOnce(&Value) -> Vec<String>) -> Answer {
        let reply = self.send("POST", &self.caller.ecr_request(name, input.to_string())).await;
        let body = reply.json();
        if reply.status == 200 {
            return Answer::ok(200, show(&body));
        }
        let mut refused = Answer::refused(reply.status, text(&body["__type"]));
        assert!(!text(&body["message"]).is_empty(), "{body}");
        refused.shown.extend(body["lastValidByteReceived"].as_u64().map(|last| last.to_string()));
        refused
    }

    /// Calls a route of the registry surface; `show` sees a success.
    async fn route(
        &mut self,
        method: &str,
        target: &str,
        fill: impl FnOnce(Request) -> Request,
        show: impl FnOnce(&Reply) -> Vec<String>,
    ) -> Answer {
        let request = fill(self.caller.request(method, target));
        let reply = self.send(method, &request).await;
        match reply.status {
            200..400 => Answer::ok(reply.status, show(&reply)),
            // Nothing, or what the storage says.
            _ if reply.body.is_empty() || reply.header("content-type") == "application/xml" => {
                Answer::refused(reply.status, "")
            }
            _ => {
                let mut refused = Answer::refused(reply.status, reply.oci_error().0);
                if refused.code == "RANGE_INVALID" {
                    refused
                        .shown
                        .extend(reply.find("range").and_then(|range| range.strip_prefix("0-")).map(str::to_owned));
                }
                refused
            }
        }
    }

    async fn ecr(&mut self, operation: &Op) -> Answer {
        match operation {
            Op::CreateRepository { repository, mutability } => {
                let input = mutability_input(repository, *mutability);
                self.json("CreateRepository", input, |body| vec![repository_line(&body["repository"])]).await
            }
            Op::DeleteRepository { repository, force } => {
                let input = json!({"repositoryName": repository, "force": force});
                self.json("DeleteRepository", input, |body| vec![repository_line(&body["repository"])]).await
            }
            Op::PutImageTagMutability { repository, mutability } => {
                let input = mutability_input(repository, *mutability);
                self.json("PutImageTagMutability", input, |body| vec![text(&body["imageTagMutability"])]).await
            }
            Op::PutAccountSetting { mounting } => {
                let value = if *mounting { "ENABLED" } else { "DISABLED" };
                let input = json!({"name": "BLOB_MOUNTING", "value": value});
                self.json("PutAccountSetting", input, |body| vec![text(&body["value"])]).await
            }
            Op::TagResource { repository, key, value } => {
                let input = json!({"resourceArn": arn(repository), "tags": [{"Key": key, "Value": value}]});
                self.json("TagResource", input, |_| vec![]).await
            }
            Op::UntagResource { repository, key } => {
                let input = json!({"resourceArn": arn(repository), "tagKeys": [key]});
                self.json("UntagResource", input, |_| vec![]).await
            }
            Op::ListTagsForResource { repository } => {
                let line = |tag: &Value| format!("{}={}", text(&tag["Key"]), text(&tag["Value"]));
                let input = json!({"resourceArn": arn(repository)});
                self.json("ListTagsForResource", input, |body| lines(&body["tags"], line)).await
            }
            Op::BatchCheckLayerAvailability { repository } => {
                let digests: Vec<&String> = (0..BLOBS).map(|number| &blob(number).digest).collect();
                let input = json!({"repositoryName": repository, "layerDigests": digests});
                self.json("BatchCheckLayerAvailability", input, |body| {
                    assert_eq!(body["failures"], json!([]));
                    lines(&body["layers"], layer_line)
                })
                .await
            }
            Op::GetDownloadUrlForLayer { repository, blob: number } => self.download(repository, *number).await,
            Op::PutImage { repository, manifest: number, tag, digest, .. } => {
                let content = manifest(*number);
                let mut input = json!({
                    "repositoryName": repository,
                    "imageManifest": std::str::from_utf8(&content.bytes).expect("manifests are text"),
                });
                if let Some(tag) = tag {
                    input["imageTag"] = Value::from(*tag);
                }
                if let Some(digest) = digest {
                    input["imageDigest"] = Value::from(manifest(*digest).digest.as_str());
                }
                self.json("PutImage", input, |body| vec![image_line(&body["image"])]).await
            }
            Op::BatchGetImage { repository, images } => {
                let input = json!({"repositoryName": repository, "imageIds": ids(images)});
                let show = |body: &Value| [lines(&body["images"], image_line), failures(body)].concat();
                self.json("BatchGetImage", input, show).await
            }
            Op::BatchDeleteImage { repository, images } => {
                let input = json!({"repositoryName": repository, "imageIds": ids(images)});
                let show = |body: &Value| [lines(&body["imageIds"], id_line), failures(body)].concat();
                self.json("BatchDeleteImage", input, show).await
            }
            Op::DescribeImages { repository, images } => {
                let mut input = json!({"repositoryName": repository});
                if !images.is_empty() {
                    input["imageIds"] = ids(images);
                }
                self.json("DescribeImages", input, |body| lines(&body["imageDetails"], detail_line)).await
            }
            Op::ListImages { repository, tagged, page } => {
                let status = tagged.map_or("ANY", |tagged| if tagged { "TAGGED" } else { "UNTAGGED" });
                let input = json!({
                    "repositoryName": repository,
                    "maxResults": page,
                    "filter": {"tagStatus": status},
                });
                self.json_pages("ListImages", input, |body| lines(&body["imageIds"], id_line)).await
            }
            Op::DescribeRepositories { page } => {
                let show = |body: &Value| lines(&body["repositories"], repository_line);
                self.json_pages("DescribeRepositories", json!({"maxResults": page}), show).await
            }
            other => unreachable!("{other:?} is none of the JSON API"),
        }
    }

    /// All pages of a listing.
    async fn json_pages(&mut self, name: &str, mut input: Value, show: impl Fn(&Value) -> Vec<String>) -> Answer {
        let mut all = Vec::new();
        loop {
            let mut next = Value::Null;
            let mut page = self
                .json(name, input.clone(), |body| {
                    next = body["nextToken"].clone();
                    show(body)
                })
                .await;
            all.append(&mut page.shown);
            if next.is_null() {
                return Answer { shown: all, ..page };
            }
            if all.len() > LINES_AT_MOST {
                return Answer { shown: vec!["a listing without end".to_owned()], ..page };
            }
            all.push("next page".to_owned());
            input["nextToken"] = next;
        }
    }

    /// Asks for the URL of a layer and fetches it.
    async fn download(&mut self, repository: &str, number: usize) -> Answer {
        let mut url = String::new();
        let input = json!({"repositoryName": repository, "layerDigest": blob(number).digest});
        let answer = self
            .json("GetDownloadUrlForLayer", input, |body| {
                url = text(&body["downloadUrl"]);
                vec![text(&body["layerDigest"])]
            })
            .await;
        if !url.is_empty() {
            let reply = self.send("GET", &Request::new("GET", &self.caller.path_of(&url))).await;
            assert_eq!((reply.status, &reply.body), (200, &blob(number).bytes), "{url}");
        }
        answer
    }

    async fn ecr_upload(&mut self, operation: &Op, target: Option<Target>) -> Answer {
        let id = |upload: usize| self.uploads[upload].clone();
        match (operation, target) {
            (Op::StartUpload { repository, .. }, _) => {
                let mut opened = None;
                let answer = self
                    .json("InitiateLayerUpload", json!({"repositoryName": repository}), |body| {
                        opened = Some(text(&body["uploadId"]));
                        vec![]
                    })
                    .await;
                self.uploads.extend(opened);
                answer
            }
            (Op::AddPart { upload, elsewhere, part, place, .. }, Some(target)) => {
                let first = target.length + usize::from(*place == Place::Beyond);
                let input = json!({
                    "repositoryName": elsewhere.unwrap_or(target.repository),
                    "uploadId": id(*upload),
                    "partFirstByte": first,
                    "partLastByte": first + part.bytes().len() - 1,
                    "layerPartBlob": STANDARD.encode(part.bytes()),
                });
                let show = |body: &Value| vec![body["lastByteReceived"].to_string()];
                self.json("UploadLayerPart", input, show).await
            }
            (Op::FinishUpload { upload, elsewhere, blob: number, .. }, Some(target)) => {
                let input = json!({
                    "repositoryName": elsewhere.unwrap_or(target.repository),
                    "uploadId": id(*upload),
                    "layerDigests": [blob(*number).digest],
                });
                self.json("CompleteLayerUpload", input, |body| vec![text(&body["layerDigest"])]).await
            }
            (other, _) => unreachable!("{other:?} is about no upload"),
        }
    }

    async fn oci_upload(&mut self, operation: &Op, target: Option<Target>) -> Answer {
        let path = |upload: usize, elsewhere: Option<&str>| {
            let repository = elsewhere.or(target.map(|target| target.repository)).unwrap_or_default();
            format!("/v2/{repository}/blobs/uploads/{}", self.uploads[upload])
        };
        match operation {
            Op::StartUpload { repository, .. } => self.start(&format!("/v2/{repository}/blobs/uploads/")).await,
            Op::AddPart { upload, elsewhere, part, place, .. } => {
                let first = target.map_or(0, |target| target.length) + usize::from(*place == Place::Beyond);
                let fill = |request: Request| {
                    if *place == Place::Unsaid {
                        return request.body(part.bytes());
                    }
                    let range = format!("{first}-{}", first + part.bytes().len() - 1);
                    request.header("Content-Range", range).body(part.bytes())
                };
                self.route("PATCH", &path(*upload, *elsewhere), fill, |reply| vec![reply.header("range").to_owned()])
                    .await
            }
            Op::FinishUpload { upload, elsewhere, blob: number, last, .. } => {
                let target = format!("{}?digest={}", path(*upload, *elsewhere), blob(*number).digest);
                let bytes = last.map(super::operation::Part::bytes).unwrap_or_default();
                self.route("PUT", &target, |request| request.body(bytes), digest_header).await
            }
            Op::UploadStatus { upload } => {
                let show = |reply: &Reply| vec![reply.header("range").to_owned()];
                self.route("GET", &path(*upload, None), |request| request, show).await
            }
            Op::CancelUpload { upload } => {
                self.route("DELETE", &path(*upload, None), |request| request, |_| vec![]).await
            }
            other => unreachable!("{other:?} is about no upload"),
        }
    }

    /// A request that may open an upload, and notes it if it does.
    async fn start(&mut self, target: &str) -> Answer {
        let mut opened = None;
        let answer = self
            .route(
                "POST",
                target,
                |request| request,
                |reply| {
                    if reply.status == 201 {
                        return digest_header(reply);
                    }
                    let id = reply.header("docker-upload-uuid").to_owned();
                    assert!(reply.header("location").ends_with(&id), "{reply:?}");
                    opened = Some(id);
                    vec![reply.header("range").to_owned()]
                },
            )
            .await;
        self.uploads.extend(opened);
        answer
    }

    async fn oci(&mut self, operation: &Op) -> Answer {
        match operation {
            Op::PushBlob { repository, bytes, digest } => {
                let target = format!("/v2/{repository}/blobs/uploads/?digest={}", blob(*digest).digest);
                self.route("POST", &target, |request| request.body(blob(*bytes).bytes.clone()), digest_header).await
            }
            Op::MountBlob { repository, from, blob: number } => {
                let target = format!("/v2/{repository}/blobs/uploads/?mount={}&from={from}", blob(*number).digest);
                self.start(&target).await
            }
            Op::PullBlob { repository, blob: number, head, range } => {
                let target = format!("/v2/{repository}/blobs/{}", blob(*number).digest);
                let fill = |request: Request| match range {
                    Some((first, last)) if !head => request.header("Range", format!("bytes={first}-{last}")),
                    _ => request,
                };
                let show = |reply: &Reply| {
                    let header = |name: &str| reply.header(name).to_owned();
                    if *head {
                        vec![header("docker-content-digest"), header("content-length")]
                    } else {
                        vec![reply.text().to_owned()]
                    }
                };
                self.route(if *head { "HEAD" } else { "GET" }, &target, fill, show).await
            }
            Op::PutImage { repository, manifest: number, tag, digest, .. } => {
                let content = manifest(*number);
                let reference = match tag {
                    Some(tag) => (*tag).to_owned(),
                    None => manifest(digest.unwrap_or(*number)).digest.clone(),
                };
                let target = format!("/v2/{repository}/manifests/{reference}");
                let fill =
                    |request: Request| request.header("Content-Type", content.media_type).body(content.bytes.clone());
                let show = |reply: &Reply| {
                    let subject = reply.find("oci-subject").unwrap_or("-").to_owned();
                    vec![reply.header("docker-content-digest").to_owned(), subject]
                };
                self.route("PUT", &target, fill, show).await
            }
            Op::PullManifest { repository, image, head } => {
                let target = format!("/v2/{repository}/manifests/{}", reference(*image));
                let show = |reply: &Reply| {
                    let body = if *head { reply.header("content-length").to_owned() } else { sha256(&reply.body) };
                    let header = |name: &str| reply.header(name).to_owned();
                    vec![header("docker-content-digest"), header("content-type"), body]
                };
                self.route(if *head { "HEAD" } else { "GET" }, &target, |request| request, show).await
            }
            Op::DeleteManifest { repository, image } => {
                let target = format!("/v2/{repository}/manifests/{}", reference(*image));
                self.route("DELETE", &target, |request| request, |_| vec![]).await
            }
            Op::ListTags { repository, page } => {
                let target = format!("/v2/{repository}/tags/list?n={page}");
                self.oci_pages(target, "tags").await
            }
            Op::Catalog { page } => self.oci_pages(format!("/v2/_catalog?n={page}"), "repositories").await,
            other => unreachable!("{other:?} is none of the registry surface"),
        }
    }

    /// All pages of a listing, by the links between them.
    async fn oci_pages(&mut self, mut target: String, member: &str) -> Answer {
        let mut all = Vec::new();
        loop {
            let mut next = None;
            let mut page = self
                .route(
                    "GET",
                    &target,
                    |request| request,
                    |reply| {
                        next = reply.find("link").map(str::to_owned);
                        lines(&reply.json()[member], text)
                    },
                )
                .await;
            all.append(&mut page.shown);
            let Some(link) = next else { return Answer { shown: all, ..page } };
            if all.len() > LINES_AT_MOST {
                return Answer { shown: vec!["a listing without end".to_owned()], ..page };
            }
            all.push("next page".to_owned());
            let url = link.strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\""));
            target = self.caller.path_of(url.unwrap_or_else(|| panic!("no link: {link}")));
        }
    }
}

fn arn(repository: &str) -> String {
    format!("arn:aws:ecr:us-east-1:123456789012:repository/{repository}")
}

fn mutability_input(repository: &str, mutability: Mutability) -> Value {
    let mut input = json!({"repositoryName": repository, "imageTagMutability": mutability.name()});
    if mutability.has_filters() {
        input["imageTagMutabilityExclusionFilters"] = json!([{"filterType": "WILDCARD", "filter": EXCLUDED}]);
    }
    input
}

fn ids(images: &[ImageId]) -> Value {
    let id = |image: &ImageId| {
        let mut id = json!({});
        if let Some(tag) = image.tag() {
            id["imageTag"] = Value::from(tag);
        }
        if let Some(number) = image.digest() {
            id["imageDigest"] = Value::from(manifest(number).digest.as_str());
        }
        id
    };
    images.iter().map(id).collect()
}

fn reference(image: ImageId) -> String {
    match (image.tag(), image.digest()) {
        (Some(tag), _) => tag.to_owned(),
        (None, number) => manifest(number.unwrap_or_default()).digest.clone(),
    }
}

fn digest_header(reply: &Reply) -> Vec<String> {
    vec![reply.header("docker-content-digest").to_owned()]
}

/// A member that is a text; `-` if it is not there.
fn text(value: &Value) -> String {
    value.as_str().unwrap_or("-").to_owned()
}

fn lines(array: &Value, line: impl Fn(&Value) -> String) -> Vec<String> {
    array.as_array().unwrap_or_else(|| panic!("{array} is no array")).iter().map(line).collect()
}

fn failures(body: &Value) -> Vec<String> {
    lines(&body["failures"], |failure| format!("{}: {}", text(&failure["failureCode"]), id_line(&failure["imageId"])))
}

fn id_line(id: &Value) -> String {
    format!("{} {}", text(&id["imageDigest"]), text(&id["imageTag"]))
}

fn image_line(image: &Value) -> String {
    format!("{} {}", id_line(&image["imageId"]), sha256(text(&image["imageManifest"]).as_bytes()))
}

fn repository_line(repository: &Value) -> String {
    format!("{} {}", text(&repository["repositoryName"]), text(&repository["imageTagMutability"]))
}

fn detail_line(detail: &Value) -> String {
    let tags = if detail["imageTags"].is_null() { Vec::new() } else { lines(&detail["imageTags"], text) };
    let (size, media_type) = (&detail["imageSizeInBytes"], text(&detail["imageManifestMediaType"]));
    format!("{} [{}] {size} {media_type}", text(&detail["imageDigest"]), tags.join(","))
}

fn layer_line(layer: &Value) -> String {
    let (digest, availability) = (text(&layer["layerDigest"]), text(&layer["layerAvailability"]));
    if availability == "UNAVAILABLE" {
        return format!("{digest} {availability}");
    }
    let typed = if layer["mediaType"].is_string() { "typed" } else { "untyped" };
    format!("{digest} {availability} {} {typed}", layer["layerSize"])
}
