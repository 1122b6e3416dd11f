//! `DeleteRepository`: removes a repository with everything in it, open uploads included.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DeleteRepository.html>

use std::sync::Arc;

use crate::registry::context::{Context, Effect};
use crate::registry::errors::{RepositoryNotEmpty, RepositoryNotFound};
use crate::registry::repository::Repository;
use crate::registry::state::Registry;
use crate::registry::types::RepositoryName;

/// What to delete.
#[derive(Clone, Debug)]
pub struct Input {
    /// The repository.
    pub name: RepositoryName,
    /// Whether its images may go with it.
    pub images: Images,
}

/// What to do about images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Images {
    /// Refuse while there are any.
    Keep,
    /// Delete them too: ECR's `force`.
    Delete,
}

/// What was deleted.
#[derive(Clone, Debug)]
pub struct Output {
    /// The repository in its last state.
    pub repository: Arc<Repository>,
}

/// What can go wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No such repository.
    #[error(transparent)]
    RepositoryNotFound(#[from] RepositoryNotFound),
    /// It has images.
    #[error(transparent)]
    NotEmpty(#[from] RepositoryNotEmpty),
}

/// Deletes the repository. Layers that no image uses do not keep it (unconfirmed).
pub fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: &Input) -> Result<Output, Error> {
    let repository = Arc::clone(registry.repository(&input.name)?);
    if input.images == Images::Keep && !repository.images().is_empty() {
        return Err(RepositoryNotEmpty { repository: input.name.clone(), registry_id: registry.id() }.into());
    }
    registry.repositories.remove(&input.name);
    let uploads = repository.uploads().keys().cloned();
    cx.effects.extend(uploads.map(|upload| Effect::UploadAbandoned { upload }));
    Ok(Output { repository })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::testing::{image_of, index_of, link, name, push, with, with_repository};

    #[test]
    fn c_110_c_111_images_keep_a_repository_and_nothing_else_does() {
        let mut registry = with_repository();
        link(&mut registry, &["{}", "layer"]);
        let image = image_of("{}", &["layer"], "");
        push(&mut registry, &image, None).unwrap();
        push(&mut registry, &index_of(&[&image], ""), None).unwrap();
        let mut delete = |images: Images| {
            with(|cx| apply(&mut registry, cx, &Input { name: name("team/app"), images }))
                .map(|output| output.repository)
        };
        assert!(matches!(delete(Images::Keep), Err(Error::NotEmpty(_))));
        assert_eq!(delete(Images::Delete).unwrap().images().len(), 2);
        assert!(matches!(delete(Images::Delete), Err(Error::RepositoryNotFound(_))));

        let mut registry = with_repository();
        link(&mut registry, &["unused"]);
        let input = Input { name: name("team/app"), images: Images::Keep };
        assert!(with(|cx| apply(&mut registry, cx, &input)).is_ok());
    }
}
