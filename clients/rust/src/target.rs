//! Targets: `surface:operation[@point[@bytes]]`, the first word of rules and matchers. Pure.
//!
//! Only the shape is read here. Which surfaces, operations and points there are is the daemon's to say.

use std::fmt;

use crate::proto;
use crate::units::{size_bytes, size_text};

/// A target in parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) surface: String,
    pub(crate) operation: String,
    /// Empty where the first action implies it.
    pub(crate) point: String,
    pub(crate) at_bytes: Option<u64>,
}

impl Target {
    /// Reads a target; absent for text of another shape.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (surface, rest) = text.split_once(':')?;
        let mut parts = rest.split('@');
        let operation = parts.next()?;
        let (point, at) = match (parts.next(), parts.next(), parts.next()) {
            (first, None, None) => (first, None),
            (first, second, None) => (first, second),
            _ => return None,
        };
        let fits = !surface.is_empty()
            && surface.bytes().all(|letter| letter.is_ascii_lowercase())
            && !operation.is_empty()
            && !operation.contains(char::is_whitespace)
            && point.is_none_or(|point| {
                !point.is_empty()
                    && point.bytes().all(|letter| letter.is_ascii_lowercase() || letter == b'.' || letter == b'_')
            });
        let at_bytes = match at {
            Some(at) => Some(size_bytes(at)?),
            None => None,
        };
        fits.then(|| Self {
            surface: surface.to_owned(),
            operation: operation.to_owned(),
            point: point.unwrap_or_default().to_owned(),
            at_bytes,
        })
    }

    pub(crate) fn to_proto(&self) -> proto::Target {
        proto::Target {
            surface: self.surface.clone(),
            operation: self.operation.clone(),
            point: self.point.clone(),
            at_bytes: self.at_bytes,
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.surface, self.operation)?;
        if !self.point.is_empty() {
            write!(formatter, "@{}", self.point)?;
        }
        match self.at_bytes {
            Some(count) => write!(formatter, "@{}", size_text(count)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_surface_operation_point_and_bytes() {
        for text in ["ecr:PutImage", "any:*", "oci:blob.get@send.body", "oci:blob.get@send.body@4MiB"] {
            assert_eq!(Target::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Target::parse("oci:blob.get@send.body@4MiB").unwrap().at_bytes, Some(4 << 20));
    }

    #[test]
    fn text_of_another_shape_is_no_target() {
        for text in ["PutImage", "ecr:", "ecr:Put Image", "ecr:PutImage@", ":x", "ECR:x", "oci:a@b@c", "oci:a@b@1@2"] {
            assert_eq!(Target::parse(text), None, "{text}");
        }
    }
}
