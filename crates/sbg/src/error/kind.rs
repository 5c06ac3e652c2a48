//! The kinds of errors, and which kind a response of the platform or of a storage is.

use std::io;

/// The kind of an error, to match on.
///
/// [`Error::kind`](crate::Error::kind) and the predicates, such as [`Error::is_not_found`](crate::Error::is_not_found), always agree:
/// each predicate tests for a set of kinds.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// use sbg::ErrorKind;
///
/// match client.users().me().await {
///     Ok(me) => println!("{}", me.username),
///     Err(error) => match error.kind() {
///         ErrorKind::Dns | ErrorKind::Network | ErrorKind::Proxy => eprintln!("cannot reach the platform: {error}"),
///         ErrorKind::Unauthorized => eprintln!("the token does not work: {error}"),
///         _ => return Err(error),
///     },
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// No endpoint or token was found; the message lists the sources that were searched.
    MissingCredentials,
    /// The profile does not exist; the message lists the profiles that do.
    UnknownProfile,
    /// A configuration file cannot be read, parsed or written; the message names the file and line.
    ConfigFile,
    /// The endpoint cannot be used: it has no scheme, another path than the API, or plain http to another host.
    Endpoint,
    /// The token cannot be used: it is empty, or has characters that are not allowed in a header.
    Token,
    /// The client cannot be built for another reason, such as an invalid certificate.
    Config,
    /// There is no Tokio runtime to make the call on, or a blocking call was made inside one.
    Runtime,

    /// An argument is invalid; detected before anything is sent.
    InvalidInput,
    /// The operation is in advance access, which is not enabled; detected before anything is sent.
    AdvanceAccess,

    /// The platform refused the request as invalid, or for a reason without its own kind: HTTP 400 and the other 4xx.
    InvalidRequest,
    /// The platform refused the token: HTTP 401.
    Unauthorized,
    /// You lack the permission: HTTP 403.
    Forbidden,
    /// The resource does not exist, or you may not see it: HTTP 404 and 410, or a path that leads nowhere.
    NotFound,
    /// The call conflicts with an existing resource, such as a file of the same name: HTTP 409 and 412.
    Conflict,
    /// A quota is used up or a bill is unpaid: HTTP 402 and 507.
    Quota,
    /// Too many requests: HTTP 429. See [`RateLimitSleeper`](crate::pipeline::RateLimitSleeper).
    RateLimited,
    /// The platform is under maintenance: HTTP 503 with error code 0.
    Maintenance,
    /// The platform failed: HTTP 500, 502, 503, 504 and other 5xx. A later retry may succeed.
    Server,
    /// A job on the platform, such as an import, failed without a more precise reason.
    JobFailed,
    /// The response is not what the API specifies: HTML instead of JSON, JSON with another structure, a redirect to another host.
    UnexpectedResponse,

    /// The host name cannot be resolved.
    Dns,
    /// The connection could not be opened, or broke.
    Network,
    /// TLS failed: an unknown certificate authority, a wrong host name, an expired certificate.
    Tls,
    /// The URL of the proxy is invalid, the proxy cannot be reached, or it refused.
    Proxy,
    /// No data arrived for too long, or the call took longer than its timeout.
    Timeout,
    /// A [`Wait`](crate::Wait) timed out. The job continues on the platform.
    WaitTimeout,

    /// The object storage refused a request, or sent something other than requested.
    Storage,
    /// The object storage is overloaded or failed: HTTP 408, 429 and 5xx. A later retry may succeed.
    StorageUnavailable,
    /// A DRS object has no access method that leads to an https URL; a bundle, for example.
    NoAccessMethod,
    /// Data differs from the expected: a changed source file, a wrong size or checksum.
    Integrity,
    /// A local file cannot be read or written; the [source](std::error::Error::source) is the [`io::Error`].
    Io,
    /// The local disk is full, or a disk quota is used up.
    DiskFull,
    /// The local file or its journal is in use by another transfer.
    Locked,
    /// The work was cancelled.
    Cancelled,
    /// The work panicked: a bug in this crate, or in a function passed to it.
    Panic,
}

impl ErrorKind {
    /// The kind of a response of the API with this status and error code.
    pub(crate) fn of_response(status: u16, code: Option<i32>) -> Self {
        match (status, code) {
            (503, Some(0)) => Self::Maintenance,
            (401, _) => Self::Unauthorized,
            (402 | 507, _) => Self::Quota,
            (403, _) => Self::Forbidden,
            (404 | 410, _) => Self::NotFound,
            (408, _) => Self::Timeout,
            (409 | 412, _) => Self::Conflict,
            (429, _) => Self::RateLimited,
            // Not implemented and unsupported HTTP version: retrying does not help.
            (400..=499 | 501 | 505, _) => Self::InvalidRequest,
            (500..=599, _) => Self::Server,
            _ => Self::UnexpectedResponse,
        }
    }

    /// The kind of a response of the object storage with this status.
    pub(crate) fn of_storage(status: u16) -> Self {
        match status {
            408 | 429 | 500 | 502 | 503 | 504 => Self::StorageUnavailable,
            _ => Self::Storage,
        }
    }

    /// The kind of an error of the file system.
    pub(crate) fn of_io(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull,
            _ => Self::Io,
        }
    }

    /// Whether the same call may succeed later without any change.
    pub(crate) fn is_transient(self) -> bool {
        matches!(
            self,
            Self::Dns
                | Self::Network
                | Self::Timeout
                | Self::RateLimited
                | Self::Maintenance
                | Self::Server
                | Self::StorageUnavailable
        )
    }

    /// The closest kind of the standard library.
    pub(crate) fn to_io(self) -> io::ErrorKind {
        match self {
            Self::NotFound => io::ErrorKind::NotFound,
            Self::Unauthorized | Self::Forbidden => io::ErrorKind::PermissionDenied,
            Self::Conflict => io::ErrorKind::AlreadyExists,
            Self::InvalidInput | Self::InvalidRequest | Self::Endpoint | Self::Token => {
                io::ErrorKind::InvalidInput
            }
            Self::Integrity | Self::UnexpectedResponse => io::ErrorKind::InvalidData,
            Self::Timeout | Self::WaitTimeout => io::ErrorKind::TimedOut,
            Self::Network => io::ErrorKind::ConnectionAborted,
            Self::Dns => io::ErrorKind::HostUnreachable,
            Self::DiskFull => io::ErrorKind::StorageFull,
            Self::Quota => io::ErrorKind::QuotaExceeded,
            Self::Locked | Self::RateLimited => io::ErrorKind::ResourceBusy,
            Self::AdvanceAccess => io::ErrorKind::Unsupported,
            _ => io::ErrorKind::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kind_of_a_response_follows_status_and_code() {
        let check = |status: u16, code: Option<i32>, expected: ErrorKind, transient: bool| {
            let kind = ErrorKind::of_response(status, code);
            assert_eq!((kind, kind.is_transient()), (expected, transient), "{status} {code:?}");
        };
        check(400, Some(1003), ErrorKind::InvalidRequest, false);
        check(401, None, ErrorKind::Unauthorized, false);
        check(402, None, ErrorKind::Quota, false);
        check(403, Some(9101), ErrorKind::Forbidden, false);
        check(404, Some(5002), ErrorKind::NotFound, false);
        check(408, None, ErrorKind::Timeout, true);
        check(409, Some(8005), ErrorKind::Conflict, false);
        check(414, None, ErrorKind::InvalidRequest, false);
        check(429, None, ErrorKind::RateLimited, true);
        check(500, Some(0), ErrorKind::Server, true);
        check(501, None, ErrorKind::InvalidRequest, false);
        check(503, Some(0), ErrorKind::Maintenance, true);
        check(503, Some(10001), ErrorKind::Server, true);
        check(503, None, ErrorKind::Server, true);
        check(507, None, ErrorKind::Quota, false);
        check(302, None, ErrorKind::UnexpectedResponse, false);
    }

    #[test]
    fn kind_of_a_storage_response_says_whether_to_retry() {
        for status in [408, 429, 500, 502, 503, 504] {
            assert!(ErrorKind::of_storage(status).is_transient(), "{status}");
        }
        for status in [301, 400, 403, 404, 409, 412, 413, 507] {
            assert_eq!(ErrorKind::of_storage(status), ErrorKind::Storage, "{status}");
        }
    }

    #[test]
    fn full_disk_is_a_kind_of_its_own() {
        assert_eq!(ErrorKind::of_io(&io::ErrorKind::StorageFull.into()), ErrorKind::DiskFull);
        assert_eq!(ErrorKind::of_io(&io::ErrorKind::QuotaExceeded.into()), ErrorKind::DiskFull);
        assert_eq!(ErrorKind::of_io(&io::ErrorKind::PermissionDenied.into()), ErrorKind::Io);
    }
}
