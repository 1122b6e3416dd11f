//! Manifests and indexes. See `ecr_fixture::fuzzing::manifest`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| ecr_fixture::fuzzing::manifest(input));
