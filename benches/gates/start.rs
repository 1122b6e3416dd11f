//! G1 to G4: how fast and how small a daemon is that has done nothing yet.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Result, ensure};
use ecr_fixture::clock::RealTime;

use crate::client::Connection;
use crate::figures::{Limits, Report, median};
use crate::process::{Floor, Programs, Server, program_bytes};
use crate::{MIB, Plan};

/// Start of an HTTP/2 connection with empty SETTINGS; a gRPC server answers with its own.
const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

pub(crate) fn measure(plan: &Plan, programs: &Programs, report: &mut Report) -> Result<()> {
    let (mut ours, mut floors, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let (mut cpu, mut resident, mut anonymous) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..plan.starts {
        let clock = RealTime::start();
        let daemon = programs.daemon(&[])?;
        answers(&daemon)?;
        ours.push(clock.elapsed_micros() as f64 / 1e3);
        cpu.push(daemon.cpu_seconds()? * 1e3);
        std::thread::sleep(Duration::from_millis(100));
        let memory = daemon.memory()?;
        resident.push(memory.resident / MIB);
        anonymous.push(memory.anonymous / MIB);
        drop(daemon);

        let clock = RealTime::start();
        let floor = programs.floor(Floor::L)?;
        Connection::open(floor.address)?.call(b"POST / HTTP/1.1\r\nhost: l\r\ncontent-length: 0\r\n\r\n", 200)?;
        floors.push(clock.elapsed_micros() as f64 / 1e3);
        if let (Some(our), Some(floor)) = (ours.last(), floors.last()) {
            ratios.push(our / floor);
        }
    }
    let (ours, floor) = (median(&mut ours)?, median(&mut floors)?);
    let note = format!("{ours:.1} ms, L {floor:.1} ms, median of {}", plan.starts);
    report.add("G1 cold start, HTTP and gRPC", median(&mut ratios)?, "xL", Limits::AtMost(3.0, 1.6), note)?;
    report.add("G1 cold start, HTTP and gRPC", ours, "ms", Limits::AtMost(15.0, 5.0), "")?;
    report.add("G2 CPU until the first answers", median(&mut cpu)?, "ms", Limits::AtMost(10.0, 4.0), "")?;
    report.add("G3 idle resident", median(&mut resident)?, "MiB", Limits::AtMost(12.0, 8.0), "")?;
    report.add("G3 idle anonymous", median(&mut anonymous)?, "MiB", Limits::AtMost(4.0, 1.5), "")?;
    report.add("G4 stripped binary", program_bytes(&programs.daemon)? / MIB, "MiB", Limits::AtMost(20.0, 10.0), "")
}

/// Waits for the first answer on each port.
fn answers(daemon: &Server) -> Result<()> {
    Connection::open(daemon.address)?.call(b"GET /v2/ HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n", 401)?;
    let Some((control, _)) = &daemon.control else { return Ok(()) };
    let mut stream = TcpStream::connect(control)?;
    stream.write_all(HTTP2_PREFACE)?;
    let mut frame = [0; 9];
    stream.read_exact(&mut frame)?;
    ensure!(frame[3] == 4, "the control plane does not begin with SETTINGS");
    Ok(())
}
