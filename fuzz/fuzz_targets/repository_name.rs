//! Names of repositories, prefixes and tags. See `ecr_fixture::fuzzing::repository_name`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| ecr_fixture::fuzzing::repository_name(input));
