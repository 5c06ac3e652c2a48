//! One TCP connection, with an optional bandwidth limit, that closes as a fault demands.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Instant, Sleep},
};

/// How a response tells its connection to close.
#[derive(Debug, Default)]
pub(crate) struct ConnectionControl {
    reset: AtomicBool,
    cut: AtomicBool,
    /// Bytes per second in each direction; 0 for no limit.
    bandwidth: AtomicU64,
}

impl ConnectionControl {
    /// Limits the bandwidth from now on.
    pub(crate) fn limit(&self, bytes_per_second: u64) {
        self.bandwidth.store(bytes_per_second, Ordering::Release);
    }

    /// Closes with a reset instead of an orderly shutdown.
    pub(crate) fn reset(&self) {
        self.reset.store(true, Ordering::Release);
    }

    /// Closes as soon as everything written so far is sent.
    pub(crate) fn cut(&self) {
        self.cut.store(true, Ordering::Release);
    }
}

/// A TCP stream with an optional limit on its speed.
pub(crate) struct Connection {
    stream: TcpStream,
    control: Arc<ConnectionControl>,
    reads: Option<Pace>,
    writes: Option<Pace>,
}

impl Connection {
    pub(crate) fn new(stream: TcpStream, control: Arc<ConnectionControl>) -> Self {
        Self { stream, control, reads: None, writes: None }
    }

    /// Applies a limit that was set since the last call.
    fn adjust(&mut self) {
        let wanted = self.control.bandwidth.load(Ordering::Acquire);
        if wanted != self.reads.as_ref().map_or(0, |pace| pace.bytes_per_second) {
            (self.reads, self.writes) = (Some(Pace::new(wanted)), Some(Pace::new(wanted)));
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if self.control.reset.load(Ordering::Acquire) {
            // With a linger time of zero, closing sends a reset. If the option is refused, the client sees an orderly shutdown, which is
            // a missing response all the same.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        this.adjust();
        if let Some(pace) = &mut this.reads {
            ready!(pace.poll_ready(cx));
        }
        let before = buf.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(cx, buf))?;
        if let Some(pace) = &mut this.reads {
            pace.charge(buf.filled().len() - before);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        this.adjust();
        let Some(pace) = &mut this.writes else { return Pin::new(&mut this.stream).poll_write(cx, buf) };
        ready!(pace.poll_ready(cx));
        let written = ready!(Pin::new(&mut this.stream).poll_write(cx, &buf[..buf.len().min(pace.burst)]))?;
        pace.charge(written);
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.adjust();
        if self.writes.is_none() {
            return Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        }
        let first = bufs.iter().find(|buf| !buf.is_empty());
        self.poll_write(cx, first.map_or(&[], |buf| buf))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // The HTTP layer flushes when its own buffers are empty, so everything the client should get is written.
        if self.control.cut.load(Ordering::Acquire) {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::ConnectionAborted, "cut by a fault rule")));
        }
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Keeps one direction of a connection at a number of bytes per second.
struct Pace {
    bytes_per_second: u64,
    /// The maximum for one write: the bytes of 20 ms, so that the flow is even.
    burst: usize,
    next: Instant,
    sleep: Pin<Box<Sleep>>,
}

impl Pace {
    fn new(bytes_per_second: u64) -> Self {
        let now = Instant::now();
        let burst = usize::try_from(bytes_per_second / 50).unwrap_or(usize::MAX).max(1024);
        Self { bytes_per_second, burst, next: now, sleep: Box::pin(tokio::time::sleep_until(now)) }
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if Instant::now() < self.next {
            let next = self.next;
            self.sleep.as_mut().reset(next);
            ready!(self.sleep.as_mut().poll(cx));
        }
        Poll::Ready(())
    }

    fn charge(&mut self, bytes: usize) {
        let nanos = u128::try_from(bytes).unwrap_or(u128::MAX).saturating_mul(1_000_000_000)
            / u128::from(self.bytes_per_second);
        let cost = Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
        self.next = self.next.max(Instant::now()) + cost;
    }
}
