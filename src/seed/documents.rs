//! Checks documents as they arrive and makes plans of them; every mistake of every document is reported at once.
//!
//! Pure: it looks at no world. A document that is well formed can still be refused by the model when it is applied.

mod image;
mod principal;
mod registry;
mod scan;
mod times;

use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt::Display;
use std::hash::Hash;
use std::str::FromStr;

use super::plan::{ImagePlan, PlannedDocument, RepositoryPlan, TaskPlan, UpstreamPlan, UpstreamRepositoryPlan};
use super::upstream_host::UpstreamHost;
use super::violation::{Place, Violation};
use crate::proto;
use crate::proto::document::Kind;
use crate::registry::types::{RegistryKey, RepositoryName, Tag};
use crate::registry::{TagFilter, TagMutability, TagMutabilityMode};

/// Checks documents, in order. `defaults` is the registry of documents that name no account or no region.
///
/// Returns one plan for each document, or every violation in the order of the documents.
pub fn check(documents: &[proto::Document], defaults: &RegistryKey) -> Result<Vec<PlannedDocument>, Vec<Violation>> {
    let violations = RefCell::default();
    let plans: Vec<PlannedDocument> = documents
        .iter()
        .enumerate()
        .filter_map(|(index, document)| {
            check_document(document, &Place::outermost(&violations, "documents", index), defaults)
        })
        .collect();
    let violations = violations.into_inner();
    if violations.is_empty() { Ok(plans) } else { Err(violations) }
}

fn check_document(document: &proto::Document, place: &Place<'_>, defaults: &RegistryKey) -> Option<PlannedDocument> {
    match &document.kind {
        Some(Kind::Registry(document)) => {
            registry::check(document, &place.member("registry"), defaults).map(PlannedDocument::Registry)
        }
        Some(Kind::Repository(document)) => {
            repository(document, &place.member("repository"), defaults).map(PlannedDocument::Repository)
        }
        Some(Kind::Upstream(document)) => upstream(document, &place.member("upstream")).map(PlannedDocument::Upstream),
        Some(Kind::Tasks(document)) => Some(PlannedDocument::Tasks(tasks(document, &place.member("tasks")))),
        Some(Kind::Principal(document)) => {
            principal::check(document, &place.member("principal")).map(PlannedDocument::Principal)
        }
        None => {
            place.refuse("must be one of `registry`, `repository`, `upstream`, `tasks` and `principal`");
            None
        }
    }
}

fn repository(
    document: &proto::RepositoryDocument,
    place: &Place<'_>,
    defaults: &RegistryKey,
) -> Option<RepositoryPlan> {
    let registry = registry_key(document.account.as_deref(), document.region.as_deref(), place, defaults);
    let name = parse::<RepositoryName>(&document.name, &place.member("name"));
    let tag_mutability = mutability(document, place);
    let images = images(&document.images, place);
    let scans = place.each("scans", &document.scans, |scan, place| scan::check(scan, place, name.as_ref()));
    Some(RepositoryPlan {
        registry: registry?,
        name: name?,
        tag_mutability: tag_mutability?,
        images,
        scan_on_push: document.scan_on_push.unwrap_or(false),
        scans,
    })
}

fn mutability(document: &proto::RepositoryDocument, place: &Place<'_>) -> Option<TagMutability> {
    const LIST: &str = "mutability_exclusion_filters";
    let texts = &document.mutability_exclusion_filters;
    let filters = place.each(LIST, texts, |text, place| parse::<TagFilter>(text, place));
    let mode = document.image_tag_mutability.as_deref().map_or(Some(TagMutabilityMode::default()), |name| {
        place.member("image_tag_mutability").accept(TagMutabilityMode::from_name(name).ok_or(UNKNOWN_MODE))
    })?;
    // With a filter refused already, a word on the others would mislead.
    let complete = filters.len() == texts.len();
    let mutability = TagMutability::new(mode, filters).map_err(|error| error.constraint);
    if complete { place.member(LIST).accept(mutability) } else { None }
}

const UNKNOWN_MODE: &str =
    "must be one of `MUTABLE`, `IMMUTABLE`, `MUTABLE_WITH_EXCLUSION` and `IMMUTABLE_WITH_EXCLUSION`";

fn upstream(document: &proto::UpstreamDocument, place: &Place<'_>) -> Option<UpstreamPlan> {
    let host = parse::<UpstreamHost>(&document.host, &place.member("host"));
    let mut seen = Distinct::default();
    let repositories = place.each("repositories", &document.repositories, |document, place| {
        let member = place.member("name");
        let name = parse::<RepositoryName>(&document.name, &member);
        let name = name.and_then(|name| seen.note(name, &member));
        let images = images(&document.images, place);
        Some(UpstreamRepositoryPlan { name: name?, images })
    });
    Some(UpstreamPlan { host: host?, repositories })
}

fn tasks(document: &proto::TaskDocument, place: &Place<'_>) -> TaskPlan {
    let duration = |name, duration: Option<prost_types::Duration>| {
        duration.and_then(|duration| place.member(name).accept(times::duration(duration)))
    };
    TaskPlan {
        replication_duration: duration("replication_duration", document.replication_duration),
        replication_retry: duration("replication_retry", document.replication_retry),
    }
}

/// The images of one repository, among which a tag can be only once.
fn images(documents: &[proto::ImageDocument], place: &Place<'_>) -> Vec<ImagePlan> {
    let mut tags = Distinct::<Tag>::default();
    place.each("images", documents, |document, place| image::check(document, place, &mut tags))
}

/// The registry that optional members name.
fn registry_key(
    account: Option<&str>,
    region: Option<&str>,
    place: &Place<'_>,
    defaults: &RegistryKey,
) -> Option<RegistryKey> {
    let account = account.map_or(Some(defaults.account), |text| parse(text, &place.member("account")));
    let region = region.map_or_else(|| Some(defaults.region.clone()), |text| parse(text, &place.member("region")));
    Some(RegistryKey { account: account?, region: region? })
}

fn parse<T: FromStr<Err: Display>>(text: &str, place: &Place<'_>) -> Option<T> {
    if text.is_empty() {
        place.refuse("must not be empty");
        return None;
    }
    place.accept(text.parse())
}

/// Values that a list has had so far.
struct Distinct<T>(HashSet<T>);

impl<T> Default for Distinct<T> {
    fn default() -> Self {
        Self(HashSet::new())
    }
}

impl<T: Clone + Eq + Hash + Display> Distinct<T> {
    /// The value, unless it was there before, which is refused at `place`.
    fn note(&mut self, value: T, place: &Place<'_>) -> Option<T> {
        if self.0.insert(value.clone()) {
            return Some(value);
        }
        place.refuse(format_args!("`{value}` appears twice"));
        None
    }
}

#[cfg(test)]
mod tests;
