//! Identifiers that a world mints: keyed by its seed, so that the same test mints the same ids.

use sha2::{Digest as _, Sha256};

use crate::registry::Ids;

/// A source of ids. Two sources with the same seed and the same history mint the same ids.
#[derive(Clone, Copy, Debug)]
pub struct KeyedIds {
    seed: u64,
    minted: u64,
}

impl KeyedIds {
    /// A source that has minted nothing.
    pub fn new(seed: u64) -> Self {
        Self { seed, minted: 0 }
    }
}

impl Ids for KeyedIds {
    fn uuid(&mut self) -> String {
        self.minted += 1;
        uuid_from(&[b"id", &self.seed.to_be_bytes(), &self.minted.to_be_bytes()])
    }
}

/// A UUID of version 4 in form, derived from `parts`.
pub fn uuid_from(parts: &[&[u8]]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    let mut bytes: [u8; 16] = [0; 16];
    bytes.copy_from_slice(&hasher.finalize()[..16]);
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let mut digits = [0; 32];
    hex::encode_to_slice(bytes, &mut digits).expect("two digits for each of 16 bytes");
    let mut text = String::with_capacity(36);
    for (position, digit) in digits.into_iter().enumerate() {
        if matches!(position, 8 | 12 | 16 | 20) {
            text.push('-');
        }
        text.push(char::from(digit));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_seeds_mint_equal_ids_and_none_twice() {
        let (mut one, mut two) = (KeyedIds::new(7), KeyedIds::new(7));
        let first = one.uuid();
        assert_eq!(first, two.uuid());
        assert_ne!(first, one.uuid());
        assert_ne!(first, KeyedIds::new(8).uuid());
        assert_eq!(first.len(), 36);
        assert_eq!(first.as_bytes()[14], b'4');
    }
}
