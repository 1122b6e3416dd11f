//! Bringing in a blob of an image that is here.

use std::convert::Infallible;
use std::sync::Arc;

use super::fetch::Fetch;
use super::flights::{Cargo, Flight};
use super::origin::Origin;
use super::trouble::Wanted;
use crate::http::Call;
use crate::registry::ops::cache_fill;
use crate::registry::types::{Digest, RegistryKey, RepositoryName, VerifiedBlob};
use crate::registry::{Caller, Kind, Registry, Repository};
use crate::wire_errors::Failure;

/// Brings a blob in from upstream if a cache rule covers the repository, an image of the repository names the blob, and
/// it is not here.
///
/// Ok also when there is nothing to bring: the caller then looks the blob up and answers its own 404. After an error
/// nothing has changed, and nothing of the bytes is kept.
pub async fn bring_blob(
    call: &Call,
    key: &RegistryKey,
    caller: &Caller,
    repository: &RepositoryName,
    digest: &Digest,
) -> Result<(), Failure> {
    if missed(call, key, repository, digest).is_none() {
        return Ok(());
    }
    let flight = Flight {
        world: call.world.identity().incarnation,
        registry: key.clone(),
        repository: repository.clone(),
        cargo: Cargo::Blob(digest.clone()),
    };
    // Boxed, so that the many calls that miss nothing do not carry the state of a fetch.
    let fetch = Box::pin(async {
        let Some(origin) = missed(call, key, repository, digest) else { return Ok(()) };
        let blob = Fetch::new(call, key, &origin).blob(digest).await;
        let blob = blob.map_err(|trouble| trouble.failure(&origin.host, Wanted::Blob(digest)))?;
        store(call, key, caller, &origin, repository, &blob);
        Ok(())
    });
    call.daemon.pulls.fly(flight, fetch).await
}

/// Where a blob that is named and not here would come from.
fn missed(call: &Call, key: &RegistryKey, repository: &RepositoryName, digest: &Digest) -> Option<Origin> {
    let (origin, repository) =
        call.write(|live| live.read_registry(key, |registry| lacking(registry, repository, digest)))?;
    // Outside of the writer, since it looks at each image.
    names(&repository, digest).then_some(origin)
}

/// The repository, and where its content comes from, if the blob is not in it.
fn lacking(registry: &Registry, name: &RepositoryName, digest: &Digest) -> Option<(Origin, Arc<Repository>)> {
    let origin = Origin::of(registry, name)?;
    let repository = registry.repository(name).ok()?;
    repository.layer(digest).is_none().then(|| (origin, Arc::clone(repository)))
}

fn names(repository: &Repository, digest: &Digest) -> bool {
    repository.images().values().any(|image| match image.manifest().kind() {
        Kind::Image { config, layers } => {
            config.digest == *digest || layers.iter().any(|layer| layer.digest == *digest)
        }
        Kind::Schema1 { layers } => layers.contains(digest),
        Kind::Index { .. } => false,
    })
}

/// Stores what was fetched, unless it is here by now or its rule has gone.
fn store(
    call: &Call,
    key: &RegistryKey,
    caller: &Caller,
    origin: &Origin,
    repository: &RepositoryName,
    blob: &VerifiedBlob,
) {
    call.write(|live| {
        let lacking = live.read_registry(key, |registry| lacking(registry, repository, blob.digest()));
        if lacking.is_none_or(|(found, _)| found != *origin) {
            return;
        }
        let Ok(()) = live.on_registry(key, caller, call.record, |registry, _| {
            // A clone, so that a blob that finds no place is dropped outside of the writer.
            cache_fill::store_blob(registry, repository, blob.clone());
            Ok::<_, Infallible>(())
        });
    });
}
