//! The AWS JSON surface: requests in, answers out.
//!
//! Thin: [`decode`] turns a body into a call of one operation of `registry`, [`ReadCall`] and [`WriteCall`] run that
//! operation, and [`Answer`] encodes what came of it; `serve` drives a call through them. It holds no rule of ECR but the
//! constraints that the service model puts on members. Everything about connections stands in `http`.

pub mod answer;
pub(crate) mod constraints;
mod layers;
pub mod operation;
pub mod protocol;
pub mod request;
pub(crate) mod serve;
pub(crate) mod signed;
mod tokens;
mod validation;
mod wire;

#[cfg(test)]
mod request_tests;
#[cfg(test)]
mod testing;

pub use answer::{Answer, Links};
pub use operation::{ReadCall, WriteCall};
pub use protocol::parse_target;
pub use request::{Call, LayerPart, Request, TokenRequest, decode};
