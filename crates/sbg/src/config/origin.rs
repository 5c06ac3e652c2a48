//! Where the values of a configuration came from.

use std::{fmt, path::PathBuf};

use super::profile::FileWarning;
use crate::config::Endpoint;

/// Where a value came from.
///
/// Reads well after "from" and before a colon, as in ``profile `cgc` of /home/me/.sevenbridges/credentials:7``.
///
/// ```
/// use sbg::config::Origin;
///
/// let origin = Origin::Environment { variable: "SB_AUTH_TOKEN" };
/// assert_eq!(origin.to_string(), "the environment variable SB_AUTH_TOKEN");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// The program gave it.
    Explicit,
    /// An environment variable.
    Environment {
        /// The name of the variable.
        variable: &'static str,
    },
    /// A profile of the file of credentials.
    Profile {
        /// The name of the profile.
        profile: String,
        /// The file.
        path: PathBuf,
        /// The number of the line, from 1.
        line: usize,
    },
    /// The settings file that is shared with the Python client.
    Settings {
        /// The file.
        path: PathBuf,
        /// The number of the line, from 1.
        line: usize,
    },
    /// Nobody gave it, and the default stands.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Explicit => f.write_str("the program itself"),
            Self::Environment { variable } => write!(f, "the environment variable {variable}"),
            Self::Profile { profile, path, line } => {
                write!(f, "profile `{profile}` of {}:{line}", path.display())
            }
            Self::Settings { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Default => f.write_str("the defaults"),
        }
    }
}

/// Where each value of a [`Config`](super::Config) came from.
///
/// ```no_run
/// let config = sbg::config::Config::from_env()?;
/// println!("the endpoint is from {}", config.origins.endpoint);
/// println!("the token is from {}", config.origins.auth);
/// # Ok::<(), sbg::config::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Origins {
    /// Of the endpoint.
    pub endpoint: Origin,
    /// Of the token or other credential.
    pub auth: Origin,
    /// Of the proxy for `https` URLs, and [`Origin::Default`] when there is none.
    pub https_proxy: Origin,
    /// Of the proxy for `http` URLs, and [`Origin::Default`] when there is none.
    pub http_proxy: Origin,
    /// Of the hosts that are reached without a proxy, and [`Origin::Default`] when none are named.
    pub no_proxy: Origin,
    /// Of the switch for advance access.
    pub advance_access: Origin,
}

/// Something in the configuration that a user should hear of, though it can be used.
///
/// ```no_run
/// use sbg::config::{Config, Warning};
///
/// for warning in Config::from_env()?.warnings {
///     match &warning {
///         Warning::File(_) => eprintln!("mind the permissions: {warning}"),
///         _ => eprintln!("{warning}"),
///     }
/// }
/// # Ok::<(), sbg::config::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// The file of credentials is not as private as it should be.
    File(FileWarning),
    /// An environment variable is set but was not used, because the variable that belongs with it is missing.
    Unused {
        /// The variable that is set.
        variable: &'static str,
        /// The variable that is missing.
        missing: &'static str,
        /// What was used instead.
        used: Origin,
    },
    /// The token of a profile goes to another endpoint than that of the profile, because the program asked for both.
    OtherEndpoint {
        /// Where the token came from.
        auth: Origin,
        /// The endpoint that the token belongs with.
        own: Endpoint,
        /// The endpoint that it is sent to.
        used: Endpoint,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(warning) => warning.fmt(f),
            Self::Unused { variable, missing, used } => write!(
                f,
                "{variable} is set, but not used, because {missing} is not set: endpoint and token came from {used}"
            ),
            Self::OtherEndpoint { auth, own, used } => {
                write!(
                    f,
                    "the token from {auth} belongs with {own}, but is sent to {used}, as the program asks"
                )
            }
        }
    }
}
