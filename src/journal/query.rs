//! Lists records in pages, oldest first.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use crate::faults::CheckedMatcher;

use super::log::{Journal, Mark};
use super::record::Record;

/// Which records, and how many at once.
#[derive(Clone, Debug)]
pub struct Query {
    /// Which; absent: all.
    pub matcher: Option<CheckedMatcher>,
    /// Only records after this mark.
    pub since: Mark,
    /// Records a page.
    pub page_size: PageSize,
    /// Token of the page before; absent: from the start.
    pub page_token: Option<String>,
}

/// Records a page: 1 to 1 000, by default 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageSize(usize);

impl PageSize {
    /// This many records; absent if not 1 to 1 000.
    pub fn new(records: usize) -> Option<Self> {
        (1..=1_000).contains(&records).then_some(Self(records))
    }
}

impl Default for PageSize {
    fn default() -> Self {
        Self(100)
    }
}

/// One page.
#[derive(Clone, Debug)]
pub struct Page {
    /// Oldest first.
    pub records: Vec<Arc<Record>>,
    /// Token of the next page; absent on the last.
    pub next_page_token: Option<String>,
    /// Smallest record number that is still retained. Records evicted between two pages are missing from both.
    pub low_watermark: u64,
}

/// The token was not given out for this query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the page token does not belong to this query: matcher and `since` must be those of the first page")]
pub struct InvalidPageToken;

/// Lists the records that match.
pub fn list(journal: &Journal, query: &Query) -> Result<Page, InvalidPageToken> {
    let behind = match &query.page_token {
        Some(token) => read_token(token, query)?,
        None => 0,
    };
    let matches = |record: &Record| query.matcher.as_ref().is_none_or(|matcher| matcher.matches(&record.facts));
    let mut found = journal.records(query.since.max(Mark::behind(behind))).filter(|record| matches(record));
    let records: Vec<Arc<Record>> = found.by_ref().take(query.page_size.0).cloned().collect();
    let next_page_token = match records.last() {
        Some(last) if found.next().is_some() => Some(write_token(last.number, query)),
        _ => None,
    };
    Ok(Page { records, next_page_token, low_watermark: journal.low_watermark() })
}

/// A token is the number of the last record listed and a fingerprint of the query, in hexadecimal.
fn write_token(last: u64, query: &Query) -> String {
    format!("{last:016x}{}", fingerprint(query))
}

fn read_token(token: &str, query: &Query) -> Result<u64, InvalidPageToken> {
    let (number, rest) = token.split_at_checked(16).ok_or(InvalidPageToken)?;
    if rest != fingerprint(query) {
        return Err(InvalidPageToken);
    }
    u64::from_str_radix(number, 16).map_err(|_| InvalidPageToken)
}

fn fingerprint(query: &Query) -> String {
    let matcher = query.matcher.as_ref().map(|matcher| matcher.matcher().to_string()).unwrap_or_default();
    hex::encode(&Sha256::digest(format!("{} {matcher}", query.since))[..8])
}

#[cfg(test)]
mod tests {
    use super::super::samples::{answer, blob, matcher, put};
    use super::*;

    fn query(text: Option<&str>, page_size: usize) -> Query {
        let page_size = PageSize::new(page_size).expect("a size of a test");
        Query { matcher: text.map(matcher), since: Mark::START, page_size, page_token: None }
    }

    fn journal() -> Journal {
        let mut journal = Journal::empty();
        for tag in ["v1", "v2", "v3"] {
            answer(&mut journal, blob("app"), 200);
            answer(&mut journal, put("app", tag), 201);
        }
        journal
    }

    fn pages(journal: &Journal, mut query: Query) -> Vec<Vec<u64>> {
        let mut pages = Vec::new();
        loop {
            let page = list(journal, &query).expect("a page");
            pages.push(page.records.iter().map(|record| record.number).collect());
            query.page_token = page.next_page_token;
            if query.page_token.is_none() {
                return pages;
            }
        }
    }

    #[test]
    fn pages_are_oldest_first_and_end_without_an_empty_one() {
        let journal = journal();
        assert_eq!(pages(&journal, query(None, 4)), [vec![1, 2, 3, 4], vec![5, 6]]);
        assert_eq!(pages(&journal, query(Some("oci:manifest.put"), 2)), [vec![2, 4], vec![6]]);
        assert_eq!(pages(&journal, query(Some("oci:manifest.put"), 3)), [vec![2, 4, 6]]);
        assert_eq!(pages(&journal, query(Some("ecr:PutImage"), 3)), [Vec::<u64>::new()]);
    }

    #[test]
    fn a_mark_leaves_out_what_came_before_it() {
        let mut journal = journal();
        let mark = journal.mark();
        answer(&mut journal, put("app", "v4"), 201);
        assert_eq!(pages(&journal, Query { since: mark, ..query(None, 10) }), [vec![7]]);
    }

    #[test]
    fn a_token_serves_its_own_query_only() {
        let mut journal = journal();
        let token = list(&journal, &query(Some("oci:manifest.put"), 1)).expect("a page").next_page_token;
        assert!(token.is_some());
        let other = Query { page_token: token.clone(), ..query(Some("oci:*"), 1) };
        assert_eq!(list(&journal, &other).err(), Some(InvalidPageToken));
        let since = journal.mark();
        let later = Query { page_token: token, since, ..query(Some("oci:manifest.put"), 1) };
        assert_eq!(list(&journal, &later).err(), Some(InvalidPageToken));
        for text in ["", "1", "zzzzzzzzzzzzzzzz", "äöüäöüäöüäöüäöüäöü"] {
            let broken = Query { page_token: Some(text.to_owned()), ..query(None, 1) };
            assert_eq!(list(&journal, &broken).err(), Some(InvalidPageToken), "{text:?}");
        }
    }

    #[test]
    fn page_sizes_are_one_to_a_thousand() {
        assert!(PageSize::new(0).is_none() && PageSize::new(1_001).is_none());
        assert!(PageSize::new(1).is_some() && PageSize::new(1_000).is_some());
    }
}
