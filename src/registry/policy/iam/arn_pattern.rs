//! Patterns for ARNs, as `Resource` and the `Arn…` operators hold them.
//!
//! The six fields are matched one by one, so that a `*` never reaches over a colon but in the last field.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html>

use super::document::{PolicyGrammar, PolicyKind};
use super::glob::Glyph;
use super::request::Request;
use super::template::{Piece, Template, pieces};

/// Fields of an ARN.
const FIELDS: usize = 6;

/// A pattern for ARNs.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum ArnPattern {
    /// `*`: every text, also one that is no ARN.
    Any,
    /// One pattern for each field; with fewer than six it matches no ARN.
    Fields(Vec<Template>),
}

impl ArnPattern {
    /// Reads a pattern.
    pub(super) fn parse(text: &str, has_variables: bool) -> Result<Self, String> {
        if text == "*" {
            return Ok(Self::Any);
        }
        let mut fields = vec![Vec::new()];
        for piece in pieces(text, has_variables)? {
            if piece == Piece::Glyph(Glyph::Char(':')) && fields.len() < FIELDS {
                fields.push(Vec::new());
            } else if let Some(field) = fields.last_mut() {
                field.push(piece);
            }
        }
        Ok(Self::Fields(fields.into_iter().map(Template::new).collect()))
    }

    /// Reads an entry of `Resource`: `*`, or a pattern with partition and service spelled out.
    pub(super) fn parse_resource(text: &str, grammar: &PolicyGrammar<'_>, has_variables: bool) -> Result<Self, String> {
        let pattern = Self::parse(text, has_variables)?;
        let is_legal = match &pattern {
            Self::Any => true,
            Self::Fields(fields) => match fields.as_slice() {
                [prefix, partition, service, _region, _account, resource] => {
                    let service = service.literal().unwrap_or_default();
                    prefix.literal().as_deref() == Some("arn")
                        && partition.literal().is_some_and(|partition| partition.starts_with("aws"))
                        && *resource != Template::new(Vec::new())
                        && match grammar.kind {
                            PolicyKind::Repository | PolicyKind::Registry => service == "ecr",
                            PolicyKind::Identity => !service.is_empty(),
                        }
                }
                _ => false,
            },
        };
        if is_legal { Ok(pattern) } else { Err(format!("`{text}` is not a resource")) }
    }

    /// Whether it is a pattern of this ARN, or of this `*`.
    pub(super) fn matches(&self, text: &str, request: &Request<'_>) -> bool {
        let Self::Fields(templates) = self else { return true };
        let matches = |(template, field): (&Template, &str)| {
            template.pattern(request).is_some_and(|pattern| pattern.matches(field))
        };
        text.splitn(FIELDS, ':').count() == templates.len()
            && templates.iter().zip(text.splitn(FIELDS, ':')).all(matches)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{caller, keys, request};
    use super::*;

    const APP: &str = "arn:aws:ecr:eu-west-1:123456789012:repository/team/app";

    #[test]
    fn a_star_stays_in_its_field() {
        let keys = keys(&[]);
        let request = request("PutImage", "*", caller("arn:aws:iam::123456789012:user/team"), &keys);
        for (pattern, text, expected) in [
            ("*", APP, true),
            ("*", "*", true),
            (APP, APP, true),
            (APP, "*", false),
            ("arn:aws:ecr:*:*:repository/*", APP, true),
            ("arn:aws:ecr:*:*:repository/team/a?p", APP, true),
            ("arn:aws:ecr:*:repository/team/app", APP, false),
            ("arn:aws:ecr:*:*:*", APP, true),
            ("arn:aws:ecr:eu-*-1:123456789012:repository/Team/*", APP, false),
            ("arn:aws:ecr:us-*:*:repository/*", APP, false),
            ("arn:aws:ecr:*:*:repository/${aws:username}/*", APP, true),
            ("arn:aws:ecr:*:${aws:PrincipalAccount}:repository/*", APP, true),
            ("arn:aws:ecr:*:*:repository/${aws:missing}*", APP, false),
            ("arn:aws:sns:*:*:*", "arn:aws:sns:eu-west-1:123456789012:topic:part", true),
        ] {
            let read = ArnPattern::parse(pattern, true).unwrap();
            assert_eq!(read.matches(text, &request), expected, "{pattern} on {text}");
        }
    }

    #[test]
    fn a_resource_spells_out_partition_and_service() {
        let check = |text: &str, kind, expected: bool| {
            let grammar = PolicyGrammar { kind, partition: "aws", known_actions: &[] };
            assert_eq!(ArnPattern::parse_resource(text, &grammar, true).is_ok(), expected, "{text} for {kind:?}");
        };
        for kind in [PolicyKind::Repository, PolicyKind::Registry, PolicyKind::Identity] {
            check("*", kind, true);
            check("arn:aws:ecr:eu-west-1:123456789012:repository/*", kind, true);
            for text in ["", "**", "repository/app", "arn:aws:ecr:*", "arn:*:ecr:*:*:*", "arn:aws:*:*:*:*"] {
                check(text, kind, false);
            }
            check("arn:aws:ecr:eu-west-1:123456789012:", kind, false);
        }
        check("arn:aws:s3:::bucket/*", PolicyKind::Identity, true);
        check("arn:aws:s3:::bucket/*", PolicyKind::Registry, false);
    }
}
