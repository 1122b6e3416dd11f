//! Settings of the registry: pull-through cache rules, creation templates, and the small ones.

use anyhow::{Context, Result, ensure};
use aws_sdk_ecr::operation::create_pull_through_cache_rule::CreatePullThroughCacheRuleError;
use aws_sdk_ecr::operation::create_repository_creation_template::CreateRepositoryCreationTemplateError;
use aws_sdk_ecr::operation::delete_pull_through_cache_rule::DeletePullThroughCacheRuleError;
use aws_sdk_ecr::operation::delete_repository_creation_template::DeleteRepositoryCreationTemplateError;
use aws_sdk_ecr::operation::deregister_pull_time_update_exclusion::DeregisterPullTimeUpdateExclusionError;
use aws_sdk_ecr::operation::register_pull_time_update_exclusion::RegisterPullTimeUpdateExclusionError;
use aws_sdk_ecr::types::{ImageTagMutability, RctAppliedFor, UpstreamRegistry};

use crate::Journey;
use crate::check::{is_now, refused};
use crate::content::tagged;

impl Journey {
    pub(crate) async fn cache_rules(&self) -> Result<()> {
        let create = |prefix: &str, upstream: &str| {
            let call = self.ecr.create_pull_through_cache_rule();
            call.ecr_repository_prefix(prefix).upstream_registry_url(upstream)
        };
        let hub = create("hub", "registry-1.docker.io").upstream_registry(UpstreamRegistry::DockerHub);
        for call in [create("mirror", "mirror.test"), create("quay", "quay.io"), hub.credential_arn(self.secret("hub"))]
        {
            is_now(call.send().await?.created_at())?;
        }
        refused!(
            create("mirror", "mirror.test"),
            CreatePullThroughCacheRuleError::PullThroughCacheRuleAlreadyExistsException
        );

        let pages = self.ecr.describe_pull_through_cache_rules().into_paginator().page_size(2).send();
        let pages = pages.collect::<Result<Vec<_>, _>>().await?;
        ensure!(pages.len() == 2);
        let rules = pages.iter().flat_map(|page| page.pull_through_cache_rules());
        let mut prefixes: Vec<_> = rules.filter_map(|rule| rule.ecr_repository_prefix()).collect();
        prefixes.sort_unstable();
        ensure!(prefixes == ["hub", "mirror", "quay"]);
        let update = self.ecr.update_pull_through_cache_rule().ecr_repository_prefix("hub");
        let updated = update.credential_arn(self.secret("other")).send().await?;
        ensure!(updated.credential_arn() == Some(self.secret("other").as_str()));
        let valid = self.ecr.validate_pull_through_cache_rule().ecr_repository_prefix("mirror").send().await?;
        ensure!(valid.is_valid());

        let pull = self.ecr.batch_get_image().repository_name("mirror/team/base").image_ids(tagged("v1"));
        ensure!(pull.send().await?.images().len() == 1);
        let delete = || self.ecr.delete_pull_through_cache_rule().ecr_repository_prefix("quay");
        delete().send().await?;
        refused!(delete(), DeletePullThroughCacheRuleError::PullThroughCacheRuleNotFoundException);
        Ok(())
    }

    fn secret(&self, name: &str) -> String {
        let (region, account) = (&self.region, &self.account);
        format!("arn:aws:secretsmanager:{region}:{account}:secret:ecr-pullthroughcache/{name}-AbCdEf")
    }

    pub(crate) async fn templates(&self) -> Result<()> {
        let create = |prefix: &str| {
            let call = self.ecr.create_repository_creation_template();
            call.prefix(prefix).applied_for(RctAppliedFor::CreateOnPush)
        };
        for prefix in ["one", "two", "ROOT"] {
            create(prefix).send().await?;
        }
        refused!(create("one"), CreateRepositoryCreationTemplateError::TemplateAlreadyExistsException);
        let pages = self.ecr.describe_repository_creation_templates().into_paginator().page_size(2).send();
        let pages = pages.collect::<Result<Vec<_>, _>>().await?;
        ensure!(pages.len() == 2);
        ensure!(pages.iter().flat_map(|page| page.repository_creation_templates()).count() == 3);
        let update = self.ecr.update_repository_creation_template().prefix("one");
        let update = update.description("journey").image_tag_mutability(ImageTagMutability::Immutable);
        let answer = update.send().await?;
        let updated = answer.repository_creation_template().context("no template")?;
        ensure!(updated.description() == Some("journey"));
        ensure!(updated.image_tag_mutability() == Some(&ImageTagMutability::Immutable));
        is_now(updated.updated_at())?;
        let delete = || self.ecr.delete_repository_creation_template().prefix("one");
        delete().send().await?;
        refused!(delete(), DeleteRepositoryCreationTemplateError::TemplateNotFoundException);
        Ok(())
    }

    pub(crate) async fn settings(&self) -> Result<()> {
        self.ecr.put_account_setting().name("BLOB_MOUNTING").value("ENABLED").send().await?;
        let setting = self.ecr.get_account_setting().name("BLOB_MOUNTING").send().await?;
        ensure!(setting.value() == Some("ENABLED"));

        let roles = ["a", "b"].map(|role| format!("arn:aws:iam::{}:role/{role}", self.account));
        let register = |role: &str| self.ecr.register_pull_time_update_exclusion().principal_arn(role);
        for role in &roles {
            is_now(register(role).send().await?.created_at())?;
        }
        refused!(register(&roles[0]), RegisterPullTimeUpdateExclusionError::ExclusionAlreadyExistsException);
        // The SDK has no paginator for exclusions.
        let list = self.ecr.list_pull_time_update_exclusions().max_results(1);
        let mut pages = vec![list.clone().send().await?];
        while let Some(token) = pages.last().and_then(|page| page.next_token()) {
            pages.push(list.clone().next_token(token).send().await?);
        }
        ensure!(pages.len() == 2);
        let mut excluded: Vec<_> = pages.iter().flat_map(|page| page.pull_time_update_exclusions()).collect();
        excluded.sort_unstable();
        ensure!(excluded == roles.iter().collect::<Vec<_>>());
        let deregister = || self.ecr.deregister_pull_time_update_exclusion().principal_arn(&roles[0]);
        deregister().send().await?;
        refused!(deregister(), DeregisterPullTimeUpdateExclusionError::ExclusionNotFoundException);
        Ok(())
    }
}
