//! Errors of a configuration.

use std::fmt;

use super::profile::ProfileError;
use super::{Endpoint, InvalidEndpoint, InvalidProxy, InvalidToken, Origin};

/// A configuration that is incomplete or cannot be used.
///
/// The message is self-contained and never shows a token or a password.
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
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// No source has an endpoint and a token that belong together.
    #[error("{0}")]
    Missing(Box<MissingCredentials>),
    /// The endpoint cannot be used.
    #[error("endpoint from {origin}: {reason}")]
    Endpoint {
        /// Where it came from.
        origin: Origin,
        /// What is wrong with it.
        reason: InvalidEndpoint,
    },
    /// The token cannot be used.
    #[error("token from {origin}: {reason}")]
    Token {
        /// Where it came from.
        origin: Origin,
        /// What is wrong with it.
        reason: InvalidToken,
    },
    /// The URL of a proxy cannot be used.
    #[error("proxy from {origin}: {reason}")]
    Proxy {
        /// Where it came from.
        origin: Origin,
        /// What is wrong with it.
        reason: InvalidProxy,
    },
    /// A profile was named, but the path of the credentials file is unknown.
    #[error(
        "cannot read profile `{profile}`: there is no home folder to look for `.sevenbridges/credentials` in; set the path of the file \
         with `config_paths()`"
    )]
    NoHome {
        /// The name of the profile.
        profile: String,
    },
    /// A file of the user's profile cannot be used.
    #[error("{0}")]
    Profile(ProfileError),
}

/// The sources that were searched for endpoint and token, and what each of them lacks.
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
    /// The endpoint, if only the token is missing.
    pub endpoint: Option<Endpoint>,
    /// Where the token came from, if only the endpoint is missing.
    pub auth: Option<Origin>,
    /// The sources, in the order in which they were tried.
    pub tried: Vec<TriedSource>,
}

/// A source that did not have the missing value.
///
/// ```
/// use sbg::config::{ConfigError, ConfigPaths, ExplicitConfig, Sources};
///
/// let sources = Sources::new(ExplicitConfig::default()).paths(ConfigPaths::none()).env(|_| None);
/// if let Err(ConfigError::Missing(missing)) = sources.resolve() {
///     for tried in &missing.tried {
///         println!("{}: {}", tried.source, tried.reason);
///     }
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TriedSource {
    /// The source, such as `environment`.
    pub source: String,
    /// What it lacks, such as `SB_AUTH_TOKEN is not set`.
    pub reason: String,
}

impl fmt::Display for MissingCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.endpoint, &self.auth) {
            (Some(endpoint), _) => write!(f, "found no token for {endpoint}; tried")?,
            (None, Some(auth)) => write!(f, "found no endpoint for the token from {auth}; tried")?,
            (None, None) => f.write_str("found no endpoint and no token; tried")?,
        }
        for TriedSource { source, reason } in &self.tried {
            write!(f, "\n  - {source}: {reason}")?;
        }
        Ok(())
    }
}

impl From<ProfileError> for ConfigError {
    fn from(error: ProfileError) -> Self {
        Self::Profile(error)
    }
}
