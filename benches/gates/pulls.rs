//! G15 and G17 to G20: pulls of manifests and blobs, in the profile `oci`.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Result, anyhow};

use crate::client::{Clients, Connection};
use crate::costs::{Costs, Row};
use crate::figures::{Limits, Report};
use crate::parties::{Profile, STORES, Target, Targets};
use crate::process::{Floor, Programs};
use crate::requests::{manifest, oci_call, oci_get};
use crate::uploads::{Blob, Mode};
use crate::{MIB, Plan, rate};

const PULLERS: usize = 64;

pub(crate) fn measure(plan: &Plan, programs: &Programs, report: &mut Report) -> Result<()> {
    small_pulls(plan, programs, report)?;
    large_pulls(plan, programs, report)
}

/// Microseconds of CPU for each GET of a path.
fn cost_of_gets(target: &Target, path: &str, headers: &str, status: u16, calls: usize) -> Result<f64> {
    let request = oci_get(path, &target.authorization, headers);
    let mut clients = Clients::open(target.server.address, 1)?;
    clients.call(1, status, |_| request.clone())?;
    let seconds = target.server.cpu_of(|| clients.call(calls, status, |_| request.clone()))?;
    Ok(seconds * 1e6 / calls as f64)
}

/// G15 and G16.
fn small_pulls(plan: &Plan, programs: &Programs, report: &mut Report) -> Result<()> {
    let targets = Targets::start(programs, Floor::L, Profile::Oci)?;
    let blob = Blob::new(1, 1024);
    for target in targets.iter() {
        let mut connection = Connection::open(target.server.address)?;
        target.push(&mut connection, Mode::PostPut, &blob)?;
        let (text, line) = (manifest(1), format!("PUT {}", Target::path("manifests", "v1")));
        let headers = "content-type: application/vnd.oci.image.manifest.v1+json\r\n";
        let request = oci_call(&line, &target.authorization, headers, text.len() as u64, text.as_bytes());
        connection.call(&request, 201)?;
    }
    targets.share_core(true);
    let tagged = Target::path("manifests", "v1");
    for (name, path) in
        [("G15 pull blob of 1 KiB", &Target::path("blobs", &blob.digest)), ("G15 pull manifest by tag", &tagged)]
    {
        let costs = Costs::measure(plan.rounds, &targets.parties(), |party| {
            cost_of_gets(targets.get(party)?, path, "", 200, plan.calls)
        })?;
        let row = Row {
            name,
            unit: "us",
            floor: Floor::L,
            limits: Limits::AtMost(2.5, 1.5),
            beside_peer: Some(Limits::Below(1.0, 0.45)),
            note: "",
        };
        costs.report(row, report)?;
    }
    targets.share_core(false);
    rate::measure(plan, &targets, &tagged, report)
}

/// G17 to G20.
fn large_pulls(plan: &Plan, programs: &Programs, report: &mut Report) -> Result<()> {
    let targets = Targets::start(programs, Floor::S, Profile::Oci)?;
    let one = Blob::new(1, 1 << 20);
    let medium = Blob::new(2, plan.large_bytes / 16);
    let large = Blob::new(3, plan.large_bytes / 4);
    for target in targets.iter() {
        let mut connection = Connection::open(target.server.address)?;
        for blob in [&one, &medium, &large] {
            target.push(&mut connection, Mode::PostPut, blob)?;
        }
    }
    let path = |blob: &Blob| Target::path("blobs", &blob.digest);
    let part = format!("range: bytes={}-{}\r\n", 1 << 20, (1 << 20) + (64 << 10) - 1);
    let size = large.bytes >> 20;
    let row = |name, limits, beside_peer| Row { name, unit: "us", floor: Floor::S, limits, beside_peer, note: "" };
    let whole = row("G17 pull 1 MiB", Limits::AtMost(1.3, 1.05), Some(Limits::Below(1.0, 0.53)));
    let name = format!("G18 pull {size} MiB, one client");
    let long = row(&name, Limits::Goal(0.75), Some(Limits::AtMost(1.05, 0.7)));
    let name = format!("G19 64 KiB of {size} MiB");
    let range = row(&name, Limits::AtMost(2.0, 1.2), None);
    for (row, blob, headers, status, calls) in [
        (whole, &one, "", 200, plan.calls / 16),
        (long, &large, "", 200, 2),
        (range, &large, part.as_str(), 206, plan.calls / 2),
    ] {
        // Only what is small goes over one core: in a long pull the reader would push the server aside.
        targets.share_core(status == 206);
        let costs = Costs::measure(plan.rounds, &targets.parties(), |party| {
            cost_of_gets(targets.get(party)?, &path(blob), headers, status, calls)
        })?;
        costs.report(row, report)?;
    }
    targets.share_core(false);
    pull_together(plan, &targets, &medium, report)
}

/// G20.
fn pull_together(plan: &Plan, targets: &Targets, blob: &Blob, report: &mut Report) -> Result<()> {
    let path = Target::path("blobs", &blob.digest);
    let mut peaks = Costs::of(&targets.parties());
    let costs = Costs::measure(plan.rounds.min(3), &targets.parties(), |party| {
        let (cost, peak) = one_wave(targets.get(party)?, &path)?;
        peaks.add(party, peak / MIB);
        Ok(cost)
    })?;
    let row = Row {
        name: &format!("G20 {PULLERS} pullers of {} MiB", blob.bytes >> 20),
        unit: "s",
        floor: Floor::S,
        limits: Limits::AtMost(1.5, 1.1),
        beside_peer: None,
        note: "",
    };
    costs.report(row, report)?;
    for (ours, store) in STORES {
        let name = format!("G20 anonymous, {PULLERS} pullers{store}");
        report.add(name, peaks.largest(ours), "MiB", Limits::AtMost(96.0, 40.0), "the most of all rounds")?;
    }
    Ok(())
}

/// CPU seconds of all pullers at once, and the most anonymous memory that was seen meanwhile.
fn one_wave(target: &Target, path: &str) -> Result<(f64, f64)> {
    let request = oci_get(path, &target.authorization, "");
    let done = AtomicBool::new(false);
    let before = target.server.cpu_seconds()?;
    let peak = std::thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let mut peak: f64 = 0.0;
            while !done.load(Ordering::Relaxed) {
                peak = peak.max(target.server.memory()?.anonymous);
                std::thread::sleep(Duration::from_millis(10));
            }
            anyhow::Ok(peak)
        });
        let pull = || Connection::open(target.server.address)?.call(&request, 200).map(|_| ());
        let pulls: Vec<_> = (0..PULLERS).map(|_| scope.spawn(pull)).collect();
        let pulled: Vec<_> =
            pulls.into_iter().map(|pull| pull.join().map_err(|_| anyhow!("a client panicked"))).collect();
        done.store(true, Ordering::Relaxed);
        let peak = watch.join().map_err(|_| anyhow!("the watch panicked"))??;
        pulled.into_iter().try_for_each(|pull| pull?)?;
        anyhow::Ok(peak)
    })?;
    Ok((target.server.cpu_seconds()? - before, peak))
}
