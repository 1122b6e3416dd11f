//! Which hosts may be called: a fixture that any test can point anywhere must not become a way into somebody's network.
//!
//! Loopback hosts may be called on any port and in plain HTTP. Any other host must have been named when the daemon started
//! and is called over HTTPS alone, as is a loopback host that was named. Every URL that a reply brings, a redirect or a
//! token realm, is asked about again.

use std::collections::BTreeSet;
use std::net::IpAddr;

use reqwest::Url;

/// The hosts outside this machine that may be called, each with its port.
#[derive(Clone, Debug, Default)]
pub struct AllowedHosts(BTreeSet<(String, u16)>);

/// The host is neither on this machine nor one of those named at start.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the host {0} is not one of those that may be called")]
pub struct HostNotAllowed(pub String);

impl AllowedHosts {
    /// `hosts` as they are named at start: `quay.io`, which means port 443, or `registry.example:5000`.
    pub fn new(hosts: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Self, HostNotAllowed> {
        let named = |host: &str| authority(&parse("https", host, "/")?).ok_or_else(|| HostNotAllowed(host.to_owned()));
        hosts.into_iter().map(|host| named(host.as_ref())).collect::<Result<_, _>>().map(Self)
    }

    /// The URL of `path` on `host`, a name or address with or without a port. `path` begins with a slash and may have a
    /// query.
    pub fn url(&self, host: &str, path: &str) -> Result<Url, HostNotAllowed> {
        let url = parse("https", host, path)?;
        let url = if is_loopback(&url) && !self.is_named(&url) { parse("http", host, path)? } else { url };
        self.check(&url)?;
        Ok(url)
    }

    /// Whether the URL of a reply from `source` may be called. A host elsewhere must not send us to this machine.
    pub fn check_next(&self, source: &Url, next: &Url) -> Result<(), HostNotAllowed> {
        if is_loopback(next) && !is_loopback(source) && !self.is_named(next) {
            return Err(refused(next));
        }
        self.check(next)
    }

    fn check(&self, url: &Url) -> Result<(), HostNotAllowed> {
        let local = matches!(url.scheme(), "http" | "https") && is_loopback(url);
        // A login in a URL would be sent, and whoever wrote the URL has none to give.
        let anonymous = url.username().is_empty() && url.password().is_none();
        if anonymous && (local || self.is_named(url)) { Ok(()) } else { Err(refused(url)) }
    }

    fn is_named(&self, url: &Url) -> bool {
        url.scheme() == "https" && authority(url).is_some_and(|authority| self.0.contains(&authority))
    }
}

/// Whether two URLs are of one origin, to which one may show what was meant for the other.
pub(super) fn same_origin(one: &Url, other: &Url) -> bool {
    one.scheme() == other.scheme() && authority(one) == authority(other)
}

/// Host and port as shown in errors.
pub(super) fn shown(url: &Url) -> String {
    match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => format!("of a {} URL", url.scheme()),
    }
}

/// Puts a URL together and refuses a host that is more than a host: user names, paths, a query.
fn parse(scheme: &str, host: &str, path: &str) -> Result<Url, HostNotAllowed> {
    let legal = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '_' | ':' | '[' | ']');
    if host.is_empty() || !host.chars().all(legal) || !path.starts_with('/') {
        return Err(HostNotAllowed(host.to_owned()));
    }
    Url::parse(&format!("{scheme}://{host}{path}")).map_err(|_| HostNotAllowed(host.to_owned()))
}

fn refused(url: &Url) -> HostNotAllowed {
    HostNotAllowed(shown(url))
}

fn authority(url: &Url) -> Option<(String, u16)> {
    Some((url.host_str()?.to_owned(), url.port_or_known_default()?))
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts() -> AllowedHosts {
        AllowedHosts::new(["quay.io", "Registry.example:5000", "127.0.0.1:5443"]).expect("hosts")
    }

    fn check(host: &str, expect: Option<&str>) {
        let url = hosts().url(host, "/v2/").ok().map(String::from);
        assert_eq!(url.as_deref(), expect, "{host}");
    }

    #[test]
    fn loopback_is_called_in_plain_http_and_named_hosts_over_https() {
        check("127.0.0.1:5000", Some("http://127.0.0.1:5000/v2/"));
        check("127.0.0.1:5443", Some("https://127.0.0.1:5443/v2/"));
        check("127.8.9.1", Some("http://127.8.9.1/v2/"));
        check("localhost:80", Some("http://localhost/v2/"));
        check("localhost:443", Some("http://localhost:443/v2/"));
        check("LOCALHOST:1", Some("http://localhost:1/v2/"));
        check("[::1]:5000", Some("http://[::1]:5000/v2/"));
        check("quay.io", Some("https://quay.io/v2/"));
        check("QUAY.IO:443", Some("https://quay.io/v2/"));
        check("registry.example:5000", Some("https://registry.example:5000/v2/"));
    }

    #[test]
    fn other_hosts_are_refused() {
        for host in [
            "",
            "docker.io",
            "quay.io:444",
            "quay.io.",
            "evil.quay.io",
            "registry.example",
            "10.0.0.1",
            "169.254.169.254",
            "0.0.0.0",
            "[::]",
            "[::ffff:127.0.0.1]",
            "localhost.evil.example",
            "quay.io@evil.example",
            "evil.example/quay.io",
            "quay.io?x",
            "quay.io#x",
            "quay.io:99999",
        ] {
            check(host, None);
        }
    }

    #[test]
    fn a_path_cannot_change_the_host() {
        let url = hosts().url("quay.io", "//evil.example/v2/").expect("a path");
        assert_eq!(url.host_str(), Some("quay.io"));
        for path in ["", "v2/", "@evil.example/", ".evil.example/"] {
            assert!(hosts().url("quay.io", path).is_err(), "{path}");
        }
    }

    fn check_next(source: &str, next: &str, allowed: bool) {
        let url = |text: &str| Url::parse(text).expect("url");
        assert_eq!(hosts().check_next(&url(source), &url(next)).is_ok(), allowed, "{source} to {next}");
    }

    #[test]
    fn the_urls_of_a_reply_are_checked_again() {
        check_next("https://quay.io/", "https://quay.io/token", true);
        check_next("https://quay.io/", "https://registry.example:5000/", true);
        check_next("http://127.0.0.1:1/", "http://127.0.0.1:2/", true);
        check_next("http://127.0.0.1:1/", "https://quay.io/", true);
        check_next("https://quay.io/", "http://quay.io/", false);
        check_next("https://quay.io/", "http://quay.io:443/", false);
        check_next("https://quay.io/", "https://cdn.quay.io/", false);
        check_next("https://quay.io/", "http://127.0.0.1:8080/", false);
        check_next("https://quay.io/", "https://localhost/", false);
        check_next("http://127.0.0.1:1/", "http://169.254.169.254/latest/meta-data/", false);
        check_next("http://127.0.0.1:1/", "http://user:password@127.0.0.1:2/", false);
        check_next("http://127.0.0.1:1/", "file:///etc/passwd", false);
        check_next("http://127.0.0.1:1/", "ftp://127.0.0.1/", false);
    }
}
