//! Patterns in which `*` stands for any run of characters and `?` for exactly one.

/// One place of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Glyph {
    /// This character.
    Char(char),
    /// `*`: any run of characters, also none.
    Any,
    /// `?`: any one character.
    One,
}

impl Glyph {
    /// The place that this character of a policy's text means.
    pub(super) fn new(character: char) -> Self {
        match character {
            '*' => Self::Any,
            '?' => Self::One,
            other => Self::Char(other),
        }
    }

    /// The character as it was written.
    pub(super) fn written(self) -> char {
        match self {
            Self::Char(character) => character,
            Self::Any => '*',
            Self::One => '?',
        }
    }

    fn is(self, found: char) -> bool {
        match self {
            Self::Char(wanted) => wanted == found,
            Self::Any | Self::One => true,
        }
    }
}

/// A pattern for whole texts. Case counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Glob(pub(super) Vec<Glyph>);

impl Glob {
    /// The pattern of this text; every text is one.
    pub(super) fn new(pattern: &str) -> Self {
        Self(pattern.chars().map(Glyph::new).collect())
    }

    /// Whether the whole text matches. On a mismatch only the last `*` is widened, so the time is at most the product of
    /// both lengths.
    pub(super) fn matches(&self, text: &str) -> bool {
        let mut place = 0;
        let mut rest = text.chars();
        let mut last_star = None;
        loop {
            match (self.0.get(place), rest.clone().next()) {
                (None, None) => return true,
                (Some(Glyph::Any), _) => {
                    place += 1;
                    last_star = Some((place, rest.clone()));
                }
                (Some(glyph), Some(found)) if glyph.is(found) => {
                    place += 1;
                    rest.next();
                }
                _ => {
                    let Some((after_star, mut widened)) = last_star else { return false };
                    if widened.next().is_none() {
                        return false;
                    }
                    place = after_star;
                    rest = widened.clone();
                    last_star = Some((after_star, widened));
                }
            }
        }
    }

    /// The pattern as it was written.
    pub(super) fn written(&self) -> String {
        self.0.iter().map(|glyph| glyph.written()).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex::Regex;

    use super::*;

    /// The same pattern for an engine that we did not write.
    fn as_regex(pattern: &str) -> Regex {
        let body: String = pattern
            .chars()
            .map(|character| match character {
                '*' => ".*".to_owned(),
                '?' => ".".to_owned(),
                other => regex::escape(&other.to_string()),
            })
            .collect();
        Regex::new(&format!("(?s)^{body}$")).unwrap()
    }

    #[test]
    fn a_star_is_any_run_and_a_question_mark_is_one_character() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("?", "", false),
            ("?", "ä", true),
            ("team/*", "team/a/b", true),
            ("*app", "team/app2", false),
            ("a*b*c", "abbbcbc", true),
            ("Batch?etImage", "BatchGetImage", true),
        ] {
            assert_eq!(Glob::new(pattern).matches(text), expected, "{pattern:?} on {text:?}");
        }
    }

    #[test]
    fn many_stars_do_not_take_for_ever() {
        assert!(!Glob::new(&format!("{}b", "a*".repeat(50))).matches(&"a".repeat(5_000)));
    }

    proptest! {
        #[test]
        fn a_pattern_matches_what_its_regular_expression_matches(pattern in "[ab.?*]{0,8}", text in "[ab.\n]{0,10}") {
            prop_assert_eq!(Glob::new(&pattern).matches(&text), as_regex(&pattern).is_match(&text));
        }
    }
}
