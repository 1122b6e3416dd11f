//! Random trees through text and messages. The tables say what the text looks like; this says that nothing gets lost.

use std::sync::Arc;
use std::time::Duration;

use proptest::option;
use proptest::prelude::*;

use crate::control::convert::faults::{rule_from_proto, rule_to_proto};
use crate::facts::Fact;
use crate::faults::points::{Point, legal_actions};
use crate::faults::samples::SomeOperations;
use crate::faults::{
    Action, Checker, Comparison, ConnectionEnd, CounterKey, Extent, FactName, FireRange, Glob, Keep, Operator,
    Predicate, Rule, Status, Step, Tail, Target, TargetSurface, parse_rules,
};

fn text() -> impl Strategy<Value = Arc<str>> {
    prop_oneof![Just("app".to_owned()), "[a-z\"\\\\#' \t\n\r\u{1b}ä€:@(),]{1,8}", any::<String>()]
        .prop_map(|text| Arc::from(if text.is_empty() { "x".to_owned() } else { text }))
}

fn name() -> impl Strategy<Value = Arc<str>> {
    "[a-z0-9][a-z0-9_-]{0,6}".prop_map(Arc::from)
}

fn comparison() -> impl Strategy<Value = Predicate> {
    let fact = prop_oneof![
        prop::sample::select(vec![Fact::Repository, Fact::Tag, Fact::Digest, Fact::Account]).prop_map(FactName::Known),
        Just(FactName::Header(Arc::from("x-amz-target"))),
    ];
    let of_text = (fact, prop::sample::select(vec![Operator::Equal, Operator::NotEqual, Operator::Glob]), text())
        .prop_map(|(fact, operator, value)| Comparison { fact, operator, values: vec![value] });
    let of_list = prop::collection::vec(text(), 1..4).prop_map(|values| Comparison {
        fact: FactName::Known(Fact::Tag),
        operator: Operator::In,
        values,
    });
    let order = prop::sample::select(vec![Operator::Less, Operator::GreaterOrEqual, Operator::Equal]);
    let of_number = (order, any::<u32>(), prop::sample::select(vec!["", "B", "KiB", "GiB"])).prop_map(
        |(operator, number, unit)| Comparison {
            fact: FactName::Known(Fact::Size),
            operator,
            values: vec![Arc::from(format!("{number}{unit}"))],
        },
    );
    let exists =
        Just(Comparison { fact: FactName::Known(Fact::Upload), operator: Operator::Exists, values: Vec::new() });
    prop_oneof![of_text, of_list, of_number, exists].prop_map(Predicate::Comparison)
}

fn predicate() -> impl Strategy<Value = Predicate> {
    comparison().prop_recursive(5, 24, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(Predicate::All),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Predicate::Any),
            inner.prop_map(|inner| Predicate::Not(Box::new(inner))),
        ]
    })
}

fn duration() -> impl Strategy<Value = Duration> {
    prop_oneof![
        (1..100_000_u64).prop_map(Duration::from_secs),
        (1..u64::MAX / 1_000_000).prop_map(Duration::from_micros),
    ]
}

fn action() -> impl Strategy<Value = Action> {
    let status = (option::of(400..600_u16), "[A-Z][a-zA-Z]{0,8}", option::of(text()))
        .prop_map(|(code, error, message)| Action::Status(Status { code, error: Some(Arc::from(error)), message }));
    let keep = prop_oneof![(0.0..=100.0).prop_map(Keep::Percent), any::<u64>().prop_map(Keep::Bytes)];
    prop_oneof![
        status,
        (400..600_u16).prop_map(|code| Action::Status(Status { code: Some(code), ..Status::default() })),
        (duration(), duration()).prop_map(|(a, b)| Action::Delay { min: a.min(b), max: a.max(b) }),
        (text(), option::of(text())).prop_map(|(code, reason)| Action::Fail { code, reason }),
        prop::sample::select(vec![ConnectionEnd::Reset, ConnectionEnd::Eof]).prop_map(|end| Action::LoseReply { end }),
        name().prop_map(|gate| Action::Hold { gate }),
        (keep, any::<bool>()).prop_map(|(keep, fix_length)| Action::Truncate { keep, fix_length }),
        option::of(any::<u64>()).prop_map(|after_bytes| Action::Reset { after_bytes }),
    ]
}

/// Actions that a call can have, with one terminal at most.
fn actions() -> impl Strategy<Value = Vec<Action>> {
    prop::collection::vec(action(), 0..4).prop_map(|actions| {
        let mut ended = false;
        let fits = |action: &Action| {
            let point = action.kind().default_point(TargetSurface::Oci);
            legal_actions(TargetSurface::Oci, point).is_some_and(|legal| legal.contains(&action.kind()))
        };
        let mut kept = Vec::new();
        for action in actions.into_iter().filter(fits) {
            if !action.kind().is_terminal() || !std::mem::replace(&mut ended, action.kind().is_terminal()) {
                kept.push(action);
            }
        }
        kept
    })
}

fn step() -> impl Strategy<Value = Step> {
    let extent = prop_oneof![
        (1..u64::MAX).prop_map(Extent::Count),
        duration().prop_map(Extent::Window),
        name().prop_map(Extent::UntilGate),
    ];
    let chance = option::of((0.0..=100.0, any::<bool>()));
    (extent, chance, option::of(1..u64::MAX), actions()).prop_map(|(extent, chance, every, actions)| Step {
        extent,
        percent: chance.map(|(percent, _)| percent),
        exact: chance.is_some_and(|(_, exact)| exact),
        every,
        actions,
    })
}

fn rule() -> impl Strategy<Value = Rule> {
    let plan = (prop::collection::vec(step(), 1..4), prop::sample::select(Tail::ALL.to_vec()), any::<bool>());
    let options = (
        prop::sample::select(CounterKey::ALL.to_vec()),
        any::<i32>(),
        option::of(text()),
        option::of((any::<u32>(), option::of(any::<u32>()))),
    );
    (option::of(name()), option::of(predicate()), plan, options).prop_map(|(name, where_, plan, options)| {
        let (mut steps, mut tail, forever) = plan;
        if forever && let Some(last) = steps.last_mut() {
            last.extent = Extent::Forever;
            tail = Tail::Pass;
        }
        let (per, priority, tag, must_fire) = options;
        let must_fire = must_fire
            .map(|(min, more)| FireRange { min: min.into(), max: more.map(|more| u64::from(min) + u64::from(more)) });
        let target =
            Target { surface: TargetSurface::Oci, operation: Glob::new("blob.*"), point: None, at_bytes: None };
        Rule { name, target, where_, steps, tail, per, priority, tag, must_fire }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_tree_reads_back_from_its_text_and_from_its_message(rule in rule()) {
        let mut checker = Checker::new(&SomeOperations);
        checker.add_tree("rules[0]", rule.clone());
        prop_assert!(checker.finish().is_ok(), "{}", rule);
        let text = rule.to_string();
        let parsed = parse_rules(&text, &SomeOperations);
        prop_assert!(parsed.is_ok(), "{}", parsed.expect_err("wrong")[0]);
        let parsed = parsed.expect("checked above");
        prop_assert_eq!(parsed[0].rule(), &rule);
        prop_assert_eq!(parsed[0].rule().to_string(), text);
        prop_assert_eq!(rule_from_proto("rules[0]", &rule_to_proto(&rule)).expect("a message made from a rule"), rule);
    }
}

#[test]
fn points_read_back_too() {
    for (surface, operation, point, at_bytes, kind) in [
        (TargetSurface::Ecr, "Put*", Some(Point::Before), None, "delay(1s)"),
        (TargetSurface::Any, "*", Some(Point::SendBody), Some(1_500), "reset"),
        (TargetSurface::Upstream, "token", Some(Point::After), None, "lose_reply(eof)"),
        (TargetSurface::Task, "replication", Some(Point::TaskFinish), None, "hold(g)"),
    ] {
        let target = Target { surface, operation: Glob::new(operation), point, at_bytes };
        let at = point.map(|point| format!("@{}", point.as_str())).unwrap_or_default();
        let bytes = at_bytes.map(|bytes| format!("@{bytes}B")).unwrap_or_default();
        let text = format!("on {}:{operation}{at}{bytes} do {kind}", surface.as_str());
        let parsed = parse_rules(&text, &SomeOperations).expect("a right rule");
        assert_eq!(parsed[0].rule().target, target);
        assert_eq!(parsed[0].rule().to_string(), text);
        assert_eq!(rule_from_proto("r", &rule_to_proto(parsed[0].rule())).expect("a message"), *parsed[0].rule());
    }
}
