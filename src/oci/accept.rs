//! `Accept` of a pull: which types of manifests the caller reads.
//!
//! Preferences (`q`) are not weighed: ECR stores one form of an image and converts it only for who cannot read that one.

use http::HeaderMap;
use http::header::ACCEPT;

/// Whether the caller reads this type. A caller that names no type reads all of them.
pub(super) fn takes(headers: &HeaderMap, media_type: &str) -> bool {
    let mut named = false;
    for header in headers.get_all(ACCEPT) {
        let Ok(header) = header.to_str() else { continue };
        for range in header.split(',') {
            let range = range.split(';').next().unwrap_or_default().trim();
            if ["*/*", "application/*", media_type].iter().any(|taken| taken.eq_ignore_ascii_case(range)) {
                return true;
            }
            named |= !range.is_empty();
        }
    }
    !named
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn types_come_in_one_header_or_in_several_and_stars_take_all() {
        let check = |accept: &[&'static str], expect: bool| {
            let mut headers = HeaderMap::new();
            for accept in accept {
                headers.append(ACCEPT, HeaderValue::from_static(accept));
            }
            assert_eq!(takes(&headers, "application/vnd.oci.image.manifest.v1+json"), expect, "{accept:?}");
        };
        check(&[], true);
        check(&[""], true);
        check(&["text/plain, application/vnd.oci.image.manifest.v1+json;q=0.5"], true);
        check(&["application/json", "Application/vnd.oci.image.manifest.v1+JSON"], true);
        check(&["text/plain, */*"], true);
        check(&["application/*"], true);
        check(&["application/vnd.oci.image.index.v1+json"], false);
        check(&["application/json", "text/*"], false);
    }
}
