//! How a repository says it is encrypted. Nothing is: the setting is stored and shown, and cannot be changed later.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/userguide/encryption-at-rest.html>

use std::sync::Arc;

use super::types::{Digest, RegistryKey};

/// Kind of encryption.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EncryptionType {
    /// Keys of the service.
    #[default]
    Aes256,
    /// A key in KMS.
    Kms,
    /// A key in KMS, two layers.
    KmsDsse,
}

impl EncryptionType {
    /// ECR's name of the kind.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Aes256 => "AES256",
            Self::Kms => "KMS",
            Self::KmsDsse => "KMS_DSSE",
        }
    }

    /// The kind of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Aes256, Self::Kms, Self::KmsDsse].into_iter().find(|kind| kind.as_str() == name)
    }
}

/// ARN of the key `aws/ecr` of a registry's account and region. Its id is made from them, so that whatever creates a
/// repository, a call or a replication, finds the same key.
pub(super) fn managed_key(registry: &RegistryKey) -> Arc<str> {
    let RegistryKey { account, region } = registry;
    let hash = Digest::sha256_of(format!("aws/ecr {account} {region}").as_bytes()).encoded();
    // Of the form of a UUID of version 4.
    let id = format!("{}-{}-4{}-8{}-{}", &hash[..8], &hash[8..12], &hash[13..16], &hash[17..20], &hash[20..32]);
    format!("arn:{}:kms:{region}:{account}:key/{id}", registry.partition()).into()
}

/// A repository's encryption setting.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Encryption {
    /// The kind.
    pub encryption_type: EncryptionType,
    /// Key as given, or the ARN of the registry's `aws/ecr` key; absent exactly for AES256.
    pub kms_key: Option<Arc<str>>,
}

impl Encryption {
    /// The setting as a repository of this registry keeps it: KMS without a key means the registry's `aws/ecr` key.
    pub(super) fn in_registry(mut self, registry: &RegistryKey) -> Self {
        if self.encryption_type != EncryptionType::Aes256 {
            self.kms_key.get_or_insert_with(|| managed_key(registry));
        }
        self
    }
}
