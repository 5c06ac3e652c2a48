//! The result of a download.

use std::path::PathBuf;

use crate::transfer::digest::{Digest, VerifiedDigest};
use crate::transfer::engine::storage::Version;
use crate::transfer::local::stat::Stat;

/// A download that is done.
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
    /// Where the file is.
    pub path: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// The digests of the file: CRC-32C, and those that were asked for.
    pub digests: Vec<Digest>,
    /// Which of the digests were compared with those of the caller and of the storage, and equal.
    pub verified: Vec<VerifiedDigest>,
    /// How many of the bytes were there already, left by a download that did not come to its end.
    pub resumed: u64,
    /// Why such bytes could not be used, where there were some.
    pub started_over: Option<String>,
}

/// What a download leaves besides the file: how to recognize it and the object that it was.
#[derive(Clone, Debug)]
pub(in crate::transfer) struct Arrived {
    pub(in crate::transfer) local: Option<Stat>,
    pub(in crate::transfer) version: Option<Version>,
}
