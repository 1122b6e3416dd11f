//! Proof that some bytes are in the blob store under their digest.

use std::fmt;
use std::sync::Arc;

use super::Digest;

/// What the model knows of stored bytes. Implemented by the blob store; dropping the last handle lets the bytes go.
pub trait StoredBlob: fmt::Debug + Send + Sync {
    /// Digest under which the bytes were verified.
    fn digest(&self) -> &Digest;
    /// Number of bytes.
    fn size_bytes(&self) -> u64;
}

/// Bytes that were hashed on their way in. Holding one keeps the bytes.
///
/// The model takes it as proof: whoever has one need not check the digest again.
#[derive(Clone)]
pub struct VerifiedBlob(Arc<dyn StoredBlob>);

impl VerifiedBlob {
    /// For blob stores only: wraps what was just verified.
    pub fn new(blob: Arc<dyn StoredBlob>) -> Self {
        Self(blob)
    }

    /// Digest of the bytes.
    pub fn digest(&self) -> &Digest {
        self.0.digest()
    }

    /// Number of bytes.
    pub fn size_bytes(&self) -> u64 {
        self.0.size_bytes()
    }

    /// Whether both are handles on the same stored bytes, not only on equal ones.
    #[cfg(test)]
    pub(in crate::registry) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for VerifiedBlob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifiedBlob({}, {} bytes)", self.digest(), self.size_bytes())
    }
}
