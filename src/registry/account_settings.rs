//! The named settings of an account in a region: what can be set, to what, and what holds until then.
//!
//! Here stands what the settings are; whoever they concern looks at them.
//!
//! Sources: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutAccountSetting.html>,
//! <https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry-settings.html>

use std::str::FromStr;

use super::errors::InvalidAccountSetting;
use super::policy::iam::RegistryPolicyScope;

/// The settings of one account. The default is that of a new account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AccountSettings {
    /// Whether blobs are mounted from other repositories.
    pub blob_mounting: BlobMounting,
    /// Which actions the registry's policy governs.
    pub registry_policy_scope: RegistryPolicyScope,
}

/// Whether blobs are mounted from other repositories.
/// Source: <https://docs.aws.amazon.com/AmazonECR/latest/userguide/blob-mounting.html>
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BlobMounting {
    /// Never.
    #[default]
    Disabled,
    /// Where the conditions of ECR hold.
    Enabled,
}

/// The name of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountSetting {
    /// `BASIC_SCAN_TYPE_VERSION`: the scanner behind basic scans, of which one is left.
    BasicScanTypeVersion,
    /// `BLOB_MOUNTING`.
    BlobMounting,
    /// `REGISTRY_POLICY_SCOPE`.
    RegistryPolicyScope,
}

impl AccountSetting {
    /// Every setting, in alphabetical order.
    pub const ALL: &'static [Self] = &[Self::BasicScanTypeVersion, Self::BlobMounting, Self::RegistryPolicyScope];

    /// Its name in calls.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BasicScanTypeVersion => "BASIC_SCAN_TYPE_VERSION",
            Self::BlobMounting => "BLOB_MOUNTING",
            Self::RegistryPolicyScope => "REGISTRY_POLICY_SCOPE",
        }
    }

    /// Values that it can be given: there is no way back to `V1`, and `CLAIR` was retired in February 2026.
    fn values(self) -> &'static [&'static str] {
        match self {
            Self::BasicScanTypeVersion => &["AWS_NATIVE"],
            Self::BlobMounting => &["ENABLED", "DISABLED"],
            Self::RegistryPolicyScope => &["V2"],
        }
    }
}

impl FromStr for AccountSetting {
    type Err = InvalidAccountSetting;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.iter().copied().find(|setting| setting.as_str() == text).ok_or_else(|| InvalidAccountSetting::Name {
            name: text.to_owned(),
            valid: Self::ALL.iter().map(|setting| setting.as_str()).collect(),
        })
    }
}

impl AccountSettings {
    /// The value of a setting as calls show it.
    pub fn value(&self, setting: AccountSetting) -> &'static str {
        match setting {
            AccountSetting::BasicScanTypeVersion => "AWS_NATIVE",
            AccountSetting::BlobMounting => match self.blob_mounting {
                BlobMounting::Disabled => "DISABLED",
                BlobMounting::Enabled => "ENABLED",
            },
            AccountSetting::RegistryPolicyScope => match self.registry_policy_scope {
                RegistryPolicyScope::V1 => "V1",
                RegistryPolicyScope::V2 => "V2",
            },
        }
    }

    /// Gives a setting a value.
    pub(super) fn set(&mut self, setting: AccountSetting, value: &str) -> Result<(), InvalidAccountSetting> {
        match (setting, value) {
            (AccountSetting::BasicScanTypeVersion, "AWS_NATIVE") => {}
            (AccountSetting::BlobMounting, "ENABLED") => self.blob_mounting = BlobMounting::Enabled,
            (AccountSetting::BlobMounting, "DISABLED") => self.blob_mounting = BlobMounting::Disabled,
            (AccountSetting::RegistryPolicyScope, "V2") => self.registry_policy_scope = RegistryPolicyScope::V2,
            _ => {
                let (name, value) = (setting.as_str(), value.to_owned());
                return Err(InvalidAccountSetting::Value { name, value, valid: setting.values() });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c_180_each_setting_takes_its_values_and_shows_them() {
        for setting in AccountSetting::ALL.iter().copied() {
            assert_eq!(setting.as_str().parse(), Ok(setting));
            let mut settings = AccountSettings::default();
            for value in setting.values() {
                settings.set(setting, value).unwrap();
                assert_eq!(settings.value(setting), *value);
            }
            for value in ["", "on", "enabled", "V1", "CLAIR"] {
                assert!(settings.set(setting, value).is_err(), "{} {value:?}", setting.as_str());
            }
        }
        assert!("blob_mounting".parse::<AccountSetting>().is_err());
    }

    #[test]
    fn c_180_the_scope_goes_one_way() {
        let (v1, v2) = (RegistryPolicyScope::V1, RegistryPolicyScope::V2);
        let mut settings = AccountSettings { registry_policy_scope: v1, ..AccountSettings::default() };
        assert_eq!(settings.value(AccountSetting::RegistryPolicyScope), "V1");
        assert!(settings.set(AccountSetting::RegistryPolicyScope, "V1").is_err());
        settings.set(AccountSetting::RegistryPolicyScope, "V2").unwrap();
        assert_eq!(settings.registry_policy_scope, v2);
    }
}
