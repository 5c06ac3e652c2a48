//! The same for many files at once: getting, editing, replacing details, deleting.

use std::collections::{BTreeMap, BTreeSet};

use sbg_raw::ClientBulkExt as _;

use crate::bulk;
use crate::call::{awaitable, set};
use crate::client::Client;
use crate::error::{Error, Result};
use crate::fields::Fields;
use crate::files::{Files, check_name};
use crate::ids::check_segment;
use crate::projects::check_tags;
use crate::types;

impl Files {
    /// Gets any number of files, a hundred with each call: `.await` it, or select [`fields`](BulkGet::fields) first. There is a result
    /// for each id, in the order of the ids.
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

    /// Changes any number of files: what is set of each, and nothing else. There is a result for each change, in their order: the file
    /// after the change, or the error.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, ids: Vec<String>) -> sbg::Result<()> {
    /// use sbg::bulk_files::FileChange;
    ///
    /// let changes = ids.into_iter().map(|id| FileChange::new(id).metadata("sample_id", "S1").clear_metadata("lane"));
    /// for file in client.files().bulk_edit(changes).await? {
    ///     println!("{:?}", file?.metadata);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// No changes, a change of nothing, two of one file, a malformed id, name or tag, before anything is sent. What goes wrong
    /// afterwards is told for each file.
    pub async fn bulk_edit(
        &self,
        changes: impl IntoIterator<Item = FileChange>,
    ) -> Result<Vec<Result<types::File>>> {
        let changes = checked(changes)?;
        if let Some(empty) = changes.iter().find(|change| change.is_empty()) {
            return Err(Error::invalid(format!("the edit of the file `{}` changes nothing", empty.id)));
        }
        let items = changes.into_iter().map(FileChange::edit).collect();
        bulk::in_chunks(items, |items| {
            let client = self.client.clone();
            async move {
                let call = client.raw().bulk_file_edit().body(types::BulkFileEdit { items });
                Ok(results(call.send().await?.into_inner()))
            }
        })
        .await
    }

    /// Replaces the details of any number of files: **tags and metadata that are not set are erased**; names that are not set stay.
    /// There is a result for each change, in their order: the file after the change, or the error.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, id: String) -> sbg::Result<()> {
    /// use sbg::bulk_files::FileChange;
    ///
    /// let change = FileChange::new(id).tags(["dna"]).metadata("sample_id", "S1");
    /// client.files().bulk_update([change]).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// No changes, two of one file, a malformed id, name or tag, before anything is sent. What goes wrong afterwards is told for each
    /// file.
    pub async fn bulk_update(
        &self,
        changes: impl IntoIterator<Item = FileChange>,
    ) -> Result<Vec<Result<types::File>>> {
        let items = checked(changes)?.into_iter().map(FileChange::update).collect();
        bulk::in_chunks(items, |items| {
            let client = self.client.clone();
            async move {
                let call = client.raw().bulk_file_update().body(types::BulkFileUpdate { items });
                Ok(results(call.send().await?.into_inner()))
            }
        })
        .await
    }

    /// Deletes any number of files. Cannot be undone. There is a result for each id, in the order of the ids: the file as it was, or
    /// the error.
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
    /// No ids or a malformed one, before anything is sent. What goes wrong afterwards is told for each file.
    pub async fn bulk_delete<I: Into<String>>(
        &self,
        ids: impl IntoIterator<Item = I>,
    ) -> Result<Vec<Result<types::File>>> {
        let ids: Vec<String> = ids.into_iter().map(Into::into).collect();
        check_ids(&ids)?;
        bulk::in_chunks(ids, |file_ids| {
            let client = self.client.clone();
            async move {
                let call = client.raw().bulk_file_delete().body(types::BulkFileDelete { file_ids });
                Ok(results(call.send().await?.into_inner()))
            }
        })
        .await
    }
}

fn check_ids(ids: &[String]) -> Result<()> {
    ids.iter().try_for_each(|id| Ok(check_segment("file id", id).map(drop)?))
}

fn results(page: types::BulkFilePage) -> Vec<Result<types::File>> {
    page.items.into_iter().map(|item| bulk::item(item.resource, item.error)).collect()
}

/// Files to get.
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct BulkGet {
    client: Client,
    ids: Vec<String>,
    fields: Option<Fields>,
}

impl BulkGet {
    /// The fields to return of each file; all of them when it is not set.
    pub fn fields(mut self, fields: Fields) -> Self {
        self.fields = Some(fields);
        self
    }

    /// Sends the calls. The same as `.await`.
    ///
    /// # Errors
    ///
    /// No ids or a malformed one, before anything is sent. What goes wrong afterwards is told for each file.
    pub async fn send(self) -> Result<Vec<Result<types::File>>> {
        check_ids(&self.ids)?;
        let fields = self.fields.as_ref().map(of_resources);
        bulk::in_chunks(self.ids, |file_ids| {
            let (client, fields) = (self.client.clone(), fields.clone());
            async move {
                let call = client.raw().bulk_file_get().body(types::BulkFileGet { file_ids });
                Ok(results(set!(call, fields = fields).send().await?.into_inner()))
            }
        })
        .await
    }
}

awaitable!(BulkGet => Vec<Result<types::File>>);

/// The fields of files as the items of a bulk answer have them, and the errors of those that are not there.
fn of_resources(fields: &Fields) -> String {
    let selected = fields.with_identity(&["id"]);
    let names = selected.split(',').map(|name| match name.strip_prefix('!') {
        Some(left_out) => format!("!resource.{left_out}"),
        None if name == "_all" => "resource".to_owned(),
        None => format!("resource.{name}"),
    });
    ["error".to_owned()].into_iter().chain(names).collect::<Vec<_>>().join(",")
}

/// What to change of one file among many.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a change does nothing until it is given to `bulk_edit` or `bulk_update`"]
pub struct FileChange {
    id: String,
    name: Option<String>,
    tags: Option<Vec<String>>,
    metadata: BTreeMap<String, Option<String>>,
}

impl FileChange {
    /// A change of the file with this id, which changes nothing so far.
    pub fn new(file_id: impl Into<String>) -> Self {
        Self { id: file_id.into(), name: None, tags: None, metadata: BTreeMap::new() }
    }

    /// New name.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// All tags, in place of those the file has.
    pub fn tags<T: Into<String>>(mut self, tags: impl IntoIterator<Item = T>) -> Self {
        self.tags = Some(tags.into_iter().map(Into::into).collect());
        self
    }

    /// Sets a field of the metadata. [`Files::bulk_edit`] leaves the other fields, [`Files::bulk_update`] erases them.
    pub fn metadata(mut self, field: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata.insert(field.into(), Some(value.into()));
        self
    }

    /// Removes a field of the metadata.
    pub fn clear_metadata(mut self, field: impl Into<String>) -> Self {
        self.metadata.insert(field.into(), None);
        self
    }

    fn is_empty(&self) -> bool {
        self.name.is_none() && self.tags.is_none() && self.metadata.is_empty()
    }

    fn check(&self) -> Result<()> {
        check_segment("file id", &self.id)?;
        if let Some(name) = &self.name {
            check_name(name)?;
        }
        check_tags(self.tags.as_deref().unwrap_or_default())
    }

    fn edit(self) -> types::BulkFileEditItem {
        let metadata = (!self.metadata.is_empty()).then_some(types::MetadataEdit(self.metadata));
        types::BulkFileEditItem { id: self.id, name: self.name, tags: self.tags, metadata }
    }

    /// Where all metadata is replaced, a field is removed by not being there.
    fn update(mut self) -> types::BulkFileUpdateItem {
        self.metadata.retain(|_, value| value.is_some());
        let metadata = (!self.metadata.is_empty()).then_some(types::MetadataEdit(self.metadata));
        types::BulkFileUpdateItem { id: self.id, name: self.name, tags: self.tags, metadata }
    }
}

/// The chunks of a bulk call run side by side, so of two changes of one file either might be the last.
fn checked(changes: impl IntoIterator<Item = FileChange>) -> Result<Vec<FileChange>> {
    let changes: Vec<FileChange> = changes.into_iter().collect();
    let mut seen = BTreeSet::new();
    for change in &changes {
        change.check()?;
        if !seen.insert(&*change.id) {
            let message = format!("there are two changes of the file `{}`: make one of them", change.id);
            return Err(Error::invalid(message));
        }
    }
    Ok(changes)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn fields_are_those_of_the_resource() {
        let check = |fields: Fields, expected: &str| assert_eq!(of_resources(&fields), expected);
        check(
            Fields::only(["name", "metadata.sample_id"]),
            "error,resource.id,resource.name,resource.metadata.sample_id",
        );
        check(Fields::all(), "error,resource");
        check(Fields::all().without("metadata"), "error,resource,!resource.metadata");
    }

    #[test]
    fn an_edit_has_what_was_set_and_an_update_only_what_is_to_be() {
        let check = |change: FileChange, edit: Value, update: Value| {
            assert_eq!(serde_json::to_value(change.clone().edit()).unwrap(), edit);
            assert_eq!(serde_json::to_value(change.update()).unwrap(), update);
        };
        let new = || FileChange::new("5f1");
        check(new().name("a"), json!({"id": "5f1", "name": "a"}), json!({"id": "5f1", "name": "a"}));
        check(new().tags([""; 0]), json!({"id": "5f1", "tags": []}), json!({"id": "5f1", "tags": []}));
        check(
            new().metadata("a", "1").clear_metadata("b"),
            json!({"id": "5f1", "metadata": {"a": "1", "b": null}}),
            json!({"id": "5f1", "metadata": {"a": "1"}}),
        );
        check(new().clear_metadata("b"), json!({"id": "5f1", "metadata": {"b": null}}), json!({"id": "5f1"}));
        assert!(new().is_empty() && !new().clear_metadata("b").is_empty());
    }

    #[test]
    fn changes_that_cannot_be_are_refused() {
        let check = |changes: Vec<FileChange>, expected: &str| {
            assert_eq!(checked(changes).unwrap_err().message(), expected);
        };
        check(vec![FileChange::new("a/b")], "not a file id: `a/b` (`/` is not allowed)");
        check(vec![FileChange::new("5f1").name("a/b")], "the name `a/b` has a slash");
        check(vec![FileChange::new("5f1").tags(["a,b"])], "a tag is not empty and has no comma: `a,b`");
        let twice = vec![FileChange::new("5f1").name("a"), FileChange::new("5f1").name("b")];
        check(twice, "there are two changes of the file `5f1`: make one of them");
    }
}
