//! The schema of an object in a request, checked as a whole before the request changes anything.

use serde_json::{Map, Value};

use crate::{
    error::{ApiError, Outcome},
    json_object::JsonObject,
};

/// The type of a property, and whether it is required.
pub(crate) enum Kind {
    Text,
    /// A string that is not empty.
    Name,
    /// A required string that is not empty.
    Id,
    Flag,
    Texts,
    /// Any object.
    Map,
    /// An object of scalars, or null to remove a value.
    Metadata,
    /// An object with this schema.
    Object(&'static [(&'static str, Kind)]),
    /// A required object with this schema.
    Part(&'static [(&'static str, Kind)]),
}

/// Refuses an object that breaks the schema.
pub(crate) fn check(object: JsonObject<'_>, shape: &[(&str, Kind)]) -> Outcome<()> {
    for (name, kind) in shape {
        match kind {
            Kind::Text => drop(object.text(name)?),
            Kind::Name => {
                if object.text(name)? == Some("") {
                    return Err(ApiError::bad_request(format_args!("`{name}` must not be empty.")));
                }
            }
            Kind::Id => drop(object.required(name, 90000)?),
            Kind::Flag => drop(object.flag(name)?),
            Kind::Texts => drop(object.texts(name)?),
            Kind::Map => drop(object.object(name)?),
            Kind::Metadata => {
                let values = object.object(name)?.map(JsonObject::map).into_iter().flat_map(Map::values);
                if !values.into_iter().all(is_metadata) {
                    let reason =
                        format_args!("The values of `{name}` must be strings, lists of them, or null.");
                    return Err(ApiError::bad_request(reason));
                }
            }
            Kind::Object(shape) => {
                if let Some(inner) = object.object(name)? {
                    check(inner, shape)?;
                }
            }
            Kind::Part(shape) => {
                let reason = || ApiError::bad_request(format_args!("`{name}` is required."));
                check(object.object(name)?.ok_or_else(reason)?, shape)?;
            }
        }
    }
    Ok(())
}

/// Whether a value can be metadata: numbers and booleans become strings.
fn is_metadata(value: &Value) -> bool {
    match value {
        Value::Array(items) => !items.iter().any(|item| item.is_array() || item.is_object()),
        value => !value.is_object(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_must_match_their_kind() {
        const SHAPE: &[(&str, Kind)] = &[
            ("id", Kind::Id),
            ("name", Kind::Name),
            ("acl", Kind::Text),
            ("metadata", Kind::Metadata),
            ("source", Kind::Part(&[("overwrite", Kind::Flag)])),
            ("properties", Kind::Object(&[("class", Kind::Text)])),
        ];
        let right = json!({"id": "a", "source": {"overwrite": true}});
        let fits_with = |name: &str, value: Value| {
            let mut object = right.clone();
            object[name] = value;
            check(JsonObject::of(&object).unwrap(), SHAPE).is_ok()
        };
        assert!(fits_with("more", json!(1)));
        assert!(fits_with("acl", json!(null)));
        assert!(fits_with("name", json!("n")));
        assert!(fits_with("metadata", json!({"k": "v", "l": null, "m": 3, "n": ["a", 1]})));
        assert!(fits_with("source", json!({})));
        assert!(fits_with("properties", json!({})));
        assert!(!fits_with("properties", json!({"class": 1})));
        assert!(!fits_with("id", json!("")));
        assert!(!fits_with("id", json!(null)));
        assert!(!fits_with("name", json!("")));
        assert!(fits_with("name", json!(null)));
        assert!(!fits_with("acl", json!(1)));
        assert!(!fits_with("metadata", json!({"k": {}})));
        assert!(!fits_with("source", json!([])));
        assert!(!fits_with("source", json!({"overwrite": "yes"})));
        for missing in ["id", "source"] {
            let mut object = right.clone();
            object.as_object_mut().unwrap().remove(missing);
            assert!(check(JsonObject::of(&object).unwrap(), SHAPE).is_err(), "{missing}");
        }
    }
}
