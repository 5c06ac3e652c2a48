//! How a batch decides that a file is up to date.

/// How a batch decides that a file is the same on both sides and need not be transferred.
///
/// [`Record`](Self::Record) and [`Content`](Self::Content) use a record of earlier transfers in the client's
/// [state folder](crate::ClientBuilder::state_folder). For each pair of files that had the same bytes it stores how to recognize them:
/// size, times and inode number of the local file; id and modification time on the platform; `ETag` of the storage; CRC-32C.
///
/// ```
/// # fn example(client: sbg::Client) -> sbg::Result<()> {
/// use sbg::transfer::{Compare, Conflict};
///
/// let files = client.project("rfranklin/fibre-diffraction").files();
/// let download = files.download_tree("patterns").compare(Compare::Content).on_conflict(Conflict::Overwrite);
/// assert_eq!(Compare::default(), Compare::Record);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Compare {
    /// By the record: a file is [`Identical`](super::Outcome::Identical) if neither side has changed since it was transferred. If that is
    /// uncertain, the CRC-32C of the local file is compared, or the storage is queried for its `ETag`; so editing tags transfers no
    /// bytes.
    ///
    /// Files missing from the record are compared as by [`SizeAndTime`](Self::SizeAndTime).
    #[default]
    Record,
    /// By size and time alone, which proves nothing: files that match are reported as [`Assumed`](super::Outcome::Assumed).
    ///
    /// The times match if the local file has the modification time of the file on the platform, which is what a download sets. In an
    /// upload they also match if the local file has not changed since the file on the platform was created.
    SizeAndTime,
    /// By content: every local file is read, and its CRC-32C is compared with that of the record or of the storage. If neither has one,
    /// the file is transferred. This detects local disk corruption that left size and times unchanged.
    Content,
}
