//! What the rules decided for one call or task, in the shape in which the pipeline walks through it.

use std::sync::Arc;
use std::time::Duration;

use super::tree::{ConnectionEnd, Keep, Status};

/// Everything that happens to one call, task or upstream call; decided once, at its start.
///
/// At most one of all terminals is there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decision {
    /// At `before`: first the waits in order, then the refusal.
    pub before: Effects<Refusal>,
    /// At `after`: first the waits in order, then the connection ends without a reply.
    pub after: Effects<ConnectionEnd>,
    /// At `send.body`.
    pub body: BodyEffects,
    /// At `task.finish`: first the waits in order, a delay in virtual time, then the failure.
    pub task: Effects<TaskFailure>,
    /// What each rule did that matched, in order of evaluation.
    pub hits: Vec<Hit>,
}

impl Decision {
    /// Nothing happens and no rule matched. Does not allocate.
    pub fn none() -> Self {
        Self::default()
    }

    /// Whether no rule matched.
    pub fn is_empty(&self) -> bool {
        self.hits.is_empty()
    }
}

/// What happens at one point.
#[derive(Clone, Debug, PartialEq)]
pub struct Effects<T> {
    /// Waits, in order.
    pub waits: Vec<Wait>,
    /// What ends the call or task; absent: it goes on.
    pub terminal: Option<T>,
}

impl<T> Effects<T> {
    /// Whether nothing happens there.
    pub fn is_empty(&self) -> bool {
        self.waits.is_empty() && self.terminal.is_none()
    }
}

// Written out, since a derived one would ask for `T: Default`.
impl<T> Default for Effects<T> {
    fn default() -> Self {
        Self { waits: Vec::new(), terminal: None }
    }
}

/// A wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wait {
    /// For that long, already drawn.
    Delay(Duration),
    /// Until the gate of this name lets one through.
    Hold(Arc<str>),
}

/// How a call ends before it is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is answered with an error.
    Status(Status),
    /// The connection is reset before anything is answered.
    Reset,
}

/// What happens while the body of a reply is sent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BodyEffects {
    /// Delays, in order of the rules that asked for them.
    pub delays: Vec<BodyDelay>,
    /// How the body ends early; absent: it does not.
    pub fault: Option<BodyFault>,
}

impl BodyEffects {
    /// Whether the body is sent as ever.
    pub fn is_empty(&self) -> bool {
        self.delays.is_empty() && self.fault.is_none()
    }
}

/// A delay within a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyDelay {
    /// Bytes of the body that are sent before it; a shorter body is sent whole before it.
    pub at_bytes: u64,
    /// How long, already drawn.
    pub delay: Duration,
}

/// How a body ends early.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum BodyFault {
    /// Cleanly.
    Truncate {
        /// How much is sent.
        keep: Keep,
        /// Announce the shortened length instead of the true one.
        fix_length: bool,
    },
    /// With a reset of the connection.
    Reset {
        /// Bytes that are sent first.
        after_bytes: u64,
    },
}

/// How a task fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskFailure {
    /// Failure code.
    pub code: Arc<str>,
    /// Reason; absent: none.
    pub reason: Option<Arc<str>>,
}

/// What one rule did to one call or task that it matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Name of the rule.
    pub rule: Arc<str>,
    /// Step of its plan, from 0; the number of steps when the plan is spent.
    pub step: u32,
    /// Canonical text of the actions; `pass` when the call was let through, `unexpected` when none should have come.
    pub action: Arc<str>,
    /// Whether another rule's terminal left nothing for it to do. Its plan has not moved then.
    pub shadowed: bool,
}
