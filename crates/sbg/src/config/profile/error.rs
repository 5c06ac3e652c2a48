//! What can be wrong with the files of a user's profile.

use std::{error::Error, fmt, io, path::PathBuf};

use crate::config::InvalidToken;

/// A file that could not be read, understood, changed or written.
///
/// The message is complete by itself, what the operating system said included, and never shows the value of a token.
///
/// ```no_run
/// use sbg::config::profile::{Credentials, ProfileError};
///
/// match Credentials::open("/home/rfranklin/.sevenbridges/credentials") {
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
        /// The file that was looked for.
        path: PathBuf,
    },
    /// The file system refused.
    Io {
        /// What was tried, such as `read`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A line is not of the form of an ini file, or not UTF-8.
    Syntax {
        /// The file.
        path: PathBuf,
        /// The number of the line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// The file has no section of the name that was asked for.
    UnknownProfile {
        /// The file.
        path: PathBuf,
        /// The name that was asked for.
        profile: String,
        /// The names that there are, in the order of the file.
        available: Vec<String>,
    },
    /// A value is not what its key asks for.
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
    /// The name cannot be that of a profile.
    InvalidName {
        /// The name, shortened.
        profile: String,
    },
    /// The token to be written cannot be one.
    InvalidToken(InvalidToken),
    /// The file was changed by someone else after it had been read, so that writing it would undo that change.
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
                "`{profile}` cannot be the name of a profile: it must be of one line, without brackets, without white \
                 space round it, and not `DEFAULT`"
            ),
            Self::InvalidToken(reason) => reason.fmt(f),
            Self::Changed { path } => {
                write!(
                    f,
                    "`{}` was changed by another program meanwhile; nothing was written",
                    path.display()
                )
            }
        }
    }
}

impl Error for ProfileError {}
