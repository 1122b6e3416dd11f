//! Measures the daemon against the floors and holds the figures against gates and goals; `scripts/bench` runs it.
//!
//! Costs are the CPU time of the server process, which noise of the machine disturbs least; each ratio is the median over
//! rounds that measure both sides one after the other. It fails only where something cannot be measured: a gate that is
//! missed is a line that says so. It is no load test and finds no bugs.

mod client;
mod control;
mod costs;
mod figures;
mod json_api;
mod library;
mod memory;
mod parties;
mod process;
mod pulls;
mod pushes;
mod rate;
mod requests;
mod start;
mod uploads;

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, ensure};
use clap::Parser;
use ecr_fixture::clock::RealTime;

use crate::figures::Report;
use crate::process::{Programs, machine};

/// That of the daemon, since the library is measured here, too.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Bytes of a MiB.
pub(crate) const MIB: f64 = 1024.0 * 1024.0;

const GROUPS: [&str; 6] = ["start", "json", "push", "pull", "control", "library"];

/// Measures the daemon and prints a line for each figure: name, value, unit, gate, goal, verdict, parts.
#[derive(Debug, Parser)]
#[command(name = "bench")]
struct Arguments {
    /// Groups to measure; all of them if none is named.
    #[arg(value_parser = GROUPS)]
    groups: Vec<String>,
    /// Small counts: rough figures within three minutes.
    #[arg(long)]
    quick: bool,
    /// Document whose table is to be replaced.
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
    /// The daemon to measure.
    #[arg(long, value_name = "PROGRAM")]
    daemon: String,
    /// `benches/floor.rs`, built.
    #[arg(long, value_name = "PROGRAM")]
    floor: String,
    /// docker-registry, the peer; without it the figures beside it are not measured.
    #[arg(long, value_name = "PROGRAM")]
    peer: Option<String>,
    /// Measure the library in this process.
    #[arg(long, hide = true)]
    in_library: bool,
    /// What cargo adds.
    #[arg(long, hide = true)]
    bench: bool,
}

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) rounds: usize,
    /// Cold starts.
    pub(crate) starts: usize,
    /// Small requests of a round.
    pub(crate) calls: usize,
    /// Objects of a large world behind the wire.
    pub(crate) objects: usize,
    /// Images of the further repositories in which single calls and listings are measured.
    pub(crate) images: &'static [usize],
    /// Records that fill a journal.
    pub(crate) journal_entries: usize,
    pub(crate) blobs_of_one_mib: usize,
    pub(crate) blobs_of_64_mib: usize,
    /// Bytes of a large blob.
    pub(crate) large_bytes: u64,
    /// Calls of the control plane for each median.
    pub(crate) control_calls: usize,
    /// Replications that one Advance runs.
    pub(crate) timers: usize,
    pub(crate) library_repositories: usize,
    pub(crate) library_images: usize,
    pub(crate) live_forks: usize,
}

impl Plan {
    const FULL: Self = Self {
        rounds: 5,
        starts: 21,
        calls: 4_000,
        objects: 10_000,
        images: &[1_000, 100_000],
        journal_entries: 50_000,
        blobs_of_one_mib: 128,
        blobs_of_64_mib: 4,
        large_bytes: 1 << 30,
        control_calls: 300,
        // With the one that is seeded, as many images as a repository may have.
        timers: 99_999,
        library_repositories: 10_000,
        library_images: 1_000_000,
        live_forks: 10_000,
    };

    const QUICK: Self = Self {
        rounds: 3,
        starts: 7,
        calls: 1_000,
        objects: 2_000,
        images: &[1_000],
        journal_entries: 50_000,
        blobs_of_one_mib: 16,
        blobs_of_64_mib: 1,
        large_bytes: 256 << 20,
        control_calls: 100,
        timers: 10_000,
        library_repositories: 1_000,
        library_images: 50_000,
        live_forks: 1_000,
    };
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let plan = if arguments.quick { Plan::QUICK } else { Plan::FULL };
    let mut report = Report::default();
    if arguments.in_library {
        return library::measure(&plan, &mut report);
    }
    let clock = RealTime::start();
    let kind = if arguments.quick { "quick run, rough" } else { "full run" };
    let conditions = format!("{}; {kind}, {} rounds.", machine(), plan.rounds);
    Report::remark(&conditions)?;
    let programs =
        Programs { daemon: arguments.daemon.clone(), floor: arguments.floor.clone(), peer: arguments.peer.clone() };
    for group in GROUPS {
        if !arguments.groups.is_empty() && !arguments.groups.iter().any(|wanted| wanted == group) {
            continue;
        }
        match group {
            "start" => start::measure(&plan, &programs, &mut report)?,
            "json" => {
                json_api::measure(&plan, &programs, &mut report)?;
                memory::measure(&plan, &programs, &mut report)?;
            }
            "push" => pushes::measure(&plan, &programs, &mut report)?,
            "pull" => pulls::measure(&plan, &programs, &mut report)?,
            "control" => control::measure(&plan, &programs, &mut report)?,
            _ => library_in_its_own_process(&arguments, &mut report)?,
        }
    }
    let seconds = clock.elapsed().as_secs();
    Report::remark(&format!("{} gates missed; {seconds} s", report.missed()))?;
    match &arguments.write {
        Some(document) => report.write_into(document, &conditions),
        None => Ok(()),
    }
}

fn library_in_its_own_process(arguments: &Arguments, report: &mut Report) -> Result<()> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--in-library", "--daemon", &arguments.daemon, "--floor", &arguments.floor]);
    if arguments.quick {
        command.arg("--quick");
    }
    let output = command.stderr(std::process::Stdio::inherit()).output()?;
    ensure!(output.status.success(), "{command:?} failed");
    report.take_lines(&String::from_utf8(output.stdout)?)
}
