//! What the storage refuses, in S3's form: a code, a text and further members as XML.
//!
//! Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>

use std::borrow::Cow;
use std::fmt::Write as _;

use http::StatusCode;

/// Everything that a request for a blob by URL can be refused with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum StorageError {
    /// Nothing in the query is a credential.
    #[error("Access Denied")]
    Anonymous,
    /// A member of the credential is missing or cannot be read.
    #[error(
        "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, \
         X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters."
    )]
    ParametersMissing,
    /// The URL is not one that the world has signed.
    #[error(
        "The request signature we calculated does not match the signature you provided. Check your key and signing \
         method."
    )]
    SignatureDoesNotMatch {
        /// Key id that the URL names.
        access_key: String,
        /// Signature that it has.
        provided: String,
    },
    /// The URL has ended. Times are written as S3 does.
    #[error("Request has expired")]
    Expired {
        /// Seconds for which it was good.
        life: u64,
        /// When it ended.
        end: String,
        /// The world's time.
        now: String,
    },
    /// No such world, by this address.
    #[error("The specified bucket does not exist")]
    NoSuchBucket,
    /// The blob is not there, or not any more; its path.
    #[error("The specified key does not exist.")]
    NoSuchKey(String),
    /// Something else than reading; the method.
    #[error("The specified method is not allowed against this resource.")]
    MethodNotAllowed(String),
    /// No byte of the blob is in the range that was asked for.
    #[error("The requested range is not satisfiable")]
    InvalidRange {
        /// The header, as written.
        requested: String,
        /// Bytes of the blob.
        size: u64,
    },
    /// A fault of our own.
    #[error("We encountered an internal error. Please try again.")]
    Internal,
    /// What a fault rule asks for.
    #[error("{message}")]
    Scripted {
        /// HTTP status.
        status: StatusCode,
        /// Code of the registry surface, for a status that S3 has no code of its own for.
        code: String,
        /// The text.
        message: String,
    },
}

/// How an error is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
}

impl StorageError {
    /// Status and code. The code of what a rule asks for is S3's for that status.
    pub(super) fn form(&self) -> Form {
        let (status, code) = match self {
            Self::Anonymous | Self::Expired { .. } => (StatusCode::FORBIDDEN, "AccessDenied"),
            Self::ParametersMissing => (StatusCode::BAD_REQUEST, "AuthorizationQueryParametersError"),
            Self::SignatureDoesNotMatch { .. } => (StatusCode::FORBIDDEN, "SignatureDoesNotMatch"),
            Self::NoSuchBucket => (StatusCode::NOT_FOUND, "NoSuchBucket"),
            Self::NoSuchKey(_) => (StatusCode::NOT_FOUND, "NoSuchKey"),
            Self::MethodNotAllowed(_) => (StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed"),
            Self::InvalidRange { .. } => (StatusCode::RANGE_NOT_SATISFIABLE, "InvalidRange"),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "InternalError"),
            Self::Scripted { status, .. } => (*status, code_of(*status)),
        };
        Form { status, code }
    }

    /// The code that is told and recorded.
    pub(super) fn code(&self) -> Cow<'_, str> {
        match (self.form().code, self) {
            ("", Self::Scripted { code, .. }) => Cow::Borrowed(code),
            (code, _) => Cow::Borrowed(code),
        }
    }

    /// The body of the reply to a request of this id.
    pub(super) fn xml(&self, request_id: &str, host_id: &str) -> String {
        let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>");
        let mut element = |name: &str, value: &str| {
            // Writing into a text cannot fail.
            let _ = write!(text, "<{name}>{}</{name}>", escaped(value));
        };
        element("Code", &self.code());
        element("Message", &self.to_string());
        match self {
            Self::SignatureDoesNotMatch { access_key, provided } => {
                element("AWSAccessKeyId", access_key);
                element("SignatureProvided", provided);
            }
            Self::Expired { life, end, now } => {
                element("X-Amz-Expires", &life.to_string());
                element("Expires", end);
                element("ServerTime", now);
            }
            Self::NoSuchKey(key) => element("Key", key),
            Self::MethodNotAllowed(method) => {
                element("Method", method);
                element("ResourceType", "OBJECT");
            }
            Self::InvalidRange { requested, size } => {
                element("RangeRequested", requested);
                element("ActualObjectSize", &size.to_string());
            }
            Self::Anonymous | Self::ParametersMissing | Self::NoSuchBucket | Self::Internal | Self::Scripted { .. } => {
            }
        }
        element("RequestId", request_id);
        element("HostId", host_id);
        text.push_str("</Error>");
        text
    }
}

/// S3's code for a bare status; empty where it has none.
fn code_of(status: StatusCode) -> &'static str {
    match status.as_u16() {
        403 => "AccessDenied",
        404 => "NoSuchKey",
        500 => "InternalError",
        503 => "SlowDown",
        _ => "",
    }
}

fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>', '"', '\'']) {
        return Cow::Borrowed(text);
    }
    let escapes = [("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\"", "&quot;"), ("'", "&apos;")];
    Cow::Owned(escapes.iter().fold(text.to_owned(), |text, (letter, escape)| text.replace(letter, escape)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_told_as_s3_tells_it() {
        let expired = StorageError::Expired {
            life: 3_600,
            end: "2026-01-01T01:00:00Z".to_owned(),
            now: "2026-01-01T01:00:01Z".to_owned(),
        };
        assert_eq!(
            expired.xml("4442587FB7D0A2F9", "aG9zdA=="),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>AccessDenied</Code><Message>Request has \
             expired</Message><X-Amz-Expires>3600</X-Amz-Expires><Expires>2026-01-01T01:00:00Z</Expires>\
             <ServerTime>2026-01-01T01:00:01Z</ServerTime><RequestId>4442587FB7D0A2F9</RequestId>\
             <HostId>aG9zdA==</HostId></Error>"
        );
        assert_eq!(expired.form().status, StatusCode::FORBIDDEN);
        let odd = StorageError::InvalidRange { requested: "bytes=9-&<>\"'".to_owned(), size: 5 };
        let text = odd.xml("1", "2");
        let range = "<RangeRequested>bytes=9-&amp;&lt;&gt;&quot;&apos;</RangeRequested>";
        assert!(text.contains(&format!("{range}<ActualObjectSize>5</ActualObjectSize>")), "{text}");
    }

    #[test]
    fn what_a_rule_asks_for_has_the_code_of_s3_where_there_is_one() {
        for (status, code, expected) in [
            (503, "UNAVAILABLE", "SlowDown"),
            (403, "DENIED", "AccessDenied"),
            (429, "TOOMANYREQUESTS", "TOOMANYREQUESTS"),
        ] {
            let status = StatusCode::from_u16(status).expect("a status");
            let scripted = StorageError::Scripted { status, code: code.to_owned(), message: "slow".to_owned() };
            assert_eq!((scripted.form().status, &*scripted.code()), (status, expected));
            assert!(scripted.xml("1", "2").contains(&format!("<Code>{expected}</Code><Message>slow</Message>")));
        }
    }
}
