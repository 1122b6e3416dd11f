//! Amazon Resource Names. See `ecr_fixture::fuzzing::arn`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| ecr_fixture::fuzzing::arn(input));
