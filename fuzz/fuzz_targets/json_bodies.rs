//! Bodies of every operation of the JSON API. See `ecr_fixture::fuzzing::json_bodies`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| ecr_fixture::fuzzing::json_bodies(input));
