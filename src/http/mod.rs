//! HTTP under both faces of the registry surface: connections, bodies, and the order in which a call is handled.

mod arrival;
mod body;
mod bounds;
mod call;
mod departure;
mod download;
mod listener;
mod pace;
mod pipeline;
mod request_body;
mod socket;
mod transport;
mod upload_session;
mod voice;

pub use arrival::{Arrival, BodyError, drain};
pub use body::{CutByRule, CutEnd, Finish, ReplyBody};
pub use call::{Call, EndConnection, Stop, whole};
pub(crate) use call::{kept, wait_all};
pub use download::{blob_response, still_holds, without_body_if};
pub use listener::{serve_shared, serve_world};
pub use pace::PacedCall;
pub(crate) use pipeline::{CredentialHints, find_world};
pub use request_body::{BrokenOff, RequestBody};
pub use socket::{ConnectionHandle, Socket};
pub(crate) use upload_session::{Ending, UploadSession, store_failure};
