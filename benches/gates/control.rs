//! G24 and the control calls of a test: worlds, forks, rules and verdicts through gRPC, as wall time.

use std::net::SocketAddr;

use anyhow::{Context as _, Result, ensure};
use ecr_fixture::clock::RealTime;
use ecr_fixture::proto;
use tokio::runtime::Runtime;
use tonic::Request;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, Endpoint};

use crate::Plan;
use crate::figures::{Limits, Report, median};
use crate::json_api::populated;
use crate::process::{Programs, Server};

/// The control plane of a daemon.
struct ControlPlane {
    runtime: Runtime,
    channel: Channel,
    token: MetadataValue<Ascii>,
}

impl ControlPlane {
    fn connect(server: &Server) -> Result<Self> {
        let (address, token): &(SocketAddr, String) = server.control.as_ref().context("a control plane")?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let channel = runtime.block_on(Endpoint::from_shared(format!("http://{address}"))?.connect())?;
        Ok(Self { runtime, channel, token: format!("Bearer {token}").parse()? })
    }

    fn request<M>(&self, message: M) -> Request<M> {
        let mut request = Request::new(message);
        request.metadata_mut().insert("authorization", self.token.clone());
        request
    }

    fn create_world(&self) -> Result<String> {
        let mut worlds = proto::worlds_service_client::WorldsServiceClient::new(self.channel.clone());
        let request = self.request(proto::CreateWorldRequest::default());
        let created = self.runtime.block_on(worlds.create_world(request))?.into_inner();
        Ok(created.world.context("a world")?.name)
    }

    fn fork(&self, world: &str) -> Result<String> {
        let mut worlds = proto::worlds_service_client::WorldsServiceClient::new(self.channel.clone());
        let request = proto::ForkWorldRequest { world: world.to_owned(), ..proto::ForkWorldRequest::default() };
        let forks = self.runtime.block_on(worlds.fork_world(self.request(request)))?.into_inner();
        Ok(forks.worlds.first().context("a fork")?.name.clone())
    }

    fn delete(&self, world: String) -> Result<()> {
        let mut worlds = proto::worlds_service_client::WorldsServiceClient::new(self.channel.clone());
        self.runtime.block_on(worlds.delete_world(self.request(proto::DeleteWorldRequest { world })))?;
        Ok(())
    }

    fn apply_rules(&self, world: &str) -> Result<()> {
        let mut faults = proto::faults_service_client::FaultsServiceClient::new(self.channel.clone());
        let mode = proto::ApplyRulesMode::ReplaceAll.into();
        let text = r#"slow: on ecr:PutImage where repository = "app" do 2x status("ServerException")"#;
        let request =
            proto::ApplyRulesRequest { world: world.to_owned(), text: text.to_owned(), mode, ..Default::default() };
        let applied = self.runtime.block_on(faults.apply_rules(self.request(request)))?.into_inner();
        ensure!(applied.rules.len() == 1, "one rule is in force");
        Ok(())
    }

    fn verify(&self, world: &str) -> Result<()> {
        let mut asserts = proto::asserts_service_client::AssertsServiceClient::new(self.channel.clone());
        let text = r#"ecr:DescribeRepositories where repository = "app""#.to_owned();
        let matcher = Some(proto::Matcher { text, ..proto::Matcher::default() });
        let count = proto::CountExpectation { matcher, max: Some(0), ..proto::CountExpectation::default() };
        let form = Some(proto::expectation::Form::Count(count));
        let expectations = vec![proto::Expectation { form, ..proto::Expectation::default() }];
        let request = proto::VerifyRequest { world: world.to_owned(), expectations, since: String::new() };
        let judged = self.runtime.block_on(asserts.verify(self.request(request)))?.into_inner();
        ensure!(judged.verdict() == proto::Verdict::Pass, "{}", judged.text);
        Ok(())
    }
}

/// Median milliseconds of a call; what it made is given to `after`, which is not timed.
fn milliseconds<T>(
    calls: usize,
    mut call: impl FnMut() -> Result<T>,
    mut after: impl FnMut(T) -> Result<()>,
) -> Result<f64> {
    let clock = RealTime::start();
    let mut times = Vec::new();
    for _ in 0..calls {
        let begun = clock.elapsed().as_secs_f64();
        let made = call()?;
        times.push((clock.elapsed().as_secs_f64() - begun) * 1e3);
        after(made)?;
    }
    median(&mut times)
}

pub(crate) fn measure(plan: &Plan, programs: &Programs, report: &mut Report) -> Result<()> {
    let server = populated(programs, plan.objects, plan.objects)?;
    let control = ControlPlane::connect(&server)?;
    let calls = plan.control_calls;
    let created = milliseconds(calls, || control.create_world(), |world| control.delete(world))?;
    report.add("G24 create a world, p50", created, "ms", Limits::AtMost(2.0, 0.3), "")?;
    let empty = control.create_world()?;
    for (name, source) in [("an empty world", empty.as_str()), ("a large world", "worlds/default")] {
        let forked = milliseconds(calls, || control.fork(source), |world| control.delete(world))?;
        let note = if source == empty { String::new() } else { format!("{} images", plan.objects) };
        report.add(format!("G24 fork {name}, p50"), forked, "ms", Limits::AtMost(5.0, 0.5), note)?;
    }
    let applied = milliseconds(calls, || control.apply_rules(&empty), Ok)?;
    report.add("ApplyRules, p50", applied * 1e3, "us", Limits::AtMost(300.0, 300.0), "through gRPC")?;
    let judged = milliseconds(calls, || control.verify(&empty), Ok)?;
    report.add("Verify, p50", judged * 1e3, "us", Limits::AtMost(300.0, 300.0), "through gRPC, empty journal")?;
    let judged = milliseconds(calls, || control.verify("worlds/default"), Ok)?;
    let note = format!("through gRPC, {} records", 2 * plan.objects);
    report.add("Verify of a long journal, p50", judged * 1e3, "us", Limits::None, note)
}
