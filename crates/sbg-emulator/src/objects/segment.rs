//! Where the bytes of an object are: in memory, in a file, or in a pattern that is generated when read.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, LazyLock},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// The period of the pattern of large files: a prime.
pub(crate) const PERIOD: u64 = 1_048_573;

/// One period, shared by all emulators of a process.
static PATTERN: LazyLock<Bytes> = LazyLock::new(|| {
    let mut period = vec![0; usize::try_from(PERIOD).expect("a mebibyte fits in memory")];
    fastrand::Rng::with_seed(PERIOD).fill(&mut period);
    Bytes::from(period)
});

/// Consecutive bytes of an object.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Segment {
    Memory(#[serde(serialize_with = "write_bytes", deserialize_with = "read_bytes")] Bytes),
    File {
        blob: Arc<Blob>,
        at: u64,
        length: u64,
    },
    /// This many bytes of the pattern, from its beginning.
    Pattern(u64),
}

impl Segment {
    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::File { length, .. } | Self::Pattern(length) => *length,
        }
    }
}

/// A file with bytes of objects. It never changes.
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

/// Only the name is saved: the directory may be moved.
impl From<Blob> for String {
    fn from(blob: Blob) -> Self {
        blob.name()
    }
}

impl Blob {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Fails unless the file has this many bytes.
    pub(crate) fn check(&self, length: u64) -> io::Result<()> {
        match fs::metadata(&self.path) {
            Ok(metadata) if metadata.len() >= length => Ok(()),
            Ok(_) => Err(damaged(format!("{} is too short", self.path.display()))),
            Err(error) => Err(damaged(format!("{}: {error}", self.path.display()))),
        }
    }
}

/// The error of a directory that was damaged or changed by another program.
pub(crate) fn damaged(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// Bytes of the pattern from a position, as many as are available without a copy.
pub(crate) fn pattern(at: u64) -> Bytes {
    PATTERN.slice(usize::try_from(at % PERIOD).unwrap_or_default()..)
}

fn write_bytes<S: Serializer>(bytes: &Bytes, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&BASE64_STANDARD.encode(bytes))
}

fn read_bytes<'de, D: Deserializer<'de>>(from: D) -> Result<Bytes, D::Error> {
    let text = String::deserialize(from)?;
    BASE64_STANDARD.decode(text).map(Bytes::from).map_err(D::Error::custom)
}
