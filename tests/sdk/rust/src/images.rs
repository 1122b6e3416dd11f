//! Images of `sdk/app`, and the login.

use anyhow::{Context, Result, ensure};
use aws_sdk_ecr::operation::describe_images::DescribeImagesError;
use aws_sdk_ecr::operation::get_download_url_for_layer::GetDownloadUrlForLayerError;
use aws_sdk_ecr::operation::put_image::PutImageError;
use aws_sdk_ecr::operation::put_image::builders::PutImageFluentBuilder;
use aws_sdk_ecr::primitives::DateTime;
use aws_sdk_ecr::types::{
    DescribeImagesFilter, ImageFailureCode, ImageStatus, ImageStatusFilter, ListImagesFilter, SubjectIdentifier,
    TagStatus, TargetStorageClass,
};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::Journey;
use crate::check::{fetch, is_now, refused};
use crate::content::{CONFIG, NONE, SIGNATURE, digest, layer, manifest, manifest_over_none, signature, tagged};

const APP: &str = "sdk/app";

impl Journey {
    pub(crate) async fn push_images(&self) -> Result<()> {
        for tag in ["v1", "v2", "v3"] {
            let manifest = manifest(tag).to_string();
            let answer = self.put(&manifest).image_tag(tag).send().await?;
            let id = answer.image().and_then(|image| image.image_id()).context("no id")?;
            ensure!(id.image_digest() == Some(digest(manifest).as_str()));
        }
        let first = manifest("v1").to_string();
        refused!(self.put(&first).image_tag("v1"), PutImageError::ImageAlreadyExistsException);
        let other = manifest("other").to_string();
        refused!(self.put(&other).image_tag("v1"), PutImageError::ImageTagAlreadyExistsException);
        let over_none = manifest_over_none("v9").to_string();
        refused!(self.put(&over_none).image_tag("v9"), PutImageError::LayersNotFoundException);

        let mut signatures = Vec::new();
        for name in ["first", "second"] {
            let signature = signature(name, &first).to_string();
            self.put(&signature).send().await?;
            signatures.push(digest(signature));
        }
        signatures.sort();
        ensure!(self.referrers(&digest(first)).await? == signatures);
        Ok(())
    }

    fn put(&self, manifest: &str) -> PutImageFluentBuilder {
        self.ecr.put_image().repository_name(APP).image_manifest(manifest)
    }

    /// Digests in order. The SDK has no paginator for them.
    async fn referrers(&self, subject: &str) -> Result<Vec<String>> {
        let subject = SubjectIdentifier::builder().image_digest(subject).build()?;
        let call = self.ecr.list_image_referrers().repository_name(APP).subject_id(subject).max_results(1);
        let mut digests = Vec::new();
        let (mut token, mut pages) = (None, 0);
        loop {
            let page = call.clone().set_next_token(token).send().await?;
            pages += 1;
            ensure!(page.referrers().iter().all(|referrer| referrer.artifact_type() == Some(SIGNATURE)));
            digests.extend(page.referrers().iter().map(|referrer| referrer.digest().to_owned()));
            token = page.next_token;
            if token.is_none() {
                break;
            }
        }
        ensure!(pages == 2);
        digests.sort();
        Ok(digests)
    }

    pub(crate) async fn read_images(&self) -> Result<()> {
        let list = self.ecr.list_images().repository_name(APP);
        let list = list.filter(ListImagesFilter::builder().tag_status(TagStatus::Tagged).build());
        let pages = list.into_paginator().page_size(2).send().collect::<Result<Vec<_>, _>>().await?;
        ensure!(pages.len() == 2);
        let ids = pages.iter().flat_map(|page| page.image_ids());
        let mut tags: Vec<_> = ids.filter_map(|id| id.image_tag()).collect();
        tags.sort_unstable();
        ensure!(tags == ["v1", "v2", "v3"]);

        let describe = || self.ecr.describe_images().repository_name(APP);
        let pages = describe().into_paginator().page_size(2).send().collect::<Result<Vec<_>, _>>().await?;
        ensure!(pages.len() == 3);
        let images: Vec<_> = pages.iter().flat_map(|page| page.image_details()).collect();
        ensure!(images.len() == 5);
        let image = images.iter().find(|image| image.image_tags().iter().any(|tag| tag == "v1")).context("no v1")?;
        ensure!(image.image_size_in_bytes() == Some((layer().len() + CONFIG.len()) as i64));
        is_now(image.image_pushed_at())?;
        refused!(describe().image_ids(tagged("absent")), DescribeImagesError::ImageNotFoundException);

        let get = self.ecr.batch_get_image().repository_name(APP);
        let got = get.image_ids(tagged("v1")).image_ids(tagged("absent")).send().await?;
        ensure!(got.images().len() == 1);
        ensure!(got.images()[0].image_manifest() == Some(manifest("v1").to_string().as_str()));
        ensure!(got.failures().len() == 1);
        ensure!(got.failures()[0].failure_code() == Some(&ImageFailureCode::ImageNotFound));

        let download = |digest: &str| self.ecr.get_download_url_for_layer().repository_name(APP).layer_digest(digest);
        let answer = download(&digest(layer())).send().await?;
        let bytes = fetch(answer.download_url().context("no URL")?, None).await?;
        ensure!(bytes.as_ref() == layer().as_slice(), "the layer came with other bytes");
        refused!(download(NONE), GetDownloadUrlForLayerError::LayersNotFoundException);
        Ok(())
    }

    pub(crate) async fn archive_and_delete(&self) -> Result<()> {
        let update = || self.ecr.update_image_storage_class().repository_name(APP).image_id(tagged("v3"));
        let answer = update().target_storage_class(TargetStorageClass::Archive).send().await?;
        ensure!(answer.image_status() == Some(&ImageStatus::Archived));
        let archived = DescribeImagesFilter::builder().image_status(ImageStatusFilter::Archived).build();
        let answer = self.ecr.describe_images().repository_name(APP).filter(archived).send().await?;
        ensure!(answer.image_details().len() == 1);
        ensure!(answer.image_details()[0].image_tags() == ["v3"]);
        is_now(answer.image_details()[0].last_archived_at())?;
        let answer = update().target_storage_class(TargetStorageClass::Standard).send().await?;
        ensure!(answer.image_status() == Some(&ImageStatus::Activating));

        let delete = self.ecr.batch_delete_image().repository_name(APP);
        let deleted = delete.image_ids(tagged("v3")).image_ids(tagged("absent")).send().await?;
        ensure!(deleted.image_ids().len() == 1);
        ensure!(deleted.failures().len() == 1);
        ensure!(deleted.failures()[0].failure_code() == Some(&ImageFailureCode::ImageNotFound));
        Ok(())
    }

    pub(crate) async fn log_in(&self) -> Result<()> {
        let answer = self.ecr.get_authorization_token().send().await?;
        let data = answer.authorization_data().first().context("no token")?;
        let token = data.authorization_token().context("no token")?;
        let login = String::from_utf8(BASE64_STANDARD.decode(token)?)?;
        ensure!(login.strip_prefix("AWS:").is_some_and(|password| !password.is_empty()));
        let expires = data.expires_at().context("it never expires")?;
        is_now(Some(&DateTime::from_secs(expires.secs() - 12 * 60 * 60)))?;
        let registry = data.proxy_endpoint().context("no endpoint")?;
        fetch(&format!("{registry}/v2/"), Some(format!("Basic {token}"))).await?;
        Ok(())
    }
}
