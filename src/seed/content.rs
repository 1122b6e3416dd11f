//! Pseudo-random file content: `SplitMix64` in counter mode.
//!
//! Word `i` depends on the key and on `i` alone, so any part can be produced without the parts before it. It is fast
//! and does not compress; it is no cryptography. Changing anything here changes the digest of every generated image.
//!
//! Source of the mixing function: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014,
//! <https://doi.org/10.1145/2714064.2660195>.

use sha2::{Digest as _, Sha256};

use super::image_spec::Platform;

/// An endless run of bytes that its key determines.
#[derive(Clone, Copy, Debug)]
pub(super) struct Content {
    key: u64,
}

impl Content {
    /// The content of one layer. Seed, platform and layer each change it; the number and size of layers do not, so that
    /// images of one seed share their first layers as real ones do.
    pub(super) fn of_layer(seed: u64, platform: &Platform, layer: u32) -> Self {
        let mut hasher = Sha256::new();
        hasher.update(b"ecr-fixture layer\0");
        hasher.update(seed.to_le_bytes());
        hasher.update(layer.to_le_bytes());
        hasher.update(platform.to_string());
        Self { key: first_word(hasher.finalize().into()) }
    }

    /// The key, which names the content.
    pub(super) fn key(self) -> u64 {
        self.key
    }

    /// Fills `out` with the bytes from `position` on.
    pub(super) fn fill(self, position: u64, out: &mut [u8]) {
        let skipped = (position % 8) as usize;
        let mut index = position / 8;
        let mut rest = out;
        if skipped > 0 {
            let (head, tail) = rest.split_at_mut(rest.len().min(8 - skipped));
            head.copy_from_slice(&self.word(index)[skipped..skipped + head.len()]);
            index += 1;
            rest = tail;
        }
        for chunk in rest.chunks_mut(8) {
            chunk.copy_from_slice(&self.word(index)[..chunk.len()]);
            index += 1;
        }
    }

    fn word(self, index: u64) -> [u8; 8] {
        let mut mixed = self.key.wrapping_add(index.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)).to_le_bytes()
    }
}

/// The seed that a text stands for: the first eight bytes of its SHA-256, least significant first.
pub(super) fn seed_of_text(text: &str) -> u64 {
    first_word(Sha256::digest(text).into())
}

fn first_word(hash: [u8; 32]) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&hash[..8]);
    u64::from_le_bytes(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mixing_function_gives_the_published_first_outputs() {
        let words: Vec<u64> = (0..3).map(|index| u64::from_le_bytes(Content { key: 0 }.word(index))).collect();
        assert_eq!(words, [0xe220_a839_7b1d_cdaf, 0x6e78_9e6a_a1b9_65f4, 0x06c4_5d18_8009_454f]);
    }

    #[test]
    fn every_part_is_the_same_part_of_the_whole() {
        let content = Content { key: 7 };
        let mut whole = [0; 64];
        content.fill(0, &mut whole);
        for from in 0..64 {
            for to in from..=64 {
                let mut part = vec![0; to - from];
                content.fill(from as u64, &mut part);
                assert_eq!(part, whole[from..to], "{from}..{to}");
            }
        }
    }

    #[test]
    fn seed_platform_and_layer_each_change_the_content() {
        let linux = Platform::linux_amd64();
        let arm = "linux/arm64".parse().expect("platform");
        let keys = [
            Content::of_layer(0, &linux, 0).key(),
            Content::of_layer(1, &linux, 0).key(),
            Content::of_layer(0, &arm, 0).key(),
            Content::of_layer(0, &linux, 1).key(),
        ];
        for (index, key) in keys.iter().enumerate() {
            assert!(!keys[..index].contains(key), "key {index}");
        }
    }
}
