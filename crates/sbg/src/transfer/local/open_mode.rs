//! How a local file is opened, and for whom a new one is.

/// For whom a new file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::transfer) enum Access {
    /// As the user has set it for new files.
    Usual,
    /// For its owner alone.
    Private,
}

/// How a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::transfer) enum Open {
    Read,
    /// For reading and writing. It is made where there is none.
    Write(Access),
    /// For writing. There must be none.
    CreateNew(Access),
    /// For reading, and for writing at its end, wherever that is by then. It is made where there is none.
    Append(Access),
}
