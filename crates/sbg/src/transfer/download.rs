//! Downloads a file of the platform to a local file, in parallel ranges.

mod downloaded;
mod journal;
mod plan;
pub(super) mod probe;
mod ranges;
mod resume;
pub(super) mod sequential;
pub(super) mod signed_url;
pub(super) mod source;
mod whole;
mod worker;

#[cfg(fuzzing)]
pub use journal::fuzz as fuzz_journal;

use std::future::IntoFuture;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use futures::future::BoxFuture;

use self::plan::Plan;
use self::source::Remote;
use super::digest::{Algorithm, Digest, VerifiedAgainst};
use super::engine::runtime::Context;
use super::handle::{Shared, Transfer};
use super::local::folder::Folder;
use crate::drs::DrsObjectHandle;
use crate::error::{Error, Result};
use crate::files::FileHandle;

pub use downloaded::Downloaded;
pub(super) use downloaded::Fingerprints;

impl FileHandle {
    /// Downloads the file to `path`: `.await` it, or [`start`](Download::start) it to watch it.
    ///
    /// The bytes are written to `PATH.sbg-part`, which is renamed when it is complete. Interrupted downloads resume: the next download to
    /// the same path continues where this one stopped, failed or was killed. Files under 16 MiB are not journaled and restart from zero.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let done = client.file("567890abc9b0307bc0414164").download("pattern-51.fastq").await?;
    /// println!("{} bytes in {}", done.bytes, done.path.display());
    /// # Ok(())
    /// # }
    /// ```
    pub fn download(&self, path: impl Into<PathBuf>) -> Download {
        Download::new(Remote::File(self.clone()), path.into())
    }
}

impl DrsObjectHandle {
    /// Downloads the object to `path`, as [`FileHandle::download`] does: in parallel, resumable, with a new URL when one expires.
    ///
    /// The size of the object and its checksums (MD5, SHA-256 and CRC-32C) are verified; with another one the download fails with
    /// [`ErrorKind::Integrity`](crate::ErrorKind::Integrity) and leaves no file.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let done = client.drs_object("drs://caninedc.org/b-form").download("b-form.bam").await?;
    /// println!("{} bytes, verified: {:?}", done.bytes, done.verified);
    /// # Ok(())
    /// # }
    /// ```
    pub fn download(&self, path: impl Into<PathBuf>) -> Download {
        Download::new(Remote::Drs(self.clone()), path.into())
    }
}

/// A download to start.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let done = client.file("567890abc9b0307bc0414164").download("reads.bam").await?;
/// println!("{} bytes in {}", done.bytes, done.path.display());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is downloaded until it is started or awaited"]
pub struct Download {
    remote: Remote,
    path: PathBuf,
    root: Option<Arc<Folder>>,
    overwrite: bool,
    digests: Vec<Algorithm>,
    expected: Vec<Digest>,
    size: Option<u64>,
    modified: Option<SystemTime>,
}

impl Download {
    fn new(remote: Remote, path: PathBuf) -> Self {
        Self {
            remote,
            path,
            root: None,
            overwrite: false,
            digests: Vec::new(),
            expected: Vec::new(),
            size: None,
            modified: None,
        }
    }

    /// Whether an existing file is replaced. If not, the download fails. `false` by default.
    ///
    /// The old file stays until the new one is complete.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let download = client.file("567890abc9b0307bc0414164").download("reads.bam").overwrite(true);
    /// # }
    /// ```
    pub fn overwrite(mut self, overwrite: bool) -> Self {
        self.overwrite = overwrite;
        self
    }

    /// Also computes this digest, which reads the file once more.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// use sbg::transfer::Algorithm;
    ///
    /// let download = client.file("567890abc9b0307bc0414164").download("reads.bam").digest(Algorithm::Sha256);
    /// # }
    /// ```
    pub fn digest(mut self, algorithm: Algorithm) -> Self {
        self.digests.push(algorithm);
        self
    }

    /// Fails with [`ErrorKind::Integrity`](crate::ErrorKind::Integrity), and leaves no file, if the file has another digest.
    ///
    /// ```
    /// # fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let download = client.file("567890abc9b0307bc0414164").download("reads.bam").expect("md5:900150983cd24fb0d6963f7d28e17f72".parse()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn expect(mut self, digest: Digest) -> Self {
        self.expected.push(digest);
        self
    }

    /// Fails with [`ErrorKind::Integrity`](crate::ErrorKind::Integrity), and leaves no file, if the file has another size.
    ///
    /// ```
    /// # fn example(client: sbg::Client, file: sbg::types::File) {
    /// let mut download = client.file(&file.id).download("reads.bam");
    /// if let Some(size) = file.size.and_then(|size| u64::try_from(size).ok()) {
    ///     download = download.expect_size(size);
    /// }
    /// # }
    /// ```
    pub fn expect_size(mut self, bytes: u64) -> Self {
        self.size = Some(bytes);
        self
    }

    /// Confines the file to this folder: no link in its path is followed.
    pub(super) fn inside(mut self, root: &Arc<Folder>) -> Self {
        self.root = Some(root.clone());
        self
    }

    /// Starts the download on the threads of the transfer engine.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let download = client.file("567890abc9b0307bc0414164").download("reads.bam").start();
    /// println!("{} bytes", download.wait().await?.bytes);
    /// # Ok(())
    /// # }
    /// ```
    pub fn start(self) -> Transfer<Downloaded> {
        Transfer::start(self.remote.engine(), move |context, shared| self.run(context, shared))
    }

    /// The modification time of the local file; the time of the download if not set.
    pub(super) fn modified(mut self, modified: Option<SystemTime>) -> Self {
        self.modified = modified;
        self
    }

    async fn run(self, context: Context, shared: Arc<Shared>) -> Result<Downloaded> {
        Ok(self.run_recorded(context, shared).await?.0)
    }

    /// Runs the download as part of a batch. Also returns the fingerprints of both files.
    pub(super) async fn run_recorded(
        self,
        context: Context,
        shared: Arc<Shared>,
    ) -> Result<(Downloaded, Fingerprints)> {
        let Self { remote, path, root, overwrite, digests, expected, size, modified } = self;
        remote.check("downloaded")?;
        let shown = path.display().to_string();
        let run = async {
            let located = tokio::select! {
                located = remote.locate(&context, "downloaded") => located?,
                () = shared.stop.cancelled() => return Err(Error::cancelled()),
            };
            let expected = expected.into_iter().map(|digest| (digest, VerifiedAgainst::Expected));
            let listed = located.digests.into_iter().map(|digest| (digest, VerifiedAgainst::DrsServer));
            let plan = Plan {
                source: located.identity,
                path,
                root,
                overwrite,
                digests,
                expected: expected.chain(listed).collect(),
                size: size.or(located.size),
                modified,
            };
            worker::run(plan, located.urls, context.clone(), shared.clone()).await
        };
        run.await.map_err(|error| error.of_transfer(|| format!("cannot download `{shown}`")))
    }
}

impl IntoFuture for Download {
    type Output = Result<Downloaded>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        self.start().into_future()
    }
}
