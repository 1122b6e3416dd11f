//! Whether a client keeps pace: how long it idles, dawdles over a head or a body, or leaves its answer lying.
//!
//! A connection notes its progress as it goes, and one watcher beside it looks at the notes when something could be over
//! time. So a request costs a reading of the clock for each time that bytes move, and no timer. A call that the daemon
//! itself keeps waiting, as a rule may have it, is never over time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::socket::ConnectionHandle;
use crate::clock::RealTime;
use crate::config::Bounds;
use crate::daemon::{Load, UnderWay};

/// Why a connection ends that has not failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// No request came: it is closed.
    Idle,
    /// The head of a request did not end: the client is told, then it is closed.
    Head,
    /// No more of a request's body came: the call hears that the body broke off.
    Body,
    /// The client takes nothing of its answer: it is reset.
    Send,
}

/// Notes on the progress of one connection, in microseconds; 0 where there is nothing to note.
#[derive(Debug)]
pub(super) struct Pace {
    real: RealTime,
    /// Calls from the end of their head to the end of their answer, and bodies of requests until they are let go.
    under_way: AtomicUsize,
    /// Calls that began so far.
    begun: AtomicU64,
    /// When bytes last moved, either way.
    moved: AtomicU64,
    /// When the first byte of a head came that has not ended.
    head_began: AtomicU64,
    /// Since when a call waits for bytes of its body; whatever moved meanwhile counts from then on.
    body_awaited: AtomicU64,
    /// Since when the kernel takes no more of an answer.
    blocked: AtomicU64,
    /// What the kernel had to send at that time, in bytes.
    unsent: AtomicU64,
    /// Several requests at once: bytes say nothing of heads.
    multiplexed: AtomicBool,
    /// The answer under way is the last.
    last_answer: AtomicBool,
    condemned: AtomicU8,
}

impl Pace {
    pub(super) fn start() -> Self {
        let none = || AtomicU64::new(0);
        Self {
            real: RealTime::start(),
            under_way: AtomicUsize::new(0),
            begun: none(),
            moved: none(),
            head_began: none(),
            body_awaited: none(),
            blocked: none(),
            unsent: none(),
            multiplexed: AtomicBool::new(false),
            last_answer: AtomicBool::new(false),
            condemned: AtomicU8::new(0),
        }
    }

    fn now(&self) -> u64 {
        // 0 means never.
        self.real.elapsed_micros().max(1)
    }

    /// Bytes came in.
    pub(super) fn received(&self) {
        self.moved.store(self.now(), Ordering::Relaxed);
    }

    /// What came last is the start of a head.
    pub(super) fn begin_head(&self) {
        self.head_began.store(self.moved.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    /// The kernel took bytes.
    pub(super) fn sent(&self) {
        self.moved.store(self.now(), Ordering::Relaxed);
        self.blocked.store(0, Ordering::Relaxed);
    }

    /// The kernel takes no bytes now; `unsent` tells how many it still has.
    pub(super) fn blocked(&self, unsent: impl FnOnce() -> u64) {
        if self.blocked.load(Ordering::Relaxed) == 0 {
            self.unsent.store(unsent(), Ordering::Relaxed);
            self.blocked.store(self.now(), Ordering::Relaxed);
        }
    }

    /// Several requests share the connection.
    pub(super) fn multiplexes(&self) {
        self.multiplexed.store(true, Ordering::Relaxed);
        self.head_began.store(0, Ordering::Relaxed);
    }

    /// Whether several requests share the connection.
    pub(super) fn is_multiplexed(&self) -> bool {
        self.multiplexed.load(Ordering::Relaxed)
    }

    fn begin_call(&self) {
        self.head_began.store(0, Ordering::Relaxed);
        self.begun.fetch_add(1, Ordering::Relaxed);
        self.enter();
    }

    /// Something of a call is under way: its answer, or its body on the way in.
    pub(super) fn enter(&self) {
        self.under_way.fetch_add(1, Ordering::Relaxed);
    }

    /// It ended.
    pub(super) fn leave(&self) {
        if self.under_way.fetch_sub(1, Ordering::Relaxed) == 1 && self.is_multiplexed() {
            self.moved.store(self.now(), Ordering::Relaxed);
        }
    }

    /// Whether no call is under way.
    pub(super) fn is_quiet(&self) -> bool {
        self.under_way.load(Ordering::Relaxed) == 0
    }

    /// Calls that began so far.
    pub(super) fn begun(&self) -> u64 {
        self.begun.load(Ordering::Relaxed)
    }

    /// A call waits for its body from now on, or no longer. Of several at once the one that waits longest counts, as long
    /// as it is noted first; whoever shares a connection watches its own.
    pub(super) fn awaits_body(&self, waits: bool) {
        if !waits {
            self.body_awaited.store(0, Ordering::Relaxed);
        } else if self.body_awaited.load(Ordering::Relaxed) == 0 {
            self.body_awaited.store(self.now(), Ordering::Relaxed);
        }
    }

    /// The answer under way is the last of the connection.
    pub(super) fn take_leave(&self) {
        self.last_answer.store(true, Ordering::Relaxed);
    }

    /// Whether it is, and can be told so.
    pub(super) fn takes_leave(&self) -> bool {
        self.last_answer.load(Ordering::Relaxed) && !self.is_multiplexed()
    }

    /// Makes the next read of the connection end as the verdict says.
    pub(super) fn condemn(&self, verdict: Verdict) {
        self.condemned.store(verdict as u8 + 1, Ordering::Relaxed);
    }

    /// What the next read has to say.
    pub(super) fn verdict(&self) -> Option<Verdict> {
        match self.condemned.load(Ordering::Relaxed) {
            0 => None,
            1 => Some(Verdict::Idle),
            2 => Some(Verdict::Head),
            3 => Some(Verdict::Body),
            _ => Some(Verdict::Send),
        }
    }

    /// When something will be over time that is under way now, and what.
    fn due(&self, bounds: &Bounds) -> Option<(u64, Verdict)> {
        let noted = |note: &AtomicU64| Some(note.load(Ordering::Relaxed)).filter(|at| *at > 0);
        let after = |since: u64, time: Duration| since.saturating_add(micros(time));
        let send = noted(&self.blocked).map(|since| (after(since, bounds.send_timeout), Verdict::Send));
        let read = if self.verdict().is_some() {
            None
        } else if self.is_quiet() {
            let head = noted(&self.head_began).map(|since| (after(since, bounds.header_timeout), Verdict::Head));
            let moved = self.moved.load(Ordering::Relaxed);
            head.or_else(|| Some((after(moved, bounds.idle_timeout), Verdict::Idle)))
        } else {
            let moved = self.moved.load(Ordering::Relaxed);
            let body = noted(&self.body_awaited).filter(|_| !self.is_multiplexed());
            body.map(|since| (after(since.max(moved), bounds.body_timeout), Verdict::Body))
        };
        // What cannot be sent comes first: a connection that is quiet may still have an answer on its way.
        send.or(read)
    }
}

/// A call on its connection, from the end of its head to the end of its answer's body.
#[derive(Debug)]
pub struct PacedCall {
    connection: Arc<ConnectionHandle>,
    _under_way: UnderWay,
}

impl PacedCall {
    /// The head of a call is there.
    pub(super) fn begin(connection: &Arc<ConnectionHandle>, load: &Load) -> Self {
        connection.pace.begin_call();
        Self { connection: Arc::clone(connection), _under_way: load.begin() }
    }
}

impl Drop for PacedCall {
    fn drop(&mut self) {
        self.connection.pace.leave();
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// Runs a connection until it ends by itself, or its client is so slow that it has to go: then there is no output, and the
/// connection is to be dropped.
pub(super) async fn keep_pace<C: Future + Unpin>(
    mut connection: C,
    handle: &ConnectionHandle,
    bounds: &Bounds,
) -> Option<C::Output> {
    loop {
        let verdict = tokio::select! {
            // The connection wakes for each call, the watcher seldom.
            biased;
            ended = &mut connection => return Some(ended),
            verdict = over_time(handle, bounds) => verdict,
        };
        tracing::debug!(connection = handle.number, ?verdict, "a client is too slow");
        match verdict {
            Verdict::Idle | Verdict::Head | Verdict::Body => handle.pace.condemn(verdict),
            Verdict::Send => {
                handle.reset_on_close();
                return None;
            }
        }
    }
}

/// Waits until something is over time.
///
/// It looks at the notes no later than the shortest of all times after it looked last. What began meanwhile cannot be over
/// time before it looks again, so each is noticed when it is due, however seldom that is.
async fn over_time(handle: &ConnectionHandle, bounds: &Bounds) -> Verdict {
    let Bounds { idle_timeout, header_timeout, body_timeout, send_timeout, .. } = *bounds;
    let shortest = micros(idle_timeout.min(header_timeout).min(body_timeout).min(send_timeout));
    let pace = &handle.pace;
    let timer = sleep_until(Instant::now());
    tokio::pin!(timer);
    loop {
        let now = pace.now();
        let mut look = now.saturating_add(shortest);
        match pace.due(bounds) {
            Some((at, Verdict::Send)) if at <= now => {
                let unsent = handle.unsent();
                if unsent >= pace.unsent.load(Ordering::Relaxed) {
                    return Verdict::Send;
                }
                // The client takes some, if not enough for the kernel to take more of us.
                pace.unsent.store(unsent, Ordering::Relaxed);
                pace.blocked.store(now, Ordering::Relaxed);
            }
            Some((at, verdict)) if at <= now => return verdict,
            Some((at, _)) => look = look.min(at),
            None => {}
        }
        timer.as_mut().reset(Instant::now() + Duration::from_micros(look - now));
        timer.as_mut().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounds() -> Bounds {
        let minutes = Duration::from_mins;
        Bounds {
            idle_timeout: minutes(4),
            header_timeout: minutes(3),
            body_timeout: minutes(2),
            send_timeout: minutes(1),
            ..Bounds::default()
        }
    }

    fn due(pace: &Pace) -> Option<Verdict> {
        pace.due(&bounds()).map(|(_, verdict)| verdict)
    }

    #[test]
    fn a_connection_idles_until_the_first_byte_of_a_head_and_then_dawdles() {
        let pace = Pace::start();
        assert_eq!(pace.due(&bounds()), Some((240_000_000, Verdict::Idle)));
        pace.received();
        assert_eq!(due(&pace), Some(Verdict::Idle), "a handshake is no head");
        pace.begin_head();
        let (at, verdict) = pace.due(&bounds()).expect("due");
        assert_eq!(verdict, Verdict::Head);
        pace.received();
        assert_eq!(pace.due(&bounds()), Some((at, Verdict::Head)), "further bytes give no more time");
        pace.begin_call();
        assert_eq!(due(&pace), None, "nobody is waited for");
        pace.leave();
        assert_eq!(due(&pace), Some(Verdict::Idle));
    }

    #[test]
    fn a_body_is_late_only_while_a_call_waits_for_it() {
        let pace = Pace::start();
        pace.received();
        pace.begin_call();
        pace.awaits_body(true);
        let (at, verdict) = pace.due(&bounds()).expect("due");
        assert_eq!(verdict, Verdict::Body);
        pace.received();
        assert!(pace.due(&bounds()).expect("due").0 >= at);
        pace.awaits_body(false);
        assert_eq!(due(&pace), None);
    }

    #[test]
    fn an_answer_that_nobody_takes_comes_before_anything_else() {
        let pace = Pace::start();
        pace.begin_call();
        pace.blocked(|| 7);
        assert_eq!(due(&pace), Some(Verdict::Send));
        pace.leave();
        assert_eq!(due(&pace), Some(Verdict::Send), "its last bytes are still with us");
        pace.sent();
        assert_eq!(due(&pace), Some(Verdict::Idle));
    }

    #[test]
    fn where_requests_share_a_connection_bytes_are_no_heads() {
        let pace = Pace::start();
        pace.received();
        pace.begin_head();
        pace.multiplexes();
        pace.received();
        assert_eq!(due(&pace), Some(Verdict::Idle));
        pace.begin_call();
        pace.awaits_body(true);
        assert_eq!(due(&pace), None, "each call watches its own body");
    }

    #[test]
    fn a_verdict_is_passed_once() {
        let pace = Pace::start();
        for verdict in [Verdict::Idle, Verdict::Head, Verdict::Body, Verdict::Send] {
            pace.condemn(verdict);
            assert_eq!(pace.verdict(), Some(verdict));
        }
        assert_eq!(due(&pace), None);
    }
}
