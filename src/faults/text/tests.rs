//! Tables of rules that are right, and of rules that are wrong with all that is said about them.

use crate::control::convert::faults::{matcher_from_proto, matcher_to_proto, rule_from_proto, rule_to_proto};
use crate::faults::samples::SomeOperations;
use crate::faults::{Checker, parse_matcher, parse_rules};

/// Reads a rule, prints it, and takes it to a message and back.
fn check(text: &str, canonical: &str) {
    let parsed = parse_rules(text, &SomeOperations).unwrap_or_else(|violations| panic!("{}", violations[0]));
    let rule = parsed[0].rule();
    assert_eq!(rule.to_string(), canonical, "printing {text:?}");
    let again = parse_rules(canonical, &SomeOperations).unwrap_or_else(|violations| panic!("{}", violations[0]));
    assert_eq!(again[0].rule(), rule, "reading what was printed");
    let message = rule_to_proto(rule);
    let back = rule_from_proto("rules[0]", &message).expect("a message made from a rule");
    assert_eq!(&back, rule, "through the message");
    assert_eq!(rule_to_proto(&back), message);
    let mut checker = Checker::new(&SomeOperations);
    checker.add_tree("rules[0]", back);
    assert_eq!(checker.finish().expect("a rule that was right")[0].rule().to_string(), canonical);
}

#[test]
fn a_rule_survives_text_tree_message_tree_text() {
    for (text, canonical) in RIGHT {
        check(text, if canonical.is_empty() { text } else { canonical });
    }
}

/// A text and its canonical spelling; empty: the same.
const RIGHT: &[(&str, &str)] = &[
    // What the design's examples use of it.
    (
        r#"on task:replication where dest_region = "eu-west-1" do for 10m fail("UPSTREAM_TIMEOUT") -> pass"#,
        r#"on task:replication where dest_region = "eu-west-1" do for 10m fail("UPSTREAM_TIMEOUT")"#,
    ),
    (
        r#"on upstream:blob.get where upstream = "quay.io" do 2x status(503) -> 1x truncate(50%) -> pass"#,
        r#"on upstream:blob.get where upstream = "quay.io" do 2x status(503) -> 1x truncate(50%)"#,
    ),
    ("on task:replication do hold(scan)", ""),
    (r#"on ecr:PutImage do 5% status("ThrottlingException") must_fire 30..70"#, ""),
    (
        "on oci:blob.get where size > 1MiB do 1x reset(after_bytes=1MiB) -> pass",
        "on oci:blob.get where size > 1MiB do 1x reset(after_bytes=1MiB)",
    ),
    (
        "on oci:upload.patch do 1x lose_reply(reset) -> pass must_fire",
        "on oci:upload.patch do 1x lose_reply(reset) must_fire",
    ),
    ("on ecr:* do status(503)", ""),
    ("on oci:* do reset", ""),
    ("on any:* do lose_reply", "on any:* do lose_reply(reset)"),
    // Names.
    ("a: on ecr:PutImage do pass", ""),
    ("5xx-once_2: on ecr:PutImage do 1x status(500)", ""),
    ("do: on ecr:PutImage do pass", ""),
    // Targets.
    ("on any:PutImage do status(503)", ""),
    ("on any:manifest.put do status(503)", ""),
    ("on oci:manifest.* do status(503)", ""),
    ("on ecr:?utImage do status(503)", ""),
    ("on upstream:token do status(401)", ""),
    ("on ecr:PutImage@before do delay(1s)", ""),
    ("on ecr:PutImage@after do hold(gate)", ""),
    ("on ecr:PutImage@before do reset", ""),
    ("on oci:blob.get@send.body do reset", ""),
    ("on oci:blob.get@send.body@4MiB do reset", ""),
    ("on oci:blob.get @ send.body @ 4096KiB do delay(2s)", "on oci:blob.get@send.body@4MiB do delay(2s)"),
    ("on task:replication@task.finish do fail(\"X\")", ""),
    // Predicates.
    (r"on ecr:PutImage where repository = app do pass", r#"on ecr:PutImage where repository = "app" do pass"#),
    (r#"on ecr:PutImage where repository != "team/app" do pass"#, ""),
    (
        r"on ecr:PutImage where tag in (a, 1.2, v-3) do pass",
        r#"on ecr:PutImage where tag in ("a", "1.2", "v-3") do pass"#,
    ),
    (r#"on ecr:PutImage where repository ~ "team/*" do pass"#, ""),
    (r#"on ecr:PutImage where tag =~ "^v[0-9]+$" do pass"#, ""),
    ("on ecr:PutImage where tag exists do pass", ""),
    ("on ecr:PutImage where not tag exists do pass", ""),
    ("on ecr:PutImage where not not tag exists do pass", ""),
    ("on oci:blob.get where size >= 512B and size <= 10GiB and size < 5 do pass", ""),
    ("on ecr:PutImage where attempt in (1, 2) or connection = 3 do pass", ""),
    (r#"on ecr:PutImage where size = "1MiB" do pass"#, "on ecr:PutImage where size = 1MiB do pass"),
    (
        "on ecr:PutImage where account = 123456789012 do pass",
        r#"on ecr:PutImage where account = "123456789012" do pass"#,
    ),
    (
        r#"on oci:blob.get where header.Range = "bytes=1048576-" do pass"#,
        r#"on oci:blob.get where header.range = "bytes=1048576-" do pass"#,
    ),
    ("on oci:blob.get where header.content-length > 5KiB do pass", ""),
    (
        "on ecr:PutImage where (tag exists) and ((tag = a) or tag = b) do pass",
        r#"on ecr:PutImage where tag exists and (tag = "a" or tag = "b") do pass"#,
    ),
    (
        "on ecr:PutImage where tag = a and tag = b or tag = c and not tag = d do pass",
        r#"on ecr:PutImage where tag = "a" and tag = "b" or tag = "c" and not tag = "d" do pass"#,
    ),
    (r#"on ecr:PutImage where (tag = "a" and tag = "b") and tag = "c" do pass"#, ""),
    (r#"on ecr:PutImage where (tag = "a" or tag = "b") or tag = "c" do pass"#, ""),
    (r#"on ecr:PutImage where not (tag = "a" or tag = "b") do pass"#, ""),
    (
        r#"on ecr:PutImage where digest = "sha256:0000000000000000000000000000000000000000000000000000000000000000" do pass"#,
        "",
    ),
    (r#"on ecr:PutImage where tag = "a \"b\" \\ \n \t \u{1b} ä" do pass"#, ""),
    ("on ecr:PutImage where size ~ \"1*\" do pass", ""),
    // Steps.
    ("on ecr:PutImage do for 1h30m status(503)", ""),
    ("on ecr:PutImage do for 90s status(503)", "on ecr:PutImage do for 1m30s status(503)"),
    ("on ecr:PutImage do for 1.5s status(503)", "on ecr:PutImage do for 1s500ms status(503)"),
    ("on ecr:PutImage do until go status(503)", ""),
    ("on ecr:PutImage do 0.5% status(503)", ""),
    ("on ecr:PutImage do 5% exact status(503)", ""),
    ("on ecr:PutImage do every 3 status(503)", ""),
    ("on ecr:PutImage do every 3 5% exact 2x status(503)", "on ecr:PutImage do 2x 5% exact every 3 status(503)"),
    ("on ecr:PutImage do 2x pass -> status(503)", ""),
    ("on ecr:PutImage do pass -> pass", "on ecr:PutImage do pass"),
    ("on ecr:PutImage do 2x status(503) -> pass -> pass", ""),
    ("on ecr:PutImage do 2x status(503)->1x pass->loop", "on ecr:PutImage do 2x status(503) -> 1x pass -> loop"),
    ("on ecr:PutImage do 2x status(503) -> repeat", ""),
    ("on ecr:PutImage do 2x status(503) -> unexpected", ""),
    ("on ecr:PutImage do 1x 5% pass -> pass", "on ecr:PutImage do 1x 5% pass"),
    // Actions.
    ("on ecr:PutImage do status(ThrottlingException)", r#"on ecr:PutImage do status("ThrottlingException")"#),
    (r#"on ecr:PutImage do status(503, message="x")"#, ""),
    (
        r#"on oci:blob.get do status(429, TOOMANYREQUESTS, "slow down")"#,
        r#"on oci:blob.get do status(429, "TOOMANYREQUESTS", message="slow down")"#,
    ),
    ("on ecr:PutImage do status(message=m, error=E, code=400)", r#"on ecr:PutImage do status(400, "E", message="m")"#),
    (r#"on ecr:PutImage do status("E", "m")"#, r#"on ecr:PutImage do status("E", message="m")"#),
    ("on ecr:PutImage do delay(100ms..2s)", ""),
    ("on ecr:PutImage do delay(2s..2s)", "on ecr:PutImage do delay(2s)"),
    ("on ecr:PutImage do delay(0s..1us)", ""),
    ("on ecr:PutImage do delay(1s) + hold(g) + delay(2s) + status(503)", ""),
    ("on oci:blob.get do delay(1s)+truncate(50%)", "on oci:blob.get do delay(1s) + truncate(50%)"),
    (r#"on task:replication do fail("A", "b") "#, r#"on task:replication do fail("A", reason="b")"#),
    ("on task:replication do 1x delay(5m) + fail(X)", r#"on task:replication do 1x delay(5m) + fail("X")"#),
    ("on oci:blob.get do lose_reply(eof)", ""),
    ("on oci:blob.get do lose_reply(end=eof)", "on oci:blob.get do lose_reply(eof)"),
    ("on oci:blob.get do hold(gate=g)", "on oci:blob.get do hold(g)"),
    ("on oci:blob.get do truncate(1000)", "on oci:blob.get do truncate(1000B)"),
    ("on oci:blob.get do truncate(33.3%, fix_length)", "on oci:blob.get do truncate(33.3%, fix_length=true)"),
    ("on oci:blob.get do truncate(0B, fix_length=false)", "on oci:blob.get do truncate(0B)"),
    ("on oci:blob.get do reset(1MiB)", "on oci:blob.get do reset(after_bytes=1MiB)"),
    ("on oci:blob.get do reset()", "on oci:blob.get do reset"),
    // Options.
    ("on ecr:PutImage do 1x status(503) per repository priority -5 tag \"smoke\" must_fire 3..", ""),
    (
        "on ecr:PutImage do 1x status(503) must_fire 2 tag smoke per rule priority 0",
        "on ecr:PutImage do 1x status(503) tag \"smoke\" must_fire 2",
    ),
    ("on ecr:PutImage do 1x status(503) must_fire 0..5", ""),
    ("on ecr:PutImage do 1x status(503) must_fire 1..", "on ecr:PutImage do 1x status(503) must_fire"),
    (
        "on ecr:PutImage do 1x status(503) -> pass per logical_call",
        "on ecr:PutImage do 1x status(503) per logical_call",
    ),
    // Comments.
    (r#"on ecr:PutImage where tag = "a#b" do pass # why"#, r#"on ecr:PutImage where tag = "a#b" do pass"#),
];

#[test]
fn a_matcher_survives_text_tree_message_tree_text() {
    for (text, canonical) in [
        ("oci:blob.get", ""),
        ("oci:*", ""),
        (r#"any:PutImage where status = 503 and outcome = "fault_reset""#, ""),
        ("ecr:PutImage where error = ThrottlingException", r#"ecr:PutImage where error = "ThrottlingException""#),
        (r#"oci:blob.get where status ~ "5??""#, ""),
    ] {
        let canonical = if canonical.is_empty() { text } else { canonical };
        let parsed = parse_matcher(text, &SomeOperations).unwrap_or_else(|violations| panic!("{}", violations[0]));
        assert_eq!(parsed.matcher().to_string(), canonical);
        let message = matcher_to_proto(parsed.matcher());
        let back = matcher_from_proto("matcher", &message, &SomeOperations).expect("a message made from a matcher");
        assert_eq!(back.matcher(), parsed.matcher());
    }
}

#[test]
fn a_text_holds_a_rule_a_line_and_comments() {
    let text = "# first\n\non ecr:PutImage do pass\r\n   \t# second\nb: on oci:blob.get do pass # third\n";
    let rules = parse_rules(text, &SomeOperations).expect("right rules");
    let texts: Vec<String> = rules.iter().map(|checked| checked.rule().to_string()).collect();
    assert_eq!(texts, ["on ecr:PutImage do pass", "b: on oci:blob.get do pass"]);
    assert_eq!(parse_rules("", &SomeOperations).expect("no rule").len(), 0);
}

#[test]
fn what_is_wrong_is_said_with_a_caret_under_it() {
    for (text, expected) in WRONG {
        let Err(violations) = parse_rules(text, &SomeOperations) else { panic!("{text:?} is taken for right") };
        let said: Vec<String> =
            violations.iter().map(|violation| format!("[{}] {}", violation.reason.name(), violation.message)).collect();
        assert_eq!(said.join("\n"), expected.trim_start_matches('\n'), "{text:?}");
    }
}

#[test]
fn a_violation_says_where_it_stands() {
    let text = "on ecr:PutImage do pass\non ecr:PutImage where ~ do pass";
    let violations = parse_rules(text, &SomeOperations).expect_err("a rule without a fact");
    let [violation] = &violations[..] else { panic!("{violations:?}") };
    assert_eq!((violation.path.as_str(), violation.line, violation.column), ("text", 2, 23));
    assert_eq!(violation.excerpt, "~");
    assert_eq!(violation.clone().within("script").path, "script.text");
}

#[test]
fn a_long_line_is_shown_in_part() {
    let text = format!(
        "on ecr:PutImage where tag in ({}\"x\") or tagg exists do {}",
        "a, ".repeat(90),
        "1x pass -> ".repeat(60)
    );
    let violations = parse_rules(&text, &SomeOperations).expect_err("an unknown fact");
    let lines: Vec<&str> = violations[0].message.lines().collect();
    assert_eq!(lines.len(), 3);
    assert!(lines[1].starts_with("  …") && lines[1].ends_with('…') && lines[1].chars().count() < 200, "{}", lines[1]);
    let caret = lines[2].chars().position(|letter| letter == '^').expect("a caret");
    assert_eq!(lines[1].chars().skip(caret).take(4).collect::<String>(), "tagg");
}

#[test]
fn a_matcher_is_refused_with_a_caret_too() {
    let violations = parse_matcher("oci:blob.get@before where tga exists", &SomeOperations).expect_err("unknown fact");
    let expected = "line 1, column 27: unknown fact `tga`; did you mean `tag`?\n  \
                    oci:blob.get@before where tga exists\n                            ^^^";
    assert_eq!(violations[0].message, expected);
    let violations = parse_matcher("oci:blob.get@before", &SomeOperations).expect_err("a point");
    assert_eq!(violations[0].column, 14);
    assert!(parse_matcher("oci:blob.get do pass", &SomeOperations).is_err());
    assert!(parse_matcher("", &SomeOperations).is_err());
}

#[test]
fn a_hostile_text_costs_neither_stack_nor_much_time() {
    for text in [
        format!("on ecr:PutImage where {}tag exists do pass", "(".repeat(100_000)),
        format!("on ecr:PutImage where {}tag exists do pass", "not ".repeat(100_000)),
        format!("on ecr:{} do pass", "*a".repeat(10_000)),
        format!("on {}", "x".repeat(100_000)),
        format!("on ecr:PutImage do throttle{}", "(".repeat(100_000)),
        format!("on ecr:PutImage do {}", "1x pass -> ".repeat(20_000)),
    ] {
        let violations = parse_rules(&text, &SomeOperations).expect_err("a hostile text");
        assert!(violations.iter().all(|violation| violation.message.len() < 2_000));
    }
}

/// A text, and what is said of it: a reason, a sentence, the line and carets.
const WRONG: &[(&str, &str)] = &[
    (
        "on ecr:PutImage where repositry = app do status(503)",
        r"
[UNKNOWN_FACT] line 1, column 23: unknown fact `repositry`; did you mean `repository`?
  on ecr:PutImage where repositry = app do status(503)
                        ^^^^^^^^^",
    ),
    (
        "ecr:PutImage do status(503)",
        r"
[SYNTAX] line 1, column 1: expected `on`, found `ecr`
  ecr:PutImage do status(503)
  ^^^",
    ),
    (
        "on",
        r"
[SYNTAX] line 1, column 3: expected a surface, found the end of the line
  on
    ^",
    ),
    (
        "on ecr",
        r"
[SYNTAX] line 1, column 7: expected `:` between surface and operation, found the end of the line
  on ecr
        ^",
    ),
    (
        "on ecr:",
        r"
[SYNTAX] line 1, column 8: expected the name of an operation, found the end of the line
  on ecr:
         ^",
    ),
    (
        "on ecr:PutImage",
        r"
[SYNTAX] line 1, column 16: expected `where` or `do`, found the end of the line
  on ecr:PutImage
                 ^",
    ),
    (
        "on ecr:PutImage whre tag = a do pass",
        r"
[SYNTAX] line 1, column 17: expected `where` or `do`, found `whre`; did you mean `where`?
  on ecr:PutImage whre tag = a do pass
                  ^^^^",
    ),
    (
        "on ecr:PutImage where tag = a od pass",
        r"
[SYNTAX] line 1, column 31: expected `and`, `or` or `do`, found `od`; did you mean `or`?
  on ecr:PutImage where tag = a od pass
                                ^^",
    ),
    (
        "on ecr:PutImage do",
        r"
[SYNTAX] line 1, column 19: expected an action, found the end of the line
  on ecr:PutImage do
                    ^",
    ),
    (
        "on erc:PutImage do pass",
        r"
[SYNTAX] line 1, column 4: `erc` is not a surface (ecr, oci, any, upstream, task); did you mean `ecr`?
  on erc:PutImage do pass
     ^^^",
    ),
    (
        "on token:* do pass",
        r"
[NOT_AVAILABLE] line 1, column 4: this fixture does not have the surface `token` yet
  on token:* do pass
     ^^^^^",
    ),
    (
        "on ecr:PutImge do pass",
        r"
[UNKNOWN_OPERATION] line 1, column 8: no operation of `ecr` is named `PutImge`; did you mean `PutImage`?
  on ecr:PutImge do pass
         ^^^^^^^",
    ),
    (
        "on oci:manifests.* do pass",
        r"
[UNKNOWN_OPERATION] line 1, column 8: no operation of `oci` matches `manifests.*`
  on oci:manifests.* do pass
         ^^^^^^^^^^^",
    ),
    (
        "on task:scan do hold(scan)",
        r"
[NOT_AVAILABLE] line 1, column 9: this fixture does not have the task `scan` yet
  on task:scan do hold(scan)
          ^^^^",
    ),
    (
        "on ecr:PutImage@befor do delay(1s)",
        r"
[SYNTAX] line 1, column 17: `befor` is not a point (before, after, send.body, task.finish); did you mean `before`?
  on ecr:PutImage@befor do delay(1s)
                  ^^^^^",
    ),
    (
        "on oci:upload.patch@recv.body@4MiB do 1x expire_token -> pass",
        r"
[NOT_AVAILABLE] line 1, column 21: this fixture does not have the point `recv.body` yet
  on oci:upload.patch@recv.body@4MiB do 1x expire_token -> pass
                      ^^^^^^^^^
[NOT_AVAILABLE] line 1, column 42: this fixture does not have the action `expire_token` yet
  on oci:upload.patch@recv.body@4MiB do 1x expire_token -> pass
                                           ^^^^^^^^^^^^",
    ),
    (
        "on ecr:PutImage@task.finish do delay(1s)",
        r"
[ILLEGAL_ACTION_AT_POINT] line 1, column 17: `ecr` has no point `task.finish`, only `before`, `after`, `send.body`
  on ecr:PutImage@task.finish do delay(1s)
                  ^^^^^^^^^^^",
    ),
    (
        "on ecr:PutImage@before@4MiB do delay(1s)",
        r"
[OUT_OF_RANGE] line 1, column 24: only the point `send.body` takes a byte count
  on ecr:PutImage@before@4MiB do delay(1s)
                         ^^^^",
    ),
    (
        "on oci:blob.get@send.body@4MB do reset",
        r"
[SYNTAX] line 1, column 27: `4MB` is not a number of bytes such as 512B, 64KiB, 1MiB or 2GiB
  on oci:blob.get@send.body@4MB do reset
                            ^^^",
    ),
    (
        "on oci:blob.get@send.body@4MiB do reset(after_bytes=1MiB)",
        r"
[OUT_OF_RANGE] line 1, column 35: `reset` says itself how much is sent, the point cannot say it too
  on oci:blob.get@send.body@4MiB do reset(after_bytes=1MiB)
                                    ^^^^^^^^^^^^^^^^^^^^^^^",
    ),
    (
        "on oci:blob.get@send.body@4MiB do truncate(50%)",
        r"
[OUT_OF_RANGE] line 1, column 35: `truncate` says itself how much is sent, the point cannot say it too
  on oci:blob.get@send.body@4MiB do truncate(50%)
                                    ^^^^^^^^^^^^^",
    ),
    (
        "on oci:blob.get@send.body do hold(g)",
        r"
[ILLEGAL_ACTION_AT_POINT] line 1, column 30: `hold` cannot be done to `oci` at `send.body`, only `truncate`, `reset`, `delay`
  on oci:blob.get@send.body do hold(g)
                               ^^^^^^^",
    ),
    (
        "on upstream:blob.get@after do delay(1s)",
        r"
[ILLEGAL_ACTION_AT_POINT] line 1, column 31: `delay` cannot be done to `upstream` at `after`, only `lose_reply`
  on upstream:blob.get@after do delay(1s)
                                ^^^^^^^^^",
    ),
    (
        "on ecr:PutImage where status = 503 do pass",
        r"
[RESULT_FACT] line 1, column 23: `status` is known only when a record has finished, too late for a rule
  on ecr:PutImage where status = 503 do pass
                        ^^^^^^",
    ),
    (
        "on ecr:PutImage where repository < 5 do pass",
        r"
[WRONG_TYPE] line 1, column 34: `repository` is not a number, `<` cannot compare it
  on ecr:PutImage where repository < 5 do pass
                                   ^",
    ),
    (
        "on ecr:PutImage where size > big do pass",
        r"
[WRONG_TYPE] line 1, column 30: `big` is not a number such as 3 or 1MiB
  on ecr:PutImage where size > big do pass
                               ^^^",
    ),
    (
        "on ecr:PutImage where size in (1, x, 2GB) do pass",
        r"
[WRONG_TYPE] line 1, column 35: `x` is not a number such as 3 or 1MiB
  on ecr:PutImage where size in (1, x, 2GB) do pass
                                    ^
[WRONG_TYPE] line 1, column 38: `2GB` is not a number such as 3 or 1MiB
  on ecr:PutImage where size in (1, x, 2GB) do pass
                                       ^^^",
    ),
    (
        r#"on ecr:PutImage where tag =~ "[a" do pass"#,
        r#"
[INVALID_REGEX] line 1, column 30: not a regular expression: unclosed character class
  on ecr:PutImage where tag =~ "[a" do pass
                               ^^^^"#,
    ),
    (
        r#"on ecr:PutImage where tag =~ "\\w{500}" do pass"#,
        r#"
[INVALID_REGEX] line 1, column 30: the expression takes more than 64 KiB when compiled
  on ecr:PutImage where tag =~ "\\w{500}" do pass
                               ^^^^^^^^^^"#,
    ),
    (
        "on ecr:PutImage where tag is a do pass",
        r"
[SYNTAX] line 1, column 27: expected an operator (= != in ~ =~ < <= > >= exists), found `is`; did you mean `in`?
  on ecr:PutImage where tag is a do pass
                            ^^",
    ),
    (
        "on ecr:PutImage where tag = do",
        r"
[SYNTAX] line 1, column 31: expected `and`, `or` or `do`, found the end of the line
  on ecr:PutImage where tag = do
                                ^",
    ),
    (
        "on ecr:PutImage where digest = sha256:abc do pass",
        r"
[SYNTAX] line 1, column 38: a value with `:` in it stands between quotes
  on ecr:PutImage where digest = sha256:abc do pass
                                       ^",
    ),
    (
        "on ecr:PutImage where (tag = a do pass",
        r"
[SYNTAX] line 1, column 32: expected `and`, `or` or `)`, found `do`
  on ecr:PutImage where (tag = a do pass
                                 ^^",
    ),
    (
        "on ecr:PutImage where tag in a do pass",
        r"
[SYNTAX] line 1, column 30: expected `(` and the values, found `a`
  on ecr:PutImage where tag in a do pass
                               ^",
    ),
    (
        r#"on ecr:PutImage where tag = "a do pass"#,
        r#"
[SYNTAX] line 1, column 29: the text has no closing quote
  on ecr:PutImage where tag = "a do pass
                              ^^^^^^^^^^"#,
    ),
    (
        r#"on ecr:PutImage where tag = "a\q" do pass"#,
        r#"
[SYNTAX] line 1, column 31: an escape is \", \\, \n, \r, \t or \u{…}
  on ecr:PutImage where tag = "a\q" do pass
                                ^^"#,
    ),
    (
        "on ecr:PutImage where tag = 'a' do pass",
        r#"
[SYNTAX] line 1, column 29: a text stands between double quotes (")
  on ecr:PutImage where tag = 'a' do pass
                              ^"#,
    ),
    (
        "on ecr:PutImage do status(503) & pass",
        r"
[SYNTAX] line 1, column 32: `&` has no meaning here
  on ecr:PutImage do status(503) & pass
                                 ^",
    ),
    (
        "on ecr:PutImage do stauts(503)",
        r"
[SYNTAX] line 1, column 20: `stauts` is not an action (pass, status, delay, fail, lose_reply, hold, truncate, reset); did you mean `status`?
  on ecr:PutImage do stauts(503)
                     ^^^^^^",
    ),
    (
        "on ecr:PutImage do throttle(5, 10) + corrupt(3)",
        r"
[NOT_AVAILABLE] line 1, column 20: this fixture does not have the action `throttle` yet
  on ecr:PutImage do throttle(5, 10) + corrupt(3)
                     ^^^^^^^^
[NOT_AVAILABLE] line 1, column 38: this fixture does not have the action `corrupt` yet
  on ecr:PutImage do throttle(5, 10) + corrupt(3)
                                       ^^^^^^^",
    ),
    (
        "on ecr:PutImage do status",
        r"
[OUT_OF_RANGE] line 1, column 20: `status` needs an HTTP status or the name of an error
  on ecr:PutImage do status
                     ^^^^^^",
    ),
    (
        "on ecr:PutImage do status(200)",
        r"
[OUT_OF_RANGE] line 1, column 27: 200 is not an HTTP status of an error, 400 to 599
  on ecr:PutImage do status(200)
                            ^^^",
    ),
    (
        r#"on ecr:PutImage do status(503, messag="x")"#,
        r#"
[SYNTAX] line 1, column 32: `status` has no argument `messag` (code, error, message); did you mean `message`?
  on ecr:PutImage do status(503, messag="x")
                                 ^^^^^^"#,
    ),
    (
        "on ecr:PutImage do status(503, headers=x)",
        r"
[NOT_AVAILABLE] line 1, column 32: this fixture does not have the argument `headers` yet
  on ecr:PutImage do status(503, headers=x)
                                 ^^^^^^^",
    ),
    (
        "on ecr:PutImage do status(503, 504)",
        r"
[OUT_OF_RANGE] line 1, column 32: `504` is not the name of an error
  on ecr:PutImage do status(503, 504)
                                 ^^^",
    ),
    (
        "on ecr:PutImage do status(503, code=504)",
        r"
[SYNTAX] line 1, column 37: the argument `code` is given twice
  on ecr:PutImage do status(503, code=504)
                                      ^^^",
    ),
    (
        "on ecr:PutImage do status(503, a, b, c)",
        r"
[SYNTAX] line 1, column 38: `status` takes no further argument
  on ecr:PutImage do status(503, a, b, c)
                                       ^",
    ),
    (
        "on ecr:PutImage do status(500..503)",
        r"
[SYNTAX] line 1, column 27: `status` takes no range
  on ecr:PutImage do status(500..503)
                            ^^^^^^^^",
    ),
    (
        "on ecr:PutImage do delay(2s..1s)",
        r"
[OUT_OF_RANGE] line 1, column 30: the longest delay is below the shortest
  on ecr:PutImage do delay(2s..1s)
                               ^^",
    ),
    (
        "on ecr:PutImage do delay(2)",
        r"
[SYNTAX] line 1, column 26: `2` is not a duration such as 100ms, 2s, 1h30m or 3d
  on ecr:PutImage do delay(2)
                           ^",
    ),
    (
        "on ecr:PutImage do delay",
        r"
[SYNTAX] line 1, column 20: `delay` needs a duration, e.g. `delay(2s)` or `delay(100ms..2s)`
  on ecr:PutImage do delay
                     ^^^^^",
    ),
    (
        r#"on ecr:PutImage do fail("X")"#,
        r#"
[ILLEGAL_ACTION_AT_POINT] line 1, column 20: `fail` cannot be done to `ecr`
  on ecr:PutImage do fail("X")
                     ^^^^^^^^^"#,
    ),
    (
        "on task:replication do status(503)",
        r"
[ILLEGAL_ACTION_AT_POINT] line 1, column 24: `status` cannot be done to `task`
  on task:replication do status(503)
                         ^^^^^^^^^^^",
    ),
    (
        "on task:replication do fail",
        r#"
[SYNTAX] line 1, column 24: `fail` needs a failure code, e.g. `fail("UPSTREAM_TIMEOUT")`
  on task:replication do fail
                         ^^^^"#,
    ),
    (
        "on ecr:PutImage@after do status(503)",
        r"
[ILLEGAL_ACTION_AT_POINT] line 1, column 26: `status` cannot be done to `ecr` at `after`, only `delay`, `hold`, `lose_reply`
  on ecr:PutImage@after do status(503)
                           ^^^^^^^^^^^",
    ),
    (
        "on ecr:PutImage@before do reset(after_bytes=1)",
        r"
[ILLEGAL_ACTION_AT_POINT] line 1, column 45: nothing is sent at `before`, so `reset` takes no byte count there
  on ecr:PutImage@before do reset(after_bytes=1)
                                              ^",
    ),
    (
        "on oci:blob.get do truncate(150%)",
        r"
[OUT_OF_RANGE] line 1, column 29: 150 % is not between 0 and 100
  on oci:blob.get do truncate(150%)
                              ^^^^",
    ),
    (
        "on oci:blob.get do truncate(half)",
        r"
[SYNTAX] line 1, column 29: `half` is not a size such as 512B, 64KiB, 1MiB or 2GiB
  on oci:blob.get do truncate(half)
                              ^^^^",
    ),
    (
        "on oci:blob.get do truncate",
        r"
[SYNTAX] line 1, column 20: `truncate` needs a share or a size, e.g. `truncate(50%)` or `truncate(1MiB)`
  on oci:blob.get do truncate
                     ^^^^^^^^",
    ),
    (
        "on oci:blob.get do truncate(50%, fix_length=yes)",
        r"
[SYNTAX] line 1, column 45: `fix_length` is true or false
  on oci:blob.get do truncate(50%, fix_length=yes)
                                              ^^^",
    ),
    (
        "on oci:blob.get do lose_reply(hard)",
        r"
[SYNTAX] line 1, column 31: `hard` is not an end of a connection (reset, eof)
  on oci:blob.get do lose_reply(hard)
                                ^^^^",
    ),
    (
        "on oci:blob.get do hold",
        r"
[SYNTAX] line 1, column 20: `hold` needs the name of a gate, e.g. `hold(scan)`
  on oci:blob.get do hold
                     ^^^^",
    ),
    (
        r#"on oci:blob.get do hold("a b")"#,
        r#"
[INVALID_NAME] line 1, column 25: `a b` is not a gate's name of the form [A-Za-z0-9][A-Za-z0-9_-]{0,62}
  on oci:blob.get do hold("a b")
                          ^^^^^"#,
    ),
    (
        "on ecr:PutImage do status(503) + reset",
        r"
[TWO_TERMINALS] line 1, column 34: `status` ends the call already, `reset` cannot end it again
  on ecr:PutImage do status(503) + reset
                                   ^^^^^",
    ),
    (
        "on ecr:PutImage do pass + delay(1s)",
        r"
[SYNTAX] line 1, column 25: `pass` stands alone
  on ecr:PutImage do pass + delay(1s)
                          ^",
    ),
    (
        "on ecr:PutImage do 0x status(503)",
        r"
[OUT_OF_RANGE] line 1, column 20: a step lasts for at least one match
  on ecr:PutImage do 0x status(503)
                     ^^",
    ),
    (
        "on ecr:PutImage do 2 status(503)",
        r"
[SYNTAX] line 1, column 20: `2` is neither a count (`2x`) nor a chance (`5%`)
  on ecr:PutImage do 2 status(503)
                     ^",
    ),
    (
        "on ecr:PutImage do 2x 3x status(503)",
        r"
[SYNTAX] line 1, column 23: a step has a count, a window or a gate only once
  on ecr:PutImage do 2x 3x status(503)
                        ^^",
    ),
    (
        "on ecr:PutImage do 101% status(503)",
        r"
[OUT_OF_RANGE] line 1, column 20: 101 % is not between 0 and 100
  on ecr:PutImage do 101% status(503)
                     ^^^^",
    ),
    (
        "on ecr:PutImage do exact status(503)",
        r"
[SYNTAX] line 1, column 20: `exact` is not an action (pass, status, delay, fail, lose_reply, hold, truncate, reset)
  on ecr:PutImage do exact status(503)
                     ^^^^^",
    ),
    (
        "on ecr:PutImage do every 0 status(503)",
        r"
[OUT_OF_RANGE] line 1, column 20: `every` counts from 1
  on ecr:PutImage do every 0 status(503)
                     ^^^^^^^",
    ),
    (
        "on ecr:PutImage do every few status(503)",
        r"
[SYNTAX] line 1, column 26: expected the number of matches, found `few`
  on ecr:PutImage do every few status(503)
                           ^^^",
    ),
    (
        "on ecr:PutImage do for 0s status(503)",
        r"
[OUT_OF_RANGE] line 1, column 20: a window of no length contains no call
  on ecr:PutImage do for 0s status(503)
                     ^^^^^^",
    ),
    (
        "on ecr:PutImage do for ten status(503)",
        r"
[SYNTAX] line 1, column 24: `ten` is not a duration such as 100ms, 2s, 1h30m or 3d
  on ecr:PutImage do for ten status(503)
                         ^^^",
    ),
    (
        "on ecr:PutImage do for 1ns status(503)",
        r"
[OUT_OF_RANGE] line 1, column 20: virtual time has no finer grain than a microsecond
  on ecr:PutImage do for 1ns status(503)
                     ^^^^^^^",
    ),
    (
        "on ecr:PutImage do from 10m to 20m status(503)",
        r"
[NOT_AVAILABLE] line 1, column 20: this fixture does not have the condition `from` yet
  on ecr:PutImage do from 10m to 20m status(503)
                     ^^^^",
    ),
    (
        "on ecr:PutImage do after other status(503)",
        r"
[NOT_AVAILABLE] line 1, column 20: this fixture does not have the condition `after` yet
  on ecr:PutImage do after other status(503)
                     ^^^^^",
    ),
    (
        "on ecr:PutImage do ramp linear status(503)",
        r"
[NOT_AVAILABLE] line 1, column 20: this fixture does not have the condition `ramp` yet
  on ecr:PutImage do ramp linear status(503)
                     ^^^^",
    ),
    (
        "on ecr:PutImage do status(503) -> 2x status(500)",
        r"
[UNREACHABLE_STEP] line 1, column 35: never reached: the step before it lasts for ever; give that a count (`1x`) or a window (`for 10m`)
  on ecr:PutImage do status(503) -> 2x status(500)
                                    ^^^^^^^^^^^^^^",
    ),
    (
        "on ecr:PutImage do status(503) -> loop",
        r"
[UNREACHABLE_STEP] line 1, column 35: `loop` is never reached: the last step lasts for ever
  on ecr:PutImage do status(503) -> loop
                                    ^^^^",
    ),
    (
        "on ecr:PutImage do 1x status(503) -> loop -> pass",
        r"
[SYNTAX] line 1, column 43: nothing follows the tail `loop`
  on ecr:PutImage do 1x status(503) -> loop -> pass
                                            ^^",
    ),
    (
        "on ecr:PutImage do loop",
        r"
[SYNTAX] line 1, column 20: `loop` is not an action (pass, status, delay, fail, lose_reply, hold, truncate, reset)
  on ecr:PutImage do loop
                     ^^^^",
    ),
    (
        "on ecr:PutImage do 1x status(503) -> ",
        r"
[SYNTAX] line 1, column 37: expected an action, found the end of the line
  on ecr:PutImage do 1x status(503) ->
                                      ^",
    ),
    (
        "on ecr:PutImage do 1x status(503) 2x status(500)",
        r"
[SYNTAX] line 1, column 35: expected `->`, `+` or an option (per, priority, tag, must_fire), found `2x`
  on ecr:PutImage do 1x status(503) 2x status(500)
                                    ^^",
    ),
    (
        "on ecr:PutImage do 1x status(503) per repo",
        r"
[SYNTAX] line 1, column 39: expected one of rule, connection, caller, repository, digest, upload, logical_call, found `repo`; did you mean `repository`?
  on ecr:PutImage do 1x status(503) per repo
                                        ^^^^",
    ),
    (
        "on task:replication do 1x fail(X) per connection",
        r"
[ILLEGAL_COUNTER_KEY] line 1, column 39: a task has no connection, so `per connection` cannot count by it
  on task:replication do 1x fail(X) per connection
                                        ^^^^^^^^^^",
    ),
    (
        "on ecr:PutImage do 1x status(503) priority high",
        r"
[SYNTAX] line 1, column 44: expected a whole number, found `high`
  on ecr:PutImage do 1x status(503) priority high
                                             ^^^^",
    ),
    (
        "on ecr:PutImage do 1x status(503) tag",
        r"
[SYNTAX] line 1, column 38: expected a tag, found the end of the line
  on ecr:PutImage do 1x status(503) tag
                                       ^",
    ),
    (
        r#"on ecr:PutImage do 1x status(503) tag """#,
        r#"
[OUT_OF_RANGE] line 1, column 39: a tag has at least one character
  on ecr:PutImage do 1x status(503) tag ""
                                        ^^"#,
    ),
    (
        "on ecr:PutImage do 1x status(503) must_fire 70..30",
        r"
[OUT_OF_RANGE] line 1, column 35: `must_fire` has 30 as its most and 70 as its least
  on ecr:PutImage do 1x status(503) must_fire 70..30
                                    ^^^^^^^^^^^^^^^^",
    ),
    (
        "on ecr:PutImage do 1x status(503) must_fire ..30",
        r"
[SYNTAX] line 1, column 45: expected the least of the range, which may be 0, found `..`
  on ecr:PutImage do 1x status(503) must_fire ..30
                                              ^^",
    ),
    (
        "on ecr:PutImage do 1x status(503) ttl 10m",
        r"
[NOT_AVAILABLE] line 1, column 35: this fixture does not have the option `ttl` yet
  on ecr:PutImage do 1x status(503) ttl 10m
                                    ^^^",
    ),
    (
        "on ecr:PutImage do 1x status(503) seed 5",
        r"
[NOT_AVAILABLE] line 1, column 35: this fixture does not have the option `seed` yet
  on ecr:PutImage do 1x status(503) seed 5
                                    ^^^^",
    ),
    (
        "on ecr:PutImage do 1x status(503) max_active 5",
        r"
[NOT_AVAILABLE] line 1, column 35: this fixture does not have the option `max_active` yet
  on ecr:PutImage do 1x status(503) max_active 5
                                    ^^^^^^^^^^",
    ),
    (
        "on ecr:PutImage do 1x status(503) tag a tag b",
        r"
[SYNTAX] line 1, column 41: `tag` is said twice
  on ecr:PutImage do 1x status(503) tag a tag b
                                          ^^^",
    ),
    (
        "Bad: on ecr:PutImage do pass",
        r"
[INVALID_NAME] line 1, column 1: `Bad` is not a name of the form [a-z0-9][a-z0-9_-]{0,62}
  Bad: on ecr:PutImage do pass
  ^^^",
    ),
    (
        r"a: on ecr:PutImage do pass
a: on ecr:PutImage do pass",
        r"
[DUPLICATE_NAME] line 2, column 1: another rule of the request is named `a`
  a: on ecr:PutImage do pass
  ^",
    ),
    (
        r"on ecr:PutImage do 101% status(200)
on ecr:PutImge do pass",
        r"
[OUT_OF_RANGE] line 1, column 20: 101 % is not between 0 and 100
  on ecr:PutImage do 101% status(200)
                     ^^^^
[OUT_OF_RANGE] line 1, column 32: 200 is not an HTTP status of an error, 400 to 599
  on ecr:PutImage do 101% status(200)
                                 ^^^
[UNKNOWN_OPERATION] line 2, column 8: no operation of `ecr` is named `PutImge`; did you mean `PutImage`?
  on ecr:PutImge do pass
         ^^^^^^^",
    ),
    (
        "\ton ecr:PutImage where täg = \"ä\" do\tpass",
        "[SYNTAX] line 1, column 25: `ä` has no meaning here\n  \ton ecr:PutImage where täg = \"ä\" do\tpass\n  \t                       ^",
    ),
];
