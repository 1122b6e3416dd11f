//! Lifecycle policies. See `ecr_fixture::fuzzing::lifecycle_policy`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| ecr_fixture::fuzzing::lifecycle_policy(input));
