//! Which operations there are, as far as rules need to know; the table of operations implements it.

use crate::facts::Surface;

use super::tree::TargetSurface;

/// The names of all operations, so that a rule for none of them is refused.
pub trait Operations {
    /// Names of the operations of a surface: `PutImage`, `manifest.put`, `replication`.
    fn names(&self, surface: Surface) -> Vec<&'static str>;
}

/// The names that a target of this surface can match.
pub(crate) fn names_of(operations: &dyn Operations, surface: TargetSurface) -> Vec<&'static str> {
    match surface {
        TargetSurface::Ecr => operations.names(Surface::Ecr),
        TargetSurface::Oci => operations.names(Surface::Oci),
        TargetSurface::Upstream => operations.names(Surface::Upstream),
        TargetSurface::Task => operations.names(Surface::Task),
        TargetSurface::Any => [operations.names(Surface::Ecr), operations.names(Surface::Oci)].concat(),
    }
}
