//! `ListImageReferrers`.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{Addressed, WireRequest, images, members};
use crate::ecr::answer::Links;
use crate::ecr::constraints::{Dialect, Text, list};
use crate::ecr::operation::{ReadOperation, WireOperation};
use crate::ecr::protocol::{Displayed, Object, write_body};
use crate::facts::Facts;
use crate::registry::errors::InvalidParameter;
use crate::registry::ops::list_images::ImageStatusFilter;
use crate::registry::ops::list_referrers;
use crate::registry::types::{Digest, RegistryKey, RepositoryName};
use crate::registry::{Image, MediaType, Registry, limits};
use crate::wire_errors::Failure;

static ARTIFACT_TYPE: Text = Text::new(Dialect::Smithy).length(1, limits::ARTIFACT_TYPE_CHARACTERS);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListImageReferrersRequest {
    registry_id: Option<String>,
    repository_name: Option<String>,
    subject_id: Option<Object<SubjectIdentifierMember>>,
    filter: Option<Object<ReferrersFilterMember>>,
    next_token: Option<String>,
    max_results: Option<i32>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SubjectIdentifierMember {
    image_digest: Option<String>,
}

/// `ListImageReferrersFilter`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReferrersFilterMember {
    artifact_types: Option<Vec<String>>,
    artifact_status: Option<String>,
}

impl WireRequest for ListImageReferrersRequest {
    type Input = list_referrers::Input;

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        let registry_id = members::registry_id(self.registry_id)?;
        let repository = members::repository_name(self.repository_name)?;
        let Object(subject) = Dialect::Smithy.required("subjectId", self.subject_id)?;
        let subject = Dialect::Smithy.required("subjectId.imageDigest", subject.image_digest)?;
        let (artifact_types, artifact_status) = filter(self.filter.unwrap_or_default().0)?;
        let mut page = members::page_of(limits::REFERRERS_PAGE_MAXIMUM, self.next_token, self.max_results)?;
        page.max_results = page.max_results.or(Some(limits::REFERRERS_PAGE_DEFAULT));
        let input = list_referrers::Input { repository, subject, artifact_types, artifact_status, page };
        Ok(Addressed { registry_id, input })
    }
}

fn filter(filter: ReferrersFilterMember) -> Result<(Vec<String>, ImageStatusFilter), InvalidParameter> {
    let artifact_types = filter.artifact_types.unwrap_or_default();
    list("filter.artifactTypes", &artifact_types, 0..=limits::ARTIFACT_TYPES_PER_FILTER)?;
    for (place, artifact_type) in artifact_types.iter().enumerate() {
        ARTIFACT_TYPE.check(format_args!("filter.artifactTypes.{}.member", place + 1), artifact_type)?;
    }
    Ok((artifact_types, images::image_status("filter.artifactStatus", filter.artifact_status)?))
}

impl WireOperation for ListImageReferrersRequest {
    type Output = list_referrers::Output;

    fn repository(input: &Self::Input) -> Option<&RepositoryName> {
        Some(&input.repository)
    }

    fn facts(input: &Self::Input, facts: &mut Facts) {
        facts.set_digest(Some(&input.subject));
    }

    fn render(output: &Self::Output, _: &RegistryKey, _: &dyn Links) -> Bytes {
        write_body(&ListImageReferrersReply {
            referrers: output.referrers.iter().map(|image| ImageReferrerMember::from(&**image)).collect(),
            next_token: output.next_token.as_deref(),
        })
    }
}

impl ReadOperation for ListImageReferrersRequest {
    fn apply(registry: &Registry, input: Self::Input) -> Result<Self::Output, Failure> {
        Ok(list_referrers::apply(registry, &input)?)
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ListImageReferrersReply<'a> {
    referrers: Vec<ImageReferrerMember<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<&'a str>,
}

/// `size` is that of the manifest, as in the registry surface's descriptors (unconfirmed).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ImageReferrerMember<'a> {
    digest: Displayed<&'a Digest>,
    media_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    artifact_type: Option<&'a str>,
    size: usize,
    annotations: BTreeMap<String, String>,
    artifact_status: &'static str,
}

impl<'a> From<&'a Image> for ImageReferrerMember<'a> {
    fn from(image: &'a Image) -> Self {
        let manifest = image.manifest();
        Self {
            digest: Displayed(image.digest()),
            media_type: manifest.media_type().as_str(),
            artifact_type: manifest.artifact_media_type().map(MediaType::as_str),
            size: manifest.bytes().len(),
            annotations: manifest.annotations(),
            artifact_status: image.status().as_str(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::ecr::testing::Bench;
    use crate::registry::types::Digest;

    const SIGNATURE: &str = "application/vnd.example.signature";
    const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

    /// Pushes an artifact about `subject`; answers its digest and size.
    fn refer(bench: &mut Bench, subject: &str, members: &Value) -> (String, usize) {
        let config = bench.blob("team/app", "{}");
        let layer = bench.blob("team/app", "layer");
        let mut manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": { "mediaType": "application/vnd.oci.empty.v1+json", "digest": config.to_string(), "size": 2 },
            "layers": [{ "mediaType": "text/plain", "digest": layer.to_string(), "size": 5 }],
            "subject": { "mediaType": MANIFEST, "digest": subject, "size": 7 },
        });
        for (name, value) in members.as_object().unwrap() {
            manifest[name] = value.clone();
        }
        let text = manifest.to_string();
        let put = json!({ "repositoryName": "team/app", "imageManifest": text }).to_string();
        bench.ok("PutImage", &put);
        (Digest::sha256_of(text.as_bytes()).to_string(), text.len())
    }

    fn bench() -> Bench {
        let mut bench = Bench::new();
        bench.ok("CreateRepository", r#"{"repositoryName":"team/app"}"#);
        bench
    }

    fn body(subject: &str, members: &Value) -> String {
        let mut body = json!({ "repositoryName": "team/app", "subjectId": { "imageDigest": subject } });
        for (name, value) in members.as_object().unwrap() {
            body[name] = value.clone();
        }
        body.to_string()
    }

    #[test]
    fn a_194_a_197_a_201_a_202_d_019_referrers_are_described_by_their_manifests() {
        let mut bench = bench();
        let subject = Digest::sha256_of(b"later").to_string();
        let empty = json!({ "referrers": [] });
        assert_eq!(bench.ok("ListImageReferrers", &body(&subject, &json!({}))), empty, "an unknown subject has none");
        let typed = json!({ "artifactType": SIGNATURE, "annotations": { "by": "me" } });
        let (signature, signature_size) = refer(&mut bench, &subject, &typed);
        let (plain, plain_size) = refer(&mut bench, &subject, &json!({}));
        let mut expected = vec![
            json!({
                "digest": signature,
                "mediaType": MANIFEST,
                "artifactType": SIGNATURE,
                "size": signature_size,
                "annotations": { "by": "me" },
                "artifactStatus": "ACTIVE",
            }),
            json!({
                "digest": plain,
                "mediaType": MANIFEST,
                "artifactType": "application/vnd.oci.empty.v1+json",
                "size": plain_size,
                "annotations": {},
                "artifactStatus": "ACTIVE",
            }),
        ];
        expected.sort_by_key(|referrer| referrer["digest"].to_string());
        let all = bench.ok("ListImageReferrers", &body(&subject, &json!({})));
        assert_eq!(all, json!({ "referrers": expected }));
        let wanted = json!({ "filter": { "artifactTypes": ["a/b", SIGNATURE], "artifactStatus": "ANY" } });
        let found = bench.ok("ListImageReferrers", &body(&subject, &wanted));
        assert_eq!(found["referrers"][0]["digest"], signature);
        assert_eq!(found["referrers"].as_array().unwrap().len(), 1);

        let archive = json!({
            "repositoryName": "team/app",
            "imageId": { "imageDigest": signature },
            "targetStorageClass": "ARCHIVE",
        });
        bench.ok("UpdateImageStorageClass", &archive.to_string());
        let active = bench.ok("ListImageReferrers", &body(&subject, &json!({})));
        assert_eq!(active["referrers"][0]["digest"], plain);
        let archived = json!({ "filter": { "artifactStatus": "ARCHIVED" } });
        let archived = bench.ok("ListImageReferrers", &body(&subject, &archived));
        assert_eq!(archived["referrers"][0]["artifactStatus"], "ARCHIVED");
    }

    #[test]
    fn a_203_pages_have_twenty_entries_unless_asked_otherwise() {
        let mut bench = bench();
        let subject = Digest::sha256_of(b"later").to_string();
        for number in 0..21 {
            refer(&mut bench, &subject, &json!({ "annotations": { "number": number.to_string() } }));
        }
        let first = bench.ok("ListImageReferrers", &body(&subject, &json!({})));
        assert_eq!(first["referrers"].as_array().unwrap().len(), 20);
        let next = json!({ "nextToken": first["nextToken"] });
        let second = bench.ok("ListImageReferrers", &body(&subject, &next));
        assert_eq!((second["referrers"].as_array().unwrap().len(), second.get("nextToken")), (1, None));
        let all = bench.ok("ListImageReferrers", &body(&subject, &json!({ "maxResults": 50 })));
        assert_eq!((all["referrers"].as_array().unwrap().len(), all.get("nextToken")), (21, None));
    }

    #[test]
    fn a_193_a_198_a_200_a_203_members_are_checked_one_by_one() {
        let mut bench = bench();
        let mut check = |members: Value, member: &str, constraint: &str| {
            let mut body = json!({ "repositoryName": "team/app", "subjectId": { "imageDigest": "sha256:00" } });
            for (name, value) in members.as_object().unwrap() {
                body[name] = value.clone();
            }
            let text = format!("Invalid parameter at '{member}' failed to satisfy constraint: '{constraint}'");
            let found = bench.refused("ListImageReferrers", &body.to_string());
            assert_eq!(found, ("InvalidParameterException".to_owned(), text), "{body}");
        };
        check(json!({ "subjectId": null }), "subjectId", "Member must not be null");
        check(json!({ "subjectId": {} }), "subjectId.imageDigest", "Member must not be null");
        let most = "Member must have length less than or equal to";
        let types = |types: Vec<String>| json!({ "filter": { "artifactTypes": types } });
        check(types(vec!["a/b".to_owned(); 6]), "filter.artifactTypes", &format!("{most} 5"));
        let second = "filter.artifactTypes.2.member";
        check(types(vec!["a/b".to_owned(), "x".repeat(256)]), second, &format!("{most} 255"));
        let least = "Member must have length greater than or equal to 1";
        check(types(vec!["a/b".to_owned(), String::new()]), second, least);
        let set = "Member must satisfy enum value set: [ACTIVE, ARCHIVED, ACTIVATING, ANY]";
        check(json!({ "filter": { "artifactStatus": "LOST" } }), "filter.artifactStatus", set);
        check(json!({ "maxResults": 51 }), "maxResults", "Member must have value less than or equal to 50");
        check(json!({ "maxResults": 0 }), "maxResults", "Member must have value greater than or equal to 1");
        check(json!({ "nextToken": "garbage" }), "nextToken", "Invalid token");
        let (exception, _) = bench
            .refused("ListImageReferrers", r#"{"repositoryName":"no/where","subjectId":{"imageDigest":"sha256:00"}}"#);
        assert_eq!(exception, "RepositoryNotFoundException");
    }
}
