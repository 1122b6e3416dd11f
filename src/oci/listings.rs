//! Listings: tags of a repository, repositories of a registry.

use std::fmt::Write as _;

use http::header::{CONTENT_TYPE, LINK};
use http::{Response, StatusCode};
use serde::Serialize;

use super::call::{OciCall, reply, set};
use crate::http::{ReplyBody, Stop, whole};
use crate::registry::PageRequest;
use crate::registry::errors::InvalidParameter;
use crate::registry::limits;
use crate::registry::ops::{describe_repositories, list_tags};
use crate::wire_errors::Failure;

#[derive(Serialize)]
struct TagList<'a> {
    name: &'a str,
    tags: Vec<&'a str>,
}

#[derive(Serialize)]
struct Catalog<'a> {
    repositories: Vec<&'a str>,
}

/// `n` of a listing: 1 to 1000 in ECR, 405 above.
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

pub(super) fn tags(call: &mut OciCall) -> Result<Response<ReplyBody>, Stop> {
    let repository = call.repository()?;
    // `last` is a token of ours from the Link of the page before, not a tag, as in ECR.
    let start = call.matched.query.last.clone().map_or(list_tags::Start::First, list_tags::Start::Token);
    let input = list_tags::Input { repository, start, limit: page_size(call)? };
    let page =
        call.call.write(|live| live.read_registry(&call.registry, |registry| list_tags::apply(registry, &input)))?;
    let tags = page.tags.iter().map(AsRef::as_ref).collect();
    let body = serde_json::to_vec(&TagList { name: input.repository.as_str(), tags });
    let mut response = reply(StatusCode::OK, body.expect("texts are always JSON"));
    // ECR's own choice of type.
    set(&mut response, CONTENT_TYPE, "text/plain; charset=utf-8");
    if let Some(token) = page.next_token {
        link(call, &mut response, &format!("/v2/{}/tags/list", input.repository), &token);
    }
    Ok(whole(response))
}

pub(super) fn catalog(call: &mut OciCall) -> Result<Response<ReplyBody>, Stop> {
    let page = PageRequest { next_token: call.matched.query.last.clone(), max_results: page_size(call)? };
    let input = describe_repositories::Input::Page(page);
    let listed = call
        .call
        .write(|live| live.read_registry(&call.registry, |registry| describe_repositories::apply(registry, &input)))?;
    let repositories = listed.repositories.iter().map(|repository| repository.name().as_str()).collect();
    let body = serde_json::to_vec(&Catalog { repositories });
    let mut response = reply(StatusCode::OK, body.expect("texts are always JSON"));
    set(&mut response, CONTENT_TYPE, "application/json; charset=utf-8");
    if let Some(token) = listed.next_token {
        link(call, &mut response, "/v2/_catalog", &token);
    }
    Ok(whole(response))
}

/// The next page, by the same host that the caller used.
fn link<B>(call: &OciCall, response: &mut Response<B>, path: &str, token: &str) {
    let last = percent_encoding::utf8_percent_encode(token, percent_encoding::NON_ALPHANUMERIC);
    let mut target = format!("<{}{path}?last={last}", call.base_url);
    if let Some(size) = &call.matched.query.page_size {
        // Writing to a text cannot fail.
        let _ = write!(target, "&n={size}");
    }
    set(response, LINK, &format!("{target}>; rel=\"next\""));
}
