//! Whether the storage has dropped an upload that the platform still lists. Pure.
//!
//! Storages delete unfinished uploads after some days (lifecycle rules) and report it in different ways: 404 `NoSuchUpload`, a plain 403,
//! 410, or an internal error on every request.

use crate::error::Error;

/// The failure of a part.
#[derive(Clone, Debug)]
pub(super) enum PartError {
    /// The storage no longer knows the upload; it must restart from zero.
    Dropped(Error),
    Failed(Error),
}

impl From<Error> for PartError {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// A refusal of a part.
#[derive(Clone, Copy, Debug)]
pub(super) struct PartRefusal<'a> {
    pub(super) status: Option<u16>,
    /// The error code of the storage, such as `NoSuchUpload`.
    pub(super) code: Option<&'a str>,
    /// Whether an earlier run began the upload.
    pub(super) resumed: bool,
    /// Whether the storage has confirmed a part to this run.
    pub(super) confirmed: bool,
    /// Consecutive refusals with this status, except those of a URL that may have been too old.
    pub(super) attempts: u32,
}

/// Consecutive internal errors that no longer look like an outage.
const INTERNAL_ERRORS: u32 = 7;

impl PartRefusal<'_> {
    /// Whether the storage has dropped the upload.
    ///
    /// Only an upload that the storage has known can be dropped: a refusal of a new upload is a matter of permissions. A storage that has
    /// just confirmed another part still knows the upload, so then only an explicit status counts.
    pub(super) fn is_dropped(&self) -> bool {
        match self.status {
            Some(404 | 410) => self.resumed || self.confirmed || self.code == Some("NoSuchUpload"),
            Some(403) => self.resumed && !self.confirmed && self.attempts >= 2,
            Some(500) => self.resumed && !self.confirmed && self.attempts >= INTERNAL_ERRORS,
            _ => false,
        }
    }
}

/// The platform's error code for parts that it cannot join.
const CANNOT_COMPLETE: i32 = 8007;

/// Whether a refused completion means that parts of an earlier run are gone. Permissions, billing and name conflicts would refuse a new
/// upload as well.
pub(super) fn lacks_parts(error: &Error, resumed: bool) -> bool {
    let refused = error.code() == Some(CANNOT_COMPLETE) || matches!(error.status(), Some(404 | 410 | 500));
    resumed && error.is_refused() && refused
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn completion_lacks_parts_only_if_resumed() {
        let check = |status: u16, code: Option<i32>, expected: bool| {
            let error = Error::refused(status, code, "refused");
            assert_eq!(lacks_parts(&error, true), expected, "{status} {code:?}");
            assert!(!lacks_parts(&error, false));
        };
        check(409, Some(CANNOT_COMPLETE), true);
        check(500, None, true);
        check(404, None, true);
        check(409, Some(8005), false);
        check(403, None, false);
        check(503, Some(0), false);
    }

    #[test]
    fn only_a_known_upload_can_be_dropped() {
        let check = |status: u16, code: Option<&str>, attempts: u32, expected: [bool; 3]| {
            let refusal =
                PartRefusal { status: Some(status), code, resumed: false, confirmed: false, attempts };
            let new = refusal.is_dropped();
            let resumed = PartRefusal { resumed: true, ..refusal }.is_dropped();
            let under_way = PartRefusal { resumed: true, confirmed: true, ..refusal }.is_dropped();
            assert_eq!([new, resumed, under_way], expected, "{status} {code:?} {attempts}");
        };
        check(404, Some("NoSuchUpload"), 1, [true, true, true]);
        check(404, None, 1, [false, true, true]);
        check(410, None, 1, [false, true, true]);
        check(403, Some("AccessDenied"), 1, [false, false, false]);
        check(403, Some("AccessDenied"), 2, [false, true, false]);
        check(500, Some("InternalError"), 2, [false, false, false]);
        check(500, Some("InternalError"), INTERNAL_ERRORS, [false, true, false]);
        for status in [400, 401, 409, 411, 413, 503] {
            check(status, None, 20, [false, false, false]);
        }
    }
}
