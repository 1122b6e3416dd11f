//! What rules decide, case by case.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::facts::{Fact, Facts, Headers, Surface};

use super::samples::{Bench, SomeOperations, blob_get, manifest_put, put_image, replication, rules};
use super::{
    ApplyMode, BodyDelay, BodyFault, ConnectionEnd, DecideContext, Decision, FireRange, Keep, MAX_RULES, OpenGates,
    Refusal, RuleSet, Selection, Status, TaskFailure, TooManyRules, Wait, parse_matcher,
};

const STATUS: &str = "status(503)";

#[track_caller]
fn check_sequence(plan: &str, expected: &[&str]) {
    let mut bench = Bench::new(&format!("on ecr:PutImage do {plan}"));
    assert_eq!(bench.actions(&put_image(), expected.len()), expected, "{plan}");
}

#[test]
fn steps_are_consumed_in_order() {
    check_sequence("2x status(503) -> 1x status(500)", &[STATUS, STATUS, "status(500)", "pass", "pass"]);
    check_sequence("1x pass -> status(503)", &["pass", STATUS, STATUS]);
    check_sequence("2x status(503) -> 1x pass -> loop", &[STATUS, STATUS, "pass", STATUS, STATUS, "pass", STATUS]);
    check_sequence("1x status(500) -> 2x status(503) -> repeat", &["status(500)", STATUS, STATUS, STATUS, STATUS]);
    check_sequence("1x status(503) -> unexpected", &[STATUS, "unexpected", "unexpected"]);
    check_sequence("every 3 status(503)", &["pass", "pass", STATUS, "pass", "pass", STATUS]);
    check_sequence("3x every 2 status(503) -> status(500)", &["pass", STATUS, "pass", "status(500)"]);
    check_sequence("2x 0% status(503) -> status(500)", &["pass", "pass", "status(500)"]);
    check_sequence("2x 100% exact status(503) -> status(500)", &[STATUS, STATUS, "status(500)"]);
}

#[test]
fn a_window_is_half_open_and_counts_from_when_its_step_was_entered() {
    let mut bench = Bench::new("on ecr:PutImage do for 10m status(503) -> 1x pass -> for 5m status(500)");
    let mut at = |minutes: u64, seconds: u64| {
        bench.now = crate::registry::types::Timestamp::EPOCH.plus(Duration::from_secs(minutes * 60 + seconds));
        bench.actions(&put_image(), 1).remove(0)
    };
    assert_eq!(at(0, 0), STATUS);
    assert_eq!(at(9, 59), STATUS);
    // The window ends at exactly ten minutes, and this call is the one match of the step after it.
    assert_eq!(at(10, 0), "pass");
    // The third step was entered with that match.
    assert_eq!(at(14, 59), "status(500)");
    assert_eq!(at(15, 0), "pass");
}

#[test]
fn windows_that_nobody_called_in_pass_by() {
    let mut bench = Bench::new("on ecr:PutImage do for 10m status(503) -> for 10m status(500) -> for 10m pass -> loop");
    for (minutes, expected) in
        [(0, STATUS), (10, "status(500)"), (25, "pass"), (30, STATUS), (3_000_000_010, "status(500)")]
    {
        bench.now = crate::registry::types::Timestamp::EPOCH.plus(Duration::from_secs(minutes * 60));
        assert_eq!(bench.actions(&put_image(), 1), [expected], "after {minutes} minutes");
    }
}

#[test]
fn a_gate_ends_the_step_that_waits_for_it() {
    let mut bench = Bench::new("on ecr:PutImage do until go status(503) -> for 10m status(500) -> loop");
    assert_eq!(bench.actions(&put_image(), 2), [STATUS, STATUS]);
    bench.open("go");
    bench.now = bench.now.plus(Duration::from_secs(599));
    assert_eq!(bench.actions(&put_image(), 1), ["status(500)"]);
    assert_eq!(bench.list()[0].step, 1);
    bench.now = bench.now.plus(Duration::from_hours(8_760));
    assert_eq!(bench.actions(&put_image(), 1), ["status(500)"], "an open gate takes no time in a loop");
}

#[test]
fn a_loop_of_open_gates_is_spent() {
    let mut bench = Bench::new("on ecr:PutImage do until a status(503) -> until b status(500) -> loop");
    bench.open("a");
    assert_eq!(bench.actions(&put_image(), 1), ["status(500)"]);
    bench.open("b");
    assert_eq!(bench.actions(&put_image(), 2), ["pass", "pass"]);
    assert_eq!(bench.list()[0].step, 2);
}

#[test]
fn a_counter_key_gives_each_of_them_its_own_plan() {
    let mut bench = Bench::new("on any:PutImage do 1x status(503) per repository");
    let of = |name: &str| put_image().with(Fact::Repository, name);
    for (repository, expected) in [("a", STATUS), ("b", STATUS), ("a", "pass"), ("b", "pass"), ("c", STATUS)] {
        assert_eq!(bench.actions(&of(repository), 1), [expected], "{repository}");
    }
    assert_eq!(bench.list()[0].step, 0, "the step of a key not seen before");
}

#[test]
fn a_spent_window_counts_from_the_application_for_every_key() {
    let mut bench = Bench::new("on any:PutImage do for 10m status(503) per connection");
    bench.now = bench.now.plus(Duration::from_secs(599));
    assert_eq!(bench.actions(&put_image().with(Fact::Connection, 1), 1), [STATUS]);
    bench.now = bench.now.plus(Duration::from_secs(1));
    assert_eq!(bench.actions(&put_image().with(Fact::Connection, 2), 1), ["pass"]);
}

#[test]
fn targets_match_by_surface_name_and_row() {
    let head = Facts::new(Surface::Upstream, "blob.head", None);
    for (target, facts, expected) in [
        ("ecr:PutImage", put_image(), true),
        ("ecr:PutImage", manifest_put(), false),
        ("oci:manifest.put", manifest_put(), true),
        ("oci:manifest.put", put_image(), false),
        ("any:PutImage", put_image(), true),
        ("any:PutImage", manifest_put(), true),
        ("any:manifest.put", manifest_put(), true),
        ("any:manifest.put", put_image(), false),
        ("any:manifest.*", manifest_put(), true),
        ("any:*", blob_get(), true),
        ("any:*", replication(), false),
        ("any:blob.*", head.clone(), false),
        ("upstream:blob.*", head.clone(), true),
        ("oci:blob.*", head, false),
        ("task:*", replication(), true),
        ("ecr:*", blob_get(), false),
    ] {
        let mut bench = Bench::new(&format!("on {target} do pass"));
        assert_eq!(bench.decide(&facts).hits.len(), usize::from(expected), "{target} on {}", facts.operation);
        let matcher = parse_matcher(target, &SomeOperations).expect("a right matcher");
        assert_eq!(matcher.matches(&facts), expected);
        assert_eq!(matcher.differences(&facts).is_empty(), expected);
    }
}

#[test]
fn predicates_look_at_facts() {
    let headers = Headers::new([("range", "bytes=0-"), ("age", "7")]);
    let digest = "sha256:0000000000000000000000000000000000000000000000000000000000000000";
    let mut facts = blob_get().with(Fact::Size, 1 << 20).with(Fact::Tag, "v1.2");
    facts.set(Fact::Digest, digest.parse::<crate::registry::types::Digest>().expect("a digest"));
    facts.headers = Some(Arc::new(headers));
    for (predicate, difference) in [
        ("repository = app", ""),
        ("repository = web", "repository is `app`, expected `web`"),
        ("repository != app", "repository is `app`, expected anything but `app`"),
        ("upload != x", ""),
        ("upload = x", "upload is absent, expected `x`"),
        ("upload exists", "upload is absent, expected any value"),
        ("tag in (v1, v1.2)", ""),
        ("tag in (v1, v2)", "tag is `v1.2`, expected one of `v1`, `v2`"),
        ("tag ~ \"v*\"", ""),
        ("tag ~ \"v?\"", "tag is `v1.2`, expected a match of the glob `v?`"),
        ("tag =~ \"[.]2$\"", ""),
        ("tag =~ \"^2\"", "tag is `v1.2`, expected a match of the expression `^2`"),
        ("size = 1MiB", ""),
        ("size > 1023KiB and size >= 1MiB and size < 1048577 and size <= 1MiB", ""),
        ("size > 1MiB", "size is `1048576`, expected more than `1MiB`"),
        ("size < 1MiB", "size is `1048576`, expected less than `1MiB`"),
        ("size in (1, 1024KiB)", ""),
        ("header.Range = \"bytes=0-\"", ""),
        ("header.age > 6", ""),
        ("header.range > 6", "header.range is `bytes=0-`, expected more than `6`"),
        ("header.etag exists", "header.etag is absent, expected any value"),
        (&format!("digest = \"{digest}\""), ""),
        ("digest = x", &format!("digest is `{digest}`, expected `x`")),
        ("not tag exists", "expected not tag exists"),
        ("not (tag = a and not size > 5)", ""),
        ("not (tag exists or size in (1, 2))", "expected not (tag exists or size in (`1`, `2`))"),
        ("tag = a or tag = b", "tag is `v1.2`, expected `a`, and tag is `v1.2`, expected `b`"),
        ("tag = a or size > 1", ""),
        ("tag = a and size > 1", "tag is `v1.2`, expected `a`"),
    ] {
        let matcher = parse_matcher(&format!("oci:* where {predicate}"), &SomeOperations).expect(predicate);
        assert_eq!(matcher.differences(&facts).join("; "), difference, "{predicate}");
        assert_eq!(matcher.matches(&facts), difference.is_empty(), "{predicate}");
    }
}

#[test]
fn waits_of_all_rules_stack_in_order_and_the_first_terminal_wins() {
    let mut bench = Bench::new(
        "late: on ecr:PutImage do 1x delay(1s)\n\
         first: on ecr:PutImage do hold(g) + delay(2s) priority 1\n\
         wins: on ecr:PutImage do 1x status(503) + delay(3s)\n\
         loses: on ecr:PutImage do 1x delay(9s) + status(500)",
    );
    let decision = bench.decide(&put_image());
    let delay = |seconds| Wait::Delay(Duration::from_secs(seconds));
    assert_eq!(decision.before.waits, [Wait::Hold(Arc::from("g")), delay(2), delay(1), delay(3)]);
    let status = Status { code: Some(503), ..Status::default() };
    assert_eq!(decision.before.terminal, Some(Refusal::Status(status)));
    let hits: Vec<(&str, &str, bool)> =
        decision.hits.iter().map(|hit| (&*hit.rule, &*hit.action, hit.shadowed)).collect();
    assert_eq!(
        hits,
        [
            ("first", "hold(g) + delay(2s)", false),
            ("late", "delay(1s)", false),
            ("wins", "status(503) + delay(3s)", false),
            ("loses", "delay(9s) + status(500)", true),
        ]
    );
    // What was shadowed has kept its count.
    let decision = bench.decide(&put_image());
    let status = Status { code: Some(500), ..Status::default() };
    assert_eq!(decision.before.terminal, Some(Refusal::Status(status)));
    assert_eq!(decision.before.waits, [Wait::Hold(Arc::from("g")), delay(2), delay(9)]);
    let report = bench.rules.report();
    let loses = report.iter().find(|rule| &*rule.name == "loses").expect("the rule");
    assert_eq!((loses.matched, loses.fired, loses.shadowed), (2, 1, 1));
}

#[test]
fn a_rule_for_a_point_that_the_call_no_longer_reaches_is_shadowed() {
    let mut bench = Bench::new(
        "after: on ecr:PutImage@after do 1x delay(1s)\n\
         body: on ecr:PutImage@send.body do 1x delay(1s)\n\
         ends: on ecr:PutImage do 1x status(503) -> 1x lose_reply(eof)",
    );
    let shadowed = |decision: &Decision| -> Vec<bool> { decision.hits.iter().map(|hit| hit.shadowed).collect() };
    let first = bench.decide(&put_image());
    assert_eq!(shadowed(&first), [true, true, false]);
    assert!(first.after.is_empty() && first.body.is_empty());
    let second = bench.decide(&put_image());
    assert_eq!(shadowed(&second), [false, true, false]);
    assert_eq!(second.after.terminal, Some(ConnectionEnd::Eof));
    assert_eq!(second.after.waits, [Wait::Delay(Duration::from_secs(1))]);
    let third = bench.decide(&put_image());
    assert_eq!(shadowed(&third), [false, false, false]);
    assert_eq!(third.body.delays, [BodyDelay { at_bytes: 0, delay: Duration::from_secs(1) }]);
}

#[test]
fn actions_arrive_at_their_points() {
    let decide = |rule: &str, facts: &Facts| Bench::new(rule).decide(facts);
    let body = |rule: &str| decide(rule, &blob_get()).body.fault;
    assert_eq!(body("on oci:blob.get do reset(after_bytes=1MiB)"), Some(BodyFault::Reset { after_bytes: 1 << 20 }));
    assert_eq!(body("on oci:blob.get@send.body@4KiB do reset"), Some(BodyFault::Reset { after_bytes: 4_096 }));
    assert_eq!(body("on oci:blob.get do reset"), Some(BodyFault::Reset { after_bytes: 0 }));
    let half = BodyFault::Truncate { keep: Keep::Percent(50.0), fix_length: true };
    assert_eq!(body("on oci:blob.get do truncate(50%, fix_length=true)"), Some(half));
    let delayed = decide("on oci:blob.get@send.body@1KiB do delay(2s)", &blob_get());
    assert_eq!(delayed.body.delays, [BodyDelay { at_bytes: 1_024, delay: Duration::from_secs(2) }]);
    assert_eq!(decide("on oci:blob.get@before do reset", &blob_get()).before.terminal, Some(Refusal::Reset));
    let task = decide("on task:replication do delay(5m) + hold(g) + fail(\"X\")", &replication()).task;
    assert_eq!(task.waits, [Wait::Delay(Duration::from_mins(5)), Wait::Hold(Arc::from("g"))]);
    assert_eq!(task.terminal, Some(TaskFailure { code: Arc::from("X"), reason: None }));
    assert_eq!(decide("on task:* do pass", &put_image()), Decision::none());
    assert!(decide("on task:* do pass", &put_image()).is_empty());
}

#[test]
fn a_drawn_delay_is_within_its_range_and_repeats_with_the_seed() {
    let drawn = |seed| {
        let mut bench = Bench::new("on ecr:PutImage do delay(100ms..2s)");
        bench.seed = seed;
        (0..20).flat_map(|_| bench.decide(&put_image()).before.waits).collect::<Vec<_>>()
    };
    let in_range = |wait: &Wait| matches!(wait, Wait::Delay(delay) if (Duration::from_millis(100)..=Duration::from_secs(2)).contains(delay));
    assert!(drawn(1).iter().all(in_range));
    assert_eq!(drawn(1), drawn(1));
    assert_ne!(drawn(1), drawn(2));
}

#[test]
fn verdicts_of_chance_do_not_depend_on_the_order_of_callers() {
    let calls: Vec<Facts> = (0..200)
        .flat_map(|tag| {
            (1..=2).map(move |attempt| put_image().with(Fact::Tag, format!("t{tag}")).with(Fact::Attempt, attempt))
        })
        .collect();
    let throttled = |order: &mut dyn Iterator<Item = usize>| {
        let mut bench = Bench::new("on ecr:PutImage do 20% status(503)");
        let mut fired: Vec<usize> =
            order.filter(|call| bench.decide(&calls[*call]).before.terminal.is_some()).collect();
        fired.sort_unstable();
        fired
    };
    let forwards = throttled(&mut (0..400));
    assert_eq!(forwards, throttled(&mut (0..400).rev()));
    assert_eq!(forwards, throttled(&mut (0..400).map(|call| call * 7 % 400).filter(|call| *call < 400)));
    assert!((40..120).contains(&forwards.len()), "{}", forwards.len());
}

#[test]
fn concurrent_callers_split_a_count_exactly() {
    let rules = Mutex::new(Bench::new("on ecr:PutImage do 20x status(503)"));
    let fired: usize = std::thread::scope(|scope| {
        let call = || {
            let decide = || rules.lock().expect("no panic").decide(&put_image()).before.terminal.is_some();
            (0..10).filter(|_| decide()).count()
        };
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(call)).collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).sum()
    });
    assert_eq!(fired, 20);
}

#[test]
fn an_exact_share_holds_in_every_hundred_matches() {
    let mut bench = Bench::new("on ecr:PutImage do 5% exact status(503)");
    let fired: Vec<u32> = (0..1_000).map(|_| u32::from(bench.decide(&put_image()).before.terminal.is_some())).collect();
    assert!(fired.windows(100).all(|hundred| (4..=6).contains(&hundred.iter().sum::<u32>())));
}

#[test]
fn rules_come_by_priority_then_age_and_go_by_name_tag_or_all() {
    let mut bench =
        Bench::new("b: on ecr:PutImage do pass\non ecr:PutImage do pass tag \"t\"\nc: on ecr:* do pass priority 9");
    let names = |bench: &Bench| -> Vec<String> {
        bench.list().iter().map(|status| status.rule.name.as_deref().expect("a name").to_owned()).collect()
    };
    assert_eq!(names(&bench), ["c", "b", "rule-2"]);
    assert_eq!(&*bench.list()[2].text, "rule-2: on ecr:PutImage do pass tag \"t\"");
    bench.decide(&put_image());
    // A rule of the same name is another rule: it counts from nothing and comes last.
    bench.apply("b: on ecr:PutImage do status(503)", ApplyMode::Add);
    assert_eq!(names(&bench), ["c", "rule-2", "b"]);
    let matched: Vec<u64> = bench.list().iter().map(|status| status.matched).collect();
    assert_eq!(matched, [1, 1, 0]);
    assert_eq!(bench.rules.delete(Selection::Names(&["b".to_owned(), "none".to_owned()])), 1);
    assert_eq!(bench.rules.delete(Selection::Tag("t")), 1);
    assert_eq!(names(&bench), ["c"]);
    bench.apply("on ecr:PutImage do pass", ApplyMode::ReplaceAll);
    assert_eq!(names(&bench), ["rule-5"]);
    assert_eq!(bench.rules.delete(Selection::All), 1);
    assert!(bench.rules.is_empty());
    assert!(bench.decide(&put_image()).is_empty());
}

#[test]
fn a_fork_goes_its_own_way() {
    let mut bench = Bench::new("on ecr:PutImage do 1x status(503)");
    let mut fork = bench.rules.clone();
    assert_eq!(bench.actions(&put_image(), 2), [STATUS, "pass"]);
    let gates = OpenGates::new();
    let cx = DecideContext { now: bench.now, seed: 1, open_gates: &gates };
    assert_eq!(&*fork.decide(&put_image(), &cx).hits[0].action, STATUS);
    bench.rules.reset_counters(bench.now);
    assert_eq!(bench.actions(&put_image(), 2), [STATUS, "pass"]);
}

#[test]
fn a_world_has_a_bound_of_rules() {
    let mut bench = Bench::new("on ecr:PutImage do pass");
    let cx = DecideContext { now: bench.now, seed: 1, open_gates: &bench.gates };
    let many = rules(&"on ecr:PutImage do pass\n".repeat(MAX_RULES));
    let error = bench.rules.apply(many.clone(), ApplyMode::Add, &cx).expect_err("one too many");
    assert_eq!(error, TooManyRules(MAX_RULES + 1));
    assert_eq!(bench.rules.list(&cx).len(), 1, "nothing has changed");
    assert_eq!(RuleSet::default().apply(many, ApplyMode::Add, &cx).expect("enough room").rules.len(), MAX_RULES);
}

#[test]
fn a_rule_that_another_always_shadows_is_warned_about() {
    let mut bench = Bench::new("all: on ecr:* do status(503)");
    let warnings = bench.apply("on ecr:PutImage do 1x status(500)\non ecr:PutImage do delay(1s)", ApplyMode::Add);
    assert_eq!(warnings, ["rule `rule-2` never acts: rule `all` comes first on every call"]);
    for other in
        ["on ecr:PutImage do 1x status(503)", "on ecr:* do 5% status(503)", "on ecr:* where tag = a do status(503)"]
    {
        let mut bench = Bench::new(other);
        assert!(bench.apply("on ecr:PutImage do status(500)", ApplyMode::Add).is_empty(), "{other}");
    }
}

#[test]
fn the_report_says_what_was_not_met() {
    let mut bench = Bench::new(
        "once: on ecr:PutImage do 1x status(503) -> 1x pass -> unexpected must_fire 2..3\n\
         never: on oci:blob.get do 1x reset -> hold(b) must_fire\n\
         fine: on ecr:PutImage do until a pass priority 1",
    );
    bench.actions(&put_image(), 4);
    let report = bench.rules.report();
    let [fine, once, never] = &report[..] else { panic!("{report:?}") };
    assert_eq!((once.matched, once.fired, once.unexpected), (4, 1, 2));
    assert_eq!(once.must_fire_unmet, Some(FireRange { min: 2, max: Some(3) }));
    assert_eq!(
        once.failures(),
        [
            "rule `once` fired 1 times of 4 matches, it must fire 2 to 3",
            "rule `once` met 2 calls after the end of its plan"
        ]
    );
    assert!(never.never_matched());
    assert_eq!(never.steps_never_reached, [0, 1]);
    assert_eq!(never.failures(), ["rule `never` fired 0 times of 0 matches, it must fire at least 1"]);
    assert_eq!((fine.matched, fine.fired, fine.failures().len()), (4, 0, 0));
    let gates: Vec<String> = bench.rules.gates().iter().map(ToString::to_string).collect();
    assert_eq!(gates, ["a", "b"]);
}
