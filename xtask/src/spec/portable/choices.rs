//! Values of several types. Generators make classes of a choice that lose its value (PHP), do not compile (Java, for text or a list), or
//! find that a number in quotes matches twice.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::{Portable, each_object, reference};
use crate::spec::rule::Rule;

/// Replaces each reference to a choice between types by any JSON; in parameters, by a string.
pub fn rewrite(portable: &mut Portable<'_>) {
    let choices: BTreeMap<String, Vec<String>> = portable
        .components("schemas")
        .filter_map(|(name, schema)| Some((name.clone(), types(schema)?)))
        .collect();
    let mut stringless = BTreeSet::new();
    each_object(&mut portable.document, "", &mut |_, object| {
        if object.contains_key("in") && object.contains_key("schema") {
            let schema = object.get_mut("schema").and_then(Value::as_object_mut);
            if let Some(schema) = schema
                && let Some((name, types)) =
                    reference(schema, "schemas").and_then(|name| choices.get_key_value(name))
            {
                if !types.iter().any(|name| name == "string") {
                    stringless.insert(name.clone());
                }
                *schema = Map::from_iter([("type".to_owned(), json!("string"))]);
            }
        } else if let Some(types) = chosen(object).and_then(|name| choices.get(&name)) {
            let text = format!("A {}.", types.join(" or a "));
            let text = match object.get("description").and_then(Value::as_str) {
                Some(description) => format!("{description} {text}"),
                None => text,
            };
            // Without a type, the value may be null as well.
            object.retain(|key, _| key.starts_with("x-") || key == "example");
            object.insert("description".to_owned(), json!(text));
        }
    });
    if let Some(Value::Object(schemas)) = portable.document.pointer_mut("/components/schemas") {
        schemas.retain(|name, _| !choices.contains_key(name));
    }
    for name in stringless {
        let message = "a parameter has this schema: add a string to the choice";
        portable.report(&format!("/components/schemas/{name}/oneOf"), Rule::PortableChoice, message);
    }
}

/// Allows undocumented fields by saying nothing about them, which means the same: R makes a class without a parent of what is allowed
/// explicitly, and Java a map. A map without properties allows anything by `true`.
pub fn open_objects(portable: &mut Portable<'_>) {
    each_object(&mut portable.document, "", &mut |_, object| {
        if object.get("additionalProperties") != Some(&json!({})) {
            return;
        }
        if object.contains_key("properties") {
            object.shift_remove("additionalProperties");
        } else {
            object.insert("additionalProperties".to_owned(), json!(true));
        }
    });
}

/// The types between which a component chooses.
fn types(schema: &Value) -> Option<Vec<String>> {
    let branches = schema.get("oneOf")?.as_array()?;
    Some(
        branches
            .iter()
            .filter_map(|branch| branch["type"].as_str())
            .map(|name| name.replace("array", "list"))
            .collect(),
    )
}

/// The component that a schema is, directly or as the one alternative beside null.
fn chosen(schema: &Map<String, Value>) -> Option<String> {
    let wrapped =
        ["oneOf", "allOf"].iter().find_map(|key| schema.get(*key)?.as_array()?.first()?.as_object());
    reference(wrapped.unwrap_or(schema), "schemas").map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::portable::tests::orchard;

    #[test]
    fn choice_is_any_json() {
        let document = orchard();
        assert_eq!(
            document["components"]["schemas"]["Pear"]["properties"]["weight"],
            json!({"description": "Weight in kg. A number or a string."})
        );
        assert_eq!(document["components"]["schemas"].get("Number"), None);
    }

    #[test]
    fn object_with_properties_is_open_silently() {
        let document = orchard();
        let pear = &document["components"]["schemas"]["Pear"];
        assert_eq!(pear.get("additionalProperties"), None);
        assert_eq!(pear["properties"]["notes"]["additionalProperties"], true);
    }
}
