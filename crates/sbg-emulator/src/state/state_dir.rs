//! The directory of a saved state: one file for the state, one for each larger object, and a lock.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use super::store::StoreState;
use crate::{
    objects::{blobs::Blobs, segment::damaged},
    private_file::private,
    world::World,
};

const FORMAT: &str = "sbg-emulator";
/// Increases when older states can no longer be read.
const VERSION: u32 = 2;
const STATE: &str = "state.json";
const LOCK: &str = "lock";
const OBJECTS: &str = "objects";

/// Everything that survives a restart.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct State<W> {
    /// How far the clock is ahead.
    pub(crate) ahead_nanos: u64,
    pub(crate) store: StoreState,
    pub(crate) world: W,
}

/// The part that says whether the rest can be read.
#[derive(Deserialize, Serialize)]
struct Header {
    format: String,
    version: u32,
}

/// The whole file.
#[derive(Deserialize, Serialize)]
struct Document<W> {
    #[serde(flatten)]
    header: Header,
    state: State<W>,
}

/// A directory that is locked by this emulator.
#[derive(Debug)]
pub(crate) struct StateDir {
    path: PathBuf,
    pub(crate) blobs: Arc<Blobs>,
    /// The lock belongs to the open file, so it ends with the process.
    _lock: File,
}

impl StateDir {
    /// Locks a directory, which is created if it is missing.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let explain = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
        fs::create_dir_all(path).map_err(explain)?;
        let present = |name: &str| path.join(name).exists();
        if !present(LOCK) && !present(STATE) && fs::read_dir(path).map_err(explain)?.next().is_some() {
            return Err(damaged(format!(
                "{} has files of something else: choose an empty directory",
                path.display()
            )));
        }
        let lock = lock(&path.join(LOCK)).map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock => {
                io::Error::new(error.kind(), format!("another emulator uses {}", path.display()))
            }
            _ => explain(error),
        })?;
        let blobs = Arc::new(Blobs::open(path.join(OBJECTS)).map_err(explain)?);
        Ok(Self { path: path.to_owned(), blobs, _lock: lock })
    }

    /// The last saved state; `None` in a new directory.
    pub(crate) fn load(&self) -> io::Result<Option<State<World>>> {
        let file = self.path.join(STATE);
        let text = match fs::read(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(io::Error::new(error.kind(), format!("{}: {error}", file.display()))),
        };
        let broken = |error| damaged(format!("{} is damaged: {error}", file.display()));
        let header: Header = serde_json::from_slice(&text).map_err(broken)?;
        if header.format != FORMAT || header.version != VERSION {
            return Err(damaged(format!(
                "{} has the format `{}` version {}; this program supports `{FORMAT}` version {VERSION}",
                file.display(),
                header.format,
                header.version,
            )));
        }
        let document: Document<World> = serde_json::from_slice(&text).map_err(broken)?;
        Ok(Some(document.state))
    }

    /// The text that [`StateDir::save`] writes.
    pub(crate) fn describe(state: State<&World>) -> io::Result<Vec<u8>> {
        let header = Header { format: FORMAT.to_owned(), version: VERSION };
        Ok(serde_json::to_vec(&Document { header, state })?)
    }

    /// Replaces the saved state atomically.
    pub(crate) fn save(&self, text: &[u8]) -> io::Result<()> {
        let (new, file) = (self.path.join("state.new"), self.path.join(STATE));
        let write = || {
            // A file of an interrupted save may be readable by others.
            match fs::remove_file(&new) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let mut out = private(OpenOptions::new().write(true).create_new(true)).open(&new)?;
            out.write_all(text)?;
            out.sync_all()?;
            fs::rename(&new, &file)
        };
        write().map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", file.display())))
    }
}

/// Opens a file exclusively.
#[cfg(unix)]
fn lock(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
    rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive)?;
    Ok(file)
}

/// Opens a file exclusively.
#[cfg(windows)]
fn lock(path: &Path) -> io::Result<File> {
    use std::os::windows::fs::OpenOptionsExt as _;
    const SHARING_VIOLATION: i32 = 32;
    let file = OpenOptions::new().create(true).truncate(false).write(true).share_mode(0).open(path);
    file.map_err(|error| match error.raw_os_error() {
        Some(SHARING_VIOLATION) => io::ErrorKind::WouldBlock.into(),
        _ => error,
    })
}
