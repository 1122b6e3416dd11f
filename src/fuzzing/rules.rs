//! The one-line text of fault rules and matchers.

use crate::control::convert::faults::{rule_from_proto, rule_to_proto};
use crate::control::names::OperationNames;
use crate::faults::text::print_matcher;
use crate::faults::{Violation, parse_matcher, parse_rules};

/// A text of rules, and the same text as a matcher: read, printed and read again it is the same; so are rules that went
/// through a message.
pub fn fault_rule(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    match parse_rules(text, &OperationNames) {
        Ok(rules) => {
            for checked in &rules {
                let rule = checked.rule();
                let printed = rule.to_string();
                let again = parse_rules(&printed, &OperationNames)
                    .unwrap_or_else(|violations| panic!("{printed}: {}", texts(&violations)));
                assert_eq!(again.len(), 1, "{printed}");
                assert_eq!(again[0].rule(), rule, "{printed}");
                assert_eq!(again[0].rule().to_string(), printed);
                let message = rule_from_proto("rules[0]", &rule_to_proto(rule)).expect("it was made from a rule");
                assert_eq!(&message, rule, "{printed}");
            }
        }
        Err(violations) => assert!(!texts(&violations).is_empty()),
    }
    match parse_matcher(text, &OperationNames) {
        Ok(checked) => {
            let printed = print_matcher(checked.matcher());
            let again = parse_matcher(&printed, &OperationNames)
                .unwrap_or_else(|violations| panic!("{printed}: {}", texts(&violations)));
            assert_eq!(again.matcher(), checked.matcher(), "{printed}");
        }
        Err(violations) => assert!(!texts(&violations).is_empty()),
    }
}

fn texts(violations: &[Violation]) -> String {
    violations.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
