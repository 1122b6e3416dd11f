//! A call of the JSON surface whose caller is known.

use crate::http::Call;
use crate::registry::Caller;
use crate::registry::types::Region;

/// A signed call: who, and where.
pub(crate) struct Signed {
    pub(crate) call: Call,
    pub(crate) caller: Caller,
    pub(crate) region: Region,
}
