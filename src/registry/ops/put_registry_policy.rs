//! `PutRegistryPolicy`: gives the registry a policy, in place of the one that it had.
//!
//! Any action may stand in it, whatever its scope: under scope V1 most have no effect.
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutRegistryPolicy.html>

use crate::registry::context::Context;
use crate::registry::errors::InvalidParameter;
use crate::registry::policy::iam::{PolicyDocument, PolicyKind};
use crate::registry::state::Registry;

/// The policy to be.
#[derive(Clone, Debug)]
pub struct Input {
    /// The policy as its author wrote it.
    pub policy_text: String,
}

/// The policy that the registry has now.
#[derive(Clone, Debug)]
pub struct Output {
    /// It, in the form in which it is given back from now on.
    pub policy: PolicyDocument,
}

/// Sets the policy. The error: the text is no registry policy.
pub fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: &Input) -> Result<Output, InvalidParameter> {
    let policy = registry.read_policy(PolicyKind::Registry, &input.policy_text, cx.surroundings.actions())?;
    registry.policy = Some(policy.clone());
    Ok(Output { policy })
}

#[cfg(test)]
mod tests {
    use super::super::{delete_registry_policy, get_registry_policy};
    use super::*;
    use crate::registry::testing::{registry, with};

    fn policy(action: &str) -> String {
        format!(
            r#"{{"Statement":[{{"Effect":"Allow","Principal":{{"AWS":"999999999999"}},"Action":"{action}","Resource":"arn:aws:ecr:us-east-1:123456789012:repository/*"}}]}}"#
        )
    }

    #[test]
    fn c_120_c_121_a_policy_is_put_read_and_deleted() {
        let mut registry = registry();
        let missing = "Registry policy does not exist in the registry with id '123456789012'";
        assert_eq!(get_registry_policy::apply(&registry).unwrap_err().to_string(), missing);
        for action in ["ecr:ReplicateImage", "ecr:BatchImportUpstreamImage", "ecr:PutImage", "ecr:*", "*"] {
            let input = Input { policy_text: policy(action) };
            let put = with(|cx| apply(&mut registry, cx, &input)).unwrap().policy;
            assert_eq!(get_registry_policy::apply(&registry).unwrap().policy, put, "{action}");
            assert_eq!(registry.policy(), Some(&put));
        }
        let deleted = with(|cx| delete_registry_policy::apply(&mut registry, cx)).unwrap();
        assert!(deleted.policy.minified().contains(r#""Action":"*""#));
        let again = with(|cx| delete_registry_policy::apply(&mut registry, cx)).unwrap_err();
        assert_eq!(again.to_string(), missing);
    }

    #[test]
    fn c_120_what_is_no_registry_policy_is_refused_and_changes_nothing() {
        let mut registry = registry();
        let input = Input { policy_text: policy("ecr:PutImage") };
        let before = with(|cx| apply(&mut registry, cx, &input)).unwrap().policy;
        for text in [
            String::new(),
            "no policy".to_owned(),
            policy("s3:*"),
            policy("ecr:Frobnicate"),
            policy("ecr:ListImageReferrers"),
            policy("ecr:PutImage").replace("Resource", "Resources"),
        ] {
            let refused = with(|cx| apply(&mut registry, cx, &Input { policy_text: text.clone() })).unwrap_err();
            assert_eq!(
                refused.to_string(),
                "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid registry policy provided'",
                "{text}"
            );
            assert_eq!(registry.policy(), Some(&before));
        }
    }
}
