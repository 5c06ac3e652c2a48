//! The result of a download.

use std::path::PathBuf;

use crate::transfer::digest::{Digest, VerifiedDigest};
use crate::transfer::engine::storage::Version;
use crate::transfer::local::stat::Stat;

/// A completed download.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let done = client.file("567890abc9b0307bc0414164").download("reads.bam").await?;
/// println!("{} bytes, of which {} were there already", done.bytes, done.resumed);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Downloaded {
    /// The path of the file.
    pub path: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// The digests of the file: CRC-32C, and those that were requested.
    pub digests: Vec<Digest>,
    /// The digests that matched those of the caller or of the storage.
    pub verified: Vec<VerifiedDigest>,
    /// Bytes reused from an interrupted download.
    pub resumed: u64,
    /// Why an interrupted download could not be resumed, if there was one.
    pub started_over: Option<String>,
}

/// How to recognize a downloaded file and its object later.
#[derive(Clone, Debug)]
pub(in crate::transfer) struct Fingerprints {
    pub(in crate::transfer) local: Option<Stat>,
    pub(in crate::transfer) version: Option<Version>,
}
