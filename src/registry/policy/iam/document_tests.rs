//! Documents: what parses, what is refused, and how a document is given back.

use proptest::prelude::*;

use super::super::testing::{ACTIONS, caller, document, grammar, keys, request};
use super::*;

const APP: &str = "arn:aws:ecr:eu-west-1:123456789012:repository/team/app";
const KINDS: [PolicyKind; 3] = [PolicyKind::Repository, PolicyKind::Registry, PolicyKind::Identity];

const PULL: &str = r#"{"Version":"2008-10-17","Statement":[{"Sid":"new policy","Effect":"Allow","Principal":"*","Action":["ecr:GetDownloadUrlForLayer","ecr:BatchGetImage"]}]}"#;

fn check(kind: PolicyKind, text: &str, legal: bool) {
    let read = PolicyDocument::parse(text, &grammar(kind));
    assert_eq!(read.is_ok(), legal, "{text} for {kind:?}: {read:?}");
}

#[test]
fn c_117_a_policy_is_given_back_as_jackson_prints_it() {
    let expected = "{\n  \"Version\" : \"2008-10-17\",\n  \"Statement\" : [ {\n    \"Sid\" : \"new policy\",\n    \
                    \"Effect\" : \"Allow\",\n    \"Principal\" : \"*\",\n    \
                    \"Action\" : [ \"ecr:GetDownloadUrlForLayer\", \"ecr:BatchGetImage\" ]\n  } ]\n}";
    let read = document(PolicyKind::Repository, PULL);
    assert_eq!(read.pretty(), expected);
    assert_eq!(read.minified(), PULL);
    assert_eq!(document(PolicyKind::Repository, expected), read);
}

#[test]
fn unconfirmed_account_ids_become_root_arns_and_single_values_stay_single() {
    let text = r#"{"Statement":{"Action":"ecr:*","Effect":"Allow","Principal":{"AWS":"111122223333"}}}"#;
    assert_eq!(
        document(PolicyKind::Repository, text).minified(),
        r#"{"Statement":{"Action":"ecr:*","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"}}}"#
    );
    let text = r#"{"Statement":[{"Effect":"Deny","NotPrincipal":{"Service":"a.b","AWS":["arn:aws-cn:iam::111122223333:user/x","111122223333"]},"Action":["ecr:*"]}]}"#;
    let grammar = PolicyGrammar { partition: "aws-cn", ..grammar(PolicyKind::Repository) };
    assert_eq!(
        PolicyDocument::parse(text, &grammar).unwrap().minified(),
        r#"{"Statement":[{"Effect":"Deny","NotPrincipal":{"Service":"a.b","AWS":["arn:aws-cn:iam::111122223333:user/x","arn:aws-cn:iam::111122223333:root"]},"Action":["ecr:*"]}]}"#
    );
}

#[test]
fn c_117_what_the_grammar_allows_is_accepted() {
    let allow = r#"{"Effect":"Allow","Principal":"*","Action":"ecr:*"}"#;
    let sid = r#"{"Sid":"with blanks & signs","Effect":"Allow","Principal":"*","Action":"ecr:*"}"#;
    for text in [
        PULL.to_owned(),
        format!(r#"{{"Statement":{allow}}}"#),
        format!(r#"{{"Statement":[{allow}],"Version":"2012-10-17"}}"#),
        format!(r#"{{"Id":"x","Version":"2012-10-17","Statement":[{sid},{sid}]}}"#),
        format!(" \n{{\"Statement\":[{allow}]}}\n"),
    ] {
        check(PolicyKind::Repository, &text, true);
    }
}

#[test]
fn unconfirmed_a_repository_policy_may_name_resources() {
    let text = r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"ecr:*","Resource":"*"}]}"#;
    check(PolicyKind::Repository, text, true);
}

#[test]
fn c_117_what_is_no_policy_is_refused_with_one_text() {
    let allow = r#"{"Effect":"Allow","Principal":"*","Action":"ecr:*"}"#;
    for text in [
        String::new(),
        "no json".to_owned(),
        "[]".to_owned(),
        "null".to_owned(),
        "{}".to_owned(),
        r#"{"Version":"2012-10-17"}"#.to_owned(),
        r#"{"Statement":[]}"#.to_owned(),
        r#"{"Statement":"x"}"#.to_owned(),
        r#"{"Statement":[[]]}"#.to_owned(),
        format!(r#"{{"Version":"2012-10-18","Statement":[{allow}]}}"#),
        format!(r#"{{"Version":2012,"Statement":[{allow}]}}"#),
        format!(r#"{{"Id":5,"Statement":[{allow}]}}"#),
        format!(r#"{{"Statement":[{allow}],"Extra":1}}"#),
        format!(r#"{{"Statement":[{allow}],"Statement":[{allow}]}}"#),
        r#"{"Statement":[{"Effect":"Deny","Effect":"Allow","Principal":"*","Action":"ecr:*"}]}"#.to_owned(),
        format!("{{\"Statement\":[{allow}]}} {{}}"),
    ] {
        check(PolicyKind::Repository, &text, false);
        let refused = PolicyDocument::parse(&text, &grammar(PolicyKind::Repository)).unwrap_err();
        assert_eq!(refused.to_string(), "Invalid repository policy provided");
        assert!(!refused.reason.is_empty());
    }
}

#[test]
fn c_120_a_registry_policy_has_a_grammar_whatever_its_scope() {
    let statement = |action: &str, resource: &str| {
        format!(
            r#"{{"Statement":[{{"Effect":"Allow","Principal":{{"AWS":"111122223333"}},"Action":"{action}"{resource}}}]}}"#
        )
    };
    let resource = r#","Resource":"arn:aws:ecr:eu-west-1:123456789012:repository/*""#;
    for action in ["ecr:ReplicateImage", "ecr:BatchImportUpstreamImage", "ecr:*", "ecr:PutImage"] {
        check(PolicyKind::Registry, &statement(action, resource), true);
    }
    check(PolicyKind::Registry, &statement("ecr:ReplicateImage", ""), false);
    check(PolicyKind::Registry, &statement("s3:*", resource), false);
    check(PolicyKind::Registry, "{", false);
    let refused = PolicyDocument::parse("{}", &grammar(PolicyKind::Registry)).unwrap_err();
    assert_eq!(refused.to_string(), "Invalid registry policy provided");
}

#[test]
fn an_identity_policy_that_is_refused_says_why() {
    let refused = PolicyDocument::parse(PULL, &grammar(PolicyKind::Identity)).unwrap_err();
    assert!(refused.to_string().starts_with("Invalid identity policy provided: statement 1: "), "{refused}");
}

#[test]
fn variables_exist_in_the_newer_version_only() {
    let text = |version: &str| {
        format!(
            r#"{{"Version":"{version}","Statement":[{{"Effect":"Allow","Action":"ecr:*",
                "Resource":"arn:aws:ecr:*:*:repository/${{aws:username}}/*"}}]}}"#
        )
    };
    let keys = keys(&[]);
    let request = request("PutImage", APP, caller("arn:aws:iam::123456789012:user/team"), &keys);
    assert_eq!(document(PolicyKind::Identity, &text("2012-10-17")).evaluate(&request), Outcome::Allow);
    assert_eq!(document(PolicyKind::Identity, &text("2008-10-17")).evaluate(&request), Outcome::NoMatch);
}

/// JSON made of the words of policies, mostly nonsense.
fn nonsense() -> impl Strategy<Value = Json> {
    let words = proptest::sample::select(vec![
        "*",
        "Allow",
        "Deny",
        "ecr:*",
        "ecr:PutImage",
        "2012-10-17",
        "123456789012",
        "${a}",
        "${",
        "true",
        "1.5",
        "2026-01-01",
        "10.0.0.0/8",
        "arn:aws:ecr:*:*:*",
        "arn:aws:iam::123456789012:root",
        "",
        "ä",
    ]);
    let names = proptest::sample::select(vec![
        "Version",
        "Statement",
        "Effect",
        "Principal",
        "NotPrincipal",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
        "Sid",
        "AWS",
        "Service",
        "StringLike",
        "ForAnyValue:NumericLessThan",
        "DateEqualsIfExists",
        "IpAddress",
        "Null",
        "aws:SourceIp",
    ]);
    let leaf = prop_oneof![
        words.prop_map(|word| Json::Text(word.to_owned())),
        any::<bool>().prop_map(Json::Bool),
        any::<i64>().prop_map(|number| Json::Number(number.into())),
        Just(Json::Null),
        ".{0,8}".prop_map(Json::Text),
    ];
    leaf.prop_recursive(6, 60, 6, move |inner| {
        let member = (names.clone().prop_map(str::to_owned), inner.clone());
        prop_oneof![
            proptest::collection::vec(inner, 0..4).prop_map(Json::Array),
            proptest::collection::vec(member, 0..6).prop_map(Json::Object),
        ]
    })
}

/// A legal statement of a repository policy, and whether it denies what the tests ask.
fn statement() -> impl Strategy<Value = (String, Option<bool>)> {
    let action = proptest::sample::select(vec!["*", "ecr:*", "ecr:PutImage", "ecr:DescribeImages"]);
    let principal = proptest::sample::select(vec![
        r#""*""#,
        r#"{"AWS":"123456789012"}"#,
        r#"{"AWS":["999999999999","arn:aws:iam::123456789012:role/ci"]}"#,
        r#"{"AWS":"999999999999"}"#,
    ]);
    let condition = proptest::sample::select(vec![
        "",
        r#","Condition":{"Null":{"k":true}}"#,
        r#","Condition":{"StringEquals":{"k":["a","b\n\"ä"]},"NumericLessThan":{"n":5}}"#,
        r#","Condition":{}"#,
    ]);
    (any::<bool>(), action, principal, condition, "[ -~]{0,5}").prop_map(
        |(is_deny, action, principal, condition, sid)| {
            let effect = if is_deny { "Deny" } else { "Allow" };
            let sid = Json::Text(sid);
            let text = format!(
                r#"{{"Sid":{sid},"Effect":"{effect}","Principal":{principal},"Action":["{action}"]{condition}}}"#
            );
            let applies = action != "ecr:DescribeImages"
                && principal != r#"{"AWS":"999999999999"}"#
                && !condition.contains("StringEquals");
            (text, applies.then_some(is_deny))
        },
    )
}

proptest! {
    #[test]
    fn reading_nonsense_never_panics(json in nonsense()) {
        for kind in KINDS {
            let text = json.to_string();
            if let Ok(read) = PolicyDocument::parse(&text, &grammar(kind)) {
                prop_assert_eq!(PolicyDocument::parse(&read.pretty(), &grammar(kind)).unwrap(), read);
            }
        }
        let wrapped = Json::Object(vec![("Statement".to_owned(), Json::Array(vec![json]))]).to_string();
        for kind in KINDS {
            let _ = PolicyDocument::parse(&wrapped, &grammar(kind));
        }
    }

    #[test]
    fn reading_any_text_never_panics(text in ".{0,200}") {
        for kind in KINDS {
            prop_assert!(PolicyDocument::parse(&text, &grammar(kind)).is_err());
        }
    }

    #[test]
    fn conditions_of_nonsense_never_panic(json in nonsense()) {
        let statement = format!(r#"{{"Effect":"Allow","Principal":"*","Action":"*","Condition":{json}}}"#);
        let text = format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#);
        if let Ok(read) = PolicyDocument::parse(&text, &grammar(PolicyKind::Repository)) {
            let keys = keys(&[("aws:SourceIp", &["10.1.2.3"])]);
            read.evaluate(&request("PutImage", APP, caller("arn:aws:iam::123456789012:root"), &keys));
        }
    }

    #[test]
    fn what_is_given_back_reads_as_the_same_policy(statements in proptest::collection::vec(statement(), 1..5)) {
        let statements: Vec<String> = statements.into_iter().map(|(text, _)| text).collect();
        let text = format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","));
        let read = document(PolicyKind::Repository, &text);
        for form in [read.pretty(), read.minified()] {
            let again = document(PolicyKind::Repository, &form);
            prop_assert_eq!(&again, &read);
            prop_assert_eq!(again.pretty(), read.pretty());
        }
    }

    #[test]
    fn an_explicit_deny_wins_whatever_the_order(
        statements in proptest::collection::vec(statement(), 1..6).prop_shuffle(),
    ) {
        let texts: Vec<&str> = statements.iter().map(|(text, _)| text.as_str()).collect();
        let read = document(PolicyKind::Repository, &format!(r#"{{"Statement":[{}]}}"#, texts.join(",")));
        let keys = keys(&[]);
        let session = "arn:aws:sts::123456789012:assumed-role/ci/build";
        let outcome = read.evaluate(&request("PutImage", APP, caller(session), &keys));
        let applying: Vec<bool> = statements.iter().filter_map(|(_, applies)| *applies).collect();
        prop_assert_eq!(outcome == Outcome::ExplicitDeny, applying.contains(&true));
        prop_assert_eq!(outcome == Outcome::NoMatch, applying.is_empty());
    }

    #[test]
    fn every_known_action_may_be_granted_by_name(action in proptest::sample::select(ACTIONS.to_vec())) {
        let text = format!(r#"{{"Statement":{{"Effect":"Allow","Principal":"*","Action":"ecr:{action}"}}}}"#);
        let keys = keys(&[]);
        let request = request(action, APP, caller("arn:aws:iam::123456789012:root"), &keys);
        prop_assert_eq!(document(PolicyKind::Repository, &text).evaluate(&request), Outcome::Allow);
    }
}
