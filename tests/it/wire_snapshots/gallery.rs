//! Requests and the answers that they got, as text.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::LazyLock;

use ecr_fixture::proto::RegistryProfile;
use ecr_fixture::wire_errors::Failure;
use regex::Regex;

use crate::harness::{Connection, Reply, Request};

/// In place of a noun: the request is taken, which is what this profile does where the other refuses.
pub(super) const TAKEN: &str = "none, it is taken";
/// In place of a noun: refused below the calls, by what reads HTTP.
pub(super) const HTTP: &str = "none, it is no HTTP";
/// In place of a noun: a fault rule's answer.
pub(super) const RULE: &str = "a fault rule";
/// In place of a noun: refused by the storage that a blob's URL leads to, in words of its own.
pub(super) const STORAGE: &str = "none, the storage refuses it";

/// Longest body of a request that is shown.
const SHOWN_BYTES: usize = 600;

/// The entries of one family in one profile.
#[derive(Debug)]
pub(super) struct Gallery {
    family: &'static str,
    address: SocketAddr,
    pub(super) profile: RegistryProfile,
    text: String,
    mistakes: Vec<String>,
}

impl Gallery {
    /// Nothing is shown yet. Requests go to `address`.
    pub(super) fn new(family: &'static str, address: SocketAddr, profile: RegistryProfile) -> Self {
        Self { family, address, profile, text: String::new(), mistakes: Vec::new() }
    }

    /// Entries so far.
    pub(super) fn entries(&self) -> usize {
        self.text.matches("\nfailure: ").count()
    }

    /// The noun of the profile.
    pub(super) fn either(&self, ecr: &'static str, oci: &'static str) -> &'static str {
        if self.profile == RegistryProfile::Ecr { ecr } else { oci }
    }

    /// Sends a request and keeps what came. `failure` is the noun of the table of failures that it has to be.
    pub(super) async fn shows(&mut self, failure: &str, title: &str, request: &Request) -> Reply {
        self.shows_at(self.address, failure, title, request).await
    }

    /// The same at another address.
    pub(super) async fn shows_at(
        &mut self,
        address: SocketAddr,
        failure: &str,
        title: &str,
        request: &Request,
    ) -> Reply {
        let reply = Connection::open(address).await.exchange(request).await.whole();
        self.keep(failure, title, &shown_request(request, address), &reply, request.method == "HEAD");
        reply
    }

    /// Sends bytes that no HTTP library would send. `shown` stands for them in the entry.
    pub(super) async fn shows_raw(&mut self, failure: &str, title: &str, shown: &str, bytes: &[u8]) -> Reply {
        let mut connection = Connection::open(self.address).await;
        connection.send_raw(bytes).await;
        let reply = connection.receive("GET").await.whole();
        self.keep(failure, title, shown, &reply, false);
        reply
    }

    /// Keeps an answer that came by itself.
    pub(super) fn keep(&mut self, failure: &str, title: &str, request: &str, reply: &Reply, is_head: bool) {
        let mistake = mistake(failure, reply, is_head);
        self.mistakes.extend(mistake.map(|mistake| format!("{title}: {failure}: {mistake}")));
        let body =
            if reply.body.is_empty() { "(no body)".to_owned() } else { escaped(&String::from_utf8_lossy(&reply.body)) };
        let mut head = reply.head.replace("\r\n", "\n");
        if body.contains("127.0.0.1:") {
            // Ports differ in length.
            head = head.replace(&format!("content-length: {}", reply.body.len()), "content-length: <length>");
        }
        let entry = format!("# {title}\nfailure: {failure}\n\n{request}\n{}\n\n{body}\n", head.trim_end());
        let separator = if self.text.is_empty() { "" } else { "\n" };
        let lines: Vec<&str> = entry.lines().map(str::trim_end).collect();
        writeln!(self.text, "{separator}{}", steady(&lines.join("\n"))).expect("a text takes text");
    }

    /// Compares all entries with the snapshot of the family and the profile, and each with its noun.
    pub(super) fn compare(self) {
        let profile = self.either("ecr", "oci");
        let mut settings = insta::Settings::clone_current();
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(format!("{}-{profile}", self.family), self.text));
        assert!(self.mistakes.is_empty(), "{}-{profile}:\n{}", self.family, self.mistakes.join("\n"));
    }
}

/// What keeps the reply from being one of its noun, if anything does.
fn mistake(failure: &str, reply: &Reply, is_head: bool) -> Option<String> {
    let wrong = |what: &str| Some(format!("{what}: {}\n{}", reply.head, String::from_utf8_lossy(&reply.body)));
    match failure {
        TAKEN => return if reply.status < 400 { None } else { wrong("should be taken") },
        HTTP | RULE | STORAGE => return if reply.status < 400 { wrong("should be refused") } else { None },
        _ => {}
    }
    let Some((_, status, code)) = Failure::nouns().find(|(noun, ..)| *noun == failure) else {
        return wrong("the table has no such noun");
    };
    let has_code =
        || serde_json::from_slice::<serde_json::Value>(&reply.body).is_ok_and(|body| body["errors"][0]["code"] == code);
    let is_plain = reply.header("content-type").starts_with("text/plain");
    if reply.status != status.as_u16() || is_head != reply.body.is_empty() || !(is_head || is_plain || has_code()) {
        return wrong(&format!("should be {status} {code}"));
    }
    let version = reply.header("docker-distribution-api-version");
    if version == "registry/2.0" { None } else { wrong("should have a version") }
}

/// A request as it went over the wire, but for what every one has.
fn shown_request(request: &Request, address: SocketAddr) -> String {
    let head = String::from_utf8(request.head(address)).expect("heads are text");
    let host = format!("Host: {address}");
    let lines = head.split("\r\n").filter(|line| !line.is_empty() && *line != host && *line != "Content-Length: 0");
    let mut shown = lines.map(abridged).collect::<Vec<_>>().join("\n") + "\n";
    match std::str::from_utf8(&request.body) {
        Ok("") => {}
        Ok(text) if text.len() <= SHOWN_BYTES => writeln!(shown, "\n{}", escaped(text)).expect("a text takes text"),
        _ => writeln!(shown, "\n({} bytes)", request.body.len()).expect("a text takes text"),
    }
    shown
}

/// A long line with its middle left out.
fn abridged(line: &str) -> String {
    if line.len() <= SHOWN_BYTES {
        return line.to_owned();
    }
    format!("{}…{} bytes in all…{}", &line[..60], line.len(), &line[line.len() - 20..])
}

/// Line feeds, and whatever else cannot be seen, as escapes.
fn escaped(text: &str) -> String {
    let shown =
        |letter: char| if letter.is_control() { letter.escape_default().to_string() } else { letter.to_string() };
    text.chars().map(shown).collect()
}

/// What differs from run to run: dates, ports, ids, numbers of records, logins, signatures; and the names for it.
static UNSTEADY: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let patterns = [
        (r"(?m)^date: .*$", "date: <date>"),
        (r"(?m)^x-fixture-seq: \d+$", "x-fixture-seq: <number>"),
        (r"(127\.0\.0\.1|localhost):\d+", "$1:<port>"),
        (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<uuid>"),
        (r"Authorization: Basic [A-Za-z0-9+/=]{100,}", "Authorization: Basic <token>"),
        (r"X-Amz-Credential=[A-Z0-9]+", "X-Amz-Credential=<key>"),
        (r"X-Amz-Signature=[0-9a-f]+", "X-Amz-Signature=<signature>"),
        (r"x-fixture-call=\d+", "x-fixture-call=<number>"),
        (r"<(SignatureProvided|AWSAccessKeyId|RequestId|HostId)>[^<]*<", "<$1>…<"),
        (r"(?m)^x-amz-(request-id|id-2): .*$", "x-amz-$1: <id>"),
    ];
    patterns.map(|(pattern, name)| (Regex::new(pattern).expect("a pattern"), name)).into()
});

/// The text without what differs from run to run.
fn steady(text: &str) -> String {
    UNSTEADY.iter().fold(text.to_owned(), |text, (pattern, name)| pattern.replace_all(&text, *name).into_owned())
}
