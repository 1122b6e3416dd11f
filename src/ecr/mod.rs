//! The AWS JSON surface: requests in, answers out.
//!
//! Thin: it decodes a body into the input of one operation of `registry`, runs that operation, and encodes its output. It
//! holds no rule of ECR but the constraints that the service model puts on members. Routing by target, authentication and
//! everything about connections stand in `http`.

pub mod constraints;
pub mod protocol;
