//! The referrers of a manifest: an index of what names it as its subject.
//!
//! A client that finds `OCI-Subject` on its push relies on this list; one that does not keeps an index of its own under a
//! tag, `sha256-<hex>`, which is an image like any other here. What such an index lists is in this list, too, since every
//! manifest with a subject is, also where a world has turned the list off for a time.
//! Source: <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-referrers>

use std::collections::BTreeMap;

use http::header::{CONTENT_TYPE, HeaderName};
use http::{Response, StatusCode};
use serde::Serialize;

use super::call::{OciCall, reply, set};
use super::listings::link;
use super::profile::ReferrersOfMissing;
use crate::http::{ReplyBody, Stop, whole};
use crate::registry::ops::list_images::ImageStatusFilter;
use crate::registry::ops::list_referrers;
use crate::registry::{Image, MediaType, PageRequest};
use crate::wire_errors::RouteNotFound;

const FILTERS_APPLIED: HeaderName = HeaderName::from_static("oci-filters-applied");

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Index<'a> {
    schema_version: u32,
    media_type: &'a str,
    manifests: Vec<Descriptor<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor<'a> {
    media_type: &'a str,
    digest: String,
    size: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    artifact_type: Option<&'a str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: BTreeMap<String, String>,
}

impl<'a> From<&'a Image> for Descriptor<'a> {
    fn from(image: &'a Image) -> Self {
        let manifest = image.manifest();
        Self {
            media_type: manifest.media_type().as_str(),
            digest: manifest.digest().to_string(),
            size: manifest.bytes().len(),
            artifact_type: manifest.artifact_media_type().map(MediaType::as_str),
            annotations: manifest.annotations(),
        }
    }
}

pub(super) fn list(call: &mut OciCall) -> Result<Response<ReplyBody>, Stop> {
    if !call.surface.referrers {
        return Err(RouteNotFound.into());
    }
    let repository = call.repository()?;
    let subject = call.digest()?;
    let artifact_type = call.matched.query.artifact_type.clone().filter(|wanted| !wanted.is_empty());
    let input = list_referrers::Input {
        repository: repository.clone(),
        subject: subject.to_string(),
        artifact_types: artifact_type.iter().cloned().collect(),
        // What is in the archive cannot be pulled.
        artifact_status: ImageStatusFilter::Active,
        page: PageRequest {
            next_token: call.matched.query.last.clone(),
            max_results: Some(call.profile.referrers_page),
        },
    };
    let listed =
        call.call.write(|live| live.read_registry(&call.registry, |registry| list_referrers::apply(registry, &input)));
    let page = match listed {
        Err(list_referrers::Error::RepositoryNotFound(_))
            if call.profile.referrers_of_missing == ReferrersOfMissing::None =>
        {
            list_referrers::Output { referrers: Vec::new(), next_token: None }
        }
        listed => listed?,
    };
    let media_type = MediaType::OciIndex;
    let manifests = page.referrers.iter().map(|image| Descriptor::from(&**image)).collect();
    let body = serde_json::to_vec(&Index { schema_version: 2, media_type: media_type.as_str(), manifests });
    let mut response = reply(StatusCode::OK, body.expect("texts and numbers are always JSON"));
    // To the letter: clients take any other type for a registry without this route.
    set(&mut response, CONTENT_TYPE, media_type.as_str());
    if artifact_type.is_some() {
        set(&mut response, FILTERS_APPLIED, "artifactType");
    }
    if let Some(token) = page.next_token {
        let filter = artifact_type.map(|wanted| ("artifactType", wanted));
        link(call, &mut response, &format!("/v2/{repository}/referrers/{subject}"), &token, filter);
    }
    Ok(whole(response))
}
