//! Members that many operations share, and their constraints.
//!
//! Source: the service model `ecr/2015-09-21`; texts of refusals as in `constraints`.

use std::fmt::Display;

use crate::ecr::constraints::{Dialect, Text, list, range, violation};
use crate::registry::errors::InvalidParameter;
use crate::registry::types::{AccountId, CacheRulePrefix, InvalidName, RepositoryName, Tag, UploadId};
use crate::registry::{PageRequest, limits};

static UPLOAD_ID: Text =
    Text::new(Dialect::Launch).pattern("[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}");
static LAYER_DIGEST: Text = Text::new(Dialect::Launch).pattern(DIGEST_PATTERN);

/// The pattern that ECR quotes for digests; wider than any digest that can exist.
const DIGEST_PATTERN: &str = "[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+";

/// `registryId`: absent for the caller's own registry.
///
/// The only sample of its refusal has no quotes around the pattern.
pub(crate) fn registry_id(text: Option<String>) -> Result<Option<AccountId>, InvalidParameter> {
    let refuse = |_: InvalidName| violation("registryId", "must satisfy regular expression [0-9]{12}");
    text.map(|text| text.parse().map_err(refuse)).transpose()
}

/// `repositoryName`, which every operation on a repository requires.
pub(crate) fn repository_name(text: Option<String>) -> Result<RepositoryName, InvalidParameter> {
    Dialect::Launch.read("repositoryName", text)
}

/// `imageTag` of a push.
pub(crate) fn image_tag(text: Option<String>) -> Result<Option<Tag>, InvalidParameter> {
    text.map(|text| Dialect::Launch.parse("imageTag", &text)).transpose()
}

/// `uploadId`.
pub(crate) fn upload_id(text: Option<String>) -> Result<UploadId, InvalidParameter> {
    UPLOAD_ID.required("uploadId", text).map(|text| UploadId(text.into()))
}

/// A layer digest that must at least look like one.
pub(crate) fn layer_digest(member: impl Display, text: Option<String>) -> Result<String, InvalidParameter> {
    LAYER_DIGEST.required(member, text)
}

/// A prefix of a pull-through cache rule.
pub(crate) fn cache_rule_prefix(member: impl Display, text: &str) -> Result<CacheRulePrefix, InvalidParameter> {
    CacheRulePrefix::parse(text).map_err(|invalid| Dialect::Smithy.refuse(member, invalid))
}

/// A required list of 1 to 100 elements.
pub(crate) fn batch<T>(member: &str, elements: Option<Vec<T>>) -> Result<Vec<T>, InvalidParameter> {
    let elements = Dialect::Smithy.required(member, elements)?;
    list(member, &elements, 1..=100)?;
    Ok(elements)
}

/// An optional list of 1 to 100 elements.
pub(crate) fn optional_batch<T>(member: &str, elements: Option<Vec<T>>) -> Result<Option<Vec<T>>, InvalidParameter> {
    elements.map(|elements| batch(member, Some(elements))).transpose()
}

/// `nextToken` and `maxResults` of the operations whose pages have 1 to 1 000 entries.
pub(crate) fn page(next_token: Option<String>, max_results: Option<i32>) -> Result<PageRequest, InvalidParameter> {
    page_of(limits::PAGE_MAXIMUM, next_token, max_results)
}

/// `nextToken` and `maxResults` of an operation whose pages have 1 to `most` entries.
pub(crate) fn page_of(
    most: usize,
    next_token: Option<String>,
    max_results: Option<i32>,
) -> Result<PageRequest, InvalidParameter> {
    let size = |value: i32| {
        let size = range("maxResults", i64::from(value), 1..=i64::try_from(most).unwrap_or(i64::MAX))?;
        Ok(usize::try_from(size).unwrap_or(most))
    };
    Ok(PageRequest { max_results: max_results.map(size).transpose()?, next_token })
}

/// What a describing operation is asked for: the entries of a list, or a page of all. Both at once are refused; the text
/// is unconfirmed.
pub(crate) enum Selection<T> {
    /// These.
    Named(Vec<T>),
    /// A page of all.
    Page(PageRequest),
}

/// Reads a list of 1 to 100 entries that excludes `nextToken` and `maxResults`, with pages of 1 to 1 000 entries.
pub(crate) fn selection<T>(
    member: &str,
    entries: Option<Vec<T>>,
    next_token: Option<String>,
    max_results: Option<i32>,
) -> Result<Selection<T>, InvalidParameter> {
    selection_of(limits::PAGE_MAXIMUM, member, entries, next_token, max_results)
}

/// [`selection`] with pages of 1 to `most` entries.
pub(crate) fn selection_of<T>(
    most: usize,
    member: &str,
    entries: Option<Vec<T>>,
    next_token: Option<String>,
    max_results: Option<i32>,
) -> Result<Selection<T>, InvalidParameter> {
    let entries = optional_batch(member, entries)?;
    let paging = if next_token.is_some() { Some("nextToken") } else { max_results.map(|_| "maxResults") };
    let page = page_of(most, next_token, max_results)?;
    match (entries, paging) {
        (None, _) => Ok(Selection::Page(page)),
        (Some(entries), None) => Ok(Selection::Named(entries)),
        (Some(_), Some(paging)) => Err(violation(paging, format!("cannot be specified together with {member}"))),
    }
}
