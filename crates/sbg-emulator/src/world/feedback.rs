//! Feedback: one item a minute for each user.

use std::time::Duration;

use super::World;
use crate::{
    clock::later,
    error::{ApiError, Outcome},
};

impl World {
    /// Accepts an item of feedback.
    pub(crate) fn send_feedback(&mut self, actor: &str, kind: Option<&str>) -> Outcome<()> {
        let kinds = ["idea", "thought", "problem"];
        if kind.is_some_and(|kind| !kinds.iter().any(|known| known.eq_ignore_ascii_case(kind))) {
            return Err(ApiError::bad_request("`type` must be idea, thought or problem."));
        }
        let now = self.clock.timestamp();
        if self.feedback.get(actor).is_some_and(|last| now < later(*last, Duration::from_secs(60))) {
            return Err(ApiError::new(1000).detail("Feedback is limited to one item a minute."));
        }
        self.feedback.insert(actor.to_owned(), now);
        Ok(())
    }
}
