//! How a local file is opened, and who can access a new one.

/// Who can access a new file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::transfer) enum Access {
    /// The default of the user (umask).
    Usual,
    /// Only the owner.
    Private,
}

/// How a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::transfer) enum Open {
    Read,
    /// Read and write; created if missing.
    Write(Access),
    /// Write; the file must not exist.
    CreateNew(Access),
    /// Read and append; created if missing.
    Append(Access),
}
