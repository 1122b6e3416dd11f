//! `PutImageScanningConfiguration`: sets the flag by which pushes to a repository start scans; acts on later pushes only.
//!
//! Deprecated in favour of the registry's rules, beside which the flag is kept and shown but does not count.
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutImageScanningConfiguration.html>

use crate::registry::context::Context;
use crate::registry::errors::RepositoryNotFound;
use crate::registry::state::Registry;
use crate::registry::types::RepositoryName;

/// The new flag.
#[derive(Clone, Debug)]
pub struct Input {
    /// The repository.
    pub repository: RepositoryName,
    /// Whether each push is to start a scan.
    pub scan_on_push: bool,
}

/// The flag as it is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Output {
    /// Whether each push is to start a scan.
    pub scan_on_push: bool,
}

/// Sets the flag, also where enhanced scanning leaves it without effect (unconfirmed).
pub fn apply(registry: &mut Registry, _cx: &mut Context<'_>, input: &Input) -> Result<Output, RepositoryNotFound> {
    registry.repository_mut(&input.repository)?.scan_on_push = input.scan_on_push;
    Ok(Output { scan_on_push: input.scan_on_push })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::testing::{name, registry, with, with_repository};

    #[test]
    fn c_156_the_flag_is_stored() {
        let mut registry = with_repository();
        for scan_on_push in [true, true, false] {
            let input = Input { repository: name("team/app"), scan_on_push };
            assert_eq!(with(|cx| apply(&mut registry, cx, &input)), Ok(Output { scan_on_push }));
            assert_eq!(registry.repository(&name("team/app")).unwrap().scan_on_push(), scan_on_push);
        }
    }

    #[test]
    fn a_missing_repository_is_told() {
        let input = Input { repository: name("team/app"), scan_on_push: true };
        assert!(with(|cx| apply(&mut registry(), cx, &input)).is_err());
    }
}
