//! The properties of JSON objects in requests, read with their types.

use serde_json::{Map, Value};

use crate::error::{ApiError, Outcome};

/// The properties of a JSON object in a request, read with their types. Null counts as absent: some clients send every argument that
/// was left out as null.
#[derive(Clone, Copy, Debug)]
pub(crate) struct JsonObject<'a>(&'a Map<String, Value>);

impl<'a> JsonObject<'a> {
    pub(crate) fn new(properties: &'a Map<String, Value>) -> Self {
        Self(properties)
    }

    /// The properties of a value, if it is an object.
    pub(crate) fn of(value: &'a Value) -> Option<Self> {
        value.as_object().map(Self)
    }

    /// All properties as they were sent, nulls included.
    pub(crate) fn map(self) -> &'a Map<String, Value> {
        self.0
    }

    /// A property of any type.
    pub(crate) fn value(self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// Whether a property is null, which clears some properties.
    pub(crate) fn clears(self, name: &str) -> bool {
        self.0.get(name).is_some_and(Value::is_null)
    }

    pub(crate) fn text(self, name: &str) -> Outcome<Option<&'a str>> {
        self.typed(name, "a string", Value::as_str)
    }

    /// A string that null clears: the result is empty then.
    pub(crate) fn clearable_text(self, name: &str) -> Outcome<Option<&'a str>> {
        if self.clears(name) { Ok(Some("")) } else { self.text(name) }
    }

    pub(crate) fn count(self, name: &str) -> Outcome<Option<u64>> {
        self.typed(name, "a number of at least 0", Value::as_u64)
    }

    /// A boolean, or the text of one.
    pub(crate) fn flag(self, name: &str) -> Outcome<Option<bool>> {
        self.typed(name, "true or false", boolean)
    }

    /// A required string that is not empty; `code` is the error if it is missing.
    pub(crate) fn required(self, name: &str, code: u32) -> Outcome<&'a str> {
        self.text(name)?
            .filter(|text| !text.is_empty())
            .ok_or_else(|| ApiError::new(code).detail(format_args!("`{name}` is required.")))
    }

    pub(crate) fn list(self, name: &str) -> Outcome<Option<&'a [Value]>> {
        self.typed(name, "an array", |value| value.as_array().map(Vec::as_slice))
    }

    pub(crate) fn object(self, name: &str) -> Outcome<Option<JsonObject<'a>>> {
        self.typed(name, "an object", Self::of)
    }

    pub(crate) fn texts(self, name: &str) -> Outcome<Option<Vec<String>>> {
        self.value(name).map(|value| strings(value, name)).transpose()
    }

    fn typed<T>(self, name: &str, kind: &str, read: impl Fn(&'a Value) -> Option<T>) -> Outcome<Option<T>> {
        self.value(name)
            .map(|value| {
                read(value).ok_or_else(|| ApiError::bad_request(format_args!("`{name}` must be {kind}.")))
            })
            .transpose()
    }
}

/// A boolean, or the text of one in any case, as some clients send it.
pub(crate) fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// An array of strings.
pub(crate) fn strings(value: &Value, name: &str) -> Outcome<Vec<String>> {
    value
        .as_array()
        .and_then(|items| items.iter().map(|item| item.as_str().map(str::to_owned)).collect())
        .ok_or_else(|| ApiError::bad_request(format_args!("`{name}` must be an array of strings.")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn null_counts_as_absent() {
        let value = json!({"text": null, "flag": null, "list": null, "object": null, "texts": null});
        let object = JsonObject::of(&value).unwrap();
        assert_eq!(object.text("text"), Ok(None));
        assert_eq!(object.flag("flag"), Ok(None));
        assert_eq!(object.list("list"), Ok(None));
        assert!(object.object("object").unwrap().is_none());
        assert_eq!(object.texts("texts"), Ok(None));
        assert_eq!(object.clearable_text("text"), Ok(Some("")));
        assert_eq!(object.required("text", 3007).unwrap_err().code, 3007);
    }

    #[test]
    fn booleans_may_be_texts() {
        for (value, expected) in
            [(json!(true), Some(true)), (json!("TRUE"), Some(true)), (json!("False"), Some(false))]
        {
            assert_eq!(boolean(&value), expected, "{value}");
        }
        for wrong in [json!("yes"), json!(1), json!(""), json!([])] {
            assert_eq!(boolean(&wrong), None, "{wrong}");
        }
    }
}
