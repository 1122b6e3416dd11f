use super::*;
use crate::units::{KIB, MIB, milliseconds, minutes, seconds};

/// The same rules as in the Python client's tests, with the same texts.
#[test]
fn a_built_rule_prints_as_its_text() {
    let check = |rule: Rule, text: &str| {
        assert_eq!(rule.to_string(), text);
        assert_eq!(rule.violations("rules[0]"), [], "{text}");
    };
    check(
        on("task:replication").filter("dest_region", "eu-west-1").during(minutes(10)).fail("UPSTREAM_TIMEOUT"),
        r#"on task:replication where dest_region = "eu-west-1" do for 10m fail("UPSTREAM_TIMEOUT")"#,
    );
    check(
        on("upstream:blob.get").times(2).status(503).then().times(1).truncate(Keep::Percent(50.0)).then().pass(),
        "on upstream:blob.get do 2x status(503) -> 1x truncate(50%)",
    );
    check(
        on("ecr:PutImage")
            .percent(5.0)
            .status("ThrottlingException")
            .must_fire_between(30, 70)
            .named("slow")
            .tagged("t"),
        r#"slow: on ecr:PutImage do 5% status("ThrottlingException") tag "t" must_fire 30..70"#,
    );
    check(
        on("oci:blob.get@send.body@4MiB")
            .matching(fact("size").greater("1MiB"))
            .filter("repository", ["a", "b"])
            .times(1)
            .delay_between(milliseconds(100), seconds(2))
            .reset_after(MIB)
            .then()
            .unexpected()
            .per(CounterKey::Repository)
            .priority(5)
            .must_fire(),
        "on oci:blob.get@send.body@4MiB where size > 1MiB and repository in (\"a\", \"b\") \
         do 1x delay(100ms..2s) + reset(after_bytes=1MiB) -> unexpected per repository priority 5 must_fire",
    );
    check(
        on("any:*")
            .every(3)
            .lose_reply(ConnectionEnd::Eof)
            .then()
            .until("gate")
            .hold("other")
            .then()
            .times(2)
            .pass()
            .cycle(),
        "on any:* do every 3 lose_reply(eof) -> until gate hold(other) -> 2x pass -> loop",
    );
    check(
        on("ecr:PutImage").status(Status::code(400).error("X").message("say \"no\"")).then().pass().repeat(),
        r#"on ecr:PutImage do status(400, "X", message="say \"no\"") -> repeat"#,
    );
    check(
        on("oci:blob.get").percent_exact(0.5).truncate_and_fix_length(Keep::Bytes(KIB)).per(CounterKey::Rule),
        "on oci:blob.get do 0.5% exact truncate(1KiB, fix_length=true)",
    );
    check(
        on("task:*").delay(seconds(1)).fail_because("X", "why").must_fire_at_least(3).priority(0),
        r#"on task:* do delay(1s) + fail("X", reason="why") must_fire 3.."#,
    );
    check(on("any:*").reset().must_fire_between(2, 2), "on any:* do reset must_fire 2");
}

#[test]
fn a_built_rule_is_the_tree_of_its_text() {
    let rule = on("task:replication").filter("dest_region", "eu-west-1").during(minutes(10)).fail("X").named("slow");
    let comparison = proto::Comparison {
        fact: "dest_region".to_owned(),
        operator: proto::Operator::Equal.into(),
        values: vec!["eu-west-1".to_owned()],
    };
    let fail = proto::FailAction { code: "X".to_owned(), reason: String::new() };
    let expected = proto::Rule {
        name: "slow".to_owned(),
        target: Some(proto::Target {
            surface: "task".to_owned(),
            operation: "replication".to_owned(),
            ..proto::Target::default()
        }),
        r#where: Some(proto::Predicate { form: Some(proto::predicate::Form::Comparison(comparison)) }),
        steps: vec![proto::Step {
            extent: Some(proto::step::Extent::Window(prost_types::Duration { seconds: 600, nanos: 0 })),
            actions: vec![proto::Action { kind: Some(proto::action::Kind::Fail(fail)) }],
            ..proto::Step::default()
        }],
        ..proto::Rule::default()
    };
    assert_eq!(rule.to_proto(), expected);
}

#[test]
fn steps_tail_and_options_reach_the_tree() {
    let rule = on("oci:blob.get@send.body@4MiB")
        .times(2)
        .status(503)
        .then()
        .percent_exact(5.0)
        .reset_after(MIB)
        .cycle()
        .per(CounterKey::LogicalCall)
        .priority(-1)
        .tagged("t")
        .must_fire();
    let tree = rule.to_proto();
    assert_eq!(tree.target.unwrap().at_bytes, Some(4 * MIB));
    assert_eq!(tree.steps[0].extent, Some(proto::step::Extent::Count(2)));
    assert_eq!((tree.steps[1].percent, tree.steps[1].exact), (Some(5.0), true));
    assert_eq!(tree.tail, i32::from(proto::Tail::Loop));
    assert_eq!(tree.per, i32::from(proto::CounterKey::LogicalCall));
    assert_eq!((tree.priority, tree.tag.as_str()), (Some(-1), "t"));
    assert_eq!(tree.must_fire, Some(proto::Range { min: None, max: None }));
}

#[test]
fn what_is_said_in_the_wrong_order_is_remembered() {
    let check = |rule: Rule, part: &str| {
        let violations = rule.violations("rules[0]");
        assert_eq!(violations.len(), 1, "{rule}");
        assert!(violations[0].description.contains(part), "{}", violations[0].description);
    };
    check(on("PutImage"), "not a target");
    check(on("ecr:PutImage").times(1).status(500).cycle().then(), "nothing follows `loop`");
    check(on("ecr:PutImage").times(1).status(500).unexpected().status(400), "nothing follows `unexpected`");
    check(on("ecr:PutImage").status(500).times(2), "before it says what");
}
