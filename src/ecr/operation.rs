//! What an operation of the JSON API says of itself, once, beside its wire structs: how its body is read (that is
//! `WireRequest`), what of it is worth knowing, how it is run, and how its answer is written.
//!
//! `prepare_read` and `prepare_write` turn a body into a call whose type is forgotten, so that everything above deals
//! with all operations alike. The table of which operation is which stands in `request`.

use std::{fmt, slice};

use bytes::Bytes;

use super::answer::{Answer, Links};
use super::wire::{Addressed, WireRequest};
use crate::facts::Facts;
use crate::registry::types::{AccountId, Digest, RegistryKey, RepositoryName};
use crate::registry::{Context, ImageIdentifier, Registry, ResourceTag};
use crate::wire_errors::Failure;

/// An operation that needs one registry and nothing else. Implemented by the struct of its request.
pub(crate) trait WireOperation: WireRequest<Input: fmt::Debug + Send + 'static> + 'static {
    /// What the operation answers, with what its reply repeats of the request.
    type Output: fmt::Debug + Send + 'static;

    /// The repository that the call names, where it names one at most.
    fn repository(_input: &Self::Input) -> Option<&RepositoryName> {
        None
    }

    /// All repositories that the call names, each of which the caller must have a right to.
    fn repositories(input: &Self::Input) -> &[RepositoryName] {
        Self::repository(input).map_or(&[], slice::from_ref)
    }

    /// Notes what else is known of the call. Where it names several images or digests, the first counts.
    fn facts(_input: &Self::Input, _facts: &mut Facts) {}

    /// Images that the call pulls, and that a cache rule may have to fetch before.
    fn pulls(_input: &Self::Input) -> &[ImageIdentifier] {
        &[]
    }

    /// A blob that the call hands out, and that a cache rule may have to fetch before.
    fn download(_input: &Self::Input) -> Option<Digest> {
        None
    }

    /// Resource tags that the call sets, for the conditions `aws:RequestTag` and `aws:TagKeys`.
    fn request_tags(_input: &Self::Input) -> &[ResourceTag] {
        &[]
    }

    /// The body of the reply, usually by [`super::protocol::write_body`].
    fn render(output: &Self::Output, registry: &RegistryKey, links: &dyn Links) -> Bytes;
}

/// An operation that leaves its registry as it is.
pub(crate) trait ReadOperation: WireOperation {
    /// Runs it.
    fn apply(registry: &Registry, input: Self::Input) -> Result<Self::Output, Failure>;
}

/// An operation that may change its registry.
pub(crate) trait WriteOperation: WireOperation {
    /// Runs it; an error leaves the registry as it was.
    fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: Self::Input) -> Result<Self::Output, Failure>;
}

/// What is known of a call whose type is forgotten.
pub trait Described: fmt::Debug + Send {
    /// All repositories that the call names.
    fn repositories(&self) -> &[RepositoryName];
    /// Notes what else is known of the call.
    fn facts(&self, facts: &mut Facts);
    /// Images that the call pulls, and that a cache rule may have to fetch before.
    fn pulls(&self) -> &[ImageIdentifier];
    /// A blob that the call hands out, and that a cache rule may have to fetch before.
    fn download(&self) -> Option<Digest>;
    /// Resource tags that the call sets.
    fn request_tags(&self) -> &[ResourceTag];
}

/// A call that leaves its registry as it is.
pub trait ReadCall: Described {
    /// Runs the operation.
    fn apply(self: Box<Self>, registry: &Registry) -> Result<Answer, Failure>;
}

/// A call that may change its registry.
pub trait WriteCall: Described {
    /// Runs the operation.
    fn apply(self: Box<Self>, registry: &mut Registry, cx: &mut Context<'_>) -> Result<Answer, Failure>;
}

/// The body of a reply that is yet to be written.
pub(super) trait Reply: fmt::Debug + Send {
    /// Writes it.
    fn render(&self, registry: &RegistryKey, links: &dyn Links) -> Bytes;
}

struct Prepared<O: WireOperation>(O::Input);

struct Answered<O: WireOperation>(O::Output);

/// Reads the body of an operation that changes nothing.
pub(super) fn prepare_read<O: ReadOperation>(body: &[u8]) -> Result<(Option<AccountId>, Box<dyn ReadCall>), Failure> {
    let Addressed { registry_id, input } = O::read(body)?;
    Ok((registry_id, Box::new(Prepared::<O>(input))))
}

/// Reads the body of an operation that may change something.
pub(super) fn prepare_write<O: WriteOperation>(
    body: &[u8],
) -> Result<(Option<AccountId>, Box<dyn WriteCall>), Failure> {
    let Addressed { registry_id, input } = O::read(body)?;
    Ok((registry_id, Box::new(Prepared::<O>(input))))
}

impl<O: WireOperation> fmt::Debug for Prepared<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<O: WireOperation> fmt::Debug for Answered<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<O: WireOperation> Described for Prepared<O> {
    fn repositories(&self) -> &[RepositoryName] {
        O::repositories(&self.0)
    }

    fn facts(&self, facts: &mut Facts) {
        O::facts(&self.0, facts);
    }

    fn pulls(&self) -> &[ImageIdentifier] {
        O::pulls(&self.0)
    }

    fn download(&self) -> Option<Digest> {
        O::download(&self.0)
    }

    fn request_tags(&self) -> &[ResourceTag] {
        O::request_tags(&self.0)
    }
}

impl<O: ReadOperation> ReadCall for Prepared<O> {
    fn apply(self: Box<Self>, registry: &Registry) -> Result<Answer, Failure> {
        O::apply(registry, self.0).map(|output| Answer::new(registry.key(), Answered::<O>(output)))
    }
}

impl<O: WriteOperation> WriteCall for Prepared<O> {
    fn apply(self: Box<Self>, registry: &mut Registry, cx: &mut Context<'_>) -> Result<Answer, Failure> {
        let output = O::apply(registry, cx, self.0)?;
        Ok(Answer::new(registry.key(), Answered::<O>(output)))
    }
}

impl<O: WireOperation> Reply for Answered<O> {
    fn render(&self, registry: &RegistryKey, links: &dyn Links) -> Bytes {
        O::render(&self.0, registry, links)
    }
}
