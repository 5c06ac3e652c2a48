//! What a configuration is resolved from: the values of the program, the environment and the files of the user.

use std::path::PathBuf;
use std::{env, fmt};

use super::{Auth, Proxies};

/// The values that a program gives itself; the default is none. `Debug` hides tokens and the passwords of proxies.
///
/// ```
/// use sbg::config::{Auth, Endpoint, ExplicitConfig, Sources};
///
/// let token = Auth::token("0123456789abcdef0123456789abcdef");
/// let config = Sources::new(ExplicitConfig::default().endpoint(Endpoint::Cgc).auth(token)).resolve()?;
/// assert_eq!(config.origins.endpoint.to_string(), "the program itself");
/// # Ok::<(), sbg::config::ConfigError>(())
/// ```
#[derive(Clone, Default)]
#[must_use]
pub struct ExplicitConfig {
    pub(crate) endpoint: Option<String>,
    pub(crate) auth: Option<Auth>,
    pub(crate) profile: Option<String>,
    pub(crate) proxies: Option<Proxies>,
    pub(crate) advance_access: Option<bool>,
    pub(crate) allow_insecure_http: bool,
}

impl ExplicitConfig {
    /// The base URL of the API or the name of an environment, such as `cgc`; an [`Endpoint`](super::Endpoint) converts into it.
    ///
    /// ```
    /// use sbg::config::{Endpoint, ExplicitConfig};
    ///
    /// let by_name = ExplicitConfig::default().endpoint("cavatica");
    /// let by_url = ExplicitConfig::default().endpoint("https://cavatica-api.sbgenomics.com/v2");
    /// let known = ExplicitConfig::default().endpoint(Endpoint::Cavatica);
    /// ```
    pub fn endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.endpoint = Some(endpoint.into());
        self
    }

    /// What to sign in with.
    ///
    /// ```
    /// use sbg::config::{Auth, ExplicitConfig};
    ///
    /// let explicit = ExplicitConfig::default().auth(Auth::token("0123456789abcdef0123456789abcdef"));
    /// assert!(!format!("{explicit:?}").contains("0123456789abcdef"));
    /// ```
    pub fn auth(mut self, auth: Auth) -> Self {
        self.auth = Some(auth);
        self
    }

    /// The name of a profile in the file of credentials.
    ///
    /// ```
    /// let explicit = sbg::config::ExplicitConfig::default().profile("cgc");
    /// ```
    pub fn profile(mut self, name: impl Into<String>) -> Self {
        self.profile = Some(name.into());
        self
    }

    /// All proxies; [`Proxies::none`] goes without, whatever environment and files say.
    ///
    /// ```
    /// use sbg::config::{ExplicitConfig, Proxies};
    ///
    /// let straight = ExplicitConfig::default().proxies(Proxies::none());
    /// ```
    pub fn proxies(mut self, proxies: Proxies) -> Self {
        self.proxies = Some(proxies);
        self
    }

    /// Whether calls that need advance access are allowed.
    ///
    /// ```
    /// let explicit = sbg::config::ExplicitConfig::default().advance_access(true);
    /// ```
    pub fn advance_access(mut self, allowed: bool) -> Self {
        self.advance_access = Some(allowed);
        self
    }

    /// Whether the token may be sent over plain `http` to other hosts than this one. Off by default.
    ///
    /// ```
    /// use sbg::config::{Auth, ExplicitConfig, Sources};
    ///
    /// let token = Auth::token("0123456789abcdef0123456789abcdef");
    /// let explicit = ExplicitConfig::default().endpoint("http://sbg.lab.org/v2").auth(token);
    /// assert!(Sources::new(explicit.clone()).resolve().is_err());
    /// assert!(Sources::new(explicit.allow_insecure_http(true)).resolve().is_ok());
    /// ```
    pub fn allow_insecure_http(mut self, allowed: bool) -> Self {
        self.allow_insecure_http = allowed;
        self
    }
}

impl fmt::Debug for ExplicitConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The endpoint has not been checked yet, and so may hold a password, or a token given in the wrong place.
        f.debug_struct("ExplicitConfig")
            .field("endpoint", &self.endpoint.as_ref().map(|_| format_args!("_")))
            .field("auth", &self.auth)
            .field("profile", &self.profile)
            .field("proxies", &self.proxies)
            .field("advance_access", &self.advance_access)
            .field("allow_insecure_http", &self.allow_insecure_http)
            .finish()
    }
}

/// Where the user's files are; `None` for one that is not to be looked at.
///
/// ```
/// use sbg::config::ConfigPaths;
///
/// let paths = ConfigPaths::under("/home/rfranklin");
/// assert!(paths.credentials.is_some_and(|path| path.ends_with(".sevenbridges/credentials")));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConfigPaths {
    /// The file of credentials.
    pub credentials: Option<PathBuf>,
    /// The settings file.
    pub settings: Option<PathBuf>,
}

impl ConfigPaths {
    /// No files at all.
    ///
    /// ```
    /// let of_the_environment_alone = sbg::Client::builder().config_paths(sbg::config::ConfigPaths::none());
    /// ```
    pub fn none() -> Self {
        Self::default()
    }

    /// The files under this home folder.
    ///
    /// ```
    /// use sbg::config::ConfigPaths;
    ///
    /// let client = sbg::Client::builder().config_paths(ConfigPaths::under("/home/rfranklin"));
    /// ```
    pub fn under(home: impl Into<PathBuf>) -> Self {
        let folder = home.into().join(".sevenbridges");
        Self {
            credentials: Some(folder.join("credentials")),
            settings: Some(folder.join("sevenbridges-python").join("config")),
        }
    }

    /// The files under the home folder of the user, or none where there is no home folder.
    ///
    /// ```
    /// if let Some(credentials) = sbg::config::ConfigPaths::of_user().credentials {
    ///     println!("the profiles are in {}", credentials.display());
    /// }
    /// ```
    pub fn of_user() -> Self {
        let home = env::home_dir().filter(|home| !home.as_os_str().is_empty());
        home.map(Self::under).unwrap_or_default()
    }

    /// Looks for the credentials here.
    ///
    /// ```
    /// use sbg::config::ConfigPaths;
    ///
    /// let paths = ConfigPaths::none().credentials("/run/secrets/sevenbridges");
    /// assert_eq!(paths.settings, None);
    /// ```
    pub fn credentials(mut self, path: impl Into<PathBuf>) -> Self {
        self.credentials = Some(path.into());
        self
    }

    /// Looks for the settings here.
    ///
    /// ```
    /// let paths = sbg::config::ConfigPaths::of_user().settings("/etc/sevenbridges/config");
    /// ```
    pub fn settings(mut self, path: impl Into<PathBuf>) -> Self {
        self.settings = Some(path.into());
        self
    }
}

/// Everything that a configuration is resolved from.
///
/// ```
/// use sbg::config::{ConfigPaths, Endpoint, ExplicitConfig, Sources};
///
/// let variables = |name: &str| match name {
///     "SB_API_ENDPOINT" => Some("https://cgc-api.sbgenomics.com/v2".to_owned()),
///     "SB_AUTH_TOKEN" => Some("0123456789abcdef0123456789abcdef".to_owned()),
///     _ => None,
/// };
/// let config = Sources::new(ExplicitConfig::default()).paths(ConfigPaths::none()).env(variables).resolve()?;
/// assert_eq!(config.endpoint, Endpoint::Cgc);
/// assert_eq!(config.origins.auth.to_string(), "the environment variable SB_AUTH_TOKEN");
/// # Ok::<(), sbg::config::ConfigError>(())
/// ```
pub struct Sources<'a> {
    pub(super) explicit: ExplicitConfig,
    pub(super) paths: ConfigPaths,
    pub(super) env: Box<Lookup<'a>>,
}

/// Gives the value of an environment variable.
type Lookup<'a> = dyn Fn(&str) -> Option<String> + Send + Sync + 'a;

impl<'a> Sources<'a> {
    /// The values of the program, the environment of the process and the files of the user.
    ///
    /// ```no_run
    /// use sbg::config::{ExplicitConfig, Sources};
    ///
    /// let config = Sources::new(ExplicitConfig::default().profile("cgc")).resolve()?;
    /// # Ok::<(), sbg::config::ConfigError>(())
    /// ```
    pub fn new(explicit: ExplicitConfig) -> Self {
        // What is not UTF-8 is refused later, as a value that is no token or URL.
        let env = |name: &str| env::var_os(name).map(|value| value.to_string_lossy().into_owned());
        Self { explicit, paths: ConfigPaths::of_user(), env: Box::new(env) }
    }

    /// Looks for the files elsewhere, or nowhere.
    ///
    /// ```
    /// use sbg::config::{ConfigPaths, ExplicitConfig, Sources};
    ///
    /// let without_files = Sources::new(ExplicitConfig::default()).paths(ConfigPaths::none());
    /// ```
    pub fn paths(mut self, paths: ConfigPaths) -> Self {
        self.paths = paths;
        self
    }

    /// Looks up environment variables here instead of in the process.
    ///
    /// ```
    /// use sbg::config::{ConfigPaths, ExplicitConfig, Sources};
    ///
    /// let nothing_set = Sources::new(ExplicitConfig::default()).paths(ConfigPaths::none()).env(|_| None);
    /// assert!(nothing_set.resolve().is_err());
    /// ```
    pub fn env(mut self, lookup: impl Fn(&str) -> Option<String> + Send + Sync + 'a) -> Self {
        self.env = Box::new(lookup);
        self
    }
}

impl fmt::Debug for Sources<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sources")
            .field("explicit", &self.explicit)
            .field("paths", &self.paths)
            .finish_non_exhaustive()
    }
}
