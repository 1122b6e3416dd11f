//! A call of the JSON surface whose caller is known.

use crate::http::Call;
use crate::registry::Caller;
use crate::registry::types::Region;

/// A signed call: who, and where.
pub(super) struct Signed {
    pub(super) call: Call,
    pub(super) caller: Caller,
    pub(super) region: Region,
}
