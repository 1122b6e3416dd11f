//! Pull-through: what a pull brings in from upstream when its repository cannot serve it and a cache rule covers it.
//!
//! A manifest comes by its tag, an index with all its children; a blob comes once an image names it. What an upstream
//! sends is checked before anything of it is kept, and it is kept in one commit. Each call upstream has a record of its
//! own and stands under the fault rules of the world. The login is that of the secret that the rule names. How to log in,
//! following redirects and which hosts may be called is [`crate::upstream`]'s business, what a rule covers and how an image
//! is stored the model's.
//!
//! A tag that is here is served as it is: the comparison with the upstream that ECR makes once in 24 hours is not made,
//! and neither are referrers fetched. A first pull by digest asks no upstream, as in ECR.
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache.html>

mod blob;
mod cut;
mod exchange;
mod fetch;
mod flights;
mod login;
mod manifest;
mod origin;
mod trouble;

#[cfg(test)]
mod tests;

pub use blob::bring_blob;
pub use flights::PullThrough;
pub use login::try_login;
pub use manifest::bring_manifest;
