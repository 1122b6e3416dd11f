//! HTTP under both faces of the registry surface: connections, bodies, and the order in which a call is handled.

mod body;
mod call;
mod listener;
mod pipeline;
mod socket;

pub use body::{CutByRule, CutEnd, Finish, ReplyBody};
pub use call::{Call, EndConnection, Interrupted, whole};
pub use listener::{serve_shared, serve_world};
pub use socket::{ConnectionHandle, Socket};
