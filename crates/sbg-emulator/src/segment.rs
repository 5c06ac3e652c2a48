//! Where the bytes of an object are: in memory, in a file, or in a pattern that is made when it is read.

use std::sync::{Arc, LazyLock};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::blobs::Blob;

/// The period of the pattern of large files: a prime.
pub(crate) const PERIOD: u64 = 1_048_573;

/// One period. All emulators of a process share it.
static PATTERN: LazyLock<Bytes> = LazyLock::new(|| {
    let mut period = vec![0; usize::try_from(PERIOD).expect("a mebibyte fits in memory")];
    fastrand::Rng::with_seed(PERIOD).fill(&mut period);
    Bytes::from(period)
});

/// Bytes that follow each other.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Segment {
    Memory(#[serde(serialize_with = "write_bytes", deserialize_with = "read_bytes")] Bytes),
    File {
        blob: Arc<Blob>,
        at: u64,
        length: u64,
    },
    /// So many bytes that begin with the pattern.
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

/// Bytes of the pattern from a position, as many as there are without a copy.
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
