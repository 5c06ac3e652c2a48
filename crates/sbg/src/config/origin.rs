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
    /// The program set it.
    Explicit,
    /// An environment variable.
    Environment {
        /// The name of the variable.
        variable: &'static str,
    },
    /// A profile of the credentials file.
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
    /// It is not set; the default applies.
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
    /// Origin of the endpoint.
    pub endpoint: Origin,
    /// Origin of the token or other credential.
    pub auth: Origin,
    /// Origin of the proxy for `https` URLs; [`Origin::Default`] without one.
    pub https_proxy: Origin,
    /// Origin of the proxy for `http` URLs; [`Origin::Default`] without one.
    pub http_proxy: Origin,
    /// Origin of the hosts that are reached without a proxy; [`Origin::Default`] without any.
    pub no_proxy: Origin,
    /// Origin of the advance access setting.
    pub advance_access: Origin,
}

/// A problem of a configuration that can still be used.
///
/// ```no_run
/// use sbg::config::{Config, Warning};
///
/// for warning in Config::from_env()?.warnings {
///     match &warning {
///         Warning::File(_) => eprintln!("check the permissions: {warning}"),
///         _ => eprintln!("{warning}"),
///     }
/// }
/// # Ok::<(), sbg::config::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// Others can read or change the credentials file.
    File(FileWarning),
    /// An environment variable is set but was ignored, because the variable that belongs to it is missing.
    Unused {
        /// The variable that is set.
        variable: &'static str,
        /// The variable that is missing.
        missing: &'static str,
        /// What was used instead.
        used: Origin,
    },
    /// The token of a profile is sent to an endpoint other than that of the profile, because the program set both.
    OtherEndpoint {
        /// Where the token came from.
        auth: Origin,
        /// The endpoint that the token belongs to.
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
                "{variable} is ignored because {missing} is not set: endpoint and token came from {used}"
            ),
            Self::OtherEndpoint { auth, own, used } => {
                write!(
                    f,
                    "the token from {auth} belongs to {own}, but is sent to {used}, as set by the program"
                )
            }
        }
    }
}
