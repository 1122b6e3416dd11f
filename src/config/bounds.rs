//! How much the registry surface takes, and how long it waits for its clients.
//!
//! What a client sees at each bound, and the test that shows it, stands in `docs/LIMITS.md`. What a registry may hold is not
//! here: that are ECR's quotas, which each world can have changed.

use std::time::Duration;

use clap::Args;

use super::parse_size;

/// Longest target that the HTTP library reads.
const LONGEST_URI_BYTES: u64 = 65_534;
/// Smallest head in which a signed call of an AWS SDK has room.
const SMALLEST_HEAD_BYTES: u64 = 8 << 10;
/// Largest head that a connection has room for.
pub(crate) const LARGEST_HEAD_BYTES: usize = 256 << 10;

/// Bounds of the registry surface.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
#[command(next_help_heading = "Bounds")]
pub struct Bounds {
    /// Most connections of the registry surface at a time, over all its ports.
    #[arg(long, env = "ECR_FIXTURE_MAX_CONNECTIONS", default_value = "10000", value_name = "COUNT", value_parser = count)]
    pub max_connections: usize,
    /// Most bytes of the head of a request: its first line and its headers; 8 to 256 KiB.
    #[arg(long, env = "ECR_FIXTURE_MAX_HEADER_BYTES", default_value = "64KiB", value_name = "SIZE", value_parser = head_bytes)]
    pub max_header_bytes: usize,
    /// Most headers of a request.
    #[arg(long, env = "ECR_FIXTURE_MAX_HEADERS", default_value = "100", value_name = "COUNT", value_parser = headers)]
    pub max_headers: usize,
    /// Most bytes of the target of a request: its path and query.
    #[arg(long, env = "ECR_FIXTURE_MAX_URI_BYTES", default_value = "8KiB", value_name = "SIZE", value_parser = uri_bytes)]
    pub max_uri_bytes: usize,
    /// Most bytes of a request body of the ECR API.
    #[arg(long, env = "ECR_FIXTURE_MAX_API_BODY", default_value = "64MiB", value_name = "SIZE", value_parser = bytes)]
    pub max_api_body: usize,
    /// Most uploads of layers that are open in one world at a time.
    #[arg(long, env = "ECR_FIXTURE_MAX_OPEN_UPLOADS", default_value = "10000", value_name = "COUNT", value_parser = count)]
    pub max_open_uploads: usize,
    /// Most bytes of a refused body that are taken in and thrown away.
    #[arg(long, env = "ECR_FIXTURE_MAX_DRAIN", default_value = "1GiB", value_name = "SIZE", value_parser = parse_size)]
    pub max_drain: u64,
    /// Longest time that is spent on that.
    #[arg(long, env = "ECR_FIXTURE_DRAIN_TIMEOUT", default_value = "30s", value_name = "TIME", value_parser = time)]
    pub drain_timeout: Duration,
    /// Longest time that a connection may idle before a request.
    #[arg(long, env = "ECR_FIXTURE_IDLE_TIMEOUT", default_value = "2m", value_name = "TIME", value_parser = time)]
    pub idle_timeout: Duration,
    /// Longest time from the first byte of a request to the end of its head.
    #[arg(long, env = "ECR_FIXTURE_HEADER_TIMEOUT", default_value = "30s", value_name = "TIME", value_parser = time)]
    pub header_timeout: Duration,
    /// Longest time without a byte of a request body that is waited for.
    #[arg(long, env = "ECR_FIXTURE_BODY_TIMEOUT", default_value = "1m", value_name = "TIME", value_parser = time)]
    pub body_timeout: Duration,
    /// Longest time in which a client takes no byte of its answer.
    #[arg(long, env = "ECR_FIXTURE_SEND_TIMEOUT", default_value = "1m", value_name = "TIME", value_parser = time)]
    pub send_timeout: Duration,
    /// Longest time that running calls have to end once the daemon is told to stop.
    #[arg(long, env = "ECR_FIXTURE_STOP_TIMEOUT", default_value = "2s", value_name = "TIME", value_parser = time)]
    pub stop_timeout: Duration,
}

impl Default for Bounds {
    /// What holds without a flag.
    fn default() -> Self {
        Self {
            max_connections: 10_000,
            max_header_bytes: 64 << 10,
            max_headers: 100,
            max_uri_bytes: 8 << 10,
            max_api_body: 64 << 20,
            max_open_uploads: 10_000,
            max_drain: 1 << 30,
            drain_timeout: Duration::from_secs(30),
            // Longer than the pools of usual clients keep a connection, so that it is they who close it: a request that
            // crosses our close on its way would be lost.
            idle_timeout: Duration::from_mins(2),
            header_timeout: Duration::from_secs(30),
            body_timeout: Duration::from_mins(1),
            send_timeout: Duration::from_mins(1),
            stop_timeout: Duration::from_secs(2),
        }
    }
}

/// A number of things of which there must be one.
fn count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("must be at least 1".to_owned()),
        Ok(count) => Ok(count),
        Err(_) => Err(format!("`{text}` is no number")),
    }
}

fn headers(text: &str) -> Result<usize, String> {
    let headers = count(text)?;
    if headers > 1_000 { Err("must be at most 1000".to_owned()) } else { Ok(headers) }
}

fn bytes(text: &str) -> Result<usize, String> {
    within(parse_size(text)?, 1, u64::MAX)
}

fn head_bytes(text: &str) -> Result<usize, String> {
    within(parse_size(text)?, SMALLEST_HEAD_BYTES, LARGEST_HEAD_BYTES as u64)
}

fn uri_bytes(text: &str) -> Result<usize, String> {
    within(parse_size(text)?, 1, LONGEST_URI_BYTES)
}

fn within(bytes: u64, least: u64, most: u64) -> Result<usize, String> {
    let bytes = usize::try_from(bytes).ok().filter(|_| (least..=most).contains(&bytes));
    bytes.ok_or_else(|| format!("must be {least} to {most} bytes"))
}

/// Reads a time with its unit: `ms`, `s`, `m`, `h`.
fn time(text: &str) -> Result<Duration, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let unit_millis = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "" => return Err(format!("`{text}` has no unit; use ms, s, m or h")),
        other => return Err(format!("`{other}` is no unit; use ms, s, m or h")),
    };
    let number: u32 = number.parse().map_err(|_| format!("`{text}` does not begin with a number"))?;
    if number == 0 {
        return Err("must be at least 1ms".to_owned());
    }
    Ok(Duration::from_millis(u64::from(number) * unit_millis))
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::super::Cli;
    use super::*;
    use crate::registry::limits;

    fn parsed(arguments: &[&str]) -> Result<Bounds, String> {
        let arguments = ["ecr-fixture"].iter().chain(arguments);
        Cli::try_parse_from(arguments).map(|cli| cli.serve.bounds).map_err(|error| error.to_string())
    }

    #[test]
    fn what_holds_without_a_flag_is_what_the_help_says() {
        assert_eq!(parsed(&[]), Ok(Bounds::default()));
    }

    #[test]
    fn the_largest_calls_of_the_ecr_api_fit() {
        let most = Bounds::default().max_api_body as u64;
        assert!(most >= limits::MANIFEST_BYTES as u64 * 12, "a manifest, each character an escape of a surrogate pair");
        assert!(most >= limits::LAYER_PART_MOST_BYTES / 3 * 4 + 1_024, "a layer part in base64");
    }

    #[test]
    fn times_carry_units() {
        let check = |text: &str, millis: Option<u64>| {
            assert_eq!(time(text).ok(), millis.map(Duration::from_millis), "{text}");
        };
        check("50ms", Some(50));
        check("3s", Some(3_000));
        check("2m", Some(120_000));
        check("1h", Some(3_600_000));
        for wrong in ["0s", "5", "s", "1d", "-1s", "1 s", "99999999999s"] {
            check(wrong, None);
        }
    }

    #[test]
    fn bounds_have_bounds() {
        for wrong in [
            "--max-connections=0",
            "--max-headers=0",
            "--max-headers=1001",
            "--max-header-bytes=8191",
            "--max-header-bytes=262145",
            "--max-uri-bytes=0",
            "--max-uri-bytes=65535",
            "--max-api-body=0",
            "--max-open-uploads=0",
            "--idle-timeout=0ms",
        ] {
            assert!(parsed(&[wrong]).is_err(), "{wrong}");
        }
        let bounds =
            parsed(&["--max-uri-bytes=65534", "--max-connections=1", "--max-header-bytes=256KiB"]).expect("legal");
        let read = (bounds.max_uri_bytes, bounds.max_connections, bounds.max_header_bytes);
        assert_eq!(read, (65_534, 1, LARGEST_HEAD_BYTES));
    }
}
