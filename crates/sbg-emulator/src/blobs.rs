//! Files that hold the bytes of objects, in an emulator that keeps its state in a folder.

use std::{
    collections::HashMap,
    fs::{self, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::{folder::private, object::Object, signing::hex};

/// Objects smaller than this are kept in memory and written with the rest of the state.
const SMALL: usize = 4096;

/// One file. It is never changed.
#[derive(Debug, Deserialize, Serialize)]
#[serde(from = "String", into = "String")]
pub(crate) struct Blob {
    path: PathBuf,
}

impl Clone for Blob {
    fn clone(&self) -> Self {
        Self { path: self.path.clone() }
    }
}

impl From<String> for Blob {
    fn from(name: String) -> Self {
        Self { path: name.into() }
    }
}

/// The name alone: folders may be moved.
impl From<Blob> for String {
    fn from(blob: Blob) -> Self {
        blob.name()
    }
}

impl Blob {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// An error unless the file has so many bytes.
    pub(crate) fn check(&self, length: u64) -> io::Result<()> {
        match fs::metadata(&self.path) {
            Ok(metadata) if metadata.len() >= length => Ok(()),
            Ok(_) => Err(damaged(format!("{} is too short", self.path.display()))),
            Err(error) => Err(damaged(format!("{}: {error}", self.path.display()))),
        }
    }
}

/// An error that says that a folder is not as it was left.
pub(crate) fn damaged(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// A folder of files.
#[derive(Debug)]
pub(crate) struct Blobs {
    folder: PathBuf,
    /// By name. Those that nothing refers to any more wait for [`Blobs::dead`].
    known: Mutex<HashMap<String, Weak<Blob>>>,
}

impl Blobs {
    /// Takes a folder, which is made if it is missing.
    pub(crate) fn open(folder: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&folder)?;
        let known = fs::read_dir(&folder)?
            .map(|entry| Ok((entry?.file_name().to_string_lossy().into_owned(), Weak::new())))
            .collect::<io::Result<_>>()?;
        Ok(Self { folder, known: Mutex::new(known) })
    }

    /// Moves the bytes of an object from memory into a file. An object that is small, or that cannot be written, stays in
    /// memory: it is kept with the rest of the state.
    pub(crate) fn keep(&self, object: Object) -> Object {
        if object.in_memory().map(Bytes::len).sum::<usize>() < SMALL {
            return object;
        }
        match self.write(object.in_memory()) {
            Ok(blob) => object.moved_to(&blob),
            Err(_) => object,
        }
    }

    fn write<'a>(&self, content: impl Iterator<Item = &'a Bytes>) -> io::Result<Arc<Blob>> {
        let name = hex(&fastrand::u128(..).to_be_bytes());
        let blob = Arc::new(Blob { path: self.folder.join(&name) });
        let mut file = private(OpenOptions::new().write(true).create_new(true)).open(&blob.path)?;
        // It is known from here on, so that a file that could not be written to its end goes with the dead.
        self.lock().insert(name, Arc::downgrade(&blob));
        content.into_iter().try_for_each(|bytes| file.write_all(bytes))?;
        Ok(blob)
    }

    /// The file that a description names.
    pub(crate) fn find(&self, described: &Blob) -> io::Result<Arc<Blob>> {
        let name = described.name();
        let mut known = self.lock();
        let Some(entry) = known.get_mut(&name) else {
            return Err(damaged(format!("{} is missing", self.folder.join(name).display())));
        };
        Ok(entry.upgrade().unwrap_or_else(|| {
            let blob = Arc::new(Blob { path: self.folder.join(&name) });
            *entry = Arc::downgrade(&blob);
            blob
        }))
    }

    /// The files that nothing refers to, for [`Blobs::remove`].
    pub(crate) fn dead(&self) -> Vec<String> {
        let known = self.lock();
        known.iter().filter(|(_, blob)| blob.strong_count() == 0).map(|(name, _)| name.clone()).collect()
    }

    /// Deletes files that were dead when the state was written that no longer names them.
    pub(crate) fn remove(&self, dead: Vec<String>) {
        let mut known = self.lock();
        for name in dead {
            // One that cannot be deleted is tried again when the folder is opened the next time.
            let _ = fs::remove_file(self.folder.join(&name));
            known.remove(&name);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Weak<Blob>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
