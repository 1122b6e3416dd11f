//! AWS JSON 1.1 as ECR speaks it: the target header, objects in, objects out, times as numbers and blobs as base64.
//!
//! Nothing here knows a single operation. Errors on the wire are rendered by `wire_errors`.
//!
//! Source: <https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html>

use std::cell::Cell;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::de::{DeserializeOwned, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::operations::Operation;
pub(crate) use crate::registry::object::Object;
use crate::registry::types::Timestamp;

/// What stands before the dot of `X-Amz-Target`.
pub const TARGET_PREFIX: &str = "AmazonEC2ContainerRegistry_V20150921";
/// Content type of every request and reply.
pub const CONTENT_TYPE: &str = "application/x-amz-json-1.1";

/// The target header is missing or names no operation of the service.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no operation has the target `{0}`")]
pub struct UnknownTarget(pub String);

/// The operation that a target header names, whether we have it or not.
pub fn parse_target(target: Option<&str>) -> Result<Operation, UnknownTarget> {
    let target = target.unwrap_or_default();
    target
        .split_once('.')
        .filter(|(prefix, _)| *prefix == TARGET_PREFIX)
        .and_then(|(_, name)| Operation::from_name(name))
        .ok_or_else(|| UnknownTarget(target.to_owned()))
}

/// A body that is not a JSON object, or a member of another JSON type than its shape.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidBody(pub String);

/// Reads a request body. Unknown members are ignored and `null` counts as absent, as in every AWS JSON service.
pub(crate) fn read_body<T: DeserializeOwned>(body: &[u8]) -> Result<T, InvalidBody> {
    match serde_json::from_slice::<Object<T>>(body) {
        Ok(Object(value)) => Ok(value),
        Err(error) => Err(InvalidBody(error.to_string())),
    }
}

/// Room that a thread keeps for writing bodies; a longer body gives its room back.
const SCRATCH_BYTES: usize = 64 * 1024;

thread_local! {
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Writes a reply body. It is written to room that the thread keeps and copied once, rather than grown piece by piece.
pub(crate) fn write_body<T: Serialize>(reply: &T) -> Bytes {
    let mut scratch = SCRATCH.take();
    // Reply structs have string keys and finite numbers only, so there is nothing that JSON cannot carry. This library
    // finds what to escape many bytes at a time; it is not for reading, since it would nest as deep as a caller says.
    sonic_rs::to_writer(&mut scratch, reply).expect("reply structs always serialize");
    let body = Bytes::copy_from_slice(&scratch);
    scratch.clear();
    scratch.shrink_to(SCRATCH_BYTES);
    SCRATCH.set(scratch);
    body
}

/// A value that is written as the text that it displays, without making that text first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Displayed<T>(pub(crate) T);

impl<T: fmt::Display> Serialize for Displayed<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// Bytes in standard base64 with padding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Blob(pub(crate) Bytes);

impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct BlobVisitor;

        // A visitor, not a `String`, so that a part of 20 MiB is not copied before it is decoded.
        impl Visitor<'_> for BlobVisitor {
            type Value = Blob;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string in base64")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
                STANDARD.decode(text).map(|bytes| Blob(Bytes::from(bytes))).map_err(E::custom)
            }
        }

        deserializer.deserialize_str(BlobVisitor)
    }
}

/// A time as ECR writes it: a number of seconds since the epoch with up to three decimals.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub(crate) struct EpochSeconds(f64);

impl From<Timestamp> for EpochSeconds {
    fn from(time: Timestamp) -> Self {
        Self(time.as_epoch_seconds())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(rename_all = "camelCase")]
    struct Nested {
        scan_on_push: Option<bool>,
    }

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(rename_all = "camelCase")]
    struct Example {
        repository_name: Option<String>,
        max_results: Option<i32>,
        nested: Option<Object<Nested>>,
        layer_part_blob: Option<Blob>,
    }

    #[test]
    fn a_target_names_an_operation_even_one_that_is_missing() {
        for (target, expect) in [
            (Some("AmazonEC2ContainerRegistry_V20150921.PutImage"), Some(Operation::PutImage)),
            (Some("AmazonEC2ContainerRegistry_V20150921.StartImageScan"), Some(Operation::StartImageScan)),
            (Some("AmazonEC2ContainerRegistry_V20150921.NoSuch"), None),
            (Some("AmazonEC2ContainerRegistry_V20150921.putimage"), None),
            (Some("PutImage"), None),
            (Some("DynamoDB_20120810.PutImage"), None),
            (Some(""), None),
            (None, None),
        ] {
            assert_eq!(parse_target(target).ok(), expect, "{target:?}");
        }
    }

    #[test]
    fn unknown_members_are_ignored_and_null_is_absent() {
        let body = br#"{"repositoryName":null,"future":{"a":[1]},"maxResults":5,"nested":{"scanOnPush":true,"x":1}}"#;
        let read: Example = read_body(body).expect("legal");
        assert_eq!(
            read,
            Example {
                max_results: Some(5),
                nested: Some(Object(Nested { scan_on_push: Some(true) })),
                ..Example::default()
            }
        );
        assert_eq!(read_body::<Example>(b" {} ").expect("legal"), Example::default());
    }

    fn check(body: &str, text: &str) {
        assert_eq!(read_body::<Example>(body.as_bytes()).expect_err(body).to_string(), text, "{body}");
    }

    #[test]
    fn a_wrong_type_is_refused_and_never_read_as_absent() {
        check("", "EOF while parsing a value at line 1 column 0");
        check("not json", "expected ident at line 1 column 2");
        check("[]", "invalid type: sequence, expected an object at line 1 column 0");
        check("7", "invalid type: integer `7`, expected an object at line 1 column 1");
        check("{} {}", "trailing characters at line 1 column 4");
        check(r#"{"repositoryName":7}"#, "invalid type: integer `7`, expected a string at line 1 column 19");
        check(r#"{"maxResults":"7"}"#, "invalid type: string \"7\", expected i32 at line 1 column 17");
        check(r#"{"nested":[true]}"#, "invalid type: sequence, expected an object at line 1 column 10");
        check(
            r#"{"nested":{"scanOnPush":"true"}}"#,
            "invalid type: string \"true\", expected a boolean at line 1 column 30",
        );
        check(r#"{"layerPartBlob":"a"}"#, "Invalid input length: 1 at line 1 column 20");
    }

    #[test]
    fn blobs_are_base64_and_times_are_seconds_with_milliseconds() {
        let read: Example = read_body(br#"{"layerPartBlob":"aGVsbG8="}"#).expect("legal");
        assert_eq!(read.layer_part_blob, Some(Blob(Bytes::from_static(b"hello"))));
        let time = |micros| write_body(&EpochSeconds::from(Timestamp::from_micros(micros)));
        assert_eq!(time(1_448_875_853_241_999), "1448875853.241");
        assert_eq!(time(1_565_128_275_000_000), "1565128275.0");
        assert_eq!(time(0), "0.0");
    }
}
