//! Reads `WWW-Authenticate`: how a registry wants to be logged in to.
//!
//! Only the two schemes that registries use are kept. The reading is lenient, since many hands write these headers, and
//! answers nothing; whoever reads a realm must ask whether it may be called.
//!
//! Source: RFC 9110, section 11.6.1, and <https://distribution.github.io/distribution/spec/auth/token/>.

/// One way to log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Challenge {
    /// Ask `realm` for a token.
    Bearer(BearerChallenge),
    /// Send user and password.
    Basic,
}

/// Where to ask for a token, and for which one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BearerChallenge {
    /// URL of the token endpoint.
    pub realm: String,
    /// Name of the registry as the token endpoint knows it.
    pub service: Option<String>,
    /// What the token is wanted for, e.g. `repository:library/nginx:pull`.
    pub scopes: Vec<String>,
}

/// Reads all `WWW-Authenticate` headers of a reply, in order. Other schemes are left out, and so is a bearer challenge
/// without a realm, which nobody could answer.
pub fn parse_all<'a>(headers: impl IntoIterator<Item = &'a str>) -> Vec<Challenge> {
    headers.into_iter().flat_map(|header| Cursor(header).challenges()).filter_map(Raw::understood).collect()
}

/// A challenge in its own words.
struct Raw<'a> {
    scheme: &'a str,
    parameters: Vec<(&'a str, String)>,
}

impl Raw<'_> {
    fn understood(self) -> Option<Challenge> {
        if self.scheme.eq_ignore_ascii_case("basic") {
            return Some(Challenge::Basic);
        }
        if !self.scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let realm = self.parameter("realm").filter(|realm| !realm.is_empty())?.to_owned();
        let service = self.parameter("service").map(str::to_owned);
        let scopes = self.parameter("scope").unwrap_or_default().split_ascii_whitespace().map(str::to_owned).collect();
        Some(Challenge::Bearer(BearerChallenge { realm, service, scopes }))
    }

    /// Of a repeated parameter the first counts.
    fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// What is left of a header.
struct Cursor<'a>(&'a str);

impl<'a> Cursor<'a> {
    /// A word after a comma begins a challenge unless `=` follows it; then it is a parameter of the one before. A word that
    /// neither follows a comma nor is followed by `=` is a token68, which no scheme of ours has.
    fn challenges(mut self) -> Vec<Raw<'a>> {
        let mut challenges: Vec<Raw<'a>> = Vec::new();
        let mut after_comma = true;
        loop {
            after_comma |= self.skip_separators();
            if self.0.is_empty() {
                return challenges;
            }
            let word = self.take_until(|letter| letter.is_ascii_whitespace() || matches!(letter, ',' | '=' | '"'));
            if let Some(value) = self.value() {
                if let Some(challenge) = challenges.last_mut().filter(|_| !word.is_empty()) {
                    challenge.parameters.push((word, value));
                }
            } else if after_comma && !word.is_empty() {
                challenges.push(Raw { scheme: word, parameters: Vec::new() });
            } else if word.is_empty() {
                // A quote where a word should be: its text is nothing that we know.
                self.quoted();
            }
            after_comma = false;
        }
    }

    /// Skips blanks and commas and says whether there was a comma.
    fn skip_separators(&mut self) -> bool {
        self.take_until(|letter| !letter.is_ascii_whitespace() && letter != ',').contains(',')
    }

    /// The value after `=`, with blanks around it allowed. None if no `=` follows.
    fn value(&mut self) -> Option<String> {
        let rest = self.0.trim_ascii_start().strip_prefix('=')?;
        self.0 = rest.trim_ascii_start();
        if self.0.starts_with('"') {
            return Some(self.quoted());
        }
        Some(self.take_until(|letter| letter.is_ascii_whitespace() || letter == ',').to_owned())
    }

    /// The text between quotes, without the backslashes that escape. A quote that is never closed reaches to the end.
    fn quoted(&mut self) -> String {
        let mut text = String::new();
        let mut letters = self.0.chars();
        letters.next();
        while let Some(letter) = letters.next() {
            match letter {
                '"' => break,
                '\\' => text.extend(letters.next()),
                _ => text.push(letter),
            }
        }
        self.0 = letters.as_str();
        text
    }

    fn take_until(&mut self, end: impl Fn(char) -> bool) -> &'a str {
        let (taken, rest) = self.0.split_at(self.0.find(end).unwrap_or(self.0.len()));
        self.0 = rest;
        taken
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bearer(realm: &str, service: Option<&str>, scopes: &[&str]) -> Challenge {
        Challenge::Bearer(BearerChallenge {
            realm: realm.to_owned(),
            service: service.map(str::to_owned),
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        })
    }

    fn check(headers: &[&str], expect: &[Challenge]) {
        assert_eq!(parse_all(headers.iter().copied()), expect, "{headers:?}");
    }

    #[test]
    fn a_bearer_challenge_says_where_and_what() {
        check(
            &[
                r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/nginx:pull""#,
            ],
            &[bearer("https://auth.docker.io/token", Some("registry.docker.io"), &["repository:library/nginx:pull"])],
        );
        check(
            &[r#"Bearer realm="https://r/t",scope="repository:a:pull,push repository:b:pull""#],
            &[bearer("https://r/t", None, &["repository:a:pull,push", "repository:b:pull"])],
        );
        check(
            &[r#"bEaReR  Realm = "https://r/t" , SERVICE=s , error="invalid_token""#],
            &[bearer("https://r/t", Some("s"), &[])],
        );
        check(&["Bearer realm=https://r/t?x=1,service=s"], &[bearer("https://r/t?x=1", Some("s"), &[])]);
        check(&[r#"Bearer realm="a\"b\\c",realm="second""#], &[bearer(r#"a"b\c"#, None, &[])]);
    }

    #[test]
    fn a_basic_challenge_needs_no_parameters() {
        check(&[r#"Basic realm="Registry, private""#], &[Challenge::Basic]);
        check(&["basic"], &[Challenge::Basic]);
    }

    #[test]
    fn several_challenges_come_in_one_header_or_in_several() {
        let both = [bearer("https://r/t", Some("s"), &[]), Challenge::Basic];
        check(&[r#"Bearer realm="https://r/t",service="s", Basic realm="x""#], &both);
        check(&[r#"Bearer realm="https://r/t",service="s""#, r#"Basic realm="x""#], &both);
        check(&[r#"Negotiate, Bearer realm="https://r/t",service="s",Basic"#], &both);
        check(&[r#"Negotiate YWJj==, Bearer realm="https://r/t",service="s",Basic"#], &both);
        check(&[r#"NTLM Bearer, Bearer realm="https://r/t",service="s",,Basic"#], &both);
    }

    #[test]
    fn what_cannot_be_answered_is_left_out() {
        check(&[], &[]);
        check(&[""], &[]);
        check(&[",,"], &[]);
        check(&["Bearer"], &[]);
        check(&[r#"Bearer service="s""#], &[]);
        check(&[r#"Bearer realm="""#], &[]);
        check(&[r#"realm="https://r/t""#], &[]);
        check(&[r#"Digest realm="r", qop="auth, auth-int", nonce="n""#], &[]);
    }

    #[test]
    fn a_quote_that_is_never_closed_reaches_to_the_end() {
        check(&[r#"Bearer realm="https://r/t, Basic"#], &[bearer("https://r/t, Basic", None, &[])]);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic_or_hang(header in ".*", tail in "[ ,=\"\\\\a]*") {
            parse_all([header.as_str(), tail.as_str()]);
        }
    }
}
