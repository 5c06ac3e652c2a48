//! What can be wrong with a configuration.

use std::{error::Error, fmt};

use super::profile::ProfileError;
use super::{Endpoint, InvalidEndpoint, InvalidProxy, InvalidToken, Origin};

/// A configuration that is incomplete or cannot be used.
///
/// The message is complete by itself and never shows a token or a password.
///
/// ```no_run
/// use sbg::config::{Config, ConfigError};
///
/// match Config::from_env() {
///     Ok(config) => println!("{}", config.endpoint),
///     Err(ConfigError::Missing(missing)) => eprintln!("run the setup first: {missing}"),
///     Err(error) => eprintln!("{error}"),
/// }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum ConfigError {
    /// No place gave an endpoint and a token that belong together.
    Missing(Box<MissingCredentials>),
    /// The endpoint cannot be used.
    Endpoint {
        /// Where it came from.
        origin: Origin,
        /// What is wrong with it.
        reason: InvalidEndpoint,
    },
    /// The token cannot be used.
    Token {
        /// Where it came from.
        origin: Origin,
        /// What is wrong with it.
        reason: InvalidToken,
    },
    /// The address of a proxy cannot be used.
    Proxy {
        /// Where it came from.
        origin: Origin,
        /// What is wrong with it.
        reason: InvalidProxy,
    },
    /// A profile was asked for, but it is not known where the file of credentials is.
    NoHome {
        /// The name of the profile.
        profile: String,
    },
    /// A file of the user's profile cannot be used.
    Profile(ProfileError),
}

/// The places that were looked at for endpoint and token, and what each of them lacks.
///
/// ```
/// use sbg::config::{Auth, ConfigError, ConfigPaths, ExplicitConfig, Origin, Sources};
///
/// let token_alone = ExplicitConfig::default().auth(Auth::token("0123456789abcdef"));
/// let sources = Sources::new(token_alone).paths(ConfigPaths::none()).env(|_| None);
/// let Err(ConfigError::Missing(missing)) = sources.resolve() else { panic!("there is no endpoint") };
/// assert_eq!((missing.endpoint, missing.auth), (None, Some(Origin::Explicit)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MissingCredentials {
    /// The endpoint that a token is missing for.
    pub endpoint: Option<Endpoint>,
    /// Where the token came from that an endpoint is missing for.
    pub auth: Option<Origin>,
    /// The places, in the order in which they were tried.
    pub tried: Vec<Attempt>,
}

/// One place that was looked at in vain.
///
/// ```
/// use sbg::config::{ConfigError, ConfigPaths, ExplicitConfig, Sources};
///
/// let sources = Sources::new(ExplicitConfig::default()).paths(ConfigPaths::none()).env(|_| None);
/// if let Err(ConfigError::Missing(missing)) = sources.resolve() {
///     for attempt in &missing.tried {
///         println!("{}: {}", attempt.place, attempt.reason);
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attempt {
    /// The place, such as `environment`.
    pub place: String,
    /// Why it does not do, such as `SB_AUTH_TOKEN is not set`.
    pub reason: String,
}

impl fmt::Display for MissingCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.endpoint, &self.auth) {
            (Some(endpoint), _) => write!(f, "no token for {endpoint} was found; tried")?,
            (None, Some(auth)) => write!(f, "no endpoint for the token from {auth} was found; tried")?,
            (None, None) => f.write_str("no endpoint and token were found; tried")?,
        }
        for Attempt { place, reason } in &self.tried {
            write!(f, "\n  - {place}: {reason}")?;
        }
        Ok(())
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(missing) => missing.fmt(f),
            Self::Endpoint { origin, reason } => write!(f, "endpoint from {origin}: {reason}"),
            Self::Token { origin, reason } => write!(f, "token from {origin}: {reason}"),
            Self::Proxy { origin, reason } => write!(f, "proxy from {origin}: {reason}"),
            Self::NoHome { profile } => write!(
                f,
                "profile `{profile}` was asked for, but there is no home folder to look for `.sevenbridges/credentials` \
                 in; give the path of the file"
            ),
            Self::Profile(error) => error.fmt(f),
        }
    }
}

impl Error for ConfigError {}

impl From<ProfileError> for ConfigError {
    fn from(error: ProfileError) -> Self {
        Self::Profile(error)
    }
}
