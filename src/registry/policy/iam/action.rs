//! Patterns for actions, as `Action` and `NotAction` hold them.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html>

use super::document::{PolicyGrammar, PolicyKind};
use super::glob::Glob;

/// A pattern for actions of one service or of all. Case does not count.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum ActionPattern {
    /// `*`: every action.
    Any,
    /// Actions of ECR, in lower case, without the service's prefix.
    Ecr(Glob),
    /// Actions of another service; no request of ours is one.
    Other,
}

impl ActionPattern {
    /// Reads `*` or `<service>:<pattern>`. Policies of resources name ECR only, and a pattern for ECR must have a known
    /// action.
    pub(super) fn parse(text: &str, grammar: &PolicyGrammar<'_>) -> Result<Self, String> {
        if text == "*" {
            return Ok(Self::Any);
        }
        let (service, name) = text.split_once(':').ok_or_else(|| format!("`{text}` is not an action"))?;
        let is_service = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'*' | b'?');
        if service.is_empty() || name.is_empty() || !service.bytes().all(is_service) || !name.bytes().all(is_name) {
            return Err(format!("`{text}` is not an action"));
        }
        if !service.eq_ignore_ascii_case("ecr") {
            return match grammar.kind {
                PolicyKind::Identity => Ok(Self::Other),
                PolicyKind::Repository | PolicyKind::Registry => {
                    Err(format!("`{text}` is an action of another service"))
                }
            };
        }
        let pattern = Glob::new(&name.to_ascii_lowercase());
        if !grammar.known_actions.iter().any(|known| pattern.matches(&known.to_ascii_lowercase())) {
            return Err(format!("`{text}` names no action of ECR"));
        }
        Ok(Self::Ecr(pattern))
    }

    /// Whether it is a pattern of this action of ECR, given in lower case and without prefix.
    pub(super) fn matches(&self, action: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Ecr(pattern) => pattern.matches(action),
            Self::Other => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::grammar;
    use super::*;

    #[test]
    fn actions_match_in_any_case_with_wildcards() {
        for (text, action, expected) in [
            ("*", "putimage", true),
            ("ecr:*", "putimage", true),
            ("ECR:putIMAGE", "putimage", true),
            ("ecr:Batch*", "batchgetimage", true),
            ("ecr:Batch*", "putimage", false),
            ("ecr:?utImage", "putimage", true),
            ("ecr:ReplicateImage", "replicateimage", true),
            ("s3:*", "putimage", false),
        ] {
            let pattern = ActionPattern::parse(text, &grammar(PolicyKind::Identity)).unwrap();
            assert_eq!(pattern.matches(action), expected, "{text} on {action}");
        }
    }

    #[test]
    fn c_117_actions_of_other_services_are_refused_but_in_identity_policies() {
        for text in ["s3:*", "s3:GetObject", "ecr-public:*"] {
            assert!(ActionPattern::parse(text, &grammar(PolicyKind::Identity)).is_ok(), "{text}");
            assert!(ActionPattern::parse(text, &grammar(PolicyKind::Repository)).is_err(), "{text}");
            assert!(ActionPattern::parse(text, &grammar(PolicyKind::Registry)).is_err(), "{text}");
        }
    }

    #[test]
    fn unconfirmed_unknown_actions_of_ecr_are_refused() {
        for text in ["", "ecr", "ecr:", ":PutImage", "e*:PutImage", "ecr:Put Image", "ecr:Frobnicate", "ecr:Frob*"] {
            for kind in [PolicyKind::Repository, PolicyKind::Registry, PolicyKind::Identity] {
                assert!(ActionPattern::parse(text, &grammar(kind)).is_err(), "{text:?} for {kind:?}");
            }
        }
    }
}
