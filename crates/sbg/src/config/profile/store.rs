//! Reads and atomically replaces a small private file.

use std::{
    fs::{self, OpenOptions},
    io::{self, ErrorKind, Write as _},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU32, Ordering},
};

use super::ProfileError;
use crate::local_file::read_bounded;

/// Largest file that is read, in bytes. A profile takes about a hundred.
const LARGEST: u64 = 1024 * 1024;

/// The text of a file; `None` when there is no file.
pub(super) fn read(path: &Path) -> Result<Option<String>, ProfileError> {
    let bytes = match read_bounded(path, LARGEST) {
        Ok(bytes) => bytes,
        // The home folder of a service may be `/dev/null`.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(source) => return Err(ProfileError::Io { action: "read", path: path.to_owned(), source }),
    };
    String::from_utf8(bytes).map(Some).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = valid.split(|byte| *byte == b'\n').count();
        ProfileError::Syntax { path: path.to_owned(), line, reason: "the text is not UTF-8".to_owned() }
    })
}

/// Atomically replaces `path` by a file that only its owner can read and write.
///
/// Missing folders are created for the owner only. If the path is a symbolic link, its target is replaced and the link
/// stays.
pub(super) fn replace(path: &Path, text: &str) -> Result<(), ProfileError> {
    let failed = |action| {
        let path = path.to_owned();
        move |source| ProfileError::Io { action, path, source }
    };
    let target = match fs::canonicalize(path) {
        Ok(target) => target,
        Err(error) if error.kind() == ErrorKind::NotFound => path.to_owned(),
        Err(error) => return Err(failed("resolve")(error)),
    };
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    create_folder(&folder).map_err(failed("create the folder of"))?;
    let temporary = write_temporary(&folder, &target, text).map_err(failed("write"))?;
    if let Err(error) = fs::rename(&temporary, &target) {
        let _ = fs::remove_file(&temporary);
        return Err(failed("replace")(error));
    }
    // The rename is durable only after the folder is synced; not every file system supports that.
    #[cfg(unix)]
    let _ = fs::File::open(&folder).and_then(|folder| folder.sync_all());
    Ok(())
}

/// The mode of a file that users other than its owner can read or change; `None` when they cannot, or
/// on systems without modes.
pub(super) fn open_to_others(path: &Path) -> Option<u32> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(path).ok()?.permissions().mode() & 0o777;
        (mode & 0o077 != 0).then_some(mode)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}

fn create_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn write_temporary(folder: &Path, target: &Path, text: &str) -> io::Result<PathBuf> {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    loop {
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let temporary = folder.join(format!(".{name}.{}-{number}.tmp", std::process::id()));
        let mut file = match options.open(&temporary) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => continue,
            opened => opened?,
        };
        if let Err(error) = file.write_all(text.as_bytes()).and_then(|()| file.sync_all()) {
            let _ = fs::remove_file(&temporary);
            return Err(error);
        }
        return Ok(temporary);
    }
}
