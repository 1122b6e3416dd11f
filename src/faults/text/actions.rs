//! Reads actions and their arguments.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use crate::faults::nearest::did_you_mean;
use crate::faults::points::ActionKind;
use crate::faults::tree::{Action, ConnectionEnd, Keep, Status};
use crate::faults::violation::Reason;
use crate::faults::vocabulary::{ACTIONS_NOT_YET, not_yet_message};

use super::lexer::{Kind, Span, Token};
use super::parser::{Parsed, Parser, Stop};
use super::units::{parse_duration, parse_percent, parse_size};

/// `value`, `low..high` or `name=value`.
struct Argument<'a> {
    name: Option<Token<'a>>,
    value: Token<'a>,
    upper: Option<Token<'a>>,
}

/// Arguments of one action by name.
struct Arguments<'a> {
    action: ActionKind,
    span: Span,
    path: String,
    found: Vec<(&'static str, Argument<'a>)>,
}

/// Arguments that the full grammar has and this fixture does not.
const ARGUMENTS_NOT_YET: [&str; 2] = ["headers", "h2_code"];

impl<'a> Parser<'a> {
    /// Reads one action; absent if it is not there or not yet, which is noted.
    pub(super) fn action(&mut self, path: &str) -> Parsed<Option<Action>> {
        if self.peek().kind != Kind::Atom {
            return Err(self.expected("an action", &[]));
        }
        let token = self.next();
        let Some(kind) = ActionKind::from_name(&token.text) else {
            self.unknown_action(&token)?;
            return Ok(None);
        };
        let arguments = if self.peek().kind == Kind::Open { self.arguments()? } else { Vec::new() };
        let span = self.since(token.span);
        self.mark(path, span);
        let mut arguments = self.bind(kind, arguments, span, path)?;
        self.build(&mut arguments).map(Some)
    }

    fn unknown_action(&mut self, token: &Token<'_>) -> Parsed<()> {
        if ACTIONS_NOT_YET.contains(&&*token.text) {
            self.remark(token.span, Reason::NotAvailable, not_yet_message("the action", &token.text));
            self.skip_arguments();
            return Ok(());
        }
        let words = ActionKind::ALL.map(ActionKind::as_str);
        let all_words = words.iter().chain(&["pass"]).chain(ACTIONS_NOT_YET).copied();
        let hint = did_you_mean(&token.text, all_words);
        let message = format!("`{}` is not an action (pass, {}){hint}", token.text, words.join(", "));
        Err(self.stop(token.span, Reason::Syntax, message))
    }

    /// Passes over what stands between parentheses, so that the rest of the line can be read.
    fn skip_arguments(&mut self) {
        if self.peek().kind != Kind::Open {
            return;
        }
        let mut depth = 0_usize;
        while self.peek().kind != Kind::End {
            match self.next().kind {
                Kind::Open => depth += 1,
                Kind::Close => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                return;
            }
        }
    }

    fn arguments(&mut self) -> Parsed<Vec<Argument<'a>>> {
        self.next();
        let mut arguments = Vec::new();
        if self.eat(Kind::Close) {
            return Ok(arguments);
        }
        loop {
            let name = if self.peek().kind == Kind::Atom && self.peek_second().kind == Kind::Equal {
                let name = self.next();
                self.next();
                Some(name)
            } else {
                None
            };
            let value = self.argument_value()?;
            let upper = if self.eat(Kind::DotDot) { Some(self.argument_value()?) } else { None };
            arguments.push(Argument { name, value, upper });
            if self.eat(Kind::Close) {
                return Ok(arguments);
            }
            if !self.eat(Kind::Comma) {
                return Err(self.expected("`,` or `)`", &[]));
            }
        }
    }

    fn argument_value(&mut self) -> Parsed<Token<'a>> {
        match self.peek().kind {
            Kind::Atom | Kind::Text => Ok(self.next()),
            _ => Err(self.expected("a value", &[])),
        }
    }

    /// Gives each argument its name.
    fn bind(
        &mut self,
        action: ActionKind,
        arguments: Vec<Argument<'a>>,
        span: Span,
        path: &str,
    ) -> Parsed<Arguments<'a>> {
        let mut names = names_of(action).iter().copied();
        let mut found: Vec<(&'static str, Argument<'a>)> = Vec::new();
        for argument in arguments {
            let known = match &argument.name {
                Some(name) => Some(self.argument_name(action, name)?),
                // `status` may leave out its number.
                None if action == ActionKind::Status && found.is_empty() && !argument.value.is_number() => names.nth(1),
                None => names.next(),
            };
            let Some(name) = known else {
                let message = format!("`{}` takes no further argument", action.as_str());
                return Err(self.stop(argument.value.span, Reason::Syntax, message));
            };
            if found.iter().any(|(other, _)| *other == name) {
                let message = format!("the argument `{name}` is given twice");
                return Err(self.stop(argument.value.span, Reason::Syntax, message));
            }
            if let Some(upper) = argument.upper.as_ref().filter(|_| action != ActionKind::Delay) {
                let message = format!("`{}` takes no range", action.as_str());
                return Err(self.stop(argument.value.span.to(upper.span), Reason::Syntax, message));
            }
            found.push((name, argument));
        }
        Ok(Arguments { action, span, path: format!("{path}.{}", action.as_str()), found })
    }

    fn argument_name(&mut self, action: ActionKind, name: &Token<'_>) -> Parsed<&'static str> {
        let names = names_of(action);
        if let Some(known) = names.iter().find(|known| **known == name.text) {
            return Ok(known);
        }
        if ARGUMENTS_NOT_YET.contains(&&*name.text) {
            return Err(self.stop(name.span, Reason::NotAvailable, not_yet_message("the argument", &name.text)));
        }
        let hint = did_you_mean(&name.text, names.iter().copied());
        let message = format!("`{}` has no argument `{}` ({}){hint}", action.as_str(), name.text, names.join(", "));
        Err(self.stop(name.span, Reason::Syntax, message))
    }

    fn build(&mut self, arguments: &mut Arguments<'a>) -> Parsed<Action> {
        Ok(match arguments.action {
            ActionKind::Status => Action::Status(self.status(arguments)?),
            ActionKind::Delay => {
                let (min, max) = self.delay(arguments)?;
                Action::Delay { min, max }
            }
            ActionKind::Fail => Action::Fail {
                code: self.required(arguments, "code", "a failure code, e.g. `fail(\"UPSTREAM_TIMEOUT\")`")?,
                reason: self.text(arguments, "reason"),
            },
            ActionKind::LoseReply => Action::LoseReply { end: self.connection_end(arguments)? },
            ActionKind::Hold => {
                Action::Hold { gate: self.required(arguments, "gate", "the name of a gate, e.g. `hold(scan)`")? }
            }
            ActionKind::Truncate => {
                Action::Truncate { keep: self.keep(arguments)?, fix_length: self.fix_length(arguments)? }
            }
            ActionKind::Reset => Action::Reset { after_bytes: self.after_bytes(arguments)? },
        })
    }

    /// Takes an argument and notes where it stood as the member of this name.
    fn take(&mut self, arguments: &mut Arguments<'a>, name: &str) -> Option<Argument<'a>> {
        let position = arguments.found.iter().position(|(other, _)| *other == name)?;
        let (name, argument) = arguments.found.swap_remove(position);
        let span = argument.upper.as_ref().map_or(argument.value.span, |upper| argument.value.span.to(upper.span));
        self.mark(format!("{}.{name}", arguments.path), span);
        Some(argument)
    }

    fn text(&mut self, arguments: &mut Arguments<'a>, name: &str) -> Option<Arc<str>> {
        self.take(arguments, name).map(|argument| Arc::from(&*argument.value.text))
    }

    fn required(&mut self, arguments: &mut Arguments<'a>, name: &str, what: &str) -> Parsed<Arc<str>> {
        match self.text(arguments, name) {
            Some(text) => Ok(text),
            None => Err(self.lacks(arguments, what)),
        }
    }

    fn lacks(&mut self, arguments: &Arguments<'_>, what: &str) -> Stop {
        self.stop(arguments.span, Reason::Syntax, format!("`{}` needs {what}", arguments.action.as_str()))
    }

    fn status(&mut self, arguments: &mut Arguments<'a>) -> Parsed<Status> {
        let code = match self.take(arguments, "code") {
            Some(argument) => Some(self.http_status(&argument.value)?),
            None => None,
        };
        let (error, message) = (self.text(arguments, "error"), self.text(arguments, "message"));
        Ok(Status { code, error, message })
    }

    fn http_status(&mut self, token: &Token<'_>) -> Parsed<u16> {
        token.text.parse().map_err(|_| {
            let message = format!("`{}` is not an HTTP status", token.text);
            self.stop(token.span, Reason::Syntax, message)
        })
    }

    fn delay(&mut self, arguments: &mut Arguments<'a>) -> Parsed<(Duration, Duration)> {
        let Some(argument) = self.take(arguments, "duration") else {
            return Err(self.lacks(arguments, "a duration, e.g. `delay(2s)` or `delay(100ms..2s)`"));
        };
        // A tree has the two ends as members.
        self.mark(format!("{}.max", arguments.path), argument.upper.as_ref().unwrap_or(&argument.value).span);
        let min = self.duration(&argument.value)?;
        let max = argument.upper.map_or(Ok(min), |upper| self.duration(&upper))?;
        Ok((min, max))
    }

    fn duration(&mut self, token: &Token<'_>) -> Parsed<Duration> {
        parse_duration(&token.text).ok_or_else(|| self.not_a_duration(&token.text, token.span))
    }

    fn connection_end(&mut self, arguments: &mut Arguments<'a>) -> Parsed<ConnectionEnd> {
        let Some(argument) = self.take(arguments, "end") else { return Ok(ConnectionEnd::default()) };
        match &*argument.value.text {
            "reset" => Ok(ConnectionEnd::Reset),
            "eof" => Ok(ConnectionEnd::Eof),
            other => {
                let message = format!("`{other}` is not an end of a connection (reset, eof)");
                Err(self.stop(argument.value.span, Reason::Syntax, message))
            }
        }
    }

    fn keep(&mut self, arguments: &mut Arguments<'a>) -> Parsed<Keep> {
        let Some(argument) = self.take(arguments, "keep") else {
            return Err(self.lacks(arguments, "a share or a size, e.g. `truncate(50%)` or `truncate(1MiB)`"));
        };
        let text = &argument.value.text;
        if let Some(percent) = parse_percent(text) {
            self.mark(format!("{}.percent", arguments.path), argument.value.span);
            return Ok(Keep::Percent(percent));
        }
        match parse_size(text) {
            Some(bytes) => Ok(Keep::Bytes(bytes)),
            None => Err(self.not_a_size(&argument.value)),
        }
    }

    fn not_a_size(&mut self, token: &Token<'_>) -> Stop {
        let message = format!("`{}` is not a size such as 512B, 64KiB, 1MiB or 2GiB", token.text);
        self.stop(token.span, Reason::Syntax, message)
    }

    fn fix_length(&mut self, arguments: &mut Arguments<'a>) -> Parsed<bool> {
        let Some(argument) = self.take(arguments, "fix_length") else { return Ok(false) };
        match (&*argument.value.text, &argument.name) {
            ("true", _) | ("fix_length", None) => Ok(true),
            ("false", _) => Ok(false),
            _ => {
                let message = "`fix_length` is true or false";
                Err(self.stop(argument.value.span, Reason::Syntax, message))
            }
        }
    }

    fn after_bytes(&mut self, arguments: &mut Arguments<'a>) -> Parsed<Option<u64>> {
        let Some(argument) = self.take(arguments, "after_bytes") else { return Ok(None) };
        match parse_size(&argument.value.text) {
            Some(bytes) => Ok(Some(bytes)),
            None => Err(self.not_a_size(&argument.value)),
        }
    }
}

impl Token<'_> {
    fn is_number(&self) -> bool {
        self.kind == Kind::Atom && self.is_digits() && self.text != Cow::Borrowed("")
    }
}

/// Names of an action's arguments in the order in which they may go without.
fn names_of(action: ActionKind) -> &'static [&'static str] {
    match action {
        ActionKind::Status => &["code", "error", "message"],
        ActionKind::Delay => &["duration"],
        ActionKind::Fail => &["code", "reason"],
        ActionKind::LoseReply => &["end"],
        ActionKind::Hold => &["gate"],
        ActionKind::Truncate => &["keep", "fix_length"],
        ActionKind::Reset => &["after_bytes"],
    }
}
