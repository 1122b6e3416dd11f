//! The host of an upstream registry, as pull-through cache rules name it.

use std::fmt;
use std::str::FromStr;

/// Lower-case labels and an optional port; no scheme, no path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UpstreamHost(String);

impl UpstreamHost {
    /// The text, e.g. `quay.io` or `localhost:5000`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UpstreamHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for UpstreamHost {
    type Err = InvalidUpstreamHost;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, port) = text.split_once(':').map_or((text, None), |(name, port)| (name, Some(port)));
        let legal = name.len() <= 253 && name.split('.').all(is_label) && port.is_none_or(is_port);
        if legal { Ok(Self(text.to_owned())) } else { Err(InvalidUpstreamHost) }
    }
}

/// The text is not a host without scheme and path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a host such as `quay.io`, with an optional port, without scheme or path")]
pub struct InvalidUpstreamHost;

fn is_label(label: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !label.is_empty() && label.bytes().all(legal) && !label.starts_with('-') && !label.ends_with('-')
}

fn is_port(port: &str) -> bool {
    port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upstream_host_has_neither_scheme_nor_path() {
        for text in ["quay.io", "registry-1.docker.io", "localhost", "localhost:5000", "10.0.0.1"] {
            assert_eq!(text.parse::<UpstreamHost>().map(|host| host.to_string()), Ok(text.to_owned()));
        }
        for text in [
            "",
            "https://quay.io",
            "quay.io/",
            "quay.io/v2",
            "Quay.io",
            "quay..io",
            "a b",
            "quay.io:",
            "quay.io:0",
            "quay.io:+80",
            "quay.io:70000",
            "-a.io",
            "user@quay.io",
            ".",
            ":80",
        ] {
            assert_eq!(text.parse::<UpstreamHost>(), Err(InvalidUpstreamHost), "{text:?}");
        }
    }
}
