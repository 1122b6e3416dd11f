//! Listings: tags of a repository, repositories of a registry. Each pages by tokens in ECR and by names in the
//! specification.

use http::header::{CONTENT_TYPE, LINK};
use http::{Response, StatusCode};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use super::call::{OciCall, reply, set};
use super::profile::Listings;
use crate::http::{ReplyBody, Stop, whole};
use crate::registry::PageRequest;
use crate::registry::errors::InvalidParameter;
use crate::registry::limits;
use crate::registry::ops::{describe_repositories, list_repository_names, list_tags};
use crate::registry::types::RepositoryName;
use crate::wire_errors::{Failure, PageInvalid};

const JSON: &str = "application/json; charset=utf-8";

#[derive(Serialize)]
struct TagList<'a> {
    name: &'a str,
    tags: Vec<&'a str>,
}

#[derive(Serialize)]
struct Catalog<'a> {
    repositories: Vec<&'a str>,
}

/// `n` of a listing in ECR: 1 to 1000, 405 above.
fn page_size(call: &OciCall) -> Result<Option<usize>, Failure> {
    let Some(text) = &call.matched.query.page_size else { return Ok(None) };
    let refused = |constraint: String| Failure::from(InvalidParameter::new("maxResults", constraint));
    let most = limits::PAGE_MAXIMUM;
    match text.parse::<usize>() {
        Ok(0) => Err(refused("Member must have value greater than or equal to 1".to_owned())),
        Ok(size) if size > most => Err(refused(format!("Member must have value less than or equal to {most}"))),
        Ok(size) => Ok(Some(size)),
        Err(_) => Err(refused("Member must be an integer".to_owned())),
    }
}

/// `n` of a listing in the specification: any number, also none at all; without it there is one page.
fn any_page_size(call: &OciCall) -> Result<usize, PageInvalid> {
    let Some(text) = &call.matched.query.page_size else { return Ok(usize::MAX) };
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(PageInvalid(format!("`{text}` is no number of entries").into()));
    }
    // A number that does not fit is more than there can be.
    Ok(text.parse().unwrap_or(usize::MAX))
}

pub(super) fn tags(call: &mut OciCall) -> Result<Response<ReplyBody>, Stop> {
    let repository = call.repository()?;
    let last = call.matched.query.last.clone();
    let (start, limit) = match call.profile.listings {
        // `last` is a token of ours from the Link of the page before, not a tag, as in ECR.
        Listings::Ecr => (last.map_or(list_tags::Start::First, list_tags::Start::Token), page_size(call)?),
        Listings::Specification => {
            (last.map_or(list_tags::Start::First, list_tags::Start::After), Some(any_page_size(call)?))
        }
    };
    let input = list_tags::Input { repository, start, limit };
    let page =
        call.call.write(|live| live.read_registry(&call.registry, |registry| list_tags::apply(registry, &input)))?;
    let tags = page.tags.iter().map(AsRef::as_ref).collect();
    let body = serde_json::to_vec(&TagList { name: input.repository.as_str(), tags });
    let mut response = reply(StatusCode::OK, body.expect("texts are always JSON"));
    let media_type = match call.profile.listings {
        // ECR's own choice of type.
        Listings::Ecr => "text/plain; charset=utf-8",
        Listings::Specification => JSON,
    };
    set(&mut response, CONTENT_TYPE, media_type);
    if let Some(token) = page.next_token {
        let next = match (call.profile.listings, page.tags.last()) {
            (Listings::Specification, Some(last)) => last.to_string(),
            _ => token,
        };
        let size = call.matched.query.page_size.clone().map(|size| ("n", size));
        link(call, &mut response, &format!("/v2/{}/tags/list", input.repository), &next, size);
    }
    Ok(whole(response))
}

pub(super) fn catalog(call: &mut OciCall) -> Result<Response<ReplyBody>, Stop> {
    let (names, next) = match call.profile.listings {
        Listings::Ecr => page_of_repositories(call)?,
        Listings::Specification => page_of_names(call)?,
    };
    let body = serde_json::to_vec(&Catalog { repositories: names.iter().map(RepositoryName::as_str).collect() });
    let mut response = reply(StatusCode::OK, body.expect("texts are always JSON"));
    set(&mut response, CONTENT_TYPE, JSON);
    if let Some(next) = next {
        let size = call.matched.query.page_size.clone().map(|size| ("n", size));
        link(call, &mut response, "/v2/_catalog", &next, size);
    }
    Ok(whole(response))
}

fn page_of_repositories(call: &OciCall) -> Result<(Vec<RepositoryName>, Option<String>), Failure> {
    let page = PageRequest { next_token: call.matched.query.last.clone(), max_results: page_size(call)? };
    let input = describe_repositories::Input::Page(page);
    let listed = call
        .call
        .write(|live| live.read_registry(&call.registry, |registry| describe_repositories::apply(registry, &input)))?;
    let names = listed.repositories.iter().map(|repository| repository.name().clone()).collect();
    Ok((names, listed.next_token))
}

fn page_of_names(call: &OciCall) -> Result<(Vec<RepositoryName>, Option<String>), Failure> {
    let limit = Some(any_page_size(call)?);
    let input = list_repository_names::Input { after: call.matched.query.last.clone(), limit };
    let page = call
        .call
        .write(|live| live.read_registry(&call.registry, |registry| list_repository_names::apply(registry, &input)));
    let next = page.names.last().filter(|_| page.has_more).map(ToString::to_string);
    Ok((page.names, next))
}

/// The next page: after `last`, with another member of the query that goes on from page to page.
pub(super) fn link<B>(
    call: &OciCall,
    response: &mut Response<B>,
    path: &str,
    last: &str,
    member: Option<(&str, String)>,
) {
    let escaped = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let member = member.map(|(key, value)| format!("&{key}={}", escaped(&value))).unwrap_or_default();
    let target = format!("<{}{path}?last={}{member}>; rel=\"next\"", call.location_base, escaped(last));
    set(response, LINK, &target);
}
