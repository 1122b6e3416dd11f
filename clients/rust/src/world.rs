//! A world: one test's own universe of registries, and everything that a test can do with it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tempfile::TempDir;

use crate::background::{self, AbortOnDrop};
use crate::content::Content;
use crate::convert::timestamp;
use crate::documents::Seed;
use crate::environment::Keep;
use crate::errors::{Error, Result, Violation};
use crate::fixture::Daemon;
use crate::matchers::{Expectations, Matcher};
use crate::options::{Place, Push, Target, request_id, resource};
use crate::proto;
use crate::proto::asserts_service_client::AssertsServiceClient;
use crate::proto::clock_service_client::ClockServiceClient;
use crate::proto::faults_service_client::FaultsServiceClient;
use crate::proto::journal_service_client::JournalServiceClient;
use crate::proto::state_service_client::StateServiceClient;
use crate::proto::tasks_service_client::TasksServiceClient;
use crate::proto::worlds_service_client::WorldsServiceClient;
use crate::records::{
    Advanced, Aws, Call, Clock, ClockMode, DockerConfig, Gate, Image, Judgement, Login, Report, RuleStatus, SeedResult,
    Task, Timer, Verdict,
};
use crate::registry::{Reference, Registry, log_in};
use crate::rules::Faults;
use crate::surroundings::{aws_environment, write_authority, write_docker_config};
use crate::trust::Trust;

mod ending;

const PAGE: u32 = 1_000;

/// An isolated universe of registries. [`world`](crate::world()) and [`world_with`](crate::world_with) make them.
///
/// Its clock is frozen unless asked otherwise, so that nothing happens by itself: [`advance`](Self::advance) moves it.
/// A world that is dropped is finished; what its end found is printed to standard error if the test panics, or if the
/// findings would have failed it. [`finish`](Self::finish) makes an error of such findings instead.
#[must_use = "a world that is dropped is finished"]
pub struct World {
    daemon: Arc<Daemon>,
    message: proto::World,
    folders: Mutex<Vec<TempDir>>,
    /// The certificate authority, once somebody asked for its file.
    ca_file: Mutex<Option<(TempDir, PathBuf)>>,
    is_finished: bool,
    /// On an attached daemon the world ends with this process, whatever happens to it.
    _hold: Option<AbortOnDrop>,
}

/// The end of the journal at some time, by [`World::mark`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark(String);

/// What it is.
impl World {
    pub(crate) async fn new(daemon: Arc<Daemon>, message: proto::World) -> Result<Self> {
        // One that may be kept has its lease only.
        let is_held = daemon.is_attached() && daemon.keep == Keep::Never;
        let hold = if is_held { Some(daemon.connection.hold(&message.name).await?) } else { None };
        Ok(Self {
            daemon,
            message,
            folders: Mutex::new(vec![]),
            ca_file: Mutex::new(None),
            is_finished: false,
            _hold: hold,
        })
    }

    /// Resource name, `worlds/{id}`.
    pub fn name(&self) -> &str {
        &self.message.name
    }

    /// Accounts, twelve digits each; the first is the default one.
    pub fn accounts(&self) -> &[String] {
        &self.message.accounts
    }

    /// Regions named at creation, the default one first; every other region exists too.
    pub fn regions(&self) -> &[String] {
        &self.message.regions
    }

    /// Seed of dice and minted ids.
    pub fn random_seed(&self) -> u64 {
        self.message.seed
    }

    /// Base URL for AWS SDKs.
    pub fn endpoint(&self) -> &str {
        self.message.connection.as_ref().map_or("", |connection| &connection.endpoint)
    }

    /// Registry host for docker and its like, `host:port`.
    pub fn registry_host(&self) -> &str {
        self.message.connection.as_ref().map_or("", |connection| &connection.registry_host)
    }
}

/// Seeding.
impl World {
    /// Puts state into the world: all of it or, when something is refused, nothing. Idempotent.
    ///
    /// Takes `repo("app")`, several in an array, or a tuple such as `(upstream("quay.io"), cache_rule("q", "quay.io"))`.
    pub async fn seed(&self, seed: impl Into<Seed>) -> Result<SeedResult> {
        let request =
            proto::ApplyRequest { world: self.world(), documents: seed.into().documents, validate_only: false };
        let ask = async |service| StateServiceClient::new(service).apply(request).await;
        Ok(self.daemon.connection.call("StateService/Apply", ask).await?.into())
    }
}

/// Faults.
impl World {
    /// Sets fault rules, all or none: built by [`on`](crate::on), or as text, one rule a line.
    ///
    /// A rule of a present rule's name takes its place. [`Error::InvalidRequest`] has every violation; for text each
    /// shows line, column and caret.
    pub async fn fault(&self, rules: impl Into<Faults>) -> Result<Vec<RuleStatus>> {
        self.apply_rules(rules.into(), proto::ApplyRulesMode::Add).await
    }

    /// As [`fault`](Self::fault), but removes all present rules first.
    pub async fn replace_faults(&self, rules: impl Into<Faults>) -> Result<Vec<RuleStatus>> {
        self.apply_rules(rules.into(), proto::ApplyRulesMode::ReplaceAll).await
    }

    async fn apply_rules(&self, faults: Faults, mode: proto::ApplyRulesMode) -> Result<Vec<RuleStatus>> {
        let rules = faults.rules.iter().enumerate();
        refuse(rules.flat_map(|(index, rule)| rule.violations(&format!("rules[{index}]"))).collect())?;
        let request = proto::ApplyRulesRequest {
            world: self.world(),
            rules: faults.rules.iter().map(crate::rules::Rule::to_proto).collect(),
            text: faults.text,
            mode: mode.into(),
            validate_only: false,
        };
        let ask = async |service| FaultsServiceClient::new(service).apply_rules(request).await;
        let reply = self.daemon.connection.call("FaultsService/ApplyRules", ask).await?;
        Ok(reply.rules.into_iter().map(Into::into).collect())
    }

    /// All fault rules with their counters, in order of evaluation.
    pub async fn rules(&self) -> Result<Vec<RuleStatus>> {
        let request = proto::ListRulesRequest { world: self.world() };
        let ask = async |service| FaultsServiceClient::new(service).list_rules(request).await;
        let reply = self.daemon.connection.call("FaultsService/ListRules", ask).await?;
        Ok(reply.rules.into_iter().map(Into::into).collect())
    }

    /// Removes rules by name; unknown names are ignored. Answers how many went.
    pub async fn clear_faults(&self, names: impl IntoIterator<Item = impl Into<String>>) -> Result<u32> {
        let names = names.into_iter().map(Into::into).collect();
        self.delete_rules(proto::DeleteRulesRequest { names, ..proto::DeleteRulesRequest::default() }).await
    }

    /// Removes rules by their tag. Answers how many went.
    pub async fn clear_tagged_faults(&self, tag: &str) -> Result<u32> {
        self.delete_rules(proto::DeleteRulesRequest { tag: tag.to_owned(), ..proto::DeleteRulesRequest::default() })
            .await
    }

    /// Removes all rules. Answers how many went.
    pub async fn clear_all_faults(&self) -> Result<u32> {
        self.delete_rules(proto::DeleteRulesRequest { all: true, ..proto::DeleteRulesRequest::default() }).await
    }

    async fn delete_rules(&self, request: proto::DeleteRulesRequest) -> Result<u32> {
        let request = proto::DeleteRulesRequest { world: self.world(), ..request };
        let ask = async |service| FaultsServiceClient::new(service).delete_rules(request).await;
        Ok(self.daemon.connection.call("FaultsService/DeleteRules", ask).await?.deleted)
    }

    /// Opens a gate for good. Answers how many waiters went through.
    pub async fn open_gate(&self, gate: &str) -> Result<u32> {
        self.let_through(gate, None).await
    }

    /// Lets `count` waiters at a gate go on. Answers how many went through.
    pub async fn open_gate_for(&self, gate: &str, count: u32) -> Result<u32> {
        self.let_through(gate, Some(count)).await
    }

    async fn let_through(&self, gate: &str, count: Option<u32>) -> Result<u32> {
        let request = proto::OpenGateRequest { world: self.world(), gate: gate.to_owned(), count };
        let ask = async |service| FaultsServiceClient::new(service).open_gate(request).await;
        Ok(self.daemon.connection.call("FaultsService/OpenGate", ask).await?.released)
    }

    /// Gates that rules name, in order, with who waits at them.
    pub async fn gates(&self) -> Result<Vec<Gate>> {
        let request = proto::ListGatesRequest { world: self.world() };
        let ask = async |service| FaultsServiceClient::new(service).list_gates(request).await;
        let reply = self.daemon.connection.call("FaultsService/ListGates", ask).await?;
        Ok(reply.gates.into_iter().map(Into::into).collect())
    }
}

/// Time.
impl World {
    /// The world's clock.
    pub async fn clock(&self) -> Result<Clock> {
        let request = proto::GetClockRequest { world: self.world() };
        let ask = async |service| ClockServiceClient::new(service).get_clock(request).await;
        Ok(self.daemon.connection.call("ClockService/GetClock", ask).await?.clock.unwrap_or_default().into())
    }

    /// Lets the clock stand still or flow with real time.
    pub async fn set_clock_mode(&self, mode: ClockMode) -> Result<Clock> {
        let request = proto::UpdateClockRequest { world: self.world(), mode: mode.to_proto().into(), now: None };
        let ask = async |service| ClockServiceClient::new(service).update_clock(request).await;
        Ok(self.daemon.connection.call("ClockService/UpdateClock", ask).await?.clock.unwrap_or_default().into())
    }

    /// Moves the clock by a duration, or to a `SystemTime`; answers when all due work ran.
    ///
    /// A call that the network repeats does not move twice. An earlier time is [`Error::Refused`], reason
    /// `CLOCK_BACKWARDS`; more than 10 000 timers are [`Error::LimitExceeded`].
    pub async fn advance(&self, target: impl Into<Target>) -> Result<Advanced> {
        let to = match target.into() {
            Target::To(instant) => instant,
            Target::By(duration) => self.clock().await?.now + duration,
        };
        self.move_clock(proto::advance_request::Target::To(timestamp(to))).await
    }

    /// Moves the clock to the next timer, if there is one, and lets its work run.
    pub async fn advance_to_next(&self) -> Result<Advanced> {
        self.move_clock(proto::advance_request::Target::NextEvent(true)).await
    }

    async fn move_clock(&self, target: proto::advance_request::Target) -> Result<Advanced> {
        let request = proto::AdvanceRequest {
            world: self.world(),
            target: Some(target),
            request_id: request_id(),
            event_budget: None,
        };
        let ask = async |service| ClockServiceClient::new(service).advance(request).await;
        Ok(self.daemon.connection.call("ClockService/Advance", ask).await?.into())
    }

    /// Pending timers, the next one first.
    pub async fn timers(&self) -> Result<Vec<Timer>> {
        let request = proto::ListTimersRequest { world: self.world() };
        let ask = async |service| ClockServiceClient::new(service).list_timers(request).await;
        let reply = self.daemon.connection.call("ClockService/ListTimers", ask).await?;
        Ok(reply.timers.into_iter().map(Into::into).collect())
    }

    /// Tasks, such as replications, oldest first.
    pub async fn tasks(&self) -> Result<Vec<Task>> {
        let request = proto::ListTasksRequest { world: self.world() };
        let ask = async |service| TasksServiceClient::new(service).list_tasks(request).await;
        let reply = self.daemon.connection.call("TasksService/ListTasks", ask).await?;
        Ok(reply.tasks.into_iter().map(Into::into).collect())
    }
}

/// What was called.
impl World {
    /// Records of the journal that match, oldest first: `calls("ecr:PutImage")`, or the text alone.
    pub async fn calls(&self, matcher: impl Into<Matcher>) -> Result<Vec<Call>> {
        self.records(Some(matcher.into()), None).await
    }

    /// As [`calls`](Self::calls), but only records after a mark.
    pub async fn calls_since(&self, mark: &Mark, matcher: impl Into<Matcher>) -> Result<Vec<Call>> {
        self.records(Some(matcher.into()), Some(mark)).await
    }

    /// All records of the journal, tasks and upstream calls among them, oldest first.
    pub async fn journal(&self) -> Result<Vec<Call>> {
        self.records(None, None).await
    }

    async fn records(&self, matcher: Option<Matcher>, since: Option<&Mark>) -> Result<Vec<Call>> {
        refuse(matcher.iter().flat_map(|matcher| matcher.violations("matcher")).collect())?;
        let mut request = proto::ListCallsRequest {
            world: self.world(),
            matcher: matcher.as_ref().map(Matcher::to_proto),
            page_size: Some(PAGE),
            page_token: String::new(),
            since: since.map(|mark| mark.0.clone()).unwrap_or_default(),
        };
        let mut calls = vec![];
        loop {
            let page = request.clone();
            let ask = async |service| JournalServiceClient::new(service).list_calls(page).await;
            let reply = self.daemon.connection.call("JournalService/ListCalls", ask).await?;
            calls.extend(reply.calls.into_iter().map(Call::from));
            if reply.next_page_token.is_empty() {
                return Ok(calls);
            }
            request.page_token = reply.next_page_token;
        }
    }

    /// Names the present end of the journal.
    pub async fn mark(&self) -> Result<Mark> {
        let request = proto::MarkRequest { world: self.world() };
        let ask = async |service| JournalServiceClient::new(service).mark(request).await;
        Ok(Mark(self.daemon.connection.call("JournalService/Mark", ask).await?.mark))
    }

    /// Judges expectations, `calls("ecr:PutImage").exactly(2)` or an array of them; all are judged.
    ///
    /// [`Error::Verdict`] has the daemon's report if one does not hold; [`Error::Inconclusive`] says that the journal
    /// no longer holds what would decide.
    pub async fn verify(&self, expectations: impl Into<Expectations>) -> Result<()> {
        passed(self.verdict(expectations).await?)
    }

    /// As [`verify`](Self::verify), but only records after a mark count.
    pub async fn verify_since(&self, mark: &Mark, expectations: impl Into<Expectations>) -> Result<()> {
        passed(self.judged(expectations.into(), mark.0.clone()).await?)
    }

    /// The whole verdict; one that fails is no error here.
    pub async fn verdict(&self, expectations: impl Into<Expectations>) -> Result<Verdict> {
        self.judged(expectations.into(), String::new()).await
    }

    async fn judged(&self, Expectations(expectations): Expectations, since: String) -> Result<Verdict> {
        let violations = expectations
            .iter()
            .enumerate()
            .flat_map(|(index, expectation)| expectation.violations(&format!("expectations[{index}]")));
        refuse(violations.collect())?;
        let expectations = expectations.iter().map(crate::matchers::Expectation::to_proto).collect();
        let request = proto::VerifyRequest { world: self.world(), expectations, since };
        let ask = async |service| AssertsServiceClient::new(service).verify(request).await;
        Ok(self.daemon.connection.call("AssertsService/Verify", ask).await?.into())
    }
}

/// Copies.
impl World {
    /// Makes a copy of the world as it is now, in no time, with an empty journal and an address of its own.
    pub async fn fork(&self) -> Result<Self> {
        let mut forks = self.forks(1).await?;
        forks.pop().ok_or_else(|| Error::Unavailable { message: "WorldsService/ForkWorld: no fork came".to_owned() })
    }

    /// Makes several copies at once; see [`fork`](Self::fork).
    pub async fn forks(&self, count: u32) -> Result<Vec<Self>> {
        let request =
            proto::ForkWorldRequest { world: self.world(), count: Some(count), ..proto::ForkWorldRequest::default() };
        let ask = async |service| WorldsServiceClient::new(service).fork_world(request).await;
        let reply = self.daemon.connection.call("WorldsService/ForkWorld", ask).await?;
        let mut forks = vec![];
        for message in reply.worlds {
            forks.push(Self::new(Arc::clone(&self.daemon), message).await?);
        }
        Ok(forks)
    }

    /// Freezes the world's present value and answers its name, `snapshots/{id}`, for [`restore`](Self::restore) and
    /// [`Options::from_snapshot`](crate::Options::from_snapshot).
    pub async fn snapshot(&self) -> Result<String> {
        self.take_snapshot(None).await
    }

    /// As [`snapshot`](Self::snapshot), with an id of one's own; a taken one is [`Error::Refused`].
    pub async fn snapshot_as(&self, id: &str) -> Result<String> {
        self.take_snapshot(Some(id.to_owned())).await
    }

    async fn take_snapshot(&self, snapshot_id: Option<String>) -> Result<String> {
        let request = proto::CreateSnapshotRequest { world: self.world(), snapshot_id };
        let ask = async |service| WorldsServiceClient::new(service).create_snapshot(request).await;
        Ok(self.daemon.connection.call("WorldsService/CreateSnapshot", ask).await?.snapshot)
    }

    /// Puts a snapshot's value in place of the present one; the journal is kept.
    pub async fn restore(&mut self, snapshot: &str) -> Result<()> {
        let request = proto::RestoreWorldRequest { world: self.world(), snapshot: resource("snapshots", snapshot) };
        let ask = async |service| WorldsServiceClient::new(service).restore_world(request).await;
        let reply = self.daemon.connection.call("WorldsService/RestoreWorld", ask).await?;
        self.message = reply.world.unwrap_or_else(|| self.message.clone());
        Ok(())
    }
}

/// The registry, as its clients see it. Places are a region, `None`, or a [`Place`].
impl World {
    /// Endpoint and keys for an AWS SDK.
    pub fn aws(&self, place: impl Into<Place>) -> Result<Aws> {
        let place = place.into();
        let credentials = self.message.connection.as_ref().map(|connection| connection.credentials.as_slice());
        let fits = |item: &&proto::Credential| place.account.as_ref().is_none_or(|account| *account == item.account_id);
        let Some(credential) = credentials.unwrap_or_default().iter().find(fits) else {
            let description = format!("{} has accounts {}", self.name(), self.accounts().join(", "));
            return Err(Error::invalid(
                "no such account",
                vec![Violation { field: "account".to_owned(), description }],
            ));
        };
        Ok(Aws {
            endpoint: self.endpoint().to_owned(),
            region: place.region.or_else(|| self.regions().first().cloned()).unwrap_or_default(),
            account_id: credential.account_id.clone(),
            access_key_id: credential.access_key_id.clone(),
            secret_access_key: credential.secret_access_key.clone(),
        })
    }

    /// User, password and host for `docker login`. Calls `GetAuthorizationToken`, which the journal records.
    pub async fn login(&self, place: impl Into<Place>) -> Result<Login> {
        let (aws, host, trust) = (self.aws(place)?, self.registry_host().to_owned(), self.trust()?);
        background::run(async move { log_in(&aws, &host, &trust).await }).await
    }

    /// Writes the certificate authority to trust to a temporary PEM file, which goes with the world; absent unless the
    /// daemon made one.
    pub fn ca_file(&self) -> Result<Option<PathBuf>> {
        if self.daemon.authority.is_empty() {
            return Ok(None);
        }
        let mut written = self.ca_file.lock().unwrap_or_else(PoisonError::into_inner);
        if written.is_none() {
            *written = Some(write_authority(&self.daemon.authority)?);
        }
        Ok(written.as_ref().map(|(_, file)| file.clone()))
    }

    /// Writes a temporary `config.json` with the login; it goes with the world. Loopback HTTP suits docker only.
    pub async fn docker_config(&self, place: impl Into<Place>) -> Result<DockerConfig> {
        let (folder, config) = write_docker_config(&self.login(place).await?)?;
        self.folders.lock().unwrap_or_else(PoisonError::into_inner).push(folder);
        Ok(config)
    }

    /// Environment for a child process that shall use this world: SDK endpoint, keys, region, Docker's config, no
    /// proxy, [`ca_file`](Self::ca_file). Logs in for Docker's config.
    pub async fn env(&self) -> Result<BTreeMap<String, String>> {
        self.env_in(Place::default()).await
    }

    /// As [`env`](Self::env), for another place.
    pub async fn env_in(&self, place: impl Into<Place>) -> Result<BTreeMap<String, String>> {
        let place = place.into();
        let given = self.message.connection.clone().unwrap_or_default().environment;
        let no_proxy = std::env::var("NO_PROXY").or_else(|_| std::env::var("no_proxy")).unwrap_or_default();
        let mut variables = aws_environment(&self.aws(place.clone())?, given, &no_proxy);
        if let Some(file) = self.ca_file()? {
            // The first is for AWS SDKs, the second for whatever is built with OpenSSL or Go.
            for name in ["AWS_CA_BUNDLE", "SSL_CERT_FILE"] {
                variables.insert(name.to_owned(), file.to_string_lossy().into_owned());
            }
        }
        let docker = self.docker_config(place).await?;
        variables.insert("DOCKER_CONFIG".to_owned(), docker.directory.to_string_lossy().into_owned());
        variables.insert("REGISTRY_AUTH_FILE".to_owned(), docker.file.to_string_lossy().into_owned());
        Ok(variables)
    }

    /// Pushes an image over the registry port, as docker would: login, blobs, manifest. Nothing is retried.
    ///
    /// Its bytes follow from `repository:tag`, so that digests are the same in every run and in every language.
    pub async fn push(&self, reference: &str) -> Result<Image> {
        self.push_with(reference, Push::default()).await
    }

    /// As [`push`](Self::push), with other layers or to another place.
    pub async fn push_with(&self, reference: &str, push: Push) -> Result<Image> {
        let reference = Reference::parse(reference)?;
        let (aws, host, trust) = (self.aws(push.place)?, self.registry_host().to_owned(), self.trust()?);
        background::run(async move {
            let named = format!("{}:{}", reference.repository, reference.tag);
            let content =
                background::run_blocking(move || Ok(Content::of(&named, push.layers, push.layer_size))).await?;
            Registry::new(&log_in(&aws, &host, &trust).await?, &trust)?.push(&reference, content).await
        })
        .await
    }

    /// Pulls an image over the registry port and checks every digest. Of several platforms it takes `linux/amd64`.
    ///
    /// Logs in first. Nothing is retried.
    pub async fn pull(&self, reference: &str) -> Result<Image> {
        self.pull_from(Place::default(), reference).await
    }

    /// As [`pull`](Self::pull), from another place.
    pub async fn pull_from(&self, place: impl Into<Place>, reference: &str) -> Result<Image> {
        let reference = Reference::parse(reference)?;
        let (aws, host, trust) = (self.aws(place)?, self.registry_host().to_owned(), self.trust()?);
        background::run(async move {
            let login = log_in(&aws, &host, &trust).await?;
            Registry::new(&login, &trust)?.pull(&reference).await
        })
        .await
    }
}

impl World {
    fn trust(&self) -> Result<Trust> {
        Trust::of(self.endpoint(), &self.daemon.authority)
    }

    fn world(&self) -> String {
        self.message.name.clone()
    }
}

impl fmt::Debug for World {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "World {{ {} at {} }}", self.name(), self.endpoint())
    }
}

fn refuse(violations: Vec<Violation>) -> Result<()> {
    if violations.is_empty() { Ok(()) } else { Err(Error::invalid("the request makes no sense", violations)) }
}

fn passed(verdict: Verdict) -> Result<()> {
    match verdict.judgement {
        Judgement::Pass => Ok(()),
        Judgement::Fail => Err(Error::Verdict(verdict.text)),
        Judgement::Inconclusive => Err(Error::Inconclusive(verdict.text)),
    }
}
