//! Policies in IAM's language. See `ecr_fixture::fuzzing::repository_policy`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| ecr_fixture::fuzzing::repository_policy(input));
