//! The model of one registry, which is one AWS account in one region.
//!
//! Ordinary synchronous Rust: state in, typed input in, time in; typed result out. It knows nothing of HTTP, gRPC, JSON
//! envelopes, locks, wall clocks or randomness.

mod map;
pub mod types;

pub use map::Map;
