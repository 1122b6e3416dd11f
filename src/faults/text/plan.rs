//! Reads plans: steps, what says when they act, and the tail.

use std::sync::Arc;

use crate::faults::tree::{Action, Extent, Step, Tail};
use crate::faults::violation::Reason;
use crate::faults::vocabulary::{WHENS_NOT_YET, not_yet_message};

use super::lexer::{Kind, Span, Token};
use super::parser::{Parsed, Parser};
use super::units::{parse_duration, parse_percent};

impl Parser<'_> {
    /// Reads steps and tail.
    pub(super) fn plan(&mut self) -> Parsed<(Vec<Step>, Tail)> {
        let mut steps = Vec::new();
        loop {
            if !steps.is_empty()
                && let Some(tail) = self.tail()
            {
                if self.peek().kind == Kind::Arrow {
                    let message = format!("nothing follows the tail `{}`", tail.as_str());
                    return Err(self.stop(self.peek().span, Reason::Syntax, message));
                }
                return Ok((steps, tail));
            }
            let step = self.step(&format!("steps[{}]", steps.len()))?;
            steps.push(step);
            if !self.eat(Kind::Arrow) {
                return Ok((steps, Tail::default()));
            }
        }
    }

    fn step(&mut self, path: &str) -> Parsed<Step> {
        let first = self.peek().span;
        let mut step = Step { extent: Extent::Forever, percent: None, exact: false, every: None, actions: Vec::new() };
        while self.when(path, &mut step)? {}
        step.actions = self.step_actions(path)?;
        self.mark(path, self.since(first));
        Ok(step)
    }

    /// Reads one clause that says when the step acts; false if none is there.
    fn when(&mut self, path: &str, step: &mut Step) -> Parsed<bool> {
        let token = self.peek().clone();
        if token.kind != Kind::Atom {
            return Ok(false);
        }
        if WHENS_NOT_YET.contains(&&*token.text) {
            let message = not_yet_message("the condition", &token.text);
            return Err(self.stop(token.span, Reason::NotAvailable, message));
        }
        match &*token.text {
            "every" => {
                self.next();
                self.once(step.every.is_none(), &token, "`every`")?;
                step.every = Some(self.number("the number of matches")?);
                self.mark(format!("{path}.every"), self.since(token.span));
            }
            "for" => {
                self.next();
                self.extent(path, "window", &token, step, Self::window)?;
            }
            "until" => {
                self.next();
                self.extent(path, "until_gate", &token, step, Self::gate)?;
            }
            _ if token.text.starts_with(|first: char| first.is_ascii_digit()) => {
                self.next();
                self.numbered_when(path, &token, step)?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// `2x` or `5% [exact]`.
    fn numbered_when(&mut self, path: &str, token: &Token<'_>, step: &mut Step) -> Parsed<()> {
        if let Some(count) = token.text.strip_suffix('x').and_then(|count| count.parse().ok()) {
            return self.extent(path, "count", token, step, |_| Ok(Extent::Count(count)));
        }
        let Some(percent) = parse_percent(&token.text) else {
            let message = format!("`{}` is neither a count (`2x`) nor a chance (`5%`)", token.text);
            return Err(self.stop(token.span, Reason::Syntax, message));
        };
        self.once(step.percent.is_none(), token, "a chance")?;
        step.percent = Some(percent);
        step.exact = self.eat_word("exact");
        self.mark(format!("{path}.percent"), token.span);
        Ok(())
    }

    fn extent(
        &mut self,
        path: &str,
        member: &str,
        token: &Token<'_>,
        step: &mut Step,
        read: impl FnOnce(&mut Self) -> Parsed<Extent>,
    ) -> Parsed<()> {
        let is_first = step.extent == Extent::Forever;
        self.once(is_first, token, "a count, a window or a gate")?;
        step.extent = read(self)?;
        self.mark(format!("{path}.{member}"), self.since(token.span));
        Ok(())
    }

    fn once(&mut self, is_first: bool, token: &Token<'_>, what: &str) -> Parsed<()> {
        if is_first {
            Ok(())
        } else {
            Err(self.stop(token.span, Reason::Syntax, format!("a step has {what} only once")))
        }
    }

    fn window(&mut self) -> Parsed<Extent> {
        let token = self.expect(Kind::Atom, "a duration such as `10m`")?;
        match parse_duration(&token.text) {
            Some(window) => Ok(Extent::Window(window)),
            None => Err(self.not_a_duration(&token.text, token.span)),
        }
    }

    pub(super) fn not_a_duration(&mut self, text: &str, span: Span) -> super::parser::Stop {
        let message = format!("`{text}` is not a duration such as 100ms, 2s, 1h30m or 3d");
        self.stop(span, Reason::Syntax, message)
    }

    fn gate(&mut self) -> Parsed<Extent> {
        let token = self.expect(Kind::Atom, "the name of a gate")?;
        Ok(Extent::UntilGate(Arc::from(&*token.text)))
    }

    fn step_actions(&mut self, path: &str) -> Parsed<Vec<Action>> {
        if self.is_word("pass") {
            let token = self.next();
            self.mark(format!("{path}.actions"), token.span);
            return match self.peek().kind {
                Kind::Plus => Err(self.stop(self.peek().span, Reason::Syntax, "`pass` stands alone")),
                _ => Ok(Vec::new()),
            };
        }
        let mut actions = Vec::new();
        let mut position = 0;
        loop {
            actions.extend(self.action(&format!("{path}.actions[{position}]"))?);
            position += 1;
            if !self.eat(Kind::Plus) {
                return Ok(actions);
            }
        }
    }
}
