//! Texts in which a star stands for any run of characters: filters over tags and over repository names.
//!
//! How many stars there may be, and what a text without one means, is for the types that hold them.

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

#[cfg(test)]
mod tests {
    use super::*;

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
    }
}
