//! Errors of object storage: their codes, and the format in which each kind of storage writes them.

use std::{fmt, str::FromStr};

use http::{HeaderName, StatusCode};

use crate::{http::response::Response, parse_error::ParseFaultError};

/// An error of object storage, named as in S3. Azure uses other names for some; Swift and file servers send only the status.
///
/// ```
/// use sbg_emulator::StorageError;
///
/// assert_eq!(StorageError::SlowDown.status(), 503);
/// assert_eq!("BadDigest".parse(), Ok(StorageError::BadDigest));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StorageError {
    /// 403: not allowed, without a reason.
    AccessDenied,
    /// 400: the checksum of the body does not match the announced one.
    BadDigest,
    /// 400: the body is larger than the storage accepts.
    EntityTooLarge,
    /// 400: the credentials of the URL have expired.
    ExpiredToken,
    /// 400: the body is shorter than was announced.
    IncompleteBody,
    /// 500: the storage failed.
    InternalError,
    /// 416: no byte of the range exists.
    InvalidRange,
    /// 400: the request is invalid.
    InvalidRequest,
    /// 411: the length of the body is missing.
    MissingContentLength,
    /// 404: the object does not exist.
    NoSuchKey,
    /// 404: the upload does not exist.
    NoSuchUpload,
    /// 409: another operation on the same object is in progress.
    OperationAborted,
    /// 412: `If-Match` names another version.
    PreconditionFailed,
    /// 400: the client was idle for too long.
    RequestTimeout,
    /// 403: the clocks of client and storage differ too much.
    RequestTimeTooSkewed,
    /// 403: the URL was not signed for this request.
    SignatureDoesNotMatch,
    /// 503: too many requests.
    SlowDown,
}

/// The facts of one error.
struct Facts {
    error: StorageError,
    status: u16,
    /// The code of S3 and compatible servers.
    code: &'static str,
    /// The code of Azure.
    azure: &'static str,
    message: &'static str,
}

const fn facts(
    error: StorageError,
    status: u16,
    code: &'static str,
    azure: &'static str,
    message: &'static str,
) -> Facts {
    Facts { error, status, code, azure, message }
}

#[rustfmt::skip]
const ERRORS: [Facts; 17] = [
    facts(StorageError::AccessDenied, 403, "AccessDenied", "AuthorizationFailure", "Access Denied"),
    facts(StorageError::BadDigest, 400, "BadDigest", "Md5Mismatch", "The checksum you specified did not match what we received."),
    facts(StorageError::EntityTooLarge, 400, "EntityTooLarge", "RequestBodyTooLarge", "Your proposed upload exceeds the maximum allowed size"),
    facts(StorageError::ExpiredToken, 400, "ExpiredToken", "ExpiredToken", "The provided token has expired."),
    facts(StorageError::IncompleteBody, 400, "IncompleteBody", "IncompleteBody", "The request body ended before the announced length."),
    facts(StorageError::InternalError, 500, "InternalError", "InternalError", "We encountered an internal error. Please try again."),
    facts(StorageError::InvalidRange, 416, "InvalidRange", "InvalidRange", "The requested range is not satisfiable"),
    facts(StorageError::InvalidRequest, 400, "InvalidRequest", "InvalidInput", "The request is not valid."),
    facts(StorageError::MissingContentLength, 411, "MissingContentLength", "MissingContentLengthHeader", "You must provide the Content-Length HTTP header."),
    facts(StorageError::NoSuchKey, 404, "NoSuchKey", "BlobNotFound", "The specified key does not exist."),
    facts(StorageError::NoSuchUpload, 404, "NoSuchUpload", "ContainerNotFound", "The specified upload does not exist."),
    facts(StorageError::OperationAborted, 409, "OperationAborted", "OperationAborted", "A conflicting operation is in progress. Please try again."),
    facts(StorageError::PreconditionFailed, 412, "PreconditionFailed", "ConditionNotMet", "At least one of the pre-conditions you specified did not hold"),
    facts(StorageError::RequestTimeout, 400, "RequestTimeout", "OperationTimedOut", "Your connection was idle for too long."),
    facts(StorageError::RequestTimeTooSkewed, 403, "RequestTimeTooSkewed", "AuthenticationFailed", "The request time differs too much from ours."),
    facts(StorageError::SignatureDoesNotMatch, 403, "SignatureDoesNotMatch", "AuthenticationFailed", "The request signature we calculated does not match the signature you provided."),
    facts(StorageError::SlowDown, 503, "SlowDown", "ServerBusy", "Please reduce your request rate."),
];

impl StorageError {
    fn facts(self) -> &'static Facts {
        // A test checks that every error has a row.
        ERRORS.iter().find(|row| row.error == self).unwrap_or(&ERRORS[0])
    }

    /// The HTTP status of the error.
    ///
    /// ```
    /// assert_eq!(sbg_emulator::StorageError::OperationAborted.status(), 409);
    /// ```
    pub fn status(self) -> u16 {
        self.facts().status
    }

    /// The usual error of a status.
    pub(crate) fn of_status(status: u16) -> Self {
        match status {
            401 | 403 => Self::AccessDenied,
            404 | 410 => Self::NoSuchKey,
            408 => Self::RequestTimeout,
            409 => Self::OperationAborted,
            411 => Self::MissingContentLength,
            412 => Self::PreconditionFailed,
            413 => Self::EntityTooLarge,
            416 => Self::InvalidRange,
            429 | 503 => Self::SlowDown,
            500.. => Self::InternalError,
            _ => Self::InvalidRequest,
        }
    }
}

/// The code of S3.
impl fmt::Display for StorageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.facts().code)
    }
}

impl FromStr for StorageError {
    type Err = ParseFaultError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        ERRORS.iter().find(|row| row.code == text).map(|row| row.error).ok_or_else(|| {
            let codes: Vec<_> = ERRORS.iter().map(|row| row.code).collect();
            ParseFaultError::new(format!("unknown storage error `{text}`: expected {}", codes.join(", ")))
        })
    }
}

/// The format of errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorForm {
    /// XML with the codes of S3.
    S3,
    /// XML with the codes of Azure, and the code in a header as well.
    Azure,
    /// An HTML page with nothing but the status.
    Html,
}

/// A refusal as one kind of storage words it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Refusal {
    Error(StorageError),
    /// An error with a different status.
    Status(StorageError, u16),
    /// An error with a different message.
    Worded {
        status: u16,
        code: &'static str,
        message: &'static str,
    },
    /// Plain text.
    Text {
        status: u16,
        text: &'static str,
    },
}

impl ErrorForm {
    /// The response for a refusal.
    pub(crate) fn refuse(self, refusal: Refusal) -> Response {
        match refusal {
            Refusal::Error(error) => self.error(error, error.status()),
            Refusal::Status(error, status) => self.error(error, status),
            Refusal::Worded { status, code, message } => self.write(status, code, message),
            Refusal::Text { status, text } => Response::text(status, "text/html; charset=UTF-8", text),
        }
    }

    /// The response for an error, with this status.
    pub(crate) fn error(self, error: StorageError, status: u16) -> Response {
        let facts = error.facts();
        self.write(status, if self == Self::Azure { facts.azure } else { facts.code }, facts.message)
    }

    fn write(self, status: u16, code: &'static str, message: &'static str) -> Response {
        match self {
            Self::S3 => {
                let xml = format!(
                    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>"
                );
                Response::text(status, "application/xml", xml)
            }
            Self::Azure => {
                // Azure begins its errors with a byte order mark.
                let xml = format!(
                    "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
                );
                Response::text(status, "application/xml", xml)
                    .header(HeaderName::from_static("x-ms-error-code"), code)
            }
            Self::Html => {
                let reason = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
                let title = format!("{status} {}", reason.unwrap_or("Error"));
                let html = format!(
                    "<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n"
                );
                Response::text(status, "text/html", html)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_storage_error_has_one_row() {
        for row in &ERRORS {
            assert_eq!(row.error.facts().code, row.code);
            assert_eq!(row.error.to_string(), format!("{:?}", row.error));
            assert_eq!(row.code.parse(), Ok(row.error));
        }
        assert!("Nonsense".parse::<StorageError>().is_err());
    }

    #[test]
    fn each_error_form_uses_its_own_codes() {
        let shown = |form: ErrorForm| {
            let body = form.error(StorageError::SlowDown, 503).body;
            String::from_utf8(body.text().expect("a text").to_vec()).expect("UTF-8")
        };
        assert!(shown(ErrorForm::S3).contains("<Code>SlowDown</Code>"));
        assert!(shown(ErrorForm::Azure).contains("<Code>ServerBusy</Code>"));
        assert!(shown(ErrorForm::Html).contains("<h1>503 Service Unavailable</h1>"));
    }
}
