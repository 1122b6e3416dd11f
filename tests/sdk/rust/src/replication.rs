//! Replication to other regions, and backfills of what was there before.

use std::collections::{BTreeSet, HashMap};

use anyhow::{Context, Result, ensure};
use aws_sdk_ecr::types::{
    ReplicationBackfillResultStatus, ReplicationBackfillStatus, ReplicationConfiguration, ReplicationDestination,
    ReplicationRule, ReplicationStatus, RepositoryFilter, RepositoryFilterType,
};

use crate::Journey;
use crate::check::is_now;
use crate::content::{CONFIG, digest, manifest_over, tagged};
use crate::layers::Upload;

const NEAR: &str = "eu-west-1";
const FAR: &str = "ap-southeast-2";

impl Journey {
    fn to(&self, region: &str) -> Result<ReplicationDestination> {
        Ok(ReplicationDestination::builder().region(region).registry_id(&self.account).build()?)
    }

    pub(crate) async fn replicate(&self) -> Result<()> {
        let rule = ReplicationRule::builder().destinations(self.to(NEAR)?).destinations(self.to(FAR)?);
        let rule = rule.repository_filters(below("seed/")?).repository_filters(below("sdk/two")?).build()?;
        let configuration = ReplicationConfiguration::builder().rules(rule).build()?;
        self.ecr.put_replication_configuration().replication_configuration(configuration.clone()).send().await?;
        let answer = self.ecr.describe_registry().send().await?;
        ensure!(answer.replication_configuration() == Some(&configuration));
        Ok(())
    }

    pub(crate) async fn backfill(&self) -> Result<()> {
        let near = self.ecr.start_replication_backfill().destination(self.to(NEAR)?).send().await?;
        is_now(near.started_at())?;
        let near = near.replication_backfill_id().context("no id")?;
        let describe = self.ecr.describe_replication_backfill_results().replication_backfill_id(near);
        let pages = describe.into_paginator().page_size(2).send().collect::<Result<Vec<_>, _>>().await?;
        ensure!(pages.len() == 2);
        let progress = pages[0].progress().context("no progress")?;
        ensure!(progress.total_replication_count() == 3);
        let results: Vec<_> = pages.iter().flat_map(|page| page.results()).collect();
        ensure!(results.len() == 3);
        for result in results {
            ensure!(result.repository_name() == "seed/base");
            ensure!(result.status() == &ReplicationBackfillResultStatus::Complete);
        }

        let far = self.ecr.start_replication_backfill().destination(self.to(FAR)?).send().await?;
        let far = far.replication_backfill_id().context("no id")?;
        let stopped = self.ecr.stop_replication_backfill().replication_backfill_id(far).send().await?;
        ensure!(stopped.status() == Some(&ReplicationBackfillStatus::Stopping));
        let list = self.ecr.list_replication_backfills().into_paginator().page_size(1).send();
        let pages = list.collect::<Result<Vec<_>, _>>().await?;
        ensure!(pages.len() == 2);
        let listed = pages.iter().flat_map(|page| page.backfills());
        let listed: BTreeSet<_> = listed.map(|backfill| backfill.replication_backfill_id()).collect();
        ensure!(listed == BTreeSet::from([near, far]));
        Ok(())
    }

    /// Pushes an image and finds it in the other region.
    pub(crate) async fn replica(&self) -> Result<()> {
        let content = vec![b'z'; 1_000];
        for blob in [content.as_slice(), CONFIG] {
            let upload = Upload::of(&self.ecr, "sdk/two", &[blob]).await?;
            upload.complete(digest(blob)).send().await?;
        }
        let manifest = manifest_over("r1", &content).to_string();
        let put = self.ecr.put_image().repository_name("sdk/two").image_manifest(&manifest).image_tag("r1");
        put.send().await?;
        let describe = self.ecr.describe_image_replication_status().repository_name("sdk/two");
        let answer = describe.image_id(tagged("r1")).send().await?;
        let statuses = answer.replication_statuses().iter();
        let statuses: HashMap<_, _> = statuses.filter_map(|status| status.region().zip(status.status())).collect();
        let complete = &ReplicationStatus::Complete;
        ensure!(statuses == HashMap::from([(NEAR, complete), (FAR, complete)]));
        let there = self.ireland.describe_images().repository_name("sdk/two").image_ids(tagged("r1")).send().await?;
        ensure!(there.image_details().len() == 1);
        ensure!(there.image_details()[0].image_digest() == Some(digest(manifest).as_str()));
        Ok(())
    }
}

fn below(prefix: &str) -> Result<RepositoryFilter> {
    Ok(RepositoryFilter::builder().filter(prefix).filter_type(RepositoryFilterType::PrefixMatch).build()?)
}
