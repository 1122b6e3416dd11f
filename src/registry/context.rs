//! What an operation is handed besides the registry: the time, the caller, fresh ids, and a place for what follows from it.

use std::sync::Arc;

use super::secrets::SecretState;
use super::types::{AccountId, Digest, RepositoryName, Tag, Timestamp, UploadId};
use super::work::Work;

/// A source of fresh identifiers.
pub trait Ids {
    /// A UUID that was never given before, in text.
    fn uuid(&mut self) -> String;
}

/// Who calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Account of the caller; not always that of the registry.
    pub account: AccountId,
    /// ARN of the principal.
    pub arn: Arc<str>,
}

/// What surrounds one operation.
pub struct Context<'a> {
    /// Time of the operation; every timestamp that it writes.
    pub now: Timestamp,
    /// Who calls.
    pub caller: Caller,
    /// Fresh ids.
    pub ids: &'a mut dyn Ids,
    /// The world around the registry.
    pub surroundings: &'a dyn Surroundings,
    /// What the operation caused, in order; empty after an error.
    pub effects: Vec<Effect>,
    /// Set by an operation that can change something and, this time, left everything as it was: its call is then no write,
    /// takes no revision, and leaves a frozen clock where it is.
    pub changed_nothing: bool,
}

impl<'a> Context<'a> {
    /// A context in which nothing has happened yet, of a world that declares nothing.
    pub fn new(now: Timestamp, caller: Caller, ids: &'a mut dyn Ids) -> Self {
        Self { now, caller, ids, surroundings: &NoSurroundings, effects: Vec::new(), changed_nothing: false }
    }

    /// The same in a world.
    pub fn within(self, surroundings: &'a dyn Surroundings) -> Self {
        Self { surroundings, ..self }
    }
}

/// What of the world beyond one registry an operation may ask about.
pub trait Surroundings {
    /// Every action of ECR that a policy may name, without `ecr:`.
    fn actions(&self) -> &[&'static str];

    /// Whether the world declares an upstream registry at this host, whatever ECR knows of it.
    fn declares_upstream(&self, host: &str) -> bool;

    /// What the world says of the Secrets Manager secret of this ARN; nothing, unless it declares secrets.
    fn secret(&self, _arn: &str) -> SecretState {
        SecretState::Undeclared
    }
}

/// A world that declares nothing, for operations that read no policy.
#[derive(Clone, Copy, Debug)]
pub struct NoSurroundings;

impl Surroundings for NoSurroundings {
    fn actions(&self) -> &[&'static str] {
        &[]
    }

    fn declares_upstream(&self, _host: &str) -> bool {
        false
    }
}

/// Something that a world may have to act on: pushes become replication tasks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// An image arrived, or a tag was put on one, by a push. Copies made by replication, pull-through and seeding cause
    /// none, which is why replication never chains.
    ImagePushed {
        /// Repository pushed to.
        repository: RepositoryName,
        /// Image pushed.
        digest: Digest,
        /// Tag pushed with it.
        tag: Option<Tag>,
    },
    /// A tag was taken away, or an image that had none. One for each entry that `BatchDeleteImage` answers.
    ImageDeleted {
        /// Repository deleted from.
        repository: RepositoryName,
        /// The image.
        digest: Digest,
        /// Tag that went.
        tag: Option<Tag>,
    },
    /// A backfill was begun, which the world has to run, since it takes two registries.
    BackfillBegun {
        /// Its id.
        id: Arc<str>,
    },
    /// Work is under way that the world has to end in its time.
    WorkBegun(Work),
    /// An upload was opened; whoever keeps bytes has to make a place for its.
    UploadOpened {
        /// Repository that it is for.
        repository: RepositoryName,
        /// Its id.
        upload: UploadId,
    },
    /// An upload went with its repository or with its time; its bytes may go.
    UploadAbandoned {
        /// Its id.
        upload: UploadId,
    },
}

impl Effect {
    /// Whether it is for whoever keeps the bytes of uploads.
    pub fn is_about_upload(&self) -> bool {
        matches!(self, Self::UploadOpened { .. } | Self::UploadAbandoned { .. })
    }

    /// The upload whose bytes may go.
    pub fn abandoned_upload(&self) -> Option<&UploadId> {
        match self {
            Self::UploadAbandoned { upload } => Some(upload),
            Self::ImagePushed { .. }
            | Self::ImageDeleted { .. }
            | Self::BackfillBegun { .. }
            | Self::WorkBegun(_)
            | Self::UploadOpened { .. } => None,
        }
    }
}
