//! A policy document: read and checked once, given back in ECR's form, and judged for requests.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>

use std::fmt;
use std::sync::Arc;

use super::pretty::pretty;
use super::principal::Reach;
use super::request::Request;
use super::statement::{Effect, Statement};
use crate::registry::policy::Json;
use crate::registry::types::AccountId;

/// A legal policy document. Copies are cheap. Two are equal if their stored texts are.
#[derive(Clone)]
pub struct PolicyDocument(Arc<Document>);

struct Document {
    json: Json,
    statements: Vec<Statement>,
}

/// What a document is attached to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyKind {
    /// A repository: principals required, resources optional.
    /// Source: <https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-policies.html>
    Repository,
    /// A registry: principals and resources required.
    /// Source: <https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry-permissions.html>
    Registry,
    /// A user or role: resources required, no principals, actions of any service.
    /// Source: <https://docs.aws.amazon.com/AmazonECR/latest/userguide/security_iam_id-based-policy-examples.html>
    Identity,
}

/// What a document is read against.
#[derive(Clone, Copy, Debug)]
pub struct PolicyGrammar<'a> {
    /// What it is attached to.
    pub kind: PolicyKind,
    /// Partition of the registry, which account ids get when they become ARNs.
    pub partition: &'a str,
    /// Actions of ECR, without `ecr:`; also those that have no operation, `ReplicateImage` and `BatchImportUpstreamImage`.
    pub known_actions: &'a [&'a str],
}

/// What a document says of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A statement denies it; nothing overrides that.
    ExplicitDeny,
    /// A statement allows it to the caller.
    Allow,
    /// A statement allows it to the caller's account and none to the caller: within the same account that leaves the last
    /// word to the caller's own policies.
    AllowToAccount,
    /// No statement applies.
    NoMatch,
}

/// The text is no policy of its kind. `Display` is ECR's constraint for `PolicyText`, which never says why; for identity
/// policies, which ECR never reads, it is ours and does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidPolicy {
    /// What it was to be.
    pub kind: PolicyKind,
    /// What is wrong, for logs.
    pub reason: String,
}

impl std::error::Error for InvalidPolicy {}

impl fmt::Display for InvalidPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            PolicyKind::Repository => f.write_str("Invalid repository policy provided"),
            PolicyKind::Registry => f.write_str("Invalid registry policy provided"),
            PolicyKind::Identity => write!(f, "Invalid identity policy provided: {}", self.reason),
        }
    }
}

impl PolicyDocument {
    /// Reads a document. Its length is not checked here.
    pub fn parse(text: &str, grammar: &PolicyGrammar<'_>) -> Result<Self, InvalidPolicy> {
        let refused = |reason: String| InvalidPolicy { kind: grammar.kind, reason };
        let mut json = Json::parse(text).map_err(|error| refused(error.to_string()))?;
        normalise(&mut json, grammar.partition);
        let statements = statements(&json, grammar).map_err(refused)?;
        Ok(Self(Arc::new(Document { json, statements })))
    }

    /// The form in which ECR gives it back: Jackson's, members in their author's order, account ids as root ARNs, single
    /// values as their author wrote them.
    pub fn pretty(&self) -> String {
        pretty(&self.0.json)
    }

    /// The same without white space.
    pub fn minified(&self) -> String {
        self.0.json.to_string()
    }

    /// What it says of a request, whoever's policy it is.
    pub fn evaluate(&self, request: &Request<'_>) -> Outcome {
        let action = request.action.to_ascii_lowercase();
        let mut allowed = None;
        for statement in &self.0.statements {
            let Some(reach) = statement.reach(request, &action) else { continue };
            match statement.effect() {
                Effect::Deny => return Outcome::ExplicitDeny,
                Effect::Allow => allowed = allowed.max(Some(reach)),
            }
        }
        match allowed {
            Some(Reach::Direct) => Outcome::Allow,
            Some(Reach::ThroughAccount) => Outcome::AllowToAccount,
            None => Outcome::NoMatch,
        }
    }
}

impl PartialEq for PolicyDocument {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.json == other.0.json
    }
}

impl Eq for PolicyDocument {}

impl fmt::Debug for PolicyDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PolicyDocument({})", self.0.json)
    }
}

fn statements(json: &Json, grammar: &PolicyGrammar<'_>) -> Result<Vec<Statement>, String> {
    let members = json.members().ok_or("the policy is not an object")?;
    check_repetitions(json)?;
    if let Some((name, _)) = members.iter().find(|(name, _)| !["Version", "Id", "Statement"].contains(&name.as_str())) {
        return Err(format!("a policy has no element `{name}`"));
    }
    if json.get("Id").is_some_and(|id| id.text().is_none()) {
        return Err("`Id` is not a text".to_owned());
    }
    let has_variables = match json.get("Version").map(Json::text) {
        None | Some(Some("2008-10-17")) => false,
        Some(Some("2012-10-17")) => true,
        Some(_) => return Err("`Version` is neither 2008-10-17 nor 2012-10-17".to_owned()),
    };
    let statement = json.get("Statement").ok_or("a policy has no `Statement`")?;
    let statements = statement.elements().unwrap_or(std::slice::from_ref(statement));
    if statements.is_empty() {
        return Err("`Statement` is empty".to_owned());
    }
    let read = |(place, json): (usize, &Json)| {
        Statement::parse(json, grammar, has_variables).map_err(|reason| format!("statement {}: {reason}", place + 1))
    };
    statements.iter().enumerate().map(read).collect()
}

/// Refuses objects that have a member twice.
fn check_repetitions(json: &Json) -> Result<(), String> {
    match json {
        Json::Object(members) => {
            let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
            names.sort_unstable();
            if let Some([name, ..]) = names.windows(2).find(|pair| pair[0] == pair[1]) {
                return Err(format!("`{name}` stands twice"));
            }
            members.iter().try_for_each(|(_, value)| check_repetitions(value))
        }
        Json::Array(elements) => elements.iter().try_for_each(check_repetitions),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Text(_) => Ok(()),
    }
}

/// Turns account ids among the principals into root ARNs, as IAM does. Whatever has another shape stays as it is.
fn normalise(json: &mut Json, partition: &str) {
    let to_arn = |value: &mut Json| {
        if let Some(account) = value.text().and_then(|text| text.parse::<AccountId>().ok()) {
            *value = Json::Text(format!("arn:{partition}:iam::{account}:root"));
        }
    };
    for_each(json, &["Statement"], &mut |statement| {
        for_each(statement, &["Principal", "NotPrincipal"], &mut |principal| {
            for_each(principal, &["AWS"], &mut |value| to_arn(value));
        });
    });
}

/// Visits the members of these names; if one is an array, its elements.
fn for_each(json: &mut Json, names: &[&str], visit: &mut dyn FnMut(&mut Json)) {
    let Json::Object(members) = json else { return };
    for (_, value) in members.iter_mut().filter(|(name, _)| names.contains(&name.as_str())) {
        match value {
            Json::Array(elements) => elements.iter_mut().for_each(&mut *visit),
            single => visit(single),
        }
    }
}

#[cfg(test)]
#[path = "document_tests.rs"]
mod tests;
