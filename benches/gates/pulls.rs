//! G15 and G17 to G20: pulls of manifests and blobs.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Result, anyhow};

use crate::client::{Clients, Connection};
use crate::figures::{Compared, Limits, Report, compare};
use crate::process::{Floor, Programs};
use crate::pushes::{Blob, Mode, Target};
use crate::requests::{manifest, oci_call, oci_get};
use crate::{MIB, Plan};

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

fn noted(compared: Compared, floor: &str) -> String {
    format!("{:.1} us, {floor} {:.1} us", compared.ours, compared.floor)
}

fn small_pulls(plan: &Plan, programs: &Programs, report: &mut Report) -> Result<()> {
    let (ours, floor) = (Target::daemon(programs)?, Target::floor(programs, Floor::L)?);
    let blob = Blob::new(1, 1024);
    for target in [&ours, &floor] {
        let mut connection = Connection::open(target.server.address)?;
        target.push(&mut connection, Mode::PostPut, &blob)?;
        let (text, line) = (manifest(1), format!("PUT {}", Target::path("manifests", "v1")));
        let headers = "content-type: application/vnd.oci.image.manifest.v1+json\r\n";
        let request = oci_call(&line, &target.authorization, headers, text.len() as u64, text.as_bytes());
        connection.call(&request, 201)?;
        target.server.share_core(true);
    }
    for (name, path) in
        [("blob of 1 KiB", Target::path("blobs", &blob.digest)), ("manifest by tag", Target::path("manifests", "v1"))]
    {
        let compared = compare(
            plan.rounds,
            || cost_of_gets(&ours, &path, "", 200, plan.calls),
            || cost_of_gets(&floor, &path, "", 200, plan.calls),
        )?;
        report.add(format!("G15 pull {name}"), compared.ratio, "xL", Limits::AtMost(2.5, 1.5), noted(compared, "L"))?;
    }
    ours.server.share_core(false);
    Ok(())
}

fn large_pulls(plan: &Plan, programs: &Programs, report: &mut Report) -> Result<()> {
    let (ours, floor) = (Target::daemon(programs)?, Target::floor(programs, Floor::S)?);
    let one = Blob::new(1, 1 << 20);
    let medium = Blob::new(2, plan.large_bytes / 16);
    let large = Blob::new(3, plan.large_bytes / 4);
    for target in [&ours, &floor] {
        let mut connection = Connection::open(target.server.address)?;
        for blob in [&one, &medium, &large] {
            target.push(&mut connection, Mode::PostPut, blob)?;
        }
    }
    let path = |blob: &Blob| Target::path("blobs", &blob.digest);
    let part = format!("range: bytes={}-{}\r\n", 1 << 20, (1 << 20) + (64 << 10) - 1);
    for (name, blob, headers, status, calls, limits) in [
        ("G17 pull 1 MiB", &one, "", 200, plan.calls / 16, Limits::AtMost(1.3, 1.05)),
        ("G18 pull a large blob, one client", &large, "", 200, 2, Limits::Goal(0.75)),
        ("G19 64 KiB of a large blob", &large, part.as_str(), 206, plan.calls / 2, Limits::AtMost(2.0, 1.2)),
    ] {
        // Only what is small goes over one core: in a long pull the reader would push the server aside.
        let shared = status == 206;
        ours.server.share_core(shared);
        floor.server.share_core(shared);
        let compared = compare(
            plan.rounds,
            || cost_of_gets(&ours, &path(blob), headers, status, calls),
            || cost_of_gets(&floor, &path(blob), headers, status, calls),
        )?;
        report.add(name, compared.ratio, "xS", limits, noted(compared, "S"))?;
    }
    ours.server.share_core(false);
    floor.server.share_core(false);

    let mut anonymous: f64 = 0.0;
    let compared = compare(
        plan.rounds.min(3),
        || {
            let (cost, peak) = pull_together(&ours, &path(&medium))?;
            anonymous = anonymous.max(peak);
            Ok(cost)
        },
        || Ok(pull_together(&floor, &path(&medium))?.0),
    )?;
    let size = medium.bytes >> 20;
    let note = format!("{:.2} s, S {:.2} s", compared.ours, compared.floor);
    report.add(format!("G20 {PULLERS} pullers of {size} MiB"), compared.ratio, "xS", Limits::AtMost(1.5, 1.1), note)?;
    report.add(format!("G20 anonymous, {PULLERS} pullers"), anonymous / MIB, "MiB", Limits::AtMost(96.0, 40.0), "")
}

/// CPU seconds of all pullers at once, and the most anonymous memory that was seen meanwhile.
fn pull_together(target: &Target, path: &str) -> Result<(f64, f64)> {
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
