//! Servers as child processes, and what the kernel knows of them: CPU time, memory, cores.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;
use tempfile::TempDir;

/// Where those who store files keep them, for all alike: the daemon with `--blob-dir`, docker-registry, and S. A tmpfs.
pub(crate) const FILES: &str = "/dev/shm";
/// Looks for the peer's open port, 5 ms apart.
const LOOKS: usize = 6000;

/// A running server; killed on drop.
pub(crate) struct Server {
    child: Child,
    /// Where it serves the registry surface, or the floor.
    pub(crate) address: SocketAddr,
    /// Where its control plane listens, with the token; a floor has none.
    pub(crate) control: Option<(SocketAddr, String)>,
    /// Its files, removed after it.
    files: Option<TempDir>,
}

/// Which floor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Floor {
    /// Canned answers.
    L,
    /// Hashes and stores.
    S,
}

/// The programs to measure.
#[derive(Clone, Debug)]
pub(crate) struct Programs {
    /// The daemon.
    pub(crate) daemon: String,
    /// `benches/floor.rs`, built.
    pub(crate) floor: String,
    /// docker-registry, if it is installed.
    pub(crate) peer: Option<String>,
}

impl Programs {
    /// Starts the daemon in its default configuration on free ports, with further arguments.
    pub(crate) fn daemon(&self, further: &[&str]) -> Result<Server> {
        let mut command = Command::new(&self.daemon);
        command.args(["serve", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--print-addresses", "json"]);
        let (child, line) = started(command.args(further).stderr(Stdio::null()))?;
        let ready: Value = serde_json::from_str(&line).context("the ready line is no JSON")?;
        let text = |name: &str| ready[name].as_str().with_context(|| format!("the ready line has no {name}"));
        let address = text("data")?.trim_start_matches("http://").parse()?;
        let control = Some((text("control")?.parse()?, text("token")?.to_owned()));
        Ok(Server { child, address, control, files: None })
    }

    /// Starts the daemon with its large blobs in files.
    pub(crate) fn daemon_with_files(&self, further: &[&str]) -> Result<Server> {
        let files = files()?;
        let place = files.path().to_string_lossy();
        let mut server = self.daemon(&[further, &["--blob-dir", place.as_ref()]].concat())?;
        server.files = Some(files);
        Ok(server)
    }

    /// Starts docker-registry as Debian configures it, but without logs and logins.
    pub(crate) fn peer(&self) -> Result<Server> {
        let program = self.peer.as_ref().context("docker-registry is not installed")?;
        let files = files()?;
        // It does not tell which port it has taken when it writes no log.
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let configuration = files.path().join("configuration.yml");
        let text = format!(
            "version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\nhttp: {{addr: \"{address}\", secret: s}}\n\
             storage: {{cache: {{blobdescriptor: inmemory}}, filesystem: {{rootdirectory: {}}}}}\n",
            files.path().join("storage").display()
        );
        fs::write(&configuration, text)?;
        let mut command = Command::new(program);
        command.arg("serve").arg(&configuration).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().with_context(|| format!("cannot start {command:?}"))?;
        let server = Server { child, address, control: None, files: Some(files) };
        for _ in 0..LOOKS {
            if TcpStream::connect(address).is_ok() {
                return Ok(server);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        bail!("{command:?} does not listen on {address}")
    }

    /// Starts a floor.
    pub(crate) fn floor(&self, floor: Floor) -> Result<Server> {
        let mode = match floor {
            Floor::L => "serve-l",
            Floor::S => "serve-s",
        };
        let (child, line) = started(Command::new(&self.floor).args([mode, "--port", "0"]))?;
        Ok(Server { child, address: line.trim().parse()?, control: None, files: None })
    }
}

/// An empty folder in [`FILES`].
fn files() -> Result<TempDir> {
    TempDir::with_prefix_in("gates-", FILES).with_context(|| format!("no folder in {FILES}"))
}

fn started(command: &mut Command) -> Result<(Child, String)> {
    let mut child = command.stdout(Stdio::piped()).spawn().with_context(|| format!("cannot start {command:?}"))?;
    let mut line = String::new();
    BufReader::new(child.stdout.take().context("piped")?).read_line(&mut line)?;
    ensure!(!line.is_empty(), "{command:?} ended without a word");
    Ok((child, line))
}

impl Server {
    /// CPU seconds of all its threads, exact where the thread rests.
    pub(crate) fn cpu_seconds(&self) -> Result<f64> {
        // A thread that has just answered is accounted when it goes to sleep.
        std::thread::sleep(Duration::from_millis(2));
        let mut nanoseconds = 0_u64;
        for thread in fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            // A thread may end between the listing and the reading; what it has used is then too little to matter.
            let Ok(text) = fs::read_to_string(thread?.path().join("schedstat")) else { continue };
            nanoseconds += text.split(' ').next().unwrap_or_default().parse::<u64>()?;
        }
        Ok(nanoseconds as f64 / 1e9)
    }

    /// CPU seconds that the server spends while `work` runs.
    pub(crate) fn cpu_of(&self, work: impl FnOnce() -> Result<()>) -> Result<f64> {
        let before = self.cpu_seconds()?;
        work()?;
        Ok(self.cpu_seconds()? - before)
    }

    /// What the process has of memory.
    pub(crate) fn memory(&self) -> Result<Memory> {
        memory_of(&self.child.id().to_string())
    }

    /// Ties the server and this process to one core, or frees both: with a client that waits for each answer, the
    /// wake-up of an idle core would be measured instead.
    pub(crate) fn share_core(&self, shared: bool) {
        let cores = if shared { "0".to_owned() } else { format!("0-{}", cores() - 1) };
        for process in [self.child.id(), std::process::id()] {
            let mut taskset = Command::new("taskset");
            taskset.args(["-a", "-c", "-p", &cores, &process.to_string()]).stdout(Stdio::null()).stderr(Stdio::null());
            // Without the program the figures are noisier; the head of the report says whether it is there.
            let _ = taskset.status();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = (self.child.kill(), self.child.wait());
    }
}

/// Memory of a process in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    /// Resident set.
    pub(crate) resident: f64,
    /// The anonymous part of it.
    pub(crate) anonymous: f64,
    /// Largest resident set so far.
    pub(crate) peak: f64,
}

/// Memory of a process, by its id or `self`.
pub(crate) fn memory_of(process: &str) -> Result<Memory> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let number = line.and_then(|line| line.split_whitespace().next()).with_context(|| format!("no {name}"))?;
        anyhow::Ok(number.parse::<f64>()? * 1024.0)
    };
    Ok(Memory { resident: field("VmRSS:")?, anonymous: field("RssAnon:")?, peak: field("VmHWM:")? })
}

/// Bytes of a program.
pub(crate) fn program_bytes(path: &str) -> Result<f64> {
    Ok(fs::metadata(path)?.len() as f64)
}

fn cores() -> usize {
    let present = fs::read_to_string("/sys/devices/system/cpu/present").unwrap_or_default();
    let last = present.trim().rsplit(['-', ',']).next().and_then(|last| last.parse::<usize>().ok());
    last.map_or(1, |last| last + 1)
}

/// The machine in one line.
pub(crate) fn machine() -> String {
    let line_of = |file: &str, name: &str| {
        let text = fs::read_to_string(file).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.rsplit(':').next().unwrap_or_default().trim().to_owned()
    };
    let has_sha = line_of("/proc/cpuinfo", "flags").split(' ').any(|flag| flag == "sha_ni");
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let sha = if has_sha { "SHA-NI" } else { "no SHA-NI" };
    let pinning = if Path::new("/usr/bin/taskset").exists() { "" } else { ", without taskset" };
    format!(
        "{} cores {}, {sha}, {} of memory, Linux {}{pinning}",
        cores(),
        line_of("/proc/cpuinfo", "model name"),
        line_of("/proc/meminfo", "MemTotal"),
        kernel.trim()
    )
}
