//! Uploads the bytes of a reader whose length is known, from memory.

use std::fmt;
use std::pin::pin;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::task::JoinSet;

use super::dropped::PartError;
use super::protocol::{self, NewUpload};
use super::uploaded::Uploaded;
use super::worker::{Worker, sent};
use crate::error::{Error, ErrorKind, Result};
use crate::transfer::engine::runtime::Context;
use crate::transfer::handle::Shared;
use crate::transfer::local::source_file::PartContent;
use crate::transfer::part_size;
use crate::transfer::upload::plan::UploadDestination;
use crate::types;

/// Part bytes held in memory at once, so that they can be sent again.
const IN_MEMORY: u64 = 48 * 1024 * 1024;

/// A reader, which can be read only once.
pub(super) struct Reader(pub(super) Box<dyn AsyncRead + Send + Unpin>);

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reader")
    }
}

/// Runs the whole upload of `size` bytes from `reader`.
pub(super) async fn run(
    reader: Reader,
    request: NewUpload,
    destination: UploadDestination,
    context: Context,
    shared: Arc<Shared>,
) -> Result<Uploaded> {
    let stop = shared.stop.clone();
    let (route, given) = tokio::select! {
        begun = protocol::begin(&context.api, &destination, &request) => begun?,
        () = stop.cancelled() => return Err(Error::cancelled()),
    };
    let given = given.and_then(|size| u64::try_from(size).ok()).filter(|size| *size > 0);
    let part_size = given.unwrap_or(request.part_size);
    let job = Arc::new(Worker::bare(context, shared, route));
    let mut workers = JoinSet::new();
    let result = tokio::select! {
        result = send_all(&job, reader, &request, part_size, &mut workers) => result,
        () = stop.cancelled() => Err(Error::cancelled().into()),
    };
    workers.shutdown().await;
    if result.is_err() {
        // The bytes already read are gone, so the upload cannot resume.
        job.route.abort().await;
    }
    match result {
        Ok(file) => Ok(Uploaded { file, bytes: request.size, resumed: 0, started_over: None }),
        Err(PartError::Failed(error)) => Err(error),
        Err(PartError::Dropped(error)) => {
            let message = "the storage dropped the upload, and what was read before cannot be read again";
            let status = error.status();
            let dropped = Error::new(ErrorKind::Storage, message).with_source(error);
            Err(status.into_iter().fold(dropped, Error::with_status))
        }
    }
}

async fn send_all(
    job: &Arc<Worker>,
    mut reader: Reader,
    request: &NewUpload,
    part_size: u64,
    workers: &mut JoinSet<Result<(), PartError>>,
) -> Result<types::File, PartError> {
    let size = request.size;
    if size.div_ceil(part_size) > part_size::MOST_PARTS {
        let message = format!("the platform requires parts of {part_size} bytes, too small for {size} bytes");
        return Err(Error::new(ErrorKind::UnexpectedResponse, message).into());
    }
    let parts = size.div_ceil(part_size).max(1);
    job.shared.counters.plan(size, usize::try_from(parts).unwrap_or(usize::MAX));
    let at_once = usize::try_from(IN_MEMORY / part_size).unwrap_or(usize::MAX).max(1);
    let mut number = 0;
    let mut left = size;
    while number == 0 || left > 0 {
        number += 1;
        while workers.len() >= at_once {
            job.join_one(workers).await?;
        }
        job.shared.running().await;
        let length = left.min(part_size);
        let bytes = {
            let mut reading = pin!(read_part(&mut reader, length, size));
            loop {
                tokio::select! {
                    biased;
                    // A failed part ends the upload without waiting for the next bytes, which may take a while.
                    Some(done) = workers.join_next() => sent(done)?,
                    bytes = &mut reading => break bytes?,
                }
            }
        };
        left -= length;
        job.spawn(number, PartContent::Memory(bytes), workers).await?;
    }
    // The writer may not close after the announced bytes, so excess bytes are detected only if they arrive before all parts are sent.
    let mut more = [0];
    tokio::select! {
        biased;
        read = reader.0.read(&mut more) => {
            if read.map_err(cannot_read)? > 0 {
                let message = format!("the reader has more than the {size} bytes that `size()` announced");
                return Err(Error::new(ErrorKind::Integrity, message).into());
            }
        }
        joined = job.join(workers) => joined?,
    }
    job.join(workers).await?;
    Ok(job.complete(number, &request.name, size).await?)
}

async fn read_part(reader: &mut Reader, length: u64, size: u64) -> Result<Bytes> {
    let length = usize::try_from(length).map_err(|_| Error::invalid("a part does not fit into memory"))?;
    let mut bytes = BytesMut::zeroed(length);
    reader.0.read_exact(&mut bytes).await.map_err(|error| match error.kind() {
        std::io::ErrorKind::UnexpectedEof => {
            let message = format!("the reader ended before the {size} bytes that `size()` announced");
            Error::new(ErrorKind::Integrity, message)
        }
        _ => cannot_read(error),
    })?;
    Ok(bytes.freeze())
}

pub(super) fn cannot_read(error: std::io::Error) -> Error {
    Error::io("cannot read the bytes to upload", error)
}
