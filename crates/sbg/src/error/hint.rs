//! Hints for common errors that do not explain themselves. Pure.

use super::ErrorKind;

/// What to do about a list whose pages contradict each other or the request.
pub(crate) const REPORT_LIST: &str =
    "read the list again, and report it to the support of the platform if the error persists";

const LESS_AT_ONCE: &str = "ask for less at once, for example with fewer filter values";
const PROJECT_FORM: &str = "the id of a project is `owner/short-name`, as in its URL, not its displayed name";
const READ_ONLY: &str =
    "the volume was attached read-only: give it the access mode `RW` if the storage behind it allows writing";
const ONLY_READ_ONLY: &str = "attach the volume with the access mode `RO`";
const STORAGE_PERMISSIONS: &str = "the storage behind the volume refused: check the keys of the volume and the \
     permissions of these keys in the cloud account";
const VOLUME_PERMISSIONS: &str =
    "the permission on the volume is missing, not on the project: ask an administrator of the volume";
const SIGNED_URL: &str = "the storage refused the URL that the platform signed: a proxy may change requests, or \
     the storage may accept requests from certain networks only";
const AUTHORITY: &str = "if your own certificate authority signed the certificate, trust it with `Client::builder().root_certificates(pem)`";

const ARCHIVED: &str = "the object is archived: restore it first";
const NO_OBJECT: &str = "the platform lists the file, but the storage does not have the object: it may have been deleted or moved";
const TOO_LARGE: &str = "the storage, or a proxy, does not accept requests of this size";
const FULL: &str = "the storage is full";

/// What to try when the object storage refuses a request.
pub(super) fn of_storage(status: Option<u16>, code: Option<&str>) -> Option<&'static str> {
    match (status?, code.unwrap_or_default()) {
        (_, "InvalidObjectState" | "BlobArchived" | "BlobBeingRehydrated") => Some(ARCHIVED),
        (401 | 403, _) => Some(SIGNED_URL),
        (404, "NoSuchKey" | "BlobNotFound" | "") => Some(NO_OBJECT),
        (413, _) => Some(TOO_LARGE),
        (507, _) => Some(FULL),
        _ => None,
    }
}

/// What to try after an error of this kind, status and code.
pub(super) fn hint(kind: ErrorKind, status: Option<u16>, code: Option<i32>) -> Option<&'static str> {
    match (kind, status, code) {
        (ErrorKind::Tls, ..) => Some(AUTHORITY),
        (_, Some(404), Some(3002)) => Some(PROJECT_FORM),
        (_, Some(414), _) => Some(LESS_AT_ONCE),
        (_, Some(403), Some(code)) => match code {
            9026 | 9101 => Some(READ_ONLY),
            9038 | 9039 | 9057 | 9058 | 9209 => Some(ONLY_READ_ONLY),
            9001 | 9002 | 9040 | 9201..=9208 => Some(STORAGE_PERMISSIONS),
            9020 | 9103 => Some(VOLUME_PERMISSIONS),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use sbg_raw::ERROR_CODES;

    use super::*;

    #[test]
    fn hints_are_given_only_where_useful() {
        let check = |kind, status, code, expected| assert_eq!(hint(kind, status, code), expected, "{code:?}");
        let api = ErrorKind::InvalidRequest;
        check(api, Some(404), Some(3002), Some(PROJECT_FORM));
        check(api, Some(404), Some(5002), None);
        check(api, Some(414), None, Some(LESS_AT_ONCE));
        check(ErrorKind::UnexpectedResponse, Some(414), None, Some(LESS_AT_ONCE));
        check(api, Some(403), Some(9101), Some(READ_ONLY));
        check(api, Some(403), Some(9057), Some(ONLY_READ_ONLY));
        check(api, Some(403), Some(9204), Some(STORAGE_PERMISSIONS));
        check(api, Some(403), Some(9020), Some(VOLUME_PERMISSIONS));
        check(api, Some(403), Some(3001), None);
        check(api, Some(403), None, None);
        check(api, Some(400), Some(9101), None);
        check(ErrorKind::Tls, None, None, Some(AUTHORITY));
    }

    #[test]
    fn storage_refusals_have_hints() {
        let check = |status, code, expected| {
            assert_eq!(of_storage(Some(status), code), expected, "{status} {code:?}");
        };
        check(403, None, Some(SIGNED_URL));
        check(403, Some("AccessDenied"), Some(SIGNED_URL));
        check(403, Some("InvalidObjectState"), Some(ARCHIVED));
        check(409, Some("BlobArchived"), Some(ARCHIVED));
        check(404, Some("NoSuchKey"), Some(NO_OBJECT));
        check(404, Some("NoSuchUpload"), None);
        check(413, Some("EntityTooLarge"), Some(TOO_LARGE));
        check(507, None, Some(FULL));
        check(500, Some("InternalError"), None);
        assert_eq!(of_storage(None, None), None);
    }

    #[test]
    fn every_storage_permission_error_has_a_hint() {
        let without = ERROR_CODES
            .iter()
            .filter(|entry| entry.status == 403 && entry.group == "9xxx")
            .filter(|entry| hint(ErrorKind::Forbidden, Some(403), Some(entry.code)).is_none());
        let about: Vec<_> = without.map(|entry| entry.code).collect();
        // The others are about projects, files, jobs, and a move between clouds that the platform does not support.
        assert_eq!(about, [9003, 9004, 9005, 9006, 9027, 9102]);
    }
}
