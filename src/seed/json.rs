//! Reads messages of the control plane in protobuf's JSON mapping, strictly: unknown fields are refused.
//!
//! Only the form is checked here; what the documents say is checked by [`super::check`].
//!
//! Source: <https://protobuf.dev/programming-guides/json/>.

mod position;

use std::sync::LazyLock;

use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor};

use crate::proto;

/// Reads a seed file, which is an `ecrfixture.control.v1.SeedFile`.
pub fn seed_file(json: &[u8]) -> Result<proto::SeedFile, JsonError> {
    read("ecrfixture.control.v1.SeedFile", json)
}

/// Reads a message of this full name as the generated type `M`, which has to be that message's.
pub fn read<M: Message + Default>(full_name: &str, json: &[u8]) -> Result<M, JsonError> {
    let encoded = message_from_json(full_name, json)?;
    M::decode(encoded.as_slice()).map_err(|source| JsonError::OtherType { full_name: full_name.to_owned(), source })
}

/// The binary form of a message that `json` holds, and nothing after it.
pub fn message_from_json(full_name: &str, json: &[u8]) -> Result<Vec<u8>, JsonError> {
    let descriptor = descriptor(full_name).ok_or_else(|| JsonError::UnknownMessage(full_name.to_owned()))?;
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let message = DynamicMessage::deserialize(descriptor, &mut deserializer)
        .and_then(|message| deserializer.end().map(|()| message))
        .map_err(|error| JsonError::Refused(RefusedJson::new(&error, json)))?;
    Ok(message.encode_to_vec())
}

fn descriptor(full_name: &str) -> Option<MessageDescriptor> {
    static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
        DescriptorPool::decode(proto::DESCRIPTORS).expect("the build compiles the descriptors of every file together")
    });
    POOL.get_message_by_name(full_name)
}

/// Why JSON was not read.
#[derive(Debug, thiserror::Error)]
pub enum JsonError {
    /// It is not JSON, or does not have the form of the message.
    #[error(transparent)]
    Refused(#[from] RefusedJson),
    /// There is no message of this name.
    #[error("there is no message `{0}`")]
    UnknownMessage(String),
    /// The generated type is of another message than the named one.
    #[error("the bytes of `{full_name}` are not of the type that was asked for")]
    OtherType {
        /// Name of the message.
        full_name: String,
        /// What did not fit.
        source: prost::DecodeError,
    },
}

/// The place and the reason at which JSON was refused. Only the first: nothing is known of what follows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}{}: {message}", Self::at(.path))]
pub struct RefusedJson {
    /// Line, from 1.
    pub line: usize,
    /// Byte within the line, from 1, where reading stopped: the end of what was refused. 0 before the first.
    pub column: usize,
    /// Member in the names of the file, e.g. `documents[2].repository.images[0].layers`; empty for the whole.
    pub path: String,
    /// Why.
    pub message: String,
}

impl RefusedJson {
    fn new(error: &serde_json::Error, json: &[u8]) -> Self {
        let (line, column) = (error.line(), error.column());
        let text = error.to_string();
        let place = format!(" at line {line} column {column}");
        Self {
            line,
            column,
            path: position::path_at(json, line, column),
            message: text.strip_suffix(&place).unwrap_or(&text).to_owned(),
        }
    }

    fn at(path: &str) -> String {
        if path.is_empty() { String::new() } else { format!(", `{path}`") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED_FILE: &str = r#"{
  "documents": [
    {"registry": {
      "replication": {"rules": [{"destinations": [{"region": "eu-central-1"}], "repositoryPrefixes": ["prod-"]}]}
    }},
    {"repository": {"name": "app", "images": [
      {"tags": ["1.0"], "layers": 3, "layerSizeBytes": "2048", "pushedAt": "2026-01-01T00:00:00Z"},
      {"platforms": ["linux/amd64", "linux/arm64"], "format": "IMAGE_FORMAT_DOCKER"}
    ]}},
    {"tasks": {"replication_duration": "1.5s"}}
  ]
}"#;

    fn refused(json: &str) -> RefusedJson {
        match seed_file(json.as_bytes()) {
            Err(JsonError::Refused(refused)) => refused,
            other => panic!("{json} gave {other:?}"),
        }
    }

    #[test]
    fn a_seed_file_becomes_its_documents() {
        let read = seed_file(SEED_FILE.as_bytes()).expect("a good file");
        assert_eq!(read.documents.len(), 3);
        let Some(proto::document::Kind::Repository(repository)) = &read.documents[1].kind else {
            panic!("{:?}", read.documents[1])
        };
        assert_eq!(repository.images[0].layer_size_bytes, Some(2048));
        assert_eq!(repository.images[0].pushed_at.map(|time| time.seconds), Some(1_767_225_600));
        assert_eq!(repository.images[1].format(), proto::ImageFormat::Docker);
        let Some(proto::document::Kind::Tasks(tasks)) = &read.documents[2].kind else {
            panic!("{:?}", read.documents[2])
        };
        let expected = prost_types::Duration { seconds: 1, nanos: 500_000_000 };
        assert_eq!(tasks.replication_duration, Some(expected));
    }

    #[test]
    fn what_is_written_as_json_is_read_back() {
        let first = seed_file(SEED_FILE.as_bytes()).expect("a good file");
        let name = "ecrfixture.control.v1.SeedFile";
        let descriptor = descriptor(name).expect("the message");
        let message = DynamicMessage::decode(descriptor, first.encode_to_vec().as_slice()).expect("its bytes");
        let written = serde_json::to_vec(&message).expect("JSON");
        assert_eq!(seed_file(&written).expect("read back"), first);
    }

    #[test]
    fn a_refusal_names_the_field_the_line_and_the_column() {
        let check = |json: &str, expected: &str| assert_eq!(refused(json).to_string(), expected, "{json}");
        check(
            "{\"documents\": [\n  {\"repository\": {\"nmae\": \"app\"}}]}",
            "line 2, column 24, `documents[0].repository.nmae`: unrecognized field name 'nmae'",
        );
        check(
            r#"{"documents": [{"repository": {"name": "app", "images": [{}, {"layers": "two"}]}}]}"#,
            "line 1, column 77, `documents[0].repository.images[1].layers`: invalid digit found in string",
        );
        check(
            r#"{"documents": [{"repository": {"images": [{"layers": -1, "seed": 1}]}}]}"#,
            "line 1, column 55, `documents[0].repository.images[0].layers`: out of range integral type conversion attempted",
        );
        check(
            r#"{"documents": [{"repository": {"images": {}}}]}"#,
            "line 1, column 43, `documents[0].repository.images`: invalid type: map, expected a list",
        );
        check(
            r#"{"documents": [{"repository": {"images": [{"format": "IMAGE_FORMAT_TAR"}]}}]}"#,
            "line 1, column 71, `documents[0].repository.images[0].format`: unrecognized enum value 'IMAGE_FORMAT_TAR'",
        );
        check(
            r#"{"documents": [{"repository": {"images": [{"pushedAt": "yesterday"}]}}]}"#,
            "line 1, column 66, `documents[0].repository.images[0].pushedAt`: invalid rfc3339 timestamp: invalid date",
        );
        check(
            r#"{"documents": [{"repository": {}, "tasks": {}}]}"#,
            "line 1, column 46, `documents[0]`: multiple fields provided for oneof 'kind'",
        );
        check(
            r#"{"documents": [{"tasks": {"replicationRetry": "5m"}}]}"#,
            "line 1, column 50, `documents[0].tasks.replicationRetry`: failed to parse duration",
        );
        check(
            "{\"documents\": [\n{\"tasks\": {}\n",
            "line 3, column 0, `documents[0].tasks`: EOF while parsing an object",
        );
        check("{} {}", "line 1, column 4: trailing characters");
        check("[]", "line 1, column 0: invalid type: sequence, expected a map");
        check("", "line 1, column 0: EOF while parsing a value");
    }

    #[test]
    fn other_messages_are_read_by_name() {
        let request = read::<proto::ApplyRequest>(
            "ecrfixture.control.v1.ApplyRequest",
            br#"{"world": "worlds/default", "validateOnly": true}"#,
        );
        assert_eq!(
            request.map(|request| (request.world, request.validate_only)).ok(),
            Some(("worlds/default".to_owned(), true))
        );
        assert!(matches!(message_from_json("ecrfixture.control.v1.Nothing", b"{}"), Err(JsonError::UnknownMessage(_))));
    }
}
