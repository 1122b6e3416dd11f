//! G11 to G14: pushes of small and large blobs against S and the peer, in the three modes.

use anyhow::Result;
use ecr_fixture::clock::RealTime;

use crate::client::Connection;
use crate::costs::{Costs, Row};
use crate::figures::{Limits, Report, shown};
use crate::parties::{Party, Profile, STORES, Target, Targets};
use crate::process::{Floor, Programs};
use crate::uploads::{Blob, Mode};
use crate::{MIB, Plan};

/// Uploads at once beside which the memory of one is measured.
const UPLOADS: u64 = 9;

pub(crate) fn measure(plan: &Plan, programs: &Programs, report: &mut Report) -> Result<()> {
    small_pushes(plan, programs, report)?;
    for (size, megabytes, count) in [("1 MiB", 1, plan.blobs_of_one_mib), ("64 MiB", 64, plan.blobs_of_64_mib)] {
        let blobs: Vec<Blob> = (0..count as u64).map(|number| Blob::new(number, megabytes << 20)).collect();
        let gib = count as f64 * megabytes as f64 / 1024.0;
        for (name, mode) in
            [("POST+PUT", Mode::PostPut), ("POST+PATCH+PUT", Mode::PostPatchPut), ("one POST", Mode::Monolithic)]
        {
            let costs = Costs::measure(plan.rounds, &Party::all(programs, Floor::S), |party| {
                let target = party.start(programs, Profile::Ecr)?;
                let mut connection = Connection::open(target.server.address)?;
                let all = || blobs.iter().try_for_each(|blob| target.push(&mut connection, mode, blob));
                Ok(target.server.cpu_of(all)? / gib)
            })?;
            let row = Row {
                name: &format!("G12 push {size}, {name}"),
                unit: "s/GiB",
                floor: Floor::S,
                limits: Limits::AtMost(1.3, 1.05),
                beside_peer: None,
                note: if mode == Mode::Monolithic { "P, which has no such mode, in POST+PUT" } else { "" },
            };
            costs.report(row, report)?;
        }
    }
    large_push(plan, programs, report)?;
    further_uploads(plan, programs, report)
}

fn small_pushes(plan: &Plan, programs: &Programs, report: &mut Report) -> Result<()> {
    let targets = Targets::start(programs, Floor::S, Profile::Ecr)?;
    targets.share_core(true);
    let calls = plan.calls / 4;
    let mut pushed = 0;
    let costs = Costs::measure(plan.rounds, &targets.parties(), |party| {
        let target = targets.get(party)?;
        let blobs: Vec<Blob> = (0..calls as u64).map(|number| Blob::new(pushed + number, 1024)).collect();
        pushed += calls as u64;
        let mut connection = Connection::open(target.server.address)?;
        let all = || blobs.iter().try_for_each(|blob| target.push(&mut connection, Mode::PostPatchPut, blob));
        Ok(target.server.cpu_of(all)? * 1e6 / calls as f64)
    })?;
    targets.share_core(false);
    let row = Row {
        name: "G11 push 1 KiB in 3 requests",
        unit: "us",
        floor: Floor::S,
        limits: Limits::AtMost(3.0, 2.0),
        beside_peer: Some(Limits::Below(1.0, 0.29)),
        note: "",
    };
    costs.report(row, report)
}

/// G13, and the memory that one large upload takes.
fn large_push(plan: &Plan, programs: &Programs, report: &mut Report) -> Result<()> {
    let blob = Blob::new(7, plan.large_bytes);
    let parties = Party::all(programs, Floor::S);
    let mut peaks = Costs::of(&parties);
    let rates = Costs::measure(plan.rounds.min(3), &parties, |party| {
        let target = party.start(programs, Profile::Ecr)?;
        let idle = target.server.memory()?.resident;
        let mut connection = Connection::open(target.server.address)?;
        let clock = RealTime::start();
        target.push(&mut connection, Mode::PostPatchPut, &blob)?;
        let seconds = clock.elapsed_micros() as f64 / 1e6;
        peaks.add(party, (target.server.memory()?.peak - idle) / MIB);
        Ok(blob.bytes as f64 / MIB / seconds)
    })?;
    let size = format!("{} MiB", shown(blob.bytes as f64 / MIB));
    let row = Row {
        name: &format!("G13 push {size}, rate"),
        unit: "MiB/s",
        floor: Floor::S,
        limits: Limits::AtLeast(0.8, 1.2),
        beside_peer: None,
        note: "",
    };
    rates.report(row, report)?;
    for (ours, store) in STORES {
        let name = format!("G14 peak RSS over idle, push {size}{store}");
        let note = peaks.parts(&[Party::Floor(Floor::S), Party::Peer], "MiB")?;
        report.add(name, peaks.median(ours)?, "MiB", Limits::AtMost(24.0, 8.0), note)?;
    }
    Ok(())
}

/// Growth of the peak by each upload that runs beside a first one.
fn further_uploads(plan: &Plan, programs: &Programs, report: &mut Report) -> Result<()> {
    for (party, store) in STORES {
        let alone = peak_of(plan, &party.start(programs, Profile::Ecr)?, 1)?;
        let together = peak_of(plan, &party.start(programs, Profile::Ecr)?, UPLOADS)?;
        let further = (together - alone) / (UPLOADS - 1) as f64;
        let name = format!("G14 peak RSS for each further upload{store}");
        report.add(name, further, "MiB", Limits::Goal(1.0), format!("{UPLOADS} uploads at once"))?;
    }
    Ok(())
}

/// Peak over idle, in MiB, of so many uploads at once.
fn peak_of(plan: &Plan, target: &Target, uploads: u64) -> Result<f64> {
    let idle = target.server.memory()?.resident;
    let blobs: Vec<Blob> = (0..uploads).map(|number| Blob::new(number, plan.large_bytes / 16)).collect();
    std::thread::scope(|scope| {
        let push = |blob| {
            scope.spawn(move || target.push(&mut Connection::open(target.server.address)?, Mode::PostPatchPut, blob))
        };
        let pushes: Vec<_> = blobs.iter().map(push).collect();
        pushes.into_iter().try_for_each(|push| push.join().map_err(|_| anyhow::anyhow!("a client panicked"))?)
    })?;
    Ok((target.server.memory()?.peak - idle) / MIB)
}
