//! Copies many files to a project with few calls.

use sbg_raw::ClientActionsExt as _;

use crate::error::{Error, ErrorKind, Result};
use crate::files::Files;
use crate::ids::{IntoId, ProjectId, check_segment};
use crate::request::bulk;
use crate::types;

impl Files {
    /// Copies any number of files to the root of a project, 100 per call, and waits for the copies. Returns a result for each id, in
    /// the same order: the id and name of the copy, or the error.
    ///
    /// For folders, other destinations or very many files, use a [job](super::jobs::Jobs::copy_files).
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, files: Vec<sbg::types::File>) -> sbg::Result<()> {
    /// let ids = files.iter().map(|file| &file.id);
    /// for copy in client.files().bulk_copy(ids, "fcrick/models").await? {
    ///     println!("{:?}", copy?.new_file_id);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: an invalid project, no ids or an invalid one. Later failures are in the result of each file.
    pub async fn bulk_copy<I: Into<String>>(
        &self,
        ids: impl IntoIterator<Item = I>,
        project: impl IntoId<ProjectId>,
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
}

/// The result for one file. The response lists the files by id.
fn copied(id: &str, copy: Option<&types::CopiedFile>) -> Result<types::CopiedFile> {
    let Some(copy) = copy else {
        let message = format!("the platform returned no result for the file `{id}`");
        return Err(Error::new(ErrorKind::UnexpectedResponse, message));
    };
    match copy.status.as_deref() {
        Some(status) if !status.eq_ignore_ascii_case("ok") => {
            let said = copy.error.clone();
            let said = said.and_then(|said| serde_json::from_value::<types::Error>(said).ok());
            let message = || format!("the file `{id}` was not copied: {status}");
            Err(said
                .map_or_else(|| Error::new(ErrorKind::JobFailed, message()), |said| Error::from_item(&said)))
        }
        _ => Ok(copy.clone()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn copy_result_is_a_file_or_an_error() {
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
        check(None, Err("the platform returned no result for the file `5f1`"));
    }
}
