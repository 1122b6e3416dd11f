//! `UpdateImageStorageClass`.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::images::{self, ImageIdReply, ImageIdentifierMember};
use super::{Addressed, WireRequest, members};
use crate::ecr::answer::Links;
use crate::ecr::constraints::{Dialect, one_of};
use crate::ecr::operation::{WireOperation, WriteOperation};
use crate::ecr::protocol::{Object, write_body};
use crate::facts::Facts;
use crate::registry::ops::update_image_storage_class;
use crate::registry::policy::lifecycle::StorageClass;
use crate::registry::types::{RegistryKey, RepositoryName};
use crate::registry::{Context, Registry};
use crate::wire_errors::Failure;

/// Classes in the order of the service model, which a refusal repeats.
const TARGETS: [StorageClass; 2] = [StorageClass::Standard, StorageClass::Archive];

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UpdateImageStorageClassRequest {
    registry_id: Option<String>,
    repository_name: Option<String>,
    image_id: Option<Object<ImageIdentifierMember>>,
    target_storage_class: Option<String>,
}

impl WireRequest for UpdateImageStorageClassRequest {
    type Input = update_image_storage_class::Input;

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        let registry_id = members::registry_id(self.registry_id)?;
        let repository = members::repository_name(self.repository_name)?;
        let image_id = images::image_id("imageId", self.image_id)?;
        let target = Dialect::Smithy.required("targetStorageClass", self.target_storage_class)?;
        let target = one_of("targetStorageClass", &target, &TARGETS, StorageClass::as_str)?;
        Ok(Addressed { registry_id, input: update_image_storage_class::Input { repository, image_id, target } })
    }
}

impl WireOperation for UpdateImageStorageClassRequest {
    type Output = (Self::Input, update_image_storage_class::Output);

    fn repository(input: &Self::Input) -> Option<&RepositoryName> {
        Some(&input.repository)
    }

    fn facts(input: &Self::Input, facts: &mut Facts) {
        images::set_image(facts, Some(&input.image_id));
    }

    fn render((input, output): &Self::Output, registry: &RegistryKey, _: &dyn Links) -> Bytes {
        write_body(&UpdateImageStorageClassReply {
            registry_id: registry.account.as_str(),
            repository_name: input.repository.as_str(),
            image_id: (&input.image_id).into(),
            image_status: output.image_status.as_str(),
        })
    }
}

impl WriteOperation for UpdateImageStorageClassRequest {
    fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: Self::Input) -> Result<Self::Output, Failure> {
        let output = update_image_storage_class::apply(registry, cx, &input)?;
        Ok((input, output))
    }
}

/// The image is named as the caller named it (unconfirmed).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct UpdateImageStorageClassReply<'a> {
    registry_id: &'a str,
    repository_name: &'a str,
    image_id: ImageIdReply<'a>,
    image_status: &'static str,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::ecr::testing::Bench;

    fn body(image_id: Value, target: &str) -> String {
        json!({ "repositoryName": "team/app", "imageId": image_id, "targetStorageClass": target }).to_string()
    }

    fn details(bench: &mut Bench, image_status: &str) -> Value {
        let filter = json!({ "repositoryName": "team/app", "filter": { "imageStatus": image_status } });
        bench.ok("DescribeImages", &filter.to_string())["imageDetails"].clone()
    }

    #[test]
    fn a_148_a_209_a_210_a_214_an_image_goes_and_comes_back() {
        let mut bench = Bench::new();
        bench.ok("CreateRepository", r#"{"repositoryName":"team/app"}"#);
        let digest = bench.image("team/app", "v1").to_string();
        let answer = |image_id: Value, status: &str| {
            json!({
                "registryId": "123456789012",
                "repositoryName": "team/app",
                "imageId": image_id,
                "imageStatus": status,
            })
        };
        let (by_tag, by_digest) = (json!({ "imageTag": "v1" }), json!({ "imageDigest": digest }));
        let active = details(&mut bench, "ACTIVE")[0].clone();
        assert!(active.get("lastArchivedAt").is_none() && active.get("lastActivatedAt").is_none());
        let archived = bench.ok("UpdateImageStorageClass", &body(by_tag.clone(), "ARCHIVE"));
        assert_eq!(archived, answer(by_tag.clone(), "ARCHIVED"));
        assert_eq!(bench.ok("DescribeImages", r#"{"repositoryName":"team/app"}"#)["imageDetails"], json!([]));
        let detail = details(&mut bench, "ARCHIVED")[0].clone();
        assert_eq!((&detail["imageStatus"], &detail["imageTags"]), (&json!("ARCHIVED"), &json!(["v1"])));
        assert!(detail["lastArchivedAt"].is_f64() && detail.get("lastActivatedAt").is_none());

        let pull = json!({ "repositoryName": "team/app", "imageIds": [by_tag] }).to_string();
        assert_eq!(
            bench.ok("BatchGetImage", &pull),
            json!({
                "images": [],
                "failures": [{
                    "imageId": by_tag,
                    "failureCode": "ImageInaccessible",
                    "failureReason": "Requested image is not accessible because its status is ARCHIVED",
                }],
            })
        );
        let activating = bench.ok("UpdateImageStorageClass", &body(by_digest.clone(), "STANDARD"));
        assert_eq!(activating, answer(by_digest.clone(), "ACTIVATING"));
        assert_eq!(details(&mut bench, "ACTIVATING").as_array().unwrap().len(), 1);
        let (exception, message) = bench.refused("UpdateImageStorageClass", &body(by_digest, "STANDARD"));
        assert_eq!(exception, "ImageStorageClassUpdateNotSupportedException");
        assert!(message.ends_with("cannot be updated to 'STANDARD' because its status is ACTIVATING"), "{message}");
        bench.end_work();
        let detail = details(&mut bench, "ACTIVE")[0].clone();
        assert!(detail["lastArchivedAt"].is_f64() && detail["lastActivatedAt"].is_f64());
        assert_eq!(bench.ok("BatchGetImage", &pull)["images"].as_array().unwrap().len(), 1);
    }

    #[test]
    fn a_207_a_208_members_are_checked_before_the_image_is_looked_for() {
        let mut bench = Bench::new();
        bench.ok("CreateRepository", r#"{"repositoryName":"team/app"}"#);
        let mut check = |body: Value, member: &str, constraint: &str| {
            let text = format!("Invalid parameter at '{member}' failed to satisfy constraint: '{constraint}'");
            let found = bench.refused("UpdateImageStorageClass", &body.to_string());
            assert_eq!(found, ("InvalidParameterException".to_owned(), text));
        };
        let name = "team/app";
        check(json!({ "repositoryName": name }), "imageId", "Member must not be null");
        let without = json!({ "repositoryName": name, "imageId": {} });
        check(without, "targetStorageClass", "Member must not be null");
        let set = "Member must satisfy enum value set: [STANDARD, ARCHIVE]";
        let unknown = json!({ "repositoryName": name, "imageId": {}, "targetStorageClass": "GLACIER" });
        check(unknown, "targetStorageClass", set);
        let long = json!({ "repositoryName": name, "imageId": { "imageTag": "x".repeat(301) } });
        check(long, "imageId.imageTag", "must have length less than or equal to 300");
        for image_id in
            [json!({}), json!({ "imageTag": "no" }), json!({ "imageTag": "a b" }), json!({ "imageDigest": "" })]
        {
            let (exception, _) = bench.refused("UpdateImageStorageClass", &body(image_id, "ARCHIVE"));
            assert_eq!(exception, "ImageNotFoundException");
        }
        let elsewhere = body(json!({ "imageTag": "v1" }), "ARCHIVE").replace("team/app", "no/where");
        assert_eq!(bench.refused("UpdateImageStorageClass", &elsewhere).0, "RepositoryNotFoundException");
    }
}
