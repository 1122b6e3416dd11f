//! The program itself, as somebody starts it: arguments, standard streams, signals, exit code.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// Longest that a test waits for the program.
const PATIENCE: Duration = Duration::from_secs(20);
const ANY_PORT: &str = "127.0.0.1:0";

/// A running `ecr-fixture`. It is killed when dropped.
#[derive(Debug)]
pub(crate) struct Process {
    pid: Pid,
    /// Absent once somebody waits for its end.
    child: Option<(Child, BufReader<ChildStdout>)>,
    /// Its standard input, while it is open.
    pub(crate) stdin: Option<ChildStdin>,
    ended: bool,
}

impl Process {
    /// Starts `ecr-fixture serve` on free ports with further arguments.
    pub(crate) fn serve(arguments: &[&str]) -> Self {
        let mut child = command(ANY_PORT, arguments).spawn().expect("the program starts");
        let pid = Pid::from_child(&child);
        let stdin = child.stdin.take();
        let stdout = BufReader::new(child.stdout.take().expect("standard output is piped"));
        Self { pid, child: Some((child, stdout)), stdin, ended: false }
    }

    /// The next line of standard output.
    pub(crate) async fn line(&mut self) -> String {
        let (child, mut stdout) = self.child.take().expect("nobody waits for the end yet");
        let reading = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            let read = stdout.read_line(&mut line).expect("standard output is read");
            (read, line, stdout)
        });
        let read = tokio::time::timeout(PATIENCE, reading).await.expect("a line comes in time");
        let (read, line, stdout) = read.expect("the reader does not panic");
        assert!(read > 0, "standard output ended");
        self.child = Some((child, stdout));
        line
    }

    /// Bytes of memory that it has in use now.
    pub(crate) fn resident_bytes(&self) -> u64 {
        let path = format!("/proc/{}/status", self.pid.as_raw_nonzero());
        let status = std::fs::read_to_string(path).expect("the program runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory is told");
        let kib: u64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
        kib << 10
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid, signal).expect("the program runs");
    }

    /// Waits for the end, within a bound; answers the exit code and what else was on standard output.
    pub(crate) async fn ends_within(mut self, bound: Duration) -> (Option<i32>, String) {
        let (mut child, mut stdout) = self.child.take().expect("nobody waits for the end yet");
        let ending = tokio::task::spawn_blocking(move || {
            let mut rest = String::new();
            stdout.read_to_string(&mut rest).expect("standard output is read");
            (child.wait().expect("the program is waited for").code(), rest)
        });
        let ended = tokio::time::timeout(bound, ending).await.expect("the program ends in time");
        self.ended = true;
        ended.expect("the waiter does not panic")
    }

    /// Starts `ecr-fixture serve`, which must refuse; answers what it says on standard error.
    pub(crate) async fn refuses(arguments: &[&str]) -> String {
        Self::refuses_at(ANY_PORT, arguments).await
    }

    /// [`Self::refuses`] with the control plane at an address.
    pub(crate) async fn refuses_at(control: &str, arguments: &[&str]) -> String {
        let child = command(control, arguments).spawn().expect("the program starts");
        let pid = Pid::from_child(&child);
        let mut guard = Self { pid, child: None, stdin: None, ended: false };
        let ending = tokio::task::spawn_blocking(move || child.wait_with_output().expect("the program is waited for"));
        let output = tokio::time::timeout(PATIENCE, ending).await.expect("the program ends in time");
        guard.ended = true;
        let output = output.expect("the waiter does not panic");
        assert!(!output.status.success(), "{output:?}");
        String::from_utf8(output.stderr).expect("standard error is text")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if !self.ended {
            // It may have ended by itself, unnoticed.
            let _ = kill_process(self.pid, Signal::KILL);
        }
    }
}

fn command(control: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ecr-fixture"));
    command.args(["serve", "--listen", ANY_PORT, "--control", control, "--log", "warn"]).args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A ready line, whose form is checked.
pub(crate) fn ready_line(line: &str) -> Value {
    assert!(line.ends_with('\n') && line.matches('\n').count() == 1, "{line:?}");
    let ready: Value = serde_json::from_str(line).expect("the ready line is JSON");
    assert_eq!((&ready["event"], &ready["api"]), (&Value::from("ready"), &Value::from("ecrfixture.control.v1")));
    ready
}
