//! What a step of a rule does: each action with its text and its form on the wire. Pure.

use std::fmt;
use std::time::Duration;

use crate::convert::duration_message;
use crate::predicates::quoted;
use crate::proto;
use crate::units::{duration_text, size_text};

/// An error to answer: an HTTP status, the name of an error of the operation, or both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Status {
    code: Option<u16>,
    error: String,
    message: String,
}

impl Status {
    /// By HTTP status, 400 to 599.
    pub fn code(code: u16) -> Self {
        Self { code: Some(code), ..Self::default() }
    }

    /// Names the error, e.g. `ThrottlingException` or `TOOMANYREQUESTS`; at first derived from the code.
    pub fn error(mut self, error: &str) -> Self {
        error.clone_into(&mut self.error);
        self
    }

    /// Sets the message; at first that of the error's own.
    pub fn message(mut self, message: &str) -> Self {
        message.clone_into(&mut self.message);
        self
    }
}

impl From<u16> for Status {
    fn from(code: u16) -> Self {
        Self::code(code)
    }
}

impl From<&str> for Status {
    fn from(error: &str) -> Self {
        Self::default().error(error)
    }
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionEnd {
    /// With a TCP reset.
    Reset,
    /// With a clean end of stream.
    Eof,
}

/// How much of a body is sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Keep {
    /// Share of the body, 0 to 100.
    Percent(f64),
    /// Bytes of the body.
    Bytes(u64),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Action {
    Status(Status),
    Delay { least: Duration, most: Option<Duration> },
    Fail { code: String, reason: String },
    LoseReply(ConnectionEnd),
    Hold { gate: String },
    Truncate { keep: Keep, fix_length: bool },
    Reset { after_bytes: Option<u64> },
}

impl Action {
    pub(crate) fn to_proto(&self) -> proto::Action {
        use proto::action::Kind;
        let kind = match self {
            Self::Status(status) => Kind::Status(proto::StatusAction {
                code: status.code.map(u32::from),
                error: status.error.clone(),
                message: status.message.clone(),
            }),
            Self::Delay { least, most } => {
                Kind::Delay(proto::DelayAction { min: Some(duration_message(*least)), max: most.map(duration_message) })
            }
            Self::Fail { code, reason } => Kind::Fail(proto::FailAction { code: code.clone(), reason: reason.clone() }),
            Self::LoseReply(end) => Kind::LoseReply(proto::LoseReplyAction { end: end.proto().into() }),
            Self::Hold { gate } => Kind::Hold(proto::HoldAction { gate: gate.clone() }),
            Self::Truncate { keep, fix_length } => Kind::Truncate(proto::TruncateAction {
                keep: Some(match keep {
                    Keep::Percent(percent) => proto::truncate_action::Keep::Percent(*percent),
                    Keep::Bytes(bytes) => proto::truncate_action::Keep::Bytes(*bytes),
                }),
                fix_length: *fix_length,
            }),
            Self::Reset { after_bytes } => Kind::Reset(proto::ResetAction { after_bytes: *after_bytes }),
        };
        proto::Action { kind: Some(kind) }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(formatter, "status({status})"),
            Self::Delay { least, most: None } => write!(formatter, "delay({})", duration_text(*least)),
            Self::Delay { least, most: Some(most) } => {
                write!(formatter, "delay({}..{})", duration_text(*least), duration_text(*most))
            }
            Self::Fail { code, reason } if reason.is_empty() => write!(formatter, "fail({})", quoted(code)),
            Self::Fail { code, reason } => write!(formatter, "fail({}, reason={})", quoted(code), quoted(reason)),
            Self::LoseReply(ConnectionEnd::Reset) => formatter.write_str("lose_reply(reset)"),
            Self::LoseReply(ConnectionEnd::Eof) => formatter.write_str("lose_reply(eof)"),
            Self::Hold { gate } => write!(formatter, "hold({gate})"),
            Self::Truncate { keep, fix_length } => {
                let suffix = if *fix_length { ", fix_length=true" } else { "" };
                match keep {
                    Keep::Percent(percent) => write!(formatter, "truncate({percent}%{suffix})"),
                    Keep::Bytes(bytes) => write!(formatter, "truncate({}{suffix})", size_text(*bytes)),
                }
            }
            Self::Reset { after_bytes: None } => formatter.write_str("reset"),
            Self::Reset { after_bytes: Some(bytes) } => write!(formatter, "reset(after_bytes={})", size_text(*bytes)),
        }
    }
}

impl fmt::Display for Status {
    /// The arguments of `status(…)`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut arguments: Vec<String> = self.code.iter().map(u16::to_string).collect();
        if !self.error.is_empty() {
            arguments.push(quoted(&self.error));
        }
        if !self.message.is_empty() {
            arguments.push(format!("message={}", quoted(&self.message)));
        }
        formatter.write_str(&arguments.join(", "))
    }
}

impl ConnectionEnd {
    const fn proto(self) -> proto::ConnectionEnd {
        match self {
            Self::Reset => proto::ConnectionEnd::Reset,
            Self::Eof => proto::ConnectionEnd::Eof,
        }
    }
}
