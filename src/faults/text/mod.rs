//! The one-line text form of rules and matchers: lexer, parser and canonical printer.
//!
//! `parse(print(rule)) == rule`, and printing what was parsed is the canonical spelling. The text has no variables and no
//! functions; it is a spelling of the tree and nothing else. Whether a rule makes sense is not asked here but in
//! `check`.

mod actions;
mod lexer;
mod parser;
mod plan;
mod predicate;
mod printer;
#[cfg(test)]
mod round_trip_test;
#[cfg(test)]
mod tests;
mod units;

pub use printer::{print_matcher, print_rule};

pub(super) use parser::{Spans, TextProblem, read_matcher, read_rule};
pub(super) use printer::print_actions;
pub(super) use units::parse_size;
