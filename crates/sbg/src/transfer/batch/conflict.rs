//! Name conflicts, and unsafe names.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use parking_lot::Mutex;

use crate::error::{Error, Result};
use crate::transfer::local::names::is_reserved;
pub(super) use crate::transfer::local::names::numbered;

/// What to do if a file of the same name exists.
///
/// ```
/// use sbg::transfer::Conflict;
///
/// assert_eq!(Conflict::default(), Conflict::Fail, "nothing is replaced by default");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Conflict {
    /// The file fails; the others continue.
    #[default]
    Fail,
    /// The file is skipped.
    Skip,
    /// The existing file is replaced when the new one is complete.
    Overwrite,
    /// The file gets the next free name, as in `reads (2).bam`.
    Rename,
}

/// Joins a remote path to a local folder. Refuses a path that would lead out of the folder.
///
/// Anyone with write access to the project can choose names, so none is trusted.
pub(in crate::transfer) fn join(folder: &Path, path: &str) -> Result<PathBuf> {
    let mut local = folder.to_owned();
    for name in path.split('/') {
        let astray = name.is_empty() || name == "." || name == ".." || name.contains(char::is_control);
        // These characters would make the name several path components, a drive, or a stream of another file.
        let foreign = cfg!(windows) && name.contains(['\\', ':']);
        // It could collide with another download, or be mistaken for its partial file.
        if astray || foreign || is_reserved(name) {
            let shown = crate::ids::excerpt(path, 120);
            return Err(Error::invalid(format!("`{shown}` is not a valid local file name")));
        }
        local.push(name);
    }
    Ok(local)
}

/// The local paths claimed by the files of one transfer, so that no two files use the same path.
#[derive(Debug, Default)]
pub(in crate::transfer) struct Claims(Mutex<HashSet<PathBuf>>);

impl Claims {
    /// Claims a path for one file. `false` if another file has it.
    pub(super) fn take(&self, path: &Path) -> bool {
        self.0.lock().insert(folded(path))
    }

    /// Claims the next numbered path that is free.
    pub(super) fn take_numbered(&self, path: &Path) -> Option<PathBuf> {
        let name = path.file_name()?.to_string_lossy().into_owned();
        (2..=u32::MAX).map(|number| path.with_file_name(numbered(&name, number))).find(|path| {
            // A broken link also counts as taken.
            path.symlink_metadata().is_err() && self.take(path)
        })
    }
}

/// The path as the file system compares it.
fn folded(path: &Path) -> PathBuf {
    if cfg!(any(windows, target_os = "macos")) {
        path.to_string_lossy().to_lowercase().into()
    } else {
        path.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_cannot_leave_the_folder() {
        let folder = Path::new("/data/run");
        assert_eq!(join(folder, "a/b c.bam").unwrap(), Path::new("/data/run/a/b c.bam"));
        assert_eq!(join(folder, "..a/b..").unwrap(), Path::new("/data/run/..a/b.."));
        for path in [
            "",
            "..",
            ".",
            "../x",
            "a/../../x",
            "/etc/passwd",
            "a//b",
            "a/",
            "a/./b",
            "a\0b",
            "a\u{1b}[2Jb",
            "x.sbg-part",
            "x.sbg-part/a",
        ] {
            assert!(join(folder, path).is_err(), "{path:?}");
        }
    }
}
