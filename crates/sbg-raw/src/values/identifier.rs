//! Identifiers that come as text or as a number.

use std::fmt;
use std::ops::Deref;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

/// An identifier made of digits, which is read from a JSON string and from a JSON number alike. It is used like a `str`.
///
/// ```
/// let text: sbg_raw::Identifier = serde_json::from_str("\"1049827364519283746\"")?;
/// let number: sbg_raw::Identifier = serde_json::from_str("1049827364519283746")?;
/// assert_eq!(text, number);
/// assert_eq!(text, "1049827364519283746");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identifier(String);

impl Identifier {
    /// The identifier as text.
    ///
    /// ```
    /// assert_eq!(sbg_raw::Identifier::from("17").as_str(), "17");
    /// ```
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deref for Identifier {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Identifier {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for Identifier {
    fn from(id: &str) -> Self {
        Self(id.to_owned())
    }
}

impl From<String> for Identifier {
    fn from(id: String) -> Self {
        Self(id)
    }
}

impl From<Identifier> for String {
    fn from(id: Identifier) -> Self {
        id.0
    }
}

impl From<&Identifier> for String {
    fn from(id: &Identifier) -> Self {
        id.0.clone()
    }
}

impl PartialEq<str> for Identifier {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for Identifier {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

impl Serialize for Identifier {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Identifier {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct IdentifierVisitor;

        impl Visitor<'_> for IdentifierVisitor {
            type Value = Identifier;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an identifier, as text or as a whole number")
            }

            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Identifier, E> {
                Ok(Identifier(value.to_string()))
            }

            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Identifier, E> {
                Ok(Identifier(value.to_string()))
            }

            fn visit_str<E: de::Error>(self, value: &str) -> Result<Identifier, E> {
                Ok(Identifier(value.to_owned()))
            }
        }

        deserializer.deserialize_any(IdentifierVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_text_are_read_alike() {
        let check = |json: &str, expected: Option<&str>| {
            let read = serde_json::from_str::<Identifier>(json).ok();
            assert_eq!(read.as_deref(), expected, "{json}");
        };
        check("\"Qrand0mNLW3o\"", Some("Qrand0mNLW3o"));
        check("1049827364519283746", Some("1049827364519283746"));
        check("18446744073709551615", Some("18446744073709551615"));
        check("1.5", None);
        check("{}", None);
    }
}
