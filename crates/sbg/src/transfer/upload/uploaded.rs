//! The result of an upload.

use std::ops::Deref;

use crate::types;

/// A completed upload. It dereferences to the [`File`](types::File) that the platform created.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let done = client.upload("reads.bam").to("rfranklin/fibre-diffraction").await?;
/// println!("{}: {} bytes, {} of them sent by an earlier run", done.id, done.bytes, done.resumed);
/// if let Some(why) = &done.started_over {
///     println!("restarted from zero: {why}");
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Uploaded {
    /// The file on the platform.
    pub file: types::File,
    /// Its size in bytes.
    pub bytes: u64,
    /// Bytes sent by an earlier run.
    pub resumed: u64,
    /// Why the upload restarted from zero, if an earlier one could not be resumed.
    pub started_over: Option<String>,
}

impl Deref for Uploaded {
    type Target = types::File;

    fn deref(&self) -> &types::File {
        &self.file
    }
}
