//! A world as a test holds it: the verbs of the control plane, each in one call.

use std::net::SocketAddr;

use ecr_fixture::proto;
use tonic::Status;

use super::control::Plane;
use super::registry::Caller;

/// Time at which worlds of tests start: 2026-01-01T00:00:00Z.
pub(crate) const START_SECONDS: i64 = 1_767_225_600;

/// A world.
#[derive(Clone, Debug)]
pub(crate) struct TestWorld {
    pub(crate) plane: Plane,
    pub(crate) world: proto::World,
}

impl TestWorld {
    pub(crate) fn new(plane: Plane, world: proto::World) -> Self {
        Self { plane, world }
    }

    /// `worlds/{id}`.
    pub(crate) fn name(&self) -> String {
        self.world.name.clone()
    }

    pub(crate) fn connection(&self) -> &proto::ConnectionInfo {
        self.world.connection.as_ref().expect("a world says how it is reached")
    }

    /// Where its registry surface listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.connection().registry_host.parse().expect("tests listen on loopback addresses")
    }

    /// A caller with the key of the first account, in a region.
    pub(crate) fn caller(&self, region: &str) -> Caller {
        Caller::new(self.address(), &self.connection().credentials[0].access_key_id, region)
    }

    /// A caller with the key of the n-th account.
    pub(crate) fn caller_of(&self, account: usize, region: &str) -> Caller {
        Caller::new(self.address(), &self.connection().credentials[account].access_key_id, region)
    }

    /// A caller in `us-east-1` that has logged in.
    pub(crate) async fn home(&self) -> Caller {
        self.caller("us-east-1").logged_in().await
    }

    /// A caller in `eu-west-1` that has logged in.
    pub(crate) async fn away(&self) -> Caller {
        self.caller("eu-west-1").logged_in().await
    }

    /// Applies documents, written as in a seed file: one JSON object or several with commas.
    pub(crate) async fn seed(&self, json: &str) -> Vec<proto::ApplyResult> {
        self.try_seed(json, false).await.unwrap_or_else(|status| panic!("{json}: {status}"))
    }

    pub(crate) async fn try_seed(&self, json: &str, validate_only: bool) -> Result<Vec<proto::ApplyResult>, Status> {
        let request = proto::ApplyRequest { world: self.name(), documents: documents(json), validate_only };
        Ok(self.plane.clone().state.apply(request).await?.into_inner().results)
    }

    /// Adds rules, given as text.
    pub(crate) async fn fault(&self, text: &str) -> Vec<proto::RuleStatus> {
        self.try_fault(text).await.unwrap_or_else(|status| panic!("{text}: {status}"))
    }

    pub(crate) async fn try_fault(&self, text: &str) -> Result<Vec<proto::RuleStatus>, Status> {
        let request = proto::ApplyRulesRequest { world: self.name(), text: text.to_owned(), ..Default::default() };
        Ok(self.plane.clone().faults.apply_rules(request).await?.into_inner().rules)
    }

    pub(crate) async fn rules(&self) -> Vec<proto::RuleStatus> {
        let request = proto::ListRulesRequest { world: self.name() };
        self.plane.clone().faults.list_rules(request).await.expect("rules are listed").into_inner().rules
    }

    /// Opens a gate for good.
    pub(crate) async fn open_gate(&self, gate: &str) -> u32 {
        let request = proto::OpenGateRequest { world: self.name(), gate: gate.to_owned(), count: None };
        self.plane.clone().faults.open_gate(request).await.expect("a gate opens").into_inner().released
    }

    /// Waits until somebody waits at a gate; answers who.
    pub(crate) async fn waiters(&self, gate: &str) -> Vec<String> {
        loop {
            let request = proto::ListGatesRequest { world: self.name() };
            let gates =
                self.plane.clone().faults.list_gates(request).await.expect("gates are listed").into_inner().gates;
            let waiters = gates.into_iter().find(|listed| listed.name == gate).map(|listed| listed.waiters);
            match waiters {
                Some(waiters) if !waiters.is_empty() => return waiters,
                _ => tokio::task::yield_now().await,
            }
        }
    }

    /// Moves the clock by so many seconds.
    pub(crate) async fn advance(&self, seconds: i64) -> proto::AdvanceResponse {
        self.try_advance(proto::advance_request::Target::By(duration(seconds))).await.expect("the clock moves")
    }

    pub(crate) async fn try_advance(
        &self,
        target: proto::advance_request::Target,
    ) -> Result<proto::AdvanceResponse, Status> {
        let request = proto::AdvanceRequest { world: self.name(), target: Some(target), ..Default::default() };
        Ok(self.plane.clone().clock.advance(request).await?.into_inner())
    }

    pub(crate) async fn now(&self) -> prost_types::Timestamp {
        let request = proto::GetClockRequest { world: self.name() };
        let clock = self.plane.clone().clock.get_clock(request).await.expect("the clock is read").into_inner().clock;
        clock.and_then(|clock| clock.now).expect("a clock shows a time")
    }

    pub(crate) async fn timers(&self) -> Vec<proto::Timer> {
        let request = proto::ListTimersRequest { world: self.name() };
        self.plane.clone().clock.list_timers(request).await.expect("timers are listed").into_inner().timers
    }

    pub(crate) async fn tasks(&self) -> Vec<proto::Task> {
        let request = proto::ListTasksRequest { world: self.name() };
        self.plane.clone().tasks.list_tasks(request).await.expect("tasks are listed").into_inner().tasks
    }

    /// Records that match a text such as `oci:blob.get where tag = "v1"`.
    pub(crate) async fn calls(&self, matcher: &str) -> Vec<proto::Call> {
        let matcher = proto::Matcher { text: matcher.to_owned(), ..Default::default() };
        let request = proto::ListCallsRequest {
            world: self.name(),
            matcher: Some(matcher),
            page_size: Some(1_000),
            ..Default::default()
        };
        self.plane.clone().journal.list_calls(request).await.expect("calls are listed").into_inner().calls
    }

    /// The one record that matches, once it has finished.
    pub(crate) async fn finished_call(&self, matcher: &str) -> proto::Call {
        loop {
            let mut calls = self.calls(matcher).await;
            assert!(calls.len() <= 1, "{matcher}: {calls:?}");
            match calls.pop() {
                Some(call) if call.phase() == proto::Phase::Finished => return call,
                _ => tokio::task::yield_now().await,
            }
        }
    }

    /// Number of the world's newest commit.
    pub(crate) async fn seq(&self) -> u64 {
        let request = proto::GetWorldRequest { world: self.name() };
        let world = self.plane.clone().worlds.get_world(request).await.expect("the world lives").into_inner().world;
        world.expect("the world is answered").seq
    }

    pub(crate) async fn finish(&self) -> proto::FinishWorldResponse {
        let request = proto::FinishWorldRequest { world: self.name(), journal_tail: None };
        self.plane.clone().worlds.finish_world(request).await.expect("a world finishes").into_inner()
    }
}

/// Documents of a seed file.
fn documents(json: &str) -> Vec<proto::Document> {
    let file = format!(r#"{{"documents": [{json}]}}"#);
    ecr_fixture::seed::json::seed_file(file.as_bytes()).unwrap_or_else(|error| panic!("{json}: {error}")).documents
}

/// Kind of each finding.
pub(crate) fn kinds(report: &proto::FinishWorldResponse) -> Vec<proto::FindingKind> {
    report.findings.iter().map(proto::Finding::kind).collect()
}

pub(crate) fn duration(seconds: i64) -> prost_types::Duration {
    prost_types::Duration { seconds, nanos: 0 }
}

pub(crate) fn timestamp(seconds: i64) -> prost_types::Timestamp {
    prost_types::Timestamp { seconds, nanos: 0 }
}
