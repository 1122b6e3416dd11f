//! A future that is polled again at once when it wakes itself.
//!
//! A connection wakes itself in every request with a body: the handler asks for the body and the library, in the same
//! task, then has it. Left to the scheduler, this sends the task through its queue and wakes an idle worker for nothing,
//! which costs more than all else that a small request does.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::task::AtomicWaker;

/// Polls in a row before others get their turn.
const POLLS_IN_A_ROW: usize = 16;

/// Nobody polls; a wake goes to the scheduler.
const RESTING: u8 = 0;
/// A poll is under way.
const POLLING: u8 = 1;
/// A poll is under way and has to be followed by another.
const WOKEN: u8 = 2;

/// Wraps a future that often wakes itself.
pub(super) struct Eager<F> {
    future: Pin<Box<F>>,
    state: Arc<WakeState>,
    waker: Waker,
}

#[derive(Default)]
struct WakeState {
    phase: AtomicU8,
    scheduler: AtomicWaker,
}

impl Wake for WakeState {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let woken = self.phase.compare_exchange(POLLING, WOKEN, Ordering::AcqRel, Ordering::Acquire);
        if woken == Err(RESTING) {
            self.scheduler.wake();
        }
    }
}

impl<F: Future> Eager<F> {
    /// Wraps `future`.
    pub(super) fn new(future: F) -> Self {
        let state = Arc::new(WakeState::default());
        Self { future: Box::pin(future), waker: Waker::from(Arc::clone(&state)), state }
    }

    /// The future itself.
    pub(super) fn inner(&mut self) -> Pin<&mut F> {
        self.future.as_mut()
    }
}

impl<F: Future> Future for Eager<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let eager = &mut *self;
        // Before the first poll, so that a wake that finds nobody polling reaches the scheduler.
        eager.state.scheduler.register(cx.waker());
        for _ in 0..POLLS_IN_A_ROW {
            eager.state.phase.store(POLLING, Ordering::Release);
            let polled = eager.future.as_mut().poll(&mut Context::from_waker(&eager.waker));
            if polled.is_ready() {
                return polled;
            }
            if eager.state.phase.swap(RESTING, Ordering::AcqRel) == POLLING {
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    /// Counts wakes that reach the scheduler.
    #[derive(Default)]
    struct Scheduler(AtomicUsize);

    impl Wake for Scheduler {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A future that wakes itself so many times before it is ready, polled once: whether it is, and the wakes outside.
    fn check(own_wakes: usize, ready: bool, wakes_outside: usize) {
        let scheduler = Arc::new(Scheduler::default());
        let mut left = own_wakes;
        let mut eager = Eager::new(std::future::poll_fn(move |cx| {
            if left == 0 {
                return Poll::Ready(());
            }
            left -= 1;
            cx.waker().wake_by_ref();
            Poll::Pending
        }));
        let waker = Waker::from(Arc::clone(&scheduler));
        let polled = Pin::new(&mut eager).poll(&mut Context::from_waker(&waker));
        assert_eq!((polled.is_ready(), scheduler.0.load(Ordering::Relaxed)), (ready, wakes_outside), "{own_wakes}");
    }

    #[test]
    fn own_wakes_stay_inside_until_others_need_a_turn() {
        check(0, true, 0);
        check(3, true, 0);
        check(POLLS_IN_A_ROW, false, 1);
    }

    #[test]
    fn a_wake_between_polls_reaches_the_scheduler() {
        let scheduler = Arc::new(Scheduler::default());
        let mut kept = None;
        let mut eager = Eager::new(std::future::poll_fn(|cx| {
            kept = Some(cx.waker().clone());
            Poll::<()>::Pending
        }));
        let waker = Waker::from(Arc::clone(&scheduler));
        assert!(Pin::new(&mut eager).poll(&mut Context::from_waker(&waker)).is_pending());
        drop(eager);
        kept.expect("it was polled").wake();
        assert_eq!(scheduler.0.load(Ordering::Relaxed), 1);
    }
}
