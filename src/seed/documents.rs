//! Checks documents as they arrive and makes plans of them; every mistake of every document is reported at once.
//!
//! Pure: it looks at no world. A document that is well formed can still be refused by the model when it is applied.

mod bounds;
mod image;
mod policies;
mod principal;
mod registry;
mod repository;
mod scan;
mod secret;
mod settings;
mod template;
mod times;

use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt::Display;
use std::hash::Hash;
use std::str::FromStr;
use std::sync::Arc;

use super::plan::{ImagePlan, PlannedDocument, SurfacePlan, TaskPlan, UpstreamPlan, UpstreamRepositoryPlan};
use super::upstream_host::UpstreamHost;
use super::violation::{Place, Violation};
use crate::proto;
use crate::proto::document::Kind;
use crate::registry::Quotas;
use crate::registry::types::{RegistryKey, RepositoryName, Tag};

/// Checks documents, in order. `defaults` is the registry of documents that name no account or no region, `quotas` are
/// those of the world unless a document changes them for those that follow.
///
/// Returns one plan for each document, or every violation in the order of the documents.
pub fn check(
    documents: &[proto::Document],
    defaults: &RegistryKey,
    quotas: &Quotas,
) -> Result<Vec<PlannedDocument>, Vec<Violation>> {
    let violations = RefCell::default();
    let mut ground = Ground { defaults, quotas: *quotas };
    let plans: Vec<PlannedDocument> = documents
        .iter()
        .enumerate()
        .filter_map(|(index, document)| {
            check_document(document, &Place::outermost(&violations, "documents", index), &mut ground)
        })
        .collect();
    let violations = violations.into_inner();
    if violations.is_empty() { Ok(plans) } else { Err(violations) }
}

/// What a document is checked against.
struct Ground<'a> {
    /// The registry of documents that name no account or no region.
    defaults: &'a RegistryKey,
    /// How much a registry may hold.
    quotas: Quotas,
}

/// Checks the quotas of a new world, a message `quotas` of its request. `quotas` are those that it has otherwise.
pub fn check_quotas(
    document: &proto::QuotaDocument,
    defaults: &RegistryKey,
    quotas: &Quotas,
) -> Result<Quotas, Vec<Violation>> {
    let violations = RefCell::default();
    let mut ground = Ground { defaults, quotas: *quotas };
    let quotas = bounds::quotas(document, &Place::root(&violations, "quotas"), &mut ground);
    let violations = violations.into_inner();
    if violations.is_empty() { Ok(quotas) } else { Err(violations) }
}

fn check_document(document: &proto::Document, place: &Place<'_>, ground: &mut Ground<'_>) -> Option<PlannedDocument> {
    match &document.kind {
        Some(Kind::Registry(document)) => {
            registry::check(document, &place.member("registry"), ground).map(PlannedDocument::Registry)
        }
        Some(Kind::Repository(document)) => {
            repository::check(document, &place.member("repository"), ground).map(PlannedDocument::Repository)
        }
        Some(Kind::Upstream(document)) => upstream(document, &place.member("upstream")).map(PlannedDocument::Upstream),
        Some(Kind::Tasks(document)) => Some(PlannedDocument::Tasks(tasks(document, &place.member("tasks")))),
        Some(Kind::Principal(document)) => {
            principal::check(document, &place.member("principal")).map(PlannedDocument::Principal)
        }
        Some(Kind::Throttles(document)) => {
            Some(PlannedDocument::Throttles(bounds::throttles(document, &place.member("throttles"))))
        }
        Some(Kind::Quotas(document)) => {
            Some(PlannedDocument::Quotas(bounds::quotas(document, &place.member("quotas"), ground)))
        }
        Some(Kind::Secret(document)) => secret::check(document, &place.member("secret")).map(PlannedDocument::Secret),
        Some(Kind::Surface(proto::SurfaceDocument { referrers, redirects })) => {
            Some(PlannedDocument::Surface(SurfacePlan { referrers: *referrers, redirects: *redirects }))
        }
        None => {
            place.refuse(NO_KIND);
            None
        }
    }
}

const NO_KIND: &str = "must be one of `registry`, `repository`, `upstream`, `tasks`, `principal`, `throttles`, `quotas`, \
                       `secret` and `surface`";

fn upstream(document: &proto::UpstreamDocument, place: &Place<'_>) -> Option<UpstreamPlan> {
    let host = parse::<UpstreamHost>(&document.host, &place.member("host"));
    let mut seen = Distinct::default();
    let repositories = place.each("repositories", &document.repositories, |document, place| {
        let member = place.member("name");
        let name = parse::<RepositoryName>(&document.name, &member);
        let name = name.and_then(|name| seen.note(name, &member));
        let images = images(&document.images, place);
        for (at, image) in document.images.iter().enumerate() {
            if image.archived.is_some() {
                place.element("images", at).member("archived").refuse("must not be there: an upstream has no archive");
            }
        }
        Some(UpstreamRepositoryPlan { name: name?, images })
    });
    let login = document.login.as_ref().map(|login| upstream_login(login, &place.member("login")));
    Some(UpstreamPlan { host: host?, repositories, login })
}

fn upstream_login(document: &proto::UpstreamLoginDocument, place: &Place<'_>) -> (Arc<str>, Arc<str>) {
    let (username, token) = (&document.username, &document.access_token);
    if username.is_empty() || username.contains(':') {
        place.member("username").refuse("must be there, without a colon");
    }
    if token.is_empty() {
        place.member("access_token").refuse("must not be empty");
    }
    (Arc::from(username.as_str()), Arc::from(token.as_str()))
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
mod settings_tests;
#[cfg(test)]
mod tests;
