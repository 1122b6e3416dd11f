//! What came back, in a form that a prediction can have, too.

use std::fmt;

use super::content::{BLOBS, MANIFESTS, blob, manifest};

/// A reply without what no prediction can know: ids, times, addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// Exception or error code; empty for a success, and for a refused HEAD, which has no body.
    pub(super) code: String,
    /// What the reply shows, a line each.
    pub(super) shown: Vec<String>,
}

impl Answer {
    pub(super) fn ok(status: u16, shown: Vec<String>) -> Self {
        Self { status, code: String::new(), shown }
    }

    pub(super) fn refused(status: u16, code: impl Into<String>) -> Self {
        Self { status, code: code.into(), shown: Vec::new() }
    }
}

/// With names in place of digests, to be read.
impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status, self.code)?;
        self.shown.iter().try_for_each(|line| write!(f, "\n    {}", named(line)))
    }
}

fn named(line: &str) -> String {
    let blobs = (0..BLOBS).map(|number| (&blob(number).digest, format!("blob {number}")));
    let manifests = (0..MANIFESTS).map(|number| (&manifest(number).digest, format!("manifest {number}")));
    blobs.chain(manifests).fold(line.to_owned(), |line, (digest, name)| line.replace(digest, &name))
}

/// Entries as a listing shows them page by page.
pub(super) fn paged(entries: &[String], size: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for (at, page) in entries.chunks(size).enumerate() {
        if at > 0 {
            lines.push("next page".to_owned());
        }
        lines.extend_from_slice(page);
    }
    lines
}
