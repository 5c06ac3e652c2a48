//! References to a file or a folder.

use crate::error::{Error, Result};
use crate::ids::{check_segment, excerpt};
use crate::tasks::{TaskFile, TaskFolder};
use crate::types::{self, FileType};

/// A reference to a file or a folder: its id, or the file as returned by a list or another call. A returned file has a known kind, so
/// calls that do not fit a folder, or a file, are refused without a request.
///
/// ```
/// use sbg::files::FileRef;
/// use sbg::types::File;
///
/// let folder: File = serde_json::from_str(r#"{"id": "5f1", "type": "folder"}"#)?;
/// assert_eq!(FileRef::from(&folder).id(), FileRef::from("5f1").id());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRef {
    id: String,
    kind: Option<Kind>,
    /// Size in bytes, if a list or another call has reported it.
    size: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    File,
    Folder,
}

impl FileRef {
    /// The id.
    ///
    /// ```
    /// use sbg::files::FileRef;
    ///
    /// assert_eq!(FileRef::from("567890abc9b0307bc0414164").id(), "567890abc9b0307bc0414164");
    /// ```
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The id, if valid.
    pub(crate) fn checked(&self) -> Result<&str> {
        Ok(check_segment("file id", &self.id)?)
    }

    /// The id, if valid and not known to be a folder's. `what` is the operation that needs a file, such as `copied`.
    pub(crate) fn checked_file(&self, what: &str) -> Result<&str> {
        let id = self.checked()?;
        if self.kind == Some(Kind::Folder) {
            return Err(Error::invalid(format!("`{id}` is a folder, and only files can be {what}"))
                .with_hint(
                    "`walk` finds the files in it, and `jobs` copies, moves and deletes it as a whole",
                ));
        }
        Ok(id)
    }

    /// The id, if valid and not known to be a file's.
    pub(crate) fn checked_folder(&self) -> Result<&str> {
        check_segment("folder id", &self.id)?;
        if self.kind == Some(Kind::File) {
            let message = format!("`{}` is a file, not a folder", excerpt(&self.id, 60));
            return Err(Error::invalid(message));
        }
        Ok(&self.id)
    }

    /// The size in bytes, if known.
    pub(crate) fn size(&self) -> Option<u64> {
        self.size
    }

    pub(crate) fn into_id(self) -> String {
        self.id
    }
}

impl From<String> for FileRef {
    fn from(id: String) -> Self {
        Self { id, kind: None, size: None }
    }
}

impl From<&str> for FileRef {
    fn from(id: &str) -> Self {
        id.to_owned().into()
    }
}

impl From<&String> for FileRef {
    fn from(id: &String) -> Self {
        id.clone().into()
    }
}

impl From<&types::File> for FileRef {
    fn from(file: &types::File) -> Self {
        let kind = match &file.type_ {
            Some(FileType::Folder) => Some(Kind::Folder),
            Some(FileType::File) => Some(Kind::File),
            _ => None,
        };
        let size = file.size.and_then(|size| u64::try_from(size).ok());
        Self { id: file.id.clone(), kind, size }
    }
}

impl From<types::File> for FileRef {
    fn from(file: types::File) -> Self {
        Self::from(&file)
    }
}

impl From<&TaskFile> for FileRef {
    fn from(file: &TaskFile) -> Self {
        Self { id: file.id.clone(), kind: Some(Kind::File), size: None }
    }
}

impl From<&TaskFolder> for FileRef {
    fn from(folder: &TaskFolder) -> Self {
        Self { id: folder.id.clone(), kind: Some(Kind::Folder), size: None }
    }
}

impl From<&Self> for FileRef {
    fn from(file: &Self) -> Self {
        file.clone()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn known_file_kind_is_checked_before_use() {
        let check = |file: FileRef, as_file: bool, as_folder: bool| {
            assert_eq!(file.checked_file("copied").is_ok(), as_file, "{file:?}");
            assert_eq!(file.checked_folder().is_ok(), as_folder, "{file:?}");
        };
        let listed = |kind: &str| -> types::File {
            serde_json::from_value(json!({"id": "5f1", "type": kind})).unwrap()
        };
        check("5f1".into(), true, true);
        check(listed("FILE").into(), true, false);
        check(listed("folder").into(), false, true);
        check(listed("link").into(), true, true);
        check((&TaskFile::new("5f1")).into(), true, false);
        check((&TaskFolder::new("5f1")).into(), false, true);
        check("a/b".into(), false, false);
        let error = FileRef::from(listed("FOLDER")).checked_file("copied").unwrap_err();
        assert_eq!(error.message(), "`5f1` is a folder, and only files can be copied");
        let error = FileRef::from(listed("FILE")).checked_folder().unwrap_err();
        assert_eq!(error.message(), "`5f1` is a file, not a folder");
    }
}
