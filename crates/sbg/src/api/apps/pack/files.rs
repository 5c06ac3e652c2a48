//! The linked files: found relative to each other, read within bounds, parsed once.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use serde_json::Value;

use crate::error::{Error, ErrorKind, Result};
use crate::local_file::read_bounded;

/// Maximum bytes of one file.
const MAX_FILE: u64 = 16 * 1024 * 1024;
/// Maximum bytes of all files.
const MAX_TOTAL: u64 = 64 * 1024 * 1024;

/// A file, and a name in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Link {
    /// The real path of the file.
    pub(super) file: Rc<Path>,
    pub(super) fragment: Option<String>,
}

/// Reads the files of one app.
pub(super) struct Files {
    /// The folder that all files must lie in.
    root: PathBuf,
    parsed: HashMap<Rc<Path>, Rc<Value>>,
    bytes: u64,
}

impl Files {
    /// Files in `root`, or in the folder of `main`.
    pub(super) fn below(root: Option<&Path>, main: &Path) -> Result<Self> {
        let folder = match (root, main.parent()) {
            (Some(root), _) => root,
            (None, Some(parent)) if !parent.as_os_str().is_empty() => parent,
            (None, _) => Path::new("."),
        };
        let root = folder
            .canonicalize()
            .map_err(|error| Error::io(format!("cannot open the folder `{}`", folder.display()), error))?;
        Ok(Self { root, parsed: HashMap::new(), bytes: 0 })
    }

    /// The file to start with.
    pub(super) fn start(&self, path: &Path, fragment: Option<String>) -> Result<Link> {
        let file = path
            .canonicalize()
            .map_err(|error| Error::io(format!("cannot read `{}`", path.display()), error))?;
        self.check_inside(&file, &path.display().to_string())?;
        Ok(Link { file: file.into(), fragment })
    }

    /// What `link` means in the file `base`.
    pub(super) fn resolve(&self, base: &Rc<Path>, link: &str) -> Result<Link> {
        let (path, fragment) = match link.split_once('#') {
            Some((path, name)) => (path, Some(name.to_owned())),
            None => (link, None),
        };
        if path.is_empty() {
            return Ok(Link { file: Rc::clone(base), fragment });
        }
        if path.contains("://") {
            let error = problem(base, format!("it links to the URL `{link}`"));
            return Err(error.with_hint("download the file and link to the copy"));
        }
        let joined = base.parent().unwrap_or(Path::new(".")).join(path);
        let file = joined.canonicalize().map_err(|error| {
            Error::io(
                format!("cannot read `{}`, which `{}` links to", joined.display(), base.display()),
                error,
            )
        })?;
        self.check_inside(&file, link)?;
        Ok(Link { file: file.into(), fragment })
    }

    fn check_inside(&self, file: &Path, link: &str) -> Result<()> {
        if file.starts_with(&self.root) {
            return Ok(());
        }
        let root = self.root.display();
        let error = Error::invalid(format!("cannot pack `{link}`: it is outside of the folder `{root}`"));
        Err(error.with_hint("if that is intended, name a folder that contains all files with `root()`"))
    }

    /// The text of a file.
    pub(super) fn text(&mut self, file: &Path) -> Result<String> {
        let error = |error| Error::io(format!("cannot read `{}`", file.display()), error);
        let bytes = read_bounded(file, MAX_FILE).map_err(error)?;
        self.bytes += bytes.len() as u64;
        if self.bytes > MAX_TOTAL {
            return Err(problem(
                file,
                format!("it and the files before it have more than {MAX_TOTAL} bytes"),
            ));
        }
        String::from_utf8(bytes).map_err(|_| problem(file, "it is not UTF-8"))
    }

    /// The content of a file in JSON or YAML.
    pub(super) fn document(&mut self, file: &Rc<Path>) -> Result<Rc<Value>> {
        if let Some(known) = self.parsed.get(file) {
            return Ok(Rc::clone(known));
        }
        let text = self.text(file)?;
        // JSON first: it is also YAML, but its errors are clearer and its numbers exact.
        let value = match serde_json::from_str(&text) {
            Ok(value) => value,
            Err(json) => sbg_yaml::parse(&text).map_err(|yaml| {
                let is_json = text.trim_start().starts_with('{');
                problem(file, if is_json { json.to_string() } else { yaml })
            })?,
        };
        let value = Rc::new(value);
        self.parsed.insert(Rc::clone(file), Rc::clone(&value));
        Ok(value)
    }
}

/// An error about the content of a file.
pub(super) fn problem(file: &Path, what: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidInput, format!("cannot pack `{}`: {}", file.display(), what.into()))
}
