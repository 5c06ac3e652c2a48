//! What the fault rules decide about one request.

use std::time::Duration;

use tokio::sync::watch;

use super::action::Action;

/// The decision of the rules about one request.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Decision {
    pub(crate) delays: Vec<Delay>,
    pub(crate) bandwidth: Option<u64>,
    pub(crate) jump: Duration,
    pub(crate) action: Option<Action>,
}

/// A delay of a request, which ends sooner if its rule is released.
#[derive(Debug)]
pub(crate) struct Delay {
    time: Duration,
    released: watch::Receiver<bool>,
}

impl Delay {
    pub(crate) fn new(time: Duration, released: watch::Receiver<bool>) -> Self {
        Self { time, released }
    }

    #[cfg(test)]
    pub(crate) fn time(&self) -> Duration {
        self.time
    }

    /// Waits until the delay is over.
    pub(crate) async fn wait(mut self) {
        tokio::select! {
            () = tokio::time::sleep(self.time) => {}
            // An error is a rule that was removed: its delays stay.
            Ok(_) = self.released.wait_for(|released| *released) => {}
        }
    }
}

impl PartialEq for Delay {
    fn eq(&self, other: &Self) -> bool {
        self.time == other.time
    }
}
