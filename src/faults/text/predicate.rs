//! Reads predicates: `not` binds closest, then `and`, then `or`.

use std::sync::Arc;

use crate::faults::check::MAX_DEPTH;
use crate::faults::predicate::{Comparison, FactName, Operator, Predicate};
use crate::faults::violation::Reason;

use super::lexer::{Kind, Span, Token};
use super::parser::{Parsed, Parser};

/// Where the parts of a comparison stood.
struct ComparisonSpans {
    fact: Span,
    operator: Span,
    values: Vec<Span>,
}

impl Parser<'_> {
    /// Reads the predicate that stands at the field path `path`.
    pub(super) fn predicate(&mut self, path: &str) -> Parsed<Predicate> {
        let first = self.peek().span;
        let mut reader = Reader { depth: 0, comparisons: Vec::new() };
        let predicate = reader.any(self)?;
        self.mark(path, self.since(first));
        // Field paths are known only now that the shape is.
        let mut spans = reader.comparisons.into_iter();
        predicate.comparisons(path, &mut |path, _| {
            if let Some(found) = spans.next() {
                self.mark(format!("{path}.fact"), found.fact);
                self.mark(format!("{path}.operator"), found.operator);
                self.mark(path, found.fact.to(found.values.last().copied().unwrap_or(found.operator)));
                for (position, value) in found.values.iter().enumerate() {
                    self.mark(format!("{path}.values[{position}]"), *value);
                }
            }
        });
        Ok(predicate)
    }
}

struct Reader {
    depth: usize,
    /// In the order of the text, which is the order of the tree.
    comparisons: Vec<ComparisonSpans>,
}

impl Reader {
    fn any(&mut self, parser: &mut Parser<'_>) -> Parsed<Predicate> {
        let mut items = vec![self.all(parser)?];
        while parser.eat_word("or") {
            items.push(self.all(parser)?);
        }
        Ok(one_or(items, Predicate::Any))
    }

    fn all(&mut self, parser: &mut Parser<'_>) -> Parsed<Predicate> {
        let mut items = vec![self.unary(parser)?];
        while parser.eat_word("and") {
            items.push(self.unary(parser)?);
        }
        Ok(one_or(items, Predicate::All))
    }

    fn unary(&mut self, parser: &mut Parser<'_>) -> Parsed<Predicate> {
        let negated = parser.is_word("not");
        if !negated && parser.peek().kind != Kind::Open {
            return self.comparison(parser).map(Predicate::Comparison);
        }
        let token = parser.next();
        self.depth += 1;
        // The bound keeps a hostile text from filling the stack.
        if self.depth > MAX_DEPTH {
            let message = format!("more than {MAX_DEPTH} predicates lie within each other");
            return Err(parser.stop(token.span, Reason::OutOfRange, message));
        }
        let predicate = if negated {
            Predicate::Not(Box::new(self.unary(parser)?))
        } else {
            let inner = self.any(parser)?;
            parser.expect(Kind::Close, "`and`, `or` or `)`")?;
            inner
        };
        self.depth -= 1;
        Ok(predicate)
    }

    fn comparison(&mut self, parser: &mut Parser<'_>) -> Parsed<Comparison> {
        let name = parser.expect(Kind::Atom, "the name of a fact, `not` or `(`")?;
        let fact = match FactName::parse(&name.text) {
            Ok(fact) => fact,
            Err(unknown) => {
                parser.remark(name.span, Reason::UnknownFact, unknown.to_string());
                // Any fact will do to read on; the remark keeps the rule from being used.
                FactName::Header(Arc::from("unknown"))
            }
        };
        let token = parser.peek().clone();
        let Some(operator) = operator(&token) else {
            let what = "an operator (= != in ~ =~ < <= > >= exists)";
            return Err(parser.expected(what, &["in", "exists"]));
        };
        parser.next();
        let values = match operator {
            Operator::Exists => Vec::new(),
            Operator::In => values(parser)?,
            _ => vec![value(parser)?],
        };
        let (texts, spans) = values.into_iter().unzip();
        self.comparisons.push(ComparisonSpans { fact: name.span, operator: token.span, values: spans });
        Ok(Comparison { fact, operator, values: texts })
    }
}

/// One item is itself, several are a list.
fn one_or(mut items: Vec<Predicate>, list: fn(Vec<Predicate>) -> Predicate) -> Predicate {
    match items.pop() {
        Some(only) if items.is_empty() => only,
        last => {
            items.extend(last);
            list(items)
        }
    }
}

fn operator(token: &Token<'_>) -> Option<Operator> {
    Some(match (token.kind, &*token.text) {
        (Kind::Equal, _) => Operator::Equal,
        (Kind::NotEqual, _) => Operator::NotEqual,
        (Kind::Tilde, _) => Operator::Glob,
        (Kind::EqualTilde, _) => Operator::Regex,
        (Kind::Less, _) => Operator::Less,
        (Kind::LessOrEqual, _) => Operator::LessOrEqual,
        (Kind::Greater, _) => Operator::Greater,
        (Kind::GreaterOrEqual, _) => Operator::GreaterOrEqual,
        (Kind::Atom, "in") => Operator::In,
        (Kind::Atom, "exists") => Operator::Exists,
        _ => return None,
    })
}

fn values(parser: &mut Parser<'_>) -> Parsed<Vec<(Arc<str>, Span)>> {
    parser.expect(Kind::Open, "`(` and the values")?;
    let mut values = vec![value(parser)?];
    while parser.eat(Kind::Comma) {
        values.push(value(parser)?);
    }
    parser.expect(Kind::Close, "`,` or `)`")?;
    Ok(values)
}

fn value(parser: &mut Parser<'_>) -> Parsed<(Arc<str>, Span)> {
    if !matches!(parser.peek().kind, Kind::Text | Kind::Atom) {
        return Err(parser.expected("a value", &[]));
    }
    let token = parser.next();
    if token.kind == Kind::Atom && matches!(parser.peek().kind, Kind::Colon | Kind::At | Kind::Plus) {
        let span = parser.peek().span;
        let message = format!("a value with `{}` in it stands between quotes", parser.peek().text);
        return Err(parser.stop(span, Reason::Syntax, message));
    }
    Ok((Arc::from(&*token.text), token.span))
}
