//! Conditions: each operator, its prefixes, and what absent keys do.

use super::super::testing::{caller, keys, request};
use super::*;

const APP: &str = "arn:aws:ecr:eu-west-1:123456789012:repository/team/app";

fn parse(text: &str) -> Result<Vec<Condition>, String> {
    Condition::parse_all(&Json::parse(text).unwrap(), true)
}

/// Judges a condition for a request with these keys.
fn check(condition: &str, pairs: &[(&str, &[&str])], expected: bool) {
    let keys = keys(pairs);
    let request = request("PutImage", APP, caller("arn:aws:iam::123456789012:user/eve"), &keys);
    let holds = parse(condition).unwrap().iter().all(|condition| condition.holds(&request));
    assert_eq!(holds, expected, "{condition} with {pairs:?}");
}

/// Judges `{operator: {"k": operand}}` where `k` has this one value.
fn check_one(operator: &str, operand: &str, value: &str, expected: bool) {
    check(&format!(r#"{{"{operator}":{{"k":{operand}}}}}"#), &[("k", &[value])], expected);
}

#[test]
fn every_operator_compares_as_its_name_says() {
    for (operator, operand, value, expected) in [
        ("StringEquals", r#""a""#, "a", true),
        ("StringEquals", r#""a""#, "A", false),
        ("StringEquals", r#""a*""#, "ab", false),
        ("StringEquals", r#""a*""#, "a*", true),
        ("StringEquals", r#"["x","a"]"#, "a", true),
        ("StringNotEquals", r#"["x","a"]"#, "a", false),
        ("StringNotEquals", r#"["x","a"]"#, "b", true),
        ("StringEqualsIgnoreCase", r#""a""#, "A", true),
        ("StringNotEqualsIgnoreCase", r#""a""#, "A", false),
        ("StringLike", r#""team-*""#, "team-x", true),
        ("StringLike", r#""team-*""#, "Team-x", false),
        ("StringNotLike", r#""team-*""#, "team-x", false),
        ("StringNotLike", r#""team-*""#, "other", true),
        ("BinaryEquals", r#""QUJD""#, "QUJD", true),
        ("ArnEquals", r#""arn:aws:iam::*:role/ci""#, "arn:aws:iam::123456789012:role/ci", true),
        ("ArnLike", r#""arn:aws:iam::*:role/ci""#, "arn:aws:iam::123456789012:role/ci", true),
        ("ArnLike", r#""arn:aws:*:role/ci""#, "arn:aws:iam::123456789012:role/ci", false),
        ("ArnNotEquals", r#""arn:aws:iam::*:role/ci""#, "arn:aws:iam::123456789012:role/ci", false),
        ("ArnNotLike", r#""arn:aws:iam::*:role/ci""#, "arn:aws:iam::123456789012:role/cd", true),
        ("Bool", r#""true""#, "true", true),
        ("Bool", "true", "True", true),
        ("Bool", r#""false""#, "true", false),
        ("NumericEquals", "10", "10.0", true),
        ("NumericNotEquals", r#""10""#, "10", false),
        ("NumericLessThan", "10", "9", true),
        ("NumericLessThan", "10", "10", false),
        ("NumericLessThanEquals", "10", "10", true),
        ("NumericGreaterThan", "10", "10", false),
        ("NumericGreaterThanEquals", "10", "10", true),
        ("NumericGreaterThan", "10", "eleven", false),
        ("DateEquals", r#""2026-01-01T00:00:00Z""#, "1767225600", true),
        ("DateNotEquals", r#""2026-01-01""#, "2026-01-01T00:00:00Z", false),
        ("DateLessThan", r#""2026-01-01""#, "2025-12-31T23:59:59Z", true),
        ("DateLessThanEquals", "1767225600", "2026-01-01T00:00:00Z", true),
        ("DateGreaterThan", r#""2026-01-01""#, "2026-01-01T00:00:00Z", false),
        ("DateGreaterThanEquals", r#""2026-01-01""#, "2026-01-01T00:00:00Z", true),
        ("IpAddress", r#"["10.0.0.0/8","2001:db8::/32"]"#, "10.1.2.3", true),
        ("IpAddress", r#"["10.0.0.0/8","2001:db8::/32"]"#, "2001:db8::1", true),
        ("NotIpAddress", r#"["10.0.0.0/8","2001:db8::/32"]"#, "10.1.2.3", false),
        ("NotIpAddress", r#""10.0.0.0/8""#, "11.1.2.3", true),
        ("Null", r#""true""#, "x", false),
        ("Null", "false", "x", true),
        ("StringEquals", "[]", "a", false),
        ("StringNotEquals", "[]", "a", true),
    ] {
        check_one(operator, operand, value, expected);
    }
}

#[test]
fn a_missing_key_fails_but_for_negations_and_if_exists() {
    for (operator, operand, expected) in [
        ("StringEquals", r#""a""#, false),
        ("StringNotEquals", r#""a""#, true),
        ("StringEqualsIfExists", r#""a""#, true),
        ("StringNotLikeIfExists", r#""a""#, true),
        ("NotIpAddress", r#""10.0.0.0/8""#, true),
        ("NumericLessThan", "5", false),
        ("NumericLessThanIfExists", "5", true),
        ("Null", r#""true""#, true),
        ("Null", r#""false""#, false),
        ("ForAllValues:StringEquals", r#""a""#, true),
        ("ForAnyValue:StringEquals", r#""a""#, false),
        ("ForAnyValue:StringNotEquals", r#""a""#, false),
        ("ForAnyValue:StringEqualsIfExists", r#""a""#, true),
    ] {
        check(&format!(r#"{{"{operator}":{{"k":{operand}}}}}"#), &[], expected);
    }
    check_one("StringEqualsIfExists", r#""a""#, "b", false);
}

#[test]
fn d_036_resource_tags_request_tags_and_tag_keys_are_judged() {
    let team = r#"{"StringEquals":{"ecr:ResourceTag/Team":"blue"}}"#;
    check(team, &[("ecr:ResourceTag/team", &["blue"])], true);
    check(team, &[("ecr:ResourceTag/team", &["red"])], false);
    check(team, &[], false);
    check(r#"{"StringLike":{"aws:RequestTag/cost":"c-*"}}"#, &[("aws:RequestTag/cost", &["c-7"])], true);
    check(r#"{"Null":{"aws:RequestTag/cost":"false"}}"#, &[], false);

    let all = r#"{"ForAllValues:StringEquals":{"aws:TagKeys":["team","cost"]}}"#;
    let any = r#"{"ForAnyValue:StringEquals":{"aws:TagKeys":["team","cost"]}}"#;
    let none = r#"{"ForAllValues:StringNotEquals":{"aws:TagKeys":["team","cost"]}}"#;
    let other = r#"{"ForAnyValue:StringNotEquals":{"aws:TagKeys":["team","cost"]}}"#;
    for (values, [in_all, in_any, in_none, in_other]) in [
        (&["team", "cost"] as &[&str], [true, true, false, false]),
        (&["team", "x"], [false, true, false, true]),
        (&["x"], [false, false, true, true]),
    ] {
        let pairs = [("aws:TagKeys", values)];
        check(all, &pairs, in_all);
        check(any, &pairs, in_any);
        check(none, &pairs, in_none);
        check(other, &pairs, in_other);
    }
}

#[test]
fn all_operators_and_all_keys_must_hold() {
    let both = r#"{"StringEquals":{"a":"1","b":"2"},"Bool":{"aws:SecureTransport":"true"}}"#;
    check(both, &[("a", &["1"]), ("b", &["2"]), ("aws:SecureTransport", &["true"])], true);
    check(both, &[("a", &["1"]), ("b", &["3"]), ("aws:SecureTransport", &["true"])], false);
    check(both, &[("a", &["1"]), ("b", &["2"]), ("aws:SecureTransport", &["false"])], false);
    check("{}", &[], true);
}

#[test]
fn values_may_hold_variables() {
    let own = r#"{"StringEquals":{"ecr:ResourceTag/owner":"${aws:username}"}}"#;
    check(own, &[("ecr:ResourceTag/owner", &["eve"])], true);
    check(own, &[("ecr:ResourceTag/owner", &["${aws:username}"])], false);
    let literal = r#"{"StringLike":{"k":"${aws:PrincipalTag/x}-*"}}"#;
    check(literal, &[("aws:PrincipalTag/x", &["*"]), ("k", &["*-1"])], true);
    check(literal, &[("aws:PrincipalTag/x", &["*"]), ("k", &["a-1"])], false);
    check(literal, &[("k", &["-1"])], false);
    check(
        r#"{"ArnLike":{"k":"arn:aws:iam::${aws:ResourceAccount}:role/*"}}"#,
        &[("k", &["arn:aws:iam::123456789012:role/a"])],
        true,
    );
    check(r#"{"Bool":{"k":"${other}"}}"#, &[("k", &["true"]), ("other", &["TRUE"])], true);
}

#[test]
fn c_117_unknown_operators_and_malformed_conditions_are_refused() {
    for text in [
        "[]",
        r#"{"StringMatches":{"k":"v"}}"#,
        r#"{"stringequals":{"k":"v"}}"#,
        r#"{"ForSomeValue:StringEquals":{"k":"v"}}"#,
        r#"{"ForAnyValue:":{"k":"v"}}"#,
        r#"{"NullIfExists":{"k":"true"}}"#,
        r#"{"ForAnyValue:Null":{"k":"true"}}"#,
        r#"{"IfExists":{"k":"v"}}"#,
        r#"{"StringEquals":"v"}"#,
        r#"{"StringEquals":{"k":null}}"#,
        r#"{"StringEquals":{"k":{"x":"y"}}}"#,
        r#"{"StringEquals":{"k":[["v"]]}}"#,
    ] {
        assert!(parse(text).is_err(), "{text}");
    }
}

#[test]
fn unconfirmed_values_that_an_operator_cannot_compare_are_refused() {
    for text in [
        r#"{"Bool":{"k":"yes"}}"#,
        r#"{"Null":{"k":"yes"}}"#,
        r#"{"NumericEquals":{"k":"ten"}}"#,
        r#"{"DateLessThan":{"k":"tomorrow"}}"#,
        r#"{"IpAddress":{"k":"10.0.0.0/40"}}"#,
        r#"{"StringEquals":{"k":"${unfinished"}}"#,
    ] {
        assert!(parse(text).is_err(), "{text}");
    }
}
