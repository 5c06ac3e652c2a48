//! Lists what the two sides of a sync have.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::StreamExt as _;

use super::pairing::Side;
use super::plan::Direction;
use super::selection::Filter;
use crate::client::Client;
use crate::error::{Error, Result};
use crate::files::Entry;
use crate::ids::excerpt;
use crate::request::fields::Fields;
use crate::transfer::batch::comparison::remote_of;
use crate::transfer::batch::conflict::join;
use crate::transfer::batch::sameness::RemoteFile;
use crate::transfer::batch::scan::{FileLinks, LocalFile, Scan};
use crate::transfer::batch::upload::RemoteFolder;
use crate::transfer::engine::task::blocking;
use crate::transfer::handle::Shared;
use crate::transfer::local::names::{LONGEST, is_reserved};

/// Lists the local folder. Also returns why a folder below it could not be listed.
pub(super) async fn local(
    folder: PathBuf,
    direction: Direction,
    filter: Arc<Filter>,
    shared: Arc<Shared>,
) -> Result<(Side<LocalFile>, Option<String>)> {
    blocking(move || {
        let links = match direction {
            Direction::Up => FileLinks::Followed,
            Direction::Down => FileLinks::Kept,
        };
        if direction == Direction::Down && is_missing(&folder) {
            return Ok((Side::default(), None));
        }
        let enters = |path: &str| {
            shared.counters.add_listed(1);
            filter.enters(path)
        };
        let scan = Scan::of_tree(folder, links, enters)?;
        shared.counters.add_listed(scan.files.len());
        let unlisted = scan.unreadable.iter().find(|entry| entry.is_folder);
        let unlisted = unlisted.map(|entry| format!("the folder `{}` cannot be read", entry.local.display()));
        Ok((local_side(scan, direction, &filter), unlisted))
    })
    .await
}

fn is_missing(folder: &Path) -> bool {
    folder.symlink_metadata().is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
}

fn local_side(scan: Scan, direction: Direction, filter: &Filter) -> Side<LocalFile> {
    let mut side = Side::default();
    for entry in scan.unreadable {
        side.blocked.insert(entry.path, Some(entry.error));
    }
    for (path, kind) in scan.others {
        let in_the_way = || {
            Error::invalid(format!("`{path}` is {} here", kind.name()))
                .with_hint("move it away, or exclude its path")
        };
        // In the source, links to folders are left out.
        let error = (direction == Direction::Down).then(in_the_way);
        side.blocked.insert(path, error);
    }
    side.blocked.extend(scan.skipped.into_iter().map(|path| (path, None)));
    for folder in scan.folders {
        side.add_folder(folder.join("/"), String::new());
    }
    for file in scan.files {
        let path = file.path();
        if !filter.has_file(&path) || is_reserved(&file.name) {
            side.blocked.insert(path, None);
        } else if file.state.is_none() && !file.file.is_file() {
            let error = Error::invalid(format!("cannot copy `{}`: not a regular file", file.file.display()));
            side.blocked.insert(path, Some(error));
        } else {
            side.add_file(path, file);
        }
    }
    side
}

/// Lists the folder on the platform. `needed` are the folders to enter; all by default.
pub(super) async fn remote(
    client: &Client,
    folder: &RemoteFolder,
    local: &Path,
    direction: Direction,
    filter: &Arc<Filter>,
    needed: Option<&BTreeMap<String, String>>,
    shared: &Shared,
) -> Result<Side<RemoteFile>> {
    let walk = match folder {
        RemoteFolder::Project(id) => client.project(&**id).files().walk(),
        RemoteFolder::Folder(id) => client.file(id).walk(),
    };
    let mut fields = Fields::only(["id", "name", "type", "size", "created_on", "modified_on"]);
    if filter.needs_metadata() {
        fields = fields.and(Fields::only(["metadata"]));
    }
    let needed: Option<Vec<String>> = needed.map(|folders| folders.keys().cloned().collect());
    let enters = filter.clone();
    let walk = walk.fields(fields).descend(move |entry| {
        let path = &entry.path;
        enters.enters(path) && needed.as_ref().is_none_or(|needed| needed.binary_search(path).is_ok())
    });
    let mut entries = walk.entries();
    let mut side = Side::default();
    while let Some(entry) = entries.next().await.transpose()? {
        let Entry { path, file, .. } = entry;
        shared.counters.add_listed(1);
        let is_folder = file.type_ == Some(crate::types::FileType::Folder);
        let covered = if is_folder {
            filter.enters(&path)
        } else {
            filter.has_file(&path) && filter.has_metadata(&file)
        };
        if !covered {
            side.blocked.insert(path, None);
        } else if let (Direction::Down, Err(error)) = (direction, fits(local, &path)) {
            side.blocked.insert(path, Some(error));
        } else if is_folder {
            side.add_folder(path, file.id);
        } else {
            side.add_file(path, remote_of(&file));
        }
    }
    Ok(side)
}

/// Whether the local folder can hold a file of this path.
fn fits(folder: &Path, path: &str) -> Result<()> {
    join(folder, path)?;
    match path.split('/').find(|name| name.len() > LONGEST) {
        Some(name) => {
            let (shown, length) = (excerpt(name, 40), name.len());
            Err(Error::invalid(format!("the name `{shown}` has {length} bytes; file systems hold {LONGEST}")))
        }
        None => Ok(()),
    }
}
