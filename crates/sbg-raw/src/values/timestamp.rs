//! Points in time that stay readable when the platform writes them oddly.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A point in time as the platform wrote it, such as `2024-04-24T11:51:20Z`.
///
/// The text is kept and parsed on demand, so that one odd date does not make a page of results unreadable.
///
/// ```
/// let created: sbg_raw::Timestamp = "2024-04-24T11:51:20Z".parse()?;
/// assert_eq!(created.to_jiff().map(|time| time.as_second()), Some(1_713_959_480));
/// # Ok::<(), std::convert::Infallible>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(String);

impl Timestamp {
    /// The text as the platform wrote it.
    ///
    /// ```
    /// let odd: sbg_raw::Timestamp = "soon".parse()?;
    /// assert_eq!((odd.as_str(), odd.to_jiff()), ("soon", None));
    /// # Ok::<(), std::convert::Infallible>(())
    /// ```
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The point in time; `None` if the text is not a point in time.
    ///
    /// A text without an offset is taken as UTC, which is what the platform means by it.
    ///
    /// ```
    /// let created: sbg_raw::Timestamp = "2024-04-24 11:51:20".parse()?;
    /// assert_eq!(created.to_jiff().map(|time| time.to_string()).as_deref(), Some("2024-04-24T11:51:20Z"));
    /// # Ok::<(), std::convert::Infallible>(())
    /// ```
    pub fn to_jiff(&self) -> Option<jiff::Timestamp> {
        let text = self.0.trim();
        text.parse().ok().or_else(|| {
            let civil: jiff::civil::DateTime = text.parse().ok()?;
            jiff::tz::TimeZone::UTC.to_timestamp(civil).ok()
        })
    }
}

impl From<jiff::Timestamp> for Timestamp {
    fn from(value: jiff::Timestamp) -> Self {
        Self(value.to_string())
    }
}

impl FromStr for Timestamp {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamp_parses_or_keeps_its_text() {
        let check = |text: &str, expected: Option<&str>| {
            let timestamp: Timestamp = serde_json::from_value(text.into()).unwrap();
            assert_eq!(timestamp.as_str(), text);
            assert_eq!(timestamp.to_jiff().map(|t| t.to_string()).as_deref(), expected, "{text}");
        };
        check("2024-04-24T11:51:20Z", Some("2024-04-24T11:51:20Z"));
        check("2024-04-24T13:51:20+02:00", Some("2024-04-24T11:51:20Z"));
        check("2024-04-24 11:51:20.5", Some("2024-04-24T11:51:20.5Z"));
        check("2024-04-24", Some("2024-04-24T00:00:00Z"));
        check("soon", None);
    }
}
