//! `DescribeImageSigningStatus`: how the signing of one image stands.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImageSigningStatus.html>

use crate::registry::image_identifier::ImageIdentifier;
use crate::registry::signing::SigningStatus;
use crate::registry::state::{ImageLookupError, Registry};
use crate::registry::types::RepositoryName;

/// Which image.
#[derive(Clone, Debug)]
pub struct Input {
    /// The repository.
    pub repository: RepositoryName,
    /// The image as the caller named it.
    pub image_id: ImageIdentifier,
}

/// How its signing stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// One for each profile that was to sign it; none for an image that was pushed while no rule matched.
    pub signing_statuses: Vec<SigningStatus>,
}

/// Looks the image up.
pub fn apply(registry: &Registry, input: &Input) -> Result<Output, ImageLookupError> {
    let (image, _) = registry.image(&input.repository, &input.image_id)?;
    Ok(Output { signing_statuses: image.signing_statuses().to_vec() })
}
