//! The settings file of the Python client, read only.

use std::path::PathBuf;

use super::{Ini, IniValue, Located, ProfileError, boolean, read};
use crate::config::ProxyUrl;

/// The settings that the Python client keeps outside the credentials file. `Debug` redacts the passwords of proxies.
///
/// ```
/// # let path = std::env::temp_dir().join(format!("sbg-doc-settings-{}", std::process::id()));
/// std::fs::write(&path, "[proxies]\nhttps_proxy = me:secret@proxy.lab.org:3128\n\n[mode]\nadvance_access = True\n")?;
///
/// let settings = sbg::config::profile::Settings::open(&path)?.expect("it was just written");
/// assert_eq!(settings.https_proxy().unwrap().to_string(), "http://***@proxy.lab.org:3128/");
/// assert_eq!(settings.advance_access(), Some(true));
/// # std::fs::remove_file(path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Settings {
    pub(crate) path: PathBuf,
    pub(crate) https_proxy: Option<Located<ProxyUrl>>,
    pub(crate) http_proxy: Option<Located<ProxyUrl>>,
    pub(crate) no_proxy: Option<Located<String>>,
    pub(crate) advance_access: Option<Located<bool>>,
}

impl Settings {
    /// Reads the file; `None` when there is no file. Unknown sections and keys are ignored, and an empty
    /// proxy means no proxy.
    ///
    /// ```
    /// assert!(sbg::config::profile::Settings::open("/nowhere/config")?.is_none());
    /// # Ok::<(), sbg::config::profile::ProfileError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ProfileError::Io`] when it cannot be read, [`ProfileError::Syntax`] when it is not an ini file in UTF-8,
    /// [`ProfileError::InvalidValue`] when a proxy is not a URL or `advance_access` is neither true nor false.
    pub fn open(path: impl Into<PathBuf>) -> Result<Option<Self>, ProfileError> {
        let path = path.into();
        let (ini, stored) = read(&path)?;
        if stored.is_none() {
            return Ok(None);
        }
        let proxy = |key: &'static str| {
            let Some(IniValue { value, line }) = in_proxies(&ini, key) else { return Ok(None) };
            match value.parse() {
                Ok(value) => Ok(Some(Located { value, line })),
                Err(error) => {
                    let reason = format!("{error}");
                    Err(ProfileError::InvalidValue { path: path.clone(), line, key, reason })
                }
            }
        };
        let https_proxy = proxy("https_proxy")?;
        let http_proxy = proxy("http_proxy")?;
        let no_proxy = in_proxies(&ini, "no_proxy")
            .map(|IniValue { value, line }| Located { value: value.to_owned(), line });
        let advance_access = boolean(&path, &ini, "mode", "advance_access")?;
        Ok(Some(Self { path, https_proxy, http_proxy, no_proxy, advance_access }))
    }

    /// The proxy of requests to `https` URLs.
    ///
    /// ```
    /// # fn example(settings: sbg::config::profile::Settings) {
    /// if let Some(proxy) = settings.https_proxy() {
    ///     println!("https goes through {proxy}");
    /// }
    /// # }
    /// ```
    pub fn https_proxy(&self) -> Option<&ProxyUrl> {
        self.https_proxy.as_ref().map(|proxy| &proxy.value)
    }

    /// The proxy of requests to `http` URLs.
    ///
    /// ```
    /// # fn example(settings: sbg::config::profile::Settings) {
    /// if let Some(proxy) = settings.http_proxy() {
    ///     println!("http goes through {proxy}");
    /// }
    /// # }
    /// ```
    pub fn http_proxy(&self) -> Option<&ProxyUrl> {
        self.http_proxy.as_ref().map(|proxy| &proxy.value)
    }

    /// The hosts that are reached without a proxy, separated by commas. The Python client ignores this key.
    ///
    /// ```
    /// # fn example(settings: sbg::config::profile::Settings) {
    /// for host in settings.no_proxy().unwrap_or_default().split(',') {
    ///     println!("straight to {host}");
    /// }
    /// # }
    /// ```
    pub fn no_proxy(&self) -> Option<&str> {
        self.no_proxy.as_ref().map(|hosts| hosts.value.as_str())
    }

    /// Whether calls that need advance access are allowed; `None` when the file does not set it.
    ///
    /// ```
    /// # fn example(settings: sbg::config::profile::Settings) {
    /// let allowed = settings.advance_access().unwrap_or(false);
    /// # }
    /// ```
    pub fn advance_access(&self) -> Option<bool> {
        self.advance_access.map(|switch| switch.value)
    }
}

fn in_proxies<'a>(ini: &'a Ini, key: &str) -> Option<IniValue<'a>> {
    ini.get("proxies", key).filter(|found| !found.value.is_empty())
}
