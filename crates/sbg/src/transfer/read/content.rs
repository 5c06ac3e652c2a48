//! Reads a small file into memory in one piece.

use std::future::IntoFuture;

use bytes::Bytes;
use futures::future::BoxFuture;

use super::stream::read_all;
use crate::drs::DrsObjectHandle;
use crate::error::{Error, Result};
use crate::files::FileHandle;
use crate::transfer::download::source::Remote;

/// Default size limit.
const LIMIT: u64 = 64 << 20;

impl FileHandle {
    /// Reads a small file into memory: `.await` it, or set another [`limit`](Content::limit) first. For large files use
    /// [`download`](Self::download).
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, id: String) -> sbg::Result<()> {
    /// let content = client.file(id).content().await?;
    /// println!("{}", String::from_utf8_lossy(&content));
    /// # Ok(())
    /// # }
    /// ```
    pub fn content(&self) -> Content {
        Content { remote: Remote::File(self.clone()), limit: LIMIT }
    }
}

impl DrsObjectHandle {
    /// Reads a small object into memory, as [`FileHandle::content`] does. Its checksums are not verified.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let content = client.drs_object("drs://caninedc.org/b-form").content().await?;
    /// println!("{} bytes", content.len());
    /// # Ok(())
    /// # }
    /// ```
    pub fn content(&self) -> Content {
        Content { remote: Remote::Drs(self.clone()), limit: LIMIT }
    }
}

/// A pending read of a small file.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let text = client.file("567890abc9b0307bc0414164").content().await?;
/// println!("{} bytes", text.len());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is read until it is awaited"]
pub struct Content {
    remote: Remote,
    limit: u64,
}

impl Content {
    /// Size limit in bytes, at least 1; 64 MiB by default. A larger file is refused before its content is held in memory.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let content = client.file("567890abc9b0307bc0414164").content().limit(1 << 20);
    /// # }
    /// ```
    pub fn limit(mut self, bytes: u64) -> Self {
        self.limit = bytes;
        self
    }

    /// Reads the content. The same as `.await`.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let text = client.file("567890abc9b0307bc0414164").content().send().await?;
    /// println!("{} bytes", text.len());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// A malformed id, a folder or a limit of 0, before anything is sent; [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for
    /// a file that is larger than the limit; or any error of the calls, with code 5017 for a folder.
    pub async fn send(self) -> Result<Bytes> {
        let Self { remote, limit } = self;
        if limit == 0 {
            return Err(Error::invalid("the limit must be at least 1 byte"));
        }
        remote.check("read")?;
        read_all(remote, limit).await
    }
}

impl IntoFuture for Content {
    type Output = Result<Bytes>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}
