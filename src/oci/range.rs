//! Two headers that name a part of something: `Range` on the way out of a blob, `Content-Range` on the way into an upload.
//!
//! They look alike and follow different rules. `Range` is RFC 9110 as registries answer it, in bytes of the blob;
//! `Content-Range` is the distribution specification's own form, without a unit and without a total.

/// What a `Range` of several parts yields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeveralRanges {
    /// The whole blob, as if there were no such header.
    Ignored,
    /// Each part, in a body of type `multipart/byteranges`.
    Multipart,
}

/// Most parts that one reply has; a header that asks for more is ignored, as RFC 9110 lets a server do.
const MOST_PARTS: usize = 64;

/// What a read of a blob should answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestedRange {
    /// All of it, 200.
    Whole,
    /// Bytes `start..end_exclusive`, never empty, 206.
    Part {
        /// First byte.
        start: u64,
        /// Byte after the last; at most the size of the blob.
        end_exclusive: u64,
    },
    /// Nothing, 416.
    Unsatisfiable,
}

impl RequestedRange {
    /// Reads a `Range` header against a blob of `size_bytes`.
    ///
    /// An end beyond the blob is clamped. A unit that is not `bytes`, several ranges, and what is no range at all are
    /// ignored, as RFC 9110 lets a server do; only an end before its start is refused, as the conformance suite of the
    /// distribution specification wants.
    pub fn parse(header: &str, size_bytes: u64) -> Self {
        let Some((first, last)) = single_byte_range(header) else { return Self::Whole };
        match (number(first), number(last)) {
            (Some(first), Some(last)) if last < first => Self::Unsatisfiable,
            (Some(first), Some(last)) => Self::part(first, last.saturating_add(1), size_bytes),
            (Some(first), None) if last.is_empty() => Self::part(first, size_bytes, size_bytes),
            (None, Some(suffix)) if first.is_empty() => {
                Self::part(size_bytes.saturating_sub(suffix), size_bytes, size_bytes)
            }
            _ => Self::Whole,
        }
    }

    fn part(start: u64, end_exclusive: u64, size_bytes: u64) -> Self {
        let end_exclusive = end_exclusive.min(size_bytes);
        if start < end_exclusive { Self::Part { start, end_exclusive } } else { Self::Unsatisfiable }
    }
}

/// The parts that a `Range` header of several names in a blob of `size_bytes`, as start and exclusive end, in their order
/// and as many as hold a byte. None for a header that does not name several, or too many of them.
pub fn several_parts(header: &str, size_bytes: u64) -> Option<Vec<(u64, u64)>> {
    let ranges = byte_ranges(header)?;
    if !ranges.contains(',') {
        return None;
    }
    // Empty members of a list do not count, in RFC 9110's grammar of lists.
    let ranges = ranges.split(',').map(str::trim).filter(|range| !range.is_empty());
    let mut parts = Vec::new();
    for (number, range) in ranges.enumerate() {
        match RequestedRange::parse(&format!("bytes={range}"), size_bytes) {
            _ if number >= MOST_PARTS => return None,
            RequestedRange::Part { start, end_exclusive } => parts.push((start, end_exclusive)),
            RequestedRange::Unsatisfiable => {}
            RequestedRange::Whole => return None,
        }
    }
    Some(parts)
}

/// The two sides of `bytes=a-b`. None for another unit, several ranges, or no range.
fn single_byte_range(header: &str) -> Option<(&str, &str)> {
    byte_ranges(header).filter(|ranges| !ranges.contains(','))?.split_once('-')
}

fn byte_ranges(header: &str) -> Option<&str> {
    let (unit, ranges) = header.split_once('=')?;
    unit.trim().eq_ignore_ascii_case("bytes").then_some(ranges.trim())
}

/// The bytes that a chunk of an upload says it holds; both ends count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChunkRange {
    /// Offset of its first byte.
    pub first: u64,
    /// Offset of its last byte; not before the first.
    pub last: u64,
}

impl ChunkRange {
    /// Reads a `Content-Range` header: `0-9`, or the HTTP form `bytes 0-9/10` that some clients send. A total must have
    /// room for the chunk, and means nothing else.
    pub fn parse(header: &str) -> Result<Self, InvalidChunkRange> {
        Self::read(header).ok_or_else(|| InvalidChunkRange(header.to_owned()))
    }

    /// Bytes in the chunk; at least one.
    pub fn length(self) -> u64 {
        self.last - self.first + 1
    }

    fn read(header: &str) -> Option<Self> {
        let header = header.trim();
        let range = match header.split_once(' ') {
            Some((unit, range)) if unit.eq_ignore_ascii_case("bytes") => range.trim_start(),
            Some(_) => return None,
            None => header,
        };
        let (range, total) = match range.split_once('/') {
            Some((range, "*")) => (range, u64::MAX),
            Some((range, total)) => (range, number(total)?),
            None => (range, u64::MAX),
        };
        let (first, last) = range.split_once('-')?;
        let (first, last) = (number(first)?, number(last)?);
        (first <= last && last < total).then_some(Self { first, last })
    }
}

/// The header does not say which bytes a chunk holds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the range of a chunk such as 0-1023")]
pub struct InvalidChunkRange(pub String);

/// Digits only, without a sign. A number that does not fit stands for the largest one that does: no blob is that long.
fn number(text: &str) -> Option<u64> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(header: &str, size_bytes: u64, expect: RequestedRange) {
        assert_eq!(RequestedRange::parse(header, size_bytes), expect, "{header:?} of {size_bytes}");
    }

    fn part(start: u64, end_exclusive: u64) -> RequestedRange {
        RequestedRange::Part { start, end_exclusive }
    }

    #[test]
    fn one_range_is_served_and_its_end_is_clamped() {
        check("bytes=0-0", 10, part(0, 1));
        check("bytes=2-5", 10, part(2, 6));
        check("bytes=9-9", 10, part(9, 10));
        check("bytes=4-10", 10, part(4, 10));
        check("bytes=4-99999999999999999999999", 10, part(4, 10));
        check("bytes=4-", 10, part(4, 10));
        check("bytes=0-", 10, part(0, 10));
        check("bytes=-3", 10, part(7, 10));
        check("bytes=-10", 10, part(0, 10));
        check("bytes=-11", 10, part(0, 10));
        check("Bytes= 1-2 ", 10, part(1, 3));
    }

    #[test]
    fn a_range_that_holds_no_byte_is_refused() {
        for header in
            ["bytes=10-", "bytes=10-20", "bytes=-0", "bytes=500-0", "bytes=5-4", "bytes=99999999999999999999-"]
        {
            check(header, 10, RequestedRange::Unsatisfiable);
        }
        for header in ["bytes=0-", "bytes=0-0", "bytes=-1", "bytes=-0"] {
            check(header, 0, RequestedRange::Unsatisfiable);
        }
    }

    #[test]
    fn anything_else_is_ignored() {
        for header in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=a-b",
            "bytes=1",
            "bytes=1-b",
            "bytes=+1-2",
            "bytes=--1",
            "bytes=1-2-3",
            "bytes 0-1",
            "bytes=0-1,4-5",
            "bytes=0-1,",
            "lines=0-1",
            "0-1",
        ] {
            check(header, 10, RequestedRange::Whole);
        }
    }

    #[test]
    fn several_ranges_are_told_apart_and_those_without_a_byte_left_out() {
        let check = |header: &str, expect: Option<&[(u64, u64)]>| {
            assert_eq!(several_parts(header, 10).as_deref(), expect, "{header:?}");
        };
        check("bytes=0-1,4-5", Some(&[(0, 2), (4, 6)]));
        check("Bytes= 0-0 , 8- ,-1", Some(&[(0, 1), (8, 10), (9, 10)]));
        check("bytes=0-1,", Some(&[(0, 2)]));
        check("bytes=0-1,10-", Some(&[(0, 2)]));
        check("bytes=10-,20-30", Some(&[]));
        for other in ["bytes=0-1", "bytes=0-1,x", "lines=0-1,2-3", "0-1,2-3", ""] {
            check(other, None);
        }
        let many = |parts: usize| several_parts(&format!("bytes={}", vec!["0-0"; parts].join(",")), 10);
        assert_eq!(many(64).map(|parts| parts.len()), Some(64));
        assert_eq!(many(65), None);
    }

    fn check_chunk(header: &str, expect: Option<(u64, u64)>) {
        let parsed = ChunkRange::parse(header).ok().map(|chunk| (chunk.first, chunk.last));
        assert_eq!(parsed, expect, "{header:?}");
    }

    #[test]
    fn a_chunk_is_named_with_or_without_the_forms_of_http() {
        check_chunk("0-9", Some((0, 9)));
        check_chunk("10-10", Some((10, 10)));
        check_chunk(" 0-9 ", Some((0, 9)));
        check_chunk("bytes 0-9/10", Some((0, 9)));
        check_chunk("bytes 5-9/*", Some((5, 9)));
        check_chunk("Bytes 0-9", Some((0, 9)));
        check_chunk("0-9/10", Some((0, 9)));
        assert_eq!(ChunkRange::parse("5-9").expect("legal").length(), 5);
    }

    #[test]
    fn other_texts_name_no_chunk() {
        for header in [
            "",
            "-",
            "0-",
            "-9",
            "9-0",
            "0--1",
            "a-b",
            "+0-9",
            "0-9/9",
            "bytes 0-9/",
            "bytes=0-9",
            "bytes */10",
            "items 0-9/10",
            "0-1 2-3",
            "0-18446744073709551615",
        ] {
            check_chunk(header, None);
        }
        let refused = ChunkRange::parse("9-0").expect_err("backwards");
        assert_eq!(refused.to_string(), "`9-0` is not the range of a chunk such as 0-1023");
    }
}
