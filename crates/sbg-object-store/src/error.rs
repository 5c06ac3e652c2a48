//! Errors of the client as errors of `object_store`.

use std::error::Error as StdError;

use object_store::Error;
use object_store::path::Path;
use sbg::ErrorKind;

/// The name of the store in errors.
pub(crate) const STORE: &str = "Seven Bridges";

/// The error of a call about this path.
pub(crate) fn mapped(path: &Path, error: sbg::Error) -> Error {
    let (kind, conflict) = (error.kind(), error.is_conflict());
    // The object of a file that was deleted is gone from the storage, which the signed URL leads to.
    let gone = kind == ErrorKind::Storage && error.status() == Some(404);
    let not_found = error.is_not_found() || gone;
    let (path, source) = (path.to_string(), Box::new(error));
    match kind {
        _ if not_found => Error::NotFound { path, source },
        _ if conflict => Error::AlreadyExists { path, source },
        ErrorKind::Integrity => Error::Precondition { path, source },
        ErrorKind::Forbidden => Error::PermissionDenied { path, source },
        ErrorKind::Unauthorized => Error::Unauthenticated { path, source },
        _ => Error::Generic { store: STORE, source },
    }
}

/// The error for a path that has no file.
pub(crate) fn not_found(path: &Path) -> Error {
    Error::NotFound { path: path.to_string(), source: "there is no file of this path".into() }
}

/// An error of this store.
pub(crate) fn generic(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Error {
    Error::Generic { store: STORE, source: source.into() }
}

/// The error for something that the platform does not have.
pub(crate) fn not_implemented(operation: &str) -> Error {
    Error::NotImplemented { operation: operation.to_owned(), implementer: STORE.to_owned() }
}
