//! Where a fault rule ends a body that an upstream sends.

use crate::faults::BodyFault;
use crate::http::kept;

/// How the body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CutEnd {
    /// The connection ends in order, too early.
    Eof,
    /// The connection is reset.
    Reset,
    /// The body ends in order, and its length says so: only its digest tells.
    Shortened,
}

/// An end before the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    /// Bytes that arrive.
    pub(super) after_bytes: u64,
    /// How the body ends there.
    pub(super) end: CutEnd,
}

impl Cut {
    /// The end that a fault makes of a body. None without a fault, and as long as a share of an unknown length is asked
    /// for. A body that is not longer than the cut arrives whole.
    pub(super) fn of(fault: Option<BodyFault>, length: Option<u64>) -> Option<Self> {
        match fault? {
            BodyFault::Reset { after_bytes } => Some(Self { after_bytes, end: CutEnd::Reset }),
            BodyFault::Truncate { keep, fix_length } => {
                let end = if fix_length { CutEnd::Shortened } else { CutEnd::Eof };
                Some(Self { after_bytes: kept(keep, length?), end })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::Keep;

    fn check(fault: Option<BodyFault>, length: Option<u64>, expect: Option<(u64, CutEnd)>) {
        let expect = expect.map(|(after_bytes, end)| Cut { after_bytes, end });
        assert_eq!(Cut::of(fault, length), expect, "{fault:?} of {length:?}");
    }

    #[test]
    fn a_fault_says_how_much_arrives_and_how_it_ends() {
        let half = |fix_length| Some(BodyFault::Truncate { keep: Keep::Percent(50.0), fix_length });
        check(None, Some(10), None);
        check(half(false), Some(11), Some((5, CutEnd::Eof)));
        check(half(true), Some(10), Some((5, CutEnd::Shortened)));
        check(half(false), None, None);
        check(Some(BodyFault::Reset { after_bytes: 3 }), None, Some((3, CutEnd::Reset)));
    }
}
