//! The body of a part request: held back if the storage may refuse without reading it, and cut short once the storage has responded.
//!
//! A server that refuses a request before it has read the body closes the connection, and what the client writes afterwards breaks it: a
//! response already sent can be lost. A body that waits a moment lets such a response arrive first.

use std::io;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::watch;

/// How long a body waits for an early response, as the common clients wait for `100 Continue`.
const HELD: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BodyState {
    /// Bytes may be sent.
    Open,
    /// The storage has responded: no more bytes are sent.
    Responded,
    /// The request is over: the body ends with an error, which closes a connection that still waits for bytes.
    Over,
}

/// Controls the body of a request. Dropping it ends the body.
#[derive(Debug)]
pub(in crate::transfer) struct BodyControl {
    state: Mutex<watch::Sender<BodyState>>,
    held: bool,
}

/// The receiving end, held by the body.
#[derive(Clone, Debug)]
pub(in crate::transfer) struct Gate {
    state: watch::Receiver<BodyState>,
    held: bool,
}

impl BodyControl {
    /// `held` makes the body wait for an early response before its first byte.
    pub(in crate::transfer) fn new(held: bool) -> Self {
        Self { state: Mutex::new(watch::Sender::new(BodyState::Open)), held }
    }

    /// The gate of a new body. When a redirect starts the next body, the previous one ends.
    pub(in crate::transfer) fn gate(&self) -> Gate {
        let mut current = self.state.lock();
        current.send_replace(BodyState::Over);
        *current = watch::Sender::new(BodyState::Open);
        Gate { state: current.subscribe(), held: self.held }
    }

    fn set(&self, state: BodyState) {
        self.state.lock().send_replace(state);
    }

    /// The response headers have arrived.
    pub(in crate::transfer) fn responded(&self) {
        self.set(BodyState::Responded);
    }
}

impl Drop for BodyControl {
    fn drop(&mut self) {
        self.set(BodyState::Over);
    }
}

impl Gate {
    /// Waits until the next block may be sent. `first` is whether it is the first one.
    ///
    /// # Errors
    ///
    /// The request is over, so no more bytes may be sent.
    pub(in crate::transfer) async fn pass(&mut self, first: bool) -> io::Result<()> {
        if first && self.held {
            // Ends early when the response arrives.
            tokio::time::timeout(HELD, self.state.wait_for(|state| *state != BodyState::Open)).await.ok();
        }
        match self.state.wait_for(|state| *state != BodyState::Responded).await {
            Ok(state) if *state == BodyState::Open => Ok(()),
            _ => Err(io::Error::other("the request is over")),
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn held_body_delays_only_its_first_block() {
        for (held, waited) in [(false, Duration::ZERO), (true, HELD)] {
            let flow = BodyControl::new(held);
            let mut gate = flow.gate();
            let began = Instant::now();
            assert!(gate.pass(true).await.is_ok());
            assert!(gate.pass(false).await.is_ok());
            assert_eq!(began.elapsed(), waited);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn body_stops_at_the_response() {
        let flow = BodyControl::new(true);
        let mut gate = flow.gate();
        let mut passing = std::pin::pin!(gate.pass(true));
        assert!(passing.as_mut().now_or_never().is_none());
        flow.responded();
        assert!(tokio::time::timeout(10 * HELD, passing.as_mut()).await.is_err());
        drop(flow);
        assert!(passing.await.is_err());
    }

    #[tokio::test]
    async fn redirect_ends_the_body_and_starts_the_next() {
        let flow = BodyControl::new(false);
        let mut first = flow.gate();
        flow.responded();
        let mut second = flow.gate();
        assert!(first.pass(true).await.is_err());
        assert!(second.pass(true).await.is_ok());
    }
}
