//! Packs an app that is spread over linked files into one document.

mod files;
mod ids;
mod imports;
mod lists;
mod process;
mod schema_types;

use std::path::{Path, PathBuf};

use self::files::Files;
use self::process::Packer;
use super::Cwl;
use crate::error::Result;

/// Packs the files of an app: set [`root`](Self::root) if it links to files outside of its folder, then [`read`](Self::read).
///
/// ```no_run
/// # fn example() -> sbg::Result<()> {
/// let workflow = sbg::apps::Cwl::pack("pipeline/workflows/main.cwl").root("pipeline").read()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is read until you call `read()`"]
pub struct Pack {
    path: PathBuf,
    root: Option<PathBuf>,
}

impl Cwl {
    /// Packs a description and all files that it links to into one document, as the platform requires.
    ///
    /// Reads JSON and YAML of CWL v1.0 to v1.2 and draft-2. `PATH#name` selects a process of a file with several (`$graph`); without a name
    /// it is `main`, or the only one. In the result
    ///
    /// - steps contain the process that they run (`run:` with a file or a name),
    /// - `$import` and `$include` are replaced by what they name,
    /// - types of a `SchemaDefRequirement` stand where they are used,
    /// - inputs, outputs, steps, requirements and hints are lists, and ids are relative.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let workflow = sbg::apps::Cwl::pack("align/workflow.cwl").read()?;
    /// client.apps().push("rfranklin/demo/align", workflow).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn pack(path: impl Into<PathBuf>) -> Pack {
        Pack { path: path.into(), root: None }
    }
}

impl Pack {
    /// The folder that all files must lie in; by default the folder of the description. A link that leaves it is an error, so that the app
    /// of someone else cannot send your private files to the platform.
    ///
    /// ```
    /// let pack = sbg::apps::Cwl::pack("workflows/main.cwl").root(".");
    /// ```
    pub fn root(mut self, folder: impl Into<PathBuf>) -> Self {
        self.root = Some(folder.into());
        self
    }

    /// Reads the files, at most 16 MiB each and 64 MiB together. This blocks, as reading a few small files does.
    ///
    /// ```no_run
    /// # fn example() -> sbg::Result<()> {
    /// let tool = sbg::apps::Cwl::pack("helix-angle.cwl").read()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Names the file with a syntax error, a link that leads nowhere, out of [`root`](Self::root), to a URL, or back to itself, a type that
    /// is not defined, or a description that is not CWL.
    pub fn read(&self) -> Result<Cwl> {
        let (path, fragment) = split(&self.path);
        let files = Files::below(self.root.as_deref(), &path)?;
        let start = files.start(&path, fragment)?;
        Ok(Cwl::Json(Packer::new(files).pack(start)?))
    }
}

/// Splits `PATH#name`. A `#` in the name of an existing file belongs to the name.
fn split(path: &Path) -> (PathBuf, Option<String>) {
    match path.to_str().and_then(|text| text.rsplit_once('#')) {
        Some((file, name)) if !path.exists() => (file.into(), Some(name.to_owned())),
        _ => (path.to_owned(), None),
    }
}
