//! The shape of an object in a request, checked as a whole before anything is done with the object.

use serde_json::Value;

use crate::{
    error::{ApiError, Outcome},
    json_object::JsonObject,
};

/// What a property has to be where it is given, and whether it has to be.
pub(crate) enum Kind {
    Text,
    /// A text that is not empty.
    Name,
    /// A text that has to be there and not to be empty.
    Id,
    /// A text, or null.
    Clearable,
    Flag,
    Texts,
    /// Any object.
    Map,
    /// An object of texts, or of null where one is cleared.
    Metadata,
    /// An object of this shape.
    Object(&'static [(&'static str, Kind)]),
    /// An object of this shape, which has to be there.
    Part(&'static [(&'static str, Kind)]),
}

/// Refuses an object with a property of another kind than it has to be.
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
            Kind::Clearable => drop(object.clearable_text(name)?),
            Kind::Flag => drop(object.flag(name)?),
            Kind::Texts => drop(object.texts(name)?),
            Kind::Map => drop(object.object(name)?),
            Kind::Metadata => {
                let values =
                    object.object(name)?.map(JsonObject::map).into_iter().flat_map(|map| map.values());
                if !values.into_iter().all(|value| matches!(value, Value::String(_) | Value::Null)) {
                    let reason = format_args!("The values of `{name}` must be strings, or null.");
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_given_has_to_be_of_its_kind() {
        const SHAPE: &[(&str, Kind)] = &[
            ("id", Kind::Id),
            ("name", Kind::Name),
            ("acl", Kind::Clearable),
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
        assert!(fits_with("metadata", json!({"k": "v", "l": null})));
        assert!(fits_with("source", json!({})));
        assert!(fits_with("properties", json!({})));
        assert!(!fits_with("properties", json!({"class": 1})));
        assert!(!fits_with("id", json!("")));
        assert!(!fits_with("id", json!(null)));
        assert!(!fits_with("name", json!("")));
        assert!(!fits_with("name", json!(null)));
        assert!(!fits_with("acl", json!(1)));
        assert!(!fits_with("metadata", json!({"k": 1})));
        assert!(!fits_with("source", json!([])));
        assert!(!fits_with("source", json!({"overwrite": "yes"})));
        for missing in ["id", "source"] {
            let mut object = right.clone();
            object.as_object_mut().unwrap().remove(missing);
            assert!(check(JsonObject::of(&object).unwrap(), SHAPE).is_err(), "{missing}");
        }
    }
}
