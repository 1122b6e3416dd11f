//! Finds, starts and stops the daemon's process. Blocking; knows nothing of gRPC.
//!
//! The daemon's standard input is a pipe that only this process holds: when this process ends, however it ends, the
//! pipe closes and the daemon ends too.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::environment::Environment;
use crate::errors::{Error, Result};

/// The control plane that this client speaks.
pub(crate) const API: &str = "ecrfixture.control.v1";

const BINARY: &str = if cfg!(windows) { "ecr-fixture.exe" } else { "ecr-fixture" };
const ARGUMENTS: [&str; 9] = [
    "serve",
    "--listen",
    "127.0.0.1:0",
    "--control",
    "127.0.0.1:0",
    "--print-addresses",
    "json",
    "--lifeline",
    "stdin",
];
const STDERR_LINES: usize = 40;
const STOP_LIMIT: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(5);

/// The ready line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ready {
    pub(crate) api: String,
    pub(crate) version: String,
    /// `host:port` of the control plane.
    pub(crate) control: String,
    /// Bearer token of the control plane; empty if there is none.
    pub(crate) token: String,
}

impl Ready {
    /// Reads the ready line; what is not known is ignored. The error says what is wrong with it.
    pub(crate) fn parse(line: &str) -> Result<Self, String> {
        let form: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
        let text = |name: &str| form.get(name).and_then(Value::as_str).map(str::to_owned);
        if text("event").as_deref() != Some("ready") {
            return Err("it is not a ready line".to_owned());
        }
        let required = |name: &str| text(name).ok_or_else(|| format!("it has no {name}"));
        Ok(Self {
            api: text("api").unwrap_or_else(|| API.to_owned()),
            version: required("version")?,
            control: required("control")?,
            token: text("token").unwrap_or_default(),
        })
    }
}

/// Refuses a daemon of another major version or control plane.
pub(crate) fn check_version(api: &str, version: &str) -> Result<()> {
    let client = env!("CARGO_PKG_VERSION");
    let major = |version: &str| version.split('.').next().unwrap_or_default().to_owned();
    if api == API && major(version) == major(client) {
        return Ok(());
    }
    Err(Error::IncompatibleVersion { client: client.to_owned(), daemon: version.to_owned(), api: api.to_owned() })
}

/// The daemon's binary: the option, `ECR_FIXTURE_BIN`, or the one on `PATH`.
///
/// An option or variable that is set must be right; it is never passed over.
pub(crate) fn find_binary(option: Option<&Path>, environment: &Environment) -> Result<PathBuf> {
    let mut tried = vec![];
    let variable = environment.variable("ECR_FIXTURE_BIN").map(Path::new);
    for (source, place) in [("option", option), ("ECR_FIXTURE_BIN", variable)] {
        match place {
            None => tried.push(format!("{source}: not set")),
            Some(place) if is_runnable(place) => return Ok(place.to_owned()),
            Some(place) => {
                tried.push(format!("{source}: {} is not an executable file", place.display()));
                return Err(Error::BinaryNotFound { tried });
            }
        }
    }
    let search = environment.variable("PATH").unwrap_or_default();
    let found = std::env::split_paths(search).map(|folder| folder.join(BINARY)).find(|place| is_runnable(place));
    found.ok_or_else(|| {
        tried.push(format!("PATH: no {BINARY} in {:?}", search.to_string_lossy()));
        Error::BinaryNotFound { tried }
    })
}

fn is_runnable(path: &Path) -> bool {
    let Ok(metadata) = path.metadata() else { return false };
    #[cfg(unix)]
    let executable = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o111 != 0;
    #[cfg(not(unix))]
    let executable = true;
    metadata.is_file() && executable
}

/// A daemon that this process started; it is stopped when this is dropped.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    stderr: LastLines,
}

impl Process {
    /// Starts the daemon with further arguments, and waits until it is ready.
    pub(crate) fn start(binary: &Path, environment: &Environment, arguments: &[&str]) -> Result<(Self, Ready)> {
        let limit = environment.start_limit()?;
        let mut command = Command::new(binary);
        command.args(ARGUMENTS).args(arguments).env_clear().envs(environment.of_daemon());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // An interrupt at the keyboard is for the tests; the daemon lives until they have finished their worlds.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn().map_err(|error| Error::StartFailed {
            message: format!("cannot run {}: {error}", binary.display()),
            exit_code: None,
            stderr: vec![],
        })?;
        let first_line = first_line(child.stdout.take());
        let stderr = LastLines::of(child.stderr.take());
        let mut process = Self { child, stderr };
        let ready = process.ready(binary, &first_line, limit)?;
        Ok((process, ready))
    }

    /// The daemon's process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    fn ready(&mut self, binary: &Path, first_line: &Receiver<String>, limit: Duration) -> Result<Ready> {
        let binary = binary.display();
        let line = match first_line.recv_timeout(limit) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                return Err(self.failed(format!("{binary} was not ready within {limit:?}"), None));
            }
        };
        if line.is_empty() {
            let Some(status) = self.exit_within(limit) else {
                return Err(self.failed(format!("{binary} closed its standard output before it was ready"), None));
            };
            self.stderr.wait_for_the_end();
            return Err(self.failed(format!("{binary} ended before it was ready, {status}"), status.code()));
        }
        let ready = Ready::parse(&line).map_err(|problem| {
            let shown: String = line.chars().take(200).collect();
            self.failed(format!("{binary} printed no ready line: {problem}: {shown:?}"), None)
        })?;
        check_version(&ready.api, &ready.version)?;
        Ok(ready)
    }

    fn failed(&self, message: String, exit_code: Option<i32>) -> Error {
        Error::StartFailed { message, exit_code, stderr: self.stderr.lines() }
    }

    /// Polls, because a wait with a limit is not to be had from the standard library.
    fn exit_within(&mut self, limit: Duration) -> Option<ExitStatus> {
        let mut waited = Duration::ZERO;
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => return Some(status),
                Ok(None) if waited < limit => thread::sleep(POLL),
                Ok(None) | Err(_) => return None,
            }
            waited += POLL;
        }
    }
}

impl Drop for Process {
    /// Closes the lifeline and waits; kills after five seconds.
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        if self.exit_within(STOP_LIMIT).is_none() {
            // Nothing is left to do for a process that cannot be killed.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Hands over the first line, then reads on for ever: a full pipe would stop the daemon.
fn first_line(stdout: Option<impl Read + Send + 'static>) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let Some(stdout) = stdout else { return };
        let mut reader = BufReader::new(stdout);
        let mut line = vec![];
        // A line that cannot be read is an empty one; the caller then looks at the process.
        let _ = (&mut reader).take(65_536).read_until(b'\n', &mut line);
        // Nobody waits any more after the limit.
        let _ = sender.send(String::from_utf8_lossy(&line).trim().to_owned());
        let _ = std::io::copy(&mut reader, &mut std::io::sink());
    });
    receiver
}

/// The last lines of a stream, which a thread reads for the process's life.
#[derive(Debug)]
struct LastLines {
    lines: Arc<Mutex<VecDeque<String>>>,
    end: Mutex<Receiver<()>>,
}

impl LastLines {
    fn of(stream: Option<impl Read + Send + 'static>) -> Self {
        let lines = Arc::new(Mutex::new(VecDeque::new()));
        let (sender, end) = mpsc::channel();
        let kept = Arc::clone(&lines);
        thread::spawn(move || {
            // The end is told by dropping it.
            let _sender: mpsc::Sender<()> = sender;
            let Some(stream) = stream else { return };
            for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                if kept.len() == STDERR_LINES {
                    kept.pop_front();
                }
                kept.push_back(String::from_utf8_lossy(&line).trim_end().to_owned());
            }
        });
        Self { lines, end: Mutex::new(end) }
    }

    fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Waits until everything is read, but not for long: a grandchild may hold the pipe open.
    fn wait_for_the_end(&self) {
        let end = self.end.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = end.recv_timeout(Duration::from_secs(1));
    }
}

#[cfg(test)]
mod tests;
