//! Feedback to the provider of the platform.

use sbg_raw::ClientActionsExt as _;

use crate::client::Client;
use crate::error::{Error, Result};
use crate::request::call::{awaitable, body_setters};
use crate::types;

impl Client {
    /// Sends an idea, a thought or a problem to the provider's staff, at most one a minute.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// use sbg::feedback::FeedbackKind;
    ///
    /// client.feedback(FeedbackKind::Idea, "A dark mode").referrer("rfranklin").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn feedback(&self, kind: FeedbackKind, text: impl Into<String>) -> Feedback {
        let (kind, text) = (kind.as_str().to_owned(), text.into());
        let body = types::ActionFeedbackSend { type_: Some(kind), text: text.into(), referrer: None };
        Feedback { client: self.clone(), body }
    }
}

/// The kind of a feedback.
///
/// ```
/// # fn example(client: sbg::Client) {
/// use sbg::feedback::FeedbackKind;
///
/// let problem = client.feedback(FeedbackKind::Problem, "The list of files flickers");
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FeedbackKind {
    /// A suggestion.
    Idea,
    /// Something to consider.
    Thought,
    /// Something that does not work.
    Problem,
}

impl FeedbackKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Idea => "idea",
            Self::Thought => "thought",
            Self::Problem => "problem",
        }
    }
}

/// A feedback to send.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// use sbg::feedback::FeedbackKind;
///
/// client.feedback(FeedbackKind::Thought, "Helices are double").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct Feedback {
    client: Client,
    body: types::ActionFeedbackSend,
}

impl Feedback {
    body_setters! {
        /// The sender of the feedback.
        ///
        /// ```
        /// # fn example(client: sbg::Client) {
        /// use sbg::feedback::FeedbackKind;
        ///
        /// let feedback = client.feedback(FeedbackKind::Idea, "A dark mode").referrer("rfranklin");
        /// # }
        /// ```
        referrer(referrer: String);
    }

    /// Sends the call. The same as `.await`.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// use sbg::feedback::FeedbackKind;
    ///
    /// client.feedback(FeedbackKind::Idea, "A dark mode").send().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: an empty text. Otherwise the error of the call (code 1000 for a second feedback within a minute).
    pub async fn send(self) -> Result<()> {
        if self.body.text.value().is_none_or(|text| text.trim().is_empty()) {
            return Err(Error::invalid("the text of the feedback is empty"));
        }
        self.client.raw().action_feedback_send().body(self.body).send().await?;
        Ok(())
    }
}

awaitable!(Feedback => (), client);
