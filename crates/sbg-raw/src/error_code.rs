//! What the platform documents of an error code.

use crate::ERROR_CODES;

/// A documented error code of the platform.
///
/// ```
/// use sbg_raw::ErrorCode;
///
/// let file_not_found = ErrorCode::find(5002).unwrap();
/// assert_eq!((file_not_found.status, file_not_found.group), (404, "5xxx"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ErrorCode {
    /// The code, such as 5002; 0 stands for maintenance.
    pub code: i32,
    /// HTTP status that comes with it.
    pub status: u16,
    /// Group of codes, such as `5xxx` for files.
    pub group: &'static str,
    /// Standard message.
    pub message: &'static str,
}

impl ErrorCode {
    /// What is documented of `code`.
    ///
    /// ```
    /// use sbg_raw::ErrorCode;
    ///
    /// assert_eq!(ErrorCode::find(5002).map(|code| code.message), Some("Requested file does not exist."));
    /// assert_eq!(ErrorCode::find(1), None);
    /// ```
    pub fn find(code: i32) -> Option<&'static Self> {
        ERROR_CODES.binary_search_by_key(&code, |entry| entry.code).ok().map(|index| &ERROR_CODES[index])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_codes_are_found_by_number() {
        assert_eq!(ErrorCode::find(5002).map(|code| (code.status, code.group)), Some((404, "5xxx")));
        assert_eq!(ErrorCode::find(0).map(|code| code.status), Some(503));
        assert_eq!(ErrorCode::find(1), None);
    }
}
