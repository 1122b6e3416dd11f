//! Documents of what bounds and governs a world: templates, throttles, quotas and secrets.

use super::{Registry, Seed, TagMutability};
use crate::proto;

/// A repository creation template. Begin with [`template`], and put it into a [`Registry`].
#[derive(Clone, Debug)]
#[must_use]
pub struct Template(pub(super) proto::CreationTemplateDocument);

/// Begins a template for repositories below `prefix` (or `ROOT`); moments are `REPLICATION`, `PULL_THROUGH_CACHE` and
/// `CREATE_ON_PUSH`.
pub fn template(prefix: &str, applied_for: impl IntoIterator<Item = impl Into<String>>) -> Template {
    let applied_for = applied_for.into_iter().map(Into::into).collect();
    Template(proto::CreationTemplateDocument { prefix: prefix.to_owned(), applied_for, ..Default::default() })
}

impl Template {
    /// Whether tags of its repositories may be moved; at first they may.
    pub fn tag_mutability(mut self, mutability: TagMutability) -> Self {
        self.0.image_tag_mutability = Some(mutability.text().to_owned());
        self
    }

    /// JSON text of the repository policy.
    pub fn repository_policy(mut self, json: impl Into<String>) -> Self {
        self.0.repository_policy = Some(json.into());
        self
    }

    /// JSON text of the lifecycle policy.
    pub fn lifecycle_policy(mut self, json: impl Into<String>) -> Self {
        self.0.lifecycle_policy = Some(json.into());
        self
    }

    /// Adds a resource tag, for which ECR needs a role.
    pub fn resource_tag(mut self, key: &str, value: &str) -> Self {
        self.0.resource_tags.push(resource_tag(key, value));
        self
    }

    /// The role that ECR takes on to set resource tags or a KMS key.
    pub fn custom_role(mut self, arn: &str) -> Self {
        self.0.custom_role_arn = Some(arn.to_owned());
        self
    }
}

impl Registry {
    /// Adds a repository creation template, in place of the one that its prefix has.
    pub fn creation_template(mut self, template: Template) -> Self {
        self.document.creation_templates.push(template.0);
        self
    }

    /// JSON text of the registry's policy.
    pub fn policy(mut self, json: impl Into<String>) -> Self {
        self.document.policy = Some(json.into());
        self
    }

    /// Whether blobs are mounted from other repositories; at first they are not.
    pub fn blob_mounting(mut self, enabled: bool) -> Self {
        let settings = self.document.account_settings.get_or_insert_default();
        settings.blob_mounting = Some(if enabled { "ENABLED" } else { "DISABLED" }.to_owned());
        self
    }

    /// Scope of the registry's policy, `V1` or `V2`; at first the latter.
    pub fn policy_scope(mut self, scope: &str) -> Self {
        self.document.account_settings.get_or_insert_default().registry_policy_scope = Some(scope.to_owned());
        self
    }

    /// Type of scans, `BASIC` or `ENHANCED`. Replaces the whole scanning configuration, with [`Self::scanning_rule`].
    pub fn scan_type(mut self, scan_type: &str) -> Self {
        self.document.scanning.get_or_insert_default().scan_type = Some(scan_type.to_owned());
        self
    }

    /// Adds a scanning rule: a frequency, e.g. `SCAN_ON_PUSH`, for repositories that one of the wildcard filters picks.
    pub fn scanning_rule(mut self, frequency: &str, filters: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let repository_filters = filters.into_iter().map(Into::into).collect();
        let rule = proto::ScanningRuleDocument { scan_frequency: frequency.to_owned(), repository_filters };
        self.document.scanning.get_or_insert_default().rules.push(rule);
        self
    }

    /// Adds a signing rule: a profile for repositories that one of the wildcard filters picks, every one if there is none.
    /// Replaces the whole signing configuration.
    pub fn signing_rule(mut self, profile_arn: &str, filters: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let repository_filters = filters.into_iter().map(Into::into).collect();
        let rule = proto::SigningRuleDocument { signing_profile_arn: profile_arn.to_owned(), repository_filters };
        self.document.signing.get_or_insert_default().rules.push(rule);
        self
    }

    /// Adds a user or role whose pulls are not recorded.
    pub fn pull_time_exclusion(mut self, arn: &str) -> Self {
        self.document.pull_time_exclusions.push(arn.to_owned());
        self
    }
}

pub(super) fn resource_tag(key: &str, value: &str) -> proto::ResourceTagDocument {
    proto::ResourceTagDocument { key: key.to_owned(), value: Some(value.to_owned()) }
}

/// Rates of calls, which turn throttles on. Begin with [`throttles`].
#[derive(Clone, Debug)]
#[must_use = "a document does nothing until it is handed to `World::seed`"]
pub struct Throttles(proto::ThrottleDocument);

/// Begins rates of calls: ECR's for every operation that [`Throttles::rate`] does not name.
pub fn throttles() -> Throttles {
    Throttles(proto::ThrottleDocument::default())
}

impl Throttles {
    /// The rate of one operation, e.g. `PutImage`: calls in a second of the world's clock, and calls at once.
    pub fn rate(mut self, operation: &str, per_second: f64, burst: u32) -> Self {
        self.0.operations.push(proto::OperationThrottleDocument {
            operation: operation.to_owned(),
            rate_per_second: Some(per_second),
            burst: Some(burst),
        });
        self
    }

    /// Turns throttles off again.
    pub fn off(mut self) -> Self {
        self.0.enabled = Some(false);
        self
    }
}

impl From<Throttles> for Seed {
    fn from(throttles: Throttles) -> Self {
        Self::of([proto::document::Kind::Throttles(throttles.0)])
    }
}

/// How much the registries of a world may hold. Begin with [`quotas`].
#[derive(Clone, Debug)]
#[must_use = "a document does nothing until it is handed to `World::seed`"]
pub struct Quotas(pub(crate) proto::QuotaDocument);

/// Begins quotas; what is not said stays as it is, at first as in ECR.
pub fn quotas() -> Quotas {
    Quotas(proto::QuotaDocument::default())
}

macro_rules! quota_setters {
    ($($(#[$doc:meta])* $name:ident;)+) => {
        impl Quotas {
            $(
                $(#[$doc])*
                pub fn $name(mut self, most: u64) -> Self {
                    self.0.$name = Some(most);
                    self
                }
            )+
        }
    };
}

quota_setters! {
    /// Repositories of a registry.
    repositories_per_registry;
    /// Images of a repository.
    images_per_repository;
    /// Tags of an image.
    tags_per_image;
    /// Resource tags of a repository.
    resource_tags_per_repository;
    /// Parts of a layer.
    layer_parts;
    /// Bytes of the smallest part that is not the last.
    layer_part_minimum_bytes;
    /// Bytes of the largest part.
    layer_part_maximum_bytes;
    /// Bytes of a layer.
    layer_maximum_bytes;
    /// Rules of a lifecycle policy.
    lifecycle_policy_rules;
    /// Characters of a lifecycle policy.
    lifecycle_policy_characters;
    /// Pull-through cache rules of a registry.
    cache_rules_per_registry;
    /// Repository creation templates of a registry.
    creation_templates_per_registry;
    /// Rules of a replication configuration.
    replication_rules;
    /// Different destinations of a replication configuration.
    replication_destinations;
    /// Filters of a replication rule.
    replication_filters_per_rule;
    /// Replication backfills of a registry that have not ended.
    running_backfills;
    /// Rules of a scanning configuration.
    scanning_rules;
    /// Filters of a scanning rule.
    scanning_filters_per_rule;
    /// Rules of a signing configuration.
    signing_rules;
    /// Filters of a signing rule.
    signing_filters_per_rule;
    /// Principals of a registry whose pulls are not recorded.
    pull_time_exclusions;
}

impl From<Quotas> for Seed {
    fn from(quotas: Quotas) -> Self {
        Self::of([proto::document::Kind::Quotas(quotas.0)])
    }
}

/// What the registry surface of a world offers, beside its profile. Begin with [`surface`].
#[derive(Clone, Debug)]
#[must_use = "a document does nothing until it is handed to `World::seed`"]
pub struct Surface(proto::SurfaceDocument);

/// Begins what the registry surface offers; what is not said stays as it is.
pub fn surface() -> Surface {
    Surface(proto::SurfaceDocument::default())
}

impl Surface {
    /// Whether there is a referrers API. Without it clients keep a fallback tag, as with registries before version 1.1 of the
    /// OCI Distribution Specification.
    pub fn referrers(mut self, there: bool) -> Self {
        self.0.referrers = Some(there);
        self
    }

    /// Whether `GET` of a blob leads to a URL that needs no login.
    pub fn redirects(mut self, there: bool) -> Self {
        self.0.redirects = Some(there);
        self
    }
}

impl From<Surface> for Seed {
    fn from(surface: Surface) -> Self {
        Self::of([proto::document::Kind::Surface(surface.0)])
    }
}

/// A Secrets Manager secret that cache rules can name. Begin with [`secret`] or [`faulty_secret`].
#[derive(Clone, Debug)]
#[must_use = "a document does nothing until it is handed to `World::seed`"]
pub struct Secret(proto::SecretDocument);

/// A secret with the login of an upstream. A world that declares a secret has no others.
pub fn secret(arn: &str, username: &str, access_token: &str) -> Secret {
    Secret(proto::SecretDocument {
        arn: arn.to_owned(),
        username: Some(username.to_owned()),
        access_token: Some(access_token.to_owned()),
        fault: None,
    })
}

/// A secret that ECR cannot use: `ACCESS_DENIED`, `DECRYPTION_FAILURE` or `MALFORMED`.
pub fn faulty_secret(arn: &str, fault: &str) -> Secret {
    Secret(proto::SecretDocument { arn: arn.to_owned(), fault: Some(fault.to_owned()), ..Default::default() })
}

impl From<Secret> for Seed {
    fn from(secret: Secret) -> Self {
        Self::of([proto::document::Kind::Secret(secret.0)])
    }
}

#[cfg(test)]
mod tests {
    use super::super::registry;
    use super::*;
    use proto::document::Kind;

    fn kind(seed: impl Into<Seed>) -> Kind {
        seed.into().documents.remove(0).kind.expect("a kind")
    }

    #[test]
    fn settings_of_a_registry_are_one_document() {
        let built = registry()
            .policy("{}")
            .creation_template(template("prod", ["REPLICATION"]).tag_mutability(TagMutability::Immutable))
            .blob_mounting(true)
            .policy_scope("V1")
            .scanning_rule("SCAN_ON_PUSH", ["team/*"])
            .signing_rule("arn:aws:signer:us-east-1:123456789012:/signing-profiles/release", [] as [&str; 0])
            .pull_time_exclusion("arn:aws:iam::123456789012:role/ci");
        let Kind::Registry(document) = kind(built) else { panic!("a registry") };
        assert_eq!(document.policy.as_deref(), Some("{}"));
        assert_eq!(document.creation_templates[0].image_tag_mutability.as_deref(), Some("IMMUTABLE"));
        let settings = document.account_settings.expect("settings");
        assert_eq!(settings.blob_mounting.as_deref(), Some("ENABLED"));
        assert_eq!(settings.registry_policy_scope.as_deref(), Some("V1"));
        assert_eq!(document.scanning.expect("scanning").rules[0].repository_filters, ["team/*"]);
        assert_eq!(document.signing.expect("signing").rules.len(), 1);
        assert_eq!(document.pull_time_exclusions.len(), 1);
    }

    #[test]
    fn bounds_and_secrets_are_documents_of_their_own() {
        let Kind::Throttles(document) = kind(throttles().rate("PutImage", 2.5, 3)) else { panic!("throttles") };
        assert_eq!((document.operations[0].rate_per_second, document.enabled), (Some(2.5), None));
        let Kind::Surface(document) = kind(surface().referrers(false).redirects(true)) else { panic!("surface") };
        assert_eq!((document.referrers, document.redirects), (Some(false), Some(true)));
        let Kind::Throttles(document) = kind(throttles().off()) else { panic!("throttles") };
        assert_eq!(document.enabled, Some(false));
        let Kind::Quotas(document) = kind(quotas().images_per_repository(1)) else { panic!("quotas") };
        assert_eq!((document.images_per_repository, document.layer_parts), (Some(1), None));
        let Kind::Secret(document) = kind(secret("arn", "me", "token")) else { panic!("a secret") };
        assert_eq!((document.username.as_deref(), document.fault), (Some("me"), None));
        let Kind::Secret(document) = kind(faulty_secret("arn", "MALFORMED")) else { panic!("a secret") };
        assert_eq!(document.fault.as_deref(), Some("MALFORMED"));
    }
}
