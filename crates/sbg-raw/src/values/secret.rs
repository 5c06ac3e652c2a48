//! Values that must not be shown.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, Serializer};

/// A value that the specification marks as secret, such as the access key of a volume. `Debug` hides it, and it has no `Display`; it is
/// sent as it is.
///
/// ```
/// use sbg_raw::Secret;
///
/// let key: Secret<String> = "wJalrXUtnFEMI".into();
/// assert_eq!(format!("{key:?}"), "***");
/// assert_eq!(key.expose(), "wJalrXUtnFEMI");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// The value itself.
    ///
    /// ```
    /// let key: sbg_raw::Secret<String> = "wJalrXUtnFEMI".into();
    /// assert_eq!(key.expose(), "wJalrXUtnFEMI");
    /// ```
    pub fn expose(&self) -> &T {
        &self.0
    }

    /// The value itself.
    ///
    /// ```
    /// let key: sbg_raw::Secret<String> = "wJalrXUtnFEMI".into();
    /// assert_eq!(key.into_exposed(), "wJalrXUtnFEMI".to_owned());
    /// ```
    pub fn into_exposed(self) -> T {
        self.0
    }
}

impl<T> From<T> for Secret<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl From<&str> for Secret<String> {
    fn from(value: &str) -> Self {
        Self(value.to_owned())
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl<T: Serialize> Serialize for Secret<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Secret<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The error about a value of another type would show it.
        T::deserialize(deserializer).map(Self).map_err(|_| D::Error::custom("a secret has another type"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn secret_is_serialized_but_not_debugged() {
        let text: Secret<String> = serde_json::from_value(json!("hush")).unwrap();
        assert_eq!(text, Secret::from("hush"));
        assert_eq!(serde_json::to_value(&text).unwrap(), json!("hush"));
        let settings: Secret<Value> = json!({"key": "hush"}).into();
        assert_eq!(format!("{:?} {:#?}", Some(text), settings), "Some(***) ***");
        assert_eq!(settings.into_exposed(), json!({"key": "hush"}));
    }

    #[test]
    fn secret_of_wrong_type_is_not_shown() {
        let error = serde_json::from_str::<Secret<String>>("4711").unwrap_err().to_string();
        assert_eq!(error, "a secret has another type");
    }
}
