//! Where blobs lie for whoever has a URL: what stands in for the storage service behind ECR.
//!
//! Both surfaces hand such URLs out, `GetDownloadUrlForLayer` and, where the world's profile redirects, `GET` of a blob. A
//! URL needs no login and ends after an hour of the world's time. It names its world, so it needs no host of its own. It
//! has the form of a presigned URL of Amazon S3, and what it is answered has, too; the signature is the world's.
//!
//! Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html>

mod errors;
mod serve;
mod url;

pub(crate) use serve::serve;
pub(crate) use url::{PATH, Place};
