//! Names the daemon's binary for live tests; without one they fail.

use ecr_fixture_client::use_binary;

/// `ECR_FIXTURE_BIN` if it is set, else what `cargo build` makes in this workspace.
pub(crate) fn daemon_of_this_workspace() {
    if std::env::var_os("ECR_FIXTURE_BIN").is_none() {
        use_binary(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/debug/ecr-fixture"));
    }
}
