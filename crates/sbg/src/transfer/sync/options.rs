//! The settings of a sync.

use std::path::PathBuf;

use super::plan::Direction;
use super::selection::Selection;
use crate::api::destination::NamedDestination;
use crate::error::{Error, Result};
use crate::files::Destination;
use crate::transfer::Compare;
use crate::transfer::batch::upload::RemoteFolder;

/// The settings, as set on a builder.
#[derive(Clone, Debug)]
pub(super) struct Options {
    pub(super) local: PathBuf,
    /// Destination on the platform.
    pub(super) to: Option<Destination>,
    /// Source on the platform.
    pub(super) from: Option<Destination>,
    /// Folder below the project or folder.
    pub(super) path: String,
    pub(super) compare: Compare,
    pub(super) delete: bool,
    pub(super) force_delete: bool,
    pub(super) selection: Selection,
    pub(super) journal: Option<PathBuf>,
}

impl Options {
    pub(super) fn new(local: PathBuf) -> Self {
        Self {
            local,
            to: None,
            from: None,
            path: String::new(),
            compare: Compare::default(),
            delete: false,
            force_delete: false,
            selection: Selection::default(),
            journal: None,
        }
    }

    /// The direction, and the project or folder on the platform.
    pub(super) fn remote(&self) -> Result<(Direction, RemoteFolder)> {
        let set_one = |what: &str| {
            Error::invalid(format!("the sync has {what} project or folder: set one with `to()` or `from()`"))
        };
        let (direction, remote) = match (&self.to, &self.from) {
            (Some(to), None) => (Direction::Up, to),
            (None, Some(from)) => (Direction::Down, from),
            (None, None) => return Err(set_one("no")),
            (Some(_), Some(_)) => return Err(set_one("more than one")),
        };
        Ok((direction, RemoteFolder::of(NamedDestination::new(remote), "the sync")?))
    }

    /// The names of the folder below the project or folder.
    pub(super) fn names(&self) -> Result<Vec<String>> {
        let names: Vec<_> = self.path.split('/').filter(|name| !name.is_empty()).collect();
        if let Some(odd) = names.iter().find(|name| matches!(**name, "." | "..")) {
            return Err(Error::invalid(format!("`{odd}` in `{}` is not the name of a folder", self.path)));
        }
        Ok(names.into_iter().map(str::to_owned).collect())
    }
}
