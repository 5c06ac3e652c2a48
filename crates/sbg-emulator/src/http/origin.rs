//! The two origins: the API and the object store.

use std::str::FromStr;

use crate::parse_error::ParseFaultError;

/// Which of the two listeners a request came to.
///
/// ```
/// # let emulator = sbg_emulator::Emulator::builder().start_blocking()?;
/// use sbg_emulator::Origin;
///
/// let of_the_api = emulator.requests().iter().filter(|request| request.origin == Origin::Api).count();
/// assert_eq!("storage".parse(), Ok(Origin::Storage));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Origin {
    /// The API, under `/v2`.
    Api,
    /// The object store that signed URLs point to.
    Storage,
}

impl Origin {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Storage => "storage",
        }
    }
}

impl FromStr for Origin {
    type Err = ParseFaultError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "api" => Ok(Self::Api),
            "storage" => Ok(Self::Storage),
            other => {
                Err(ParseFaultError::new(format!("unknown origin `{other}`: expected api, storage or any")))
            }
        }
    }
}
