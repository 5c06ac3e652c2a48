//! The result of one scenario on one store.

use std::fmt::{self, Display};

/// The result of a scenario on a store.
#[derive(Clone, Debug, Default)]
pub enum Cell {
    Holds,
    /// With the reason.
    Fails(String),
    /// The scenario does not apply to the store.
    None(&'static str),
    /// The scenario did not run because the witness failed.
    #[default]
    Lost,
}

impl Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Holds => f.write_str("holds"),
            Self::Fails(why) => write!(f, "FAILS: {why}"),
            Self::None(why) => f.write_str(why),
            Self::Lost => f.write_str("LOST"),
        }
    }
}
