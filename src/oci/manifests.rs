//! Manifests: HEAD, GET, PUT, DELETE.
//!
//! A pull by tag is answered in a format that the caller accepts, if the image can be converted to one.

use std::sync::Arc;

use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderName, HeaderValue, LOCATION};
use http::{Response, StatusCode};

use super::accept;
use super::call::{OciCall, parse_digest, reply, set};
use super::profile::{Conversion, Digests, Errors, ManifestDeletion, TagParameters};
use crate::http::{BodyError, ReplyBody, Stop, still_holds, whole};
use crate::operations::Route;
use crate::pull_through;
use crate::registry::conversion;
use crate::registry::errors::InvalidParameter;
use crate::registry::limits;
use crate::registry::ops::{batch_delete_image, delete_manifest, image_by_reference, put_manifest};
use crate::registry::templates;
use crate::registry::types::{InvalidName, RepositoryName, Tag};
use crate::registry::{ImageFailureCause, ImageIdentifier, Manifest, MediaType, Reference};
use crate::wire_errors::{Failure, ManifestTooLarge, ManifestUnknown, TagInvalid, Unsupported};

pub(super) const CONTENT_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");
const SUBJECT: HeaderName = HeaderName::from_static("oci-subject");
const TAG: HeaderName = HeaderName::from_static("oci-tag");

/// Tag or digest of the path. ECR answers an illegal tag with 405, but a HEAD with 400; the specification with 400.
fn reference(call: &OciCall) -> Result<Reference, Failure> {
    let text = &call.matched.object;
    if text.contains(':') {
        return Ok(Reference::Digest(parse_digest(text)?));
    }
    if call.profile.errors == Errors::Specification {
        return tag(call, text).map(Reference::Tag);
    }
    text.parse().map(Reference::Tag).map_err(|error: InvalidName| {
        let refused = InvalidParameter::new("imageTag", error.to_string());
        match call.matched.route {
            Route::ManifestHead => TagInvalid(refused.to_string().into()).into(),
            _ => refused.into(),
        }
    })
}

/// A tag, or the specification's words for what is none.
fn tag(call: &OciCall, text: &str) -> Result<Tag, Failure> {
    let tag: Option<Tag> = text.parse().ok();
    let tag = tag.filter(|tag| call.profile.tags.takes(tag));
    tag.ok_or_else(|| TagInvalid(format!("`{text}` is no tag").into()).into())
}

pub(super) async fn fetch(call: &mut OciCall) -> Result<Response<ReplyBody>, Stop> {
    let repository = call.repository()?;
    let reference = reference(call)?;
    pull_through::bring_manifest(&call.call, &call.registry, &call.caller, &repository, &reference).await?;
    let is_pull = call.matched.route == Route::ManifestGet;
    let by_tag = matches!(reference, Reference::Tag(_));
    let input = image_by_reference::Input { repository: repository.clone(), reference };
    let image = call.call.write(|live| {
        let now = live.now();
        let (image, moves_pull_time) = live.read_registry(&call.registry, |registry| {
            let image = image_by_reference::apply(registry, &input)?.image;
            let moves_pull_time = is_pull && image_by_reference::moves_pull_time(registry, &call.caller, &image, now);
            Ok::<_, image_by_reference::Error>((image, moves_pull_time))
        })?;
        // Most pulls come within a day of another and change nothing.
        if moves_pull_time {
            let digest = image.digest().clone();
            let noted = live.on_registry(&call.registry, &call.caller, call.call.record, |registry, cx| {
                image_by_reference::record_pull(registry, cx, &repository, &digest);
                Ok::<(), std::convert::Infallible>(())
            });
            match noted {
                Ok(()) => {}
            }
        }
        Ok::<_, image_by_reference::Error>(image)
    })?;
    // Whoever accepts neither the form that is stored nor one that it can be converted to gets what there is
    // (unconfirmed): clients that name few types read others all the same.
    let accepts = |media_type: &MediaType| accept::takes(&call.arrival.parts.headers, media_type.as_str());
    let converts = by_tag && call.profile.conversion == Conversion::ByTag;
    let readable = conversion::readable(image.manifest(), converts, accepts);
    let manifest = readable.unwrap_or_else(|| Arc::clone(image.manifest()));
    let digest = manifest.digest().to_string();
    let etag = format!("\"{digest}\"");
    if still_holds(&call.arrival.parts.headers, &etag) {
        let mut response = reply(StatusCode::NOT_MODIFIED, "");
        set(&mut response, ETAG, &etag);
        return Ok(whole(response));
    }
    let mut response = reply(StatusCode::OK, manifest.bytes().clone());
    set(&mut response, CONTENT_TYPE, manifest.media_type().as_str());
    set(&mut response, CONTENT_DIGEST, &digest);
    set(&mut response, ETAG, &etag);
    if !by_tag {
        set(&mut response, CACHE_CONTROL, "max-age=31536000");
    }
    Ok(whole(response))
}

pub(super) async fn put(call: &mut OciCall) -> Result<Response<ReplyBody>, Stop> {
    let repository = call.repository()?;
    let reference = reference(call)?;
    let bytes = match call.arrival.read_body(limits::MANIFEST_BYTES).await {
        Ok(bytes) => bytes,
        Err(BodyError::TooLong) => return Err(ManifestTooLarge(limits::MANIFEST_BYTES as u64).into()),
        Err(BodyError::Gone) => return Err(Stop::Ended(crate::http::EndConnection)),
    };
    call.call.bytes_in = bytes.len() as u64;
    let declared = call.arrival.header(CONTENT_TYPE).map(str::to_owned);
    // Hashed and parsed before the writer is entered.
    let manifest = Manifest::parse(bytes, declared.as_deref());
    let manifest = manifest.map(|manifest| match &reference {
        Reference::Digest(digest) if call.profile.digests == Digests::Sha256AndSha512 => {
            manifest.named_by(digest.algorithm())
        }
        _ => manifest,
    });
    let manifest = manifest.map(Arc::new);
    let subject = manifest.as_ref().ok().and_then(|manifest| manifest.subject().map(ToString::to_string));
    let pushed = manifest.as_ref().ok().map(|manifest| manifest.digest().clone());
    let (tags, digest) = match &reference {
        Reference::Tag(tag) => (vec![tag.clone()], None),
        Reference::Digest(digest) => (tag_parameters(call)?, Some(digest.to_string())),
    };
    let shown_tags: Vec<Tag> = if digest.is_some() { tags.clone() } else { Vec::new() };
    let rules = call.profile.manifests;
    let input = put_manifest::Input { repository: repository.clone(), manifest, tags, digest, rules };
    let missing = call.profile.missing_repository;
    let stored = call.call.write(|live| {
        call.may_create(live, &repository)?;
        live.on_registry(&call.registry, &call.caller, call.call.record, |registry, cx| {
            templates::on_push(registry, cx, &repository, missing, |registry, cx| {
                Ok::<_, Failure>(put_manifest::apply(registry, cx, input)?)
            })
        })
    });
    let digest = match (stored, pushed) {
        (Ok(stored), _) => stored.image_id.digest,
        // The identical push is a silent success here, as in ECR.
        (Err(Failure::ImageAlreadyExists(_)), Some(digest)) => digest,
        (Err(error), _) => return Err(error.into()),
    };
    let mut response = reply(StatusCode::CREATED, "");
    set(&mut response, LOCATION, &format!("{}/v2/{repository}/manifests/{digest}", call.location_base));
    set(&mut response, CONTENT_DIGEST, &digest.to_string());
    // It says that the list of referrers has the push.
    if let Some(subject) = subject.filter(|_| call.surface.referrers) {
        set(&mut response, SUBJECT, &subject);
    }
    for tag in &shown_tags {
        if let Ok(tag) = HeaderValue::from_str(tag.as_str()) {
            response.headers_mut().append(TAG, tag);
        }
    }
    Ok(whole(response))
}

/// Tags that a push by digest puts on by `?tag=`.
fn tag_parameters(call: &OciCall) -> Result<Vec<Tag>, Failure> {
    match call.profile.tag_parameters {
        TagParameters::Ignored => Ok(Vec::new()),
        TagParameters::Taken => {
            let tags = call.matched.query.tags.iter();
            tags.map(|text| tag(call, text)).collect()
        }
    }
}

pub(super) fn delete(call: &mut OciCall) -> Result<Response<ReplyBody>, Stop> {
    let repository = call.repository()?;
    let reference = reference(call)?;
    match call.profile.manifest_deletion {
        ManifestDeletion::AsBatchDeleteImage => delete_image(call, repository, &reference)?,
        ManifestDeletion::OfReference => {
            let input = delete_manifest::Input { repository, reference };
            call.call.write(|live| {
                live.on_registry(&call.registry, &call.caller, call.call.record, |registry, cx| {
                    delete_manifest::apply(registry, cx, &input)
                })
            })?;
        }
    }
    Ok(whole(reply(StatusCode::ACCEPTED, "")))
}

fn delete_image(call: &OciCall, repository: RepositoryName, reference: &Reference) -> Result<(), Failure> {
    let input = batch_delete_image::Input { repository, image_ids: vec![ImageIdentifier::from(reference)] };
    call.call.write(|live| {
        live.on_registry(&call.registry, &call.caller, call.call.record, |registry, cx| {
            let deleted = batch_delete_image::apply(registry, cx, &input)?;
            match deleted.failures.into_iter().next() {
                None => Ok(()),
                Some(failure) => Err(delete_failure(&failure.cause)),
            }
        })
    })
}

fn delete_failure(cause: &ImageFailureCause) -> Failure {
    match cause {
        ImageFailureCause::ImageNotFound => ManifestUnknown.into(),
        other => Unsupported(other.to_string().into()).into(),
    }
}
