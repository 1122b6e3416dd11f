//! Patterns with `*` and `?`, for operations and for the `~` operator.

use std::fmt;
use std::sync::Arc;

/// A text in which `*` stands for any run of characters, `/` included, and `?` for exactly one.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Glob(Arc<str>);

impl Glob {
    /// The pattern of this text; every text is one.
    pub fn new(pattern: &str) -> Self {
        Self(Arc::from(pattern))
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it names one text only.
    pub fn is_literal(&self) -> bool {
        !self.0.contains(['*', '?'])
    }

    /// Whether it is the pattern of a whole text.
    ///
    /// On a mismatch only the last `*` is widened, so the time is at most the product of both lengths.
    pub fn matches(&self, text: &str) -> bool {
        let mut pattern = self.0.chars();
        let mut rest = text.chars();
        let mut last_star = None;
        loop {
            let mut pattern_ahead = pattern.clone();
            let mut rest_ahead = rest.clone();
            match (pattern_ahead.next(), rest_ahead.next()) {
                (None, None) => return true,
                (Some('*'), _) => {
                    last_star = Some((pattern_ahead.clone(), rest.clone()));
                    pattern = pattern_ahead;
                }
                (Some(wanted), Some(found)) if wanted == '?' || wanted == found => {
                    pattern = pattern_ahead;
                    rest = rest_ahead;
                }
                _ => {
                    let Some((after_star, mut widened)) = last_star.take() else { return false };
                    if widened.next().is_none() {
                        return false;
                    }
                    pattern = after_star.clone();
                    rest = widened.clone();
                    last_star = Some((after_star, widened));
                }
            }
        }
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, text: &str, expected: bool) {
        assert_eq!(Glob::new(pattern).matches(text), expected, "{pattern:?} on {text:?}");
    }

    #[test]
    fn a_star_is_any_run_and_a_question_mark_is_one_character() {
        for (pattern, text) in [
            ("", ""),
            ("*", ""),
            ("*", "team/app"),
            ("manifest.*", "manifest.put"),
            ("*Image*", "BatchGetImage"),
            ("*.?ut", "manifest.put"),
            ("a*b*c", "abbbcbc"),
            ("**", "x"),
            ("ä?", "äö"),
        ] {
            check(pattern, text, true);
        }
        for (pattern, text) in
            [("", "a"), ("?", ""), ("manifest.*", "blob.get"), ("a*b", "abc"), ("Put", "PutImage"), ("?", "ab")]
        {
            check(pattern, text, false);
        }
    }

    #[test]
    fn many_stars_do_not_take_for_ever() {
        check(&"a*".repeat(50), &"a".repeat(5_000), true);
        check(&format!("{}b", "a*".repeat(50)), &"a".repeat(5_000), false);
    }
}
