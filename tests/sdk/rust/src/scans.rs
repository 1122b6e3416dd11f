//! A scan, and what is scanned.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use aws_sdk_ecr::Config;
use aws_sdk_ecr::client::Waiters;
use aws_sdk_ecr::config::retry::RetryConfig;
use aws_sdk_ecr::operation::describe_image_scan_findings::DescribeImageScanFindingsError;
use aws_sdk_ecr::operation::start_image_scan::StartImageScanError;
use aws_sdk_ecr::types::{
    FindingSeverity, RegistryScanningRule, ScanFrequency, ScanStatus, ScanType, ScanningConfigurationFailureCode,
    ScanningRepositoryFilter, ScanningRepositoryFilterType,
};

use crate::Journey;
use crate::check::{is_now, refused};
use crate::content::tagged;

const BASE: &str = "seed/base";

impl Journey {
    pub(crate) async fn scan(&self) -> Result<()> {
        let start = || self.ecr.start_image_scan().repository_name(BASE).image_id(tagged("one"));
        let started = start().send().await?;
        let status = started.image_scan_status().context("no status")?;
        ensure!(status.status() == Some(&ScanStatus::InProgress));
        // It looks at once and then after five seconds, which nothing can shorten.
        let waiter = self.ecr.wait_until_image_scan_complete().repository_name(BASE).image_id(tagged("one"));
        waiter.wait(Duration::from_mins(1)).await?;

        let describe = self.ecr.describe_image_scan_findings().repository_name(BASE).image_id(tagged("one"));
        let pages = describe.into_paginator().page_size(2).send().collect::<Result<Vec<_>, _>>().await?;
        ensure!(pages.len() == 2);
        let found: Vec<_> = pages.iter().filter_map(|page| page.image_scan_findings()).collect();
        let names = found.iter().flat_map(|found| found.findings()).filter_map(|finding| finding.name());
        ensure!(names.eq(["CVE-2030-0001", "CVE-2030-0002", "CVE-2030-0003"]));
        let severities = HashMap::from([(FindingSeverity::High, 2), (FindingSeverity::Low, 1)]);
        ensure!(found[0].finding_severity_counts() == Some(&severities));
        is_now(found[0].image_scan_completed_at())?;

        // The SDK takes the quota for a throttle, and would ask three times.
        let once = Config::builder().retry_config(RetryConfig::disabled());
        refused!(start().customize().config_override(once), StartImageScanError::LimitExceededException);
        refused!(
            self.ecr.describe_image_scan_findings().repository_name("sdk/app").image_id(tagged("v1")),
            DescribeImageScanFindingsError::ScanNotFoundException
        );
        Ok(())
    }

    pub(crate) async fn configure_scans(&self) -> Result<()> {
        let filter = ScanningRepositoryFilter::builder().filter("prod*");
        let filter = filter.filter_type(ScanningRepositoryFilterType::Wildcard).build()?;
        let rule = RegistryScanningRule::builder().scan_frequency(ScanFrequency::ScanOnPush);
        let rule = rule.repository_filters(filter).build()?;
        let put = self.ecr.put_registry_scanning_configuration().scan_type(ScanType::Basic);
        put.rules(rule.clone()).send().await?;
        let answer = self.ecr.get_registry_scanning_configuration().send().await?;
        let configuration = answer.scanning_configuration().context("no configuration")?;
        ensure!(configuration.scan_type() == Some(&ScanType::Basic));
        ensure!(configuration.rules() == [rule]);

        let get = self.ecr.batch_get_repository_scanning_configuration();
        let answer = get.repository_names("sdk/app").repository_names("sdk/absent").send().await?;
        let configuration = answer.scanning_configurations().first().context("no configuration")?;
        ensure!(configuration.repository_arn() == Some(self.arn().as_str()));
        let failure = answer.failures().first().context("no failure")?;
        ensure!(failure.failure_code() == Some(&ScanningConfigurationFailureCode::RepositoryNotFound));
        Ok(())
    }
}
