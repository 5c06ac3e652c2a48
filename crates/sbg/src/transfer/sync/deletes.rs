//! Deletes what the source lacks, unless it has changed since it was listed.

use std::path::Path;
use std::sync::Arc;

use futures::{StreamExt as _, stream};

use super::plan::{Direction, SyncAction, SyncPlan};
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::local_file::FileKind;
use crate::request::fields::Fields;
use crate::transfer::batch::comparison::remote_of;
use crate::transfer::engine::task::blocking;
use crate::transfer::local::folder::{Folder, Leaf};
use crate::types;

/// Files or folders that are deleted together: a bulk call.
pub(super) const AT_ONCE: usize = 100;

/// Folders that are checked in parallel.
const CHECKED_AT_ONCE: usize = 8;

/// Deletes files. Returns a result for each.
pub(super) async fn files(plan: &SyncPlan, actions: Vec<SyncAction>) -> Vec<Result<()>> {
    match plan.direction {
        Direction::Up => remote_files(&plan.inputs.client, &actions).await,
        Direction::Down => local(&plan.inputs.local, actions, remove_file).await,
    }
}

/// Deletes folders that are empty and of which none is in another. Returns a result for each.
pub(super) async fn folders(plan: &SyncPlan, actions: Vec<SyncAction>) -> Vec<Result<()>> {
    match plan.direction {
        Direction::Up => remote_folders(&plan.inputs.client, &actions).await,
        Direction::Down => local(&plan.inputs.local, actions, remove_folder).await,
    }
}

async fn remote_files(client: &Client, actions: &[SyncAction]) -> Vec<Result<()>> {
    let ids: Vec<_> = actions.iter().filter_map(id).collect();
    let fields = Fields::only(["id", "name", "type", "size", "created_on", "modified_on"]);
    let current = client.files().bulk_get(ids).fields(fields).send().await;
    let mut current = match current {
        Ok(current) => current.into_iter(),
        Err(error) => return actions.iter().map(|_| Err(error.clone())).collect(),
    };
    let check = |action: &SyncAction| match current.next().unwrap_or_else(|| Err(missing_result())) {
        Ok(file) if is_as_listed(action, &file) => Ok(true),
        Ok(_) => Err(changed(&action.path)),
        Err(error) if error.is_not_found() => Ok(false),
        Err(error) => Err(error),
    };
    let checked = actions.iter().map(check).collect();
    remote(client, actions, checked).await
}

async fn remote_folders(client: &Client, actions: &[SyncAction]) -> Vec<Result<()>> {
    let client_of_checks = client.clone();
    let checks = stream::iter(actions.to_vec()).map(move |action| is_empty(client_of_checks.clone(), action));
    let checked = checks.buffered(CHECKED_AT_ONCE).collect().await;
    remote(client, actions, checked).await
}

/// Whether the folder is there; fails if it has entries.
async fn is_empty(client: Client, action: SyncAction) -> Result<bool> {
    let query = client.file(id(&action).unwrap_or_default()).list().fields(Fields::only(["id"]));
    match query.page_size(1).page().await {
        Ok(page) if page.items.is_empty() => Ok(true),
        Ok(_) => Err(not_empty(&action.path)),
        Err(error) if error.is_not_found() => Ok(false),
        Err(error) => Err(error),
    }
}

/// Deletes what was checked and is still there.
async fn remote(client: &Client, actions: &[SyncAction], checked: Vec<Result<bool>>) -> Vec<Result<()>> {
    let there = actions.iter().zip(&checked).filter(|(_, checked)| matches!(checked, Ok(true)));
    let ids: Vec<_> = there.filter_map(|(action, _)| id(action)).collect();
    let deleted = if ids.is_empty() { Ok(Vec::new()) } else { client.files().bulk_delete(ids).await };
    let (mut deleted, error) = match deleted {
        Ok(deleted) => (deleted.into_iter(), None),
        Err(error) => (Vec::new().into_iter(), Some(error)),
    };
    let result = |checked: Result<bool>| {
        if !checked? {
            return Ok(());
        }
        let missing = || Err(error.clone().unwrap_or_else(missing_result));
        match deleted.next().unwrap_or_else(missing) {
            Err(error) if !error.is_not_found() => Err(error),
            _ => Ok(()),
        }
    };
    checked.into_iter().map(result).collect()
}

fn id(action: &SyncAction) -> Option<String> {
    action.remote.as_ref().map(|remote| remote.id.clone())
}

fn is_as_listed(action: &SyncAction, file: &types::File) -> bool {
    let name = action.path.rsplit('/').next();
    action.remote.as_ref() == Some(&remote_of(file)) && file.name.as_deref() == name
}

/// Removes local entries below a folder. Links on the way are not followed.
async fn local(
    root: &Path,
    actions: Vec<SyncAction>,
    remove: fn(&Leaf, &SyncAction) -> Result<()>,
) -> Vec<Result<()>> {
    let (root, count) = (root.to_owned(), actions.len());
    let removed = blocking(move || {
        let about = |error| Error::io(format!("cannot use the folder `{}`", root.display()), error);
        let folder = Arc::new(Folder::open(&root).map_err(about)?);
        let results = actions.iter().map(|action| match folder.find(&root.join(&action.path))? {
            Some(leaf) => remove(&leaf, action),
            None => Ok(()),
        });
        Ok(results.collect::<Vec<_>>())
    });
    removed.await.unwrap_or_else(|error| (0..count).map(|_| Err(error.clone())).collect())
}

fn remove_file(leaf: &Leaf, action: &SyncAction) -> Result<()> {
    let about = |error| Error::io(format!("cannot delete `{}`", leaf.path().display()), error);
    let Some(node) = leaf.look().map_err(about)? else { return Ok(()) };
    if node.kind() != FileKind::Regular || node.stat() != action.local {
        return Err(changed(&action.path));
    }
    leaf.remove().map_err(about)
}

fn remove_folder(leaf: &Leaf, action: &SyncAction) -> Result<()> {
    match leaf.remove_folder() {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::DirectoryNotEmpty => Err(not_empty(&action.path)),
        Err(error) => Err(Error::io(format!("cannot delete `{}`", leaf.path().display()), error)),
    }
}

fn changed(path: &str) -> Error {
    Error::new(ErrorKind::Conflict, format!("`{path}` changed after it was listed, so it was not deleted"))
        .with_hint("run the sync again")
}

fn not_empty(path: &str) -> Error {
    Error::new(ErrorKind::Conflict, format!("the folder `{path}` has new entries, so it was not deleted"))
        .with_hint("run the sync again")
}

fn missing_result() -> Error {
    Error::new(ErrorKind::UnexpectedResponse, "a bulk call returned too few results")
}
