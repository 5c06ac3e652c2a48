//! Conversions of other errors into [`Error`].

use std::error::Error as StdError;
use std::io;

use super::{Error, ErrorKind, code_of};
use crate::config::ConfigError;
use crate::config::profile::ProfileError;
use crate::pipeline::classify;

impl From<ConfigError> for Error {
    fn from(error: ConfigError) -> Self {
        let kind = match &error {
            ConfigError::Missing(_) => ErrorKind::MissingCredentials,
            ConfigError::Endpoint { .. } => ErrorKind::Endpoint,
            ConfigError::Token { .. } => ErrorKind::Token,
            ConfigError::Proxy { .. } => ErrorKind::Proxy,
            ConfigError::NoHome { .. } => ErrorKind::UnknownProfile,
            ConfigError::Profile(error) => kind_of(error),
        };
        Self::new(kind, error.to_string()).with_same(error)
    }
}

impl From<ProfileError> for Error {
    fn from(error: ProfileError) -> Self {
        Self::new(kind_of(&error), error.to_string()).with_same(error)
    }
}

fn kind_of(error: &ProfileError) -> ErrorKind {
    match error {
        ProfileError::UnknownProfile { .. } => ErrorKind::UnknownProfile,
        ProfileError::InvalidName { .. } => ErrorKind::InvalidInput,
        ProfileError::InvalidToken(_) => ErrorKind::Token,
        _ => ErrorKind::ConfigFile,
    }
}

impl From<crate::ids::InvalidId> for Error {
    fn from(error: crate::ids::InvalidId) -> Self {
        Self::invalid(error.to_string()).with_same(error)
    }
}

/// Converts the error of a call through [`Client::raw`](crate::Client::raw), so that `?` works.
impl From<sbg_raw::Error<sbg_raw::types::Error>> for Error {
    fn from(error: sbg_raw::Error<sbg_raw::types::Error>) -> Self {
        of_call(error, |response| {
            let message =
                response.message.clone().unwrap_or_else(|| "the platform refused the call".to_owned());
            Self::refused(response.status().as_u16(), code_of(response), message).with_said(response, None)
        })
    }
}

/// Converts the error of a call to a DRS server.
impl From<sbg_raw::Error<sbg_raw::ga4gh_drs::types::Error>> for Error {
    fn from(error: sbg_raw::Error<sbg_raw::ga4gh_drs::types::Error>) -> Self {
        of_call(error, |response| {
            let message =
                response.msg.clone().unwrap_or_else(|| "the DRS server refused the call".to_owned());
            Self::refused(response.status().as_u16(), None, message)
        })
    }
}

fn of_call<E>(error: sbg_raw::Error<E>, refusal: impl FnOnce(&sbg_raw::ResponseValue<E>) -> Error) -> Error {
    use sbg_raw::Error as Raw;
    match error {
        Raw::InvalidRequest(message) | Raw::Custom(message) => Error::invalid(message),
        Raw::CommunicationError(error) | Raw::ResponseBodyError(error) | Raw::InvalidUpgrade(error) => {
            find_in_chain(&error).unwrap_or_else(|| classify(error, false).into_error())
        }
        Raw::InvalidResponsePayload(_, error) => {
            Error::new(ErrorKind::UnexpectedResponse, "the response does not match the specification")
                .with_source(error)
        }
        Raw::ErrorResponse(response) => refusal(&response),
        Raw::UnexpectedResponse(response) => Error::unexplained(
            response.status().as_u16(),
            "the platform sent a response that is not specified",
        ),
    }
}

/// For functions that return [`io::Error`]. The kind is the closest one of the standard library; [`io::Error::get_ref`] returns this
/// error.
///
/// ```
/// let error = sbg::Error::from("demo".parse::<sbg::ProjectId>().unwrap_err());
/// assert_eq!(std::io::Error::from(error).kind(), std::io::ErrorKind::InvalidInput);
/// ```
impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        let local = error.source().and_then(|source| source.downcast_ref::<Self>()).map(Self::kind);
        let kind = match error.kind() {
            ErrorKind::Io | ErrorKind::DiskFull => local,
            _ => None,
        };
        Self::new(kind.unwrap_or_else(|| error.kind().to_io()), error)
    }
}

/// The error of this crate that a transport wrapped in an error of the HTTP library.
fn find_in_chain(error: &(dyn StdError + 'static)) -> Option<Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<Error>() {
            return Some(found.clone());
        }
        next = error.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn io_error_keeps_kind_and_error() {
        let check = |error: Error, expected: io::ErrorKind| {
            let io = io::Error::from(error.clone());
            assert_eq!(io.kind(), expected, "{error}");
            assert_eq!(io.to_string(), error.to_string());
            assert!(io.get_ref().and_then(|inner| inner.downcast_ref::<Error>()).is_some());
        };
        check(Error::refused(404, Some(5002), "no"), io::ErrorKind::NotFound);
        check(Error::refused(403, None, "no"), io::ErrorKind::PermissionDenied);
        check(Error::refused(401, None, "no"), io::ErrorKind::PermissionDenied);
        check(Error::refused(409, None, "no"), io::ErrorKind::AlreadyExists);
        check(Error::new(ErrorKind::Timeout, "slow"), io::ErrorKind::TimedOut);
        check(Error::io("cannot write `a`", io::ErrorKind::StorageFull.into()), io::ErrorKind::StorageFull);
        check(Error::io("cannot open `a`", io::ErrorKind::NotFound.into()), io::ErrorKind::NotFound);
        // `Interrupted` would make readers retry.
        check(Error::cancelled(), io::ErrorKind::Other);
    }

    #[test]
    fn causes_are_typed_and_told_once() {
        let full = io::Error::from(io::ErrorKind::StorageFull);
        let error = Error::io("cannot write `a`", full);
        assert_eq!(error.kind(), ErrorKind::DiskFull);
        assert!(error.source().and_then(|source| source.downcast_ref::<io::Error>()).is_some());

        let invalid = "demo".parse::<crate::ProjectId>().unwrap_err();
        let error = Error::from(invalid.clone());
        assert_eq!(error.message(), invalid.to_string());
        assert!(error.source().is_none(), "the message would appear twice");
    }
}
