//! The bytes of an upload on their way, for both surfaces: a place for them, the way back to it, and its end.
//!
//! What may come and how much of it counts is the model's; this only keeps the model's upload and its bytes together, so
//! that neither is left behind without the other.

use super::call::Call;
use crate::blobs::StoreError;
use crate::daemon::UploadBytes;
use crate::registry::Caller;
use crate::registry::ops::cancel_upload;
use crate::registry::types::{RegistryKey, RepositoryName, UploadId};
use crate::wire_errors::{BlobUploadUnknown, Failure, ServerFault, TooManyUploads};

/// An upload that the model knows, as one call sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UploadSession<'a> {
    /// The call.
    pub(crate) call: &'a Call,
    /// Registry of the upload.
    pub(crate) registry: &'a RegistryKey,
    /// Who calls.
    pub(crate) caller: &'a Caller,
    /// Repository of the upload.
    pub(crate) repository: &'a RepositoryName,
    /// The upload.
    pub(crate) upload: &'a UploadId,
}

impl UploadSession<'_> {
    fn incarnation(&self) -> u64 {
        self.call.world.identity().incarnation
    }

    /// Makes a place for the bytes of an upload that was just opened; without one the upload is dropped again.
    pub(crate) fn open(&self) -> Result<(), Failure> {
        let daemon = &self.call.daemon;
        if let Err(most) = daemon.uploads.open(self.incarnation(), self.upload.clone(), daemon.blobs.begin()) {
            self.forget();
            return Err(TooManyUploads(most).into());
        }
        if self.call.world.ended().is_cancelled() {
            // The world ended after its sessions were closed, so nobody else will close this one.
            self.close();
        }
        Ok(())
    }

    /// The bytes so far. A fork knows the uploads of its parent, but their bytes belong to the parent.
    pub(crate) fn bytes(&self) -> Result<UploadBytes, Failure> {
        let found = self.call.daemon.uploads.find(self.incarnation(), self.upload);
        found.ok_or_else(|| BlobUploadUnknown(self.upload.to_string()).into())
    }

    /// Frees the bytes of an upload that is over.
    pub(crate) fn close(&self) {
        self.call.daemon.uploads.close(self.incarnation(), self.upload);
    }

    /// Drops an upload that came to nothing, with its bytes.
    pub(crate) fn forget(&self) {
        let input = cancel_upload::Input { repository: self.repository.clone(), upload_id: self.upload.clone() };
        // It may be gone with its repository already, which is what is wanted.
        let _ = self.call.write(|live| {
            live.on_registry(self.registry, self.caller, self.call.record, |registry, cx| {
                cancel_upload::apply(registry, cx, &input)
            })
        });
        self.close();
    }
}

/// Forgets an upload when dropped, unless told that it ended well: also when its caller goes away while the bytes are
/// verified, which nobody could go on from.
pub(crate) struct Ending<'a>(Option<UploadSession<'a>>);

impl<'a> Ending<'a> {
    /// From here on the bytes are taken out of the session.
    pub(crate) fn of(session: UploadSession<'a>) -> Self {
        Self(Some(session))
    }

    /// The upload became a blob.
    pub(crate) fn well(mut self) {
        if let Some(session) = self.0.take() {
            session.close();
        }
    }
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        if let Some(session) = self.0.take() {
            session.forget();
        }
    }
}

/// What a caller is told when its bytes cannot be kept.
pub(crate) fn store_failure(error: &StoreError) -> Failure {
    ServerFault(format!("The fixture cannot store these bytes: {error}")).into()
}
