//! What the tests share: a daemon on free ports, clients of both its surfaces, images to push.
//!
//! Nothing here waits for a fixed time or shares a server between tests. A client that meets something unexpected panics,
//! so that a test reads as the story of what should happen.

mod control;
mod http;
mod http2;
mod image;
mod process;
mod registry;
mod server;
mod shape;
mod tls;
mod world;

pub(crate) use control::{Plane, field_violations, reason};
pub(crate) use http::{Connection, End, Received, Reply, Request};
pub(crate) use http2::Http2;
pub(crate) use image::{Image, OCI_INDEX, OCI_MANIFEST, filler, index_of, sha256};
pub(crate) use process::{Process, ready_line};
pub(crate) use registry::Caller;
pub(crate) use server::TestServer;
pub(crate) use shape::{Shape, redact};
pub(crate) use tls::{Trust, Way};
pub(crate) use world::{START_SECONDS, TestWorld, duration, kinds, timestamp};
