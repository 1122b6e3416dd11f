//! JSON as the Jackson library prints it for people, which is how ECR gives repository policies back.
//!
//! Two blanks a level, blanks on both sides of the colon, a line for each member, the elements of an array on one line,
//! no line feed at the end.

use crate::registry::policy::Json;
use crate::registry::policy::json::quoted;

/// The text of a value.
pub(super) fn pretty(json: &Json) -> String {
    let mut text = String::new();
    write(json, 0, &mut text);
    text
}

/// Arrays do not indent, so only objects count as levels.
fn write(json: &Json, level: usize, text: &mut String) {
    match json {
        Json::Object(members) if !members.is_empty() => {
            text.push('{');
            for (place, (name, value)) in members.iter().enumerate() {
                text.push_str(if place == 0 { "" } else { "," });
                line(level + 1, text);
                text.push_str(&quoted(name));
                text.push_str(" : ");
                write(value, level + 1, text);
            }
            line(level, text);
            text.push('}');
        }
        Json::Object(_) => text.push_str("{ }"),
        Json::Array(elements) => {
            text.push('[');
            for (place, element) in elements.iter().enumerate() {
                text.push_str(if place == 0 { " " } else { ", " });
                write(element, level, text);
            }
            text.push_str(" ]");
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Text(_) => text.push_str(&json.to_string()),
    }
}

fn line(level: usize, text: &mut String) {
    text.push('\n');
    text.extend(std::iter::repeat_n("  ", level));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_take_lines_and_arrays_do_not() {
        let json = Json::parse(r#"{"a":[{"b":1,"c":["x","y"]},{"d":{}}],"e":[],"f":{"g":true,"h":null}}"#).unwrap();
        let expected = "{\n  \"a\" : [ {\n    \"b\" : 1,\n    \"c\" : [ \"x\", \"y\" ]\n  }, {\n    \"d\" : { }\n  } ],\n  \
                        \"e\" : [ ],\n  \"f\" : {\n    \"g\" : true,\n    \"h\" : null\n  }\n}";
        assert_eq!(pretty(&json), expected);
    }
}
