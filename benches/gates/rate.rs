//! G16: requests a second over several connections, and how long the slowest of them wait.
//!
//! All connections are driven by one thread, so that the generator takes as little of the machine as it can: on two cores
//! it competes with the server all the same, with every party alike.

use std::net::SocketAddr;

use anyhow::{Result, ensure};
use ecr_fixture::clock::RealTime;
use futures_util::stream::{FuturesUnordered, TryStreamExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::Plan;
use crate::client::reply_bytes;
use crate::costs::{Costs, Row};
use crate::figures::{Limits, Report};
use crate::parties::{Party, STORES, Targets};
use crate::process::Floor;
use crate::requests::oci_get;

const CONNECTIONS: usize = 16;
const BUFFER_BYTES: usize = 16 << 10;

/// GETs of a manifest at this path.
pub(crate) fn measure(plan: &Plan, targets: &Targets, path: &str, report: &mut Report) -> Result<()> {
    let mut late = Costs::of(&targets.parties());
    let rates = Costs::measure(plan.rounds, &targets.parties(), |party| {
        let target = targets.get(party)?;
        let request = oci_get(path, &target.authorization, "");
        let (rate, slow) = calls_per_second(target.server.address, &request, 4 * plan.calls)?;
        late.add(party, slow);
        Ok(rate)
    })?;
    let name = format!("G16 manifest GET, {CONNECTIONS} connections");
    let row = Row {
        name: &name,
        unit: "req/s",
        floor: Floor::L,
        limits: Limits::GoalAtLeast(0.7),
        beside_peer: Some(Limits::AtLeast(1.3, 2.2)),
        note: "",
    };
    rates.report(row, report)?;
    for (ours, store) in STORES {
        let note = late.parts(&[Party::Floor(Floor::L), Party::Peer], "ms")?;
        report.add(format!("{name}{store}, p99"), late.median(ours)?, "ms", Limits::Goal(1.0), note)?;
    }
    Ok(())
}

/// Requests a second, and the 99th percentile of milliseconds from a request to the end of its answer.
fn calls_per_second(address: SocketAddr, request: &[u8], calls: usize) -> Result<(f64, f64)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(async {
        let mut connections = Vec::new();
        for _ in 0..CONNECTIONS {
            let mut connection = Connection::open(address).await?;
            // What is done once for a connection is not measured.
            connection.call(request).await?;
            connections.push(connection);
        }
        let clock = RealTime::start();
        let runs = connections.into_iter().map(|connection| connection.calls(request, calls / CONNECTIONS, &clock));
        let waits: Vec<Vec<f64>> = runs.collect::<FuturesUnordered<_>>().try_collect().await?;
        let seconds = clock.elapsed().as_secs_f64();
        let mut waits = waits.concat();
        waits.sort_unstable_by(f64::total_cmp);
        Ok((waits.len() as f64 / seconds, waits[waits.len() * 99 / 100] * 1e3))
    })
}

struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: vec![0; BUFFER_BYTES] })
    }

    /// One request, and its answer of 200.
    async fn call(&mut self, request: &[u8]) -> Result<()> {
        self.stream.write_all(request).await?;
        let mut filled = 0;
        loop {
            let read = self.stream.read(&mut self.buffer[filled..]).await?;
            ensure!(read > 0, "the connection ended in an answer");
            filled += read;
            if reply_bytes(&self.buffer[..filled], 200)?.is_some_and(|length| length <= filled) {
                return Ok(());
            }
        }
    }

    /// So many requests, one after the other; seconds of each.
    async fn calls(mut self, request: &[u8], calls: usize, clock: &RealTime) -> Result<Vec<f64>> {
        let mut waits = Vec::with_capacity(calls);
        for _ in 0..calls {
            let begun = clock.elapsed().as_secs_f64();
            self.call(request).await?;
            waits.push(clock.elapsed().as_secs_f64() - begun);
        }
        Ok(waits)
    }
}
