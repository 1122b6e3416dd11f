//! URLs of blobs: made, and checked when they come back.
//!
//! The signature covers path and query in a canonical form, so that a client may escape them otherwise or send the members
//! in another order, as it may with S3; with one more or one less the URL is another.

use std::time::Duration;

use chrono::{DateTime, Utc};
use percent_encoding::{percent_decode_str, utf8_percent_encode};

use super::errors::StorageError;
use crate::auth::signature::{UNRESERVED, basic, canonical_query, read_date};
use crate::auth::sigv4::{Presigned, Sigv4Claim};
use crate::registry::types::{Digest, RegistryKey, RepositoryName, Timestamp};
use crate::worlds::{MintKey, WorldIdentity};

/// Where the paths of such URLs begin.
pub(crate) const PATH: &str = "/layers/";

/// How long a URL is good: an hour, as ECR's.
const LIFE: Duration = Duration::from_hours(1);
/// Names the record of a redirected call. Not of S3, which would ignore it, and sign it like any other member.
const CALL: &str = "x-fixture-call";

/// A blob of a repository, as the path of a URL names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Id of the world.
    pub(crate) world: String,
    /// Its registry.
    pub(crate) registry: RegistryKey,
    /// The repository.
    pub(crate) repository: RepositoryName,
    /// The blob.
    pub(crate) digest: Digest,
}

/// What a URL grants beside its blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Grant {
    /// Record of the call that was redirected here; none for a URL that an operation handed out.
    pub(super) call: Option<u64>,
}

impl Place {
    /// A place in a world.
    pub(crate) fn new(
        world: &WorldIdentity,
        registry: &RegistryKey,
        repository: &RepositoryName,
        digest: &Digest,
    ) -> Self {
        Self {
            world: world.id.as_str().to_owned(),
            registry: registry.clone(),
            repository: repository.clone(),
            digest: digest.clone(),
        }
    }

    /// Reads a path, with percent escapes; absent if it names no place.
    pub(super) fn parse(path: &str) -> Option<Self> {
        let path = percent_decode_str(path).decode_utf8_lossy();
        let (rest, digest) = path.strip_prefix(PATH)?.rsplit_once('/')?;
        let mut parts = rest.splitn(4, '/');
        let (world, account, region, repository) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let registry = RegistryKey { account: account.parse().ok()?, region: region.parse().ok()? };
        Some(Self {
            world: world.to_owned(),
            registry,
            repository: repository.parse().ok()?,
            digest: digest.parse().ok()?,
        })
    }

    fn path(&self) -> String {
        let RegistryKey { account, region } = &self.registry;
        format!("{PATH}{}/{account}/{region}/{}/{}", self.world, self.repository, self.digest)
    }

    /// Path and query of a URL of this place, good from now on. `call` is the record of the call that is redirected there.
    pub(crate) fn presigned(&self, key: &MintKey, now: Timestamp, call: Option<u64>) -> String {
        let path = self.path();
        let date = basic(now);
        let day = date.split('T').next().unwrap_or_default();
        let scope = format!("{}/{day}/{}/s3/aws4_request", key.storage_key_id(), self.registry.region);
        let mut query = format!(
            "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={}&X-Amz-Date={date}&X-Amz-Expires={}\
             &X-Amz-SignedHeaders=host",
            utf8_percent_encode(&scope, UNRESERVED),
            LIFE.as_secs()
        );
        if let Some(call) = call {
            query = format!("{query}&{CALL}={call}");
        }
        let signature = key.url_signature(&signed_text(&path, &query));
        format!("{path}?{query}&X-Amz-Signature={signature}")
    }

    /// Whether a query grants this place at a time, and what else.
    pub(super) fn check(&self, key: &MintKey, query: &str, now: Timestamp) -> Result<Grant, StorageError> {
        let claim = match Sigv4Claim::parse_query(query) {
            Some(claim) => claim.map_err(|_| StorageError::ParametersMissing)?,
            None if query.contains("X-Amz-") => return Err(StorageError::ParametersMissing),
            None => return Err(StorageError::Anonymous),
        };
        let Some(Presigned { date, expires: Some(life), .. }) = &claim.presigned else {
            return Err(StorageError::ParametersMissing);
        };
        let signed = read_date(date).ok_or(StorageError::ParametersMissing)?;
        if claim.signature != key.url_signature(&signed_text(&self.path(), query)) {
            let access_key = claim.access_key.to_string();
            return Err(StorageError::SignatureDoesNotMatch { access_key, provided: claim.signature });
        }
        let end = signed.plus(*life);
        if end <= now {
            return Err(StorageError::Expired { life: life.as_secs(), end: shown(end), now: shown(now) });
        }
        let call = query.split('&').find_map(|member| member.strip_prefix(CALL)?.strip_prefix('=')?.parse().ok());
        Ok(Grant { call })
    }
}

/// What is signed: the path, and each member of the query but the signature.
fn signed_text(path: &str, query: &str) -> String {
    format!("{path}?{}", canonical_query(query, true))
}

/// `2026-01-01T00:00:00Z`, as S3 writes times in its errors.
fn shown(time: Timestamp) -> String {
    let time = DateTime::<Utc>::from_timestamp_micros(time.as_micros()).unwrap_or_default();
    time.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_767_225_600_250);

    fn key() -> MintKey {
        MintKey::new([1; 32])
    }

    fn place() -> Place {
        Place {
            world: "w1".to_owned(),
            registry: RegistryKey {
                account: "123456789012".parse().expect("account"),
                region: "eu-west-1".parse().expect("region"),
            },
            repository: "team/app".parse().expect("name"),
            digest: Digest::sha256_of(b"x"),
        }
    }

    fn split(url: &str) -> (&str, &str) {
        url.split_once('?').expect("a query")
    }

    #[test]
    fn c_082_a_url_has_the_form_of_a_presigned_one_and_names_its_blob() {
        let url = place().presigned(&key(), NOW, None);
        let (path, query) = split(&url);
        assert_eq!(path, format!("/layers/w1/123456789012/eu-west-1/team/app/{}", Digest::sha256_of(b"x")));
        let (start, signature) = query.split_once("&X-Amz-Signature=").expect("a signature");
        let credential = format!("{}%2F20260101%2Feu-west-1%2Fs3%2Faws4_request", key().storage_key_id());
        assert_eq!(
            start,
            format!(
                "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={credential}&X-Amz-Date=20260101T000000Z\
                 &X-Amz-Expires=3600&X-Amz-SignedHeaders=host"
            )
        );
        assert!(signature.len() == 64 && signature.bytes().all(|byte| byte.is_ascii_hexdigit()), "{signature}");
        assert_eq!(Place::parse(path), Some(place()));
        assert_eq!(Place::parse(&path.replace(':', "%3A")), Some(place()));
        for other in ["/layers/w1", "/layers/w1/1/us-east-1/app/sha256:00", "/layers//////", "/v2/"] {
            assert_eq!(Place::parse(other), None, "{other}");
        }
    }

    #[test]
    fn d_021_a_url_is_good_for_an_hour_from_its_date() {
        let url = place().presigned(&key(), NOW, Some(7));
        let check = |now| place().check(&key(), split(&url).1, now);
        assert_eq!(check(NOW), Ok(Grant { call: Some(7) }));
        let end = Timestamp::from_millis(1_767_229_200_000);
        assert!(check(Timestamp::from_micros(end.as_micros() - 1)).is_ok(), "the date has no fractions");
        assert_eq!(
            check(end),
            Err(StorageError::Expired {
                life: 3_600,
                end: "2026-01-01T01:00:00Z".to_owned(),
                now: "2026-01-01T01:00:00Z".to_owned(),
            })
        );
    }

    #[test]
    fn a_query_may_be_written_otherwise_but_not_changed() {
        let url = place().presigned(&key(), NOW, None);
        let query = split(&url).1;
        let check = |query: &str| place().check(&key(), query, NOW).map(|_| ()).map_err(|error| error.form().code);
        let mut reversed: Vec<&str> = query.split('&').collect();
        reversed.reverse();
        for same in [query.to_owned(), query.replace("AWS4-", "AWS4%2d").replace("%2F", "/"), reversed.join("&")] {
            assert_eq!(check(&same), Ok(()), "{same}");
        }
        for (changed, code) in [
            (query.replace("Expires=3600", "Expires=86400"), "SignatureDoesNotMatch"),
            (query.replace("20260101T000000Z", "20260101T000001Z"), "SignatureDoesNotMatch"),
            (format!("{query}&x-id=GetObject"), "SignatureDoesNotMatch"),
            (query.replace("X-Amz-Signature=", "X-Amz-Signature=0"), "SignatureDoesNotMatch"),
            (query.replace("X-Amz-Signature", "x"), "AuthorizationQueryParametersError"),
            (query.replace("Expires=3600", "Expires=an-hour"), "AuthorizationQueryParametersError"),
            (query.replace("HMAC", "RSA"), "AuthorizationQueryParametersError"),
            (String::new(), "AccessDenied"),
            ("versionId=1".to_owned(), "AccessDenied"),
        ] {
            assert_eq!(check(&changed), Err(code), "{changed}");
        }
        let other = Place { repository: "team/other".parse().expect("name"), ..place() };
        assert!(other.check(&key(), query, NOW).is_err(), "it is good for one blob of one repository");
        assert!(place().check(&MintKey::new([2; 32]), query, NOW).is_err(), "it is good in one world");
    }
}
