//! `StartReplicationBackfill`, `StopReplicationBackfill`, `ListReplicationBackfills`,
//! `DescribeReplicationBackfillResults`.

use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::images::ImageIdReply;
use super::registry::{DestinationMember, destination_key};
use super::{Addressed, WireRequest, each, members};
use crate::ecr::answer::Links;
use crate::ecr::constraints::{Dialect, Text, one_of};
use crate::ecr::operation::{ReadOperation, WireOperation, WriteOperation};
use crate::ecr::protocol::{EpochSeconds, Object, write_body};
use crate::facts::{Fact, Facts};
use crate::registry::errors::InvalidParameter;
use crate::registry::ops::describe_replication_backfill_results::{self, ResultStatus};
use crate::registry::ops::{list_replication_backfills, start_replication_backfill, stop_replication_backfill};
use crate::registry::replication::{BackfillProgress, BackfillResult};
use crate::registry::types::RegistryKey;
use crate::registry::{Backfill, Context, Registry, limits};
use crate::wire_errors::Failure;

static BACKFILL_ID: Text =
    Text::new(Dialect::Smithy).pattern("[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}");

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StartReplicationBackfillRequest {
    registry_id: Option<String>,
    destination: Option<Object<DestinationMember>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StopReplicationBackfillRequest {
    registry_id: Option<String>,
    replication_backfill_id: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListReplicationBackfillsRequest {
    registry_id: Option<String>,
    max_results: Option<i32>,
    next_token: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DescribeReplicationBackfillResultsRequest {
    registry_id: Option<String>,
    replication_backfill_id: Option<String>,
    result_status_filter: Option<String>,
    max_results: Option<i32>,
    next_token: Option<String>,
}

impl WireRequest for StartReplicationBackfillRequest {
    type Input = start_replication_backfill::Input;

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        let registry_id = members::registry_id(self.registry_id)?;
        let Object(destination) = Dialect::Smithy.required("destination", self.destination)?;
        let destination = destination_key("destination", destination)?;
        Ok(Addressed { registry_id, input: start_replication_backfill::Input { destination } })
    }
}

impl WireRequest for StopReplicationBackfillRequest {
    type Input = stop_replication_backfill::Input;

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        let registry_id = members::registry_id(self.registry_id)?;
        let id = backfill_id(self.replication_backfill_id)?;
        Ok(Addressed { registry_id, input: stop_replication_backfill::Input { id } })
    }
}

impl WireRequest for ListReplicationBackfillsRequest {
    type Input = list_replication_backfills::Input;

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        let registry_id = members::registry_id(self.registry_id)?;
        let page = members::page_of(limits::BACKFILLS_PAGE_MAXIMUM, self.next_token, self.max_results)?;
        Ok(Addressed { registry_id, input: list_replication_backfills::Input { page } })
    }
}

impl WireRequest for DescribeReplicationBackfillResultsRequest {
    type Input = describe_replication_backfill_results::Input;

    fn into_input(self) -> Result<Addressed<Self::Input>, Failure> {
        let registry_id = members::registry_id(self.registry_id)?;
        let id = backfill_id(self.replication_backfill_id)?;
        let status = |text: String| one_of("resultStatusFilter", &text, &ResultStatus::ALL, ResultStatus::as_str);
        let status = self.result_status_filter.map(status).transpose()?;
        let page = members::page(self.next_token, self.max_results)?;
        Ok(Addressed { registry_id, input: describe_replication_backfill_results::Input { id, status, page } })
    }
}

impl WireOperation for StartReplicationBackfillRequest {
    type Output = start_replication_backfill::Output;

    fn facts(input: &Self::Input, facts: &mut Facts) {
        facts.set(Fact::DestAccount, input.destination.account.as_str());
        facts.set(Fact::DestRegion, input.destination.region.as_str());
    }

    fn render(output: &Self::Output, registry: &RegistryKey, _: &dyn Links) -> Bytes {
        write_body(&BackfillReply::new(&output.backfill, registry))
    }
}

impl WriteOperation for StartReplicationBackfillRequest {
    fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: Self::Input) -> Result<Self::Output, Failure> {
        Ok(start_replication_backfill::apply(registry, cx, input)?)
    }
}

impl WireOperation for StopReplicationBackfillRequest {
    type Output = stop_replication_backfill::Output;

    fn render(output: &Self::Output, registry: &RegistryKey, _: &dyn Links) -> Bytes {
        write_body(&BackfillReply::new(&output.backfill, registry))
    }
}

impl WriteOperation for StopReplicationBackfillRequest {
    fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: Self::Input) -> Result<Self::Output, Failure> {
        Ok(stop_replication_backfill::apply(registry, cx, &input)?)
    }
}

impl WireOperation for ListReplicationBackfillsRequest {
    type Output = list_replication_backfills::Output;

    fn render(output: &Self::Output, registry: &RegistryKey, _: &dyn Links) -> Bytes {
        write_body(&ListReplicationBackfillsReply {
            registry_id: registry.account.as_str(),
            backfills: output.backfills.iter().map(|backfill| (&**backfill).into()).collect(),
            next_token: output.next_token.as_deref(),
        })
    }
}

impl ReadOperation for ListReplicationBackfillsRequest {
    fn apply(registry: &Registry, input: Self::Input) -> Result<Self::Output, Failure> {
        Ok(list_replication_backfills::apply(registry, &input)?)
    }
}

impl WireOperation for DescribeReplicationBackfillResultsRequest {
    type Output = describe_replication_backfill_results::Output;

    fn render(output: &Self::Output, registry: &RegistryKey, _: &dyn Links) -> Bytes {
        write_body(&DescribeReplicationBackfillResultsReply {
            registry_id: registry.account.as_str(),
            backfill: (&*output.backfill).into(),
            results: output.backfill.status.is_terminal().then(|| each(&output.results)),
            next_token: output.next_token.as_deref(),
        })
    }
}

impl ReadOperation for DescribeReplicationBackfillResultsRequest {
    fn apply(registry: &Registry, input: Self::Input) -> Result<Self::Output, Failure> {
        Ok(describe_replication_backfill_results::apply(registry, &input)?)
    }
}

fn backfill_id(text: Option<String>) -> Result<String, InvalidParameter> {
    BACKFILL_ID.required("replicationBackfillId", text)
}

/// What starting and stopping answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct BackfillReply<'a> {
    replication_backfill_id: &'a str,
    registry_id: &'a str,
    destination: DestinationMember,
    status: &'static str,
    started_at: EpochSeconds,
}

impl<'a> BackfillReply<'a> {
    fn new(backfill: &'a Backfill, registry: &'a RegistryKey) -> Self {
        Self {
            replication_backfill_id: &backfill.id,
            registry_id: registry.account.as_str(),
            destination: (&backfill.destination).into(),
            status: backfill.status.as_str(),
            started_at: backfill.started_at.into(),
        }
    }
}

/// A backfill in a listing, and at the head of its results.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct BackfillMember<'a> {
    replication_backfill_id: &'a str,
    destination: DestinationMember,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    progress: Option<ProgressMember<'a>>,
    started_at: EpochSeconds,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<EpochSeconds>,
}

impl<'a> From<&'a Backfill> for BackfillMember<'a> {
    fn from(backfill: &'a Backfill) -> Self {
        Self {
            replication_backfill_id: &backfill.id,
            destination: (&backfill.destination).into(),
            status: backfill.status.as_str(),
            failure_code: backfill.failure_code.as_deref(),
            progress: backfill.progress.as_ref().map(Into::into),
            started_at: backfill.started_at.into(),
            ended_at: backfill.ended_at.map(Into::into),
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ProgressMember<'a> {
    total_replication_count: usize,
    completed_replication_count: usize,
    failed_replication_count: usize,
    failure_codes: Vec<&'a str>,
}

impl<'a> From<&'a BackfillProgress> for ProgressMember<'a> {
    fn from(progress: &'a BackfillProgress) -> Self {
        Self {
            total_replication_count: progress.total,
            completed_replication_count: progress.completed,
            failed_replication_count: progress.failed,
            failure_codes: texts(&progress.failure_codes),
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ResultMember<'a> {
    repository_name: &'a str,
    image_id: ImageIdReply<'a>,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub_image_failure_codes: Option<Vec<&'a str>>,
}

impl<'a> From<&'a BackfillResult> for ResultMember<'a> {
    fn from(result: &'a BackfillResult) -> Self {
        let failure = result.failure.as_ref();
        Self {
            repository_name: result.repository.as_str(),
            image_id: (&result.image_id).into(),
            status: ResultStatus::of(result).as_str(),
            failure_code: failure.map(|failure| &*failure.code),
            sub_image_failure_codes: failure.and_then(|failure| failure.sub_images.as_deref()).map(texts),
        }
    }
}

fn texts(codes: &[Arc<str>]) -> Vec<&str> {
    codes.iter().map(|code| &**code).collect()
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ListReplicationBackfillsReply<'a> {
    registry_id: &'a str,
    backfills: Vec<BackfillMember<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<&'a str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct DescribeReplicationBackfillResultsReply<'a> {
    registry_id: &'a str,
    #[serde(flatten)]
    backfill: BackfillMember<'a>,
    /// Only once it has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    results: Option<Vec<ResultMember<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<&'a str>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::ecr::testing::Bench;
    use crate::registry::replication::{BackfillFailure, BackfillResult};
    use crate::registry::types::{Digest, Timestamp};
    use crate::registry::{ImageId, limits};

    const FIRST: &str = "00000000-0000-4000-8000-000000000001";

    fn destination(region: usize) -> serde_json::Value {
        json!({"region": format!("region-{region}"), "registryId": "123456789012"})
    }

    fn with_destinations(count: usize) -> Bench {
        let mut bench = Bench::new();
        let destinations: Vec<_> = (0..count).map(destination).collect();
        let rules = json!({"replicationConfiguration": {"rules": [{"destinations": destinations}]}});
        bench.ok("PutReplicationConfiguration", &rules.to_string());
        bench
    }

    fn start(region: usize) -> String {
        json!({"destination": destination(region)}).to_string()
    }

    #[test]
    fn d_001_a_start_answers_id_status_and_time() {
        let mut bench = with_destinations(1);
        let backfill = json!({
            "replicationBackfillId": FIRST,
            "registryId": "123456789012",
            "destination": destination(0),
            "status": "PREPARING",
            "startedAt": 1_700_000_000.123,
        });
        assert_eq!(bench.ok("StartReplicationBackfill", &start(0)), backfill);
        assert_eq!(
            bench.refused("StartReplicationBackfill", &start(0)),
            (
                "ReplicationBackfillInProgressException".to_owned(),
                "A replication backfill is already in progress for the destination region 'region-0' in the registry \
                 with id '123456789012'"
                    .to_owned()
            )
        );
        assert_eq!(
            bench.refused("StartReplicationBackfill", &start(1)),
            (
                "InvalidParameterException".to_owned(),
                "Invalid parameter at 'destination' failed to satisfy constraint: 'Replication destination is not part \
                 of the replication configuration of the registry'"
                    .to_owned()
            )
        );
    }

    #[test]
    fn d_005_ten_backfills_run_at_once() {
        let mut bench = with_destinations(limits::RUNNING_BACKFILLS + 1);
        for region in 0..limits::RUNNING_BACKFILLS {
            bench.ok("StartReplicationBackfill", &start(region));
        }
        let over = start(limits::RUNNING_BACKFILLS);
        assert_eq!(bench.refused("StartReplicationBackfill", &over).0, "LimitExceededException");
        bench.ok("StopReplicationBackfill", &json!({"replicationBackfillId": FIRST}).to_string());
        bench.ok("StartReplicationBackfill", &over);
    }

    #[test]
    fn d_002_a_stop_answers_the_status_and_an_ended_backfill_refuses_it() {
        let mut bench = with_destinations(1);
        let id = json!({"replicationBackfillId": FIRST}).to_string();
        assert_eq!(
            bench.refused("StopReplicationBackfill", &id),
            (
                "ReplicationBackfillNotFoundException".to_owned(),
                format!(
                    "The replication backfill with id '{FIRST}' does not exist in the registry with id '123456789012'"
                )
            )
        );
        bench.ok("StartReplicationBackfill", &start(0));
        bench.registry.begin_backfill(FIRST);
        for _ in 0..2 {
            assert_eq!(bench.ok("StopReplicationBackfill", &id)["status"], "STOPPING");
        }
        bench.registry.end_backfill(FIRST, Timestamp::from_millis(1_700_000_001_000), Ok(vec![]));
        assert_eq!(bench.ok("DescribeReplicationBackfillResults", &id)["status"], "STOPPED");
        assert_eq!(
            bench.refused("StopReplicationBackfill", &id),
            (
                "ReplicationBackfillInvalidStatusException".to_owned(),
                format!(
                    "The replication backfill with id '{FIRST}' in the registry with id '123456789012' cannot be stopped \
                     because its status is 'STOPPED'"
                )
            )
        );
    }

    #[test]
    fn d_003_d_004_a_backfill_shows_its_progress_and_results() {
        let mut bench = with_destinations(1);
        bench.ok("StartReplicationBackfill", &start(0));
        let mut summary = json!({
            "replicationBackfillId": FIRST,
            "destination": destination(0),
            "status": "PREPARING",
            "startedAt": 1_700_000_000.123,
        });
        let listed = |summary: &serde_json::Value| json!({"registryId": "123456789012", "backfills": [summary]});
        assert_eq!(bench.ok("ListReplicationBackfills", "{}"), listed(&summary));

        let digest = Digest::sha256_of(b"list");
        let result = |tag: &str, failure: Option<BackfillFailure>| BackfillResult {
            repository: "team/app".parse().unwrap(),
            image_id: ImageId { digest: digest.clone(), tag: Some(tag.parse().unwrap()) },
            failure,
        };
        let id = json!({"replicationBackfillId": FIRST}).to_string();
        assert_eq!(bench.ok("DescribeReplicationBackfillResults", &id).get("results"), None);
        let failure =
            BackfillFailure { code: "IMAGE_NOT_FOUND".into(), sub_images: Some(vec!["IMAGE_NOT_FOUND".into()]) };
        let results = vec![result("a", None), result("b", None), result("c", Some(failure))];
        bench.registry.end_backfill(FIRST, Timestamp::from_millis(1_700_000_001_000), Ok(results));
        summary["status"] = json!("COMPLETE");
        summary["endedAt"] = json!(1_700_000_001.0);
        summary["progress"] = json!({
            "totalReplicationCount": 3,
            "completedReplicationCount": 2,
            "failedReplicationCount": 1,
            "failureCodes": ["IMAGE_NOT_FOUND"],
        });
        assert_eq!(bench.ok("ListReplicationBackfills", "{}"), listed(&summary));
        let shown = |tag: &str| {
            let image_id = json!({"imageDigest": digest.to_string(), "imageTag": tag});
            json!({"repositoryName": "team/app", "imageId": image_id, "status": "COMPLETE"})
        };
        let mut failed = shown("c");
        failed["status"] = json!("FAILED");
        failed["failureCode"] = json!("IMAGE_NOT_FOUND");
        failed["subImageFailureCodes"] = json!(["IMAGE_NOT_FOUND"]);
        let mut described = summary.clone();
        described["registryId"] = json!("123456789012");
        described["results"] = json!([shown("a"), shown("b"), failed]);
        let describe = json!({"replicationBackfillId": FIRST}).to_string();
        assert_eq!(bench.ok("DescribeReplicationBackfillResults", &describe), described);

        let complete = json!({"replicationBackfillId": FIRST, "resultStatusFilter": "COMPLETE", "maxResults": 1});
        let first = bench.ok("DescribeReplicationBackfillResults", &complete.to_string());
        assert_eq!(first["results"], json!([shown("a")]));
        let mut next = complete.clone();
        next["nextToken"] = first["nextToken"].clone();
        let second = bench.ok("DescribeReplicationBackfillResults", &next.to_string());
        assert_eq!((&second["results"], second.get("nextToken")), (&json!([shown("b")]), None));
        let only_failed = json!({"replicationBackfillId": FIRST, "resultStatusFilter": "FAILED"}).to_string();
        assert_eq!(bench.ok("DescribeReplicationBackfillResults", &only_failed)["results"], json!([failed]));
    }

    #[test]
    fn d_003_unconfirmed_backfills_are_listed_newest_first_in_pages() {
        let mut bench = with_destinations(3);
        for region in 0..3 {
            bench.ok("StartReplicationBackfill", &start(region));
        }
        let first = bench.ok("ListReplicationBackfills", r#"{"maxResults":2}"#);
        let regions = |page: &serde_json::Value| -> Vec<serde_json::Value> {
            page["backfills"].as_array().unwrap().iter().map(|backfill| backfill["destination"].clone()).collect()
        };
        assert_eq!(regions(&first), [destination(2), destination(1)]);
        let next = json!({"nextToken": first["nextToken"]}).to_string();
        assert_eq!(regions(&bench.ok("ListReplicationBackfills", &next)), [destination(0)]);
    }

    #[test]
    fn violations_name_the_first_member() {
        let mut bench = with_destinations(1);
        let mut check = |operation: &str, body: &str, member: &str, constraint: &str| {
            let text = format!("Invalid parameter at '{member}' failed to satisfy constraint: '{constraint}'");
            assert_eq!(bench.refused(operation, body), ("InvalidParameterException".to_owned(), text), "{body}");
        };
        let start = "StartReplicationBackfill";
        check(start, "{}", "destination", "Member must not be null");
        check(start, r#"{"destination":{}}"#, "destination.region", "Member must not be null");
        check(
            start,
            r#"{"destination":{"region":"eu-west-1","registryId":"1"}}"#,
            "destination.registryId",
            "Member must satisfy regular expression pattern: [0-9]{12}",
        );
        for operation in ["StopReplicationBackfill", "DescribeReplicationBackfillResults"] {
            check(operation, "{}", "replicationBackfillId", "Member must not be null");
            check(
                operation,
                r#"{"replicationBackfillId":"1"}"#,
                "replicationBackfillId",
                "Member must satisfy regular expression pattern: \
                 [0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}",
            );
        }
        check(
            "ListReplicationBackfills",
            r#"{"maxResults":51}"#,
            "maxResults",
            "Member must have value less than or equal to 50",
        );
        check(
            "DescribeReplicationBackfillResults",
            &json!({"replicationBackfillId": FIRST, "resultStatusFilter": "STOPPED"}).to_string(),
            "resultStatusFilter",
            "Member must satisfy enum value set: [COMPLETE, FAILED]",
        );
    }
}
