//! Reads a line as a rule or a matcher, and remembers where each part of the tree stood.

use std::collections::HashMap;
use std::sync::Arc;

use crate::faults::glob::Glob;
use crate::faults::nearest::did_you_mean;
use crate::faults::points::Point;
use crate::faults::tree::{CounterKey, FireRange, Matcher, Rule, Tail, Target, TargetSurface};
use crate::faults::violation::Reason;
use crate::faults::vocabulary::{OPTIONS_NOT_YET, POINTS_NOT_YET, SURFACES_NOT_YET, not_yet_message};

use super::lexer::{Kind, Span, Token, tokens};
use super::units::parse_size;

/// Something wrong with a place of a line.
#[derive(Clone, Debug)]
pub(crate) struct TextProblem {
    pub(crate) span: Span,
    pub(crate) reason: Reason,
    pub(crate) message: String,
}

/// Where the members of a tree stood in the text, by field path.
#[derive(Debug, Default)]
pub(crate) struct Spans {
    by_path: HashMap<String, Span>,
    whole: Span,
}

impl Spans {
    /// The place of a member, or of the nearest part of the tree that contains it and has one.
    pub(crate) fn nearest(&self, path: &str) -> Span {
        let mut path = path;
        loop {
            if let Some(span) = self.by_path.get(path) {
                return *span;
            }
            match path.rfind(['.', '[']) {
                Some(end) => path = &path[..end],
                None => return self.whole,
            }
        }
    }
}

/// What a parser gives; the problem of an error is already noted.
pub(super) type Parsed<T> = Result<T, Stop>;

/// The line cannot be read further.
pub(super) struct Stop;

/// Reads one line as a rule; absent for a blank line or a comment.
pub(crate) fn read_rule(line: &str) -> Result<Option<(Rule, Spans)>, Vec<TextProblem>> {
    let mut parser = Parser::new(line)?;
    if parser.peek().kind == Kind::End {
        return Ok(None);
    }
    let rule = parser.rule();
    parser.finish(rule).map(Some)
}

/// Reads a text as a matcher.
pub(crate) fn read_matcher(text: &str) -> Result<(Matcher, Spans), Vec<TextProblem>> {
    let mut parser = Parser::new(text)?;
    let matcher = parser.matcher();
    parser.finish(matcher)
}

pub(super) struct Parser<'a> {
    tokens: Vec<Token<'a>>,
    at: usize,
    problems: Vec<TextProblem>,
    spans: Spans,
}

/// What can follow a plan.
pub(super) const OPTIONS: [&str; 4] = ["per", "priority", "tag", "must_fire"];

impl<'a> Parser<'a> {
    fn new(line: &'a str) -> Result<Self, Vec<TextProblem>> {
        let tokens =
            tokens(line).map_err(|(span, message)| vec![TextProblem { span, reason: Reason::Syntax, message }])?;
        let (first, last) = (tokens[0].span, tokens[tokens.len() - 1].span);
        let spans = Spans { by_path: HashMap::new(), whole: first.to(last) };
        Ok(Self { tokens, at: 0, problems: Vec::new(), spans })
    }

    fn finish<T>(self, parsed: Parsed<T>) -> Result<(T, Spans), Vec<TextProblem>> {
        match parsed {
            Ok(tree) if self.problems.is_empty() => Ok((tree, self.spans)),
            _ => Err(self.problems),
        }
    }

    // Tokens.

    pub(super) fn peek(&self) -> &Token<'a> {
        // The last token is the end, and nothing moves past it.
        &self.tokens[self.at]
    }

    pub(super) fn peek_second(&self) -> &Token<'a> {
        &self.tokens[(self.at + 1).min(self.tokens.len() - 1)]
    }

    pub(super) fn next(&mut self) -> Token<'a> {
        let token = self.peek().clone();
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        token
    }

    pub(super) fn eat(&mut self, kind: Kind) -> bool {
        let found = self.peek().kind == kind;
        if found {
            self.next();
        }
        found
    }

    pub(super) fn is_word(&self, word: &str) -> bool {
        self.peek().kind == Kind::Atom && self.peek().text == word
    }

    pub(super) fn eat_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        if found {
            self.next();
        }
        found
    }

    pub(super) fn expect(&mut self, kind: Kind, what: &str) -> Parsed<Token<'a>> {
        if self.peek().kind == kind { Ok(self.next()) } else { Err(self.expected(what, &[])) }
    }

    fn expect_word(&mut self, word: &str) -> Parsed<()> {
        if self.eat_word(word) { Ok(()) } else { Err(self.expected(&format!("`{word}`"), &[word])) }
    }

    /// Where the token before the present one ended.
    pub(super) fn since(&self, first: Span) -> Span {
        first.to(self.tokens[self.at.saturating_sub(1)].span)
    }

    // Problems and places.

    /// Notes a problem after which the line can still be read.
    pub(super) fn remark(&mut self, span: Span, reason: Reason, message: impl Into<String>) {
        self.problems.push(TextProblem { span, reason, message: message.into() });
    }

    /// Notes a problem after which it cannot.
    pub(super) fn stop(&mut self, span: Span, reason: Reason, message: impl Into<String>) -> Stop {
        self.remark(span, reason, message);
        Stop
    }

    /// The present token is not what must stand here. `words` are those that it may be a misspelling of.
    pub(super) fn expected(&mut self, what: &str, words: &[&str]) -> Stop {
        let token = self.peek();
        let (span, found) = (token.span, token.describe());
        let hint =
            if token.kind == Kind::Atom { did_you_mean(&token.text, words.iter().copied()) } else { String::new() };
        self.stop(span, Reason::Syntax, format!("expected {what}, found {found}{hint}"))
    }

    pub(super) fn mark(&mut self, path: impl Into<String>, span: Span) {
        self.spans.by_path.insert(path.into(), span);
    }

    // Grammar.

    fn rule(&mut self) -> Parsed<Rule> {
        let name = self.rule_name();
        self.expect_word("on")?;
        let target = self.target()?;
        let where_ = if self.eat_word("where") { Some(self.predicate("where")?) } else { None };
        if !self.eat_word("do") {
            let words: &[&str] = if where_.is_none() { &["where", "do"] } else { &["and", "or", "do"] };
            let what = if where_.is_none() { "`where` or `do`" } else { "`and`, `or` or `do`" };
            return Err(self.expected(what, words));
        }
        let (steps, tail) = self.plan()?;
        let mut rule = Rule {
            name,
            target,
            where_,
            steps,
            tail,
            per: CounterKey::default(),
            priority: 0,
            tag: None,
            must_fire: None,
        };
        self.options(&mut rule)?;
        Ok(rule)
    }

    fn rule_name(&mut self) -> Option<Arc<str>> {
        if self.peek().kind != Kind::Atom || self.peek_second().kind != Kind::Colon {
            return None;
        }
        // `ecr:PutImage` is a target whose `on` was forgotten rather than a rule of that name.
        let third = self.tokens.get(self.at + 2);
        if TargetSurface::from_name(&self.peek().text).is_some() && third.is_none_or(|token| token.text != "on") {
            return None;
        }
        let name = self.next();
        self.next();
        self.mark("name", name.span);
        Some(Arc::from(&*name.text))
    }

    fn matcher(&mut self) -> Parsed<Matcher> {
        let target = self.target()?;
        let where_ = if self.eat_word("where") { Some(self.predicate("where")?) } else { None };
        if self.peek().kind != Kind::End {
            let words: &[&str] = if where_.is_none() { &["where"] } else { &["and", "or"] };
            return Err(self.expected("the end of the matcher", words));
        }
        Ok(Matcher { target, where_ })
    }

    fn target(&mut self) -> Parsed<Target> {
        let surface = self.surface()?;
        self.expect(Kind::Colon, "`:` between surface and operation")?;
        let operation = self.expect(Kind::Atom, "the name of an operation")?;
        self.mark("target.operation", operation.span);
        let point = if self.eat(Kind::At) { self.point()? } else { None };
        let at_bytes = if self.eat(Kind::At) { Some(self.size("target.at_bytes")?) } else { None };
        Ok(Target { surface, operation: Glob::new(&operation.text), point, at_bytes })
    }

    fn surface(&mut self) -> Parsed<TargetSurface> {
        let words = TargetSurface::ALL.map(TargetSurface::as_str);
        if self.peek().kind != Kind::Atom {
            return Err(self.expected("a surface", &[]));
        }
        let token = self.next();
        self.mark("target.surface", token.span);
        if SURFACES_NOT_YET.contains(&&*token.text) {
            return Err(self.stop(token.span, Reason::NotAvailable, not_yet_message("the surface", &token.text)));
        }
        TargetSurface::from_name(&token.text).ok_or_else(|| {
            let hint = did_you_mean(&token.text, words);
            let message = format!("`{}` is not a surface ({}){hint}", token.text, words.join(", "));
            self.stop(token.span, Reason::Syntax, message)
        })
    }

    /// Reads a point; one that this version lacks is noted, and reading goes on as if none were there.
    fn point(&mut self) -> Parsed<Option<Point>> {
        let token = self.expect(Kind::Atom, "the name of a point")?;
        self.mark("target.point", token.span);
        let point = Point::from_name(&token.text);
        if point.is_none() {
            let words = Point::ALL.map(Point::as_str);
            if POINTS_NOT_YET.contains(&&*token.text) {
                self.remark(token.span, Reason::NotAvailable, not_yet_message("the point", &token.text));
            } else {
                let hint = did_you_mean(&token.text, words);
                let message = format!("`{}` is not a point ({}){hint}", token.text, words.join(", "));
                self.remark(token.span, Reason::Syntax, message);
            }
        }
        Ok(point)
    }

    fn size(&mut self, path: &str) -> Parsed<u64> {
        let token = self.expect(Kind::Atom, "a number of bytes such as `1MiB`")?;
        self.mark(path, token.span);
        parse_size(&token.text).ok_or_else(|| {
            let message = format!("`{}` is not a number of bytes such as 512B, 64KiB, 1MiB or 2GiB", token.text);
            self.stop(token.span, Reason::Syntax, message)
        })
    }

    fn options(&mut self, rule: &mut Rule) -> Parsed<()> {
        let mut seen = Vec::new();
        while self.peek().kind != Kind::End {
            let token = self.peek().clone();
            if token.kind == Kind::Atom && OPTIONS_NOT_YET.contains(&&*token.text) {
                return Err(self.stop(token.span, Reason::NotAvailable, not_yet_message("the option", &token.text)));
            }
            if token.kind != Kind::Atom || !OPTIONS.contains(&&*token.text) {
                let what = "`->`, `+` or an option (per, priority, tag, must_fire)";
                return Err(self.expected(what, &OPTIONS));
            }
            if seen.contains(&token.text) {
                return Err(self.stop(token.span, Reason::Syntax, format!("`{}` is said twice", token.text)));
            }
            self.next();
            self.mark(&*token.text, token.span);
            match &*token.text {
                "per" => rule.per = self.counter_key()?,
                "priority" => rule.priority = self.number("a whole number")?,
                "tag" => rule.tag = Some(self.tag()?),
                _ => rule.must_fire = Some(self.fire_range(token.span)?),
            }
            seen.push(token.text);
        }
        Ok(())
    }

    fn counter_key(&mut self) -> Parsed<CounterKey> {
        let words = CounterKey::ALL.map(CounterKey::as_str);
        let what = format!("one of {}", words.join(", "));
        let key = if self.peek().kind == Kind::Atom { CounterKey::from_name(&self.peek().text) } else { None };
        let Some(key) = key else { return Err(self.expected(&what, &words)) };
        let token = self.next();
        self.mark("per", token.span);
        Ok(key)
    }

    fn tag(&mut self) -> Parsed<Arc<str>> {
        if !matches!(self.peek().kind, Kind::Text | Kind::Atom) {
            return Err(self.expected("a tag", &[]));
        }
        let token = self.next();
        self.mark("tag", token.span);
        Ok(Arc::from(&*token.text))
    }

    /// Reads a whole number.
    pub(super) fn number<T: std::str::FromStr>(&mut self, what: &str) -> Parsed<T> {
        let parsed = if self.peek().kind == Kind::Atom { self.peek().text.parse().ok() } else { None };
        let Some(number) = parsed else { return Err(self.expected(what, &[])) };
        self.next();
        Ok(number)
    }

    /// Reads nothing (at least once), `n` (exactly), `n..` (at least) or `n..m`.
    fn fire_range(&mut self, option: Span) -> Parsed<FireRange> {
        if self.peek().kind == Kind::DotDot {
            return Err(self.expected("the least of the range, which may be 0", &[]));
        }
        if self.peek().kind != Kind::Atom || !self.peek().is_digits() {
            return Ok(FireRange::AT_LEAST_ONCE);
        }
        let what = "a number of times";
        let min = self.number(what)?;
        let max = if self.eat(Kind::DotDot) {
            if self.peek().kind == Kind::Atom && self.peek().is_digits() { Some(self.number(what)?) } else { None }
        } else {
            Some(min)
        };
        let span = self.since(option);
        self.mark("must_fire", span);
        Ok(FireRange { min, max })
    }

    /// Reads the word of a tail, if the plan ends here.
    pub(super) fn tail(&mut self) -> Option<Tail> {
        let token = self.peek();
        let tail = if token.kind == Kind::Atom { Tail::from_name(&token.text) } else { None }?;
        // A `pass` that something follows is a step.
        if tail == Tail::Pass && matches!(self.peek_second().kind, Kind::Arrow | Kind::Plus) {
            return None;
        }
        let token = self.next();
        self.mark("tail", token.span);
        Some(tail)
    }
}

impl Token<'_> {
    pub(super) fn is_digits(&self) -> bool {
        self.text.bytes().all(|byte| byte.is_ascii_digit())
    }

    fn describe(&self) -> String {
        match self.kind {
            Kind::End => "the end of the line".to_owned(),
            Kind::Text => format!("the text {:?}", self.text),
            _ => format!("`{}`", self.text),
        }
    }
}
