//! Amazon Resource Names: `arn:<partition>:<service>:<region>:<account>:<resource>`.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::{RegistryKey, RepositoryName};

/// An ARN: six fields, of which region and account may be empty. The resource may itself hold colons.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Arn(Arc<str>);

impl Arn {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Partition, e.g. `aws`.
    pub fn partition(&self) -> &str {
        self.field(1)
    }

    /// Service, e.g. `ecr`.
    pub fn service(&self) -> &str {
        self.field(2)
    }

    /// Region; empty for services that have none.
    pub fn region(&self) -> &str {
        self.field(3)
    }

    /// Account, as it is written; empty for resources that belong to none.
    pub fn account(&self) -> &str {
        self.field(4)
    }

    /// All that follows the account, e.g. `repository/team/app`.
    pub fn resource(&self) -> &str {
        self.field(5)
    }

    /// The repository that it names, if it is the ARN of one: service `ecr`, the region's own partition, an account and a
    /// legal repository name.
    pub fn repository(&self) -> Result<(RegistryKey, RepositoryName), InvalidArn> {
        let name = self.resource().strip_prefix("repository/").ok_or(InvalidArn)?;
        let region = self.region().parse().map_err(|_| InvalidArn)?;
        let account = self.account().parse().map_err(|_| InvalidArn)?;
        let registry = RegistryKey { account, region };
        if self.service() != "ecr" || self.partition() != registry.partition() {
            return Err(InvalidArn);
        }
        Ok((registry, name.parse().map_err(|_| InvalidArn)?))
    }

    fn field(&self, place: usize) -> &str {
        self.0.splitn(6, ':').nth(place).unwrap_or_default()
    }
}

impl FromStr for Arn {
    type Err = InvalidArn;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut fields = text.splitn(6, ':');
        let mut next = || fields.next().ok_or(InvalidArn);
        let (prefix, partition, service) = (next()?, next()?, next()?);
        let (_region, _account, resource) = (next()?, next()?, next()?);
        if prefix != "arn" || partition.is_empty() || service.is_empty() || resource.is_empty() {
            return Err(InvalidArn);
        }
        Ok(Self(Arc::from(text)))
    }
}

impl AsRef<str> for Arn {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Arn {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// The text is not an ARN, or not one of a repository where one is due. ECR's constraint text for `resourceArn`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Invalid ARN")]
pub struct InvalidArn;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_has_six_fields_and_the_last_may_hold_colons() {
        let arn: Arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:ecr-pullthroughcache/x".parse().unwrap();
        assert_eq!((arn.partition(), arn.service(), arn.region()), ("aws", "secretsmanager", "eu-west-1"));
        assert_eq!((arn.account(), arn.resource()), ("123456789012", "secret:ecr-pullthroughcache/x"));
        let user: Arn = "arn:aws:iam::123456789012:user/eve".parse().unwrap();
        assert_eq!((user.region(), user.resource()), ("", "user/eve"));
        assert_eq!(user.to_string(), "arn:aws:iam::123456789012:user/eve");
        for text in
            ["", "arn", "arn:aws:ecr:r:a", "arn:aws:ecr:r:a:", "arn::ecr:r:a:x", "arn:aws::r:a:x", "a:b:c:d:e:f"]
        {
            assert_eq!(text.parse::<Arn>(), Err(InvalidArn), "{text:?}");
        }
    }

    #[test]
    fn a_repository_arn_names_registry_and_repository() {
        let read = |text: &str| text.parse::<Arn>().unwrap().repository();
        let (registry, name) = read("arn:aws-cn:ecr:cn-north-1:123456789012:repository/team/app").unwrap();
        assert_eq!(registry.repository_arn(&name), "arn:aws-cn:ecr:cn-north-1:123456789012:repository/team/app");
        for text in [
            "arn:aws:ecr:cn-north-1:123456789012:repository/team/app",
            "arn:aws:s3:eu-west-1:123456789012:repository/team/app",
            "arn:aws:ecr:eu-west-1:12345:repository/team/app",
            "arn:aws:ecr::123456789012:repository/team/app",
            "arn:aws:ecr:eu-west-1:123456789012:repository/Team",
            "arn:aws:ecr:eu-west-1:123456789012:registry/team",
        ] {
            assert_eq!(read(text), Err(InvalidArn), "{text}");
        }
    }
}
