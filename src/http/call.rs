//! One call on its way through the points at which rules act, and its record from arrival to end.
//!
//! A call that is dropped before it has replied is recorded as given up by its caller.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode};

use super::body::{CutEnd, Finish, ReplyBody};
use super::socket::ConnectionHandle;
use crate::daemon::Daemon;
use crate::facts::Surface;
use crate::faults::{BodyFault, ConnectionEnd, Decision, Keep, Refusal, Wait};
use crate::journal::Outcome;
use crate::wire_errors::{Failure, Throttled};
use crate::worlds::{CallArrival, Live, Opening, RepositoryUri, World};

/// Why a call gets no reply: a rule ended its connection. Makes the library drop the connection.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("a fault rule ended the connection")]
pub struct EndConnection;

/// Why a call has no reply of its own.
#[derive(Debug)]
pub enum Stop {
    /// An error that the surface tells.
    Failure(Box<Failure>),
    /// A rule ended the connection.
    Ended(EndConnection),
}

impl<E: Into<Failure>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Failure(Box::new(error.into()))
    }
}

/// What a call learns of its world when its record is opened, so that it need not ask again.
#[derive(Debug)]
struct Opened {
    opening: Opening,
    seed: u64,
    repository_uri: RepositoryUri,
}

impl Opened {
    fn of(live: &Live, opening: Opening) -> Self {
        Self { opening, seed: live.state.seed, repository_uri: live.state.repository_uri }
    }
}

/// One call in one world.
#[derive(Debug)]
pub struct Call {
    /// The daemon.
    pub daemon: Arc<Daemon>,
    /// The world that it is for.
    pub world: Arc<World>,
    /// The connection that it came by.
    pub connection: Arc<ConnectionHandle>,
    /// Number of its record.
    pub record: u64,
    /// Seed of the world when the call arrived.
    pub seed: u64,
    /// What `repositoryUri` showed when the call arrived.
    pub repository_uri: RepositoryUri,
    /// What the rules decided.
    pub decision: Decision,
    /// Bytes of body received so far.
    pub bytes_in: u64,
    is_throttled: bool,
    ended: bool,
}

impl Call {
    /// Opens the record and lets the rules decide.
    pub fn open(
        daemon: &Arc<Daemon>,
        world: Arc<World>,
        connection: &Arc<ConnectionHandle>,
        arrival: CallArrival,
    ) -> Self {
        world.touch();
        let opened = world.write(|live| {
            let opening = live.open_call(arrival);
            Opened::of(live, opening)
        });
        Self::of(daemon, world, connection, opened)
    }

    /// Opens the record of a call that is refused before rules are asked.
    pub fn refused(
        daemon: &Arc<Daemon>,
        world: Arc<World>,
        connection: &Arc<ConnectionHandle>,
        arrival: CallArrival,
    ) -> Self {
        world.touch();
        let opened = world.write(|live| {
            let opening = live.open_refused_call(arrival);
            Opened::of(live, opening)
        });
        Self::of(daemon, world, connection, opened)
    }

    /// Goes on with a download that was redirected, under its record and with what rules decided of its body. None if its
    /// body was fetched already, which makes this a call of its own.
    pub fn resumed(
        daemon: &Arc<Daemon>,
        world: &Arc<World>,
        connection: &Arc<ConnectionHandle>,
        record: u64,
    ) -> Option<Self> {
        world.touch();
        let opened = world.write(|live| {
            let body = live.resume(record)?;
            let decision = Decision { body, ..Decision::none() };
            Some(Opened::of(live, Opening { record, decision, is_throttled: false }))
        });
        Some(Self::of(daemon, Arc::clone(world), connection, opened?))
    }

    fn of(daemon: &Arc<Daemon>, world: Arc<World>, connection: &Arc<ConnectionHandle>, opened: Opened) -> Self {
        let Opening { record, decision, is_throttled } = opened.opening;
        Self {
            daemon: Arc::clone(daemon),
            world,
            connection: Arc::clone(connection),
            record,
            seed: opened.seed,
            repository_uri: opened.repository_uri,
            decision,
            bytes_in: 0,
            is_throttled,
            ended: false,
        }
    }

    /// Whether the call may go on, as far as rates of calls are concerned.
    pub fn within_rate(&self) -> Result<(), Throttled> {
        if self.is_throttled { Err(Throttled) } else { Ok(()) }
    }

    /// Point `before`: nothing has changed yet. A call too many ends here; an error that a rule names is told in the words
    /// of `surface`.
    pub async fn before(&mut self, surface: Surface) -> Result<(), Stop> {
        self.within_rate()?;
        if self.decision.before.is_empty() {
            return Ok(());
        }
        let effects = std::mem::take(&mut self.decision.before);
        self.wait(&effects.waits).await.map_err(Stop::Ended)?;
        match effects.terminal {
            None => Ok(()),
            Some(Refusal::Status(status)) => {
                let (error, message) = (status.error.unwrap_or_default(), status.message.unwrap_or_default());
                Err(Failure::from_fault(status.code, &error, &message, surface).into())
            }
            Some(Refusal::Reset) => Err(Stop::Ended(self.end_connection(ConnectionEnd::Reset))),
        }
    }

    /// Point `after`: the effect is committed, nothing is sent yet.
    pub async fn after(&mut self) -> Result<(), EndConnection> {
        if self.decision.after.is_empty() {
            return Ok(());
        }
        let effects = std::mem::take(&mut self.decision.after);
        self.wait(&effects.waits).await?;
        match effects.terminal {
            None => Ok(()),
            Some(end) => Err(self.end_connection(end)),
        }
    }

    /// Leaves what rules decided of the body for the request that follows a redirect. What they decided of the call itself
    /// happens here.
    pub fn redirect_body(&mut self) {
        let body = std::mem::take(&mut self.decision.body);
        self.write(|live| live.redirect(self.record, body));
    }

    async fn wait(&mut self, waits: &[Wait]) -> Result<(), EndConnection> {
        if wait_all(&self.world, self.record, waits).await {
            return Ok(());
        }
        // The world ended while the call waited; late bytes must not reach anybody.
        Err(self.end_connection(ConnectionEnd::Eof))
    }

    fn end_connection(&mut self, end: ConnectionEnd) -> EndConnection {
        let outcome = match end {
            ConnectionEnd::Reset => {
                self.connection.reset_for_one_call();
                Outcome::FaultReset
            }
            ConnectionEnd::Eof => Outcome::FaultEof,
        };
        self.finish(outcome, None, None, 0);
        EndConnection
    }

    /// Runs `work` in the world's writer.
    pub fn write<R>(&self, work: impl FnOnce(&mut Live) -> R) -> R {
        self.world.write(work)
    }

    /// Sends a reply, cut as the rules say. The record ends when the body has.
    pub async fn reply(
        mut self,
        mut response: Response<ReplyBody>,
        error: Option<&str>,
    ) -> Result<Response<ReplyBody>, EndConnection> {
        self.after().await?;
        let status = response.status();
        if let Ok(seq) = HeaderValue::from_str(&self.record.to_string()) {
            response.headers_mut().insert("x-fixture-seq", seq);
        }
        let finish = CallFinish {
            world: Arc::clone(&self.world),
            record: self.record,
            status,
            error: error.map(Arc::from),
            bytes_in: self.bytes_in,
        };
        let body_effects = std::mem::take(&mut self.decision.body);
        if response.body().length() == 0 && !body_effects.is_empty() {
            // The library never asks for a body without bytes, so what happens to one happens here.
            let waits: Vec<Wait> = body_effects.delays.iter().map(|delay| Wait::Delay(delay.delay)).collect();
            self.wait(&waits).await?;
            if let Some(BodyFault::Reset { .. }) = body_effects.fault {
                return Err(self.end_connection(ConnectionEnd::Reset));
            }
        }
        let connection = Arc::clone(&self.connection);
        self.ended = true;
        // A reply that is all there and that no rule stretches ends in the same breath in which it begins.
        let goes_at_once = response.body().is_whole() && body_effects.is_empty();
        if response.body().length() > 0 && !goes_at_once {
            self.world.write(|live| live.journal.update(self.record, crate::journal::Record::start_reply));
        }
        Ok(response.map(|body| {
            if body.length() == 0 {
                return body.on_finish(Box::new(finish));
            }
            let mut body = body;
            for delay in &body_effects.delays {
                body = body.delayed_at(delay.at_bytes, delay.delay, self.world.ended());
            }
            let length = body.length();
            match body_effects.fault {
                None => body,
                Some(BodyFault::Truncate { keep, fix_length: true }) => body.shortened_to(kept(keep, length)),
                Some(BodyFault::Truncate { keep, fix_length: false }) => {
                    body.cut_after(kept(keep, length), CutEnd::Eof, connection)
                }
                Some(BodyFault::Reset { after_bytes }) => body.cut_after(after_bytes, CutEnd::Reset, connection),
            }
            .on_finish(Box::new(finish))
        }))
    }

    fn finish(&mut self, outcome: Outcome, status: Option<StatusCode>, error: Option<Arc<str>>, bytes_out: u64) {
        if self.ended {
            return;
        }
        self.ended = true;
        finish_record(&self.world, self.record, outcome, status, error, (self.bytes_in, bytes_out));
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // The edge answers it with a 500 in the surface's voice.
            self.finish(Outcome::Completed, Some(StatusCode::INTERNAL_SERVER_ERROR), Some(Arc::from("panic")), 0);
        } else {
            self.finish(Outcome::ClientGone, None, None, 0);
        }
    }
}

/// Bytes that a truncation leaves of a body.
pub(crate) fn kept(keep: Keep, length: u64) -> u64 {
    match keep {
        Keep::Percent(percent) => (length as f64 * percent / 100.0).floor() as u64,
        Keep::Bytes(bytes) => bytes.min(length),
    }
}

/// Waits as rules say, one after the other, in the name of a record. False if the world ended first.
pub(crate) async fn wait_all(world: &World, record: u64, waits: &[Wait]) -> bool {
    for wait in waits {
        let goes_on = match wait {
            Wait::Delay(delay) => pause(*delay, world).await,
            Wait::Hold(gate) => world.wait_at_gate(gate, record).await,
        };
        if !goes_on {
            return false;
        }
    }
    true
}

/// Waits in real time, since clients' timeouts are real. False if the world ended first.
#[expect(clippy::disallowed_methods, reason = "an injected delay is real time by contract")]
async fn pause(delay: Duration, world: &World) -> bool {
    tokio::select! {
        () = tokio::time::sleep(delay) => true,
        () = world.ended().cancelled() => false,
    }
}

fn finish_record(
    world: &World,
    record: u64,
    outcome: Outcome,
    status: Option<StatusCode>,
    error: Option<Arc<str>>,
    bytes: (u64, u64),
) {
    // A long call is traffic until it ends.
    world.touch();
    world.write(|live| live.finish(record, outcome, status.map(|status| status.as_u16()), error, bytes));
    world.notify();
}

/// Ends a call's record when its body has ended.
struct CallFinish {
    world: Arc<World>,
    record: u64,
    status: StatusCode,
    error: Option<Arc<str>>,
    bytes_in: u64,
}

impl Finish for CallFinish {
    fn finished(&mut self, outcome: Outcome, bytes_out: u64) {
        let bytes = (self.bytes_in, bytes_out);
        finish_record(&self.world, self.record, outcome, Some(self.status), self.error.take(), bytes);
    }
}

/// A reply of bytes that are all there.
pub fn whole(response: Response<Bytes>) -> Response<ReplyBody> {
    response.map(ReplyBody::whole)
}
