//! Layers, in parts.

use anyhow::{Context, Result, ensure};
use aws_sdk_ecr::Client;
use aws_sdk_ecr::operation::complete_layer_upload::CompleteLayerUploadError;
use aws_sdk_ecr::operation::complete_layer_upload::builders::CompleteLayerUploadFluentBuilder;
use aws_sdk_ecr::operation::upload_layer_part::UploadLayerPartError;
use aws_sdk_ecr::operation::upload_layer_part::builders::UploadLayerPartFluentBuilder;
use aws_sdk_ecr::primitives::Blob;
use aws_sdk_ecr::types::LayerAvailability;

use crate::Journey;
use crate::check::refused;
use crate::content::{CONFIG, NONE, digest, layer, layer_first, layer_last};

/// An upload under way.
pub(crate) struct Upload<'a> {
    client: &'a Client,
    repository: &'a str,
    id: String,
}

impl<'a> Upload<'a> {
    /// Begins an upload and sends its parts.
    pub(crate) async fn of(client: &'a Client, repository: &'a str, parts: &[&[u8]]) -> Result<Self> {
        let begun = client.initiate_layer_upload().repository_name(repository).send().await?;
        ensure!(begun.part_size() > Some(0));
        let upload = Self { client, repository, id: begun.upload_id.context("no upload id")? };
        let mut sent = 0;
        for part in parts {
            let received = upload.part(sent, part).send().await?;
            sent += part.len() as i64;
            ensure!(received.last_byte_received() == Some(sent - 1));
        }
        Ok(upload)
    }

    fn part(&self, first: i64, part: &[u8]) -> UploadLayerPartFluentBuilder {
        let call = self.client.upload_layer_part().repository_name(self.repository).upload_id(&self.id);
        call.part_first_byte(first).part_last_byte(first + part.len() as i64 - 1).layer_part_blob(Blob::new(part))
    }

    pub(crate) fn complete(&self, digest: String) -> CompleteLayerUploadFluentBuilder {
        let call = self.client.complete_layer_upload().repository_name(self.repository);
        call.upload_id(&self.id).layer_digests(digest)
    }
}

impl Journey {
    pub(crate) async fn layers(&self) -> Result<()> {
        let upload = async |parts: &[&[u8]]| Upload::of(&self.ecr, "sdk/app", parts).await;
        let completed = upload(&[&layer_first(), &layer_last()]).await?.complete(digest(layer())).send().await?;
        ensure!(completed.layer_digest() == Some(digest(layer()).as_str()));
        upload(&[CONFIG]).await?.complete(digest(CONFIG)).send().await?;
        let again = upload(&[CONFIG]).await?;
        refused!(again.complete(digest(CONFIG)), CompleteLayerUploadError::LayerAlreadyExistsException);

        let gap = upload(&[&layer_last()]).await?;
        let invalid = refused!(gap.part(2_000, &layer_last()), UploadLayerPartError::InvalidLayerPartException);
        ensure!(invalid.last_valid_byte_received() == Some(999));

        let check = self.ecr.batch_check_layer_availability().repository_name("sdk/app");
        let answer = check.layer_digests(digest(layer())).layer_digests(NONE).send().await?;
        let [there, absent] = answer.layers() else { anyhow::bail!("two layers, not {answer:?}") };
        ensure!(there.layer_availability() == Some(&LayerAvailability::Available));
        ensure!(there.layer_size() == Some(5_243_880));
        ensure!(absent.layer_availability() == Some(&LayerAvailability::Unavailable));
        Ok(())
    }
}
