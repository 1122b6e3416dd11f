//! `InitiateLayerUpload`, and `POST …/blobs/uploads/`: opens an upload.
//!
//! Source: <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_InitiateLayerUpload.html>

use crate::registry::context::{Context, Effect};
use crate::registry::errors::RepositoryNotFound;
use crate::registry::limits;
use crate::registry::state::Registry;
use crate::registry::types::{RepositoryName, UploadId};
use crate::registry::upload::Upload;

/// Where to upload to.
#[derive(Clone, Debug)]
pub struct Input {
    /// The repository.
    pub repository: RepositoryName,
}

/// The open upload.
#[derive(Clone, Debug)]
pub struct Output {
    /// Its id, a new UUID.
    pub upload_id: UploadId,
    /// Bytes that ECR suggests for a part.
    pub part_size: u64,
}

/// Opens an upload. Those of the repository that have expired go, so that whoever keeps their bytes can free them.
pub fn apply(registry: &mut Registry, cx: &mut Context<'_>, input: &Input) -> Result<Output, RepositoryNotFound> {
    let repository = registry.repository_mut(&input.repository)?;
    let expired = repository.uploads().iter().filter(|(_, upload)| upload.has_expired(cx.now));
    for upload in expired.map(|(id, _)| id.clone()).collect::<Vec<_>>() {
        repository.uploads_mut().remove(&upload);
        cx.effects.push(Effect::UploadAbandoned { upload });
    }
    let upload_id = UploadId(cx.ids.uuid().into());
    repository.uploads_mut().insert(upload_id.clone(), Upload::new(cx.now));
    cx.effects.push(Effect::UploadOpened { repository: input.repository.clone(), upload: upload_id.clone() });
    Ok(Output { upload_id, part_size: limits::LAYER_PART_SUGGESTED_BYTES })
}

#[cfg(test)]
mod tests {
    use super::super::{append_upload, upload_status};
    use super::*;
    use crate::registry::testing::{NOON, at, name, with_repository};
    use crate::registry::types::Timestamp;

    #[test]
    fn c_059_unconfirmed_an_upload_expires_and_goes_when_the_next_is_opened() {
        let mut registry = with_repository();
        let repository = name("team/app");
        let open = |registry: &mut Registry, now: Timestamp, id: &str| {
            at(now, |cx| {
                let input = Input { repository: repository.clone() };
                let opened = apply(registry, cx, &input).unwrap().upload_id;
                // Ids start anew with each context.
                let repository = registry.repository_mut(&repository).unwrap();
                let upload = repository.uploads_mut().remove(&opened).unwrap();
                repository.uploads_mut().insert(UploadId(id.into()), upload);
                cx.effects.iter().filter_map(Effect::abandoned_upload).map(ToString::to_string).collect::<Vec<_>>()
            })
        };
        let halfway = NOON.plus(limits::UPLOAD_LIFE / 2);
        let later = NOON.plus(limits::UPLOAD_LIFE);
        assert!(open(&mut registry, NOON, "idle").is_empty());
        assert!(open(&mut registry, NOON, "busy").is_empty());
        let (repository, upload_id) = (repository.clone(), UploadId("busy".into()));
        let bytes = append_upload::Input { repository: repository.clone(), upload_id, first_byte: None };
        at(halfway, |cx| append_upload::apply(&mut registry, cx, &bytes, 7, append_upload::ChunkEnd::Whole)).unwrap();

        let is_open = |registry: &Registry, id: &str, now: Timestamp| {
            let status = upload_status::Input { repository: repository.clone(), upload_id: UploadId(id.into()) };
            upload_status::apply(registry, &status, now).is_ok()
        };
        assert!(is_open(&registry, "idle", halfway) && is_open(&registry, "busy", later));
        assert!(!is_open(&registry, "idle", later) && !is_open(&registry, "busy", halfway.plus(limits::UPLOAD_LIFE)));
        assert_eq!(open(&mut registry, later, "next"), ["idle"]);
        assert_eq!(registry.repository(&repository).unwrap().uploads().len(), 2);
    }
}
