//! Principals whose pulls are not recorded in the images that they pull.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-time-update-exclusions.html>

use super::context::Caller;
use super::map::Map;
use super::types::{Arn, Timestamp};

/// The excluded users and roles of a registry, each with the time when it was registered.
#[derive(Clone, Debug, Default)]
pub struct PullTimeExclusions(pub(super) Map<Arn, Timestamp>);

impl PullTimeExclusions {
    /// The principals, in order of their ARNs.
    pub fn principals(&self) -> impl Iterator<Item = &Arn> {
        self.0.keys()
    }

    /// Whether pulls of this caller are left out: it is on the list, or a session of a role that is.
    pub fn covers(&self, caller: &Caller) -> bool {
        self.0.contains_key(&*caller.arn) || self.0.keys().any(|principal| is_role_of(principal, &caller.arn))
    }
}

/// Whether this is the role of that session, whose ARN holds the role's name without its path.
fn is_role_of(principal: &Arn, session: &str) -> bool {
    let name = principal.resource().strip_prefix("role/").and_then(|path| path.rsplit('/').next());
    let (Some(name), Ok(session)) = (name, session.parse::<Arn>()) else { return false };
    session.service() == "sts"
        && (session.partition(), session.account()) == (principal.partition(), principal.account())
        && session.resource().strip_prefix("assumed-role/").and_then(|rest| rest.split('/').next()) == Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::testing::NOON;
    use crate::registry::types::AccountId;

    #[test]
    fn a_108_c_208_a_session_is_excluded_with_its_role() {
        let role = "arn:aws:iam::123456789012:role/scan/trivy";
        let user = "arn:aws:iam::123456789012:user/eve";
        let exclusions = [role, user].map(|arn| (arn.parse().unwrap(), NOON));
        let exclusions = PullTimeExclusions(exclusions.into_iter().collect());
        for (arn, covered) in [
            (user, true),
            (role, true),
            ("arn:aws:sts::123456789012:assumed-role/trivy/session", true),
            ("arn:aws:sts::123456789012:assumed-role/trivy2/session", false),
            ("arn:aws:sts::123456789012:assumed-role/scan/trivy", false),
            ("arn:aws:sts::999999999999:assumed-role/trivy/session", false),
            ("arn:aws-cn:sts::123456789012:assumed-role/trivy/session", false),
            ("arn:aws:sts::123456789012:assumed-role/eve/session", false),
            ("arn:aws:iam::123456789012:role/trivy", false),
            ("arn:aws:iam::123456789012:root", false),
            ("no arn", false),
        ] {
            let caller = Caller { account: AccountId::DEFAULT, arn: arn.into() };
            assert_eq!(exclusions.covers(&caller), covered, "{arn}");
        }
    }
}
