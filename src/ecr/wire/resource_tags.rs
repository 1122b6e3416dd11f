//! `TagResource`, `UntagResource`, `ListTagsForResource`.
//!
//! They name a repository by its ARN, which also says which account's registry is asked. Its region does not choose: the
//! registry is that of the region that is called.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::repositories::{TagMember, resource_tags};
use super::{Addressed, WireRequest, each};
use crate::ecr::answer::Links;
use crate::ecr::constraints::{Dialect, violation};
use crate::ecr::operation::{ReadOperation, WireOperation, WriteOperation};
use crate::ecr::protocol::{Object, write_body};
use crate::registry::errors::InvalidParameter;
use crate::registry::ops::{list_tags_for_resource, tag_resource, untag_resource};
use crate::registry::resource_tags::TaggedRepository;
use crate::registry::types::{InvalidArn, RegistryKey, RepositoryName};
use crate::registry::{Context, Registry, ResourceTag};
use crate::wire_errors::Failure;

const RESOURCE_ARN: &str = "resourceArn";

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TagResourceRequest {
    resource_arn: Option<String>,
    tags: Option<Vec<Object<TagMember>>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UntagResourceRequest {
    resource_arn: Option<String>,
    tag_keys: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListTagsForResourceRequest {
    resource_arn: Option<String>,
}

impl WireRequest for TagResourceRequest {
    type Input = tag_resource::Input;

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        let arn = Dialect::Smithy.required(RESOURCE_ARN, self.resource_arn)?;
        let tags = resource_tags(Some(Dialect::Smithy.required("tags", self.tags)?))?;
        let resource = tagged_repository(&arn)?;
        Ok(Addressed { registry_id: Some(resource.registry.account), input: tag_resource::Input { resource, tags } })
    }
}

impl WireRequest for UntagResourceRequest {
    type Input = untag_resource::Input;

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        let arn = Dialect::Smithy.required(RESOURCE_ARN, self.resource_arn)?;
        let tag_keys = Dialect::Smithy.required("tagKeys", self.tag_keys)?;
        let resource = tagged_repository(&arn)?;
        let registry_id = Some(resource.registry.account);
        Ok(Addressed { registry_id, input: untag_resource::Input { resource, tag_keys } })
    }
}

impl WireRequest for ListTagsForResourceRequest {
    type Input = list_tags_for_resource::Input;

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        let resource = tagged_repository(&Dialect::Smithy.required(RESOURCE_ARN, self.resource_arn)?)?;
        let registry_id = Some(resource.registry.account);
        Ok(Addressed { registry_id, input: list_tags_for_resource::Input { resource } })
    }
}

/// What an ARN says is not a matter of form: it is looked at when all members are there.
fn tagged_repository(arn: &str) -> Result<TaggedRepository, InvalidParameter> {
    arn.parse().map_err(|invalid: InvalidArn| violation(RESOURCE_ARN, invalid.to_string()))
}

impl WireOperation for TagResourceRequest {
    type Output = ();

    fn repository(input: &Self::Input) -> Option<&RepositoryName> {
        Some(&input.resource.name)
    }

    fn request_tags(input: &Self::Input) -> &[ResourceTag] {
        &input.tags
    }

    fn render((): &Self::Output, _: &RegistryKey, _: &dyn Links) -> Bytes {
        write_body(&EmptyReply {})
    }
}

impl WriteOperation for TagResourceRequest {
    fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: Self::Input) -> Result<Self::Output, Failure> {
        Ok(tag_resource::apply(registry, cx, input)?)
    }
}

impl WireOperation for UntagResourceRequest {
    type Output = ();

    fn repository(input: &Self::Input) -> Option<&RepositoryName> {
        Some(&input.resource.name)
    }

    fn render((): &Self::Output, _: &RegistryKey, _: &dyn Links) -> Bytes {
        write_body(&EmptyReply {})
    }
}

impl WriteOperation for UntagResourceRequest {
    fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: Self::Input) -> Result<Self::Output, Failure> {
        Ok(untag_resource::apply(registry, cx, &input)?)
    }
}

impl WireOperation for ListTagsForResourceRequest {
    type Output = list_tags_for_resource::Output;

    fn repository(input: &Self::Input) -> Option<&RepositoryName> {
        Some(&input.resource.name)
    }

    fn render(output: &Self::Output, _: &RegistryKey, _: &dyn Links) -> Bytes {
        write_body(&ListTagsForResourceReply { tags: each(output.tags.as_slice()) })
    }
}

impl ReadOperation for ListTagsForResourceRequest {
    fn apply(registry: &Registry, input: Self::Input) -> Result<Self::Output, Failure> {
        Ok(list_tags_for_resource::apply(registry, &input)?)
    }
}

#[derive(Debug, Serialize)]
struct EmptyReply {}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ListTagsForResourceReply<'a> {
    tags: Vec<TagReply<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TagReply<'a> {
    key: &'a str,
    value: &'a str,
}

impl<'a> From<&'a ResourceTag> for TagReply<'a> {
    fn from(tag: &'a ResourceTag) -> Self {
        Self { key: &tag.key, value: &tag.value }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::ecr::request::decode;
    use crate::ecr::testing::Bench;
    use crate::operations::Operation;

    const ARN: &str = "arn:aws:ecr:us-east-1:123456789012:repository/ab";

    fn with_repository() -> Bench {
        let mut bench = Bench::new();
        bench.ok("CreateRepository", r#"{"repositoryName":"ab","tags":[{"Key":"team","Value":"blue"}]}"#);
        bench
    }

    #[test]
    fn c_116_tags_are_listed_with_capitals_and_writes_answer_nothing() {
        let mut bench = with_repository();
        let list = json!({"resourceArn": ARN}).to_string();
        assert_eq!(bench.ok("ListTagsForResource", &list), json!({"tags": [{"Key": "team", "Value": "blue"}]}));
        let tags = json!([{"Key": "team", "Value": "red"}, {"Key": "stage", "Value": ""}]);
        assert_eq!(bench.ok("TagResource", &json!({"resourceArn": ARN, "tags": tags}).to_string()), json!({}));
        assert_eq!(bench.ok("ListTagsForResource", &list), json!({"tags": tags}));
        let untag = json!({"resourceArn": ARN, "tagKeys": ["team", "stage", "absent"]}).to_string();
        assert_eq!(bench.ok("UntagResource", &untag), json!({}));
        assert_eq!(bench.ok("ListTagsForResource", &list), json!({"tags": []}));
    }

    #[test]
    fn c_106_tags_that_cannot_be_are_refused() {
        let mut bench = with_repository();
        let mut refused =
            |tags: Value| bench.refused("TagResource", &json!({"resourceArn": ARN, "tags": tags}).to_string());
        let invalid = ("InvalidTagParameterException".to_owned(), "Tag parameters are invalid".to_owned());
        for key in ["", "aws:x", &"k".repeat(129)] {
            assert_eq!(refused(json!([{"Key": key, "Value": ""}])), invalid, "{key}");
        }
        assert_eq!(refused(json!([{"Key": "k", "Value": "v".repeat(257)}])), invalid);
        let many: Vec<Value> = (0..50).map(|number| json!({"Key": number.to_string(), "Value": ""})).collect();
        assert_eq!(refused(json!(many)).0, "TooManyTagsException");
    }

    #[test]
    fn c_114_c_115_only_the_arn_of_a_repository_will_do_and_it_names_the_registry() {
        let mut bench = with_repository();
        let body = |arn: &str| json!({"resourceArn": arn, "tags": [], "tagKeys": []}).to_string();
        for operation in ["TagResource", "UntagResource", "ListTagsForResource"] {
            for arn in ["", "ab", "arn:aws:s3:us-east-1:123456789012:repository/ab", &format!("{ARN}/")] {
                let text = "Invalid parameter at 'resourceArn' failed to satisfy constraint: 'Invalid ARN'";
                let expected = ("InvalidParameterException".to_owned(), text.to_owned());
                assert_eq!(bench.refused(operation, &body(arn)), expected, "{operation} {arn}");
            }
            for (arn, name) in [
                ("arn:aws:ecr:us-east-1:123456789012:repository/cd", "cd"),
                ("arn:aws:ecr:eu-west-1:123456789012:repository/ab", "ab"),
            ] {
                let text =
                    format!("The repository with name '{name}' does not exist in the registry with id '123456789012'");
                let expected = ("RepositoryNotFoundException".to_owned(), text);
                assert_eq!(bench.refused(operation, &body(arn)), expected, "{operation} {arn}");
            }
            let foreign = body("arn:aws:ecr:us-east-1:999999999999:repository/ab");
            let request = decode(Operation::from_name(operation).unwrap(), foreign.as_bytes()).unwrap();
            assert_eq!(request.registry_id, Some("999999999999".parse().unwrap()));
            assert_eq!(request.call.repository().map(ToString::to_string).as_deref(), Some("ab"));
        }
    }

    #[test]
    fn c_106_all_members_are_required_down_to_the_key() {
        let mut bench = Bench::new();
        let mut refused = |operation: &str, body: Value, member: &str| {
            let text =
                format!("Invalid parameter at '{member}' failed to satisfy constraint: 'Member must not be null'");
            let expected = ("InvalidParameterException".to_owned(), text);
            assert_eq!(bench.refused(operation, &body.to_string()), expected);
        };
        for operation in ["TagResource", "UntagResource", "ListTagsForResource"] {
            refused(operation, json!({}), "resourceArn");
        }
        refused("TagResource", json!({"resourceArn": "x"}), "tags");
        refused("UntagResource", json!({"resourceArn": "x"}), "tagKeys");
        let tags = json!([{"Key": "a", "Value": "b"}, {"Value": "c"}]);
        refused("TagResource", json!({"resourceArn": "x", "tags": tags}), "tags.2.member.key");
        refused("TagResource", json!({"resourceArn": "x", "tags": [{"Key": "a"}]}), "tags.1.member.value");
    }
}
