//! Routes of the registry surface. See `ecr_fixture::fuzzing::oci_route`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| ecr_fixture::fuzzing::oci_route(input));
