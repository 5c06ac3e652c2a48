//! Files that hold the bytes of objects, for an emulator that keeps its state in a directory.

use std::{
    collections::HashMap,
    fs::{self, OpenOptions},
    io::{self, Write as _},
    path::PathBuf,
    sync::{Arc, Weak},
};

use bytes::Bytes;
use parking_lot::Mutex;

use super::{
    content::Content,
    segment::{Blob, damaged},
};
use crate::private_file::private;

/// Smaller objects stay in memory and are saved with the rest of the state.
const SMALL: usize = 4096;

/// A directory of blobs.
#[derive(Debug)]
pub(crate) struct Blobs {
    folder: PathBuf,
    /// By name. Unreferenced ones wait for [`Blobs::dead`].
    known: Mutex<HashMap<String, Weak<Blob>>>,
}

impl Blobs {
    /// Opens a directory and creates it if it is missing.
    pub(crate) fn open(folder: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&folder)?;
        let known = fs::read_dir(&folder)?
            .map(|entry| Ok((entry?.file_name().to_string_lossy().into_owned(), Weak::new())))
            .collect::<io::Result<_>>()?;
        Ok(Self { folder, known: Mutex::new(known) })
    }

    /// Writes the in-memory bytes of content to a new file. `None` if they are few, or if writing fails.
    pub(super) fn keep(&self, content: &Content) -> Option<Arc<Blob>> {
        if content.in_memory().map(Bytes::len).sum::<usize>() < SMALL {
            return None;
        }
        self.write(content.in_memory()).ok()
    }

    fn write<'a>(&self, content: impl Iterator<Item = &'a Bytes>) -> io::Result<Arc<Blob>> {
        let name = hex::encode(fastrand::u128(..).to_be_bytes());
        let blob = Arc::new(Blob::new(self.folder.join(&name)));
        let mut file = private(OpenOptions::new().write(true).create_new(true)).open(blob.path())?;
        // It is registered first, so that a partial file is removed with the dead ones.
        self.known.lock().insert(name, Arc::downgrade(&blob));
        content.into_iter().try_for_each(|bytes| file.write_all(bytes))?;
        Ok(blob)
    }

    /// The file that a saved state names.
    pub(crate) fn find(&self, described: &Blob) -> io::Result<Arc<Blob>> {
        let name = described.name();
        let mut known = self.known.lock();
        let Some(entry) = known.get_mut(&name) else {
            return Err(damaged(format!("{} is missing", self.folder.join(name).display())));
        };
        Ok(entry.upgrade().unwrap_or_else(|| {
            let blob = Arc::new(Blob::new(self.folder.join(&name)));
            *entry = Arc::downgrade(&blob);
            blob
        }))
    }

    /// Unreferenced files, for [`Blobs::remove`].
    pub(crate) fn dead(&self) -> Vec<String> {
        let known = self.known.lock();
        known.iter().filter(|(_, blob)| blob.strong_count() == 0).map(|(name, _)| name.clone()).collect()
    }

    /// Deletes files that were unreferenced in the state that was just saved.
    pub(crate) fn remove(&self, dead: Vec<String>) {
        let mut known = self.known.lock();
        for name in dead {
            // A file that cannot be deleted is retried when the directory is opened the next time.
            let _ = fs::remove_file(self.folder.join(&name));
            known.remove(&name);
        }
    }
}
