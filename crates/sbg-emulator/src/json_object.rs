//! The properties of JSON objects in requests, read with their types.

use serde_json::{Map, Value};

use crate::error::{ApiError, Outcome};

/// The properties of a JSON object in a request, read with their types. Null is of no type, unless a property may be null, and then
/// counts as absent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct JsonObject<'a> {
    properties: &'a Map<String, Value>,
    nullable: &'static [&'static str],
}

impl<'a> JsonObject<'a> {
    /// The properties of a value, if it is an object.
    pub(crate) fn of(value: &'a Value) -> Option<Self> {
        value.as_object().map(Self::new)
    }

    pub(crate) fn new(properties: &'a Map<String, Value>) -> Self {
        Self { properties, nullable: &[] }
    }

    /// The same properties, of which these may be null.
    pub(crate) fn nullable(self, nullable: &'static [&'static str]) -> Self {
        Self { nullable, ..self }
    }

    /// A property of any type. Null counts as absent.
    pub(crate) fn value(self, name: &str) -> Option<&'a Value> {
        self.properties.get(name).filter(|value| !value.is_null())
    }

    pub(crate) fn map(self) -> &'a Map<String, Value> {
        self.properties
    }

    pub(crate) fn text(self, name: &str) -> Outcome<Option<&'a str>> {
        self.typed(name, "a string", Value::as_str)
    }

    /// A text that null clears, which leaves an empty one.
    pub(crate) fn clearable_text(self, name: &str) -> Outcome<Option<&'a str>> {
        match self.properties.get(name) {
            Some(Value::Null) => Ok(Some("")),
            _ => self.text(name),
        }
    }

    pub(crate) fn count(self, name: &str) -> Outcome<Option<u64>> {
        self.typed(name, "a number of at least 0", Value::as_u64)
    }

    pub(crate) fn flag(self, name: &str) -> Outcome<Option<bool>> {
        self.typed(name, "true or false", Value::as_bool)
    }

    /// A text that has to be there and not to be empty; `code` is the refusal otherwise.
    pub(crate) fn required(self, name: &str, code: u32) -> Outcome<&'a str> {
        self.text(name)?
            .filter(|text| !text.is_empty())
            .ok_or_else(|| ApiError::new(code).detail(format_args!("`{name}` is required.")))
    }

    pub(crate) fn list(self, name: &str) -> Outcome<Option<&'a [Value]>> {
        self.typed(name, "an array", |value| value.as_array().map(Vec::as_slice))
    }

    pub(crate) fn object(self, name: &str) -> Outcome<Option<JsonObject<'a>>> {
        self.typed(name, "an object", |value| value.as_object().map(Self::new))
    }

    pub(crate) fn texts(self, name: &str) -> Outcome<Option<Vec<String>>> {
        self.given(name).map(|value| strings(value, name)).transpose()
    }

    /// A property that counts: null does where it is not allowed, so that it is refused.
    fn given(self, name: &str) -> Option<&'a Value> {
        self.properties.get(name).filter(|value| !(value.is_null() && self.nullable.contains(&name)))
    }

    fn typed<T>(self, name: &str, kind: &str, read: impl Fn(&'a Value) -> Option<T>) -> Outcome<Option<T>> {
        self.given(name)
            .map(|value| {
                read(value).ok_or_else(|| ApiError::bad_request(format_args!("`{name}` must be {kind}.")))
            })
            .transpose()
    }
}

/// An array of strings.
pub(crate) fn strings(value: &Value, name: &str) -> Outcome<Vec<String>> {
    value
        .as_array()
        .and_then(|items| items.iter().map(|item| item.as_str().map(str::to_owned)).collect())
        .ok_or_else(|| ApiError::bad_request(format_args!("`{name}` must be an array of strings.")))
}
