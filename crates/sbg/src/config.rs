//! Resolves the values of the program, the environment and the user's files to one [`Config`].
//!
//! Makes no request.
//!
//! # Endpoint and token
//!
//! A token is valid in one environment and must not be sent to another. So both come from one source, and a complete pair
//! is never split. The sources, first found wins:
//!
//! | The program gives | Then used |
//! |---|---|
//! | endpoint and token | These. No other source is read. |
//! | a profile | Endpoint and token of that profile, each unless the program gives it as well. The environment is ignored. A profile that does not exist is an error. |
//! | nothing | `SB_API_ENDPOINT` and `SB_AUTH_TOKEN` if both are set; else both values of the profile `default` (a [warning](Warning::Unused) names a variable that is set alone and differs); else one value of the environment and the other of the profile, if each has only that one. |
//! | an endpoint | With the token of the environment, else of the profile `default`, each skipped if it names another endpoint. |
//! | a token | With the endpoint of the environment, else of the profile `default`, each skipped if it holds another token. |
//!
//! If a value is still missing, [`MissingCredentials`] lists every source and what it lacks. A value that is read must be
//! valid: an empty token, for example, is an error and does not count as missing.
//!
//! # Everything else
//!
//! | Value | First found wins |
//! |---|---|
//! | proxies | the program's (all of them, or [`Proxies::none`]); else, each separately: `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`, or their lower case names; then `https_proxy`, `http_proxy`, `no_proxy` of `[proxies]` in the settings file |
//! | advance access | the program's; else that of the profile that was named or that endpoint or token came from; else `[mode]` of the settings file; else off |
//!
//! An empty proxy variable counts as not set. In a CGI program, where `HTTP_PROXY` may be the header `Proxy` of a
//! request, only the lower case name is read.
//!
//! The credentials are in `~/.sevenbridges/credentials`, the settings in `~/.sevenbridges/sevenbridges-python/config`,
//! see [`profile`].

mod auth;
mod endpoint;
mod error;
mod origin;
mod pair;
pub mod profile;
mod proxy;
mod resolve;
mod sources;

pub use auth::{Auth, InvalidToken};
pub use endpoint::{CustomEndpoint, Endpoint, InvalidEndpoint};
pub use error::{ConfigError, MissingCredentials, TriedSource};
pub use origin::{Origin, Origins, Warning};
pub use proxy::{InvalidProxy, Proxies, ProxyUrl};
pub use sources::{ConfigPaths, ExplicitConfig, Sources};

pub(crate) use auth::check_characters;

/// A complete configuration. `Debug` hides tokens and the passwords of proxies.
///
/// ```no_run
/// let config = sbg::config::Config::from_env()?;
/// println!("{} from {}", config.endpoint, config.origins.endpoint);
/// # Ok::<(), sbg::config::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// The platform that requests go to.
    pub endpoint: Endpoint,
    /// The credential that requests carry.
    pub auth: Auth,
    /// The proxies that requests go through.
    pub proxies: Proxies,
    /// Whether calls that need advance access are allowed.
    pub advance_access: bool,
    /// Where each value came from.
    pub origins: Origins,
    /// Problems that a user should know of. Nothing is logged here.
    pub warnings: Vec<Warning>,
}

impl Config {
    /// Resolves the environment and the user's files, without any value of the program.
    ///
    /// ```no_run
    /// use sbg::config::Config;
    ///
    /// for warning in Config::from_env()?.warnings {
    ///     eprintln!("{warning}");
    /// }
    /// # Ok::<(), sbg::config::ConfigError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// See [`Sources::resolve`].
    pub fn from_env() -> Result<Self, ConfigError> {
        Sources::new(ExplicitConfig::default()).resolve()
    }
}

#[cfg(test)]
mod tests;
