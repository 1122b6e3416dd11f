//! StateService: documents are checked, their images generated and stored, and then put into the world in one write.

use std::io::Read;
use std::sync::Arc;

use tonic::{Request, Response, Status, async_trait};

use super::Control;
use super::errors::{ControlError, FieldViolation};
use super::grant::Grant;
use crate::blobs::{BlobStore, FinishError, StoreError};
use crate::daemon::Daemon;
use crate::proto;
use crate::registry::types::{Digest, RepositoryName, Tag, Timestamp, VerifiedBlob};
use crate::registry::{Manifest, Registry, scanning, seeding};
use crate::seed::{
    AccessKeyPlan, BlobSink, GeneratedImage, ImagePlan, PlannedDocument, RegistryPlan, UpstreamPlan, check, generate,
};
use crate::upstream::content::{UpstreamImage, UpstreamManifest, UpstreamRegistry};
use crate::upstream::credentials::Credentials;
use crate::worlds::{AccessKey, DeclaredPrincipal, Live, Secret, Session, World, WorldState};

#[async_trait]
impl proto::state_service_server::StateService for Control {
    async fn apply(&self, request: Request<proto::ApplyRequest>) -> Result<Response<proto::ApplyResponse>, Status> {
        let world = Grant::of(&request)?.world(&self.daemon, &request.get_ref().world)?;
        let daemon = Arc::clone(&self.daemon);
        let request = request.into_inner();
        // Generating images hashes as many bytes as the documents ask for.
        let applied = tokio::task::spawn_blocking(move || {
            apply_documents(&daemon, &world, &request.documents, request.validate_only)
        });
        let results = applied.await.map_err(|_| Status::internal("applying the documents failed"))??;
        Ok(Response::new(proto::ApplyResponse { results }))
    }
}

/// An image of a document, ready to be put somewhere.
struct ReadyImage {
    tags: Vec<Tag>,
    pushed_at: Option<Timestamp>,
    archived: Option<bool>,
    generated: GeneratedImage,
    manifests: Vec<Arc<Manifest>>,
}

/// A document with its images generated.
struct ReadyDocument {
    plan: PlannedDocument,
    /// Of a repository: its images. Of an upstream: those of its repositories, one after the other.
    images: Vec<ReadyImage>,
}

/// Applies documents, all or none.
pub(crate) fn apply_documents(
    daemon: &Daemon,
    world: &World,
    documents: &[proto::Document],
    validate_only: bool,
) -> Result<Vec<proto::ApplyResult>, ControlError> {
    let (defaults, quotas) = world.write(|live| (live.state.default_registry(), *live.state.quotas()));
    let plans = check(documents, &defaults, &quotas).map_err(|violations| {
        let violations = violations.into_iter().map(Into::into).collect();
        ControlError::Invalid { reason: "INVALID_DOCUMENT", violations }
    })?;
    if validate_only {
        // What depends on the world's state is tried on a fork, which is then thrown away.
        let mut fork = world.write(|live| live.state.fork());
        let tried = plans.iter().enumerate();
        return tried
            .map(|(at, plan)| try_without_images(&mut fork, plan).map_err(|message| refused(at, message)))
            .collect();
    }
    let mut sink = StoreSink { blobs: &daemon.blobs };
    let ready: Vec<ReadyDocument> =
        plans.into_iter().map(|plan| generate_images(plan, &mut sink)).collect::<Result<_, _>>()?;
    world.write(|live| {
        // Written into a fork of the value and put in its place at the end, so that a refusal leaves nothing behind.
        let mut state = live.state.clone();
        let now = state.clock.now();
        let mut results = Vec::new();
        for (at, document) in ready.iter().enumerate() {
            results.push(put(&mut state, now, document).map_err(|message| refused(at, message))?);
        }
        if results.iter().any(|result| result.created + result.updated > 0) {
            commit(live, state);
        }
        Ok(results)
    })
}

fn commit(live: &mut Live, state: WorldState) {
    live.state = state;
    live.state.clock.tick();
    live.commit_control();
}

fn refused(at: usize, message: String) -> ControlError {
    let violation = FieldViolation { path: format!("documents[{at}]"), message };
    ControlError::Invalid { reason: "INVALID_DOCUMENT", violations: vec![violation] }
}

/// Applies a document but for its images, which are then checked by their form only.
fn try_without_images(state: &mut WorldState, plan: &PlannedDocument) -> Result<proto::ApplyResult, String> {
    let document = ReadyDocument { plan: plan.clone(), images: Vec::new() };
    let now = state.clock.now();
    put(state, now, &document)
}

/// Stores generated blobs as they are read.
struct StoreSink<'a> {
    blobs: &'a BlobStore,
}

impl BlobSink for StoreSink<'_> {
    type Error = StoreError;

    fn store(&mut self, content: &mut dyn Read, _size_bytes: u64) -> Result<VerifiedBlob, StoreError> {
        let mut upload = self.blobs.begin();
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let read = content.read(&mut buffer).map_err(StoreError::Io)?;
            if read == 0 {
                break;
            }
            upload.write(&buffer[..read])?;
        }
        let digest: Digest = upload.sha256_so_far();
        upload.finish(&digest).map_err(|error| match error {
            FinishError::Store(error) => error,
            FinishError::DigestMismatch { .. } => StoreError::Io(std::io::Error::other("the bytes changed under us")),
        })
    }
}

fn generate_images(plan: PlannedDocument, sink: &mut StoreSink<'_>) -> Result<ReadyDocument, ControlError> {
    let plans: Vec<&ImagePlan> = match &plan {
        PlannedDocument::Repository(repository) => repository.images.iter().collect(),
        PlannedDocument::Upstream(upstream) => {
            upstream.repositories.iter().flat_map(|repository| &repository.images).collect()
        }
        PlannedDocument::Registry(_)
        | PlannedDocument::Tasks(_)
        | PlannedDocument::Principal(_)
        | PlannedDocument::Throttles(_)
        | PlannedDocument::Quotas(_)
        | PlannedDocument::Secret(_)
        | PlannedDocument::Surface(_) => Vec::new(),
    };
    let images = plans.into_iter().map(|plan| ready_image(plan, sink)).collect::<Result<_, _>>()?;
    Ok(ReadyDocument { plan, images })
}

fn ready_image(plan: &ImagePlan, sink: &mut StoreSink<'_>) -> Result<ReadyImage, ControlError> {
    let generated = generate(&plan.spec, sink).map_err(|error| ControlError::Full(error.to_string()))?;
    let parse = |manifest: &crate::seed::GeneratedManifest| {
        Manifest::parse(manifest.bytes.clone(), Some(manifest.media_type)).map(Arc::new)
    };
    let manifests = generated.manifests().map(parse).collect::<Result<_, _>>();
    let manifests = manifests.map_err(|error| ControlError::invalid("images", error.to_string()))?;
    let (tags, pushed_at, archived) = (plan.tags.clone(), plan.pushed_at, plan.archived);
    Ok(ReadyImage { tags, pushed_at, archived, generated, manifests })
}

fn put(state: &mut WorldState, now: Timestamp, document: &ReadyDocument) -> Result<proto::ApplyResult, String> {
    let mut result = proto::ApplyResult::default();
    match &document.plan {
        PlannedDocument::Registry(plan) => {
            put_registry(state.registry_mut(&plan.registry), now, plan, &mut result)?;
        }
        PlannedDocument::Repository(plan) => {
            let seed = seeding::SeedRepository {
                name: plan.name.clone(),
                tag_mutability: plan.tag_mutability.clone(),
                scan_on_push: plan.scan_on_push,
                encryption: plan.encryption.clone(),
                policy: plan.policy.clone(),
                lifecycle_policy: plan.lifecycle_policy.clone(),
                resource_tags: plan.resource_tags.clone(),
            };
            let registry = state.registry_mut(&plan.registry);
            count(&mut result, seeding::repository(registry, now, seed).map_err(|error| error.to_string())?);
            for image in &document.images {
                put_image(registry, now, &plan.name, image, &mut result)?;
            }
            for (subject, scan) in &plan.scans {
                count(&mut result, scanning::declare(registry, subject.clone(), scan.clone()));
            }
        }
        PlannedDocument::Upstream(plan) => put_upstream(state, plan, &document.images, &mut result)?,
        PlannedDocument::Principal(plan) => {
            let (account, arn, policies) = (plan.account, Arc::clone(&plan.arn), plan.policies.clone());
            let principal = DeclaredPrincipal { account, arn, policies };
            let is_new = state.principals.declare(principal, plan.access_key.as_ref().map(access_key));
            count(&mut result, if is_new { seeding::Change::Created } else { seeding::Change::Updated });
        }
        PlannedDocument::Tasks(plan) => {
            let before = state.durations;
            if let Some(duration) = plan.replication_duration {
                state.durations.replication = duration;
            }
            if let Some(retry) = plan.replication_retry {
                state.durations.replication_retry = (!retry.is_zero()).then_some(retry);
            }
            let same = before == state.durations;
            count(&mut result, if same { seeding::Change::Unchanged } else { seeding::Change::Updated });
        }
        PlannedDocument::Throttles(plan) => count_setting(&mut result, state.throttles.set(plan.rates.clone())),
        PlannedDocument::Quotas(quotas) => count_setting(&mut result, state.set_quotas(*quotas)),
        PlannedDocument::Surface(plan) => {
            let before = state.surface;
            state.surface.referrers = plan.referrers.unwrap_or(before.referrers);
            state.surface.redirects = plan.redirects.or(before.redirects);
            count_setting(&mut result, state.surface != before);
        }
        PlannedDocument::Secret(plan) => {
            let secret = Secret { state: plan.state, login: plan.login.clone() };
            match state.secrets.declare(Arc::clone(&plan.arn), secret.clone()) {
                None => count(&mut result, seeding::Change::Created),
                Some(former) => count_setting(&mut result, former != secret),
            }
        }
    }
    Ok(result)
}

fn access_key(plan: &AccessKeyPlan) -> AccessKey {
    let session = plan.session.as_ref();
    let session = session.map(|(token, expires)| Session { token: Arc::clone(token), expires: *expires });
    AccessKey { id: Arc::clone(&plan.id), secret: Arc::clone(&plan.secret), session }
}

fn put_registry(
    registry: &mut Registry,
    now: Timestamp,
    plan: &RegistryPlan,
    result: &mut proto::ApplyResult,
) -> Result<(), String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    // The settings first, since they judge what follows.
    if let Some(settings) = plan.account_settings {
        count(result, seeding::account_settings(registry, settings));
    }
    if let Some(policy) = plan.policy.clone() {
        count(result, seeding::policy(registry, policy));
    }
    if let Some(replication) = plan.replication.clone() {
        count(result, seeding::replication(registry, replication).map_err(|error| text(&error))?);
    }
    for account in &plan.replication_sources {
        count(result, seeding::replication_source(registry, *account));
    }
    for rule in &plan.cache_rules {
        let change = seeding::cache_rule(
            registry,
            now,
            rule.prefix.clone(),
            rule.upstream.to_string(),
            Some(rule.upstream_prefix.clone()),
            rule.credential_arn.as_deref().map(str::to_owned),
        );
        count(result, change.map_err(|error| text(&error))?);
    }
    for template in &plan.templates {
        count(result, seeding::template(registry, now, template.clone()).map_err(|error| text(&error))?);
    }
    if let Some(scanning) = plan.scanning.clone() {
        count(result, seeding::scanning(registry, now, scanning).map_err(|error| text(&error))?);
    }
    if let Some(signing) = plan.signing.clone() {
        count(result, seeding::signing(registry, signing).map_err(|error| text(&error))?);
    }
    for principal in &plan.pull_time_exclusions {
        let change = seeding::pull_time_exclusion(registry, now, principal.clone());
        count(result, change.map_err(|error| text(&error))?);
    }
    Ok(())
}

fn put_image(
    registry: &mut Registry,
    now: Timestamp,
    repository: &RepositoryName,
    image: &ReadyImage,
    result: &mut proto::ApplyResult,
) -> Result<(), String> {
    let last = image.manifests.len().saturating_sub(1);
    for (at, manifest) in image.manifests.iter().enumerate() {
        let is_root = at == last;
        let seed = seeding::SeedImage {
            repository: repository.clone(),
            manifest: Arc::clone(manifest),
            blobs: blobs_of(manifest, &image.generated.blobs),
            tags: if is_root { image.tags.clone() } else { Vec::new() },
            pushed_at: image.pushed_at,
            archived: image.archived,
        };
        count(result, seeding::image(registry, now, seed).map_err(|error| error.to_string())?);
    }
    result.images.push(applied(repository.as_str(), image));
    Ok(())
}

fn blobs_of(manifest: &Manifest, blobs: &[VerifiedBlob]) -> Vec<VerifiedBlob> {
    let named = manifest.blobs();
    blobs.iter().filter(|blob| named.iter().any(|(digest, _)| *digest == blob.digest())).cloned().collect()
}

fn put_upstream(
    state: &mut WorldState,
    plan: &UpstreamPlan,
    images: &[ReadyImage],
    result: &mut proto::ApplyResult,
) -> Result<(), String> {
    let host: Arc<str> = Arc::from(plan.host.as_str());
    let mut upstream = state
        .upstreams
        .get(&host)
        .map_or_else(|| UpstreamRegistry::new(Arc::clone(&host)), |upstream| UpstreamRegistry::clone(upstream));
    if let Some((user, password)) = &plan.login {
        let login = Credentials { user: Arc::clone(user), password: Arc::clone(password) };
        count_setting(result, upstream.set_login(login));
    }
    let mut images = images.iter();
    for repository in &plan.repositories {
        let name: Arc<str> = Arc::from(repository.name.as_str());
        let counts = upstream.put_repository(&name);
        add_counts(result, counts);
        for image in images.by_ref().take(repository.images.len()) {
            let manifests = image.generated.manifests().map(|manifest| {
                let media_type = Arc::from(manifest.media_type);
                (manifest.digest.clone(), UpstreamManifest { bytes: manifest.bytes.clone(), media_type })
            });
            let content = UpstreamImage {
                root: image.generated.root.digest.clone(),
                tags: image.tags.iter().map(|tag| Arc::from(tag.as_str())).collect(),
                manifests: manifests.collect(),
                blobs: image.generated.blobs.clone(),
            };
            add_counts(result, upstream.put_image(&name, content).map_err(|error| error.to_string())?);
            result.images.push(applied(&format!("{host}/{name}"), image));
        }
    }
    state.upstreams.insert(host, Arc::new(upstream));
    Ok(())
}

fn applied(repository: &str, image: &ReadyImage) -> proto::AppliedImage {
    proto::AppliedImage {
        repository: repository.to_owned(),
        digest: image.generated.root.digest.to_string(),
        tags: image.tags.iter().map(ToString::to_string).collect(),
    }
}

fn count(result: &mut proto::ApplyResult, change: seeding::Change) {
    match change {
        seeding::Change::Created => result.created += 1,
        seeding::Change::Updated => result.updated += 1,
        seeding::Change::Unchanged => result.unchanged += 1,
    }
}

/// Counts something that was always there.
fn count_setting(result: &mut proto::ApplyResult, has_changed: bool) {
    count(result, if has_changed { seeding::Change::Updated } else { seeding::Change::Unchanged });
}

fn add_counts(result: &mut proto::ApplyResult, counts: crate::upstream::content::UpsertCounts) {
    result.created += counts.created;
    result.updated += counts.updated;
    result.unchanged += counts.unchanged;
}
