//! A call of the registry surface whose route, world and caller are known, and what every handler needs to reply.

use std::borrow::Cow;

use bytes::Bytes;
use http::header::{HeaderName, HeaderValue};
use http::{Response, StatusCode};

use super::profile::{Digests, Downloads, Profile};
use super::route::Matched;
use crate::http::{Arrival, Call, UploadSession};
use crate::operations::Operation;
use crate::registry::types::{Digest, RegistryKey, RepositoryName, UploadId};
use crate::registry::{Caller, Registry, templates};
use crate::wire_errors::{AccessDenied, DigestInvalid, Failure, NameInvalid};
use crate::worlds::{Live, SurfaceSettings};

/// A call whose route, world and caller are known.
pub(super) struct OciCall {
    pub(super) call: Call,
    pub(super) arrival: Arrival,
    pub(super) matched: Matched,
    pub(super) registry: RegistryKey,
    pub(super) caller: Caller,
    /// How this world's registry surface behaves.
    pub(super) profile: &'static Profile,
    /// What it offers beside that.
    pub(super) surface: SurfaceSettings,
    /// Our own base URL in the words of the caller's `Host`, without a trailing slash.
    pub(super) base_url: String,
    /// What stands before the path of a `Location` or `Link`: that URL, or nothing.
    pub(super) location_base: String,
}

impl OciCall {
    /// The repository of the path.
    pub(super) fn repository(&self) -> Result<RepositoryName, Failure> {
        repository_name(&self.matched.name.0)
    }

    /// Where the bytes of a blob are to be had.
    pub(super) fn downloads(&self) -> Downloads {
        match self.surface.redirects {
            Some(true) => Downloads::Redirected,
            Some(false) => Downloads::Direct,
            None => self.profile.downloads,
        }
    }

    /// The digest that the path names.
    pub(super) fn digest(&self) -> Result<Digest, Failure> {
        parse_digest(&self.matched.object)
    }

    /// The digest that a blob is to be pushed under.
    pub(super) fn pushed_digest(&self, text: &str) -> Result<Digest, Failure> {
        match parse_digest(text)? {
            Digest::Sha512(_) if self.profile.digests == Digests::Sha256 => Err(invalid_digest(text)),
            digest => Ok(digest),
        }
    }

    /// Whether the caller may create the repository that its push would create; a push that would create none needs no such
    /// right.
    pub(super) fn may_create(&self, live: &Live, repository: &RepositoryName) -> Result<(), Failure> {
        let missing = self.profile.missing_repository;
        let creates = |registry: &Registry| templates::creates_on_push(registry, repository, missing);
        if !live.read_registry(&self.registry, creates) {
            return Ok(());
        }
        let action = Operation::CreateRepository.action();
        let authorized = live.state.authorize(&self.registry, &self.caller, action, Some(repository), &[]);
        authorized.map_err(|refused| AccessDenied::new(&self.caller, action, refused).into())
    }

    /// Whether the caller may download layers of another repository of this registry.
    pub(super) fn may_read_layers_of(&self, live: &Live, repository: &RepositoryName) -> bool {
        let action = Operation::GetDownloadUrlForLayer.action();
        live.state.authorize(&self.registry, &self.caller, action, Some(repository), &[]).is_ok()
    }

    /// An upload into a repository of this registry.
    pub(super) fn upload<'a>(&'a self, repository: &'a RepositoryName, upload: &'a UploadId) -> UploadSession<'a> {
        UploadSession { call: &self.call, registry: &self.registry, caller: &self.caller, repository, upload }
    }

    /// Path of a blob of this repository.
    pub(super) fn blob_location(&self, repository: &RepositoryName, digest: &Digest) -> String {
        format!("{}/v2/{repository}/blobs/{digest}", self.location_base)
    }
}

/// A digest, in the words of the surface if it is none.
pub(super) fn parse_digest(text: &str) -> Result<Digest, Failure> {
    text.parse().map_err(|_| invalid_digest(text))
}

fn invalid_digest(text: &str) -> Failure {
    DigestInvalid(Cow::Owned(format!("invalid digest: '{text}'"))).into()
}

/// A repository name, in the words of the surface if it is none.
pub(super) fn repository_name(name: &str) -> Result<RepositoryName, Failure> {
    name.parse().map_err(|_| NameInvalid(name.to_owned()).into())
}

/// A reply with a body that is all there.
pub(super) fn reply(status: StatusCode, body: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response
}

/// Sets a header whose value is ours and therefore legal; an illegal one is left out.
pub(super) fn set<B>(response: &mut Response<B>, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}
