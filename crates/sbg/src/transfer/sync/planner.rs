//! Makes the plan of a sync: lists both sides and compares the files that both have.

use std::sync::Arc;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;

use super::options::Options;
use super::pairing::{Pairing, Side, pair};
use super::plan::{Direction, Inputs, RemoteRoot, SyncAction, SyncOperation, SyncPlan, SyncProblem};
use super::selection::Filter;
use super::sides;
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::files::FileQuery;
use crate::request::fields::Fields;
use crate::transfer::batch::AT_ONCE;
use crate::transfer::batch::Outcome;
use crate::transfer::batch::comparison::{Comparison, FilePair};
use crate::transfer::batch::sameness::RemoteFile;
use crate::transfer::batch::scan::LocalFile;
use crate::transfer::batch::upload::RemoteFolder;
use crate::transfer::engine::runtime::Context;
use crate::transfer::handle::Shared;
use crate::transfer::local::record::Tree;
use crate::transfer::local::source_file::open_without_waiting;
use crate::types::FileType;

/// Makes the plan. `client` uses the connections of the engine.
pub(super) async fn plan(
    client: Client,
    context: &Context,
    shared: &Arc<Shared>,
    options: Options,
) -> Result<SyncPlan> {
    tokio::select! {
        planned = planned(client, context, shared, options) => planned,
        () = shared.stop.cancelled() => Err(Error::cancelled()),
    }
}

async fn planned(
    client: Client,
    context: &Context,
    shared: &Arc<Shared>,
    options: Options,
) -> Result<SyncPlan> {
    let (direction, start) = options.remote()?;
    let names = options.names()?;
    let filter = Arc::new(options.selection.compiled()?);
    let uploading = direction == Direction::Up;
    if uploading && filter.needs_metadata() {
        return Err(Error::invalid("local files have no metadata to select by")
            .with_hint("`metadata` selects the files of a sync from the platform"));
    }
    let (local, local_problems) =
        sides::local(options.local.clone(), direction, filter.clone(), shared.clone()).await?;
    let remote = find_root(&client, direction, start, names).await?;
    // Without deletes, only the folders that the source has matter in the target.
    let needed = (uploading && !options.delete).then_some(&local.folders);
    let there = if remote.missing.is_empty() {
        sides::remote(&client, &remote.folder, &options.local, direction, &filter, needed, shared).await?
    } else {
        Side::default()
    };
    let (endpoint, name) = (client.endpoint().as_str().to_owned(), remote.name.clone());
    let folder = options.local.clone();
    let tree = move || Tree::new(&endpoint, name, &folder);
    let comparison = Comparison::open(options.compare, uploading, context, tree).await?;
    let mut draft = Draft::new(if uploading {
        pair(&local, &there, |path| filter.has_folder(path))
    } else {
        pair(&there, &local, |path| filter.has_folder(path))
    });
    draft.compare(&comparison, &local, &there, shared).await?;
    let unlisted = local_problems.into_iter().next();
    draft.actions(direction, &filter, &local, &there, options.delete && unlisted.is_none());
    let target_files = if uploading { there.files.len() } else { local.files.len() };
    let problems = draft.pairing.problems.into_iter();
    Ok(SyncPlan {
        direction,
        actions: draft.actions,
        problems: problems.map(|(path, error)| SyncProblem { path, error }).collect(),
        identical: draft.identical,
        assumed: draft.assumed,
        deletes_withheld: unlisted.filter(|_| options.delete),
        inputs: Inputs {
            client,
            local: options.local,
            remote,
            comparison,
            folders: there.folders,
            target_files,
            force_delete: options.force_delete,
            journal: options.journal,
        },
    })
}

/// Finds the folder on the platform, or how much of its path exists.
async fn find_root(
    client: &Client,
    direction: Direction,
    start: RemoteFolder,
    names: Vec<String>,
) -> Result<RemoteRoot> {
    let name = match &*names {
        [] => start.name(),
        names => format!("{} at {}", start.name(), names.join("/")),
    };
    let mut folder = start;
    for (depth, wanted) in names.iter().enumerate() {
        let query: FileQuery = folder.query(client).name(wanted).fields(Fields::only(["id", "name", "type"]));
        let found = query.all().await?;
        let Some(found) = found.into_iter().find(|file| file.name.as_ref() == Some(wanted)) else {
            if direction == Direction::Down {
                let message = format!("there is no folder `{}` in the {}", names.join("/"), folder.name());
                return Err(Error::new(ErrorKind::NotFound, message));
            }
            return Ok(RemoteRoot { folder, missing: names[depth..].to_vec(), name });
        };
        if found.type_ != Some(FileType::Folder) {
            return Err(Error::invalid(format!("`{wanted}` is a file on the platform, not a folder")));
        }
        folder = RemoteFolder::Folder(found.id);
    }
    Ok(RemoteRoot { folder, missing: Vec::new(), name })
}

/// A partial plan.
struct Draft {
    pairing: Pairing,
    changed: Vec<String>,
    identical: u64,
    assumed: Vec<String>,
    actions: Vec<SyncAction>,
}

impl Draft {
    fn new(pairing: Pairing) -> Self {
        Self { pairing, changed: Vec::new(), identical: 0, assumed: Vec::new(), actions: Vec::new() }
    }

    /// Compares the files that both sides have.
    async fn compare(
        &mut self,
        comparison: &Comparison,
        local: &Side<LocalFile>,
        remote: &Side<RemoteFile>,
        shared: &Arc<Shared>,
    ) -> Result<()> {
        let mut waiting = std::mem::take(&mut self.pairing.both).into_iter();
        let mut comparing = FuturesUnordered::new();
        loop {
            while comparing.len() < AT_ONCE
                && let Some(path) = waiting.next()
            {
                comparing.push(same(comparison, path, local, remote, shared));
            }
            let Some((path, same)) = comparing.next().await else { break };
            shared.counters.add_compared();
            match same {
                Ok(Some(Outcome::Assumed)) => self.assumed.push(path),
                Ok(Some(_)) => self.identical += 1,
                Ok(None) => self.changed.push(path),
                Err(error) if matches!(error.kind(), ErrorKind::Cancelled | ErrorKind::Unauthorized) => {
                    return Err(error);
                }
                Err(error) => drop(self.pairing.problems.insert(path, error)),
            }
        }
        self.assumed.sort();
        self.changed.sort();
        Ok(())
    }

    /// Lists the actions in their order: folders, copies by path, deletes.
    fn actions(
        &mut self,
        direction: Direction,
        filter: &Filter,
        local: &Side<LocalFile>,
        remote: &Side<RemoteFile>,
        delete: bool,
    ) {
        use SyncOperation as Op;

        let describe = |operation: Op, path: &String| {
            let mut action = SyncAction::new(operation, path.clone());
            let (here, there) = (local.files.get(path), remote.files.get(path));
            let of_local = (direction == Direction::Up) != operation.is_delete();
            action.bytes =
                if of_local { here.map(|file| file.size) } else { there.and_then(|file| file.size) };
            action.remote = there.cloned();
            action.local = here.and_then(|file| file.state).map(|state| state.stat);
            action
        };
        let pairing = &self.pairing;
        let folders = pairing.new_folders.iter();
        self.actions.extend(folders.map(|path| SyncAction::new(Op::CreateFolder, path.clone())));
        let mut copies: Vec<_> = pairing.new.iter().map(|path| describe(Op::CopyNew, path)).collect();
        copies.extend(self.changed.iter().map(|path| describe(Op::CopyChanged, path)));
        copies.sort_by(|one, other| one.path.cmp(&other.path));
        self.actions.append(&mut copies);
        if !delete {
            return;
        }
        self.actions.extend(pairing.gone.iter().map(|path| describe(Op::DeleteFile, path)));
        for path in pairing.gone_folders.iter().filter(|path| filter.has_folder(path)) {
            let mut action = SyncAction::new(Op::DeleteFolder, path.clone());
            let id = remote.folders.get(path).filter(|id| !id.is_empty());
            action.remote = id.map(|id| RemoteFile { id: id.clone(), ..RemoteFile::default() });
            self.actions.push(action);
        }
    }
}

/// The outcome if both files of a path are the same; `None` if they differ or may differ.
async fn same(
    comparison: &Comparison,
    path: String,
    local: &Side<LocalFile>,
    remote: &Side<RemoteFile>,
    shared: &Arc<Shared>,
) -> (String, Result<Option<Outcome>>) {
    let (Some(file), Some(remote)) = (local.files.get(&path), remote.files.get(&path)) else {
        return (path, Ok(None));
    };
    let Some(state) = &file.state else { return (path, Ok(None)) };
    let owned = file.file.clone();
    let open = move || open_without_waiting(&owned);
    let two = FilePair { key: &path, path: &file.file, local: state, remote };
    let same = comparison.same(two, open, shared).await;
    (path, same)
}
