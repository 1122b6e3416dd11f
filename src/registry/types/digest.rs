//! Content digests as the OCI image specification writes them.
//!
//! Source: <https://github.com/opencontainers/image-spec/blob/main/descriptor.md#digests>

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256, Sha512};

/// The hash of some bytes and the algorithm that made it; always well formed.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Digest {
    /// `sha256:` and 64 lower-case hexadecimal digits.
    Sha256([u8; 32]),
    /// `sha512:` and 128 lower-case hexadecimal digits.
    Sha512(Box<[u8; 64]>),
}

/// The algorithm of a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DigestAlgorithm {
    /// SHA-256, the one that everybody uses.
    Sha256,
    /// SHA-512.
    Sha512,
}

impl Digest {
    /// The SHA-256 digest of `bytes`.
    pub fn sha256_of(bytes: &[u8]) -> Self {
        Self::Sha256(Sha256::digest(bytes).into())
    }

    /// The digest of `bytes` in this algorithm.
    pub fn of(algorithm: DigestAlgorithm, bytes: &[u8]) -> Self {
        match algorithm {
            DigestAlgorithm::Sha256 => Self::sha256_of(bytes),
            DigestAlgorithm::Sha512 => Self::Sha512(Box::new(Sha512::digest(bytes).into())),
        }
    }

    /// The digest of `bytes` in this digest's own algorithm.
    pub fn same_algorithm_of(&self, bytes: &[u8]) -> Self {
        Self::of(self.algorithm(), bytes)
    }

    /// The algorithm.
    pub fn algorithm(&self) -> DigestAlgorithm {
        match self {
            Self::Sha256(_) => DigestAlgorithm::Sha256,
            Self::Sha512(_) => DigestAlgorithm::Sha512,
        }
    }

    /// The hexadecimal half.
    pub fn encoded(&self) -> String {
        match self {
            Self::Sha256(bytes) => hex::encode(bytes),
            Self::Sha512(bytes) => hex::encode(bytes.as_slice()),
        }
    }
}

/// The digits of a hash, without a place on the heap.
fn spelled<'a>(bytes: &[u8], digits: &'a mut [u8]) -> &'a str {
    hex::encode_to_slice(bytes, digits).expect("two digits for each byte");
    str::from_utf8(digits).expect("digits are ASCII")
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut digits = [0_u8; 128];
        let (algorithm, digits) = match self {
            Self::Sha256(bytes) => ("sha256:", spelled(bytes, &mut digits[..64])),
            Self::Sha512(bytes) => ("sha512:", spelled(bytes.as_slice(), &mut digits)),
        };
        f.write_str(algorithm)?;
        f.write_str(digits)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = InvalidDigest;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidDigest(text.to_owned());
        let (algorithm, encoded) = text.split_once(':').ok_or_else(invalid)?;
        if encoded.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(invalid());
        }
        match algorithm {
            "sha256" => {
                let mut bytes = [0; 32];
                hex::decode_to_slice(encoded, &mut bytes).map_err(|_| invalid())?;
                Ok(Self::Sha256(bytes))
            }
            "sha512" => {
                let mut bytes = [0; 64];
                hex::decode_to_slice(encoded, &mut bytes).map_err(|_| invalid())?;
                Ok(Self::Sha512(Box::new(bytes)))
            }
            _ => Err(invalid()),
        }
    }
}

/// The text is not a digest in an algorithm that we know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a sha256 or sha512 digest")]
pub struct InvalidDigest(pub String);
