//! Puts a configuration together: the pair of endpoint and token, then everything else.

use super::pair::{Found, Sourced, find};
use super::profile::{At, Settings};
use super::{Config, ConfigError, Origin, Origins, Proxies, ProxyUrl, Sources};

impl Sources<'_> {
    /// Decides on every value, as the [module](super) tells. Reads at most the two files, and each only if a value is still
    /// missing that could be in it.
    ///
    /// ```
    /// use sbg::config::{ConfigError, ConfigPaths, ExplicitConfig, Sources};
    ///
    /// let sources = Sources::new(ExplicitConfig::default()).paths(ConfigPaths::none()).env(|_| None);
    /// match sources.resolve() {
    ///     Err(ConfigError::Missing(missing)) => println!("{} places were looked at", missing.tried.len()),
    ///     other => println!("{:?}", other.map(|config| config.endpoint)),
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ConfigError::Missing`] when endpoint or token are nowhere to be found, and one of the other kinds when a value
    /// or a file that was looked at cannot be used.
    pub fn resolve(&self) -> Result<Config, ConfigError> {
        let Found { endpoint, auth, advance_access, warnings } = find(self)?;
        let explicit = &self.explicit;
        let advance_access = explicit
            .advance_access
            .map(|value| Sourced { value, origin: Origin::Explicit })
            .or(advance_access);
        let settings = match &self.paths.settings {
            Some(path) if explicit.proxies.is_none() || advance_access.is_none() => Settings::open(path)?,
            _ => None,
        };
        let settings = settings.unwrap_or_default();
        let advance_access = advance_access
            .or_else(|| of_settings(&settings, settings.advance_access))
            .unwrap_or(Sourced { value: false, origin: Origin::Default });

        let (https, http, no_proxy) = match &explicit.proxies {
            Some(Proxies { https, http, no_proxy }) => {
                (explicitly(https.clone()), explicitly(http.clone()), explicitly(no_proxy.clone()))
            }
            None => (
                proxy(self, ["HTTPS_PROXY", "https_proxy"])?
                    .or_else(|| of_settings(&settings, settings.https_proxy.clone())),
                proxy(self, ["HTTP_PROXY", "http_proxy"])?
                    .or_else(|| of_settings(&settings, settings.http_proxy.clone())),
                variable(self, ["NO_PROXY", "no_proxy"])
                    .or_else(|| of_settings(&settings, settings.no_proxy.clone())),
            ),
        };
        let (https, https_proxy) = split(https);
        let (http, http_proxy) = split(http);
        let (no_proxy, no_proxy_origin) = split(no_proxy);

        Ok(Config {
            endpoint: endpoint.value,
            auth: auth.value,
            proxies: Proxies { https, http, no_proxy },
            advance_access: advance_access.value,
            origins: Origins {
                endpoint: endpoint.origin,
                auth: auth.origin,
                https_proxy,
                http_proxy,
                no_proxy: no_proxy_origin,
                advance_access: advance_access.origin,
            },
            warnings,
        })
    }
}

/// The first of these variables that is set and not empty.
fn variable(sources: &Sources<'_>, names: [&'static str; 2]) -> Option<Sourced<String>> {
    let in_cgi = (sources.env)("REQUEST_METHOD").is_some();
    names.into_iter().filter(|name| !(in_cgi && *name == "HTTP_PROXY")).find_map(|variable| {
        let value = (sources.env)(variable).filter(|value| !value.trim().is_empty())?;
        Some(Sourced { value, origin: Origin::Environment { variable } })
    })
}

fn proxy(sources: &Sources<'_>, names: [&'static str; 2]) -> Result<Option<Sourced<ProxyUrl>>, ConfigError> {
    let Some(Sourced { value, origin }) = variable(sources, names) else { return Ok(None) };
    match value.parse() {
        Ok(value) => Ok(Some(Sourced { value, origin })),
        Err(reason) => Err(ConfigError::Proxy { origin, reason }),
    }
}

fn of_settings<T>(settings: &Settings, found: Option<At<T>>) -> Option<Sourced<T>> {
    let At { value, line } = found?;
    Some(Sourced { value, origin: Origin::Settings { path: settings.path.clone(), line } })
}

fn explicitly<T>(value: Option<T>) -> Option<Sourced<T>> {
    value.map(|value| Sourced { value, origin: Origin::Explicit })
}

fn split<T>(found: Option<Sourced<T>>) -> (Option<T>, Origin) {
    match found {
        Some(Sourced { value, origin }) => (Some(value), origin),
        None => (None, Origin::Default),
    }
}
