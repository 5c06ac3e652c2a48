//! Spools a reader of unknown length to a temporary file, from which it is uploaded like any other.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::reader::{Reader, cannot_read};
use crate::error::{Error, Result};
use crate::transfer::engine::runtime::Context;
use crate::transfer::handle::Shared;
use crate::transfer::local::descriptors::DescriptorLease;
use crate::transfer::local::source_file::SourceFile;

/// Bytes read at once.
const BLOCK: usize = 256 * 1024;

/// Copies all bytes of the reader to a file in this folder. The file has no name, so nothing remains of it if the process is killed.
pub(super) async fn spool(
    mut reader: Reader,
    name: &str,
    folder: PathBuf,
    context: &Context,
    shared: &Shared,
) -> Result<(Arc<SourceFile>, DescriptorLease)> {
    let cannot_write = {
        let shown = folder.display().to_string();
        move |error| {
            Error::io(format!("cannot spool the bytes to upload in `{shown}`"), error)
                .with_hint("`spool_folder` sets another folder, and `size` uploads from memory")
        }
    };
    let create = {
        let cannot_write = cannot_write.clone();
        move || tempfile::tempfile_in(&folder).map_err(&cannot_write)
    };
    let (file, lease) = context.descriptors.open(&shared.stop, create, |file| file).await?;
    let mut file = tokio::fs::File::from_std(file);
    let mut block = vec![0; BLOCK];
    let copy = async {
        loop {
            shared.running().await;
            let length = reader.0.read(&mut block).await.map_err(cannot_read)?;
            if length == 0 {
                return file.flush().await.map_err(&cannot_write);
            }
            file.write_all(&block[..length]).await.map_err(&cannot_write)?;
        }
    };
    tokio::select! {
        copied = copy => copied?,
        () = shared.stop.cancelled() => return Err(Error::cancelled()),
    }
    let source = SourceFile::of(file.into_std().await, PathBuf::from(name)).map_err(cannot_write)?;
    Ok((Arc::new(source), lease))
}
