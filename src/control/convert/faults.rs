//! Rules and matchers between protobuf and the domain.
//!
//! Only shape is looked at here: absent members, enums, words. Whether a rule makes sense is checked in `faults`, so that
//! trees and text are refused alike.

use std::sync::Arc;
use std::time::Duration;

use crate::control::convert::time::duration_to_proto;
use crate::faults::points::Point;
use crate::faults::{
    Action, ApplyMode, CheckedMatcher, CheckedRule, Checker, Comparison, ConnectionEnd, CounterKey, Extent, FactName,
    FireRange, Glob, Hit, Keep, Matcher, Operations, Operator, POINTS_NOT_YET, Predicate, Reason, Rule, RuleStatus,
    SURFACES_NOT_YET, Status, Step, Tail, Target, TargetSurface, Violation, check_matcher, did_you_mean,
    not_yet_message, parse_matcher,
};
use crate::proto;

/// Reads the rules of a request, trees first, then text; or everything that is wrong with them.
pub fn rules_from_proto(
    request: &proto::ApplyRulesRequest,
    operations: &dyn Operations,
) -> Result<Vec<CheckedRule>, Vec<Violation>> {
    rules_from_parts("", &request.rules, &request.text, operations)
}

/// [`rules_from_proto`] for any message that has `rules` and `text` at the field path `prefix`.
pub fn rules_from_parts(
    prefix: &str,
    rules: &[proto::Rule],
    text: &str,
    operations: &dyn Operations,
) -> Result<Vec<CheckedRule>, Vec<Violation>> {
    let mut checker = Checker::new(operations);
    for (position, rule) in rules.iter().enumerate() {
        let path = format!("rules[{position}]");
        match rule_from_proto(&path, rule) {
            Ok(rule) => checker.add_tree(&path, rule),
            Err(violations) => checker.refuse(violations),
        }
    }
    checker.add_text("text", text);
    let within =
        |violations: Vec<Violation>| violations.into_iter().map(|violation| violation.within(prefix)).collect();
    checker.finish().map_err(within)
}

/// Reads the mode of a request; a number that is no mode is refused.
pub fn apply_mode_from_proto(request: &proto::ApplyRulesRequest) -> Result<ApplyMode, Violation> {
    match proto::ApplyRulesMode::try_from(request.mode) {
        Ok(proto::ApplyRulesMode::Unspecified | proto::ApplyRulesMode::Add) => Ok(ApplyMode::Add),
        Ok(proto::ApplyRulesMode::ReplaceAll) => Ok(ApplyMode::ReplaceAll),
        Err(_) => Err(unknown_number("mode", request.mode)),
    }
}

/// Reads and checks a matcher, given as text or as tree, that stands at the field path `path`.
pub fn matcher_from_proto(
    path: &str,
    matcher: &proto::Matcher,
    operations: &dyn Operations,
) -> Result<CheckedMatcher, Vec<Violation>> {
    let has_tree = matcher.target.is_some() || matcher.r#where.is_some();
    if !matcher.text.is_empty() && has_tree {
        let message = "a matcher is given as text or as tree, not as both";
        return Err(vec![Violation::new(format!("{path}.text"), Reason::Syntax, message)]);
    }
    if !matcher.text.is_empty() {
        return parse_matcher(&matcher.text, operations)
            .map_err(|violations| violations.into_iter().map(|violation| violation.within(path)).collect());
    }
    let mut reader = Reader::default();
    let target = reader.target(&format!("{path}.target"), matcher.target.as_ref());
    let where_ = reader.optional_predicate(&format!("{path}.where"), matcher.r#where.as_ref());
    match (target, where_) {
        (Some(target), Some(where_)) if reader.violations.is_empty() => {
            check_matcher(path, Matcher { target, where_ }, operations)
        }
        _ => Err(reader.violations),
    }
}

/// Reads a rule that stands at the field path `path`, without checking that it makes sense.
pub fn rule_from_proto(path: &str, rule: &proto::Rule) -> Result<Rule, Vec<Violation>> {
    let mut reader = Reader::default();
    let target = reader.target(&format!("{path}.target"), rule.target.as_ref());
    let where_ = reader.optional_predicate(&format!("{path}.where"), rule.r#where.as_ref());
    let mut steps = Vec::with_capacity(rule.steps.len());
    for (position, step) in rule.steps.iter().enumerate() {
        steps.extend(reader.step(&format!("{path}.steps[{position}]"), step));
    }
    let tail = reader.tail(&format!("{path}.tail"), rule.tail);
    let per = reader.counter_key(&format!("{path}.per"), rule.per);
    match (target, where_) {
        (Some(target), Some(where_)) if reader.violations.is_empty() => Ok(Rule {
            name: text_from_proto(&rule.name),
            target,
            where_,
            steps,
            tail,
            per,
            priority: rule.priority.unwrap_or(0),
            tag: text_from_proto(&rule.tag),
            must_fire: rule.must_fire.map(|range| FireRange { min: range.min.unwrap_or(1), max: range.max }),
        }),
        _ => Err(reader.violations),
    }
}

/// An empty text stands for none.
fn text_from_proto(text: &str) -> Option<Arc<str>> {
    (!text.is_empty()).then(|| Arc::from(text))
}

fn unknown_number(path: &str, number: i32) -> Violation {
    Violation::new(path, Reason::OutOfRange, format!("{number} is no value of this enum"))
}

/// Collects violations while a message is read.
#[derive(Default)]
struct Reader {
    violations: Vec<Violation>,
}

impl Reader {
    fn refuse(&mut self, path: impl Into<String>, reason: Reason, message: impl Into<String>) {
        self.violations.push(Violation::new(path, reason, message));
    }

    fn target(&mut self, path: &str, target: Option<&proto::Target>) -> Option<Target> {
        let Some(target) = target else {
            self.refuse(path, Reason::MissingField, "a target is needed");
            return None;
        };
        let surface = self.surface(&format!("{path}.surface"), &target.surface);
        let point = self.point(&format!("{path}.point"), &target.point);
        let operation = Glob::new(&target.operation);
        Some(Target { surface: surface?, operation, point, at_bytes: target.at_bytes })
    }

    fn surface(&mut self, path: &str, name: &str) -> Option<TargetSurface> {
        let surface = TargetSurface::from_name(name);
        if surface.is_none() {
            let words = TargetSurface::ALL.map(TargetSurface::as_str);
            if SURFACES_NOT_YET.contains(&name) {
                self.refuse(path, Reason::NotAvailable, not_yet_message("the surface", name));
            } else {
                let hint = did_you_mean(name, words);
                self.refuse(path, Reason::Syntax, format!("`{name}` is not a surface ({}){hint}", words.join(", ")));
            }
        }
        surface
    }

    fn point(&mut self, path: &str, name: &str) -> Option<Point> {
        let point = Point::from_name(name);
        if point.is_none() && !name.is_empty() {
            let words = Point::ALL.map(Point::as_str);
            if POINTS_NOT_YET.contains(&name) {
                self.refuse(path, Reason::NotAvailable, not_yet_message("the point", name));
            } else {
                let hint = did_you_mean(name, words);
                self.refuse(path, Reason::Syntax, format!("`{name}` is not a point ({}){hint}", words.join(", ")));
            }
        }
        point
    }

    /// The outer absence means that something is wrong.
    fn optional_predicate(&mut self, path: &str, predicate: Option<&proto::Predicate>) -> Option<Option<Predicate>> {
        match predicate {
            None => Some(None),
            Some(predicate) => self.predicate(path, predicate).map(Some),
        }
    }

    fn predicate(&mut self, path: &str, predicate: &proto::Predicate) -> Option<Predicate> {
        use proto::predicate::Form;
        match &predicate.form {
            None => {
                self.refuse(path, Reason::MissingField, "a predicate is one of all, any, not, comparison");
                None
            }
            Some(Form::All(list)) => self.predicates(&format!("{path}.all"), list).map(Predicate::All),
            Some(Form::Any(list)) => self.predicates(&format!("{path}.any"), list).map(Predicate::Any),
            Some(Form::Not(inner)) => {
                self.predicate(&format!("{path}.not"), inner).map(|inner| Predicate::Not(Box::new(inner)))
            }
            Some(Form::Comparison(comparison)) => {
                self.comparison(&format!("{path}.comparison"), comparison).map(Predicate::Comparison)
            }
        }
    }

    fn predicates(&mut self, path: &str, list: &proto::PredicateList) -> Option<Vec<Predicate>> {
        let read: Vec<Option<Predicate>> = list
            .items
            .iter()
            .enumerate()
            .map(|(position, item)| self.predicate(&format!("{path}.items[{position}]"), item))
            .collect();
        read.into_iter().collect()
    }

    fn comparison(&mut self, path: &str, comparison: &proto::Comparison) -> Option<Comparison> {
        let fact = FactName::parse(&comparison.fact)
            .map_err(|unknown| self.refuse(format!("{path}.fact"), Reason::UnknownFact, unknown.to_string()));
        let operator = match proto::Operator::try_from(comparison.operator) {
            Ok(proto::Operator::Equal) => Some(Operator::Equal),
            Ok(proto::Operator::NotEqual) => Some(Operator::NotEqual),
            Ok(proto::Operator::In) => Some(Operator::In),
            Ok(proto::Operator::Glob) => Some(Operator::Glob),
            Ok(proto::Operator::Regex) => Some(Operator::Regex),
            Ok(proto::Operator::Less) => Some(Operator::Less),
            Ok(proto::Operator::LessOrEqual) => Some(Operator::LessOrEqual),
            Ok(proto::Operator::Greater) => Some(Operator::Greater),
            Ok(proto::Operator::GreaterOrEqual) => Some(Operator::GreaterOrEqual),
            Ok(proto::Operator::Exists) => Some(Operator::Exists),
            Ok(proto::Operator::Unspecified) => {
                self.refuse(format!("{path}.operator"), Reason::MissingField, "an operator is needed");
                None
            }
            Err(_) => {
                self.violations.push(unknown_number(&format!("{path}.operator"), comparison.operator));
                None
            }
        };
        let values = comparison.values.iter().map(|value| Arc::from(value.as_str())).collect();
        Some(Comparison { fact: fact.ok()?, operator: operator?, values })
    }

    fn step(&mut self, path: &str, step: &proto::Step) -> Option<Step> {
        use proto::step::Extent as ProtoExtent;
        let extent = match &step.extent {
            None => Some(Extent::Forever),
            Some(ProtoExtent::Count(count)) => Some(Extent::Count(*count)),
            Some(ProtoExtent::Window(window)) => self.duration(&format!("{path}.window"), window).map(Extent::Window),
            Some(ProtoExtent::UntilGate(gate)) => Some(Extent::UntilGate(Arc::from(gate.as_str()))),
        };
        let actions: Vec<Option<Action>> = step
            .actions
            .iter()
            .enumerate()
            .map(|(position, action)| self.action(&format!("{path}.actions[{position}]"), action))
            .collect();
        Some(Step {
            extent: extent?,
            percent: step.percent.map(unsigned_zero),
            exact: step.exact,
            every: step.every,
            actions: actions.into_iter().collect::<Option<_>>()?,
        })
    }

    fn tail(&mut self, path: &str, tail: i32) -> Tail {
        match proto::Tail::try_from(tail) {
            Ok(proto::Tail::Unspecified | proto::Tail::Pass) => Tail::Pass,
            Ok(proto::Tail::Repeat) => Tail::Repeat,
            Ok(proto::Tail::Loop) => Tail::Loop,
            Ok(proto::Tail::Unexpected) => Tail::Unexpected,
            Err(_) => {
                self.violations.push(unknown_number(path, tail));
                Tail::Pass
            }
        }
    }

    fn counter_key(&mut self, path: &str, per: i32) -> CounterKey {
        match proto::CounterKey::try_from(per) {
            Ok(proto::CounterKey::Unspecified | proto::CounterKey::Rule) => CounterKey::Rule,
            Ok(proto::CounterKey::Connection) => CounterKey::Connection,
            Ok(proto::CounterKey::Caller) => CounterKey::Caller,
            Ok(proto::CounterKey::Repository) => CounterKey::Repository,
            Ok(proto::CounterKey::Digest) => CounterKey::Digest,
            Ok(proto::CounterKey::Upload) => CounterKey::Upload,
            Ok(proto::CounterKey::LogicalCall) => CounterKey::LogicalCall,
            Err(_) => {
                self.violations.push(unknown_number(path, per));
                CounterKey::Rule
            }
        }
    }

    fn duration(&mut self, path: &str, duration: &prost_types::Duration) -> Option<Duration> {
        let read = Duration::try_from(*duration).ok();
        if read.is_none() {
            self.refuse(path, Reason::OutOfRange, "a duration is not negative");
        }
        read
    }

    fn action(&mut self, path: &str, action: &proto::Action) -> Option<Action> {
        use proto::action::Kind;
        let Some(kind) = &action.kind else {
            let message = "an action is one of status, delay, fail, lose_reply, hold, truncate, reset";
            self.refuse(path, Reason::MissingField, message);
            return None;
        };
        match kind {
            Kind::Status(status) => self.status(&format!("{path}.status"), status),
            Kind::Delay(delay) => self.delay(&format!("{path}.delay"), delay),
            Kind::Fail(fail) => {
                Some(Action::Fail { code: Arc::from(fail.code.as_str()), reason: text_from_proto(&fail.reason) })
            }
            Kind::LoseReply(lose_reply) => self.lose_reply(&format!("{path}.lose_reply.end"), *lose_reply),
            Kind::Hold(hold) => Some(Action::Hold { gate: Arc::from(hold.gate.as_str()) }),
            Kind::Truncate(truncate) => self.truncate(&format!("{path}.truncate"), truncate),
            Kind::Reset(reset) => Some(Action::Reset { after_bytes: reset.after_bytes }),
        }
    }

    fn status(&mut self, path: &str, status: &proto::StatusAction) -> Option<Action> {
        let Ok(code) = status.code.map(u16::try_from).transpose() else {
            self.refuse(format!("{path}.code"), Reason::OutOfRange, "not an HTTP status of an error, 400 to 599");
            return None;
        };
        let (error, message) = (text_from_proto(&status.error), text_from_proto(&status.message));
        Some(Action::Status(Status { code, error, message }))
    }

    fn delay(&mut self, path: &str, delay: &proto::DelayAction) -> Option<Action> {
        let Some(min) = &delay.min else {
            self.refuse(format!("{path}.min"), Reason::MissingField, "a delay has a duration");
            return None;
        };
        let min = self.duration(&format!("{path}.min"), min);
        let max = delay.max.as_ref().map_or(min, |max| self.duration(&format!("{path}.max"), max));
        Some(Action::Delay { min: min?, max: max? })
    }

    fn lose_reply(&mut self, path: &str, lose_reply: proto::LoseReplyAction) -> Option<Action> {
        let end = match proto::ConnectionEnd::try_from(lose_reply.end) {
            Ok(proto::ConnectionEnd::Unspecified | proto::ConnectionEnd::Reset) => ConnectionEnd::Reset,
            Ok(proto::ConnectionEnd::Eof) => ConnectionEnd::Eof,
            Err(_) => {
                self.violations.push(unknown_number(path, lose_reply.end));
                return None;
            }
        };
        Some(Action::LoseReply { end })
    }

    fn truncate(&mut self, path: &str, truncate: &proto::TruncateAction) -> Option<Action> {
        let keep = match truncate.keep {
            Some(proto::truncate_action::Keep::Percent(percent)) => Keep::Percent(unsigned_zero(percent)),
            Some(proto::truncate_action::Keep::Bytes(bytes)) => Keep::Bytes(bytes),
            None => {
                self.refuse(path, Reason::MissingField, "a truncation has a percentage or a number of bytes");
                return None;
            }
        };
        Some(Action::Truncate { keep, fix_length: truncate.fix_length })
    }
}

/// Minus zero is zero, which the text form can spell.
fn unsigned_zero(percent: f64) -> f64 {
    percent + 0.0
}

/// A rule as its message.
pub fn rule_to_proto(rule: &Rule) -> proto::Rule {
    proto::Rule {
        name: text_to_proto(rule.name.as_ref()),
        target: Some(target_to_proto(&rule.target)),
        r#where: rule.where_.as_ref().map(predicate_to_proto),
        steps: rule.steps.iter().map(step_to_proto).collect(),
        tail: tail_to_proto(rule.tail).into(),
        per: counter_key_to_proto(rule.per).into(),
        priority: (rule.priority != 0).then_some(rule.priority),
        tag: text_to_proto(rule.tag.as_ref()),
        must_fire: rule.must_fire.map(|range| proto::Range { min: Some(range.min), max: range.max }),
    }
}

/// A rule and its counters as their message.
pub fn rule_status_to_proto(status: &RuleStatus) -> proto::RuleStatus {
    proto::RuleStatus {
        rule: Some(rule_to_proto(&status.rule)),
        text: status.text.to_string(),
        matched: status.matched,
        fired: status.fired,
        step: status.step,
    }
}

/// What a rule did to a record as its message.
pub fn hit_to_proto(hit: &Hit) -> proto::Decision {
    proto::Decision {
        rule: hit.rule.to_string(),
        step: hit.step,
        action: hit.action.to_string(),
        shadowed: hit.shadowed,
    }
}

/// A matcher as its message, in the form of a tree.
pub fn matcher_to_proto(matcher: &Matcher) -> proto::Matcher {
    proto::Matcher {
        text: String::new(),
        target: Some(target_to_proto(&matcher.target)),
        r#where: matcher.where_.as_ref().map(predicate_to_proto),
    }
}

fn text_to_proto(text: Option<&Arc<str>>) -> String {
    text.map(ToString::to_string).unwrap_or_default()
}

fn target_to_proto(target: &Target) -> proto::Target {
    proto::Target {
        surface: target.surface.as_str().to_owned(),
        operation: target.operation.as_str().to_owned(),
        point: target.point.map(Point::as_str).unwrap_or_default().to_owned(),
        at_bytes: target.at_bytes,
    }
}

fn predicate_to_proto(predicate: &Predicate) -> proto::Predicate {
    use proto::predicate::Form;
    let list = |items: &[Predicate]| proto::PredicateList { items: items.iter().map(predicate_to_proto).collect() };
    let form = match predicate {
        Predicate::All(items) => Form::All(list(items)),
        Predicate::Any(items) => Form::Any(list(items)),
        Predicate::Not(inner) => Form::Not(Box::new(predicate_to_proto(inner))),
        Predicate::Comparison(comparison) => Form::Comparison(proto::Comparison {
            fact: comparison.fact.to_string(),
            operator: operator_to_proto(comparison.operator).into(),
            values: comparison.values.iter().map(ToString::to_string).collect(),
        }),
    };
    proto::Predicate { form: Some(form) }
}

fn operator_to_proto(operator: Operator) -> proto::Operator {
    match operator {
        Operator::Equal => proto::Operator::Equal,
        Operator::NotEqual => proto::Operator::NotEqual,
        Operator::In => proto::Operator::In,
        Operator::Glob => proto::Operator::Glob,
        Operator::Regex => proto::Operator::Regex,
        Operator::Less => proto::Operator::Less,
        Operator::LessOrEqual => proto::Operator::LessOrEqual,
        Operator::Greater => proto::Operator::Greater,
        Operator::GreaterOrEqual => proto::Operator::GreaterOrEqual,
        Operator::Exists => proto::Operator::Exists,
    }
}

fn step_to_proto(step: &Step) -> proto::Step {
    use proto::step::Extent as ProtoExtent;
    proto::Step {
        extent: match &step.extent {
            Extent::Forever => None,
            Extent::Count(count) => Some(ProtoExtent::Count(*count)),
            Extent::Window(window) => Some(ProtoExtent::Window(duration_to_proto(*window))),
            Extent::UntilGate(gate) => Some(ProtoExtent::UntilGate(gate.to_string())),
        },
        percent: step.percent,
        exact: step.exact,
        every: step.every,
        actions: step.actions.iter().map(action_to_proto).collect(),
    }
}

fn tail_to_proto(tail: Tail) -> proto::Tail {
    match tail {
        Tail::Pass => proto::Tail::Pass,
        Tail::Repeat => proto::Tail::Repeat,
        Tail::Loop => proto::Tail::Loop,
        Tail::Unexpected => proto::Tail::Unexpected,
    }
}

fn counter_key_to_proto(key: CounterKey) -> proto::CounterKey {
    match key {
        CounterKey::Rule => proto::CounterKey::Rule,
        CounterKey::Connection => proto::CounterKey::Connection,
        CounterKey::Caller => proto::CounterKey::Caller,
        CounterKey::Repository => proto::CounterKey::Repository,
        CounterKey::Digest => proto::CounterKey::Digest,
        CounterKey::Upload => proto::CounterKey::Upload,
        CounterKey::LogicalCall => proto::CounterKey::LogicalCall,
    }
}

fn action_to_proto(action: &Action) -> proto::Action {
    use proto::action::Kind;
    let kind = match action {
        Action::Status(status) => Kind::Status(proto::StatusAction {
            code: status.code.map(u32::from),
            error: text_to_proto(status.error.as_ref()),
            message: text_to_proto(status.message.as_ref()),
        }),
        Action::Delay { min, max } => Kind::Delay(proto::DelayAction {
            min: Some(duration_to_proto(*min)),
            max: (max != min).then(|| duration_to_proto(*max)),
        }),
        Action::Fail { code, reason } => {
            Kind::Fail(proto::FailAction { code: code.to_string(), reason: text_to_proto(reason.as_ref()) })
        }
        Action::LoseReply { end } => {
            let end = match end {
                ConnectionEnd::Reset => proto::ConnectionEnd::Reset,
                ConnectionEnd::Eof => proto::ConnectionEnd::Eof,
            };
            Kind::LoseReply(proto::LoseReplyAction { end: end.into() })
        }
        Action::Hold { gate } => Kind::Hold(proto::HoldAction { gate: gate.to_string() }),
        Action::Truncate { keep, fix_length } => {
            let keep = match keep {
                Keep::Percent(percent) => proto::truncate_action::Keep::Percent(*percent),
                Keep::Bytes(bytes) => proto::truncate_action::Keep::Bytes(*bytes),
            };
            Kind::Truncate(proto::TruncateAction { keep: Some(keep), fix_length: *fix_length })
        }
        Action::Reset { after_bytes } => Kind::Reset(proto::ResetAction { after_bytes: *after_bytes }),
    };
    proto::Action { kind: Some(kind) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::samples::SomeOperations;

    fn rule(text: &str) -> proto::Rule {
        rule_to_proto(crate::faults::samples::rules(text)[0].rule())
    }

    /// What is said of a request whose second rule is right but for one change.
    #[track_caller]
    fn check(text: &str, change: impl FnOnce(&mut proto::Rule), expected: &[&str]) {
        let mut changed = rule(text);
        change(&mut changed);
        let request = proto::ApplyRulesRequest {
            rules: vec![rule("on ecr:PutImage do pass"), changed],
            ..proto::ApplyRulesRequest::default()
        };
        let violations = rules_from_proto(&request, &SomeOperations).expect_err("something is wrong");
        let said: Vec<String> =
            violations.iter().map(|violation| format!("{} [{}]", violation, violation.reason.name())).collect();
        assert_eq!(said, expected);
    }

    fn first_action(rule: &mut proto::Rule) -> &mut Option<proto::action::Kind> {
        &mut rule.steps[0].actions[0].kind
    }

    #[test]
    fn what_is_wrong_with_a_tree_is_said_with_its_field_path() {
        let text = "on oci:blob.get where not (tag = a or tag = b) do 2x truncate(50%) -> 5% status(503)";
        check(text, |rule| rule.target = None, &["rules[1].target: a target is needed [MISSING_FIELD]"]);
        check(
            text,
            |rule| {
                if let Some(proto::action::Kind::Truncate(truncate)) = first_action(rule) {
                    truncate.keep = Some(proto::truncate_action::Keep::Percent(150.0));
                }
                rule.steps[1].percent = Some(f64::NAN);
            },
            &[
                "rules[1].steps[0].actions[0].truncate.percent: 150 % is not between 0 and 100 [OUT_OF_RANGE]",
                "rules[1].steps[1].percent: NaN % is not between 0 and 100 [OUT_OF_RANGE]",
            ],
        );
        check(
            text,
            |rule| {
                *first_action(rule) = None;
                rule.tail = 9;
                rule.per = -1;
            },
            &[
                "rules[1].steps[0].actions[0]: an action is one of status, delay, fail, lose_reply, hold, truncate, reset \
                 [MISSING_FIELD]",
                "rules[1].tail: 9 is no value of this enum [OUT_OF_RANGE]",
                "rules[1].per: -1 is no value of this enum [OUT_OF_RANGE]",
            ],
        );
        check(text, |rule| rule.steps.clear(), &["rules[1].steps: a plan has at least one step [EMPTY_PLAN]"]);
        check(
            text,
            |rule| {
                rule.steps[0].extent =
                    Some(proto::step::Extent::Window(prost_types::Duration { seconds: -1, nanos: 0 }));
            },
            &["rules[1].steps[0].window: a duration is not negative [OUT_OF_RANGE]"],
        );
        check(
            text,
            |rule| {
                if let Some(target) = &mut rule.target {
                    target.surface = "token".to_owned();
                    target.point = "befor".to_owned();
                }
            },
            &[
                "rules[1].target.surface: this fixture does not have the surface `token` yet [NOT_AVAILABLE]",
                "rules[1].target.point: `befor` is not a point (before, after, send.body, task.finish); did you mean \
                 `before`? [SYNTAX]",
            ],
        );
    }

    #[test]
    fn what_is_wrong_with_a_predicate_is_said_with_its_field_path() {
        let text = "on oci:blob.get where not (tag = a or tag = b) do pass";
        let comparison = |fact: &str, operator: proto::Operator, values: &[&str]| proto::Predicate {
            form: Some(proto::predicate::Form::Comparison(proto::Comparison {
                fact: fact.to_owned(),
                operator: operator.into(),
                values: values.iter().map(ToString::to_string).collect(),
            })),
        };
        let all = |items: Vec<proto::Predicate>| proto::Predicate {
            form: Some(proto::predicate::Form::All(proto::PredicateList { items })),
        };
        let not =
            |inner: proto::Predicate| proto::Predicate { form: Some(proto::predicate::Form::Not(Box::new(inner))) };
        check(
            text,
            |rule| {
                rule.r#where = Some(all(vec![
                    comparison("tag", proto::Operator::Equal, &["a"]),
                    not(comparison("repositry", proto::Operator::Unspecified, &[])),
                    proto::Predicate { form: None },
                ]));
            },
            &[
                "rules[1].where.all.items[1].not.comparison.fact: unknown fact `repositry`; did you mean `repository`? \
                 [UNKNOWN_FACT]",
                "rules[1].where.all.items[1].not.comparison.operator: an operator is needed [MISSING_FIELD]",
                "rules[1].where.all.items[2]: a predicate is one of all, any, not, comparison [MISSING_FIELD]",
            ],
        );
        check(
            text,
            |rule| {
                rule.r#where = Some(all(vec![all(vec![
                    comparison("tag", proto::Operator::Equal, &["a", "b"]),
                    comparison("tag", proto::Operator::Exists, &["a"]),
                    comparison("tag", proto::Operator::In, &[]),
                    comparison("size", proto::Operator::In, &["1", "x"]),
                ])]));
            },
            &[
                "rules[1].where.all.items: `all` takes two predicates or more [OUT_OF_RANGE]",
                "rules[1].where.all.items[0].all.items[0].comparison.values: `=` takes one value, not 2 [WRONG_TYPE]",
                "rules[1].where.all.items[0].all.items[1].comparison.values: `exists` takes no value, not 1 [WRONG_TYPE]",
                "rules[1].where.all.items[0].all.items[2].comparison.values: `in` takes one value or more, not 0 \
                 [WRONG_TYPE]",
                "rules[1].where.all.items[0].all.items[3].comparison.values[1]: `x` is not a number such as 3 or 1MiB \
                 [WRONG_TYPE]",
            ],
        );
        let deep = (0..70).fold(comparison("tag", proto::Operator::Exists, &[]), |inner, _| not(inner));
        check(
            text,
            |rule| rule.r#where = Some(deep),
            &["rules[1].where: more than 64 predicates lie within each other [OUT_OF_RANGE]"],
        );
    }

    #[test]
    fn trees_and_text_of_one_request_are_refused_together() {
        let request = proto::ApplyRulesRequest {
            rules: vec![rule("a: on ecr:PutImage do pass"), proto::Rule::default()],
            text: "a: on ecr:PutImage do pass\non ecr:PutImge do pass".to_owned(),
            ..proto::ApplyRulesRequest::default()
        };
        let violations = rules_from_proto(&request, &SomeOperations).expect_err("three things are wrong");
        let places: Vec<(&str, u32, Reason)> =
            violations.iter().map(|violation| (violation.path.as_str(), violation.line, violation.reason)).collect();
        assert_eq!(
            places,
            [
                ("rules[1].target", 0, Reason::MissingField),
                ("text", 1, Reason::DuplicateName),
                ("text", 2, Reason::UnknownOperation)
            ]
        );
        let nested = rules_from_parts("script", &[], "on", &SomeOperations).expect_err("no target");
        assert_eq!(nested[0].path, "script.text");
    }

    #[test]
    fn absent_members_have_their_defaults() {
        let mut message = rule("on ecr:PutImage do 1x delay(2s) must_fire");
        message.must_fire = Some(proto::Range { min: None, max: None });
        let rule = rule_from_proto("rules[0]", &message).expect("a right rule");
        assert_eq!(rule.must_fire, Some(FireRange::AT_LEAST_ONCE));
        assert_eq!(rule.steps[0].actions, [Action::Delay { min: Duration::from_secs(2), max: Duration::from_secs(2) }]);
        assert_eq!((rule.tail, rule.per, rule.priority, rule.name), (Tail::Pass, CounterKey::Rule, 0, None));
        let mode =
            |mode| apply_mode_from_proto(&proto::ApplyRulesRequest { mode, ..proto::ApplyRulesRequest::default() });
        assert_eq!(mode(0), Ok(ApplyMode::Add));
        assert_eq!(mode(2), Ok(ApplyMode::ReplaceAll));
        assert!(mode(7).is_err());
    }

    #[test]
    fn a_matcher_is_text_or_tree() {
        let text = proto::Matcher { text: "oci:* where status = 403".to_owned(), ..proto::Matcher::default() };
        let read = matcher_from_proto("matcher", &text, &SomeOperations).expect("a right matcher");
        let tree = matcher_to_proto(read.matcher());
        let again = matcher_from_proto("matcher", &tree, &SomeOperations).expect("a right matcher");
        assert_eq!(again.matcher(), read.matcher());
        let wrong = |matcher: proto::Matcher| {
            matcher_from_proto("expectations[0].matcher", &matcher, &SomeOperations).expect_err("wrong")[0].path.clone()
        };
        assert_eq!(wrong(proto::Matcher { text: "oci:x".to_owned(), ..tree }), "expectations[0].matcher.text");
        assert_eq!(wrong(proto::Matcher::default()), "expectations[0].matcher.target");
        assert_eq!(
            wrong(proto::Matcher { text: "oci".to_owned(), ..proto::Matcher::default() }),
            "expectations[0].matcher.text"
        );
    }
}
