//! `ecr-fixture demo`: the whole story, played by a daemon against itself through its public surfaces.
//!
//! It pushes and pulls over HTTP and scripts over gRPC, as a test would; nothing here calls inwards.

mod control;
mod registry;
mod story;

use std::io::Write;

use anyhow::Context as _;

use crate::config::ServeArgs;
use crate::server;

/// Starts a daemon on free ports, plays the story, prints each step with what the wire answered.
pub async fn run(out: &mut impl Write) -> anyhow::Result<()> {
    let running = server::start(&ServeArgs::on_free_ports()).await?;
    let told = story::tell(running.daemon().control, running.daemon().token.clone(), out).await;
    running.stop().await;
    told.context("the story ended early")
}
