//! The metadata of a file in the form of `object_store`, and names as parts of paths.

use chrono::{DateTime, Utc};
use object_store::ObjectMeta;
use object_store::path::{Path, PathPart};
use sbg::types::{File, FileType, Timestamp};

/// Whether this is a folder.
pub(crate) fn is_folder(file: &File) -> bool {
    file.type_ == Some(FileType::Folder)
}

/// The metadata of a file at this path.
pub(crate) fn of(file: &File, location: Path, size: u64) -> ObjectMeta {
    let modified = file.modified_on.as_ref().or(file.created_on.as_ref());
    let last_modified = modified.and_then(time).unwrap_or(DateTime::<Utc>::UNIX_EPOCH);
    ObjectMeta { location, last_modified, size, e_tag: Some(file.id.clone()), version: None }
}

fn time(timestamp: &Timestamp) -> Option<DateTime<Utc>> {
    let time = timestamp.to_jiff()?;
    DateTime::from_timestamp(time.as_second(), time.subsec_nanosecond().try_into().ok()?)
}

/// The size that a list has reported.
pub(crate) fn size(file: &File) -> Option<u64> {
    file.size.and_then(|size| u64::try_from(size).ok())
}

/// The path of an entry of this name. A name is taken as it is wherever a path allows that.
pub(crate) fn child(folder: &Path, name: &str) -> Path {
    let part = PathPart::parse(name).unwrap_or_else(|_| PathPart::from(name));
    folder.clone().join(part)
}

/// The path of an entry below a folder; its names are separated by slashes.
pub(crate) fn below(folder: &Path, path: &str) -> Path {
    path.split('/').fold(folder.clone(), |folder, name| child(&folder, name))
}
