//! A live world as its writer sees it: the value, the journal, and who waits at gates.
//!
//! Everything here is synchronous and happens under the world's lock: no hashing, parsing, rendering or IO.

mod replication;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::gates::{Waiter, WaitingRoom};
use super::redirects::Redirects;
use super::secrets::Secrets;
use super::state::WorldState;
use super::timers::{Timer, TimerClass};
use crate::clock::{ClockBackwards, ClockMode};
use crate::facts::Facts;
use crate::faults::{BodyEffects, DecideContext, Decision, Wait};
use crate::journal::{Arrival, Ending, Journal, Outcome, Record};
use crate::operations::{self, Operation};
use crate::registry::limits;
use crate::registry::types::{AccountId, RegistryKey, Timestamp};
use crate::registry::{Caller, Context, Effect, Map, Registry, SecretState, Surroundings};
use crate::tasks::replication::Action;
use crate::tasks::{Attempt, Cause, Job, Task, TaskState, task_name};
use crate::upstream::content::UpstreamRegistry;

/// Settled tasks that a world remembers; the oldest go first.
const TASKS_KEPT: usize = 10_000;
/// Least time between two attempts of a task, whatever was seeded; without it a retry could be due at once, for ever.
const SHORTEST_RETRY: Duration = Duration::from_millis(1);

/// What the shell knows of a call when it arrives.
#[derive(Clone, Debug)]
pub struct CallArrival {
    /// Facts of the call.
    pub facts: Facts,
    /// Real microseconds since the daemon's start.
    pub real_micros: u64,
    /// Record of the call that caused this one.
    pub caused_by: Option<u64>,
    /// Method, path and query, secrets masked.
    pub request_line: Option<Box<str>>,
    /// Whose bucket of calls it is taken from: the caller's account in the region that it calls, and the operation. Absent
    /// for what no rate is about, and for whoever has not been told apart.
    pub counts_as: Option<(RegistryKey, Operation)>,
}

/// What became of a call at its arrival.
#[derive(Debug)]
pub struct Opening {
    /// Number of its record.
    pub record: u64,
    /// What the rules decided; nothing if they were not asked.
    pub decision: Decision,
    /// Whether it was one call too many.
    pub is_throttled: bool,
}

/// Where a clock stands after it was moved.
#[derive(Clone, Debug)]
pub struct Advanced {
    /// Timers that fired, in order, with the name of their owner; at most [`Advanced::LISTED`].
    pub fired: Vec<(String, Timer)>,
    /// How many fired.
    pub fired_count: u32,
    /// How many wait.
    pub pending_count: usize,
    /// Calls and tasks that wait at a gate.
    pub held: Vec<String>,
    /// Calls that have not finished and wait at no gate.
    pub external: Vec<String>,
}

impl Advanced {
    /// Most timers that are listed.
    pub const LISTED: usize = 1_000;
}

/// Why a clock did not reach its target.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AdvanceError {
    /// Towards the past.
    #[error(transparent)]
    Backwards(#[from] ClockBackwards),
    /// More timers than allowed. The clock stands at the last that fired; others of that very time are due and follow.
    #[error("{fired} timers fired and more are due; busiest: {}", busiest.join(", "))]
    EventBudget {
        /// How many fired.
        fired: u32,
        /// The busiest owners, with how often they fired.
        busiest: Vec<String>,
    },
}

/// What of the world an operation may ask about.
struct WorldAround {
    upstreams: Map<Arc<str>, Arc<UpstreamRegistry>>,
    secrets: Secrets,
}

impl Surroundings for WorldAround {
    fn actions(&self) -> &[&'static str] {
        operations::actions()
    }

    fn declares_upstream(&self, host: &str) -> bool {
        self.upstreams.contains_key(host)
    }

    fn secret(&self, arn: &str) -> SecretState {
        self.secrets.state(arn)
    }
}

/// A live world under its lock.
#[derive(Debug)]
pub struct Live {
    /// The value.
    pub state: WorldState,
    /// The journal.
    pub journal: Journal,
    /// Who waits at gates.
    pub waiting: WaitingRoom,
    /// Downloads that were redirected and are still to be fetched.
    redirects: Redirects,
    /// Answers of Advance by request id, with the real time at which they were given.
    pub advances: VecDeque<(String, u64, u64, Advanced)>,
    /// Set once the world ends: rules no longer decide.
    pub healed: bool,
    /// Incarnation of the world, which is that of its journal.
    journal_of: u64,
}

impl Live {
    /// A live world of this value, with an empty journal. Tasks that were under way in the world that the value comes from
    /// go on here: their attempts get records of their own, and those that waited at a gate wait at it here.
    pub fn new(state: WorldState, incarnation: u64) -> Self {
        let mut live = Self {
            journal_of: incarnation,
            state,
            journal: Journal::empty(),
            waiting: WaitingRoom::default(),
            redirects: Redirects::default(),
            advances: VecDeque::new(),
            healed: false,
        };
        live.adopt_attempts();
        live
    }

    fn adopt_attempts(&mut self) {
        let under_way: Vec<u64> = self.state.under_way.keys().copied().collect();
        for number in under_way {
            let Some(task) = self.state.tasks.get(&number).cloned() else { continue };
            let mut task = Arc::unwrap_or_clone(task);
            let Some(attempt) = &mut task.attempt else { continue };
            let facts = task.job.facts(task.attempts);
            attempt.record = self.journal.append(Arrival::new(facts, self.state.clock.now(), 0, self.state.seq));
            if let TaskState::Held(gate) = &task.state {
                self.waiting.enter(Arc::clone(gate), Waiter::Task(number));
            }
            self.state.tasks.insert(number, Arc::new(task));
        }
    }

    /// The world's time.
    pub fn now(&self) -> Timestamp {
        self.state.clock.now()
    }

    /// Opens a record for a call and lets the rules decide on it, once for all its points. One that is throttled gets to no
    /// rule, as it would get no further than ECR's front door.
    pub fn open_call(&mut self, call: CallArrival) -> Opening {
        let is_throttled = self.throttles(&call);
        let decision = if is_throttled { Decision::none() } else { self.decide(&call.facts) };
        let record = self.append_call(call, &decision);
        Opening { record, decision, is_throttled }
    }

    /// Opens a record for a call that was refused before rules are asked, such as the anonymous half of a login: it must
    /// not use up a rule that is meant for the call itself.
    pub fn open_refused_call(&mut self, call: CallArrival) -> Opening {
        let is_throttled = self.throttles(&call);
        let decision = Decision::none();
        let record = self.append_call(call, &decision);
        Opening { record, decision, is_throttled }
    }

    /// Leaves what rules decided of the body of a redirected download, for the request that fetches it.
    pub fn redirect(&mut self, record: u64, body: BodyEffects) {
        self.redirects.leave(record, body);
    }

    /// Opens the record of a redirected download again, for the request that fetches its body; answers what happens to
    /// that. None if it was fetched already, or if the record is no longer kept.
    pub fn resume(&mut self, record: u64) -> Option<BodyEffects> {
        let body = self.redirects.take(record)?;
        if !self.journal.update(record, Record::resume) {
            return None;
        }
        Some(if self.healed { BodyEffects::default() } else { body })
    }

    fn throttles(&mut self, call: &CallArrival) -> bool {
        let Some((caller, operation)) = &call.counts_as else { return false };
        let at = self.state.clock.passed();
        !self.healed && !self.state.throttles.admit(caller, *operation, at)
    }

    fn append_call(&mut self, call: CallArrival, decision: &Decision) -> u64 {
        let arrival = Arrival {
            facts: call.facts,
            at: self.now(),
            real_micros: call.real_micros,
            revision: self.state.seq,
            hits: decision.hits.clone(),
            caused_by: call.caused_by,
            request_line: call.request_line,
        };
        self.journal.append(arrival)
    }

    fn decide(&mut self, facts: &Facts) -> Decision {
        if self.healed || self.state.rules.is_empty() {
            return Decision::none();
        }
        let state = &mut self.state;
        let cx = DecideContext { now: state.clock.now(), seed: state.seed, open_gates: &state.gates };
        state.rules.decide(facts, &cx)
    }

    /// Takes the next revision for the effect of a call, moves a frozen clock by its tick, and notes both in the record.
    pub fn commit(&mut self, record: u64) {
        self.state.clock.tick();
        self.revise(record);
    }

    /// Takes the next revision for the effect of a task. It leaves the clock alone: a task belongs to the time at which it
    /// is due, and an advance to that time ends there.
    fn revise(&mut self, record: u64) {
        let before = self.state.seq;
        self.state.seq += 1;
        let after = self.state.seq;
        self.journal.update(record, |record| record.commit(before, after));
    }

    /// Takes the next revision for an effect that no call caused: seeding, rules, clock.
    pub fn commit_control(&mut self) {
        self.state.seq += 1;
    }

    /// Notes how a record ended.
    pub fn finish(
        &mut self,
        record: u64,
        outcome: Outcome,
        status: Option<u16>,
        error: Option<Arc<str>>,
        bytes: (u64, u64),
    ) {
        let at = self.now();
        let ending = Ending { at, outcome, status, error, bytes_in: bytes.0, bytes_out: bytes.1 };
        self.journal.update(record, |record| record.finish(ending));
    }

    /// Runs `work` on one registry and turns what it did there into tasks. Ids and time are the world's.
    ///
    /// The time is that of the coming commit, so that a failed operation leaves the clock where it was.
    pub fn on_registry<R, E>(
        &mut self,
        key: &RegistryKey,
        caller: &Caller,
        record: u64,
        work: impl FnOnce(&mut Registry, &mut Context<'_>) -> Result<R, E>,
    ) -> Result<R, E> {
        let mut ids = self.state.ids;
        let mut preview = self.state.clock;
        preview.tick();
        let surroundings = self.surroundings();
        let mut cx = Context::new(preview.now(), caller.clone(), &mut ids).within(&surroundings);
        let outcome = work(self.state.registry_mut(key), &mut cx);
        let effects = std::mem::take(&mut cx.effects);
        if outcome.is_ok() && !cx.changed_nothing {
            self.state.ids = ids;
            self.commit(record);
            for effect in effects {
                self.cause(key, effect, record);
            }
        }
        outcome
    }

    /// What of the world an operation may ask about.
    pub fn surroundings(&self) -> impl Surroundings + use<> {
        WorldAround { upstreams: self.state.upstreams.clone(), secrets: self.state.secrets.clone() }
    }

    /// Reads one registry; a pull that is recorded in the image is a write and goes through [`Self::on_registry`].
    pub fn read_registry<R>(&self, key: &RegistryKey, work: impl FnOnce(&Registry) -> R) -> R {
        match self.state.registry(key) {
            Some(registry) => work(registry),
            None => work(&self.state.empty_registry(key)),
        }
    }

    fn cause(&mut self, key: &RegistryKey, effect: Effect, record: u64) {
        match effect {
            Effect::ImagePushed { repository, digest, tag } => {
                self.carry_over(Action::Copy, key, &repository, &digest, tag.as_ref(), record);
            }
            Effect::ImageDeleted { repository, digest, tag } => {
                self.carry_over(Action::Delete, key, &repository, &digest, tag.as_ref(), record);
            }
            Effect::BackfillBegun { id } => self.start_backfill(key, id, record),
            // Such work takes no time unless a rule makes it wait.
            Effect::WorkBegun(work) => {
                self.start(Job::Work { registry: key.clone(), work }, Duration::ZERO, record);
            }
            // Uploads are for the adapters, which keep their bytes.
            Effect::UploadOpened { .. } | Effect::UploadAbandoned { .. } => {}
        }
    }

    fn start(&mut self, job: Job, duration: Duration, record: u64) {
        self.state.tasks_caused += 1;
        let number = self.state.tasks_caused;
        let task = Task {
            number,
            job,
            state: TaskState::Pending,
            created: self.now(),
            attempts: 0,
            caused_by: Some(Cause { journal_of: self.journal_of, record }),
            attempt: None,
        };
        self.state.tasks.insert(number, Arc::new(task));
        self.forget_old_tasks();
        let due = self.now().plus(duration);
        self.state.timers.arm(due, TimerClass::Task, number);
    }

    fn forget_old_tasks(&mut self) {
        while self.state.tasks.len() > TASKS_KEPT {
            let oldest = self.state.tasks.iter().find(|(_, task)| task.state.is_settled()).map(|(number, _)| *number);
            let Some(oldest) = oldest else { break };
            self.state.tasks.remove(&oldest);
        }
    }

    /// Brings a flowing clock to real time, running what fell due on the way.
    pub fn catch_up(&mut self, real: Timestamp) {
        if self.state.clock.mode() == ClockMode::Frozen {
            return;
        }
        let reached = self.state.clock.reached(real);
        // A flowing clock has no budget: whatever is due by real time has to happen.
        while let Some(timer) = self.state.timers.take_due(reached) {
            self.fire(timer);
        }
        self.state.clock.show(reached);
    }

    /// Runs what is due already, e.g. work of duration zero that the present write has caused.
    pub fn run_due(&mut self) {
        let now = self.now();
        while let Some(timer) = self.state.timers.take_due(now) {
            self.fire(timer);
        }
    }

    fn fire(&mut self, timer: Timer) {
        self.state.clock.show(timer.due);
        match timer.class {
            TimerClass::Task | TimerClass::Retry => self.go_on(timer.task),
            TimerClass::Expiry => self.forget(timer.task),
        }
    }

    /// Moves the clock to `target` through every timer on the way.
    pub fn advance(&mut self, target: Timestamp, budget: u32, real: Timestamp) -> Result<Advanced, AdvanceError> {
        self.state.clock.check_forward(target)?;
        let mut fired = Vec::new();
        let mut fired_count = 0_u32;
        let mut fired_of: HashMap<u64, u32> = HashMap::new();
        while self.state.timers.next_due().is_some_and(|due| due <= target) {
            if fired_count == budget {
                self.state.clock.jump(self.now(), real);
                return Err(AdvanceError::EventBudget { fired: fired_count, busiest: self.busiest(fired_of) });
            }
            let Some(timer) = self.state.timers.take_due(target) else { break };
            *fired_of.entry(timer.task).or_default() += 1;
            if fired.len() < Advanced::LISTED {
                fired.push((self.owner(timer), timer));
            }
            fired_count += 1;
            self.fire(timer);
        }
        self.state.clock.jump(target, real);
        self.commit_control();
        let held: Vec<String> =
            self.waiting.iter().map(|(gate, waiter)| format!("{} at {gate}", waiter.name())).collect();
        let external = self
            .journal
            .unfinished()
            .filter(|record| !record.is_task() && !self.waiting.holds(Waiter::Call(record.number)))
            .map(|record| format!("calls/{}", record.number))
            .collect();
        Ok(Advanced { fired, fired_count, pending_count: self.state.timers.len(), held, external })
    }

    /// The owner of a timer, e.g. `replication/3`.
    pub fn owner(&self, timer: Timer) -> String {
        self.owner_of(timer.task)
    }

    fn owner_of(&self, number: u64) -> String {
        let kind = self.state.tasks.get(&number).map_or("task", |task| task.job.kind());
        format!("{kind}/{}", task_name(number))
    }

    /// The three tasks that fired most often, of equals the older ones.
    fn busiest(&self, fired_of: HashMap<u64, u32>) -> Vec<String> {
        let mut tasks: Vec<(u64, u32)> = fired_of.into_iter().collect();
        tasks.sort_by_key(|(task, count)| (std::cmp::Reverse(*count), *task));
        tasks.into_iter().take(3).map(|(task, count)| format!("{} ({count})", self.owner_of(task))).collect()
    }

    /// Begins a task's attempt, or goes on with the one that waited.
    pub fn go_on(&mut self, number: u64) {
        let Some(task) = self.state.tasks.get(&number).cloned() else { return };
        let mut task = Arc::unwrap_or_clone(task);
        if matches!(task.state, TaskState::Complete { .. }) {
            return;
        }
        let mut attempt = match task.attempt.take() {
            Some(attempt) => attempt,
            None => self.begin_attempt(&mut task),
        };
        let waits = self.wait_or_end(&mut task, &mut attempt);
        if waits {
            if let Job::Backfill(backfill) = &task.job {
                self.show_backfill(backfill);
            }
            task.attempt = Some(attempt);
            self.state.under_way.insert(number, ());
        } else {
            self.state.under_way.remove(&number);
            self.end_attempt(&mut task, &attempt);
        }
        self.state.tasks.insert(number, Arc::new(task));
    }

    fn begin_attempt(&mut self, task: &mut Task) -> Attempt {
        let facts = task.facts();
        task.attempts += 1;
        let decision = self.decide(&facts);
        let arrival = Arrival {
            facts,
            at: self.now(),
            real_micros: 0,
            revision: self.state.seq,
            hits: decision.hits.clone(),
            // A fork has the task and not the call that caused it.
            caused_by: task.caused_by.filter(|cause| cause.journal_of == self.journal_of).map(|cause| cause.record),
            request_line: None,
        };
        let record = self.journal.append(arrival);
        let fail = decision.task.terminal.map(|failure| failure.code);
        Attempt { record, waits: decision.task.waits.into(), fail }
    }

    /// Whether the attempt has to wait: at a shut gate, or for a delay on the world's clock.
    fn wait_or_end(&mut self, task: &mut Task, attempt: &mut Attempt) -> bool {
        while let Some(wait) = attempt.waits.pop_front() {
            match wait {
                Wait::Hold(gate) => {
                    if self.state.gates.contains_key(&gate) || self.healed {
                        continue;
                    }
                    self.waiting.enter(Arc::clone(&gate), Waiter::Task(task.number));
                    task.state = TaskState::Held(gate);
                    return true;
                }
                Wait::Delay(delay) if delay > Duration::ZERO => {
                    self.state.timers.arm(self.now().plus(delay), TimerClass::Task, task.number);
                    task.state = TaskState::Pending;
                    return true;
                }
                Wait::Delay(_) => {}
            }
        }
        false
    }

    fn end_attempt(&mut self, task: &mut Task, attempt: &Attempt) {
        let failure = attempt.fail.clone().map_or(Ok(()), Err);
        let result = match &task.job {
            Job::Replication(replication) => self.end_replication(replication, failure),
            Job::Backfill(backfill) => {
                self.state.timers.arm(self.now().plus(limits::BACKFILLS_KEPT), TimerClass::Expiry, task.number);
                self.end_backfill(backfill, failure)
            }
            Job::Work { registry, work } => {
                let now = self.now();
                work.settle(self.state.registry_mut(registry), now, &failure);
                failure
            }
        };
        self.revise(attempt.record);
        let ended = self.now();
        match result {
            Ok(()) => {
                task.state = TaskState::Complete { ended };
                self.finish(attempt.record, Outcome::Completed, None, None, (0, 0));
            }
            Err(code) => {
                task.state = TaskState::Failed { ended, code: Arc::clone(&code) };
                self.finish(attempt.record, Outcome::Failed, None, Some(code), (0, 0));
                let retry = self.state.durations.replication_retry;
                if let (Some(retry), Job::Replication(_)) = (retry, &task.job) {
                    self.state.timers.arm(ended.plus(retry.max(SHORTEST_RETRY)), TimerClass::Retry, task.number);
                }
            }
        }
    }

    /// Lets waiters at a gate go: the oldest `count`, or everybody for good. Answers how many went.
    pub fn open_gate(&mut self, gate: &str, count: Option<u32>) -> usize {
        let most = count.map_or(usize::MAX, |count| count as usize);
        if count.is_none() {
            let now = self.now();
            self.state.gates.insert(Arc::from(gate), now);
        }
        let released = self.waiting.release(gate, most);
        for waiter in &released {
            if let Waiter::Task(task) = waiter {
                self.go_on(*task);
            }
        }
        self.commit_control();
        released.len()
    }

    /// Opens every gate and stops every rule, so that what was begun can end.
    pub fn heal(&mut self) {
        self.healed = true;
        let gates: Vec<Arc<str>> = self.waiting.iter().map(|(gate, _)| Arc::clone(gate)).collect();
        for gate in gates {
            self.open_gate(&gate, None);
        }
    }

    /// Puts a snapshot's value in place of the present one and answers the latter. The journal stays; time never goes back,
    /// so the clock stays where it is if the snapshot's is earlier. Waiters at gates are let go: what they waited for is gone.
    pub fn restore(&mut self, snapshot: &WorldState, real: Timestamp) -> WorldState {
        let mut restored = snapshot.fork();
        restored.seq = self.state.seq + 1;
        restored.accounts = Arc::clone(&self.state.accounts);
        restored.tokens = self.state.tokens.clone();
        let mut clock = self.state.clock;
        clock.jump(restored.clock.now(), real);
        restored.clock = clock;
        // Ids go on from here: one that was handed out before the restore must not be minted again.
        restored.ids = self.state.ids;
        self.waiting = WaitingRoom::default();
        self.redirects = Redirects::default();
        let replaced = std::mem::replace(&mut self.state, restored);
        self.adopt_attempts();
        replaced
    }

    /// The caller that an account's root is.
    pub fn root_caller(key: &RegistryKey, account: AccountId) -> Caller {
        Caller { account, arn: Arc::from(format!("arn:{}:iam::{account}:root", key.partition())) }
    }
}
