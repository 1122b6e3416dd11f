//! TLS of the registry surface: which certificate a connection is shown, and the authority that signs those made here.
//!
//! Nothing is made unless TLS is asked for. The keys live in memory and end with the daemon. The sockets are not known
//! here: a connection says what name it asked for and where it arrived, and is given a configuration.
//!
//! Source: <https://www.rfc-editor.org/rfc/rfc6066#section-3> for the name that a client asks for.

mod authority;
mod certificates;
mod files;

pub use certificates::{Tls, TlsError};
pub use files::upstream_authorities;
