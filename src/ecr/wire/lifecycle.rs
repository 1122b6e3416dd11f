//! `PutLifecyclePolicy`, `GetLifecyclePolicy`, `DeleteLifecyclePolicy`, `StartLifecyclePolicyPreview`,
//! `GetLifecyclePolicyPreview`.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::images::{self, ImageIdentifierMember};
use super::members::{self, Selection};
use super::{Addressed, WireRequest, each};
use crate::ecr::answer::Links;
use crate::ecr::constraints::{Dialect, Text};
use crate::ecr::operation::{ReadOperation, WireOperation, WriteOperation};
use crate::ecr::protocol::{Displayed, EpochSeconds, Object, write_body};
use crate::facts::Facts;
use crate::registry::lifecycle::{PreviewResult, PreviewState, StoredLifecyclePolicy};
use crate::registry::ops::{
    delete_lifecycle_policy, get_lifecycle_policy, get_lifecycle_policy_preview, put_lifecycle_policy,
    start_lifecycle_policy_preview,
};
use crate::registry::policy::lifecycle::{Action, LifecyclePolicy, StorageClass};
use crate::registry::types::{Digest, RegistryKey, RepositoryName, Tag, Timestamp};
use crate::registry::{Context, Registry, limits};
use crate::wire_errors::Failure;

static LIFECYCLE_POLICY_TEXT: Text = Text::new(Dialect::Smithy)
    .length(limits::LIFECYCLE_POLICY_LEAST_CHARACTERS, limits::LIFECYCLE_POLICY_MOST_CHARACTERS);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PutLifecyclePolicyRequest {
    registry_id: Option<String>,
    repository_name: Option<String>,
    lifecycle_policy_text: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GetLifecyclePolicyRequest {
    registry_id: Option<String>,
    repository_name: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeleteLifecyclePolicyRequest {
    registry_id: Option<String>,
    repository_name: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StartLifecyclePolicyPreviewRequest {
    registry_id: Option<String>,
    repository_name: Option<String>,
    lifecycle_policy_text: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GetLifecyclePolicyPreviewRequest {
    registry_id: Option<String>,
    repository_name: Option<String>,
    image_ids: Option<Vec<Object<ImageIdentifierMember>>>,
    next_token: Option<String>,
    max_results: Option<i32>,
    filter: Option<Object<PreviewFilterMember>>,
}

/// `LifecyclePolicyPreviewFilter`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PreviewFilterMember {
    tag_status: Option<String>,
}

/// A text that is no policy is no violation: that shows after the existence of the repository.
impl WireRequest for PutLifecyclePolicyRequest {
    type Input = put_lifecycle_policy::Input;

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        let registry_id = members::registry_id(self.registry_id)?;
        let repository = members::repository_name(self.repository_name)?;
        let text = LIFECYCLE_POLICY_TEXT.required("lifecyclePolicyText", self.lifecycle_policy_text)?;
        let policy = LifecyclePolicy::parse(&text);
        Ok(Addressed { registry_id, input: put_lifecycle_policy::Input { repository, policy } })
    }
}

impl WireRequest for GetLifecyclePolicyRequest {
    type Input = get_lifecycle_policy::Input;

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        let registry_id = members::registry_id(self.registry_id)?;
        let repository = members::repository_name(self.repository_name)?;
        Ok(Addressed { registry_id, input: get_lifecycle_policy::Input { repository } })
    }
}

impl WireRequest for DeleteLifecyclePolicyRequest {
    type Input = delete_lifecycle_policy::Input;

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        let registry_id = members::registry_id(self.registry_id)?;
        let repository = members::repository_name(self.repository_name)?;
        Ok(Addressed { registry_id, input: delete_lifecycle_policy::Input { repository } })
    }
}

/// See [`PutLifecyclePolicyRequest`].
impl WireRequest for StartLifecyclePolicyPreviewRequest {
    type Input = start_lifecycle_policy_preview::Input;

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        let registry_id = members::registry_id(self.registry_id)?;
        let repository = members::repository_name(self.repository_name)?;
        let text = LIFECYCLE_POLICY_TEXT.optional("lifecyclePolicyText", self.lifecycle_policy_text)?;
        let policy = text.map(|text| LifecyclePolicy::parse(&text));
        Ok(Addressed { registry_id, input: start_lifecycle_policy_preview::Input { repository, policy } })
    }
}

impl WireRequest for GetLifecyclePolicyPreviewRequest {
    type Input = get_lifecycle_policy_preview::Input;

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        let registry_id = members::registry_id(self.registry_id)?;
        let repository = members::repository_name(self.repository_name)?;
        let image_ids = images::optional_identifiers("imageIds", self.image_ids)?;
        let most = limits::PREVIEW_PAGE_MAXIMUM;
        let selection = members::selection_of(most, "imageIds", image_ids, self.next_token, self.max_results)?;
        let Object(filter) = self.filter.unwrap_or_default();
        let tag_status = images::tag_status("filter.tagStatus", filter.tag_status)?;
        let selection = match selection {
            Selection::Named(image_ids) => get_lifecycle_policy_preview::Selection::Named(image_ids),
            Selection::Page(page) => get_lifecycle_policy_preview::Selection::Page(page),
        };
        let input = get_lifecycle_policy_preview::Input { repository, selection, tag_status };
        Ok(Addressed { registry_id, input })
    }
}

impl WireOperation for PutLifecyclePolicyRequest {
    type Output = (RepositoryName, put_lifecycle_policy::Output);

    fn repository(input: &Self::Input) -> Option<&RepositoryName> {
        Some(&input.repository)
    }

    fn render((repository, output): &Self::Output, registry: &RegistryKey, _: &dyn Links) -> Bytes {
        write_body(&PutLifecyclePolicyReply {
            registry_id: registry.account.as_str(),
            repository_name: repository.as_str(),
            lifecycle_policy_text: output.policy.minified(),
        })
    }
}

impl WriteOperation for PutLifecyclePolicyRequest {
    fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: Self::Input) -> Result<Self::Output, Failure> {
        let repository = input.repository.clone();
        Ok((repository, put_lifecycle_policy::apply(registry, cx, input)?))
    }
}

impl WireOperation for GetLifecyclePolicyRequest {
    type Output = (RepositoryName, get_lifecycle_policy::Output);

    fn repository(input: &Self::Input) -> Option<&RepositoryName> {
        Some(&input.repository)
    }

    fn render((repository, output): &Self::Output, registry: &RegistryKey, _: &dyn Links) -> Bytes {
        write_body(&StoredLifecyclePolicyReply::new(registry, repository, &output.stored))
    }
}

impl ReadOperation for GetLifecyclePolicyRequest {
    fn apply(registry: &Registry, input: Self::Input) -> Result<Self::Output, Failure> {
        let output = get_lifecycle_policy::apply(registry, &input)?;
        Ok((input.repository, output))
    }
}

impl WireOperation for DeleteLifecyclePolicyRequest {
    type Output = (RepositoryName, delete_lifecycle_policy::Output);

    fn repository(input: &Self::Input) -> Option<&RepositoryName> {
        Some(&input.repository)
    }

    fn render((repository, output): &Self::Output, registry: &RegistryKey, _: &dyn Links) -> Bytes {
        write_body(&StoredLifecyclePolicyReply::new(registry, repository, &output.stored))
    }
}

impl WriteOperation for DeleteLifecyclePolicyRequest {
    fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: Self::Input) -> Result<Self::Output, Failure> {
        let output = delete_lifecycle_policy::apply(registry, cx, &input)?;
        Ok((input.repository, output))
    }
}

impl WireOperation for StartLifecyclePolicyPreviewRequest {
    type Output = (RepositoryName, start_lifecycle_policy_preview::Output);

    fn repository(input: &Self::Input) -> Option<&RepositoryName> {
        Some(&input.repository)
    }

    fn render((repository, output): &Self::Output, registry: &RegistryKey, _: &dyn Links) -> Bytes {
        write_body(&StartLifecyclePolicyPreviewReply {
            registry_id: registry.account.as_str(),
            repository_name: repository.as_str(),
            lifecycle_policy_text: output.preview.policy.text(),
            status: output.preview.state.as_str(),
        })
    }
}

impl WriteOperation for StartLifecyclePolicyPreviewRequest {
    fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: Self::Input) -> Result<Self::Output, Failure> {
        let repository = input.repository.clone();
        Ok((repository, start_lifecycle_policy_preview::apply(registry, cx, input)?))
    }
}

impl WireOperation for GetLifecyclePolicyPreviewRequest {
    type Output = (RepositoryName, get_lifecycle_policy_preview::Output);

    fn repository(input: &Self::Input) -> Option<&RepositoryName> {
        Some(&input.repository)
    }

    fn facts(input: &Self::Input, facts: &mut Facts) {
        if let get_lifecycle_policy_preview::Selection::Named(image_ids) = &input.selection {
            images::set_image(facts, image_ids.first());
        }
    }

    fn render((repository, output): &Self::Output, registry: &RegistryKey, _: &dyn Links) -> Bytes {
        let preview = &output.preview;
        write_body(&GetLifecyclePolicyPreviewReply {
            registry_id: registry.account.as_str(),
            repository_name: repository.as_str(),
            lifecycle_policy_text: preview.policy.text(),
            status: preview.state.as_str(),
            next_token: output.next_token.as_deref(),
            preview_results: each(&output.results),
            summary: SummaryMember::of(&preview.state),
        })
    }
}

impl ReadOperation for GetLifecyclePolicyPreviewRequest {
    fn apply(registry: &Registry, input: Self::Input) -> Result<Self::Output, Failure> {
        let output = get_lifecycle_policy_preview::apply(registry, &input)?;
        Ok((input.repository, output))
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PutLifecyclePolicyReply<'a> {
    registry_id: &'a str,
    repository_name: &'a str,
    lifecycle_policy_text: &'a str,
}

/// What `GetLifecyclePolicy` and `DeleteLifecyclePolicy` answer. `lastEvaluatedAt` is 0 before the first time.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct StoredLifecyclePolicyReply<'a> {
    registry_id: &'a str,
    repository_name: &'a str,
    lifecycle_policy_text: &'a str,
    last_evaluated_at: EpochSeconds,
}

impl<'a> StoredLifecyclePolicyReply<'a> {
    fn new(registry: &'a RegistryKey, repository: &'a RepositoryName, stored: &'a StoredLifecyclePolicy) -> Self {
        Self {
            registry_id: registry.account.as_str(),
            repository_name: repository.as_str(),
            lifecycle_policy_text: stored.policy.minified(),
            last_evaluated_at: stored.last_evaluated_at.unwrap_or(Timestamp::EPOCH).into(),
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct StartLifecyclePolicyPreviewReply<'a> {
    registry_id: &'a str,
    repository_name: &'a str,
    lifecycle_policy_text: &'a str,
    status: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct GetLifecyclePolicyPreviewReply<'a> {
    registry_id: &'a str,
    repository_name: &'a str,
    lifecycle_policy_text: &'a str,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<&'a str>,
    preview_results: Vec<PreviewResultMember<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<SummaryMember>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PreviewResultMember<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    image_tags: Vec<&'a str>,
    image_digest: Displayed<&'a Digest>,
    image_pushed_at: EpochSeconds,
    action: ActionMember,
    applied_rule_priority: u32,
    storage_class: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ActionMember {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    target_storage_class: Option<&'static str>,
}

impl<'a> From<&'a PreviewResult> for PreviewResultMember<'a> {
    fn from(result: &'a PreviewResult) -> Self {
        let target_storage_class = result.action.target_storage_class();
        Self {
            image_tags: result.image.tags().iter().map(Tag::as_str).collect(),
            image_digest: Displayed(result.image.digest()),
            image_pushed_at: result.image.pushed_at().into(),
            action: ActionMember {
                kind: result.action.as_str(),
                target_storage_class: target_storage_class.map(StorageClass::as_str),
            },
            applied_rule_priority: result.applied_rule_priority,
            storage_class: result.storage_class.as_str(),
        }
    }
}

/// Totals over all results, whichever of them are shown.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SummaryMember {
    expiring_image_total_count: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    transitioning_image_total_counts: Vec<TransitioningTotalMember>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct TransitioningTotalMember {
    target_storage_class: &'static str,
    image_total_count: usize,
}

impl SummaryMember {
    /// Absent unless the preview ended well. Images that go to the archive are counted only if there are any.
    fn of(state: &PreviewState) -> Option<Self> {
        let PreviewState::Complete(results) = state else { return None };
        let count = |action: Action| results.iter().filter(|result| result.action == action).count();
        let target = Action::Transition.target_storage_class();
        let totals = target.into_iter().map(|target| TransitioningTotalMember {
            target_storage_class: target.as_str(),
            image_total_count: count(Action::Transition),
        });
        Some(Self {
            expiring_image_total_count: count(Action::Expire),
            transitioning_image_total_counts: totals.filter(|total| total.image_total_count > 0).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::ecr::testing::Bench;

    const ACCOUNT: &str = "123456789012";
    const MINIFIED: &str = r#"{"rules":[{"rulePriority":1,"selection":{"tagStatus":"any","countType":"imageCountMoreThan","countNumber":1},"action":{"type":"expire"}}]}"#;

    fn spaced() -> String {
        MINIFIED.replace(':', " : ")
    }

    fn named() -> String {
        json!({ "repositoryName": "team/app" }).to_string()
    }

    fn with_text(text: &str) -> String {
        json!({ "repositoryName": "team/app", "lifecyclePolicyText": text }).to_string()
    }

    fn bench() -> Bench {
        let mut bench = Bench::new();
        bench.ok("CreateRepository", &named());
        bench
    }

    fn check(operation: &str, body: &str, member: &str, constraint: &str) {
        let text = format!("Invalid parameter at '{member}' failed to satisfy constraint: '{constraint}'");
        assert_eq!(bench().refused(operation, body), ("InvalidParameterException".to_owned(), text), "{body}");
    }

    #[test]
    fn c_123_c_127_c_154_a_policy_is_put_shown_and_deleted_minified() {
        let mut bench = bench();
        let common = json!({
            "registryId": ACCOUNT,
            "repositoryName": "team/app",
            "lifecyclePolicyText": MINIFIED,
        });
        assert_eq!(bench.ok("PutLifecyclePolicy", &with_text(&spaced())), common);
        let mut stored = common;
        stored["lastEvaluatedAt"] = json!(0.0);
        assert_eq!(bench.ok("GetLifecyclePolicy", &named()), stored);
        assert_eq!(bench.ok("DeleteLifecyclePolicy", &named()), stored);
        let absent = (
            "LifecyclePolicyNotFoundException".to_owned(),
            "Lifecycle policy does not exist for the repository with name 'team/app' in the registry with id \
             '123456789012'"
                .to_owned(),
        );
        for operation in ["GetLifecyclePolicy", "DeleteLifecyclePolicy", "StartLifecyclePolicyPreview"] {
            assert_eq!(bench.refused(operation, &named()), absent, "{operation}");
        }
        for operation in ["GetLifecyclePolicy", "DeleteLifecyclePolicy", "GetLifecyclePolicyPreview"] {
            let (exception, _) = bench.refused(operation, r#"{"repositoryName":"no/where"}"#);
            assert_eq!(exception, "RepositoryNotFoundException", "{operation}");
        }
    }

    #[test]
    fn c_123_c_124_texts_have_bounds_and_then_must_be_policies() {
        for operation in ["PutLifecyclePolicy", "StartLifecyclePolicyPreview"] {
            let member = "lifecyclePolicyText";
            let least = "Member must have length greater than or equal to 100";
            check(operation, &with_text(&"x".repeat(99)), member, least);
            let most = "Member must have length less than or equal to 30720";
            check(operation, &with_text(&"x".repeat(30_721)), member, most);
            let failure = |detail: &str| format!("Lifecycle policy validation failure: {detail}");
            let member = "LifecyclePolicyText";
            let unmappable = failure("Could not map policyString into LifecyclePolicy.");
            check(operation, &with_text(&"x".repeat(100)), member, &unmappable);
            let without_rules = format!("{{{}}}", " ".repeat(100));
            let missing = failure(r#"object has missing required properties (["rules"])"#);
            check(operation, &with_text(&without_rules), member, &missing);
            let elsewhere = with_text(&"x".repeat(100)).replace("team/app", "no/where");
            assert_eq!(bench().refused(operation, &elsewhere).0, "RepositoryNotFoundException");
        }
        check("PutLifecyclePolicy", &named(), "lifecyclePolicyText", "Member must not be null");
    }

    #[test]
    fn c_143_c_145_c_147_c_149_a_preview_is_in_progress_and_then_complete() {
        let mut bench = bench();
        let absent = (
            "LifecyclePolicyPreviewNotFoundException".to_owned(),
            "Lifecycle policy preview does not exist for the repository with name 'team/app' in the registry with id \
             '123456789012'"
                .to_owned(),
        );
        assert_eq!(bench.refused("GetLifecyclePolicyPreview", &named()), absent);
        let mut digests: Vec<String> = ["v1", "v2"].map(|tag| bench.image("team/app", tag).to_string()).to_vec();
        let started = json!({
            "registryId": ACCOUNT,
            "repositoryName": "team/app",
            "lifecyclePolicyText": spaced(),
            "status": "IN_PROGRESS",
        });
        assert_eq!(bench.ok("StartLifecyclePolicyPreview", &with_text(&spaced())), started);
        let mut running = started;
        running["previewResults"] = json!([]);
        assert_eq!(bench.ok("GetLifecyclePolicyPreview", &named()), running);
        let (exception, message) = bench.refused("StartLifecyclePolicyPreview", &with_text(MINIFIED));
        assert_eq!(exception, "LifecyclePolicyPreviewInProgressException");
        assert_eq!(
            message,
            "Lifecycle policy preview is already in progress for the repository with name 'team/app' in the registry \
             with id '123456789012'"
        );

        bench.end_work();
        let ended = bench.ok("GetLifecyclePolicyPreview", &named());
        // Pushed at the same time, so the lower digest is the older one.
        digests.sort();
        let tag = ended["previewResults"][0]["imageTags"][0].clone();
        assert_eq!(
            ended,
            json!({
                "registryId": ACCOUNT,
                "repositoryName": "team/app",
                "lifecyclePolicyText": spaced(),
                "status": "COMPLETE",
                "previewResults": [{
                    "imageTags": [tag],
                    "imageDigest": digests[0],
                    "imagePushedAt": ended["previewResults"][0]["imagePushedAt"],
                    "action": { "type": "EXPIRE" },
                    "appliedRulePriority": 1,
                    "storageClass": "STANDARD",
                }],
                "summary": { "expiringImageTotalCount": 1 },
            })
        );
        bench.ok("PutLifecyclePolicy", &with_text(&spaced()));
        let started = bench.ok("StartLifecyclePolicyPreview", &named());
        assert_eq!(started["lifecyclePolicyText"], MINIFIED, "the policy in force is minified (unconfirmed)");
    }

    #[test]
    fn c_138_c_149_images_that_would_be_archived_are_counted_where_there_are_any() {
        let mut bench = bench();
        bench.image("team/app", "v1");
        let policy = r#"{"rules":[{"rulePriority":7,"selection":{"tagStatus":"any","countType":"imageCountMoreThan","countNumber":1},"action":{"type":"transition","targetStorageClass":"archive"}}]}"#;
        let preview = |bench: &mut Bench| -> Value {
            bench.ok("StartLifecyclePolicyPreview", &with_text(policy));
            bench.end_work();
            bench.ok("GetLifecyclePolicyPreview", &named())
        };
        let idle = preview(&mut bench);
        assert_eq!((&idle["previewResults"], &idle["summary"]), (&json!([]), &json!({ "expiringImageTotalCount": 0 })));
        bench.image("team/app", "v2");
        let busy = preview(&mut bench);
        assert_eq!(
            busy["previewResults"][0]["action"],
            json!({ "type": "TRANSITION", "targetStorageClass": "ARCHIVE" })
        );
        assert_eq!(
            busy["summary"],
            json!({
                "expiringImageTotalCount": 0,
                "transitioningImageTotalCounts": [{ "targetStorageClass": "ARCHIVE", "imageTotalCount": 1 }],
            })
        );
    }

    #[test]
    fn c_148_a_preview_is_shown_in_pages_or_for_named_images() {
        let mut bench = bench();
        for tag in ["v1", "v2", "v3"] {
            bench.image("team/app", tag);
        }
        bench.ok("StartLifecyclePolicyPreview", &with_text(MINIFIED));
        bench.end_work();
        let first = bench.ok("GetLifecyclePolicyPreview", r#"{"repositoryName":"team/app","maxResults":1}"#);
        let token = first["nextToken"].clone();
        assert_eq!(first["summary"]["expiringImageTotalCount"], 2, "totals are not those of the page");
        let next = json!({ "repositoryName": "team/app", "maxResults": 1, "nextToken": token }).to_string();
        let second = bench.ok("GetLifecyclePolicyPreview", &next);
        assert_eq!((second["previewResults"].as_array().unwrap().len(), second.get("nextToken")), (1, None));
        let digest = &second["previewResults"][0]["imageDigest"];
        let ids = json!({ "repositoryName": "team/app", "imageIds": [{ "imageDigest": digest }] }).to_string();
        let named = bench.ok("GetLifecyclePolicyPreview", &ids);
        assert_eq!(named["previewResults"], second["previewResults"]);
        let filter = r#"{"repositoryName":"team/app","filter":{"tagStatus":"UNTAGGED"}}"#;
        assert_eq!(bench.ok("GetLifecyclePolicyPreview", filter)["previewResults"], json!([]));

        let operation = "GetLifecyclePolicyPreview";
        let body = |members: &str| format!(r#"{{"repositoryName":"ab",{members}}}"#);
        let most = "Member must have value less than or equal to 100";
        check(operation, &body(r#""maxResults":101"#), "maxResults", most);
        let exclusive = "cannot be specified together with imageIds";
        check(operation, &body(r#""imageIds":[{}],"maxResults":1"#), "maxResults", exclusive);
        check(operation, &body(r#""imageIds":[{}],"nextToken":"x""#), "nextToken", exclusive);
        let set = "Member must satisfy enum value set: [TAGGED, UNTAGGED, ANY]";
        check(operation, &body(r#""filter":{"tagStatus":"SOME"}"#), "filter.tagStatus", set);
        let least = "must have length greater than or equal to 1";
        check(operation, &body(r#""imageIds":[{},{"imageTag":""}]"#), "imageIds.2.member.imageTag", least);
        assert_eq!(
            bench.refused(operation, r#"{"repositoryName":"team/app","nextToken":"x"}"#).0,
            "InvalidParameterException"
        );
    }
}
