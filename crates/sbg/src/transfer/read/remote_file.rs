//! The blocks of a remote file, shared by all its readers: each is requested once, however many wait for it.

use std::collections::VecDeque;
use std::future::Future;
use std::ops::Range;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot, watch};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::block_cache::BlockCache;
use super::open_file::{OpenFile, PIECE, Source, sliced};
use crate::error::{Error, Result};
use crate::transfer::download::source::Remote;

/// A block that has arrived, or will.
type Coming = watch::Receiver<Option<Result<Bytes>>>;
type Giving = watch::Sender<Option<Result<Bytes>>>;

/// Sizes of the cache.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    /// Bytes of a block.
    pub(super) block_size: u64,
    /// Most blocks in memory.
    pub(super) cache_blocks: usize,
}

/// A remote file and its cached blocks. Dropping it stops its requests.
#[derive(Debug)]
pub(super) struct RemoteFile {
    blocks: Arc<Blocks>,
    stop: CancellationToken,
    _stop: DropGuard,
}

#[derive(Debug)]
struct Blocks {
    file: OpenFile,
    settings: Settings,
    cache: Mutex<BlockCache<Coming>>,
    /// Notified when blocks arrive: from then on they may make room for others.
    arrived: Notify,
}

impl RemoteFile {
    pub(super) fn new(remote: Remote, settings: Settings) -> Self {
        let limit = settings.block_size.saturating_mul(settings.cache_blocks as u64);
        let blocks = Blocks {
            file: OpenFile::new(remote, limit),
            settings,
            cache: Mutex::new(BlockCache::new(settings.cache_blocks)),
            arrived: Notify::new(),
        };
        let stop = CancellationToken::new();
        Self { blocks: Arc::new(blocks), _stop: stop.clone().drop_guard(), stop }
    }

    pub(super) fn settings(&self) -> Settings {
        self.blocks.settings
    }

    /// What is read.
    pub(super) fn remote(&self) -> &Remote {
        &self.blocks.file.remote
    }

    /// The size, if known.
    pub(super) fn size(&self) -> Option<u64> {
        self.blocks.file.size()
    }

    /// The size. Opens the file if it is not known.
    pub(super) async fn known_size(self: Arc<Self>) -> Result<u64> {
        if self.size().is_none() {
            self.clone().block(0, 0..0).await?;
        }
        self.size().ok_or_else(Error::cancelled)
    }

    /// The bytes of a block; fewer than its size at the end of the file, and none beyond it. Requests those `ahead` as well, without
    /// waiting for them.
    pub(super) async fn block(self: Arc<Self>, number: u64, ahead: Range<u64>) -> Result<Bytes> {
        loop {
            let mut arrived = std::pin::pin!(self.blocks.arrived.notified());
            // Registered before the check, so no notification is missed.
            arrived.as_mut().enable();
            let Some(mut coming) = self.requested(number, &ahead)? else {
                // All cached blocks are still on their way.
                arrived.await;
                continue;
            };
            let block = coming.wait_for(Option::is_some).await.ok().and_then(|block| block.clone());
            return block.unwrap_or_else(|| {
                self.blocks.cache.lock().remove(number);
                Err(Error::cancelled())
            });
        }
    }

    /// Requests a block and those ahead of it, unless they are cached; `None` if there is no room for it yet.
    fn requested(&self, number: u64, ahead: &Range<u64>) -> Result<Option<Coming>> {
        let blocks = &self.blocks;
        let end = self.size().map_or(0, |size| size.div_ceil(blocks.settings.block_size));
        let mut new = VecDeque::new();
        let wanted = {
            let mut cache = blocks.cache.lock();
            let present = cache.get(number).cloned();
            let Some(wanted) = present.or_else(|| add(&mut cache, number, &mut new)) else { return Ok(None) };
            for number in ahead.start..ahead.end.min(end) {
                if !cache.contains(number) && add(&mut cache, number, &mut new).is_none() {
                    break;
                }
            }
            wanted
        };
        while let Some(run) = next_run(&mut new, PIECE / blocks.settings.block_size) {
            let fetch = Fetch { blocks: blocks.clone(), waiting: run, block: BytesMut::new() };
            let stop = self.stop.clone();
            self.remote().engine().spawn(async move {
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = fetch.run() => {}
                }
            })?;
        }
        Ok(Some(wanted))
    }

    /// Reads ranges of the file past the cache.
    pub(super) async fn ranges(&self, ranges: Vec<Range<u64>>) -> Result<Vec<Bytes>> {
        let blocks = self.blocks.clone();
        self.on_engine(async move {
            let read = blocks.file.ranges(&ranges).await;
            read.map_err(|error| error.of_transfer(|| blocks.cannot_read()))
        })
        .await
    }

    /// Runs work on the threads of the engine until it is done, or the caller stops waiting.
    async fn on_engine<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        let (give, done) = oneshot::channel();
        let stop = self.stop.child_token();
        let _stop = stop.clone().drop_guard();
        self.remote().engine().spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                done = work => drop(give.send(done)),
            }
        })?;
        done.await.unwrap_or_else(|_| Err(Error::cancelled()))
    }
}

impl Blocks {
    fn cannot_read(&self) -> String {
        format!("cannot read the file `{}`", self.file.remote.name())
    }
}

/// Adds a block that is still to come; `None` if there is no room for it.
fn add(cache: &mut BlockCache<Coming>, number: u64, new: &mut VecDeque<(u64, Giving)>) -> Option<Coming> {
    let (give, coming) = watch::channel(None);
    let added = cache.insert(number, coming.clone(), |block| block.borrow().is_some());
    added.then(|| {
        new.push_back((number, give));
        coming
    })
}

/// The next blocks of consecutive numbers, at most `most` of them and at least one.
fn next_run<T>(new: &mut VecDeque<(u64, T)>, most: u64) -> Option<VecDeque<(u64, T)>> {
    let first = new.front()?.0;
    let numbers = first..first.saturating_add(most.max(1));
    let length = numbers.zip(new.iter()).take_while(|(expected, (number, _))| expected == number).count();
    Some(new.drain(..length).collect())
}

/// One request for consecutive blocks.
struct Fetch {
    blocks: Arc<Blocks>,
    /// The blocks that have not arrived, in order.
    waiting: VecDeque<(u64, Giving)>,
    /// The bytes of the first of them.
    block: BytesMut,
}

impl Fetch {
    async fn run(mut self) {
        if let Err(error) = self.read().await {
            let error = error.of_transfer(|| self.blocks.cannot_read());
            for (number, give) in self.waiting.drain(..) {
                // The next read tries again.
                self.blocks.cache.lock().remove(number);
                give.send_replace(Some(Err(error.clone())));
            }
            self.blocks.arrived.notify_waiters();
        }
    }

    async fn read(&mut self) -> Result<()> {
        let blocks = self.blocks.clone();
        let size = blocks.settings.block_size;
        let (Some(first), Some(last)) = (self.waiting.front(), self.waiting.back()) else { return Ok(()) };
        let wanted = first.0.saturating_mul(size)..last.0.saturating_add(1).saturating_mul(size);
        let (source, begun) = blocks.file.open(&wanted).await?;
        let range = wanted.start..wanted.end.min(source.size());
        match source {
            Source::Memory(bytes) => self.take(sliced(&bytes, 0, &range)),
            Source::Ranges(reader) => reader.read(range, begun, |piece| self.take(piece)).await?,
        }
        // The last block of the file is shorter, and those beyond its end are empty.
        while !self.waiting.is_empty() {
            self.deliver();
        }
        Ok(())
    }

    /// Adds bytes to the first block, and to those after it.
    fn take(&mut self, mut piece: Bytes) {
        let size = usize::try_from(self.blocks.settings.block_size).unwrap_or(usize::MAX);
        while !piece.is_empty() {
            let part = piece.split_to(piece.len().min(size - self.block.len()));
            if self.block.is_empty() {
                self.block.reserve(size);
            }
            self.block.extend_from_slice(&part);
            if self.block.len() == size {
                self.deliver();
            }
        }
    }

    fn deliver(&mut self) {
        let block = std::mem::take(&mut self.block).freeze();
        if let Some((_, give)) = self.waiting.pop_front() {
            give.send_replace(Some(Ok(block)));
            self.blocks.arrived.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consecutive_blocks_share_a_request() {
        let mut new: VecDeque<_> = [3, 4, 5, 6, 9, 10].map(|number| (number, ())).into();
        let mut run = |most: u64| {
            next_run(&mut new, most).map(|run| run.into_iter().map(|(number, ())| number).collect::<Vec<_>>())
        };
        assert_eq!(run(3), Some(vec![3, 4, 5]));
        assert_eq!(run(3), Some(vec![6]));
        assert_eq!(run(0), Some(vec![9]), "a block may be larger than a request");
        assert_eq!(run(3), Some(vec![10]));
        assert_eq!(run(3), None);
    }
}
