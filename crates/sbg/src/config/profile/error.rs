//! Errors of the credentials file and the settings file.

use std::{error::Error, fmt, io, path::PathBuf};

use crate::config::InvalidToken;

/// A file that could not be read, parsed, changed or written.
///
/// The message is self-contained, includes the reason of the operating system, and never shows a token.
///
/// ```no_run
/// use sbg::config::profile::{CredentialsFile, ProfileError};
///
/// match CredentialsFile::open("/home/rfranklin/.sevenbridges/credentials") {
///     Ok(credentials) => println!("{} profiles", credentials.profiles().count()),
///     Err(ProfileError::NotFound { path }) => println!("there is no {} yet", path.display()),
///     Err(error) => eprintln!("{error}"),
/// }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum ProfileError {
    /// There is no such file.
    NotFound {
        /// The missing file.
        path: PathBuf,
    },
    /// The operating system returned an error.
    Io {
        /// The action that failed, such as `read`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// A line is not valid in an ini file, or not UTF-8.
    Syntax {
        /// The file.
        path: PathBuf,
        /// The number of the line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// The file has no profile of this name.
    UnknownProfile {
        /// The file.
        path: PathBuf,
        /// The requested name.
        profile: String,
        /// The existing profiles, in the order of the file.
        available: Vec<String>,
    },
    /// A value is not valid for its key.
    InvalidValue {
        /// The file.
        path: PathBuf,
        /// The number of the line, from 1.
        line: usize,
        /// The key.
        key: &'static str,
        /// What is wrong with the value.
        reason: String,
    },
    /// The name cannot be used for a profile.
    InvalidName {
        /// The name, shortened.
        profile: String,
    },
    /// The token to write is not valid.
    InvalidToken(InvalidToken),
    /// Another program changed the file after it was read; writing it would undo that change.
    Changed {
        /// The file.
        path: PathBuf,
    },
}

impl fmt::Display for ProfileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound { path } => write!(f, "there is no file `{}`", path.display()),
            Self::Io { action, path, source } => write!(f, "cannot {action} `{}`: {source}", path.display()),
            Self::Syntax { path, line, reason } => write!(f, "{}:{line}: {reason}", path.display()),
            Self::UnknownProfile { path, profile, available } => {
                write!(f, "there is no profile `{profile}` in `{}` (", path.display())?;
                if available.is_empty() {
                    return f.write_str("it has none)");
                }
                write!(f, "it has `{}`)", available.join("`, `"))
            }
            Self::InvalidValue { path, line, key, reason } => {
                write!(f, "{}:{line}: `{key}`: {reason}", path.display())
            }
            Self::InvalidName { profile } => write!(
                f,
                "invalid profile name `{profile}`: use one line without brackets or surrounding white space, other than \
                 `DEFAULT`"
            ),
            Self::InvalidToken(reason) => reason.fmt(f),
            Self::Changed { path } => {
                write!(
                    f,
                    "another program changed `{}` at the same time; nothing was written",
                    path.display()
                )
            }
        }
    }
}

impl Error for ProfileError {}
