//! The text of fault rules and matchers. See `ecr_fixture::fuzzing::fault_rule`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| ecr_fixture::fuzzing::fault_rule(input));
