//! `Range` and `Content-Range`. See `ecr_fixture::fuzzing::content_range`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| ecr_fixture::fuzzing::content_range(input));
