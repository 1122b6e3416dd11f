//! From a method and a path of the registry surface to the route that is meant and the texts in it.
//!
//! A repository name may have any number of components and any of them may be `blobs`, `manifests`, `tags` or `uploads`,
//! so a path is read from the right: what ends it says which route it is, and the rest is the name. Nothing here checks a
//! name, a reference or a digest; the caller does, in the order in which a registry answers: route, name, login,
//! repository, reference.
//!
//! Source: <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#endpoints>.

use std::borrow::Cow;

use http::Method;
use percent_encoding::percent_decode_str;

use crate::operations::Route;

/// A repository name as it stands in a path: decoded, and otherwise anything, even empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RawName(pub String);

/// A call whose route is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matched {
    /// The route.
    pub route: Route,
    /// The repository; empty for the routes without one, [`Route::Ping`] and [`Route::Catalog`].
    pub name: RawName,
    /// What is asked for in the repository: a tag or digest for the manifest routes, a digest for the blob and referrers
    /// routes, an upload id for the routes of an upload. Decoded, not checked, never empty; empty for every other route.
    pub object: String,
    /// Members of the query.
    pub query: Query,
}

/// Members of a query that some route knows; every other one is ignored, since clients carry members from one URL to the
/// next. Decoded, not checked. Of a repeated member the first counts, but for tags.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// `digest`: what an upload should hash to.
    pub digest: Option<String>,
    /// `mount`: digest of a blob to take from another repository.
    pub mount: Option<String>,
    /// `from`: repository to mount from.
    pub from: Option<String>,
    /// `n`: entries wanted on a page.
    pub page_size: Option<String>,
    /// `last`: where a page begins, as the page before it said.
    pub last: Option<String>,
    /// `digest-algorithm`: what an upload will be hashed with.
    pub digest_algorithm: Option<String>,
    /// `artifactType`: kind of referrers wanted.
    pub artifact_type: Option<String>,
    /// `tag`: tags to put on what is pushed by digest; all of them count, in their order.
    pub tags: Vec<String>,
}

/// Why there is no route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RouteError {
    /// The path is none of the registry's.
    #[error("no such path on the registry surface")]
    NotFound,
    /// The path is known, but not with this method.
    #[error("the path takes {allow} only")]
    MethodNotAllowed {
        /// Methods that it takes, as the value of an `Allow` header.
        allow: &'static str,
    },
}

/// Finds the route. `path` is as it came, with percent escapes; `query` is what follows the `?`.
pub fn parse(method: &Method, path: &str, query: Option<&str>) -> Result<Matched, RouteError> {
    let path = decode(path);
    let place = Place::of(&path).ok_or(RouteError::NotFound)?;
    let query = Query::parse(query.unwrap_or_default());
    let Some(route) = place.kind.route(method, &query) else {
        return Err(RouteError::MethodNotAllowed { allow: place.kind.allow() });
    };
    Ok(Matched { route, name: RawName(place.name.to_owned()), object: place.object.to_owned(), query })
}

/// What a path names, whatever the method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Base,
    Catalog,
    Tags,
    Referrers,
    Manifest,
    Blob,
    Uploads,
    Upload,
}

impl Kind {
    /// HEAD is answered wherever GET is, as RFC 9110 asks.
    fn route(self, method: &Method, query: &Query) -> Option<Route> {
        match (self, method.as_str()) {
            (Self::Base, "GET" | "HEAD") => Some(Route::Ping),
            (Self::Catalog, "GET" | "HEAD") => Some(Route::Catalog),
            (Self::Tags, "GET" | "HEAD") => Some(Route::TagsList),
            (Self::Referrers, "GET" | "HEAD") => Some(Route::ReferrersList),
            (Self::Manifest, "HEAD") => Some(Route::ManifestHead),
            (Self::Manifest, "GET") => Some(Route::ManifestGet),
            (Self::Manifest, "PUT") => Some(Route::ManifestPut),
            (Self::Manifest, "DELETE") => Some(Route::ManifestDelete),
            (Self::Blob, "HEAD") => Some(Route::BlobHead),
            (Self::Blob, "GET") => Some(Route::BlobGet),
            (Self::Blob, "DELETE") => Some(Route::BlobDelete),
            (Self::Uploads, "POST") if query.mount.as_ref().is_some_and(|mount| !mount.is_empty()) => {
                Some(Route::BlobMount)
            }
            (Self::Uploads, "POST") => Some(Route::UploadStart),
            (Self::Upload, "GET" | "HEAD") => Some(Route::UploadStatus),
            (Self::Upload, "PATCH") => Some(Route::UploadPatch),
            (Self::Upload, "PUT") => Some(Route::UploadPut),
            (Self::Upload, "DELETE") => Some(Route::UploadCancel),
            _ => None,
        }
    }

    fn allow(self) -> &'static str {
        match self {
            Self::Base | Self::Catalog | Self::Tags | Self::Referrers => "GET, HEAD",
            Self::Manifest => "GET, HEAD, PUT, DELETE",
            Self::Blob => "GET, HEAD, DELETE",
            Self::Uploads => "POST",
            Self::Upload => "GET, HEAD, PATCH, PUT, DELETE",
        }
    }
}

/// A decoded path, taken apart.
struct Place<'a> {
    kind: Kind,
    name: &'a str,
    object: &'a str,
}

impl<'a> Place<'a> {
    fn of(path: &'a str) -> Option<Self> {
        match path.strip_prefix("/v2")? {
            "" | "/" => return Some(Self { kind: Kind::Base, name: "", object: "" }),
            "/_catalog" => return Some(Self { kind: Kind::Catalog, name: "", object: "" }),
            _ => {}
        }
        let rest = path.strip_prefix("/v2/")?;
        if let Some(name) = rest.strip_suffix("/tags/list") {
            return Some(Self { kind: Kind::Tags, name, object: "" });
        }
        let started = rest.strip_suffix('/').unwrap_or(rest);
        if let Some(name) = started.strip_suffix("/blobs/uploads") {
            return Some(Self { kind: Kind::Uploads, name, object: "" });
        }
        let (front, object) = rest.rsplit_once('/')?;
        if object.is_empty() {
            return None;
        }
        [
            ("/blobs/uploads", Kind::Upload),
            ("/manifests", Kind::Manifest),
            ("/blobs", Kind::Blob),
            ("/referrers", Kind::Referrers),
        ]
        .into_iter()
        .find_map(|(suffix, kind)| front.strip_suffix(suffix).map(|name| Self { kind, name, object }))
    }
}

impl Query {
    fn parse(query: &str) -> Self {
        let mut members = Self::default();
        for member in query.split('&') {
            let (key, value) = member.split_once('=').unwrap_or((member, ""));
            let key = decode(key);
            if key == "tag" {
                members.tags.push(decode(value).into_owned());
            } else if let Some(known) = members.member(&key) {
                // A plus stays a plus: no member may hold a blank, but a media type that was not escaped may hold a plus.
                known.get_or_insert_with(|| decode(value).into_owned());
            }
        }
        members
    }

    fn member(&mut self, key: &str) -> Option<&mut Option<String>> {
        match key {
            "digest" => Some(&mut self.digest),
            "mount" => Some(&mut self.mount),
            "from" => Some(&mut self.from),
            "n" => Some(&mut self.page_size),
            "last" => Some(&mut self.last),
            "digest-algorithm" => Some(&mut self.digest_algorithm),
            "artifactType" => Some(&mut self.artifact_type),
            _ => None,
        }
    }
}

/// Bytes that are no UTF-8 become U+FFFD, which no name, reference or digest may hold, so that they are refused later.
fn decode(text: &str) -> Cow<'_, str> {
    percent_decode_str(text).decode_utf8_lossy()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::registry::types::RepositoryName;

    const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn call(method: &str, target: &str) -> Result<Matched, RouteError> {
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (target, None),
        };
        parse(&Method::from_bytes(method.as_bytes()).expect("method"), path, query)
    }

    fn check(method: &str, target: &str, route: Route, name: &str, object: &str) {
        let matched = call(method, target).unwrap_or_else(|error| panic!("{method} {target}: {error}"));
        assert_eq!(
            (matched.route, matched.name.0.as_str(), matched.object.as_str()),
            (route, name, object),
            "{method} {target}"
        );
    }

    fn check_refused(method: &str, target: &str, expect: RouteError) {
        assert_eq!(call(method, target), Err(expect), "{method} {target}");
    }

    #[test]
    fn every_route_is_found() {
        check("GET", "/v2/", Route::Ping, "", "");
        check("GET", "/v2", Route::Ping, "", "");
        check("HEAD", "/v2/", Route::Ping, "", "");
        check("GET", "/v2/_catalog?n=5", Route::Catalog, "", "");
        check("GET", "/v2/app/tags/list", Route::TagsList, "app", "");
        check("GET", "/v2/app/referrers/sha256:00", Route::ReferrersList, "app", "sha256:00");
        check("HEAD", "/v2/app/manifests/latest", Route::ManifestHead, "app", "latest");
        check("GET", "/v2/app/manifests/latest", Route::ManifestGet, "app", "latest");
        check("PUT", "/v2/app/manifests/sha256:00", Route::ManifestPut, "app", "sha256:00");
        check("DELETE", "/v2/app/manifests/latest", Route::ManifestDelete, "app", "latest");
        check("HEAD", "/v2/app/blobs/sha256:00", Route::BlobHead, "app", "sha256:00");
        check("GET", "/v2/app/blobs/sha256:00", Route::BlobGet, "app", "sha256:00");
        check("DELETE", "/v2/app/blobs/sha256:00", Route::BlobDelete, "app", "sha256:00");
        check("POST", "/v2/app/blobs/uploads/", Route::UploadStart, "app", "");
        check("POST", "/v2/app/blobs/uploads", Route::UploadStart, "app", "");
        check("POST", "/v2/app/blobs/uploads/?digest=sha256:00", Route::UploadStart, "app", "");
        check("POST", "/v2/app/blobs/uploads/?mount=sha256:00&from=b", Route::BlobMount, "app", "");
        check("POST", "/v2/app/blobs/uploads?from=b&mount=sha256%3A00", Route::BlobMount, "app", "");
        check("POST", "/v2/app/blobs/uploads/?mount=", Route::UploadStart, "app", "");
        check("GET", "/v2/app/blobs/uploads/u-1", Route::UploadStatus, "app", "u-1");
        check("PATCH", "/v2/app/blobs/uploads/u-1", Route::UploadPatch, "app", "u-1");
        check("PUT", "/v2/app/blobs/uploads/u-1?digest=sha256:00", Route::UploadPut, "app", "u-1");
        check("DELETE", "/v2/app/blobs/uploads/u-1", Route::UploadCancel, "app", "u-1");
    }

    #[test]
    fn names_may_hold_the_words_of_the_routes() {
        check("GET", "/v2/tags/list/tags/list", Route::TagsList, "tags/list", "");
        check("GET", "/v2/a/manifests/tags/list", Route::TagsList, "a/manifests", "");
        check("GET", "/v2/blobs/uploads/manifests/v1", Route::ManifestGet, "blobs/uploads", "v1");
        check("GET", "/v2/manifests/manifests/manifests", Route::ManifestGet, "manifests", "manifests");
        check("GET", "/v2/a/tags/manifests/list", Route::ManifestGet, "a/tags", "list");
        check("GET", "/v2/a/blobs/uploads/blobs/sha256:00", Route::BlobGet, "a/blobs/uploads", "sha256:00");
        check("GET", "/v2/a/blobs/manifests/uploads", Route::ManifestGet, "a/blobs", "uploads");
        check("POST", "/v2/a/blobs/uploads/blobs/uploads/", Route::UploadStart, "a/blobs/uploads", "");
        check("PATCH", "/v2/blobs/uploads/blobs/uploads/x", Route::UploadPatch, "blobs/uploads", "x");
        check("PATCH", "/v2/a/manifests/blobs/uploads/list", Route::UploadPatch, "a/manifests", "list");
        check("GET", "/v2/referrers/referrers/sha256:00", Route::ReferrersList, "referrers", "sha256:00");
        check("GET", "/v2/v2/manifests/v2", Route::ManifestGet, "v2", "v2");
        check("GET", "/v2/_catalog/tags/list", Route::TagsList, "_catalog", "");
    }

    #[test]
    fn escapes_are_read_and_names_are_left_for_the_caller_to_check() {
        check("GET", "/v2/app/blobs/sha256%3A00", Route::BlobGet, "app", "sha256:00");
        check("GET", "/v2/app/blobs/sha256%3a00", Route::BlobGet, "app", "sha256:00");
        check("GET", "/v2/team%2Fapp/manifests/v1", Route::ManifestGet, "team/app", "v1");
        check("GET", "/v2//manifests/v1", Route::ManifestGet, "", "v1");
        check("GET", "/v2/a//b/manifests/v1", Route::ManifestGet, "a//b", "v1");
        check("GET", "/v2/A%20B/tags/list", Route::TagsList, "A B", "");
        check("GET", "/v2/%FF/tags/list", Route::TagsList, "\u{fffd}", "");
        check("GET", "/v2/app%/manifests/50%", Route::ManifestGet, "app%", "50%");
        check("GET", "/v2/../manifests/..", Route::ManifestGet, "..", "..");
    }

    #[test]
    fn other_paths_are_not_found() {
        for target in [
            "",
            "/",
            "/v1/",
            "/v2x",
            "/v2/app",
            "/v2/_catalog/",
            "/v2/manifests/v1",
            "/v2/tags/list",
            "/v2/blobs/uploads/",
            "/v2/blobs/uploads/x",
            "/v2/app/tags",
            "/v2/app/tags/list/",
            "/v2/app/manifests/",
            "/v2/app/manifests",
            "/v2/app/blobs/",
            "/v2/app/manifests/v1/",
            "/v2/app/blobs/uploads/x/",
            "/v2/app/blobs/uploads//",
            "v2/app/manifests/v1",
        ] {
            check_refused("GET", target, RouteError::NotFound);
        }
    }

    #[test]
    fn a_wrong_method_is_told_the_right_ones() {
        for (method, target, allow) in [
            ("POST", "/v2/", "GET, HEAD"),
            ("DELETE", "/v2/app/tags/list", "GET, HEAD"),
            ("POST", "/v2/app/manifests/v1", "GET, HEAD, PUT, DELETE"),
            ("PUT", "/v2/app/blobs/sha256:00", "GET, HEAD, DELETE"),
            ("GET", "/v2/app/blobs/uploads/", "POST"),
            ("POST", "/v2/app/blobs/uploads/u-1", "GET, HEAD, PATCH, PUT, DELETE"),
            ("get", "/v2/", "GET, HEAD"),
        ] {
            check_refused(method, target, RouteError::MethodNotAllowed { allow });
        }
    }

    #[test]
    fn known_members_of_a_query_are_read_and_others_ignored() {
        let text = "mount=sha256%3A00&from=a%2Fb&ns=docker.io&digest=one&digest=two&n=10&last=v%201&&origin\
                    &digest-algorithm=sha512&artifactType=application/x+json&tag=a&tag=b%2e1&tag=";
        let query = Query::parse(text);
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            query,
            Query {
                digest: some("one"),
                mount: some("sha256:00"),
                from: some("a/b"),
                page_size: some("10"),
                last: some("v 1"),
                digest_algorithm: some("sha512"),
                artifact_type: some("application/x+json"),
                tags: ["a", "b.1", ""].map(str::to_owned).to_vec(),
            }
        );
        assert_eq!(Query::parse("n").page_size, some(""), "a member without a value is there, and empty");
        assert_eq!(Query::parse("N=1&nn=2"), Query::default());
    }

    /// Method and path of a call of `route`, and the object in the path.
    fn spell(route: Route, name: &str) -> (&'static str, String, &'static str) {
        let manifests = format!("/v2/{name}/manifests/blobs");
        let blobs = format!("/v2/{name}/blobs/{DIGEST}");
        let uploads = format!("/v2/{name}/blobs/uploads/");
        let upload = format!("/v2/{name}/blobs/uploads/manifests");
        match route {
            Route::Ping => ("GET", "/v2/".to_owned(), ""),
            Route::Catalog => ("GET", "/v2/_catalog".to_owned(), ""),
            Route::TagsList => ("GET", format!("/v2/{name}/tags/list"), ""),
            Route::ReferrersList => ("GET", format!("/v2/{name}/referrers/{DIGEST}"), DIGEST),
            Route::ManifestHead => ("HEAD", manifests, "blobs"),
            Route::ManifestGet => ("GET", manifests, "blobs"),
            Route::ManifestPut => ("PUT", manifests, "blobs"),
            Route::ManifestDelete => ("DELETE", manifests, "blobs"),
            Route::BlobHead => ("HEAD", blobs, DIGEST),
            Route::BlobGet => ("GET", blobs, DIGEST),
            Route::BlobDelete => ("DELETE", blobs, DIGEST),
            Route::BlobMount => ("POST", uploads + "?mount=x", ""),
            Route::UploadStart => ("POST", uploads, ""),
            Route::UploadPatch => ("PATCH", upload, "manifests"),
            Route::UploadPut => ("PUT", upload, "manifests"),
            Route::UploadStatus => ("GET", upload, "manifests"),
            Route::UploadCancel => ("DELETE", upload, "manifests"),
        }
    }

    /// Names that the registry takes, with the words of the routes among their components.
    fn repository_name() -> impl Strategy<Value = RepositoryName> {
        let component = prop_oneof![
            prop::sample::select(vec!["blobs", "manifests", "tags", "uploads", "list", "referrers", "v2"])
                .prop_map(str::to_owned),
            "[a-z0-9]{1,8}((\\.|_|__|-{1,3})[a-z0-9]{1,8}){0,3}",
        ];
        prop::collection::vec(component, 1..6)
            .prop_filter_map("too short or too long", |components| components.join("/").parse().ok())
    }

    proptest! {
        #[test]
        fn any_repository_name_round_trips_on_every_route(name in repository_name()) {
            for route in Route::ALL {
                let (method, target, object) = spell(*route, name.as_str());
                let name = if matches!(route, Route::Ping | Route::Catalog) { "" } else { name.as_str() };
                check(method, &target, *route, name, object);
                let (path, query) = target.split_once('?').unwrap_or((&target, ""));
                let escaped = path.replace(':', "%3A").replace('-', "%2d");
                check(method, &format!("{escaped}?{query}"), *route, name, object);
            }
        }

        #[test]
        fn no_text_makes_it_panic(path in ".*", query in ".*") {
            for path in [path.clone(), format!("/v2/{path}"), format!("/v2/{path}/blobs/uploads/{path}")] {
                let matched = parse(&Method::GET, &path, Some(&query));
                prop_assert!(matched.is_err() || path.contains("v2"));
            }
        }
    }
}
