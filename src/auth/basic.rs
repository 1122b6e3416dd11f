//! Basic credentials, as Docker clients send them: `Basic base64("AWS:" + password)`.
//!
//! Source: RFC 7617. ECR has no other scheme on the registry surface and no other user than `AWS`; both are for the caller
//! of this parser to say, and so is whether the password is a token that somebody was given.

use std::fmt;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::GeneralPurposeConfig;
use base64::engine::{DecodePaddingMode, GeneralPurpose};

/// Padding may be left out: some clients copy `authorizationToken` without it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A user name and a password.
#[derive(Clone, PartialEq, Eq)]
pub struct BasicCredentials {
    /// What stands before the first colon.
    pub user: String,
    /// What stands after it; may hold colons.
    pub password: String,
}

impl BasicCredentials {
    /// Reads the value of an `Authorization` header. None if it is not Basic, not base64 of UTF-8, or has no colon: the
    /// registry answers all three alike.
    pub fn parse(header: &str) -> Option<Self> {
        let (scheme, encoded) = header.trim().split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let text = String::from_utf8(BASE64.decode(encoded.trim()).ok()?).ok()?;
        let (user, password) = text.split_once(':')?;
        Some(Self { user: user.to_owned(), password: password.to_owned() })
    }
}

/// The password is a secret and stays out of logs.
impl fmt::Debug for BasicCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BasicCredentials").field("user", &self.user).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(header: &str, expect: Option<(&str, &str)>) {
        let parsed = BasicCredentials::parse(header);
        let parsed = parsed.as_ref().map(|basic| (basic.user.as_str(), basic.password.as_str()));
        assert_eq!(parsed, expect, "{header:?}");
    }

    #[test]
    fn a_basic_header_gives_user_and_password() {
        check("Basic QVdTOnNlY3JldA==", Some(("AWS", "secret")));
        check("basic QVdTOnNlY3JldA==", Some(("AWS", "secret")));
        check("Basic QVdTOnNlY3JldA", Some(("AWS", "secret")));
        check("Basic  QVdTOnNlY3JldA== ", Some(("AWS", "secret")));
        check("Basic QVdTOmE6Yg==", Some(("AWS", "a:b")));
        check("Basic QVdTOg==", Some(("AWS", "")));
    }

    #[test]
    fn anything_else_is_no_basic_header() {
        for header in ["", "Basic", "Basic ", "Bearer QVdTOnNlY3JldA==", "Basic !!!", "Basic QVdT", "Basic /////w=="] {
            check(header, None);
        }
    }

    #[test]
    fn debug_keeps_the_password_out() {
        let basic = BasicCredentials::parse("Basic QVdTOnNlY3JldA==").expect("legal");
        assert_eq!(format!("{basic:?}"), "BasicCredentials { user: \"AWS\", .. }");
    }
}
