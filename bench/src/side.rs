//! The clients that are compared.

/// A client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    Python,
    Sbg,
    /// This client at an earlier revision.
    Before,
    Curl,
}

impl Side {
    /// The clients of the table, in the order in which they take turns.
    pub const ALL: [Self; 3] = [Self::Python, Self::Sbg, Self::Curl];

    /// The clients of a comparison with an earlier revision.
    pub const REVISIONS: [Self; 2] = [Self::Before, Self::Sbg];

    pub fn name(self) -> &'static str {
        match self {
            Self::Python => "sevenbridges-python",
            Self::Sbg => "sbg",
            Self::Before => "sbg before",
            Self::Curl => "curl",
        }
    }
}
