//! Calls that belong to no resource: copying files to a project and sending feedback.

use sbg_raw::ClientActionsExt as _;

use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::ids::{IntoId, ProjectId, check_segment};
use crate::request::bulk;
use crate::request::call::{awaitable, body_setters};
use crate::types;

impl Client {
    /// Calls that belong to no resource.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let copies = client.actions().copy_files("fcrick/models", ["567890abc9b0307bc0414164"]).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn actions(&self) -> Actions {
        Actions { client: self.clone() }
    }
}

/// Calls that belong to no resource.
///
/// ```
/// # fn example(client: sbg::Client) {
/// let actions = client.actions();
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Actions {
    client: Client,
}

impl Actions {
    /// Copies any number of files to the root of a project, a hundred with each call, and waits until that is done. There is a result
    /// for each id, in the order of the ids: the id and the name of the copy, or the error.
    ///
    /// For folders, for other places and for very many files, use a [job](super::jobs::Jobs::copy).
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, files: Vec<sbg::types::File>) -> sbg::Result<()> {
    /// let ids = files.iter().map(|file| &file.id);
    /// for copy in client.actions().copy_files("fcrick/models", ids).await? {
    ///     println!("{:?}", copy?.new_file_id);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// A malformed project, no ids or a malformed one, before anything is sent. What goes wrong afterwards is told for each file.
    pub async fn copy_files<I: Into<String>>(
        &self,
        project: impl IntoId<ProjectId>,
        ids: impl IntoIterator<Item = I>,
    ) -> Result<Vec<Result<types::CopiedFile>>> {
        let project = project.into_id()?;
        let ids = bulk::checked_ids(check_segment, "file id", ids)?;
        bulk::in_chunks(ids, |ids| {
            let (client, project) = (self.client.clone(), project.to_string());
            async move {
                let body = types::ActionFileCopy { project, file_ids: ids.clone() };
                let copies = client.raw().action_file_copy().body(body).send().await?.into_inner();
                Ok(ids.iter().map(|id| copied(id, copies.get(id))).collect())
            }
        })
        .await
    }

    /// Sends an idea, a thought or a problem to the staff of the platform, one a minute at the most.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// use sbg::files::FeedbackKind;
    ///
    /// client.actions().feedback(FeedbackKind::Idea, "A dark mode").referrer("rfranklin").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn feedback(&self, kind: FeedbackKind, text: impl Into<String>) -> Feedback {
        let (kind, text) = (kind.as_str().to_owned(), text.into());
        let body = types::ActionFeedbackSend { type_: Some(kind), text: text.into(), referrer: None };
        Feedback { client: self.client.clone(), body }
    }
}

/// What became of one file. The answer has the files by their ids.
fn copied(id: &str, copy: Option<&types::CopiedFile>) -> Result<types::CopiedFile> {
    let Some(copy) = copy else {
        let message = format!("the platform did not tell what became of the file `{id}`");
        return Err(Error::new(ErrorKind::UnexpectedResponse, message));
    };
    match copy.status.as_deref() {
        Some(status) if !status.eq_ignore_ascii_case("ok") => {
            let said = copy.error.clone();
            let said = said.and_then(|said| serde_json::from_value::<types::Error>(said).ok());
            let message = || format!("the file `{id}` was not copied: {status}");
            Err(said.map_or_else(|| Error::new(ErrorKind::Api, message()), |said| Error::from_item(&said)))
        }
        _ => Ok(copy.clone()),
    }
}

/// What a feedback is.
///
/// ```
/// # fn example(client: sbg::Client) {
/// use sbg::files::FeedbackKind;
///
/// let problem = client.actions().feedback(FeedbackKind::Problem, "The list of files flickers");
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FeedbackKind {
    /// Something that could be.
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
/// use sbg::files::FeedbackKind;
///
/// client.actions().feedback(FeedbackKind::Thought, "Helices are double").await?;
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
        /// Who says it.
        ///
        /// ```
        /// # fn example(client: sbg::Client) {
        /// use sbg::files::FeedbackKind;
        ///
        /// let feedback = client.actions().feedback(FeedbackKind::Idea, "A dark mode").referrer("rfranklin");
        /// # }
        /// ```
        referrer(referrer: String);
    }

    /// Sends the call. The same as `.await`.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// use sbg::files::FeedbackKind;
    ///
    /// client.actions().feedback(FeedbackKind::Idea, "A dark mode").send().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// An empty text, before anything is sent; or whatever the call brings, code 1000 for a second feedback within a minute.
    pub async fn send(self) -> Result<()> {
        if self.body.text.value().is_none_or(|text| text.trim().is_empty()) {
            return Err(Error::invalid("a feedback needs a text"));
        }
        self.client.raw().action_feedback_send().body(self.body).send().await?;
        Ok(())
    }
}

awaitable!(Feedback => ());

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_copy_is_there_or_its_error_is() {
        let check = |copy: Option<Value>, expected: Result<&str, &str>| {
            let copy = copy.map(|copy| serde_json::from_value(copy).unwrap());
            let got = copied("5f1", copy.as_ref());
            let got = got.map(|copy| copy.new_file_id.unwrap()).map_err(|error| error.to_string());
            assert_eq!(got, expected.map(str::to_owned).map_err(str::to_owned));
        };
        check(Some(json!({"status": "OK", "new_file_id": "5f2"})), Ok("5f2"));
        check(Some(json!({"new_file_id": "5f2"})), Ok("5f2"));
        check(Some(json!({"status": "Forbidden"})), Err("the file `5f1` was not copied: Forbidden"));
        let error = json!({"status": 404, "code": 5002, "message": "No such file."});
        check(Some(json!({"status": "ERROR", "error": error})), Err("No such file. (HTTP 404, code 5002)"));
        check(None, Err("the platform did not tell what became of the file `5f1`"));
    }
}
