//! Does with the crate `oci-client` what the case at hand asks of a client, against one registry.
//!
//! ```text
//! push LAYOUT TAG REPOSITORY TAG      pushes a tag of an OCI layout; prints its digest
//! pull REPOSITORY TAG LAYOUT          pulls a tag into the blobs of an OCI layout; prints its digest
//! copy FROM TAG TO                    mounts the blobs of a tag in another repository and tags it there
//! attach REPOSITORY TAG TYPE FILE     pushes an artifact with the tag's image as its subject; prints its digest
//! referrers REPOSITORY TAG            prints the digest of each artifact whose subject the tag's image is
//! ```
//!
//! Repositories are host/name. `REGISTRY_PLAIN=1` speaks HTTP; `REGISTRY_USER` and `REGISTRY_PASSWORD` log in, if they
//! are set; `REGISTRY_CA` is the PEM file of the only CA that is trusted.
#![expect(clippy::print_stdout, reason = "what it found is its answer")]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use oci_client::Reference;
use oci_client::client::{Certificate, CertificateEncoding, Client, ClientConfig, ClientProtocol, Config, ImageLayer};
use oci_client::manifest::{OciDescriptor, OciImageIndex, OciImageManifest, OciManifest};
use oci_client::secrets::RegistryAuth;
use sha2::{Digest as _, Sha256};

const IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let given: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let registry = Registry::new()?;
    match *given {
        ["push", layout, from, repository, tag] => registry.push(&Layout::new(layout), from, repository, tag).await,
        ["pull", repository, tag, layout] => registry.pull(repository, tag, &Layout::new(layout)).await,
        ["copy", from, tag, to] => registry.copy(from, tag, to).await,
        ["attach", repository, tag, artifact_type, file] => registry.attach(repository, tag, artifact_type, file).await,
        ["referrers", repository, tag] => registry.referrers(repository, tag).await,
        _ => bail!("see the comment of main.rs"),
    }
}

/// The client and its login.
struct Registry {
    client: Client,
    auth: RegistryAuth,
}

impl Registry {
    fn new() -> Result<Self> {
        // The crate wants one even where nothing is encrypted. A second one would be refused; there is none.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut config = ClientConfig::default();
        if env::var("REGISTRY_PLAIN").is_ok_and(|plain| plain == "1") {
            config.protocol = ClientProtocol::Http;
        }
        if let Ok(file) = env::var("REGISTRY_CA") {
            config.tls_certs_only = vec![Certificate { encoding: CertificateEncoding::Pem, data: fs::read(file)? }];
        }
        let auth = match (env::var("REGISTRY_USER"), env::var("REGISTRY_PASSWORD")) {
            (Ok(user), Ok(password)) => RegistryAuth::Basic(user, password),
            _ => RegistryAuth::Anonymous,
        };
        Ok(Self { client: Client::try_from(config)?, auth })
    }

    async fn push(&self, layout: &Layout, from: &str, repository: &str, tag: &str) -> Result<()> {
        let root = layout.tagged(from)?;
        let place = reference(repository, tag)?;
        match serde_json::from_slice(&layout.blob(&root)?)? {
            OciManifest::Image(manifest) => self.push_image(layout, &place, manifest).await?,
            OciManifest::ImageIndex(index) => {
                self.client.store_auth_if_needed(place.resolve_registry(), &self.auth).await;
                for child in &index.manifests {
                    self.push_child(layout, repository, &child.digest).await?;
                }
                let raw = layout.blob(&root)?;
                self.client.push_manifest_raw(&place, raw, INDEX.parse()?).await?;
            }
        }
        // `push` writes a manifest anew, so the registry says what it came to.
        self.print_digest(&place).await
    }

    /// Pushes an image under its digest, so with the bytes that it has.
    async fn push_child(&self, layout: &Layout, repository: &str, digest: &str) -> Result<()> {
        let place = by_digest(repository, digest)?;
        let raw = layout.blob(digest)?;
        let manifest: OciImageManifest = serde_json::from_slice(&raw)?;
        for blob in manifest.layers.iter().chain([&manifest.config]) {
            self.client.push_blob(&place, layout.blob(&blob.digest)?, &blob.digest).await?;
        }
        self.client.push_manifest_raw(&place, raw, IMAGE.parse()?).await?;
        Ok(())
    }

    async fn push_image(&self, layout: &Layout, place: &Reference, manifest: OciImageManifest) -> Result<()> {
        let mut layers = Vec::new();
        for layer in &manifest.layers {
            layers.push(ImageLayer::new(layout.blob(&layer.digest)?, layer.media_type.clone(), None));
        }
        let config = Config::new(layout.blob(&manifest.config.digest)?, manifest.config.media_type.clone(), None);
        self.client.push(place, &layers, config, &self.auth, Some(manifest)).await?;
        Ok(())
    }

    async fn pull(&self, repository: &str, tag: &str, layout: &Layout) -> Result<()> {
        let place = reference(repository, tag)?;
        let (manifest, digest) = self.client.pull_manifest(&place, &self.auth).await?;
        match manifest {
            OciManifest::Image(_) => self.pull_image(&place, layout).await?,
            OciManifest::ImageIndex(OciImageIndex { manifests, .. }) => {
                for child in manifests {
                    self.pull_image(&by_digest(repository, &child.digest)?, layout).await?;
                }
            }
        }
        println!("{digest}");
        Ok(())
    }

    async fn pull_image(&self, place: &Reference, layout: &Layout) -> Result<()> {
        let (manifest, _) = self.client.pull_image_manifest(place, &self.auth).await?;
        let types = manifest.layers.iter().map(|layer| layer.media_type.as_str()).collect();
        let image = self.client.pull(place, &self.auth, types).await?;
        for layer in image.layers {
            layout.keep(&layer.data)?;
        }
        layout.keep(&image.config.data)
    }

    async fn copy(&self, from: &str, tag: &str, to: &str) -> Result<()> {
        let (source, destination) = (reference(from, tag)?, reference(to, tag)?);
        let (manifest, _) = self.client.pull_image_manifest(&source, &self.auth).await?;
        self.client.store_auth_if_needed(destination.resolve_registry(), &self.auth).await;
        for blob in manifest.layers.iter().chain([&manifest.config]) {
            // A registry that does not mount says so with an upload that nobody finishes: then the blob is sent.
            if self.client.mount_blob(&destination, &source, &blob.digest).await.is_err() {
                let mut bytes = Vec::new();
                self.client.pull_blob(&source, blob, &mut bytes).await?;
                self.client.push_blob(&destination, bytes, &blob.digest).await?;
            }
        }
        self.client.push_manifest(&destination, &OciManifest::Image(manifest)).await?;
        self.print_digest(&destination).await
    }

    async fn attach(&self, repository: &str, tag: &str, artifact_type: &str, file: &str) -> Result<()> {
        let subject = self.descriptor(&reference(repository, tag)?).await?;
        let layer = ImageLayer::new(fs::read(file)?, "text/plain".to_owned(), None);
        let config = Config::new(&b"{}"[..], "application/vnd.oci.empty.v1+json".to_owned(), None);
        let mut manifest = OciImageManifest::build(std::slice::from_ref(&layer), &config, None);
        manifest.media_type = Some(IMAGE.to_owned());
        manifest.artifact_type = Some(artifact_type.to_owned());
        manifest.subject = Some(subject);
        let place = reference(repository, "attached")?;
        self.client.push(&place, &[layer], config, &self.auth, Some(manifest)).await?;
        self.print_digest(&place).await
    }

    async fn referrers(&self, repository: &str, tag: &str) -> Result<()> {
        let subject = self.client.fetch_manifest_digest(&reference(repository, tag)?, &self.auth).await?;
        let found = self.client.pull_referrers(&by_digest(repository, &subject)?, None).await?;
        for artifact in found.manifests {
            println!("{}", artifact.digest);
        }
        Ok(())
    }

    async fn descriptor(&self, place: &Reference) -> Result<OciDescriptor> {
        let (bytes, digest) = self.client.pull_manifest_raw(place, &self.auth, &[IMAGE]).await?;
        Ok(OciDescriptor {
            media_type: IMAGE.to_owned(),
            digest,
            size: i64::try_from(bytes.len())?,
            ..OciDescriptor::default()
        })
    }

    async fn print_digest(&self, place: &Reference) -> Result<()> {
        println!("{}", self.client.fetch_manifest_digest(place, &self.auth).await?);
        Ok(())
    }
}

/// The blobs of an OCI layout.
struct Layout(PathBuf);

impl Layout {
    fn new(folder: &str) -> Self {
        Self(PathBuf::from(folder))
    }

    fn tagged(&self, tag: &str) -> Result<String> {
        let index: serde_json::Value = serde_json::from_slice(&fs::read(self.0.join("index.json"))?)?;
        let listed = index["manifests"].as_array().context("an index lists manifests")?;
        let found = listed.iter().find(|item| item["annotations"]["org.opencontainers.image.ref.name"] == tag);
        Ok(found.with_context(|| format!("no {tag}"))?["digest"].as_str().context("a digest is a text")?.to_owned())
    }

    fn blob(&self, digest: &str) -> Result<Vec<u8>> {
        Ok(fs::read(self.path(digest))?)
    }

    fn keep(&self, bytes: &[u8]) -> Result<()> {
        let path = self.path(&hex::encode(Sha256::digest(bytes)));
        fs::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
        Ok(fs::write(path, bytes)?)
    }

    fn path(&self, digest: &str) -> PathBuf {
        self.0.join("blobs/sha256").join(digest.trim_start_matches("sha256:"))
    }
}

fn reference(repository: &str, tag: &str) -> Result<Reference> {
    let (registry, name) = repository.split_once('/').context("a repository is host/name")?;
    ensure!(!tag.is_empty(), "a tag is not empty");
    Ok(Reference::with_tag(registry.to_owned(), name.to_owned(), tag.to_owned()))
}

fn by_digest(repository: &str, digest: &str) -> Result<Reference> {
    let (registry, name) = repository.split_once('/').context("a repository is host/name")?;
    Ok(Reference::with_digest(registry.to_owned(), name.to_owned(), digest.to_owned()))
}
