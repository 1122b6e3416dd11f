//! What the fuzz targets run: one function for each target, handed the bytes of an input. It panics where we break a
//! promise, and takes everything else.
//!
//! Compiled for `cargo fuzz` and for tests only. The targets themselves are in `fuzz/`, and so are their seeds, over
//! which the tests here run every one of them.

mod json_bodies;
mod policies;
mod rules;
mod texts;
mod wire;
mod world;

pub use json_bodies::json_bodies;
pub use policies::{lifecycle_policy, repository_policy};
pub use rules::fault_rule;
pub use texts::{arn, manifest, repository_name};
pub use wire::{content_range, oci_route, sigv4_header};

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::operations::Operation;

    type Target = fn(&[u8]);

    const TARGETS: [(&str, Target); 10] = [
        ("arn", arn),
        ("content_range", content_range),
        ("fault_rule", fault_rule),
        ("json_bodies", json_bodies),
        ("lifecycle_policy", lifecycle_policy),
        ("manifest", manifest),
        ("oci_route", oci_route),
        ("repository_name", repository_name),
        ("repository_policy", repository_policy),
        ("sigv4_header", sigv4_header),
    ];

    /// Names of the entries of a folder below `fuzz`, in order.
    fn entries(folder: &str) -> Vec<String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").join(folder);
        let listed = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut names: Vec<String> = listed.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn seed(target: &str, name: &str) -> Vec<u8> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target).join(name);
        fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    #[test]
    fn every_target_is_run_here_and_has_seeds() {
        let names: Vec<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(entries("seeds"), names);
        let files: Vec<String> = names.iter().map(|name| format!("{name}.rs")).collect();
        assert_eq!(entries("fuzz_targets"), files);
        let manifest = include_str!("../../fuzz/Cargo.toml");
        for name in names {
            assert!(manifest.contains(&format!("name = \"{name}\"")), "{name} is no binary of the fuzz crate");
        }
    }

    #[test]
    fn every_target_takes_its_seeds() {
        for (target, run) in TARGETS {
            let names = entries(&format!("seeds/{target}"));
            assert!(names.len() >= 3, "{target} has {} seeds", names.len());
            for name in names {
                run(&seed(target, &name));
            }
            for input in [&b""[..], b"\0", b"\xff\xfe", b"{", b"a"] {
                run(input);
            }
        }
    }

    /// A seed that is named like an operation, and no more, shows the fuzzer how that operation succeeds.
    #[test]
    fn every_operation_has_a_seed_that_succeeds() {
        for operation in Operation::ALL {
            let input = seed("json_bodies", operation.name());
            let (named, body) = json_bodies::read(&input).unwrap();
            assert_eq!(named, *operation);
            let answer = world::Bench::shared().begin().call(*operation, body);
            assert!(answer.is_ok(), "{}: {}", operation.name(), answer.unwrap_err());
        }
    }
}
