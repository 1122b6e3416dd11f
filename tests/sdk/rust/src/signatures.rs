//! Signing on push.

use anyhow::{Result, ensure};
use aws_sdk_ecr::operation::get_signing_configuration::GetSigningConfigurationError;
use aws_sdk_ecr::types::{
    SigningConfiguration, SigningRepositoryFilter, SigningRepositoryFilterType, SigningRule, SigningStatus,
};

use crate::Journey;
use crate::check::refused;
use crate::content::tagged;

impl Journey {
    fn profile(&self) -> String {
        format!("arn:aws:signer:{}:{}:/signing-profiles/journey", self.region, self.account)
    }

    pub(crate) async fn configure_signing(&self) -> Result<()> {
        let filter = SigningRepositoryFilter::builder().filter("sdk/*");
        let filter = filter.filter_type(SigningRepositoryFilterType::WildcardMatch).build()?;
        let rule = SigningRule::builder().signing_profile_arn(self.profile()).repository_filters(filter).build()?;
        let configuration = SigningConfiguration::builder().rules(rule).build()?;
        self.ecr.put_signing_configuration().signing_configuration(configuration.clone()).send().await?;
        let answer = self.ecr.get_signing_configuration().send().await?;
        ensure!(answer.signing_configuration() == Some(&configuration));
        Ok(())
    }

    /// The image that replication pushed was signed.
    pub(crate) async fn signed(&self) -> Result<()> {
        let describe = self.ecr.describe_image_signing_status().repository_name("sdk/two");
        let answer = describe.image_id(tagged("r1")).send().await?;
        let [status] = answer.signing_statuses() else { anyhow::bail!("one status, not {answer:?}") };
        ensure!(status.status() == Some(&SigningStatus::Complete));
        ensure!(status.signing_profile_arn() == Some(self.profile().as_str()));
        self.ecr.delete_signing_configuration().send().await?;
        refused!(
            self.ecr.get_signing_configuration(),
            GetSigningConfigurationError::SigningConfigurationNotFoundException
        );
        Ok(())
    }
}
