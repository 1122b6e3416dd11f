//! One statement: whom it is about, what it allows or denies, to which resources, under which conditions.

use super::action::ActionPattern;
use super::arn_pattern::ArnPattern;
use super::condition::Condition;
use super::document::{PolicyGrammar, PolicyKind};
use super::principal::{PrincipalPattern, Reach};
use super::request::Request;
use crate::registry::policy::Json;

/// Elements that a statement may have.
const ELEMENTS: &[&str] =
    &["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"];

/// A statement.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Statement {
    effect: Effect,
    /// None in identity policies, which are about whoever has them.
    principals: Option<Selection<PrincipalPattern>>,
    actions: Selection<ActionPattern>,
    /// None in repository policies that name no resource, which are about their repository.
    resources: Option<Selection<ArnPattern>>,
    conditions: Vec<Condition>,
}

/// What a statement does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    Allow,
    Deny,
}

/// An element, or the element whose name begins with `Not`.
#[derive(Clone, Debug, PartialEq)]
enum Selection<T> {
    Only(Vec<T>),
    AllBut(Vec<T>),
}

impl<T> Selection<T> {
    fn covers(&self, is_match: impl Fn(&T) -> bool) -> bool {
        match self {
            Self::Only(patterns) => patterns.iter().any(is_match),
            Self::AllBut(patterns) => !patterns.iter().any(is_match),
        }
    }
}

impl Statement {
    /// Reads a statement; the error says what is wrong with it.
    pub(super) fn parse(json: &Json, grammar: &PolicyGrammar<'_>, has_variables: bool) -> Result<Self, String> {
        let members = json.members().ok_or("a statement is not an object")?;
        if let Some((name, _)) = members.iter().find(|(name, _)| !ELEMENTS.contains(&name.as_str())) {
            return Err(format!("a statement has no element `{name}`"));
        }
        if json.get("Sid").is_some_and(|sid| sid.text().is_none()) {
            return Err("`Sid` is not a text".to_owned());
        }
        let effect = match json.get("Effect").and_then(Json::text) {
            Some("Allow") => Effect::Allow,
            Some("Deny") => Effect::Deny,
            _ => return Err("`Effect` is neither `Allow` nor `Deny`".to_owned()),
        };
        let actions = selection(json, ["Action", "NotAction"], |json, name| {
            texts(json, name)?.into_iter().map(|text| ActionPattern::parse(text, grammar)).collect()
        })?;
        let resources = selection(json, ["Resource", "NotResource"], |json, name| {
            let parse = |text| ArnPattern::parse_resource(text, grammar, has_variables);
            texts(json, name)?.into_iter().map(parse).collect()
        })?;
        let principals =
            selection(json, ["Principal", "NotPrincipal"], |json, _| PrincipalPattern::parse_all(json, grammar))?;
        if principals.is_some() == (grammar.kind == PolicyKind::Identity) {
            return Err("a principal belongs into policies of resources, and only there".to_owned());
        }
        if effect == Effect::Allow && matches!(principals, Some(Selection::AllBut(_))) {
            return Err("`NotPrincipal` goes with `Deny` only".to_owned());
        }
        if resources.is_none() && grammar.kind != PolicyKind::Repository {
            return Err("a statement has no `Resource`".to_owned());
        }
        Ok(Self {
            effect,
            principals,
            actions: actions.ok_or("a statement has no `Action`")?,
            resources,
            conditions: json
                .get("Condition")
                .map(|json| Condition::parse_all(json, has_variables))
                .transpose()?
                .unwrap_or_default(),
        })
    }

    /// What it does.
    pub(super) fn effect(&self) -> Effect {
        self.effect
    }

    /// How it reaches this request, whose action in lower case is given beside it; none if it does not.
    pub(super) fn reach(&self, request: &Request<'_>, action: &str) -> Option<Reach> {
        let applies = self.actions.covers(|pattern| pattern.matches(action))
            && self
                .resources
                .as_ref()
                .is_none_or(|resources| resources.covers(|pattern| pattern.matches(request.resource, request)));
        if !applies {
            return None;
        }
        let reach = match &self.principals {
            None => Some(Reach::Direct),
            Some(Selection::Only(patterns)) => {
                patterns.iter().filter_map(|pattern| pattern.reach(&request.principal)).max()
            }
            // Naming an account does not spare its users: they have to be named themselves.
            Some(Selection::AllBut(patterns)) => {
                let is_named = |pattern: &PrincipalPattern| pattern.reach(&request.principal) == Some(Reach::Direct);
                (!patterns.iter().any(is_named)).then_some(Reach::Direct)
            }
        };
        reach.filter(|_| self.conditions.iter().all(|condition| condition.holds(request)))
    }
}

/// A text, or a list of texts that is not empty.
pub(super) fn texts<'a>(json: &'a Json, name: &str) -> Result<Vec<&'a str>, String> {
    let texts: Option<Vec<&str>> = match json.elements() {
        Some(elements) => elements.iter().map(Json::text).collect(),
        None => json.text().map(|text| vec![text]),
    };
    texts.filter(|texts| !texts.is_empty()).ok_or_else(|| format!("`{name}` is neither a text nor a list of texts"))
}

/// One of two elements that exclude each other.
fn selection<T>(
    json: &Json,
    [name, not_name]: [&str; 2],
    parse: impl Fn(&Json, &str) -> Result<Vec<T>, String>,
) -> Result<Option<Selection<T>>, String> {
    match (json.get(name), json.get(not_name)) {
        (Some(_), Some(_)) => Err(format!("a statement has both `{name}` and `{not_name}`")),
        (Some(json), None) => parse(json, name).map(Selection::Only).map(Some),
        (None, Some(json)) => parse(json, not_name).map(Selection::AllBut).map(Some),
        (None, None) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{caller, grammar, keys, request};
    use super::*;

    const APP: &str = "arn:aws:ecr:eu-west-1:123456789012:repository/team/app";
    const EVE: &str = "arn:aws:iam::123456789012:user/eve";

    fn parse(kind: PolicyKind, text: &str) -> Result<Statement, String> {
        Statement::parse(&Json::parse(text).unwrap(), &grammar(kind), true)
    }

    fn check(kind: PolicyKind, text: &str, action: &str, resource: &str, expected: Option<Reach>) {
        let keys = keys(&[]);
        let request = request(action, resource, caller(EVE), &keys);
        let action = action.to_ascii_lowercase();
        assert_eq!(parse(kind, text).unwrap().reach(&request, &action), expected, "{text} for {action} on {resource}");
    }

    #[test]
    fn actions_resources_and_principals_must_all_match() {
        use PolicyKind::{Identity, Registry, Repository};
        let direct = Some(Reach::Direct);
        let pull = r#"{"Effect":"Allow","Principal":"*","Action":["ecr:BatchGetImage","ecr:GetDownloadUrlForLayer"]}"#;
        check(Repository, pull, "BatchGetImage", APP, direct);
        check(Repository, pull, "PutImage", APP, None);
        let not_put = r#"{"Effect":"Allow","Principal":"*","NotAction":"ecr:PutImage"}"#;
        check(Repository, not_put, "BatchGetImage", APP, direct);
        check(Repository, not_put, "PutImage", APP, None);
        let team = r#"{"Effect":"Allow","Principal":"*","Action":"*","Resource":"arn:aws:ecr:*:*:repository/team/*"}"#;
        check(Registry, team, "PutImage", APP, direct);
        check(Registry, team, "PutImage", "arn:aws:ecr:eu-west-1:123456789012:repository/other", None);
        check(Registry, team, "DescribeImages", "*", None);
        let others = r#"{"Effect":"Deny","NotResource":"arn:aws:ecr:*:*:repository/team/*","Action":"ecr:*"}"#;
        check(Identity, others, "PutImage", APP, None);
        check(Identity, others, "PutImage", "*", direct);
        let through = r#"{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"ecr:*"}"#;
        check(Repository, through, "PutImage", APP, Some(Reach::ThroughAccount));
        let condition =
            r#"{"Effect":"Allow","Principal":"*","Action":"*","Condition":{"Null":{"aws:SourceIp":"false"}}}"#;
        check(Repository, condition, "PutImage", APP, None);
    }

    #[test]
    fn unconfirmed_not_principal_spares_those_who_are_named_and_not_their_account() {
        let but = |who: &str| format!(r#"{{"Effect":"Deny","NotPrincipal":{{"AWS":"{who}"}},"Action":"ecr:*"}}"#);
        check(PolicyKind::Repository, &but(EVE), "PutImage", APP, None);
        check(PolicyKind::Repository, &but("arn:aws:iam::123456789012:root"), "PutImage", APP, Some(Reach::Direct));
        check(PolicyKind::Repository, &but("arn:aws:iam::123456789012:user/bob"), "PutImage", APP, Some(Reach::Direct));
        let allow = r#"{"Effect":"Allow","NotPrincipal":{"AWS":"*"},"Action":"ecr:*"}"#;
        assert!(parse(PolicyKind::Repository, allow).is_err());
    }

    #[test]
    fn c_117_malformed_statements_are_refused() {
        for text in [
            "[]",
            "{}",
            r#"{"Principal":"*","Action":"ecr:*"}"#,
            r#"{"Effect":"allow","Principal":"*","Action":"ecr:*"}"#,
            r#"{"Effect":"Permit","Principal":"*","Action":"ecr:*"}"#,
            r#"{"Effect":["Allow"],"Principal":"*","Action":"ecr:*"}"#,
            r#"{"Effect":"Allow","Principal":"*"}"#,
            r#"{"Effect":"Allow","Principal":"*","Action":[]}"#,
            r#"{"Effect":"Allow","Principal":"*","Action":5}"#,
            r#"{"Effect":"Allow","Principal":"*","Action":"ecr:*","NotAction":"ecr:PutImage"}"#,
            r#"{"Effect":"Allow","Action":"ecr:*"}"#,
            r#"{"Effect":"Deny","Principal":"*","NotPrincipal":"*","Action":"ecr:*"}"#,
            r#"{"Effect":"Allow","Principal":"*","Action":"ecr:*","Resource":[]}"#,
            r#"{"Effect":"Allow","Principal":"*","Action":"ecr:*","Resource":"*","NotResource":"*"}"#,
            r#"{"Effect":"Allow","Principal":"*","Action":"ecr:*","Sid":5}"#,
            r#"{"Effect":"Allow","Principal":"*","Action":"ecr:*","Conditions":{}}"#,
            r#"{"Effect":"Allow","Principal":"*","Action":"ecr:*","action":"ecr:*"}"#,
        ] {
            assert!(parse(PolicyKind::Repository, text).is_err(), "{text}");
        }
    }

    #[test]
    fn c_120_each_kind_has_its_own_required_elements() {
        use PolicyKind::{Identity, Registry, Repository};
        let bare = r#"{"Effect":"Allow","Action":"ecr:*"}"#;
        let resource = r#"{"Effect":"Allow","Action":"ecr:*","Resource":"*"}"#;
        let principal = r#"{"Effect":"Allow","Action":"ecr:*","Principal":"*"}"#;
        let both = r#"{"Effect":"Allow","Action":"ecr:*","Principal":"*","Resource":"*"}"#;
        for (text, legal) in [
            (bare, [false, false, false]),
            (resource, [false, false, true]),
            (principal, [true, false, false]),
            (both, [true, true, false]),
        ] {
            for (kind, legal) in [Repository, Registry, Identity].into_iter().zip(legal) {
                assert_eq!(parse(kind, text).is_ok(), legal, "{text} for {kind:?}");
            }
        }
    }
}
