//! Media types of manifests and of what they point at. An open set: the usual ones by name, any other as text.

use std::fmt;
use std::sync::Arc;

macro_rules! media_types {
    ($($(#[$doc:meta])* $variant:ident = $text:literal),+ $(,)?) => {
        /// A media type, without parameters.
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum MediaType {
            $($(#[$doc])* $variant,)+
            /// Any other type; the second pointer keeps descriptors small.
            Other(Arc<Box<str>>),
        }

        impl MediaType {
            /// The type as text.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Other(text) => text,
                }
            }
        }

        impl From<&str> for MediaType {
            fn from(text: &str) -> Self {
                match text {
                    $($text => Self::$variant,)+
                    _ => Self::Other(Arc::new(text.into())),
                }
            }
        }
    };
}

media_types! {
    /// Docker manifest, version 2 schema 1, unsigned.
    DockerSchema1 = "application/vnd.docker.distribution.manifest.v1+json",
    /// Docker manifest, version 2 schema 1, signed.
    DockerSchema1Signed = "application/vnd.docker.distribution.manifest.v1+prettyjws",
    /// Docker manifest, version 2 schema 2.
    DockerManifest = "application/vnd.docker.distribution.manifest.v2+json",
    /// Docker manifest list.
    DockerManifestList = "application/vnd.docker.distribution.manifest.list.v2+json",
    /// OCI image manifest.
    OciManifest = "application/vnd.oci.image.manifest.v1+json",
    /// OCI image index.
    OciIndex = "application/vnd.oci.image.index.v1+json",
    /// Docker image configuration.
    DockerConfig = "application/vnd.docker.container.image.v1+json",
    /// Docker layer.
    DockerLayer = "application/vnd.docker.image.rootfs.diff.tar.gzip",
    /// Docker layer that registries need not hold.
    DockerForeignLayer = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
    /// OCI image configuration.
    OciConfig = "application/vnd.oci.image.config.v1+json",
    /// OCI layer, uncompressed.
    OciLayer = "application/vnd.oci.image.layer.v1.tar",
    /// OCI layer, gzip.
    OciLayerGzip = "application/vnd.oci.image.layer.v1.tar+gzip",
    /// OCI layer, zstd.
    OciLayerZstd = "application/vnd.oci.image.layer.v1.tar+zstd",
    /// The two bytes `{}` in place of a config or layer that there is none of.
    OciEmpty = "application/vnd.oci.empty.v1+json",
}

impl MediaType {
    /// Whether layers of this type need not be in the repository: Windows base layers and their like.
    /// Source: <https://github.com/opencontainers/image-spec/blob/v1.0.2/layer.md#non-distributable-layers>
    pub fn is_foreign_layer(&self) -> bool {
        match self {
            Self::DockerForeignLayer => true,
            Self::Other(text) => text.starts_with("application/vnd.oci.image.layer.nondistributable."),
            _ => false,
        }
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
