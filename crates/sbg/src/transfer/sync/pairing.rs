//! What a sync has to do: a pure function of what both sides have.

use std::collections::{BTreeMap, BTreeSet};

use super::selection::{above, self_and_above};
use crate::error::Error;

/// What one side has, by path.
#[derive(Debug)]
pub(super) struct Side<F> {
    pub(super) files: BTreeMap<String, F>,
    /// The id of each folder on the platform; empty for local folders.
    pub(super) folders: BTreeMap<String, String>,
    /// Entries that the sync leaves alone, with everything below them. An error says why the entry cannot be synced; without one it is
    /// not covered.
    pub(super) blocked: BTreeMap<String, Option<Error>>,
}

impl<F> Default for Side<F> {
    fn default() -> Self {
        Self { files: BTreeMap::new(), folders: BTreeMap::new(), blocked: BTreeMap::new() }
    }
}

impl<F> Side<F> {
    /// Adds a file. Two entries of the same path are both left alone.
    pub(super) fn add_file(&mut self, path: String, file: F) {
        if self.folders.contains_key(&path) || self.files.contains_key(&path) {
            self.block_duplicate(path);
        } else if !self.blocked.contains_key(&path) {
            self.files.insert(path, file);
        }
    }

    /// Adds a folder. Two entries of the same path are both left alone.
    pub(super) fn add_folder(&mut self, path: String, id: String) {
        if self.folders.contains_key(&path) || self.files.contains_key(&path) {
            self.block_duplicate(path);
        } else if !self.blocked.contains_key(&path) {
            self.folders.insert(path, id);
        }
    }

    fn block_duplicate(&mut self, path: String) {
        self.files.remove(&path);
        self.folders.remove(&path);
        let error = Error::invalid(format!("there are two entries of the path `{path}`"))
            .with_hint("rename one of them");
        self.blocked.insert(path, Some(error));
    }

    fn is_blocked(&self, path: &str) -> bool {
        !self.blocked.is_empty() && self_and_above(path).any(|path| self.blocked.contains_key(path))
    }
}

/// The paths to treat, each list in order.
#[derive(Debug, Default)]
pub(super) struct Pairing {
    /// Files that only the source has.
    pub(super) new: Vec<String>,
    /// Files that both have.
    pub(super) both: Vec<String>,
    /// Files that only the target has.
    pub(super) gone: Vec<String>,
    /// Folders to create, parents first.
    pub(super) new_folders: Vec<String>,
    /// Folders that only the target has and that keep no file, the deepest first.
    pub(super) gone_folders: Vec<String>,
    /// What cannot be synced, by path.
    pub(super) problems: BTreeMap<String, Error>,
}

/// Compares the paths of both sides. `covers` says whether a folder is created and deleted for its own sake.
pub(super) fn pair<S, T>(source: &Side<S>, target: &Side<T>, covers: impl Fn(&str) -> bool) -> Pairing {
    let mut pairing = Pairing::default();
    for (path, error) in &source.blocked {
        if let Some(error) = error {
            pairing.problems.insert(path.clone(), error.clone());
        }
    }
    let mut needed = BTreeSet::new();
    for path in source.files.keys().filter(|path| !source.is_blocked(path)) {
        match obstacle(target, path, Entry::File) {
            Obstacle::Problem(at, error) => drop(pairing.problems.insert(at, error)),
            Obstacle::Uncovered => {}
            Obstacle::Clear if target.files.contains_key(path) => pairing.both.push(path.clone()),
            Obstacle::Clear => {
                needed.extend(above(path).filter(|above| !target.folders.contains_key(*above)));
                pairing.new.push(path.clone());
            }
        }
    }
    for path in source.folders.keys().filter(|path| covers(path) && !source.is_blocked(path)) {
        match obstacle(target, path, Entry::Folder) {
            Obstacle::Problem(at, error) => drop(pairing.problems.insert(at, error)),
            Obstacle::Clear if !target.folders.contains_key(path) => {
                needed.extend(self_and_above(path).filter(|above| !target.folders.contains_key(*above)));
            }
            Obstacle::Clear | Obstacle::Uncovered => {}
        }
    }
    pairing.new_folders = needed.into_iter().map(str::to_owned).collect();
    pairing.find_gone(source, target, covers);
    pairing
}

impl Pairing {
    fn find_gone<S, T>(&mut self, source: &Side<S>, target: &Side<T>, covers: impl Fn(&str) -> bool) {
        let problems = &self.problems;
        let is_left = |path: &str| {
            source.is_blocked(path)
                || target.is_blocked(path)
                || !problems.is_empty() && self_and_above(path).any(|path| problems.contains_key(path))
        };
        // Folders that keep something.
        let holders = target.blocked.keys().chain(source.files.keys());
        let mut kept: BTreeSet<&str> = holders.flat_map(|path| above(path)).collect();
        for path in target.files.keys() {
            if source.files.contains_key(path) || is_left(path) {
                kept.extend(above(path));
            } else {
                self.gone.push(path.clone());
            }
        }
        let mut candidates = Vec::new();
        for path in target.folders.keys() {
            if source.folders.contains_key(path) || !covers(path) || is_left(path) {
                kept.extend(above(path));
            } else {
                candidates.push(path);
            }
        }
        let gone = candidates.into_iter().filter(|path| !kept.contains(path.as_str()));
        // The contents of a folder come after it in this order.
        self.gone_folders = gone.rev().cloned().collect();
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Entry {
    File,
    Folder,
}

/// What keeps an entry of the source from its path in the target.
enum Obstacle {
    Clear,
    /// The target's entry is not covered by the sync.
    Uncovered,
    Problem(String, Error),
}

fn obstacle<T>(target: &Side<T>, path: &str, entry: Entry) -> Obstacle {
    if entry == Entry::File && target.folders.contains_key(path) {
        return both_kinds(path, "a file in the source and a folder in the target");
    }
    for at in self_and_above(path) {
        if let Some(blocked) = target.blocked.get(at) {
            return match blocked {
                Some(error) => Obstacle::Problem(at.to_owned(), error.clone()),
                None => Obstacle::Uncovered,
            };
        }
        if (at != path || entry == Entry::Folder) && target.files.contains_key(at) {
            return both_kinds(at, "a folder in the source and a file in the target");
        }
    }
    Obstacle::Clear
}

fn both_kinds(path: &str, what: &str) -> Obstacle {
    let error = Error::invalid(format!("`{path}` is {what}")).with_hint("rename or delete one of them");
    Obstacle::Problem(path.to_owned(), error)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A side with these entries: folders end in `/`, entries that begin with `!` are unusable, those with `-` are not covered.
    fn side(entries: &[&str]) -> Side<()> {
        let mut side = Side::default();
        for entry in entries {
            if let Some(path) = entry.strip_prefix('!') {
                side.blocked.insert(path.to_owned(), Some(Error::invalid("unusable")));
            } else if let Some(path) = entry.strip_prefix('-') {
                side.blocked.insert(path.to_owned(), None);
            } else if let Some(path) = entry.strip_suffix('/') {
                side.add_folder(path.to_owned(), String::new());
            } else {
                side.add_file((*entry).to_owned(), ());
            }
        }
        side
    }

    /// The actions: `+` new, `=` in both, `-` gone, `!` a problem; folders end in `/`.
    #[track_caller]
    fn check(source: &[&str], target: &[&str], expected: &[&str]) {
        let pairing = pair(&side(source), &side(target), |_| true);
        let mut found = Vec::new();
        found.extend(pairing.new_folders.iter().map(|path| format!("+{path}/")));
        found.extend(pairing.new.iter().map(|path| format!("+{path}")));
        found.extend(pairing.both.iter().map(|path| format!("={path}")));
        found.extend(pairing.gone.iter().map(|path| format!("-{path}")));
        found.extend(pairing.gone_folders.iter().map(|path| format!("-{path}/")));
        found.extend(pairing.problems.keys().map(|path| format!("!{path}")));
        assert_eq!(found, expected, "{source:?} to {target:?}");
    }

    #[test]
    fn files_are_new_common_or_gone() {
        check(&[], &[], &[]);
        check(&["a", "b"], &["b", "c"], &["+a", "=b", "-c"]);
        check(&["x/", "x/y/", "x/y/a", "z/"], &[], &["+x/", "+x/y/", "+z/", "+x/y/a"]);
        check(&[], &["x/", "x/y/", "x/y/a", "z/"], &["-x/y/a", "-z/", "-x/y/", "-x/"]);
        // The source need not list the folders of its files.
        check(&["x/y/a"], &["x/"], &["+x/y/", "+x/y/a"]);
    }

    #[test]
    fn path_of_a_file_and_a_folder_is_left_alone() {
        check(&["a"], &["a/", "a/x"], &["!a"]);
        check(&["a/", "a/x"], &["a"], &["!a"]);
        check(&["a/"], &["a"], &["!a"]);
        check(&["p/", "p/a", "b"], &["p/", "p/a/", "p/a/x", "c"], &["+b", "-c", "!p/a"]);
    }

    #[test]
    fn duplicate_paths_are_left_alone() {
        check(&["a", "a", "b"], &["a"], &["+b", "!a"]);
        check(&["b"], &["a", "a", "c"], &["+b", "-c"]);
        check(&["a"], &["a", "a"], &["!a"]);
        check(&["a"], &["a", "a", "a/"], &["!a"]);
    }

    #[test]
    fn unusable_entries_protect_their_counterparts() {
        check(&["!a", "b"], &["a", "c"], &["+b", "-c", "!a"]);
        check(&["x/", "!x/y"], &["x/", "x/y/", "x/y/a", "x/b"], &["-x/b", "!x/y"]);
        check(&["a/x"], &["!a"], &["!a"]);
        // In the target they matter only where the source has something.
        check(&["b"], &["!a"], &["+b"]);
    }

    #[test]
    fn uncovered_entries_are_kept_with_their_folders() {
        check(&["-a", "b"], &["a", "c"], &["+b", "-c"]);
        check(&[], &["x/", "x/y/", "-x/y/a", "x/b"], &["-x/b"]);
        check(&["a"], &["-a"], &[]);
        check(&["-x"], &["x/", "x/a"], &[]);
    }

    #[test]
    fn uncovered_folders_are_made_only_for_files() {
        let source = side(&["x/", "x/a", "y/"]);
        let pairing = pair(&source, &side(&["z/"]), |_| false);
        assert_eq!((pairing.new_folders, pairing.gone_folders), (vec!["x".to_owned()], vec![]));
    }
}
