//! Numbers that come as a number in one place and as a string in another.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

/// A number as the platform wrote it: money, a duration or a count, which come as `0.23` or as `"0.23"`.
///
/// The text of a string is kept, so that no digit of an amount is lost; a number is kept as a 64-bit float has it. [`as_f64`](Self::as_f64) and [`as_i64`](Self::as_i64) read it.
///
/// ```
/// let price: sbg_raw::Number = serde_json::from_str("\"0.230\"")?;
/// assert_eq!((price.as_f64(), price.as_str()), (Some(0.23), "0.230"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Number {
    text: String,
    quoted: bool,
}

impl Number {
    /// The digits: as the platform wrote them where it wrote a string, and of a number the shortest that stand for the same float.
    ///
    /// ```
    /// let price: sbg_raw::Number = serde_json::from_str("\"0.230000\"")?;
    /// assert_eq!(price.as_str(), "0.230000");
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The value; `None` where the text is no number.
    ///
    /// ```
    /// assert_eq!(sbg_raw::Number::from(5).as_f64(), Some(5.0));
    /// ```
    pub fn as_f64(&self) -> Option<f64> {
        self.text.trim().parse().ok()
    }

    /// The value, when it is an integer: `"5"`, `5` and `5.0` all give 5.
    ///
    /// ```
    /// let count: sbg_raw::Number = serde_json::from_str("\"5.0\"")?;
    /// assert_eq!(count.as_i64(), Some(5));
    /// assert_eq!(sbg_raw::Number::from(0.23).as_i64(), None);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn as_i64(&self) -> Option<i64> {
        let text = self.text.trim();
        text.parse().ok().or_else(|| {
            let (whole, fraction) = text.split_once('.')?;
            if fraction.bytes().all(|digit| digit == b'0') { whole.parse().ok() } else { None }
        })
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self { text: value.to_string(), quoted: false }
    }
}

impl From<f64> for Number {
    fn from(value: f64) -> Self {
        Self { text: value.to_string(), quoted: false }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (self.quoted, self.text.parse::<i64>(), self.text.parse::<f64>()) {
            (false, Ok(integer), _) => serializer.serialize_i64(integer),
            (false, _, Ok(float)) if float.is_finite() => serializer.serialize_f64(float),
            _ => serializer.serialize_str(&self.text),
        }
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumberVisitor;

        impl Visitor<'_> for NumberVisitor {
            type Value = Number;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, or a number in a string")
            }

            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Number, E> {
                Ok(Number::from(value))
            }

            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Number, E> {
                Ok(Number { text: value.to_string(), quoted: false })
            }

            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Number, E> {
                Ok(Number::from(value))
            }

            fn visit_str<E: de::Error>(self, value: &str) -> Result<Number, E> {
                Ok(Number { text: value.to_owned(), quoted: true })
            }
        }

        deserializer.deserialize_any(NumberVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_round_trips_as_number_or_string() {
        let check = |json: &str, float: Option<f64>, integer: Option<i64>| {
            let number: Number = serde_json::from_str(json).unwrap();
            assert_eq!((number.as_f64(), number.as_i64()), (float, integer), "{json}");
            assert_eq!(serde_json::to_string(&number).unwrap(), json);
        };
        check("0.23", Some(0.23), None);
        check("\"0.230000\"", Some(0.23), None);
        check("5", Some(5.0), Some(5));
        check("\"5.0\"", Some(5.0), Some(5));
        check("9223372036854775807", Some(2_f64.powi(63)), Some(i64::MAX));
        check("\"n/a\"", None, None);
    }
}
