//! A layer upload as the model sees it: how far it has come and in what parts. The bytes are elsewhere.

use super::limits;
use super::types::Timestamp;

/// An open upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    started_at: Timestamp,
    touched_at: Timestamp,
    offset_bytes: u64,
    parts: u32,
    last_part_bytes: u64,
    /// The last part broke off, so what comes next continues it.
    is_broken_off: bool,
    earlier_part_was_small: bool,
}

impl Upload {
    /// An upload that has no bytes yet.
    pub fn new(now: Timestamp) -> Self {
        Self {
            started_at: now,
            touched_at: now,
            offset_bytes: 0,
            parts: 0,
            last_part_bytes: 0,
            is_broken_off: false,
            earlier_part_was_small: false,
        }
    }

    /// When it was opened.
    pub fn started_at(&self) -> Timestamp {
        self.started_at
    }

    /// When it last got bytes, or was opened.
    pub fn touched_at(&self) -> Timestamp {
        self.touched_at
    }

    /// Bytes that it has.
    pub fn offset_bytes(&self) -> u64 {
        self.offset_bytes
    }

    /// Parts that it has; an append without bytes is none.
    pub fn parts(&self) -> u32 {
        self.parts
    }

    /// Index of its last byte, 0 when there is none: what ECR calls `lastValidByteReceived`.
    pub fn last_valid_byte(&self) -> u64 {
        self.offset_bytes.saturating_sub(1)
    }

    /// Whether a part that was not the last is smaller than such a part may be.
    pub fn has_small_part_inside(&self) -> bool {
        self.earlier_part_was_small
    }

    /// Whether the last part did not arrive whole, so that what comes next continues it.
    pub fn is_broken_off(&self) -> bool {
        self.is_broken_off
    }

    /// Whether its time is up, so that it can be found no more.
    pub fn has_expired(&self, now: Timestamp) -> bool {
        now.since(self.touched_at) >= limits::UPLOAD_LIFE
    }

    /// Takes in what was received. `least_bytes` is what a part must have unless it is the last.
    pub(super) fn append(&mut self, length: u64, least_bytes: u64, now: Timestamp) {
        self.touched_at = now;
        if length == 0 {
            return;
        }
        if self.is_broken_off {
            self.is_broken_off = false;
            self.last_part_bytes += length;
        } else {
            self.earlier_part_was_small |= self.parts > 0 && self.last_part_bytes < least_bytes;
            self.last_part_bytes = length;
            self.parts += 1;
        }
        self.offset_bytes += length;
    }

    /// Notes that the last part did not arrive whole. Its sender goes on from where it broke off, and must not be blamed
    /// for a part that is smaller than it was meant to be.
    pub(super) fn break_off(&mut self) {
        self.is_broken_off = self.parts > 0;
    }
}
