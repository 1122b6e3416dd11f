//! Signed requests. See `ecr_fixture::fuzzing::sigv4_header`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| ecr_fixture::fuzzing::sigv4_header(input));
