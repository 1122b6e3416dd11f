//! Room for open files: each blob that is not small holds one descriptor as long as it lives.

use std::sync::Once;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the soft limit of open files of this process to the hard one, once.
///
/// The usual soft limit of 1024 would end at about a thousand layers. It stays that low only for programs that call
/// `select`, which this one does not. Where the system refuses, the store works on with the limit there is, and a push
/// over it fails with the system's own error.
pub(super) fn raise_limit() {
    static RAISED: Once = Once::new();
    RAISED.call_once(|| {
        let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
        if current == maximum {
            return;
        }
        if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
            tracing::warn!(%error, ?current, ?maximum, "limit of open files not raised");
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn soft_limit_ends_at_the_hard_one() {
        raise_limit();
        let limit = getrlimit(Resource::Nofile);
        assert_eq!(limit.current, limit.maximum);
    }
}
