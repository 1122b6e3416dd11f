//! Which member of a JSON text a position lies in.
//!
//! The reader's errors know only line and column. This looks at the text up to there and does not check it: the reader
//! has, up to that very position.

/// The path of the member that ends at, or holds, the byte at `column` of `line`, both from 1.
pub(super) fn path_at(json: &[u8], line: usize, column: usize) -> String {
    let start = match line {
        0 | 1 => 0,
        _ => json.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(line - 2).map_or(0, |(at, _)| at + 1),
    };
    let end = json.len().min(start + column);
    let mut open = Vec::new();
    let mut rest = &json[..end];
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            // A bracket that was refused itself is a value, not a place to look into.
            b'{' | b'[' if rest.is_empty() => {}
            b'{' => open.push(Open::Object { key: None, wants_key: true }),
            b'[' => open.push(Open::Array { index: 0 }),
            b'}' | b']' => drop(open.pop()),
            b'"' => {
                let Some((text, after)) = split_string(rest) else { break };
                rest = after;
                if let Some(Open::Object { key, wants_key: true }) = open.last_mut() {
                    *key = Some(String::from_utf8_lossy(text).into_owned());
                }
            }
            b':' => {
                if let Some(Open::Object { wants_key, .. }) = open.last_mut() {
                    *wants_key = false;
                }
            }
            b',' => match open.last_mut() {
                Some(Open::Object { key, wants_key }) => (*key, *wants_key) = (None, true),
                Some(Open::Array { index }) => *index += 1,
                None => {}
            },
            _ => {}
        }
    }
    render(&open)
}

/// An object or array that has begun and not ended.
enum Open {
    Object { key: Option<String>, wants_key: bool },
    Array { index: usize },
}

/// The text up to the closing quote, escapes and all, and what follows the quote.
fn split_string(json: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut escaped = false;
    let end = json.iter().position(|byte| {
        let closes = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        closes
    })?;
    Some((&json[..end], &json[end + 1..]))
}

fn render(open: &[Open]) -> String {
    let mut path = String::new();
    for part in open {
        match part {
            Open::Object { key: Some(key), .. } => {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(key);
            }
            Open::Object { key: None, .. } => {}
            Open::Array { index } => path.extend(["[", &index.to_string(), "]"]),
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `text` holds a `^` behind the position.
    fn check(text: &str, expected: &str) {
        let at = text.find('^').expect("a mark");
        let line = text[..at].matches('\n').count() + 1;
        let column = at - text[..at].rfind('\n').map_or(0, |newline| newline + 1);
        assert_eq!(path_at(text.replace('^', "").as_bytes(), line, column), expected, "{text}");
    }

    #[test]
    fn a_position_lies_in_the_innermost_member_that_is_open() {
        check("^{}", "");
        check(r#"{"a"^: 1}"#, "a");
        check(r#"{"a": 1^}"#, "a");
        check(r#"{"a": 1, "b": [true, 2^]}"#, "b[1]");
        check(r#"{"a": {"b": [{"c": 1}, {"d": "x"^}]}}"#, "a.b[1].d");
        check("{\n \"a\": [\n  {\"b\":\n 7^}]}", "a[0].b");
        check(r#"{"a": 1}^"#, "");
    }

    #[test]
    fn brackets_and_quotes_within_strings_do_not_count() {
        check(r#"{"a\"]}": "{[,:\\", "b": 1^}"#, "b");
        check(r#"{"a": "unfinished^"#, "a");
    }

    #[test]
    fn a_refused_bracket_is_the_value_itself() {
        check(r#"{"a": [^1]}"#, "a");
        check(r#"{"a": {^}}"#, "a");
    }
}
