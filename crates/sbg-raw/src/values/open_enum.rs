//! Enums that accept values which nobody knows yet.

/// Defines an enum of strings with a variant `Other` for any value that is not listed.
///
/// Known values are recognised whatever their case, because the platform itself writes both `file` and `FILE`.
macro_rules! open_enum {
    ($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $value:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_meta])* $variant,)*
            /// A value that was not known when this was generated, as the platform wrote it.
            Other(String),
        }

        impl $name {
            /// The value as the platform writes it.
            ///
            /// ```
            #[doc = concat!("let new = sbg_raw::enums::", stringify!($name), "::from(\"Not known yet\");")]
            /// assert_eq!(new.as_str(), "Not known yet");
            /// ```
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $value,)*
                    Self::Other(value) => value,
                }
            }
        }

        impl From<&str> for $name {
            fn from(value: &str) -> Self {
                $(if value.eq_ignore_ascii_case($value) {
                    return Self::$variant;
                })*
                Self::Other(value.to_owned())
            }
        }

        impl From<String> for $name {
            fn from(value: String) -> Self {
                match Self::from(value.as_str()) {
                    Self::Other(_) => Self::Other(value),
                    known => known,
                }
            }
        }

        impl std::str::FromStr for $name {
            type Err = std::convert::Infallible;

            fn from_str(value: &str) -> Result<Self, Self::Err> {
                Ok(Self::from(value))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer).map(Self::from)
            }
        }
    };
}

pub(crate) use open_enum;

#[cfg(test)]
mod tests {
    open_enum! {
        /// A state.
        State {
            /// Still running.
            Running = "RUNNING",
            /// Over.
            Done = "DONE",
        }
    }

    #[test]
    fn known_values_parse_in_any_case() {
        assert_eq!(serde_json::from_str::<State>("\"running\"").unwrap(), State::Running);
        assert_eq!(serde_json::to_string(&State::Running).unwrap(), "\"RUNNING\"");
    }

    #[test]
    fn unknown_values_are_preserved() {
        let state: State = serde_json::from_str("\"Paused\"").unwrap();
        assert_eq!(state, State::Other("Paused".to_owned()));
        assert_eq!(serde_json::to_string(&state).unwrap(), "\"Paused\"");
    }
}
