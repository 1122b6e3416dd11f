//! Continuation tokens: opaque to callers, a key cursor to us, good only for the listing that gave them.
//!
//! A cursor is the last key shown, so items that come and go move nothing: the next page begins after it. The token is
//! bound to operation, registry, repository and filter by a checksum; that keeps mistakes out, not attackers.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use super::errors::InvalidParameter;
use super::limits;
use super::types::{RegistryKey, RepositoryName};

/// Which page a caller wants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageRequest {
    /// Most entries; absent: [`limits::PAGE_DEFAULT`]. Range checks are shape checks and come before.
    pub max_results: Option<usize>,
    /// Token of the page before; absent: the first page.
    pub next_token: Option<String>,
}

impl PageRequest {
    pub(super) fn size(&self) -> usize {
        self.max_results.unwrap_or(limits::PAGE_DEFAULT).max(1)
    }
}

/// What a token is bound to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scope<'a> {
    pub(super) operation: &'static str,
    pub(super) registry: &'a RegistryKey,
    pub(super) repository: Option<&'a RepositoryName>,
    pub(super) filter: &'a str,
}

impl Scope<'_> {
    /// The token that goes on after `cursor`.
    pub(super) fn token(&self, cursor: &str) -> String {
        let mut bytes = self.checksum(cursor.as_bytes()).to_vec();
        bytes.extend_from_slice(cursor.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The cursor in a caller's token. The text of the error is unconfirmed.
    pub(super) fn cursor(&self, request: &PageRequest) -> Result<Option<String>, InvalidParameter> {
        request.next_token.as_deref().map(|token| self.cursor_of(token)).transpose()
    }

    pub(super) fn cursor_of(&self, token: &str) -> Result<String, InvalidParameter> {
        let invalid = || InvalidParameter::new("nextToken", "Invalid token");
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| invalid())?;
        let (checksum, cursor) = bytes.split_at_checked(CHECKSUM_BYTES).ok_or_else(invalid)?;
        if checksum != self.checksum(cursor) {
            return Err(invalid());
        }
        String::from_utf8(cursor.to_vec()).map_err(|_| invalid())
    }

    fn checksum(&self, cursor: &[u8]) -> [u8; CHECKSUM_BYTES] {
        let repository = self.repository.map_or("", RepositoryName::as_str);
        let region = self.registry.region.as_str();
        let parts = [self.operation, self.registry.account.as_str(), region, repository, self.filter];
        let mut hasher = Sha256::new();
        for part in parts.map(str::as_bytes).into_iter().chain([cursor]) {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
        let mut checksum = [0; CHECKSUM_BYTES];
        checksum.copy_from_slice(&hasher.finalize()[..CHECKSUM_BYTES]);
        checksum
    }
}

const CHECKSUM_BYTES: usize = 12;

/// Takes up to `size` entries; the token, made from the last one taken, is there exactly if one more follows.
pub(super) fn take_page<T>(
    mut entries: impl Iterator<Item = T>,
    size: usize,
    token_after: impl FnOnce(&T) -> String,
) -> (Vec<T>, Option<String>) {
    let page: Vec<T> = entries.by_ref().take(size).collect();
    let next_token = match page.last() {
        Some(last) if entries.next().is_some() => Some(token_after(last)),
        _ => None,
    };
    (page, next_token)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::types::AccountId;

    fn registry() -> RegistryKey {
        RegistryKey { account: AccountId::DEFAULT, region: "us-east-1".parse().unwrap() }
    }

    #[test]
    fn a_136_a_token_is_good_only_for_its_own_listing() {
        let (registry, name, other) = (registry(), "team/app".parse().unwrap(), "team/web".parse().unwrap());
        let abroad = RegistryKey { region: "eu-west-1".parse().unwrap(), ..registry.clone() };
        let scope =
            Scope { operation: "ListImages", registry: &registry, repository: Some(&name), filter: "ANY/ACTIVE" };
        let token = scope.token("cursor");
        assert_eq!(scope.cursor_of(&token).unwrap(), "cursor");
        for foreign in [
            Scope { operation: "DescribeImages", ..scope },
            Scope { registry: &abroad, ..scope },
            Scope { repository: Some(&other), ..scope },
            Scope { repository: None, ..scope },
            Scope { filter: "TAGGED/ACTIVE", ..scope },
        ] {
            assert!(foreign.cursor_of(&token).is_err(), "{foreign:?}");
        }
    }

    #[test]
    fn a_135_garbage_is_refused() {
        let registry = registry();
        let scope = Scope { operation: "ListImages", registry: &registry, repository: None, filter: "" };
        let token = scope.token("cursor");
        for garbage in ["", "1", "garbage", "!!!", &token[1..], &format!("{token}AA")] {
            assert!(scope.cursor_of(garbage).is_err(), "{garbage:?}");
        }
    }

    #[test]
    fn the_last_page_has_no_token() {
        let page = |size: usize| take_page([1, 2, 3].into_iter(), size, ToString::to_string);
        assert_eq!(page(2), (vec![1, 2], Some("2".to_owned())));
        assert_eq!(page(3), (vec![1, 2, 3], None));
        assert_eq!(page(9), (vec![1, 2, 3], None));
    }
}
