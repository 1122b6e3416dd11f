//! Members that no test can foretell: checked for their shape, then hidden, so that the rest can be compared whole.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::registry::is_uuid;

/// What a member has to look like.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    /// A UUID.
    Uuid,
    /// Base64 of `AWS:` and a password.
    RegistryToken,
    /// A URL that begins and ends like this.
    Url(&'static str, &'static str),
    /// A continuation token: not empty, and no tag or digest of ours.
    PageToken,
}

impl Shape {
    fn fits(self, text: &str) -> bool {
        match self {
            Self::Uuid => is_uuid(text),
            Self::RegistryToken => {
                let plain = STANDARD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok());
                let password = plain.as_deref().and_then(|plain| plain.strip_prefix("AWS:"));
                password.is_some_and(|password| password.len() > 100 && !password.contains([':', ' ', '\n']))
            }
            Self::Url(start, part) => text.starts_with(start) && text.contains(part),
            Self::PageToken => text.len() >= 8 && !text.contains("sha256:"),
        }
    }
}

/// Puts `<hidden>` in place of members, which must be there and have their shape. Pointers are those of JSON.
pub(crate) fn redact(mut value: Value, members: &[(&str, Shape)]) -> Value {
    for (pointer, shape) in members {
        let member = value.pointer_mut(pointer).unwrap_or_else(|| panic!("no {pointer}"));
        let text = member.as_str().unwrap_or_else(|| panic!("{pointer} is {member}"));
        assert!(shape.fits(text), "{pointer} is {text:?}, expected {shape:?}");
        *member = Value::from("<hidden>");
    }
    value
}
