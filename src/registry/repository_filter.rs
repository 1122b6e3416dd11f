//! The grammar of filters over repository names with stars, as the rules of scanning and of signing have them.
//!
//! What a filter without a star means differs between the two, so their types stand with them.

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

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config {
            cases: 512,
            failure_persistence: None,
            ..proptest::test_runner::Config::default()
        })]

        #[test]
        fn the_grammar_is_that_of_both_patterns(text in "[a0*._/A -]{0,8}") {
            for pattern in [SCAN_FILTER_PATTERN, SIGNING_FILTER_PATTERN] {
                let regex = regex::Regex::new(pattern).unwrap();
                assert_eq!(has_filter_form(&text), regex.is_match(&text), "{text:?} under {pattern}");
            }
        }
    }
}
