//! Texts with policy variables, such as `team-${aws:PrincipalTag/team}/*`.
//!
//! The value of a variable is taken literally: a `*` in it stands for itself. `${*}`, `${?}` and `${$}` write these
//! characters, and `${key, 'default'}` has a value where the request has none. Variables exist in documents of version
//! 2012-10-17 only; before that the text stands for itself.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html>

use std::borrow::Cow;

use super::glob::{Glob, Glyph};
use super::request::Request;

/// A text, ready or with variables to be filled in for each request.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Template {
    /// Without variables.
    Fixed(Glob),
    /// With at least one.
    Variable(Vec<Piece>),
}

/// A part of a template.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Piece {
    /// One place of the pattern.
    Glyph(Glyph),
    /// What the request has for a key, in lower case, or else a default.
    Variable {
        /// The key.
        key: String,
        /// Value where the request has none.
        default: Option<String>,
    },
}

impl Template {
    /// Reads a text; the error says what is wrong with its variables.
    pub(super) fn parse(text: &str, has_variables: bool) -> Result<Self, String> {
        pieces(text, has_variables).map(Self::new)
    }

    /// The template of these pieces.
    pub(super) fn new(pieces: Vec<Piece>) -> Self {
        let glyphs: Option<Vec<Glyph>> = pieces
            .iter()
            .map(|piece| match piece {
                Piece::Glyph(glyph) => Some(*glyph),
                Piece::Variable { .. } => None,
            })
            .collect();
        glyphs.map_or(Self::Variable(pieces), |glyphs| Self::Fixed(Glob(glyphs)))
    }

    /// The text, if it has neither variables nor wildcards.
    pub(super) fn literal(&self) -> Option<String> {
        match self {
            Self::Fixed(glob) => glob.0.iter().all(|glyph| matches!(glyph, Glyph::Char(_))).then(|| glob.written()),
            Self::Variable(_) => None,
        }
    }

    /// The pattern for this request. None if a variable has not exactly one value and no default; then the text matches
    /// nothing.
    pub(super) fn pattern(&self, request: &Request<'_>) -> Option<Cow<'_, Glob>> {
        let pieces = match self {
            Self::Fixed(glob) => return Some(Cow::Borrowed(glob)),
            Self::Variable(pieces) => pieces,
        };
        let mut glyphs = Vec::new();
        for piece in pieces {
            match piece {
                Piece::Glyph(glyph) => glyphs.push(*glyph),
                Piece::Variable { key, default } => {
                    let values = request.values(key);
                    let value = match (values.as_slice(), default) {
                        ([value], _) => value.as_ref(),
                        ([], Some(default)) => default,
                        _ => return None,
                    };
                    glyphs.extend(value.chars().map(Glyph::Char));
                }
            }
        }
        Some(Cow::Owned(Glob(glyphs)))
    }

    /// The text for this request, with wildcards as plain characters. None as for [`Self::pattern`].
    pub(super) fn text(&self, request: &Request<'_>) -> Option<String> {
        self.pattern(request).map(|glob| glob.written())
    }
}

/// Takes a text apart.
pub(super) fn pieces(text: &str, has_variables: bool) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("${").filter(|_| has_variables) {
        pieces.extend(glyphs(&rest[..at]));
        let inside = &rest[at + 2..];
        let end = inside.find('}').ok_or_else(|| format!("`{text}` has a variable without an end"))?;
        pieces.push(variable(&inside[..end]).ok_or_else(|| format!("`{text}` has a variable that cannot be read"))?);
        rest = &inside[end + 1..];
    }
    pieces.extend(glyphs(rest));
    Ok(pieces)
}

fn glyphs(text: &str) -> impl Iterator<Item = Piece> {
    text.chars().map(|character| Piece::Glyph(Glyph::new(character)))
}

fn variable(inside: &str) -> Option<Piece> {
    if let "*" | "?" | "$" = inside {
        return inside.chars().next().map(|character| Piece::Glyph(Glyph::Char(character)));
    }
    let (key, default) = match inside.split_once(',') {
        Some((key, default)) => (key.trim(), Some(default.trim().strip_prefix('\'')?.strip_suffix('\'')?.to_owned())),
        None => (inside.trim(), None),
    };
    let is_key = !key.is_empty() && !key.contains(['$', '{', '*', '?']);
    is_key.then(|| Piece::Variable { key: key.to_ascii_lowercase(), default })
}

#[cfg(test)]
mod tests {
    use super::super::testing::{caller, keys, request};
    use super::*;

    #[test]
    fn variables_take_the_value_of_the_request_literally() {
        let keys = keys(&[("aws:PrincipalTag/team", &["a*"]), ("aws:TagKeys", &["x", "y"])]);
        let request = request("PutImage", "*", caller("arn:aws:iam::123456789012:user/path/eve"), &keys);
        for (text, expected) in [
            ("plain/*", Some("plain/*")),
            ("${aws:username}/*", Some("eve/*")),
            ("${AWS:PrincipalTag/Team}", Some("a*")),
            ("${aws:PrincipalAccount}-${aws:missing, 'none'}", Some("123456789012-none")),
            ("${aws:missing}", None),
            ("${aws:TagKeys}", None),
            ("${aws:TagKeys, 'none'}", None),
            ("${$}{x} ${*} ${?}", Some("${x} * ?")),
        ] {
            let template = Template::parse(text, true).unwrap();
            assert_eq!(template.text(&request).as_deref(), expected, "{text}");
        }
        let template = Template::parse("${aws:PrincipalTag/team}b*", true).unwrap();
        let pattern = template.pattern(&request).unwrap();
        assert!(pattern.matches("a*bc"));
        assert!(!pattern.matches("axbc"));
    }

    #[test]
    fn the_older_version_has_no_variables() {
        let template = Template::parse("${aws:username", false).unwrap();
        assert_eq!(template.literal().as_deref(), Some("${aws:username"));
    }

    #[test]
    fn unconfirmed_a_variable_that_cannot_be_read_is_refused() {
        for text in ["${aws:username", "${}", "${ }", "${a, b}", "${a${b}"] {
            assert!(Template::parse(text, true).is_err(), "{text}");
        }
    }
}
