//! The textual identifiers of ECR: each its own type, each valid by construction.
//!
//! Source of every pattern: the service model `ecr/2015-09-21`.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use smol_str::SmolStr;

/// Why a text is not an identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidName {
    /// Fewer characters than the identifier may have.
    #[error("must have length greater than or equal to {0}")]
    TooShort(usize),
    /// More characters than the identifier may have.
    #[error("must have length less than or equal to {0}")]
    TooLong(usize),
    /// Does not match the pattern.
    #[error("must satisfy regular expression '{0}'")]
    Pattern(&'static str),
}

macro_rules! text_newtype {
    ($(#[$doc:meta])* $name:ident, $check:path) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(SmolStr);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidName;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                $check(text)?;
                Ok(Self(SmolStr::new(text)))
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }
    };
}

text_newtype!(
    /// Name of a repository: 2 to 256 characters, components of lower-case letters and digits joined by `.`, `_`, `__` or
    /// any run of `-`, separated by `/`.
    RepositoryName,
    check_repository_name
);
text_newtype!(
    /// Tag of an image: 1 to 300 characters of `[a-zA-Z0-9-_.]`.
    Tag,
    check_tag
);
text_newtype!(
    /// Region, e.g. `eu-west-1`: 2 to 25 characters of `[0-9a-z-]`.
    Region,
    check_region
);
text_newtype!(
    /// Prefix of a pull-through cache rule: 2 to 30 characters, grammar of a repository name, or `ROOT`. Stored without
    /// its optional trailing slash, since ECR implies one.
    CacheRulePrefix,
    check_cache_rule_prefix
);

text_newtype!(
    /// Prefix of a repository creation template: 1 to 256 characters, grammar of a repository name with an optional
    /// trailing slash, or `ROOT`. Shown as it was given.
    TemplatePrefix,
    check_template_prefix
);

impl TemplatePrefix {
    /// The prefix without the trailing slash that ECR implies; that two spellings of it are one prefix is unconfirmed.
    pub fn without_slash(&self) -> &str {
        self.as_str().strip_suffix('/').unwrap_or(self.as_str())
    }
}

impl CacheRulePrefix {
    /// Reads a prefix, with or without the trailing slash that ECR implies.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        check_length(text, 2, 30)?;
        text.strip_suffix('/').unwrap_or(text).parse()
    }

    /// Whether it stands for every repository name.
    pub fn is_root(&self) -> bool {
        self.as_str() == "ROOT"
    }
}

/// Identifier of a layer upload; a UUID in text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UploadId(pub Arc<str>);

impl fmt::Display for UploadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Twelve digits that name an AWS account, which is also the registry id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId([u8; 12]);

impl AccountId {
    /// The account of the default world.
    pub const DEFAULT: Self = Self(*b"123456789012");

    /// The digits.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl FromStr for AccountId {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match <[u8; 12]>::try_from(text.as_bytes()) {
            Ok(digits) if digits.iter().all(u8::is_ascii_digit) => Ok(Self(digits)),
            _ => Err(InvalidName::Pattern("[0-9]{12}")),
        }
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One registry: an account in a region.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegistryKey {
    /// The account.
    pub account: AccountId,
    /// The region.
    pub region: Region,
}

impl RegistryKey {
    /// Partition of the region: `aws`, `aws-cn`, `aws-us-gov`, `aws-eusc` or one of the isolated ones.
    pub fn partition(&self) -> &'static str {
        let region = self.region.as_str();
        match region {
            _ if region.starts_with("cn-") => "aws-cn",
            _ if region.starts_with("us-gov-") => "aws-us-gov",
            _ if region.starts_with("us-isob-") => "aws-iso-b",
            _ if region.starts_with("us-isof-") => "aws-iso-f",
            _ if region.starts_with("us-iso-") => "aws-iso",
            _ if region.starts_with("eu-isoe-") => "aws-iso-e",
            _ if region.starts_with("eusc-") => "aws-eusc",
            _ => "aws",
        }
    }

    /// DNS suffix of the partition.
    pub fn dns_suffix(&self) -> &'static str {
        match self.partition() {
            "aws-cn" => "amazonaws.com.cn",
            "aws-iso" => "c2s.ic.gov",
            "aws-iso-b" => "sc2s.sgov.gov",
            "aws-iso-e" => "cloud.adc-e.uk",
            "aws-iso-f" => "csp.hci.ic.gov",
            "aws-eusc" => "amazonaws.eu",
            _ => "amazonaws.com",
        }
    }

    /// AWS's own host of the registry, `<account>.dkr.ecr.<region>.<suffix>`.
    pub fn aws_host(&self) -> String {
        format!("{}.dkr.ecr.{}.{}", self.account, self.region, self.dns_suffix())
    }

    /// ARN of a repository of this registry.
    pub fn repository_arn(&self, name: &RepositoryName) -> String {
        self.arn_of(name).to_string()
    }

    /// What stands for every repository of this registry in policies.
    pub fn every_repository_arn(&self) -> String {
        RepositoryArn { registry: self, name: "*" }.to_string()
    }

    /// ARN of a repository of this registry, to be written where a text is wanted.
    pub fn arn_of<'a>(&'a self, name: &'a RepositoryName) -> RepositoryArn<'a> {
        RepositoryArn { registry: self, name: name.as_str() }
    }
}

/// ARN of a repository; `Display` writes it.
#[derive(Clone, Copy, Debug)]
pub struct RepositoryArn<'a> {
    registry: &'a RegistryKey,
    name: &'a str,
}

impl fmt::Display for RepositoryArn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RegistryKey { account, region } = self.registry;
        // Piece by piece: listings write thousands of them.
        for piece in
            ["arn:", self.registry.partition(), ":ecr:", region.as_str(), ":", account.as_str(), ":repository/"]
        {
            f.write_str(piece)?;
        }
        f.write_str(self.name)
    }
}

/// The pattern that ECR quotes for repository names.
pub const REPOSITORY_NAME_PATTERN: &str = "[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*)*";
/// The pattern that ECR quotes for image tags.
pub const TAG_PATTERN: &str = "[a-zA-Z0-9-_.]+";
/// The pattern of pull-through cache prefixes and of template prefixes.
pub const CACHE_RULE_PREFIX_PATTERN: &str =
    "^([a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*)*/?|ROOT)$";

fn check_length(text: &str, least: usize, most: usize) -> Result<(), InvalidName> {
    match text.chars().count() {
        length if length < least => Err(InvalidName::TooShort(least)),
        length if length > most => Err(InvalidName::TooLong(most)),
        _ => Ok(()),
    }
}

fn check_repository_name(text: &str) -> Result<(), InvalidName> {
    check_length(text, 2, 256)?;
    if text.split('/').all(is_name_component) { Ok(()) } else { Err(InvalidName::Pattern(REPOSITORY_NAME_PATTERN)) }
}

/// Letters and digits, joined by one `.`, one or two `_`, or any run of `-`.
fn is_name_component(component: &str) -> bool {
    let mut rest = component;
    loop {
        let word = rest.bytes().take_while(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()).count();
        if word == 0 {
            return false;
        }
        rest = &rest[word..];
        let Some(first) = rest.bytes().next() else { return true };
        let run = rest.bytes().take_while(|byte| *byte == first).count();
        let joined = match first {
            b'.' => run == 1,
            b'_' => run <= 2,
            b'-' => true,
            _ => false,
        };
        if !joined {
            return false;
        }
        rest = &rest[run..];
    }
}

fn check_tag(text: &str) -> Result<(), InvalidName> {
    check_length(text, 1, 300)?;
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if text.bytes().all(legal) { Ok(()) } else { Err(InvalidName::Pattern(TAG_PATTERN)) }
}

fn check_region(text: &str) -> Result<(), InvalidName> {
    check_length(text, 2, 25)?;
    let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if text.bytes().all(legal) { Ok(()) } else { Err(InvalidName::Pattern("[0-9a-z-]{2,25}")) }
}

fn check_cache_rule_prefix(text: &str) -> Result<(), InvalidName> {
    if text == "ROOT" || text.split('/').all(is_name_component) {
        Ok(())
    } else {
        Err(InvalidName::Pattern(CACHE_RULE_PREFIX_PATTERN))
    }
}

fn check_template_prefix(text: &str) -> Result<(), InvalidName> {
    check_length(text, 1, 256)?;
    if text == "ROOT" || text.strip_suffix('/').unwrap_or(text).split('/').all(is_name_component) {
        Ok(())
    } else {
        Err(InvalidName::Pattern(CACHE_RULE_PREFIX_PATTERN))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, legal: bool) {
        assert_eq!(text.parse::<RepositoryName>().is_ok(), legal, "{text:?}");
    }

    #[test]
    fn c_101_repository_names_follow_the_model_pattern() {
        for name in ["ab", "a--b", "a__b", "1a", "team/app", "a.b", "blobs/tags/manifests", "a-----b/c_d"] {
            check(name, true);
        }
        for name in ["a", "a___b", "a_-b", "_a", "a_", "Ab", "a//b", "/ab", "ab/", "a..b", "a b", "", "ä1"] {
            check(name, false);
        }
        check(&"a".repeat(256), true);
        check(&"a".repeat(257), false);
    }

    #[test]
    fn a_cache_rule_prefix_drops_its_trailing_slash() {
        assert_eq!(CacheRulePrefix::parse("quay/").expect("legal").as_str(), "quay");
        assert!(CacheRulePrefix::parse("ROOT").expect("legal").is_root());
        assert!(CacheRulePrefix::parse("q").is_err());
    }

    #[test]
    fn c_193_a_template_prefix_has_the_grammar_of_a_name_and_keeps_its_slash() {
        for (text, legal) in [
            ("p", true),
            ("prod/", true),
            ("ROOT", true),
            ("a/b", true),
            ("ROOT/", false),
            ("/", false),
            ("Prod", false),
        ] {
            assert_eq!(text.parse::<TemplatePrefix>().is_ok(), legal, "{text}");
        }
        let prefix: TemplatePrefix = "prod/".parse().expect("legal");
        assert_eq!((prefix.as_str(), prefix.without_slash()), ("prod/", "prod"));
        assert!("".parse::<TemplatePrefix>().is_err() && "a".repeat(257).parse::<TemplatePrefix>().is_err());
    }

    #[test]
    fn d_035_partitions_follow_the_region() {
        let key = |region: &str| RegistryKey { account: AccountId::DEFAULT, region: region.parse().expect("region") };
        assert_eq!(key("cn-north-1").aws_host(), "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn");
        assert_eq!(
            key("us-gov-west-1").repository_arn(&"ab".parse().expect("name")),
            "arn:aws-us-gov:ecr:us-gov-west-1:123456789012:repository/ab"
        );
    }
}
