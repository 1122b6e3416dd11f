//! The journey of `../README.md` with the AWS SDK for Rust. It ends with 0, or says what is wrong.

#![expect(
    clippy::redundant_closure_for_method_calls,
    reason = "to name the types of replies, which are called after their operations, would take a line of its own"
)]

mod check;
mod content;
mod images;
mod layers;
mod policies;
mod registry;
mod replication;
mod repositories;
mod scans;
mod signatures;

use std::env;

use anyhow::{Context, Result};
use aws_sdk_ecr::config::{Credentials, Region};
use aws_sdk_ecr::{Client, Config};

/// Who travels, and where.
struct Journey {
    /// A client for the region of the journey.
    ecr: Client,
    /// The same for `eu-west-1`.
    ireland: Client,
    account: String,
    region: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let region = variable("AWS_REGION")?;
    let journey = Journey {
        ecr: client(&region)?,
        ireland: client("eu-west-1")?,
        account: variable("ECR_JOURNEY_ACCOUNT")?,
        region,
    };
    journey.repositories().await?;
    journey.layers().await?;
    journey.push_images().await?;
    journey.read_images().await?;
    journey.archive_and_delete().await?;
    journey.log_in().await?;
    journey.policies().await?;
    journey.lifecycle().await?;
    journey.scan().await?;
    journey.configure_scans().await?;
    journey.configure_signing().await?;
    journey.replicate().await?;
    journey.backfill().await?;
    journey.replica().await?;
    journey.signed().await?;
    journey.cache_rules().await?;
    journey.templates().await?;
    journey.settings().await?;
    journey.end().await
}

/// Without `aws-config` nothing is read from the environment by the SDK itself.
fn client(region: &str) -> Result<Client> {
    let credentials =
        Credentials::new(variable("AWS_ACCESS_KEY_ID")?, variable("AWS_SECRET_ACCESS_KEY")?, None, None, "environment");
    let config = Config::builder()
        .endpoint_url(variable("AWS_ENDPOINT_URL_ECR")?)
        .region(Region::new(region.to_owned()))
        .credentials_provider(credentials)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    Ok(Client::from_conf(config))
}

fn variable(name: &str) -> Result<String> {
    env::var(name).with_context(|| format!("{name} is not set"))
}
