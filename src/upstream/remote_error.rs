//! Why a real registry gave no answer.

use http::StatusCode;
use reqwest::Url;

use super::hosts::{HostNotAllowed, shown};

/// A call to a real registry came to nothing. URLs stay out of the texts, since those of redirects may hold secrets.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// The host of the call, of a redirect or of a token realm may not be called.
    #[error(transparent)]
    HostNotAllowed(#[from] HostNotAllowed),
    /// No connection, be it for the name, the port or the certificate.
    #[error("cannot connect to {host}")]
    Connect {
        /// Host and port.
        host: String,
        /// What the HTTP client says.
        source: reqwest::Error,
    },
    /// No connection, or no next piece of an answer, in time.
    #[error("{host} did not answer in time")]
    Timeout {
        /// Host and port.
        host: String,
    },
    /// The answer broke off, or what came is no HTTP.
    #[error("the answer of {host} broke off")]
    Interrupted {
        /// Host and port.
        host: String,
        /// What the HTTP client says.
        source: reqwest::Error,
    },
    /// Redirects without end.
    #[error("{host} redirects too often")]
    TooManyRedirects {
        /// Host and port that were called first.
        host: String,
    },
    /// The token endpoint gave no token. 401 and 403: the login is not good enough; 429: asked too often.
    #[error("the token endpoint on {host} answered {status}")]
    TokenRefused {
        /// Host and port of the token endpoint.
        host: String,
        /// What it answered.
        status: StatusCode,
    },
    /// HTTP, but not what the protocol says.
    #[error("cannot read {what} of {host}")]
    Malformed {
        /// Host and port.
        host: String,
        /// What cannot be read.
        what: &'static str,
    },
    /// A body longer than the caller takes.
    #[error("the answer of {host} is longer than {limit_bytes} bytes")]
    TooLong {
        /// Host and port.
        host: String,
        /// The most that the caller takes.
        limit_bytes: usize,
    },
    /// The TLS settings are refused by the TLS library.
    #[error("cannot set up TLS")]
    Tls(#[source] rustls::Error),
    /// The HTTP client cannot be made.
    #[error("cannot set up the HTTP client")]
    Client(#[source] reqwest::Error),
}

impl RemoteError {
    pub(super) fn of_call(host: String, error: reqwest::Error) -> Self {
        let source = error.without_url();
        if source.is_timeout() {
            Self::Timeout { host }
        } else if source.is_connect() {
            Self::Connect { host, source }
        } else {
            Self::Interrupted { host, source }
        }
    }

    pub(super) fn malformed(url: &Url, what: &'static str) -> Self {
        Self::Malformed { host: shown(url), what }
    }
}
