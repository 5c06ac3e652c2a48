//! Which files a sync covers: by path, by metadata, and by shard.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use super::shard::Shard;
use crate::error::{Error, Result};
use crate::types;

/// The files to cover, as set on a builder.
#[derive(Clone, Debug, Default)]
pub(super) struct Selection {
    pub(super) include: Vec<String>,
    pub(super) exclude: Vec<String>,
    pub(super) metadata: Vec<(String, String)>,
    pub(super) shard: Option<Shard>,
}

impl Selection {
    /// Fails on an invalid pattern.
    pub(super) fn compiled(&self) -> Result<Filter> {
        let include = if self.include.is_empty() { None } else { Some(Patterns::new(&self.include)?) };
        let exclude = Patterns::new(&self.exclude)?;
        Ok(Filter { include, exclude, metadata: self.metadata.clone(), shard: self.shard })
    }
}

/// Selects files and folders.
#[derive(Clone, Debug)]
pub(super) struct Filter {
    /// `None` if everything is included.
    include: Option<Patterns>,
    exclude: Patterns,
    metadata: Vec<(String, String)>,
    shard: Option<Shard>,
}

impl Filter {
    /// Whether the file of this path is covered, whatever its metadata.
    pub(super) fn has_file(&self, path: &str) -> bool {
        self.include.as_ref().is_none_or(|include| include.match_file(path))
            && !self.exclude.match_file(path)
            && self.shard.is_none_or(|shard| shard.has(path))
    }

    /// Whether files in this folder may be covered.
    pub(super) fn enters(&self, path: &str) -> bool {
        !self.exclude.match_folder(path)
    }

    /// Whether the folder itself is created and deleted, also if it is empty.
    pub(super) fn has_folder(&self, path: &str) -> bool {
        self.include.is_none() && self.metadata.is_empty() && self.shard.is_none_or(|shard| shard.has(path))
    }

    pub(super) fn needs_metadata(&self) -> bool {
        !self.metadata.is_empty()
    }

    /// Whether the metadata of a file has all wanted values.
    pub(super) fn has_metadata(&self, file: &types::File) -> bool {
        self.metadata.iter().all(|(field, wanted)| {
            let value = file.metadata.as_ref().and_then(|metadata| metadata.get(field));
            let text = value.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
            text.as_ref() == Some(wanted)
        })
    }
}

/// Glob patterns.
#[derive(Clone, Debug)]
struct Patterns {
    any: GlobSet,
    /// Those that end in `/`.
    folders: GlobSet,
}

impl Patterns {
    fn new(patterns: &[String]) -> Result<Self> {
        let (mut any, mut folders) = (GlobSetBuilder::new(), GlobSetBuilder::new());
        for pattern in patterns {
            let invalid = |why: &dyn std::fmt::Display| {
                Error::invalid(format!("the pattern `{pattern}` is invalid: {why}"))
            };
            let (text, set) = match pattern.strip_suffix('/') {
                Some(text) => (text, &mut folders),
                None => (pattern.as_str(), &mut any),
            };
            let text = match text.strip_prefix('/') {
                Some(anchored) => anchored.to_owned(),
                None if text.contains('/') => text.to_owned(),
                None => format!("**/{text}"),
            };
            if matches!(&*text, "" | "**/") {
                return Err(invalid(&"it names nothing"));
            }
            let glob = GlobBuilder::new(&text).literal_separator(true).build();
            set.add(glob.map_err(|error| invalid(error.kind()))?);
        }
        let built = |set: GlobSetBuilder| {
            set.build().map_err(|error| Error::invalid(format!("the patterns are invalid: {}", error.kind())))
        };
        Ok(Self { any: built(any)?, folders: built(folders)? })
    }

    fn match_file(&self, path: &str) -> bool {
        self.any.is_match(path) || path.rsplit_once('/').is_some_and(|(above, _)| self.match_folder(above))
    }

    /// Whether the folder or one above it matches.
    fn match_folder(&self, path: &str) -> bool {
        self_and_above(path).any(|path| self.any.is_match(path) || self.folders.is_match(path))
    }
}

/// A path and the folders above it, the deepest first.
pub(super) fn self_and_above(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(path), |path| Some(path.rsplit_once('/')?.0))
}

/// The folders above a path, the deepest first.
pub(super) fn above(path: &str) -> impl Iterator<Item = &str> {
    self_and_above(path).skip(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selects(include: &[&str], exclude: &[&str], path: &str) -> bool {
        let owned = |patterns: &[&str]| patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
        let selection =
            Selection { include: owned(include), exclude: owned(exclude), ..Selection::default() };
        selection.compiled().unwrap().has_file(path)
    }

    #[test]
    fn patterns_select_names_paths_and_folders() {
        let check = |pattern: &str, yes: &[&str], no: &[&str]| {
            for path in yes {
                assert!(selects(&[pattern], &[], path), "{pattern} {path}");
                assert!(!selects(&[], &[pattern], path), "{pattern} {path}");
            }
            for path in no {
                assert!(!selects(&[pattern], &[], path), "{pattern} {path}");
                assert!(selects(&[], &[pattern], path), "{pattern} {path}");
            }
        };
        check("*.bam", &["a.bam", "x/a.bam", "x.bam/y"], &["a.bam.bai", "x/bam"]);
        check("/*.bam", &["a.bam"], &["x/a.bam"]);
        check("x/*.bam", &["x/a.bam"], &["x/y/a.bam", "y/x/a.bam"]);
        check("x/**/*.bam", &["x/a.bam", "x/y/z/a.bam"], &["a.bam"]);
        check("tmp/", &["tmp/a", "x/tmp/y/a"], &["tmp", "x/tmp", "tmpx/a"]);
        check("tmp", &["tmp/a", "x/tmp/y/a", "tmp", "x/tmp"], &["tmpx/a"]);
        check("/tmp/", &["tmp/a"], &["x/tmp/a"]);
        check("{a,b}?.txt", &["a1.txt", "x/b2.txt"], &["c1.txt", "a.txt"]);
    }

    #[test]
    fn exclusion_wins_over_inclusion() {
        assert!(selects(&["*.bam", "*.bai"], &["x/"], "y/a.bai"));
        assert!(!selects(&["*.bam"], &["x/"], "x/a.bam"));
    }

    #[test]
    fn invalid_patterns_are_named() {
        for pattern in ["a[", "{a", "", "/", "//"] {
            let selection = Selection { exclude: vec![pattern.to_owned()], ..Selection::default() };
            let error = selection.compiled().map(drop).unwrap_err().to_string();
            assert!(error.starts_with(&format!("the pattern `{pattern}` is invalid")), "{error}");
        }
    }
}
