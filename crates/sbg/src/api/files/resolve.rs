//! Finds many paths with few calls.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures::{StreamExt as _, TryStreamExt as _, stream};

use super::FileQuery;
use super::search::{is_folder, names};
use crate::error::{Error, ErrorKind, Result};
use crate::ids::text_of;
use crate::projects::ProjectFiles;
use crate::request::fields::Fields;
use crate::types;

/// The most bytes of names in one call, so that its URL stays short.
const LONGEST: usize = 1500;
/// Calls at once.
const AT_ONCE: usize = 8;

impl ProjectFiles {
    /// The files and folders at these paths: a result for each, in the same order.
    ///
    /// Costs a call for each folder on the way and for about 50 names in it, where [`resolve_path`](Self::resolve_path) costs one for each
    /// name of each path.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let files = client.project("rfranklin/fibre-diffraction").files();
    /// for file in files.resolve_paths(["reads/S1.fastq", "reads/S2.fastq"]).await? {
    ///     println!("{}", file?.id);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: a path without names, or with `.` or `..` in it. Otherwise the error of a call. A path that leads
    /// nowhere has [`ErrorKind::NotFound`] as its own result.
    pub async fn resolve_paths<P: AsRef<str>>(
        &self,
        paths: impl IntoIterator<Item = P>,
    ) -> Result<Vec<Result<types::File>>> {
        let split = |path: P| Ok(names(path.as_ref())?.map(str::to_owned).collect());
        let paths: Vec<Vec<String>> = paths.into_iter().map(split).collect::<Result<_>>()?;
        if paths.iter().any(Vec::is_empty) {
            return Err(Error::invalid(
                "the path is empty; for the root of a project, use its `root_folder`",
            ));
        }
        let mut known: HashMap<&[String], types::File> = HashMap::new();
        for depth in 0..paths.iter().map(Vec::len).max().unwrap_or(0) {
            let mut wanted: BTreeMap<&[String], BTreeSet<&String>> = BTreeMap::new();
            for path in paths.iter().filter(|path| path.len() > depth) {
                let parent = &path[..depth];
                if depth == 0 || known.get(parent).is_some_and(is_folder) {
                    wanted.entry(parent).or_default().insert(&path[depth]);
                }
            }
            let calls = wanted
                .into_iter()
                .flat_map(|(parent, names)| chunks(names).into_iter().map(move |names| (parent, names)));
            let calls = calls.map(|(parent, names)| self.named_in(known.get(parent), names));
            let found: Vec<Vec<types::File>> =
                stream::iter(calls.collect::<Vec<_>>()).buffered(AT_ONCE).try_collect().await?;
            let mut by_parent: HashMap<(Option<String>, String), types::File> = HashMap::new();
            for file in found.into_iter().flatten() {
                let key = (file.parent.clone().filter(|_| depth > 0), file.name.clone().unwrap_or_default());
                by_parent.insert(key, file);
            }
            for path in paths.iter().filter(|path| path.len() > depth) {
                let parent = known.get(&path[..depth]).map(|parent| parent.id.clone());
                if depth > 0 && parent.is_none() {
                    continue;
                }
                if let Some(file) = by_parent.get(&(parent, path[depth].clone())) {
                    known.insert(&path[..=depth], file.clone());
                }
            }
        }
        let missing = |path: &[String]| {
            let project = text_of(self.id());
            Error::new(ErrorKind::NotFound, format!("there is no `{}` in {project}", path.join("/")))
        };
        Ok(paths.iter().map(|path| known.get(&path[..]).cloned().ok_or_else(|| missing(path))).collect())
    }

    /// The files and folders with these names in a folder, or at the root of the project.
    async fn named_in(&self, folder: Option<&types::File>, names: Vec<String>) -> Result<Vec<types::File>> {
        let query: FileQuery = match folder {
            None => self.query(),
            Some(folder) => self.client().files().query().parent(folder),
        };
        let query = names.into_iter().fold(query, FileQuery::name);
        let mut found = query.fields(Fields::all()).all().await?;
        if let Some(folder) = folder {
            for file in &mut found {
                file.parent = Some(folder.id.clone());
            }
        }
        Ok(found)
    }
}

/// The names in groups that fit in a URL each.
fn chunks(names: BTreeSet<&String>) -> Vec<Vec<String>> {
    let mut all: Vec<Vec<String>> = Vec::new();
    let mut length = usize::MAX;
    for name in names {
        length = length.saturating_add(name.len() + 6);
        match all.last_mut() {
            Some(last) if length <= LONGEST => last.push(name.clone()),
            _ => {
                length = name.len();
                all.push(vec![name.clone()]);
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_grouped_by_length() {
        let check = |lengths: &[usize], expected: &[usize]| {
            let names: Vec<String> =
                lengths.iter().enumerate().map(|(at, length)| format!("{at:0length$}")).collect();
            let groups = chunks(names.iter().collect());
            let sizes: Vec<usize> = groups.iter().map(Vec::len).collect();
            assert_eq!(sizes, expected);
        };
        check(&[], &[]);
        check(&[10, 10, 10], &[3]);
        check(&[255; 12], &[5, 5, 2]);
        check(&[2000, 2000], &[1, 1]);
    }
}
