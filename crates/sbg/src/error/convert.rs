//! What else can go wrong, made into the one error.

use std::error::Error as StdError;

use super::{Error, ErrorKind};
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
        Self::new(kind, error.to_string())
    }
}

impl From<ProfileError> for Error {
    fn from(error: ProfileError) -> Self {
        Self::new(kind_of(&error), error.to_string())
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
        Self::invalid(error.to_string())
    }
}

/// The error of a call through [`Client::raw`](crate::Client::raw), so that `?` does.
impl From<sbg_raw::Error<sbg_raw::types::Error>> for Error {
    fn from(error: sbg_raw::Error<sbg_raw::types::Error>) -> Self {
        use sbg_raw::Error as Raw;
        match error {
            Raw::InvalidRequest(message) | Raw::Custom(message) => Self::invalid(message),
            Raw::CommunicationError(error) | Raw::ResponseBodyError(error) | Raw::InvalidUpgrade(error) => {
                find_in_chain(&error).unwrap_or_else(|| classify(error, false).into_error())
            }
            Raw::InvalidResponsePayload(_, error) => {
                Self::new(ErrorKind::UnexpectedResponse, "the answer has another form than specified")
                    .with_source(error)
            }
            Raw::ErrorResponse(answer) => {
                let message =
                    answer.message.clone().unwrap_or_else(|| "the platform refused the call".to_owned());
                Self::new(ErrorKind::Api, message)
                    .with_status(answer.status().as_u16())
                    .with_said(&answer, None)
            }
            Raw::UnexpectedResponse(answer) => {
                Self::new(ErrorKind::UnexpectedResponse, "an answer that is not specified")
                    .with_status(answer.status().as_u16())
            }
        }
    }
}

/// The error of this crate that a transport put into the error of the HTTP library.
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
