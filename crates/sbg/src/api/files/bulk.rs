//! Bulk operations on files: get, edit, overwrite details, delete.

use std::collections::{BTreeMap, BTreeSet};

use sbg_raw::ClientBulkExt as _;

use crate::api::checks::check_name;
use crate::api::checks::check_tags;
use crate::client::Client;
use crate::error::{Error, Result};
use crate::files::{Files, check_metadata};
use crate::ids::check_segment;
use crate::request::bulk::{bulk, checked_ids, in_place};
use crate::request::call::{awaitable, tags_setters};
use crate::request::fields::Fields;
use crate::types;

impl Files {
    /// Gets any number of files, 100 per call: `.await` it, or select [`fields`](BulkGet::fields) first. Returns a result for each id,
    /// in the same order.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, ids: Vec<String>) -> sbg::Result<()> {
    /// for file in client.files().bulk_get(ids).await? {
    ///     match file {
    ///         Ok(file) => println!("{} {:?}", file.id, file.name),
    ///         Err(error) => eprintln!("{error}"),
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn bulk_get<I: Into<String>>(&self, ids: impl IntoIterator<Item = I>) -> BulkGet {
        let ids = ids.into_iter().map(Into::into).collect();
        BulkGet { client: self.client.clone(), ids, fields: None }
    }

    /// Changes any number of files; fields not set stay unchanged. Returns a result for each change, in the same order: the changed
    /// file, or the error.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, ids: Vec<String>) -> sbg::Result<()> {
    /// use sbg::files::FileChange;
    ///
    /// let change = |id| FileChange::new(id).merge_metadata("sample_id", "S1").remove_metadata("lane");
    /// for file in client.files().bulk_edit(ids.into_iter().map(change)).await? {
    ///     println!("{:?}", file?.metadata);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: no changes, an empty change, two changes of one file, an invalid id, name or tag. Later failures are
    /// in the result of each file.
    pub async fn bulk_edit(
        &self,
        changes: impl IntoIterator<Item = FileChange>,
    ) -> Result<Vec<Result<types::File>>> {
        let items: Vec<_> = changes.into_iter().map(FileChange::checked).collect::<Result<_>>()?;
        let ids: Vec<String> = items.iter().filter_map(|item| item.id.clone()).collect();
        check_once(&ids)?;
        let found = bulk!(self.client, items, bulk_file_edit, BulkFileEdit { items }).await?;
        Ok(in_place(&ids, found, |file| &file.id))
    }

    /// Replaces the details of any number of files: **tags and metadata that are not given are lost**. [`bulk_edit`](Self::bulk_edit)
    /// keeps them. Returns a result for each file, in the same order: the changed file, or the error.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, id: String) -> sbg::Result<()> {
    /// use sbg::files::FileOverwrite;
    ///
    /// let details = FileOverwrite::new(id).tags(["dna"]).metadata("sample_id", "S1");
    /// client.files().bulk_overwrite([details]).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: no files, the same file twice, an invalid id, name or tag. Later failures are in the result of each
    /// file.
    pub async fn bulk_overwrite(
        &self,
        files: impl IntoIterator<Item = FileOverwrite>,
    ) -> Result<Vec<Result<types::File>>> {
        let items: Vec<_> = files.into_iter().map(FileOverwrite::checked).collect::<Result<_>>()?;
        let ids: Vec<String> = items.iter().filter_map(|item| item.id.clone()).collect();
        check_once(&ids)?;
        let found = bulk!(self.client, items, bulk_file_update, BulkFileUpdate { items }).await?;
        Ok(in_place(&ids, found, |file| &file.id))
    }

    /// Deletes any number of files. Cannot be undone. Returns a result for each id, in the same order: the file before deletion, or the
    /// error.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, files: Vec<sbg::types::File>) -> sbg::Result<()> {
    /// let deleted = client.files().bulk_delete(files.iter().map(|file| &file.id)).await?;
    /// println!("{} are gone", deleted.iter().flatten().count());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: no ids or an invalid one. Later failures are in the result of each file.
    pub async fn bulk_delete<I: Into<String>>(
        &self,
        ids: impl IntoIterator<Item = I>,
    ) -> Result<Vec<Result<types::File>>> {
        let file_ids = checked_ids(check_segment, "file id", ids)?;
        bulk!(self.client, file_ids, bulk_file_delete, BulkFileDelete { file_ids }).await
    }
}

/// Files to get.
///
/// ```no_run
/// # async fn example(client: sbg::Client, ids: Vec<String>) -> sbg::Result<()> {
/// let found = client.files().bulk_get(ids).await?.into_iter().flatten().count();
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct BulkGet {
    client: Client,
    ids: Vec<String>,
    fields: Option<Fields>,
}

impl BulkGet {
    /// The fields to return for each file. Default: all.
    ///
    /// ```
    /// # fn example(client: sbg::Client, ids: Vec<String>) {
    /// let sizes = client.files().bulk_get(ids).fields(sbg::Fields::only(["name", "size"]));
    /// # }
    /// ```
    pub fn fields(mut self, fields: Fields) -> Self {
        self.fields = Some(fields);
        self
    }

    /// Sends the calls. The same as `.await`.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, ids: Vec<String>) -> sbg::Result<()> {
    /// let files: Vec<_> = client.files().bulk_get(ids).send().await?.into_iter().collect::<sbg::Result<_>>()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: no ids or an invalid one. Later failures are in the result of each file.
    pub async fn send(self) -> Result<Vec<Result<types::File>>> {
        let file_ids = checked_ids(check_segment, "file id", self.ids)?;
        let fields = self.fields.as_ref().map(of_resources);
        let ids = file_ids.clone();
        let found =
            bulk!(self.client, file_ids, bulk_file_get, BulkFileGet { file_ids }, fields = fields).await?;
        Ok(in_place(&ids, found, |file| &file.id))
    }
}

awaitable!(BulkGet => Vec<Result<types::File>>, client);

/// The field selection for the items of a bulk response, including the errors of missing files.
fn of_resources(fields: &Fields) -> String {
    let selected = fields.with_identity(&["id"]);
    let names = selected.split(',').map(|name| match name.strip_prefix('!') {
        Some(left_out) => format!("!resource.{left_out}"),
        None if name == "_all" => "resource".to_owned(),
        None => format!("resource.{name}"),
    });
    ["error".to_owned()].into_iter().chain(names).collect::<Vec<_>>().join(",")
}

/// A change of one file among many. Fields not set stay unchanged.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// use sbg::files::FileChange;
///
/// let change = FileChange::new("567890abc9b0307bc0414164").name("reads.fastq.gz").tags(["dna"]);
/// client.files().bulk_edit([change]).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a change does nothing until it is given to `bulk_edit`"]
pub struct FileChange {
    id: String,
    name: Option<String>,
    tags: Option<Vec<String>>,
    metadata: BTreeMap<String, Option<String>>,
}

impl FileChange {
    /// An empty change of the file with this id.
    ///
    /// ```
    /// # fn example(file: sbg::types::File) {
    /// use sbg::files::FileChange;
    ///
    /// let change = FileChange::new(file.id).merge_metadata("sample_id", "S1");
    /// # }
    /// ```
    pub fn new(file_id: impl Into<String>) -> Self {
        Self { id: file_id.into(), name: None, tags: None, metadata: BTreeMap::new() }
    }

    /// New name.
    ///
    /// ```
    /// use sbg::files::FileChange;
    ///
    /// let change = FileChange::new("567890abc9b0307bc0414164").name("reads.fastq.gz");
    /// ```
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    tags_setters!("file", tags, "FileChange::new(\"567890abc9b0307bc0414164\")");

    /// Sets a metadata field and keeps the others.
    ///
    /// ```
    /// use sbg::files::FileChange;
    ///
    /// let change = FileChange::new("567890abc9b0307bc0414164").merge_metadata("sample_id", "S1");
    /// ```
    pub fn merge_metadata(mut self, field: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata.insert(field.into(), Some(value.into()));
        self
    }

    /// Removes a metadata field and keeps the others.
    ///
    /// ```
    /// use sbg::files::FileChange;
    ///
    /// let change = FileChange::new("567890abc9b0307bc0414164").remove_metadata("library_id");
    /// ```
    pub fn remove_metadata(mut self, field: impl Into<String>) -> Self {
        self.metadata.insert(field.into(), None);
        self
    }

    fn checked(self) -> Result<types::BulkFileEditItem> {
        if self.name.is_none() && self.tags.is_none() && self.metadata.is_empty() {
            return Err(Error::invalid(format!(
                "the edit of the file `{}` changes nothing: set at least one field",
                self.id
            )));
        }
        let metadata = (!self.metadata.is_empty()).then_some(types::MetadataEdit(self.metadata));
        check_details(&self.id, self.name.as_deref(), self.tags.as_deref(), metadata.as_ref())?;
        Ok(types::BulkFileEditItem {
            id: Some(self.id),
            file_id: None,
            name: self.name.into(),
            tags: self.tags.into(),
            metadata: metadata.into(),
        })
    }
}

/// All details of one file among many, replacing its current ones. **Tags and metadata that are not set here are lost**; the name stays
/// unless it is set.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// use sbg::files::FileOverwrite;
///
/// let bare = FileOverwrite::new("567890abc9b0307bc0414164");
/// client.files().bulk_overwrite([bare]).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "it does nothing until it is given to `bulk_overwrite`"]
pub struct FileOverwrite {
    id: String,
    name: Option<String>,
    tags: Vec<String>,
    metadata: BTreeMap<String, Option<String>>,
}

impl FileOverwrite {
    /// The file with this id. Unless they are set here, its tags and metadata are removed.
    ///
    /// ```
    /// # fn example(file: sbg::types::File) {
    /// use sbg::files::FileOverwrite;
    ///
    /// let details = FileOverwrite::new(file.id).metadata("sample_id", "S1");
    /// # }
    /// ```
    pub fn new(file_id: impl Into<String>) -> Self {
        Self { id: file_id.into(), name: None, tags: Vec::new(), metadata: BTreeMap::new() }
    }

    /// New name.
    ///
    /// ```
    /// use sbg::files::FileOverwrite;
    ///
    /// let details = FileOverwrite::new("567890abc9b0307bc0414164").name("reads.fastq.gz");
    /// ```
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// All tags of the file.
    ///
    /// ```
    /// use sbg::files::FileOverwrite;
    ///
    /// let details = FileOverwrite::new("567890abc9b0307bc0414164").tags(["dna", "b form"]);
    /// ```
    pub fn tags<T: Into<String>>(mut self, tags: impl IntoIterator<Item = T>) -> Self {
        self.tags = tags.into_iter().map(Into::into).collect();
        self
    }

    /// A metadata field of the file.
    ///
    /// ```
    /// use sbg::files::FileOverwrite;
    ///
    /// let details = FileOverwrite::new("567890abc9b0307bc0414164").metadata("sample_id", "S1");
    /// ```
    pub fn metadata(mut self, field: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata.insert(field.into(), Some(value.into()));
        self
    }

    fn checked(self) -> Result<types::BulkFileUpdateItem> {
        let metadata = types::MetadataEdit(self.metadata);
        check_details(&self.id, self.name.as_deref(), Some(&self.tags), Some(&metadata))?;
        Ok(types::BulkFileUpdateItem {
            id: Some(self.id),
            file_id: None,
            name: self.name.into(),
            tags: self.tags.into(),
            metadata: metadata.into(),
        })
    }
}

fn check_details(
    id: &str,
    name: Option<&str>,
    tags: Option<&[String]>,
    metadata: Option<&types::MetadataEdit>,
) -> Result<()> {
    check_segment("file id", id)?;
    name.map_or(Ok(()), check_name)?;
    check_tags(tags.unwrap_or_default())?;
    metadata.map_or(Ok(()), check_metadata)
}

/// Refuses two changes of one file: the chunks of a bulk call run in parallel, so either change could be the last.
fn check_once<'i>(ids: impl IntoIterator<Item = &'i String>) -> Result<()> {
    let mut seen = BTreeSet::new();
    match ids.into_iter().find(|id| !seen.insert(*id)) {
        Some(id) => Err(Error::invalid(format!("the file `{id}` has two changes: combine them"))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn selected_fields_apply_to_the_resource() {
        let check = |fields: Fields, expected: &str| assert_eq!(of_resources(&fields), expected);
        check(
            Fields::only(["name", "metadata.sample_id"]),
            "error,resource.id,resource.name,resource.metadata.sample_id",
        );
        check(Fields::all(), "error,resource");
        check(Fields::all().without("metadata"), "error,resource,!resource.metadata");
    }

    #[test]
    fn change_contains_only_set_fields() {
        let check = |change: FileChange, expected: Result<Value, &str>| {
            let got = change.checked().map(|item| serde_json::to_value(item).unwrap());
            assert_eq!(got.map_err(|error| error.message().to_owned()), expected.map_err(str::to_owned));
        };
        let new = || FileChange::new("5f1");
        check(new().name("a"), Ok(json!({"id": "5f1", "name": "a"})));
        check(new().tags(["a", "b"]), Ok(json!({"id": "5f1", "tags": ["a", "b"]})));
        check(new().clear_tags(), Ok(json!({"id": "5f1", "tags": []})));
        let metadata = json!({"a": "1", "b": null});
        check(
            new().merge_metadata("a", "1").remove_metadata("b"),
            Ok(json!({"id": "5f1", "metadata": metadata})),
        );
        check(new(), Err("the edit of the file `5f1` changes nothing: set at least one field"));
        check(FileChange::new("a/b").name("a"), Err("not a file id: `a/b` (`/` is not allowed)"));
        check(new().name("a/b"), Err("the name `a/b` has a slash"));
        check(new().tags(["a,b"]), Err("invalid tag `a,b`: a tag must have text and no comma"));
        check(new().merge_metadata("", "x"), Err("a field of the metadata has no name"));
    }

    #[test]
    fn overwrite_empties_unset_tags_and_metadata() {
        let check = |overwrite: FileOverwrite, expected: Result<Value, &str>| {
            let got = overwrite.checked().map(|item| serde_json::to_value(item).unwrap());
            assert_eq!(got.map_err(|error| error.message().to_owned()), expected.map_err(str::to_owned));
        };
        let new = || FileOverwrite::new("5f1");
        check(new(), Ok(json!({"id": "5f1", "tags": [], "metadata": {}})));
        check(
            new().name("a").tags(["x"]).metadata("s", "1"),
            Ok(json!({"id": "5f1", "name": "a", "tags": ["x"], "metadata": {"s": "1"}})),
        );
        check(new().tags([""]), Err("invalid tag ``: a tag must have text and no comma"));
        check(FileOverwrite::new(""), Err("not a file id: `` (it is empty)"));
    }

    #[test]
    fn duplicate_change_of_a_file_is_rejected() {
        let ids = ["5f1", "5f2", "5f1"].map(str::to_owned);
        assert!(check_once(&ids[..2]).is_ok());
        let error = check_once(&ids).unwrap_err();
        assert_eq!(error.message(), "the file `5f1` has two changes: combine them");
    }
}
