//! Uploads that are aborted on the platform unless they complete.

use object_store::path::Path;
use object_store::{PutResult, Result};
use sbg::transfer::{Transfer, Uploaded};

use crate::error::mapped;

/// Waits for an upload of a file to this path. If it is dropped before, the upload is aborted: no other process could resume it, since its
/// bytes are those of a writer.
pub(crate) async fn finished(upload: Transfer<Uploaded>, path: &Path) -> Result<PutResult> {
    let upload = Aborting(upload);
    let uploaded = upload.0.wait().await.map_err(|error| mapped(path, error))?;
    Ok(PutResult { e_tag: Some(uploaded.file.id.clone()), version: None })
}

/// A transfer that is aborted when it is dropped, which does nothing if it has completed.
struct Aborting(Transfer<Uploaded>);

impl Drop for Aborting {
    fn drop(&mut self) {
        self.0.abort();
    }
}
