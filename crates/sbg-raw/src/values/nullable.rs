//! What a request says of a field that can be cleared: nothing, null, or a value.

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

/// A field of a request that the platform lets be null.
///
/// In a change, what is absent stays as it is and what is null is cleared, so that an `Option` would not do.
///
/// ```
/// use sbg_raw::{Nullable, types::TaskEdit};
///
/// let json = |edit: &TaskEdit| serde_json::to_string(edit).unwrap();
/// let mut edit = TaskEdit { name: Some("Helix".to_owned()), ..TaskEdit::default() };
/// assert_eq!(json(&edit), r#"{"name":"Helix"}"#);
/// edit.description = Nullable::Null;
/// assert_eq!(json(&edit), r#"{"description":null,"name":"Helix"}"#);
/// edit.description = "Of the B form".to_owned().into();
/// assert_eq!(json(&edit), r#"{"description":"Of the B form","name":"Helix"}"#);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Nullable<T> {
    /// The request does not have the field.
    #[default]
    Absent,
    /// The request has the field, and it is null.
    Null,
    /// The request has the field with this value.
    Value(T),
}

impl<T> Nullable<T> {
    /// Whether the request does not have the field.
    ///
    /// ```
    /// use sbg_raw::Nullable;
    ///
    /// assert!(Nullable::<String>::default().is_absent());
    /// assert!(!Nullable::<String>::Null.is_absent());
    /// ```
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// The value, if there is one.
    ///
    /// ```
    /// use sbg_raw::Nullable;
    ///
    /// assert_eq!(Nullable::Value("Helix").value(), Some(&"Helix"));
    /// assert_eq!(Nullable::<String>::Null.value(), None);
    /// ```
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Null => None,
        }
    }

    /// The same with another value.
    ///
    /// ```
    /// use sbg_raw::Nullable;
    ///
    /// assert_eq!(Nullable::Value("Helix").map(str::len), Nullable::Value(5));
    /// assert_eq!(Nullable::<&str>::Null.map(str::len), Nullable::Null);
    /// ```
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Nullable<U> {
        match self {
            Self::Absent => Nullable::Absent,
            Self::Null => Nullable::Null,
            Self::Value(value) => Nullable::Value(change(value)),
        }
    }
}

impl<T> From<T> for Nullable<T> {
    fn from(value: T) -> Self {
        Self::Value(value)
    }
}

/// `None` is a field that the request does not have, as it is where fields cannot be null.
impl<T> From<Option<T>> for Nullable<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Absent, Self::Value)
    }
}

/// A field that is absent is left out by the struct that it is in; on its own it can only be null.
impl<T: Serialize> Serialize for Nullable<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value().serialize(serializer)
    }
}

/// A field that is there: a struct makes what is not there by `Default`.
impl<'de, T: Deserialize<'de>> Deserialize<'de> for Nullable<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Null, Self::Value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
    struct Edit {
        #[serde(default, skip_serializing_if = "Nullable::is_absent")]
        size: Nullable<u8>,
    }

    #[test]
    fn absent_null_and_value_round_trip() {
        for (size, json) in [
            (Nullable::Absent, "{}"),
            (Nullable::Null, r#"{"size":null}"#),
            (Nullable::Value(3), r#"{"size":3}"#),
        ] {
            let edit = Edit { size };
            assert_eq!(serde_json::to_string(&edit).unwrap(), json);
            assert_eq!(serde_json::from_str::<Edit>(json).unwrap(), edit);
        }
    }

    #[test]
    fn option_converts_to_value_or_absent() {
        assert_eq!(Nullable::<u8>::from(Some(3)), Nullable::Value(3));
        assert_eq!(Nullable::<u8>::from(None::<u8>), Nullable::Absent);
        assert_eq!(Nullable::Value(3).map(|size| size + 1), Nullable::Value(4));
        assert_eq!((Nullable::from(3_u8).value(), Nullable::<u8>::Null.value()), (Some(&3), None));
    }
}
