//! The files of the user with credentials and settings, shared with the Python client.
//!
//! - `~/.sevenbridges/credentials`: one section for each profile, with `api_endpoint`, `auth_token` and, optionally,
//!   `advance_access`. [`CredentialsFile`] reads and writes it.
//! - `~/.sevenbridges/sevenbridges-python/config`: `[proxies]` with `https_proxy`, `http_proxy` and `no_proxy`, and
//!   `[mode]` with `advance_access`. [`Settings`] reads it.
//!
//! Both are ini files as Python's `configparser` reads them, in UTF-8. The rules of [`config`](crate::config) decide which of the values
//! are used.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use secrecy::{ExposeSecret, SecretString};

use crate::config::{Endpoint, check_characters};
use crate::ids::excerpt;

mod error;
mod ini;
mod settings;
mod store;

use ini::{Ini, IniValue};

pub use error::ProfileError;
pub use settings::Settings;

/// The credentials file. `Debug` shows only the names of the profiles.
///
/// ```
/// use sbg::config::{Endpoint, profile::CredentialsFile};
///
/// # let folder = std::env::temp_dir().join(format!("sbg-doc-{}", std::process::id()));
/// # let path = folder.join("credentials");
/// let mut credentials = CredentialsFile::open_or_new(&path)?;
/// credentials.set("cgc", &Endpoint::Cgc, &"0123456789abcdef0123456789abcdef".into())?;
/// credentials.save()?;
///
/// let profile = CredentialsFile::open(&path)?.profile("cgc")?;
/// assert_eq!(profile.api_endpoint(), Some("https://cgc-api.sbgenomics.com/v2"));
/// # std::fs::remove_dir_all(folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct CredentialsFile {
    path: PathBuf,
    ini: Ini,
    /// The text of the file when it was last read or written; `None` when there is no file.
    stored: Option<String>,
    warnings: Vec<FileWarning>,
}

/// A problem of a file that can still be used.
///
/// ```no_run
/// use sbg::config::profile::{CredentialsFile, FileWarning};
///
/// for warning in CredentialsFile::open("/home/rfranklin/.sevenbridges/credentials")?.warnings() {
///     match warning {
///         FileWarning::OpenToOthers { mode, .. } => eprintln!("mode {mode:o}: {warning}"),
///         _ => eprintln!("{warning}"),
///     }
/// }
/// # Ok::<(), sbg::config::profile::ProfileError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileWarning {
    /// Users other than the owner can read or change the file and the tokens in it.
    OpenToOthers {
        /// The file.
        path: PathBuf,
        /// Its permission bits, such as `0o644`.
        mode: u32,
    },
}

impl fmt::Display for FileWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OpenToOthers { path, mode } => write!(
                f,
                "`{path}` holds tokens, but other users can read or change it (mode {mode:04o}): run `chmod 600 {path}`",
                path = path.display()
            ),
        }
    }
}

impl CredentialsFile {
    /// Reads a credentials file.
    ///
    /// ```
    /// use sbg::config::profile::{CredentialsFile, ProfileError};
    ///
    /// let missing = CredentialsFile::open("/nowhere/credentials").unwrap_err();
    /// assert!(matches!(missing, ProfileError::NotFound { .. }));
    /// ```
    ///
    /// # Errors
    ///
    /// [`ProfileError::NotFound`] when there is no such file, [`ProfileError::Io`] when it cannot be read,
    /// [`ProfileError::Syntax`] when it is not an ini file in UTF-8.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, ProfileError> {
        let credentials = Self::open_or_new(path)?;
        if credentials.stored.is_none() {
            return Err(ProfileError::NotFound { path: credentials.path });
        }
        Ok(credentials)
    }

    /// Reads a credentials file, or starts an empty one that [`save`](Self::save) creates.
    ///
    /// ```
    /// let credentials = sbg::config::profile::CredentialsFile::open_or_new("/nowhere/credentials")?;
    /// assert_eq!(credentials.profiles().count(), 0);
    /// # Ok::<(), sbg::config::profile::ProfileError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The same as [`open`](Self::open), except that the file may be missing.
    pub fn open_or_new(path: impl Into<PathBuf>) -> Result<Self, ProfileError> {
        let path = path.into();
        let (ini, stored) = read(&path)?;
        let mode = stored.as_ref().and_then(|_| store::open_to_others(&path));
        let warnings =
            mode.map(|mode| FileWarning::OpenToOthers { path: path.clone(), mode }).into_iter().collect();
        Ok(Self { path, ini, stored, warnings })
    }

    /// Where the file is, or will be.
    ///
    /// ```no_run
    /// let credentials = sbg::config::profile::CredentialsFile::open_or_new("/home/rfranklin/.sevenbridges/credentials")?;
    /// println!("profiles in {}:", credentials.path().display());
    /// # Ok::<(), sbg::config::profile::ProfileError>(())
    /// ```
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The names of the profiles, in the order of the file.
    ///
    /// ```no_run
    /// for name in sbg::config::profile::CredentialsFile::open("/home/rfranklin/.sevenbridges/credentials")?.profiles() {
    ///     println!("{name}");
    /// }
    /// # Ok::<(), sbg::config::profile::ProfileError>(())
    /// ```
    pub fn profiles(&self) -> impl Iterator<Item = &str> {
        self.ini.sections()
    }

    /// Problems of the file that a user should know of. Nothing is logged here.
    ///
    /// ```no_run
    /// for warning in sbg::config::profile::CredentialsFile::open("/home/rfranklin/.sevenbridges/credentials")?.warnings() {
    ///     eprintln!("{warning}");
    /// }
    /// # Ok::<(), sbg::config::profile::ProfileError>(())
    /// ```
    pub fn warnings(&self) -> &[FileWarning] {
        &self.warnings
    }

    /// One profile. Values that it lacks come from the section `[DEFAULT]`, as in Python.
    ///
    /// Endpoint and token are returned as they are in the file; they are checked when they are used.
    ///
    /// ```
    /// use sbg::config::profile::{CredentialsFile, ProfileError};
    ///
    /// let credentials = CredentialsFile::open_or_new("/nowhere/credentials")?;
    /// let unknown = credentials.profile("cgc").unwrap_err();
    /// assert!(matches!(unknown, ProfileError::UnknownProfile { .. }));
    /// # Ok::<(), sbg::config::profile::ProfileError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ProfileError::UnknownProfile`], which lists the existing profiles, and [`ProfileError::InvalidValue`] when
    /// `advance_access` is neither true nor false.
    pub fn profile(&self, name: &str) -> Result<Profile, ProfileError> {
        let Some(line) = self.ini.section_line(name) else {
            return Err(ProfileError::UnknownProfile {
                path: self.path.clone(),
                profile: excerpt(name, 60),
                available: self.profiles().map(str::to_owned).collect(),
            });
        };
        let text = |key| {
            self.ini.get(name, key).map(|IniValue { value, line }| Located { value: value.to_owned(), line })
        };
        Ok(Profile {
            name: name.to_owned(),
            line,
            api_endpoint: text("api_endpoint"),
            auth_token: text("auth_token")
                .map(|Located { value, line }| Located { value: value.into(), line }),
            advance_access: boolean(&self.path, &self.ini, name, "advance_access")?,
        })
    }

    /// Sets endpoint and token of a profile and appends it to the file if it is new. [`save`](Self::save) writes the file.
    ///
    /// Comments, order, line ends and everything else stay as they are. White space in or around the token is an error.
    ///
    /// ```
    /// use sbg::config::{Endpoint, profile::CredentialsFile};
    ///
    /// let mut credentials = CredentialsFile::open_or_new("/nowhere/credentials")?;
    /// credentials.set("cavatica", &Endpoint::Cavatica, &"0123456789abcdef0123456789abcdef".into())?;
    /// assert!(credentials.profiles().eq(["cavatica"]));
    /// # Ok::<(), sbg::config::profile::ProfileError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ProfileError::InvalidName`] when the name cannot be a section header, [`ProfileError::InvalidToken`]
    /// when the token is empty or contains line breaks, spaces or control characters. The file is not changed then.
    pub fn set(
        &mut self,
        profile: &str,
        endpoint: &Endpoint,
        token: &SecretString,
    ) -> Result<(), ProfileError> {
        let outer_space = profile.trim().len() != profile.len();
        let fits = !profile.contains(|c: char| c.is_control() || matches!(c, '[' | ']'));
        if profile.is_empty() || outer_space || !fits || profile == ini::DEFAULTS {
            return Err(ProfileError::InvalidName { profile: excerpt(profile, 60) });
        }
        check_characters(token.expose_secret()).map_err(ProfileError::InvalidToken)?;
        self.ini.set(profile, "api_endpoint", endpoint.as_str());
        self.ini.set(profile, "auth_token", token.expose_secret());
        Ok(())
    }

    /// Writes the file, readable only by its owner (mode 0600; a missing folder gets 0700).
    ///
    /// The old file is replaced atomically: readers never see half of it, and a failure leaves it unchanged.
    ///
    /// ```no_run
    /// use sbg::config::{Endpoint, profile::CredentialsFile};
    ///
    /// let mut credentials = CredentialsFile::open_or_new("/home/rfranklin/.sevenbridges/credentials")?;
    /// credentials.set("cgc", &Endpoint::Cgc, &"0123456789abcdef0123456789abcdef".into())?;
    /// credentials.save()?;
    /// # Ok::<(), sbg::config::profile::ProfileError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ProfileError::Changed`] when the file has changed since it was read, [`ProfileError::Io`] when it cannot be written.
    pub fn save(&mut self) -> Result<(), ProfileError> {
        if store::read(&self.path)? != self.stored {
            return Err(ProfileError::Changed { path: self.path.clone() });
        }
        store::replace(&self.path, self.ini.text())?;
        self.stored = Some(self.ini.text().to_owned());
        self.warnings.clear();
        Ok(())
    }
}

impl fmt::Debug for CredentialsFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CredentialsFile")
            .field("path", &self.path)
            .field("profiles", &self.ini)
            .field("warnings", &self.warnings)
            .finish_non_exhaustive()
    }
}

/// One section of the credentials file. `Debug` hides its values.
///
/// ```no_run
/// use sbg::config::profile::CredentialsFile;
///
/// let profile = CredentialsFile::open("/home/rfranklin/.sevenbridges/credentials")?.profile("cgc")?;
/// println!("{} on line {}: {:?}", profile.name(), profile.line(), profile.api_endpoint());
/// # Ok::<(), sbg::config::profile::ProfileError>(())
/// ```
#[derive(Clone)]
pub struct Profile {
    name: String,
    line: usize,
    pub(crate) api_endpoint: Option<Located<String>>,
    pub(crate) auth_token: Option<Located<SecretString>>,
    pub(crate) advance_access: Option<Located<bool>>,
}

/// A value and its line number, from 1.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Located<T> {
    pub(crate) value: T,
    pub(crate) line: usize,
}

impl Profile {
    /// The name of the section.
    ///
    /// ```
    /// # fn example(profile: sbg::config::profile::Profile) {
    /// println!("[{}]", profile.name());
    /// # }
    /// ```
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The number of the line that the section begins on, from 1.
    ///
    /// ```
    /// # fn example(profile: sbg::config::profile::Profile) {
    /// println!("`{}` begins on line {}", profile.name(), profile.line());
    /// # }
    /// ```
    pub fn line(&self) -> usize {
        self.line
    }

    /// The endpoint as it is in the file: the base URL of an API or the name of an environment.
    ///
    /// ```
    /// # fn example(profile: sbg::config::profile::Profile) {
    /// let endpoint = profile.api_endpoint().unwrap_or("cgc");
    /// # }
    /// ```
    pub fn api_endpoint(&self) -> Option<&str> {
        self.api_endpoint.as_ref().map(|endpoint| endpoint.value.as_str())
    }

    /// The token as it is in the file.
    ///
    /// ```
    /// # fn example(profile: sbg::config::profile::Profile) {
    /// let complete = profile.api_endpoint().is_some() && profile.auth_token().is_some();
    /// # }
    /// ```
    pub fn auth_token(&self) -> Option<&SecretString> {
        self.auth_token.as_ref().map(|token| &token.value)
    }

    /// Whether calls that need advance access are allowed; `None` when the profile does not set it.
    ///
    /// ```
    /// # fn example(profile: sbg::config::profile::Profile) {
    /// let client = sbg::Client::builder().advance_access(profile.advance_access().unwrap_or(false));
    /// # }
    /// ```
    pub fn advance_access(&self) -> Option<bool> {
        self.advance_access.map(|switch| switch.value)
    }
}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Profile").field("name", &self.name).field("line", &self.line).finish_non_exhaustive()
    }
}

/// Reads and parses a file that may be missing.
fn read(path: &Path) -> Result<(Ini, Option<String>), ProfileError> {
    let stored = store::read(path)?;
    let ini = Ini::parse(stored.clone().unwrap_or_default()).map_err(|error| ProfileError::Syntax {
        path: path.to_owned(),
        line: error.line,
        reason: error.reason,
    })?;
    Ok((ini, stored))
}

/// The value of a switch, in the words that Python's `configparser` understands.
fn boolean(
    path: &Path,
    ini: &Ini,
    section: &str,
    key: &'static str,
) -> Result<Option<Located<bool>>, ProfileError> {
    let Some(IniValue { value, line }) = ini.get(section, key) else { return Ok(None) };
    let value = match value.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => true,
        "false" | "no" | "off" | "0" => false,
        _ => {
            let reason = "expected `true` or `false` (or `yes`, `no`, `on`, `off`, `1`, `0`)".to_owned();
            return Err(ProfileError::InvalidValue { path: path.to_owned(), line, key, reason });
        }
    };
    Ok(Some(Located { value, line }))
}

/// For the fuzz target: parses a file with this text, then adds or changes a profile.
#[cfg(fuzzing)]
pub fn fuzz(text: &str, profile: &str, token: &str) {
    let Ok(ini) = Ini::parse(text) else { return };
    let mut credentials = CredentialsFile { path: PathBuf::new(), ini, stored: None, warnings: Vec::new() };
    let values = |credentials: &CredentialsFile, name: &str| {
        ["api_endpoint", "auth_token", "advance_access"]
            .map(|key| credentials.ini.get(name, key).map(|found| found.value.to_owned()))
    };
    let names: Vec<String> = credentials.profiles().map(str::to_owned).collect();
    let before: Vec<_> = names.iter().map(|name| values(&credentials, name)).collect();
    // The result must not depend on other problems in the file.
    let _ = credentials.profile(profile);
    if credentials.set(profile, &Endpoint::Cgc, &token.into()).is_err() {
        return;
    }
    let [endpoint, set, _] = values(&credentials, profile);
    assert_eq!(endpoint.as_deref(), Some(Endpoint::Cgc.as_str()), "the endpoint that was set is there");
    assert_eq!(set.as_deref(), Some(token), "the token that was set is there");
    for (name, before) in names.iter().zip(before).filter(|(name, _)| *name != profile) {
        assert_eq!(values(&credentials, name), before, "the other profiles stay as they were");
    }
    // A short token may occur in the debug output by coincidence.
    let shown = format!("{credentials:?}");
    assert!(token.len() < 16 || text.contains(token) || profile.contains(token) || !shown.contains(token));
}

#[cfg(test)]
mod tests;
