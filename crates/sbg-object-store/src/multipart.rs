//! Multipart uploads: collected in a temporary file, and sent when they are complete.

use std::fs::File;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::sync::Arc;

use async_trait::async_trait;
use futures::FutureExt as _;
use object_store::path::Path;
use object_store::{MultipartUpload, PutPayload, PutResult, Result, UploadPart};
use parking_lot::Mutex;
use tempfile::NamedTempFile;

use crate::error::generic;
use crate::tree::Tree;
use crate::upload::finished;

/// An upload of parts. Dropping it deletes what was collected; the platform does not know of it before it is complete.
#[derive(Debug)]
pub(crate) struct Parts {
    tree: Arc<Tree>,
    location: Path,
    /// `None` once it is complete or aborted.
    collected: Option<Collected>,
}

#[derive(Debug)]
struct Collected {
    file: NamedTempFile,
    writer: Arc<Mutex<File>>,
    /// Bytes of all parts so far.
    size: u64,
    /// Bytes that are written. Parts may be polled in any order, or not at all.
    written: Arc<Mutex<u64>>,
}

impl Parts {
    pub(crate) fn new(tree: Arc<Tree>, location: Path) -> Result<Self> {
        let file = NamedTempFile::new().map_err(generic)?;
        let writer = Arc::new(Mutex::new(file.reopen().map_err(generic)?));
        let collected = Some(Collected { file, writer, size: 0, written: Arc::default() });
        Ok(Self { tree, location, collected })
    }
}

#[async_trait]
impl MultipartUpload for Parts {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        let Some(collected) = &mut self.collected else {
            return futures::future::ready(Err(generic("the upload is complete or aborted"))).boxed();
        };
        let offset = collected.size;
        collected.size += data.content_length() as u64;
        let (writer, written) = (collected.writer.clone(), collected.written.clone());
        let write = move || {
            let mut file = writer.lock();
            file.seek(SeekFrom::Start(offset))?;
            data.iter().try_for_each(|bytes| file.write_all(bytes))?;
            *written.lock() += data.content_length() as u64;
            std::io::Result::Ok(())
        };
        async move { tokio::task::spawn_blocking(write).await.map_err(generic)?.map_err(generic) }.boxed()
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let Some(collected) = self.collected.take() else {
            return Err(generic("the upload is complete or aborted"));
        };
        let written = *collected.written.lock();
        if written != collected.size {
            let message =
                format!("{written} of {} bytes were put: a part failed or was not awaited", collected.size);
            return Err(generic(message));
        }
        let (destination, name) = self.tree.destination(&self.location).await?;
        let upload =
            self.tree.client().upload(collected.file.path()).to(destination).name(name).overwrite(true);
        let put = finished(upload.start(), &self.location).await?;
        self.tree.forget(&self.location);
        Ok(put)
    }

    async fn abort(&mut self) -> Result<()> {
        self.collected = None;
        Ok(())
    }
}
