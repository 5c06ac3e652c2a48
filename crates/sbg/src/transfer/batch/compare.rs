//! How much is compared before a file is left as it is.

/// How a transfer of many finds out that a file is the same on both sides, so that it need not move.
///
/// [`Record`](Self::Record) and [`Content`](Self::Content) use a record of earlier transfers, which lies in the
/// [state folder](crate::ClientBuilder::state_folder) of the client. It knows how to recognize each pair of files that had the same
/// bytes: size, times and number of the local file; id and time of modification on the platform; `ETag` of the storage; CRC-32C.
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
    /// By the record: a file is [`Identical`](super::Outcome::Identical) where neither side has changed since it was moved. Where that is in
    /// doubt, the CRC-32C of the local file is compared, or the storage is asked for its `ETag`, so that an edit of tags moves no bytes.
    ///
    /// Files that the record does not know are compared as by [`SizeAndTime`](Self::SizeAndTime).
    #[default]
    Record,
    /// By size and time alone, which proves nothing: files that agree are reported as [`Assumed`](super::Outcome::Assumed).
    ///
    /// The times agree where the local file has the time of modification of the file on the platform, as a download leaves it. In an upload
    /// they agree as well where the local file has not changed since the file on the platform was created.
    SizeAndTime,
    /// By content: every local file is read, and its CRC-32C compared with that of the record, or with that of the storage. Where neither
    /// has one, the file moves. This finds damage on the local disk that left size and times as they were.
    Content,
}
