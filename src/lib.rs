//! A stand-in for Amazon ECR that tests can seed, freeze, break and question.
//!
//! The map of the rooms is in `docs/ARCHITECTURE.md`.

pub mod auth;
pub mod blobs;
pub mod clock;
pub mod config;
pub mod control;
pub mod daemon;
pub mod demo;
pub mod ecr;
pub mod facts;
pub mod faults;
#[cfg(any(fuzzing, test))]
pub mod fuzzing;
pub mod http;
pub mod ids;
pub mod journal;
pub mod oci;
pub mod operations;
pub mod pull_through;
pub mod registry;
pub mod seed;
pub mod server;
pub mod storage;
pub mod tasks;
pub mod throttles;
pub mod tls;
pub mod upstream;
pub mod wire_errors;
pub mod worlds;

/// Generated messages and services of the control plane.
#[allow(
    missing_docs,
    clippy::pedantic,
    clippy::allow_attributes_without_reason,
    unreachable_pub,
    unused_qualifications,
    reason = "generated code"
)]
pub mod proto {
    tonic::include_proto!("ecrfixture.control.v1");
    /// Descriptors of the whole package, for reflection and for JSON.
    pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/control_descriptor.bin"));
}
