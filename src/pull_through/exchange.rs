//! The record of one call upstream, from its opening to its end.

use std::sync::Arc;

use http::StatusCode;

use super::cut::Cut;
use super::trouble::Trouble;
use crate::faults::{BodyFault, ConnectionEnd, Decision};
use crate::journal::Outcome;
use crate::worlds::{CallArrival, Opening, World};

/// One call upstream. Dropped before its end, it was given up by the caller for whom it was made.
#[derive(Debug)]
pub(super) struct Exchange<'a> {
    world: &'a World,
    /// Number of its record.
    pub(super) record: u64,
    /// What rules decided.
    pub(super) decision: Decision,
    status: Option<StatusCode>,
    /// Bytes of body that the upstream sent us. The record has them as `bytes_out`: every record counts there what was
    /// sent to whoever asked.
    arrived_bytes: u64,
    ended: bool,
}

impl<'a> Exchange<'a> {
    /// Opens the record and lets the rules decide.
    pub(super) fn open(world: &'a World, arrival: CallArrival) -> Self {
        let Opening { record, decision, .. } = world.write(|live| live.open_call(arrival));
        Self { world, record, decision, status: None, arrived_bytes: 0, ended: false }
    }

    /// Notes that the upstream has answered with what was asked for, and that a body follows.
    pub(super) fn begin_body(&mut self) {
        self.status = Some(StatusCode::OK);
    }

    /// Takes in the next bytes of the body, or as many of them as a rule lets through. `length` is that of the whole
    /// body, if it is known.
    pub(super) fn take_in(&mut self, bytes: u64, length: Option<u64>) -> Result<(), Trouble> {
        let arrived = self.arrived_bytes + bytes;
        if let Some(cut) = Cut::of(self.fault(), length).filter(|cut| cut.after_bytes < arrived) {
            self.arrived_bytes = cut.after_bytes;
            return Err(Trouble::Cut(cut));
        }
        self.arrived_bytes = arrived;
        Ok(())
    }

    /// Notes that the body has ended. A share of a body whose length nobody knew is cut off only now.
    pub(super) fn end_body(&mut self) -> Result<(), Trouble> {
        let length = self.arrived_bytes;
        self.take_in(0, Some(length))
    }

    /// Takes in none of the body, since nothing of it is wanted. A connection that a rule resets in it is lost all the same.
    pub(super) fn skip_body(&self) -> Result<(), Trouble> {
        match self.fault() {
            Some(BodyFault::Reset { .. }) => Err(Trouble::Lost(ConnectionEnd::Reset)),
            Some(BodyFault::Truncate { .. }) | None => Ok(()),
        }
    }

    fn fault(&self) -> Option<BodyFault> {
        self.decision.body.fault
    }

    /// Bytes of body so far.
    pub(super) fn arrived_bytes(&self) -> u64 {
        self.arrived_bytes
    }

    /// Ends the record with what came of the call.
    pub(super) fn end<T>(mut self, result: &Result<T, Trouble>) {
        let (outcome, code) = match result {
            Ok(_) => (Outcome::Completed, None),
            Err(trouble) => (trouble.outcome(), trouble.code()),
        };
        if let Err(Trouble::Answered { status, .. }) = result {
            self.status = Some(*status);
        }
        self.finish(outcome, code.map(|code| Arc::from(&*code)));
    }

    fn finish(&mut self, outcome: Outcome, code: Option<Arc<str>>) {
        self.ended = true;
        let status = self.status.map(|status| status.as_u16());
        let bytes = (0, self.arrived_bytes);
        self.world.write(|live| live.finish(self.record, outcome, status, code, bytes));
        self.world.notify();
    }
}

impl Drop for Exchange<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.finish(Outcome::ClientGone, None);
        }
    }
}
