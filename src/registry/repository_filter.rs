//! Filters over repository names with stars, as the rules of scanning and of signing have them: grammar and matching.
//!
//! What a filter without a star means differs between the two, so their types stand with them.

/// Whether the whole of `text` matches; a star stands for any run of characters, slashes included, also for none.
pub(super) fn matches_whole(filter: &str, text: &str) -> bool {
    let mut pieces = filter.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let Some(last) = pieces.next_back() else { return rest.is_empty() };
    for piece in pieces {
        let Some(place) = rest.find(piece) else { return false };
        rest = &rest[place + piece.len()..];
    }
    rest.ends_with(last)
}

/// Whether a text follows the grammar that both kinds share: lower-case letters, digits and stars, with single `.`, `_`,
/// `-` or `/` between them.
pub(super) fn has_filter_form(text: &str) -> bool {
    let mut after_separator = true;
    for byte in text.bytes() {
        let separates = matches!(byte, b'.' | b'_' | b'-' | b'/');
        let fills = byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'*';
        if !fills && (!separates || after_separator) {
            return false;
        }
        after_separator = separates;
    }
    !after_separator
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::scanning::SCAN_FILTER_PATTERN;
    use crate::registry::signing::SIGNING_FILTER_PATTERN;

    /// The definition, one character at a time.
    fn naive(filter: &[u8], text: &[u8]) -> bool {
        match filter.split_first() {
            None => text.is_empty(),
            Some((b'*', rest)) => (0..=text.len()).any(|skipped| naive(rest, &text[skipped..])),
            Some((byte, rest)) => text.split_first().is_some_and(|(first, tail)| first == byte && naive(rest, tail)),
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config {
            cases: 512,
            failure_persistence: None,
            ..proptest::test_runner::Config::default()
        })]

        #[test]
        fn a_star_is_any_run_of_characters(filter in "[ab*/]{0,6}", text in "[ab/]{0,8}") {
            assert_eq!(matches_whole(&filter, &text), naive(filter.as_bytes(), text.as_bytes()), "{filter} on {text}");
        }

        #[test]
        fn the_grammar_is_that_of_both_patterns(text in "[a0*._/A -]{0,8}") {
            for pattern in [SCAN_FILTER_PATTERN, SIGNING_FILTER_PATTERN] {
                let regex = regex::Regex::new(pattern).unwrap();
                assert_eq!(has_filter_form(&text), regex.is_match(&text), "{text:?} under {pattern}");
            }
        }
    }
}
