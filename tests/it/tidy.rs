//! The shape of the source: dependencies point inwards only, and no file grows without a reason.

use std::path::{Path, PathBuf};

/// Files that may be longer than [`LINES_AT_MOST`], each with its reason.
const LONG_FILES: &[(&str, &str)] = &[
    ("wire_errors.rs", "one table: a row for each failure, its two forms side by side"),
    ("faults/text/tests.rs", "one table: every rule that reads back, and every mistake with its caret"),
    ("control/convert/faults.rs", "the one place where the tree of a rule meets its message, both ways"),
];

const LINES_AT_MOST: usize = 600;

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Path below `src` and text of every source file.
fn files() -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![source()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("the source is there") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(source()).expect("below src").to_str().expect("text").to_owned();
                found.push((name, std::fs::read_to_string(&path).expect("a text")));
            }
        }
    }
    found.sort();
    assert!(found.len() > 100, "{} files", found.len());
    found
}

/// The part of a file that is compiled into the program, without comments.
fn code(text: &str) -> String {
    let shipped = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or(text);
    let lines = shipped.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines.map(|line| line.split(" // ").next().unwrap_or(line)).collect::<Vec<_>>().join("\n")
}

fn is_test(name: &str) -> bool {
    name.ends_with("tests.rs")
        || name.ends_with("_test.rs")
        || name.ends_with("testing.rs")
        || name.ends_with("samples.rs")
}

/// Whether code names a path: as a word of its own, not as a part of a longer one.
fn names(code: &str, path: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    code.match_indices(path).any(|(at, _)| {
        let before = at.checked_sub(1).map(|before| code.as_bytes()[before]);
        // `crate::http` is our own room, not the crate `http`.
        !before.is_some_and(|byte| is_word(byte) || byte == b':')
    })
}

/// Fails for each file of a room that names one of these paths.
fn check(room: &str, forbidden: &[&str], except: &[&str]) {
    let mut broken = Vec::new();
    let mut seen = 0;
    for (name, text) in files() {
        if !name.starts_with(room) || is_test(&name) || except.iter().any(|except| name.starts_with(except)) {
            continue;
        }
        seen += 1;
        let code = code(&text);
        broken.extend(forbidden.iter().filter(|path| names(&code, path)).map(|path| format!("{name} names {path}")));
    }
    assert!(seen > 0, "no file in {room}");
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

const ROOMS: &[&str] = &[
    "auth",
    "blobs",
    "clock",
    "config",
    "control",
    "daemon",
    "demo",
    "ecr",
    "facts",
    "faults",
    "fuzzing",
    "http",
    "ids",
    "journal",
    "oci",
    "operations",
    "proto",
    "pull_through",
    "seed",
    "server",
    "storage",
    "tasks",
    "throttles",
    "tls",
    "upstream",
    "wire_errors",
    "worlds",
];

#[test]
fn the_model_knows_nothing_of_wires_clocks_or_its_neighbours() {
    let neighbours: Vec<String> = ROOMS.iter().map(|room| format!("crate::{room}")).collect();
    let mut forbidden = vec![
        "http::",
        "hyper",
        "tonic",
        "tokio",
        "prost",
        "reqwest",
        "serde_json::Value",
        "SystemTime",
        "Instant",
        "std::fs",
        "std::net",
        "rand",
    ];
    forbidden.extend(neighbours.iter().map(String::as_str));
    check("registry/", &forbidden, &[]);
}

#[test]
fn pure_rooms_know_no_sockets() {
    let forbidden = ["tokio", "hyper", "tonic", "reqwest", "SystemTime", "std::net"];
    for room in ["faults/", "journal/", "tasks/", "seed/", "facts.rs", "ids.rs", "operations.rs", "throttles.rs"] {
        check(room, &forbidden, &[]);
    }
}

#[test]
fn generated_messages_are_known_to_the_control_plane_seeding_and_the_demo_only() {
    for (name, text) in files() {
        let allowed = ["control/", "seed/", "demo/", "lib.rs"].iter().any(|allowed| name.starts_with(allowed));
        // Round trips of the rule text go through the message.
        if allowed || is_test(&name) {
            continue;
        }
        let code = code(&text);
        assert!(!names(&code, "crate::proto") && !code.contains("proto::"), "{name} names generated messages");
    }
}

#[test]
fn no_file_is_longer_than_it_may_be() {
    for (name, text) in files() {
        let lines = text.lines().count();
        let reason = LONG_FILES.iter().find(|(long, _)| *long == name);
        assert!(lines <= LINES_AT_MOST || reason.is_some(), "{name} has {lines} lines and no reason for them");
        assert!(lines > LINES_AT_MOST || reason.is_none(), "{name} has {lines} lines and needs no exception");
    }
}

#[test]
fn a_path_is_found_as_a_word_of_its_own() {
    for code in ["use tokio::sync;", "    tokio::spawn(x)", "let x: tokio::X;"] {
        assert!(names(code, "tokio"), "{code}");
    }
    for code in ["use my_tokio::sync;", "use crate::tokio;", "use std::sync;"] {
        assert!(!names(code, "tokio"), "{code}");
    }
    assert!(names("use crate::http::Call;", "crate::http"));
    assert_eq!(code("//! tokio\nfn f() {} // tokio\n#[cfg(test)]\nmod tests {\nuse tokio;"), "fn f() {}");
}

#[test]
fn every_file_says_what_it_is_for() {
    for (name, text) in files() {
        assert!(text.starts_with("//! "), "{name} does not open with a doc comment");
    }
}
