//! Every way in which a text is no policy, with ECR's words for it.

use super::testing::{ANY, ARCHIVE, EXPIRE, UNTAGGED, archived, expire, keep, patterns, prefixes, rule, since, text};
use super::{Action, CountType, LifecyclePolicy, StorageClass, TagCriteria};

/// What is said of a text, without the words that all faults share; empty if it is a policy.
fn detail(text: &str) -> String {
    let Err(error) = LifecyclePolicy::parse(text) else { return String::new() };
    let whole = error.to_string();
    whole.strip_prefix("Lifecycle policy validation failure: ").expect("the same words").to_owned()
}

fn check(cases: &[(String, &str)]) {
    for (text, expected) in cases {
        assert_eq!(detail(text), *expected, "{text}");
    }
}

/// A policy of one rule about untagged images, of which only the other members of the selection are given.
fn untagged(selection: &str) -> String {
    text(&[rule(1, UNTAGGED, selection, EXPIRE)])
}

/// A policy of one rule with this action.
fn acting(action: &str) -> String {
    text(&[rule(1, UNTAGGED, &keep(30), action)])
}

const UNMAPPABLE: &str = "Could not map policyString into LifecyclePolicy.";
const NO_COUNT: &str = "instance failed to match exactly one schema (matched 0 out of 4)";
const NO_ACTION: &str = "instance failed to match exactly one schema (matched 0 out of 2)";

#[test]
fn c_123_what_is_no_object_cannot_be_mapped() {
    for text in ["", "some invalid input", "{", "[]", r#""text""#, "1", "null", "{} {}", r#"[{"rules":[]}]"#] {
        assert_eq!(detail(text), UNMAPPABLE, "{text}");
    }
}

#[test]
fn c_123_c_124_missing_members_are_listed_sorted() {
    check(&[
        ("{}".into(), r#"object has missing required properties (["rules"])"#),
        (r#"{"no_rules":"test"}"#.into(), r#"object has missing required properties (["rules"])"#),
        (text(&[r#"{"rulePriority":1}"#.into()]), r#"object has missing required properties (["action","selection"])"#),
        (text(&["{}".into()]), r#"object has missing required properties (["action","rulePriority","selection"])"#),
        (
            text(&[rule(1, "", "", EXPIRE).replace("{,}", "{}")]),
            r#"object has missing required properties (["countNumber","countType","tagStatus"])"#,
        ),
        (untagged(r#""countNumber":30"#), r#"object has missing required properties (["countType"])"#),
        (
            untagged(r#""countType":"imageCountMoreThan""#),
            r#"object has missing required properties (["countNumber"])"#,
        ),
        (acting("{}"), r#"object has missing required properties (["type"])"#),
    ]);
}

#[test]
fn c_125_unknown_members_are_refused_wherever_they_are() {
    let foo = r#"object instance has properties which are not allowed by the schema: (["foo"])"#;
    check(&[
        (text(&[expire(1, UNTAGGED, &keep(30))]).replacen('{', r#"{"foo":1,"#, 1), foo),
        (text(&[expire(1, UNTAGGED, &keep(30)).replacen('{', r#"{"foo":1,"#, 1)]), foo),
        (untagged(&format!(r#"{},"foo":null"#, keep(30))), foo),
        (acting(r#"{"type":"expire","foo":123}"#), foo),
        (
            acting(r#"{"type":"expire","foo":1,"bar":2,"foo":3}"#),
            r#"object instance has properties which are not allowed by the schema: (["bar","foo"])"#,
        ),
    ]);
}

#[test]
fn c_125_unknown_words_are_refused_with_what_is_possible() {
    check(&[
        (
            text(&[expire(1, r#""tagStatus":"unknown""#, &keep(30))]),
            r#"instance value (unknown) not found in enum :(possible values: ["any","tagged","untagged"])"#,
        ),
        (
            untagged(&format!(r#""storageClass":"STANDARD",{}"#, keep(30))),
            r#"instance value (STANDARD) not found in enum :(possible values: ["archive","standard"])"#,
        ),
        (
            acting(r#"{"type":"keep"}"#),
            r#"instance value (keep) not found in enum :(possible values: ["expire","transition"])"#,
        ),
        (
            acting(r#"{"type":"transition","targetStorageClass":"glacier"}"#),
            r#"instance value (glacier) not found in enum :(possible values: ["archive"])"#,
        ),
    ]);
}

#[test]
fn c_125_c_136_count_types_and_units_go_together() {
    let hours = since("sinceImagePushed", 3).replace("days", "hours");
    check(&[
        (untagged(r#""countType":"unknown","countNumber":30"#), NO_COUNT),
        (untagged(r#""countType":"sinceImagePushed","countNumber":30"#), NO_COUNT),
        (untagged(r#""countType":"sinceImagePulled","countNumber":30"#), NO_COUNT),
        (untagged(&since("imageCountMoreThan", 30)), NO_COUNT),
        (untagged(&format!(r#"{},"countUnit":null"#, keep(30))), NO_COUNT),
        (untagged(&hours), r#"instance value (hours) not found in enum :(possible values: ["days"])"#),
    ]);
}

#[test]
fn c_138_an_action_has_a_target_exactly_if_it_is_a_transition() {
    check(&[
        (acting(ARCHIVE), ""),
        (acting(EXPIRE), ""),
        (acting(r#"{"type":"expire","targetStorageClass":null}"#), NO_ACTION),
        (acting(r#"{"type":"expire","targetStorageClass":"archive"}"#), NO_ACTION),
        (acting(r#"{"type":"transition"}"#), UNMAPPABLE),
    ]);
}

#[test]
fn c_123_values_have_one_type() {
    let found = |found: &str, allowed: &str| {
        format!(r#"instance type ({found}) does not match any allowed primitive type (allowed: ["{allowed}"])"#)
    };
    let count_number = |value: &str| untagged(&format!(r#""countType":"imageCountMoreThan","countNumber":{value}"#));
    for (text, expected) in [
        (r#"{"rules":{}}"#.to_owned(), found("object", "array")),
        (r#"{"rules":["not an object"]}"#.to_owned(), found("string", "object")),
        (acting("[]"), found("array", "object")),
        (acting(r#"{"type":true}"#), found("boolean", "string")),
        (count_number(r#""30""#), found("string", "integer")),
        (count_number("null"), found("null", "integer")),
        (count_number("1.5"), found("number", "integer")),
        (text(&[expire(1, r#""tagStatus":"tagged","tagPrefixList":"v""#, &keep(1))]), found("string", "array")),
        (text(&[expire(1, r#""tagStatus":"tagged","tagPrefixList":[7]"#, &keep(1))]), found("integer", "string")),
        (
            acting(EXPIRE).replacen("\"rulePriority\"", "\"description\":null,\"rulePriority\"", 1),
            found("null", "string"),
        ),
    ] {
        assert_eq!(detail(&text), expected, "{text}");
    }
}

#[test]
fn c_123_c_153_numbers_begin_at_one() {
    let minimum =
        |found: &str| format!("numeric instance is lower than the required minimum (minimum: 1, found: {found})");
    for number in ["0", "-1"] {
        let text = untagged(&format!(r#""countType":"imageCountMoreThan","countNumber":{number}"#));
        assert_eq!(detail(&text), minimum(number));
    }
    assert_eq!(detail(&text(&[expire(0, UNTAGGED, &keep(1))])), minimum("0"));
}

#[test]
fn c_123_c_153_unconfirmed_numbers_end_with_32_bits() {
    let number = |number: &str| untagged(&format!(r#""countType":"imageCountMoreThan","countNumber":{number}"#));
    check(&[
        (number("2147483647"), ""),
        (number("2147483648"), UNMAPPABLE),
        (number("18446744073709551615"), UNMAPPABLE),
        (text(&[expire(2_147_483_648, UNTAGGED, &keep(1))]), UNMAPPABLE),
    ]);
}

#[test]
fn c_123_unconfirmed_a_policy_has_1_to_50_rules_and_lists_are_not_empty() {
    let rules = |number: u32| {
        let rules: Vec<String> = (1..=number).map(|it| expire(it, &prefixes(&[&format!("v{it}")]), &keep(1))).collect();
        text(&rules)
    };
    let empty = "array is too short: must have at least 1 elements but instance has 0 elements";
    check(&[
        (rules(0), empty),
        (rules(50), ""),
        (rules(51), "array is too long: must have at most 50 elements but instance has 51 elements"),
        (text(&[expire(1, &prefixes(&[]), &keep(1))]), empty),
        (text(&[expire(1, r#""tagStatus":"any","tagPatternList":[]"#, &keep(1))]), empty),
    ]);
}

#[test]
fn c_133_tagged_needs_a_list() {
    let expected = "Must specify tagPrefixList or tagPatternList when tagStatus=TAGGED.";
    check(&[(text(&[expire(1, r#""tagStatus":"tagged""#, &keep(1))]), expected)]);
}

#[test]
fn c_131_c_132_c_133_unconfirmed_texts_about_lists_of_tags() {
    let both = r#""tagStatus":"tagged","tagPrefixList":["v"],"tagPatternList":["v*"]"#;
    check(&[
        (
            text(&[expire(1, both, &keep(1))]),
            "If policy has a tagged rule, it must specify only one of tagPrefixList or tagPatternList",
        ),
        (
            text(&[expire(1, r#""tagStatus":"untagged","tagPrefixList":["v"]"#, &keep(1))]),
            "Cannot specify tagPrefixList with tagStatus untagged",
        ),
        (
            text(&[expire(1, r#""tagStatus":"any","tagPatternList":["v"]"#, &keep(1))]),
            "Cannot specify tagPatternList with tagStatus any",
        ),
        (text(&[expire(1, &patterns(&["*test*1*2*3", "test*1*2*3*"]), &keep(1))]), ""),
        (text(&[expire(1, &patterns(&["v*", "test*1*2*3*4*5*6"]), &keep(1))]), "Invalid tag pattern provided"),
        (text(&[expire(1, &prefixes(&["*****"]), &keep(1))]), ""),
    ]);
}

#[test]
fn c_126_unconfirmed_two_rules_of_one_priority_are_refused() {
    let two = |one, other| text(&[expire(one, UNTAGGED, &keep(1)), expire(other, ANY, &keep(1))]);
    check(&[(two(1, 1), "Duplicate priority in multiple rules"), (two(1, 999), "")]);
    let other_class = text(&[expire(7, UNTAGGED, &keep(1)), expire(7, UNTAGGED, &archived(90))]);
    check(&[(other_class, "Duplicate priority in multiple rules")]);
}

#[test]
fn c_134_each_storage_class_has_one_untagged_rule() {
    let expected = "Only one rule can select Untagged images per storage class.";
    check(&[
        (text(&[expire(1, UNTAGGED, &keep(1)), expire(2, UNTAGGED, &keep(2))]), expected),
        (text(&[expire(1, UNTAGGED, &archived(90)), expire(2, UNTAGGED, &archived(91))]), expected),
        (text(&[expire(1, UNTAGGED, &keep(1)), expire(2, UNTAGGED, &archived(90))]), ""),
    ]);
}

#[test]
fn c_134_the_any_rule_of_a_storage_class_is_its_last() {
    let expected = "Rule for tagStatus=ANY must have the lowest priority per storage class";
    let v = prefixes(&["v"]);
    check(&[
        (text(&[expire(1, ANY, &keep(1)), expire(2, &v, &keep(1))]), expected),
        (text(&[expire(2, &v, &keep(1)), expire(1, ANY, &keep(1))]), expected),
        (text(&[expire(1, &v, &keep(1)), expire(2, ANY, &keep(1))]), ""),
        // The numbers of the other class do not matter.
        (text(&[expire(1, ANY, &keep(1)), expire(2, ANY, &archived(90))]), ""),
        (text(&[expire(1, ANY, &keep(1)), expire(3, ANY, &archived(90)), expire(2, UNTAGGED, &archived(90))]), ""),
        (
            text(&[expire(1, ANY, &keep(1)), expire(2, ANY, &archived(90)), expire(3, UNTAGGED, &archived(90))]),
            expected,
        ),
    ]);
}

#[test]
fn c_134_unconfirmed_text_of_two_any_rules() {
    let two = text(&[expire(1, ANY, &keep(1)), expire(2, ANY, &keep(2))]);
    check(&[(two, "Only one rule can specify tagStatus=ANY")]);
}

#[test]
fn c_123_unconfirmed_a_prefix_or_pattern_stands_in_one_rule_of_a_storage_class() {
    let two = |one: &str, other: &str| text(&[expire(1, one, &keep(1)), expire(2, other, &keep(1))]);
    let prefix = "Duplicate value of tagPrefixList in multiple rules per storage class";
    let pattern = "Duplicate value of tagPatternList in multiple rules per storage class";
    check(&[
        (two(&prefixes(&["a", "b"]), &prefixes(&["c", "b"])), prefix),
        (two(&patterns(&["a*"]), &patterns(&["a*"])), pattern),
        (two(&patterns(&["a"]), &prefixes(&["a"])), ""),
        (two(&prefixes(&["a", "a"]), &prefixes(&["ab"])), ""),
        (text(&[expire(1, &prefixes(&["a"]), &keep(1)), expire(2, &prefixes(&["a"]), &archived(90))]), ""),
    ]);
}

#[test]
fn c_137_c_138_c_140_unconfirmed_texts_about_count_types_storage_classes_and_actions() {
    let standard_only =
        "SINCE_IMAGE_PUSHED, SINCE_IMAGE_PULLED and IMAGE_COUNT_MORE_THAN support the STANDARD storage class only";
    let archive_only = "SINCE_IMAGE_TRANSITIONED supports the ARCHIVE storage class only";
    let in_archive = |count: String| format!(r#""storageClass":"archive",{count}"#);
    let one = |count: String, action: &str| text(&[rule(1, ANY, &count, action)]);
    check(&[
        (one(in_archive(keep(1)), EXPIRE), standard_only),
        (one(in_archive(since("sinceImagePushed", 90)), EXPIRE), standard_only),
        (one(in_archive(since("sinceImagePulled", 90)), ARCHIVE), standard_only),
        (one(since("sinceImageTransitioned", 90), EXPIRE), archive_only),
        (one(archived(90).replace("archive", "standard"), EXPIRE), archive_only),
        (one(since("sinceImagePulled", 90), EXPIRE), "SINCE_IMAGE_PULLED supports the TRANSITION action only"),
        (one(archived(90), ARCHIVE), "SINCE_IMAGE_TRANSITIONED supports the EXPIRE action only"),
        (one(archived(89), EXPIRE), "SINCE_IMAGE_TRANSITIONED must have a countNumber greater than or equal to 90"),
        (one(archived(90), EXPIRE), ""),
        (one(since("sinceImagePulled", 1), ARCHIVE), ""),
        (one(since("sinceImagePushed", 1), ARCHIVE), ""),
        (one(keep(1), ARCHIVE), ""),
    ]);
}

#[test]
fn c_123_the_first_fault_speaks_for_all_unconfirmed() {
    let policy = text(&[rule(0, UNTAGGED, &keep(0), r#"{"type":"keep","foo":1}"#)]);
    check(&[(policy, "numeric instance is lower than the required minimum (minimum: 1, found: 0)")]);
}

#[test]
fn c_136_c_137_c_138_a_policy_is_read_as_written() {
    let rules = [
        rule(20, ANY, &since("sinceImagePulled", 45), ARCHIVE),
        rule(3, &patterns(&["v*", "x"]), &format!(r#""storageClass":"standard",{}"#, keep(7)), EXPIRE),
        rule(30, UNTAGGED, &archived(365), EXPIRE),
    ];
    let policy = LifecyclePolicy::parse(&text(&rules)).expect("a policy");
    let [first, second, third] = policy.rules() else { panic!("three rules") };
    assert_eq!((first.priority, second.priority, third.priority), (3, 20, 30));
    let TagCriteria::Patterns(patterns) = &first.selection.tags else { panic!("patterns") };
    assert_eq!(format!("{patterns:?}"), r#"["v*", "x"]"#);
    assert_eq!((first.selection.count_type, first.selection.count_number), (CountType::ImageCountMoreThan, 7));
    assert_eq!((second.selection.count_type, second.action), (CountType::SinceImagePulled, Action::Transition));
    assert_eq!(second.selection.storage_class, StorageClass::Standard);
    assert_eq!((third.selection.storage_class, &third.selection.tags), (StorageClass::Archive, &TagCriteria::Untagged));
}

#[test]
fn c_123_a_policy_keeps_its_text_and_loses_only_white_space() {
    let written = r#"
    { "rules" : [
        { "selection": { "countNumber": 2, "tagStatus": "any", "countType": "imageCountMoreThan" },
          "rulePriority": 2, "action": { "type": "expire" }, "description": "two  of each" },
        { "rulePriority": 1, "selection": { "tagStatus": "tagged", "tagPrefixList": ["a", "b"],
          "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 14 }, "action": {"type": "expire"} }
    ] }"#;
    let policy = LifecyclePolicy::parse(written).expect("a policy");
    assert_eq!(policy.text(), written);
    assert_eq!(
        policy.minified(),
        concat!(
            r#"{"rules":[{"selection":{"countNumber":2,"tagStatus":"any","countType":"imageCountMoreThan"},"#,
            r#""rulePriority":2,"action":{"type":"expire"},"description":"two  of each"},"#,
            r#"{"rulePriority":1,"selection":{"tagStatus":"tagged","tagPrefixList":["a","b"],"#,
            r#""countType":"sinceImagePushed","countUnit":"days","countNumber":14},"action":{"type":"expire"}}]}"#,
        )
    );
}
