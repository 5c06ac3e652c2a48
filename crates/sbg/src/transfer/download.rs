//! Downloads: a file of the platform to a local file, in parallel ranges.

use std::collections::VecDeque;
use std::future::IntoFuture;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::BoxFuture;
use sbg_raw::ClientFilesExt as _;
use tokio::task::JoinSet;

use super::engine::Tools;
use super::handle::{Shared, Transfer};
use super::plan;
use super::storage::{self, Identity, RangeBody, Trouble};
use super::target::Target;
use crate::error::{Error, ErrorKind, Result};
use crate::files::FileHandle;
use crate::ids::check_segment;

/// Ranges of one file that are fetched at once.
const CONNECTIONS: usize = 8;

/// Length of the first range, which is asked for before the size of the file is known.
const FIRST_RANGE: u64 = 8 * 1024 * 1024;

impl FileHandle {
    /// Downloads the file to `path`: `.await` it, or [`start`](Download::start) it to watch it.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let done = client.file("567890abc9b0307bc0414164").download("pattern-51.fastq").await?;
    /// println!("{} bytes in {}", done.bytes, done.path.display());
    /// # Ok(())
    /// # }
    /// ```
    pub fn download(&self, path: impl Into<PathBuf>) -> Download {
        Download { file: self.clone(), path: path.into(), overwrite: false }
    }
}

/// A download to start.
#[derive(Clone, Debug)]
#[must_use = "nothing is downloaded until it is started or awaited"]
pub struct Download {
    file: FileHandle,
    path: PathBuf,
    overwrite: bool,
}

/// A download that is done.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Downloaded {
    /// Where the file is.
    pub path: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
}

impl Download {
    /// Whether a file that is there already is replaced; when it is not, the download is refused. `false` by default.
    ///
    /// The old file stays until the new one is complete.
    pub fn overwrite(mut self, overwrite: bool) -> Self {
        self.overwrite = overwrite;
        self
    }

    /// Starts the download on the threads of the transfer engine.
    pub fn start(self) -> Transfer<Downloaded> {
        let engine = self.file.client.engine();
        let tools = engine.tools();
        let Self { file, path, overwrite } = self;
        Transfer::start(engine, move |shared| async move {
            check_segment("file id", file.id())?;
            let target = Arc::new(Target::create(&path, overwrite)?);
            let url = SignedUrl {
                tools: tools.clone(),
                file_id: file.id().to_owned(),
                current: tokio::sync::Mutex::default(),
            };
            let stop = shared.stop.clone();
            let job = Arc::new(Job { tools, url, target, shared });
            let mut workers = JoinSet::new();
            let result = tokio::select! {
                result = job.run(&mut workers) => result,
                () = stop.cancelled() => Err(Error::cancelled()),
            };
            // The workers hold the file: it can be finished, or cleared away, only when they are gone.
            workers.shutdown().await;
            let bytes = result?;
            let job = Arc::into_inner(job).ok_or_else(Error::cancelled)?;
            let target = Arc::into_inner(job.target).ok_or_else(Error::cancelled)?;
            Ok(Downloaded { path: target.finish(bytes)?, bytes })
        })
    }
}

impl IntoFuture for Download {
    type Output = Result<Downloaded>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        self.start().into_future()
    }
}

/// The signed address of a file, renewed once however many workers find it expired.
#[derive(Debug)]
struct SignedUrl {
    tools: Tools,
    file_id: String,
    current: tokio::sync::Mutex<(u32, Option<Arc<str>>)>,
}

impl SignedUrl {
    /// The address and its generation.
    async fn get(&self) -> Result<(u32, Arc<str>)> {
        let mut current = self.current.lock().await;
        if let (generation, Some(url)) = &*current {
            return Ok((*generation, url.clone()));
        }
        let url: Arc<str> = self.fetch().await?.into();
        current.1 = Some(url.clone());
        Ok((current.0, url))
    }

    /// Makes the next [`get`](Self::get) fetch another address, unless somebody else has done so already.
    async fn expire(&self, generation: u32) {
        let mut current = self.current.lock().await;
        if current.0 == generation {
            *current = (generation + 1, None);
        }
    }

    async fn fetch(&self) -> Result<String> {
        let call = self.tools.api.file_download_info().file_id(&*self.file_id);
        Ok(call.send().await?.into_inner().url)
    }
}

/// A download under way.
#[derive(Debug)]
struct Job {
    tools: Tools,
    url: SignedUrl,
    target: Arc<Target>,
    shared: Arc<Shared>,
}

impl Job {
    /// Fetches everything and gives the size of the file.
    async fn run(self: &Arc<Self>, workers: &mut JoinSet<Result<()>>) -> Result<u64> {
        let Some((identity, first, body)) = self.probe().await? else {
            self.shared.counters.plan(0, 0);
            return Ok(0);
        };
        let size = identity.size;
        self.target.reserve(size)?;
        let rest: VecDeque<_> = plan::parts(first.end..size, plan::download_part_size(size)).collect();
        self.shared.counters.plan(size, rest.len() + 1);
        let helpers = rest.len().min(CONNECTIONS - 1);
        let identity = Arc::new(identity);
        let queue = Arc::new(Mutex::new(rest));
        let mut begun = Some((first, body));
        for _ in 0..=helpers {
            let (job, identity, queue, begun) = (self.clone(), identity.clone(), queue.clone(), begun.take());
            workers.spawn(async move {
                if let Some((range, body)) = begun {
                    job.fetch(range, &identity, Some(body)).await?;
                }
                loop {
                    let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                    match next {
                        Some(range) => job.fetch(range, &identity, None).await?,
                        None => return Ok(()),
                    }
                }
            });
        }
        while let Some(done) = workers.join_next().await {
            done.map_err(|error| Error::new(ErrorKind::Cancelled, format!("a worker ended: {error}")))??;
        }
        let progress = self.shared.counters.snapshot();
        if progress.bytes != size || progress.parts != progress.parts_total {
            let message = format!(
                "{} of {size} bytes came in {} of {} parts",
                progress.bytes, progress.parts, progress.parts_total
            );
            return Err(Error::new(ErrorKind::Integrity, message));
        }
        Ok(size)
    }

    async fn probe(&self) -> Result<Option<(Identity, Range<u64>, RangeBody)>> {
        let mut retry = Retry::default();
        loop {
            let (generation, url) = self.url.get().await?;
            match storage::probe(&self.tools.storage, &url, FIRST_RANGE).await {
                Ok(found) => return Ok(found),
                Err(trouble) => self.recover(trouble, generation, &mut retry, false).await?,
            }
        }
    }

    /// Fetches a range, from `body` first if it was begun already; after a failure from where it broke.
    async fn fetch(&self, range: Range<u64>, identity: &Identity, mut body: Option<RangeBody>) -> Result<()> {
        let mut at = range.start;
        let mut retry = Retry::default();
        while at < range.end {
            self.shared.running().await;
            let (generation, url) = self.url.get().await?;
            let before = at;
            let attempt = async {
                let mut body = match body.take() {
                    Some(body) => body,
                    None => storage::get_range(&self.tools.storage, &url, &(at..range.end), identity).await?,
                };
                loop {
                    let piece = tokio::select! {
                        piece = body.next() => piece?,
                        // The connection is given up: the range goes on from here after the pause.
                        () = self.shared.pause_wanted() => return Ok(()),
                    };
                    let Some(piece) = piece else { return Ok(()) };
                    self.target.write_at(&piece, at).map_err(Trouble::Final)?;
                    at += piece.len() as u64;
                    self.shared.counters.add_bytes(piece.len() as u64);
                }
            };
            if let Err(trouble) = attempt.await {
                self.recover(trouble, generation, &mut retry, at > before).await?;
            }
        }
        self.shared.counters.part_done();
        Ok(())
    }

    /// Waits before the next attempt, or renews the address, or gives up.
    async fn recover(
        &self,
        trouble: Trouble,
        generation: u32,
        retry: &mut Retry,
        progressed: bool,
    ) -> Result<()> {
        if progressed {
            *retry = Retry::default();
        }
        match trouble {
            Trouble::Final(error) => Err(error),
            Trouble::Refused(error) if retry.renewed => Err(error),
            Trouble::Refused(_) => {
                retry.renewed = true;
                self.url.expire(generation).await;
                Ok(())
            }
            Trouble::Again(error) => {
                retry.failures += 1;
                if retry.failures > storage::MOST_FAILURES {
                    return Err(error.with_attempts(retry.failures));
                }
                tracing::debug!(%error, failures = retry.failures, "a range is fetched again");
                tokio::time::sleep(storage::pause(retry.failures)).await;
                Ok(())
            }
        }
    }
}

/// Failures in a row, without a byte in between.
#[derive(Debug, Default)]
struct Retry {
    failures: u32,
    /// Whether the address was renewed since the last byte: one that is refused again is refused for good.
    renewed: bool,
}
