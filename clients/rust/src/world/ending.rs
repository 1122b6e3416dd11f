//! How a world ends: asked for, with an error for findings that fail; or dropped, with a report for a test that failed.

use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::{Report, World, WorldsServiceClient, proto};
use crate::background;
use crate::convert::report;
use crate::environment::{Keep, ReportMode};
use crate::errors::{Error, Result};
use crate::fixture::Daemon;

/// Longer than a call can last, so that it is the call that says what went wrong.
const DROP_LIMIT: Duration = Duration::from_secs(12);

impl World {
    /// Ends the world: opens gates, stops faults, settles due work, looks for leaks.
    ///
    /// [`Error::Findings`] has the report if a finding fails the test: a rule with `must_fire` that did not fire, a
    /// match that was `unexpected`, or a stray call on a daemon of this process's own.
    pub async fn finish(mut self) -> Result<Report> {
        let outcome = finish(&self.daemon, self.world()).await;
        self.is_finished = true;
        let report = outcome?;
        if report.ok { Ok(report) } else { Err(Error::Findings(Box::new(report))) }
    }

    fn is_kept(&self, failed: bool) -> bool {
        match self.daemon.keep {
            Keep::Never => false,
            Keep::OnFailure => failed,
            Keep::Always => true,
        }
    }

    /// Finishes on the background threads, because there may be no runtime here, and waits for it.
    fn finish_blocking(&self) -> Result<Report> {
        let (sender, receiver) = mpsc::channel();
        let (daemon, world) = (Arc::clone(&self.daemon), self.world());
        background::handle()?.spawn(async move {
            // Nobody waits any more after the limit.
            let _ = sender.send(finish(&daemon, world).await);
        });
        let silence = |_| Error::Unavailable { message: format!("no report within {DROP_LIMIT:?}") };
        receiver.recv_timeout(DROP_LIMIT).map_err(silence)?
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if self.is_finished {
            return;
        }
        let failed = thread::panicking();
        if self.is_kept(failed) {
            let control = self.daemon.connection.address();
            return print(&format!(
                "{} is kept: endpoint {}, registry {}, control {control}",
                self.name(),
                self.endpoint(),
                self.registry_host()
            ));
        }
        let (text, ok) = match self.finish_blocking() {
            Ok(report) => (report.text, report.ok),
            Err(error) => (format!("{} has no report: {error}", self.name()), false),
        };
        let wanted = match self.daemon.report {
            ReportMode::Off => false,
            ReportMode::OnFailure => failed || !ok,
            ReportMode::Always => true,
        };
        if wanted {
            print(&text);
        }
    }
}

async fn finish(daemon: &Daemon, world: String) -> Result<Report> {
    let request = proto::FinishWorldRequest { world, journal_tail: None };
    let ask = async |service| WorldsServiceClient::new(service).finish_world(request).await;
    let reply = daemon.connection.call("WorldsService/FinishWorld", ask).await?;
    // On a daemon of our own a stray call can only be ours.
    Ok(report(reply, !daemon.is_attached()))
}

#[expect(
    clippy::print_stderr,
    reason = "the test harness shows what a failed test printed, and only if it is this macro"
)]
fn print(text: &str) {
    eprintln!("{text}");
}
