//! Policies of repository and registry, and a lifecycle policy with its preview.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use aws_sdk_ecr::client::Waiters;
use aws_sdk_ecr::operation::get_lifecycle_policy::GetLifecyclePolicyError;
use aws_sdk_ecr::operation::get_lifecycle_policy_preview::GetLifecyclePolicyPreviewError;
use aws_sdk_ecr::operation::get_registry_policy::GetRegistryPolicyError;
use aws_sdk_ecr::operation::get_repository_policy::GetRepositoryPolicyError;
use aws_sdk_ecr::primitives::{DateTime, DateTimeFormat};
use aws_sdk_ecr::types::LifecyclePolicyPreviewStatus;
use serde_json::{Value, json};

use crate::Journey;
use crate::check::refused;

const BASE: &str = "seed/base";

impl Journey {
    pub(crate) async fn policies(&self) -> Result<()> {
        let statement = |action: &str| {
            let principal = json!({"AWS": "arn:aws:iam::999988887777:root"});
            json!({"Sid": "journey", "Effect": "Allow", "Principal": principal, "Action": action})
        };
        let policy = |statement: Value| json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();

        let app = "sdk/app";
        let text = policy(statement("ecr:BatchGetImage"));
        self.ecr.set_repository_policy().repository_name(app).policy_text(text).send().await?;
        let got = self.ecr.get_repository_policy().repository_name(app).send().await?;
        ensure!(action(got.policy_text())? == "ecr:BatchGetImage");
        self.ecr.delete_repository_policy().repository_name(app).send().await?;
        refused!(
            self.ecr.get_repository_policy().repository_name(app),
            GetRepositoryPolicyError::RepositoryPolicyNotFoundException
        );

        let mut replicate = statement("ecr:ReplicateImage");
        replicate["Resource"] = format!("arn:aws:ecr:{}:{}:repository/*", self.region, self.account).into();
        self.ecr.put_registry_policy().policy_text(policy(replicate)).send().await?;
        let got = self.ecr.get_registry_policy().send().await?;
        ensure!(action(got.policy_text())? == "ecr:ReplicateImage");
        self.ecr.delete_registry_policy().send().await?;
        refused!(self.ecr.get_registry_policy(), GetRegistryPolicyError::RegistryPolicyNotFoundException);
        Ok(())
    }

    pub(crate) async fn lifecycle(&self) -> Result<()> {
        let selection = json!({"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 1});
        let rule = json!({"rulePriority": 1, "selection": selection, "action": {"type": "expire"}});
        let text = json!({"rules": [rule]}).to_string();
        self.ecr.put_lifecycle_policy().repository_name(BASE).lifecycle_policy_text(&text).send().await?;
        let got = self.ecr.get_lifecycle_policy().repository_name(BASE).send().await?;
        ensure!(got.lifecycle_policy_text() == Some(text.as_str()));
        ensure!(got.last_evaluated_at().is_some());

        let started = self.ecr.start_lifecycle_policy_preview().repository_name(BASE).send().await?;
        ensure!(started.status() == Some(&LifecyclePolicyPreviewStatus::InProgress));
        let waiter = self.ecr.wait_until_lifecycle_policy_preview_complete().repository_name(BASE);
        waiter.wait(Duration::from_mins(1)).await?;
        let preview = self.ecr.get_lifecycle_policy_preview().repository_name(BASE);
        let pages = preview.into_paginator().page_size(1).send().collect::<Result<Vec<_>, _>>().await?;
        ensure!(pages.len() == 2);
        let summary = pages[0].summary().context("no summary")?;
        ensure!(summary.expiring_image_total_count() == Some(2));
        let results: Vec<_> = pages.iter().flat_map(|page| page.preview_results()).collect();
        ensure!(results.iter().flat_map(|result| result.image_tags()).eq(["one", "two"]));
        let pushed_at = DateTime::from_str("2029-06-01T12:30:15.5Z", DateTimeFormat::DateTime)?;
        ensure!(results[0].image_pushed_at() == Some(&pushed_at));
        refused!(
            self.ecr.get_lifecycle_policy_preview().repository_name("sdk/two"),
            GetLifecyclePolicyPreviewError::LifecyclePolicyPreviewNotFoundException
        );

        self.ecr.delete_lifecycle_policy().repository_name(BASE).send().await?;
        refused!(
            self.ecr.get_lifecycle_policy().repository_name(BASE),
            GetLifecyclePolicyError::LifecyclePolicyNotFoundException
        );
        Ok(())
    }
}

/// The action of a policy's statement.
fn action(policy: Option<&str>) -> Result<Value> {
    let mut policy: Value = serde_json::from_str(policy.context("no policy")?)?;
    Ok(policy["Statement"][0]["Action"].take())
}
