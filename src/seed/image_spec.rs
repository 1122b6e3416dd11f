//! The description of a generated image: everything that its bytes depend on.
//!
//! Tags, push time and repository are not here, since they change nothing in the bytes.

use std::fmt;
use std::str::FromStr;

/// What to generate. The same description gives the same bytes in every release.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ImageSpec {
    /// Layers of each platform's image.
    pub layers: LayerCount,
    /// Bytes of file content in each layer, before the tar around it.
    pub layer_size: LayerSize,
    /// One image for each; two or more are joined by an index.
    pub platforms: Platforms,
    /// Seed of the content.
    pub seed: u64,
    /// Format of manifests and index.
    pub format: ImageFormat,
}

/// Media types that the manifests of an image use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ImageFormat {
    /// OCI image manifest and index.
    #[default]
    Oci,
    /// Docker image manifest version 2, schema 2, and manifest list.
    Docker,
}

/// Number of layers, 1 to 127; 127 is what container runtimes can stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LayerCount(u32);

impl LayerCount {
    /// Two, when a description does not say.
    pub const DEFAULT: Self = Self(2);
    const MOST: u32 = 127;

    /// The number.
    pub fn get(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for LayerCount {
    type Error = InvalidImageSpec;

    fn try_from(layers: u32) -> Result<Self, Self::Error> {
        if (1..=Self::MOST).contains(&layers) { Ok(Self(layers)) } else { Err(InvalidImageSpec::Layers(layers)) }
    }
}

/// Bytes of content in a layer, 0 to 1 GiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LayerSize(u64);

impl LayerSize {
    /// 1 KiB, when a description does not say.
    pub const DEFAULT: Self = Self(1024);
    const MOST: u64 = 1 << 30;

    /// The number of bytes.
    pub fn bytes(self) -> u64 {
        self.0
    }
}

impl TryFrom<u64> for LayerSize {
    type Error = InvalidImageSpec;

    fn try_from(bytes: u64) -> Result<Self, Self::Error> {
        if bytes <= Self::MOST { Ok(Self(bytes)) } else { Err(InvalidImageSpec::LayerSize(bytes)) }
    }
}

/// A platform as Go names it, written `os/architecture[/variant]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Platform {
    os: String,
    architecture: String,
    variant: Option<String>,
}

impl Platform {
    /// `linux/amd64`, when a description does not say.
    pub fn linux_amd64() -> Self {
        Self { os: "linux".to_owned(), architecture: "amd64".to_owned(), variant: None }
    }

    /// Operating system, e.g. `linux`.
    pub fn os(&self) -> &str {
        &self.os
    }

    /// Architecture, e.g. `arm64`.
    pub fn architecture(&self) -> &str {
        &self.architecture
    }

    /// Variant of the architecture, e.g. `v8`.
    pub fn variant(&self) -> Option<&str> {
        self.variant.as_deref()
    }
}

impl FromStr for Platform {
    type Err = InvalidImageSpec;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'_' | b'-');
        let parts: Vec<&str> = text.split('/').collect();
        let well_formed = parts.iter().all(|part| !part.is_empty() && part.bytes().all(legal));
        match parts[..] {
            [os, architecture] if well_formed => {
                Ok(Self { os: os.to_owned(), architecture: architecture.to_owned(), variant: None })
            }
            [os, architecture, variant] if well_formed => {
                Ok(Self { os: os.to_owned(), architecture: architecture.to_owned(), variant: Some(variant.to_owned()) })
            }
            _ => Err(InvalidImageSpec::Platform(text.to_owned())),
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        self.variant.iter().try_for_each(|variant| write!(f, "/{variant}"))
    }
}

/// One or more platforms, no two the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Platforms(Vec<Platform>);

impl Platforms {
    /// The platforms in the order of the description, which is the order of the index.
    pub fn as_slice(&self) -> &[Platform] {
        &self.0
    }

    /// Whether an index joins the images.
    pub fn need_index(&self) -> bool {
        self.0.len() > 1
    }
}

/// `linux/amd64` alone.
impl Default for Platforms {
    fn default() -> Self {
        Self(vec![Platform::linux_amd64()])
    }
}

/// An empty list is the default.
impl TryFrom<Vec<Platform>> for Platforms {
    type Error = InvalidImageSpec;

    fn try_from(platforms: Vec<Platform>) -> Result<Self, Self::Error> {
        if platforms.is_empty() {
            return Ok(Self::default());
        }
        for (index, platform) in platforms.iter().enumerate() {
            if platforms[..index].contains(platform) {
                return Err(InvalidImageSpec::SamePlatform(platform.clone()));
            }
        }
        Ok(Self(platforms))
    }
}

/// Why a part of a description is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidImageSpec {
    /// Fewer or more layers than an image can have.
    #[error("must be 1 to 127 layers, not {0}")]
    Layers(u32),
    /// A layer larger than we generate.
    #[error("must be at most 1073741824 bytes (1 GiB), not {0}")]
    LayerSize(u64),
    /// Not `os/architecture[/variant]`.
    #[error("`{0}` is not a platform such as `linux/arm64/v8`")]
    Platform(String),
    /// A platform that the list has already.
    #[error("platform `{0}` is listed twice")]
    SamePlatform(Platform),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_platform_has_two_or_three_lower_case_parts() {
        for text in ["linux/amd64", "linux/arm64/v8", "windows/amd64", "linux/riscv64"] {
            assert_eq!(text.parse::<Platform>().expect(text).to_string(), text);
        }
        for text in ["", "linux", "linux/", "/amd64", "linux//v8", "linux/arm/v7/x", "Linux/amd64", "linux/amd 64"] {
            assert_eq!(text.parse::<Platform>(), Err(InvalidImageSpec::Platform(text.to_owned())));
        }
    }

    #[test]
    fn layer_counts_and_sizes_have_bounds() {
        assert!(LayerCount::try_from(0).is_err());
        assert!(LayerCount::try_from(1).is_ok());
        assert!(LayerCount::try_from(127).is_ok());
        assert!(LayerCount::try_from(128).is_err());
        assert!(LayerSize::try_from(0).is_ok());
        assert!(LayerSize::try_from(1 << 30).is_ok());
        assert!(LayerSize::try_from((1 << 30) + 1).is_err());
    }

    #[test]
    fn platforms_are_distinct_and_default_to_linux_amd64() {
        assert_eq!(Platforms::try_from(Vec::new()), Ok(Platforms::default()));
        let twice = vec![Platform::linux_amd64(), Platform::linux_amd64()];
        assert_eq!(Platforms::try_from(twice), Err(InvalidImageSpec::SamePlatform(Platform::linux_amd64())));
    }
}
