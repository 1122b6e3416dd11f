//! G11 to G14: pushes of small and large blobs against S, in the three modes.

use anyhow::{Context as _, Result};
use ecr_fixture::clock::RealTime;
use sha2::{Digest as _, Sha256};

use crate::client::Connection;
use crate::figures::{Limits, Report, compare, median, shown};
use crate::process::{Floor, Programs, Server};
use crate::requests::{login, oci_call, prepare_repository};
use crate::{MIB, Plan};

const REPOSITORY: &str = "bench/blobs";
/// Bytes that a blob repeats.
const PIECE_BYTES: usize = 1 << 20;
/// Bytes written to the socket at a time.
const WRITE_BYTES: usize = 256 << 10;

/// How a blob is pushed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mode {
    /// POST, then PUT with the bytes.
    PostPut,
    /// POST, PATCH with the bytes, PUT.
    PostPatchPut,
    /// POST with the bytes.
    Monolithic,
}

/// A blob that no other number has: the number, then a pattern.
#[derive(Clone, Debug)]
pub(crate) struct Blob {
    /// Its bytes, up to the first piece; the pattern goes on from there.
    first: Vec<u8>,
    /// Its length.
    pub(crate) bytes: u64,
    /// Its digest.
    pub(crate) digest: String,
}

impl Blob {
    pub(crate) fn new(number: u64, bytes: u64) -> Self {
        let mut first: Vec<u8> =
            (0..PIECE_BYTES as u32).map(|index| (index.wrapping_mul(0x9E37_79B9) >> 24) as u8).collect();
        first[..8].copy_from_slice(&number.to_be_bytes());
        first.truncate(bytes as usize);
        let mut hasher = Sha256::new();
        let mut left = bytes;
        while left > 0 {
            let piece = first.len().min(left as usize);
            hasher.update(&first[..piece]);
            left -= piece as u64;
        }
        let digest = format!("sha256:{}", hex::encode(hasher.finalize()));
        Self { first, bytes, digest }
    }

    fn send(&self, connection: &mut Connection) -> Result<()> {
        let mut left = self.bytes as usize;
        while left > 0 {
            let piece = &self.first[..self.first.len().min(left)];
            piece.chunks(WRITE_BYTES).try_for_each(|chunk| connection.send(chunk))?;
            left -= piece.len();
        }
        Ok(())
    }
}

/// A server with what it takes to push to it.
pub(crate) struct Target {
    pub(crate) server: Server,
    pub(crate) authorization: String,
    patched: u16,
}

impl Target {
    /// A fresh daemon with a repository.
    pub(crate) fn daemon(programs: &Programs) -> Result<Self> {
        let server = programs.daemon(&[])?;
        let mut connection = Connection::open(server.address)?;
        let authorization = login(&mut connection)?;
        prepare_repository(&mut connection, &authorization, REPOSITORY)?;
        // ECR answers 201 to PATCH, where the specification, and the floor, have 202.
        Ok(Self { server, authorization, patched: 201 })
    }

    /// A fresh floor.
    pub(crate) fn floor(programs: &Programs, floor: Floor) -> Result<Self> {
        Ok(Self { server: programs.floor(floor)?, authorization: "Basic QVdTOmZsb29y".to_owned(), patched: 202 })
    }

    pub(crate) fn push(&self, connection: &mut Connection, mode: Mode, blob: &Blob) -> Result<()> {
        push(connection, &self.authorization, REPOSITORY, self.patched, mode, blob)
    }

    /// Path of a blob or, for a floor, of what has the same last member.
    pub(crate) fn path(kind: &str, name: &str) -> String {
        format!("/v2/{REPOSITORY}/{kind}/{name}")
    }
}

fn push(
    connection: &mut Connection,
    authorization: &str,
    repository: &str,
    patched: u16,
    mode: Mode,
    blob: &Blob,
) -> Result<()> {
    let with_bytes = |connection: &mut Connection, line: &str, status| {
        connection.send(&oci_call(
            line,
            authorization,
            "content-type: application/octet-stream\r\n",
            blob.bytes,
            b"",
        ))?;
        blob.send(connection)?;
        connection.receive(status).map(|reply| path_of(reply.header("location").unwrap_or_default()))
    };
    let digest = &blob.digest;
    if matches!(mode, Mode::Monolithic) {
        with_bytes(connection, &format!("POST /v2/{repository}/blobs/uploads/?digest={digest}"), 201)?;
        return Ok(());
    }
    let start = oci_call(&format!("POST /v2/{repository}/blobs/uploads/"), authorization, "", 0, b"");
    let opened = path_of(connection.call(&start, 202)?.header("location").context("no location")?);
    if matches!(mode, Mode::PostPut) {
        with_bytes(connection, &format!("PUT {opened}?digest={digest}"), 201)?;
        return Ok(());
    }
    let session = with_bytes(connection, &format!("PATCH {opened}"), patched)?;
    connection.call(&oci_call(&format!("PUT {session}?digest={digest}"), authorization, "", 0, b""), 201)?;
    Ok(())
}

fn path_of(location: &str) -> String {
    match location.strip_prefix("http://").and_then(|rest| rest.find('/').map(|slash| &rest[slash..])) {
        Some(path) => path.to_owned(),
        None => location.to_owned(),
    }
}

/// Pushes one large blob, of 1 GiB in a full run.
pub(crate) fn push_gib(server: &Server, authorization: &str, repository: &str, plan: &Plan) -> Result<()> {
    let blob = Blob::new(u64::MAX, plan.large_bytes);
    push(&mut Connection::open(server.address)?, authorization, repository, 201, Mode::PostPatchPut, &blob)
}

pub(crate) fn measure(plan: &Plan, programs: &Programs, report: &mut Report) -> Result<()> {
    small_pushes(plan, programs, report)?;
    for (size, megabytes, count) in [("1 MiB", 1, plan.blobs_of_one_mib), ("64 MiB", 64, plan.blobs_of_64_mib)] {
        for (name, mode) in
            [("POST+PUT", Mode::PostPut), ("POST+PATCH+PUT", Mode::PostPatchPut), ("one POST", Mode::Monolithic)]
        {
            let blobs: Vec<Blob> = (0..count as u64).map(|number| Blob::new(number, megabytes << 20)).collect();
            let cost = |target: Target| {
                let mut connection = Connection::open(target.server.address)?;
                let all = || blobs.iter().try_for_each(|blob| target.push(&mut connection, mode, blob));
                Ok(target.server.cpu_of(all)? * 1024.0 / (count as f64 * megabytes as f64))
            };
            let compared =
                compare(plan.rounds, || cost(Target::daemon(programs)?), || cost(Target::floor(programs, Floor::S)?))?;
            let note = format!("{:.2} s/GiB, S {:.2} s/GiB", compared.ours, compared.floor);
            report.add(format!("G12 push {size}, {name}"), compared.ratio, "xS", Limits::AtMost(1.3, 1.05), note)?;
        }
    }
    large_push(plan, programs, report)
}

fn small_pushes(plan: &Plan, programs: &Programs, report: &mut Report) -> Result<()> {
    let (ours, floor) = (Target::daemon(programs)?, Target::floor(programs, Floor::S)?);
    ours.server.share_core(true);
    floor.server.share_core(true);
    let calls = plan.calls / 4;
    let cost = |target: &Target, first: u64| {
        let blobs: Vec<Blob> = (0..calls as u64).map(|number| Blob::new(first + number, 1024)).collect();
        let mut connection = Connection::open(target.server.address)?;
        let all = || blobs.iter().try_for_each(|blob| target.push(&mut connection, Mode::PostPatchPut, blob));
        Ok(target.server.cpu_of(all)? * 1e6 / calls as f64)
    };
    let (mut our_blobs, mut floor_blobs) = (0, 0);
    let compared = compare(
        plan.rounds,
        || {
            our_blobs += calls as u64;
            cost(&ours, our_blobs)
        },
        || {
            floor_blobs += calls as u64;
            cost(&floor, floor_blobs)
        },
    )?;
    ours.server.share_core(false);
    let note = format!("{:.0} us, S {:.0} us", compared.ours, compared.floor);
    report.add("G11 push 1 KiB in 3 requests", compared.ratio, "xS", Limits::AtMost(3.0, 2.0), note)
}

fn large_push(plan: &Plan, programs: &Programs, report: &mut Report) -> Result<()> {
    let blob = Blob::new(7, plan.large_bytes);
    let mut peaks = Vec::new();
    let rate = |target: &Target| {
        let mut connection = Connection::open(target.server.address)?;
        let clock = RealTime::start();
        target.push(&mut connection, Mode::PostPatchPut, &blob)?;
        anyhow::Ok(blob.bytes as f64 / MIB / (clock.elapsed_micros() as f64 / 1e6))
    };
    let compared = compare(
        plan.rounds.min(3),
        || {
            let target = Target::daemon(programs)?;
            let idle = target.server.memory()?.resident;
            let rate = rate(&target)?;
            peaks.push((target.server.memory()?.peak - idle) / MIB);
            Ok(rate)
        },
        || rate(&Target::floor(programs, Floor::S)?),
    )?;
    let size = format!("{} MiB", shown(blob.bytes as f64 / MIB));
    let note = format!("{:.0} MiB/s, S {:.0} MiB/s", compared.ours, compared.floor);
    report.add(format!("G13 push {size}, rate"), compared.ratio, "xS", Limits::AtLeast(0.8, 1.2), note)?;
    let alone = median(&mut peaks)?;
    report.add(format!("G14 peak RSS over idle, push {size}"), alone, "MiB", Limits::AtMost(24.0, 8.0), "")?;
    let further = further_uploads(plan, programs)?;
    report.add("G14 peak RSS for each further upload", further, "MiB", Limits::Goal(1.0), "9 uploads at once")
}

/// Growth of the peak by each of eight uploads that run beside a first one.
fn further_uploads(plan: &Plan, programs: &Programs) -> Result<f64> {
    let mut peaks = Vec::new();
    for uploads in [1_u64, 9] {
        let target = Target::daemon(programs)?;
        let idle = target.server.memory()?.resident;
        let blobs: Vec<Blob> = (0..uploads).map(|number| Blob::new(number, plan.large_bytes / 16)).collect();
        std::thread::scope(|scope| {
            let target = &target;
            let pushes: Vec<_> = blobs
                .iter()
                .map(|blob| {
                    scope.spawn(move || {
                        target.push(&mut Connection::open(target.server.address)?, Mode::PostPatchPut, blob)
                    })
                })
                .collect();
            pushes.into_iter().try_for_each(|push| push.join().map_err(|_| anyhow::anyhow!("a client panicked"))?)
        })?;
        peaks.push((target.server.memory()?.peak - idle) / MIB);
    }
    Ok((peaks[1] - peaks[0]) / 8.0)
}
