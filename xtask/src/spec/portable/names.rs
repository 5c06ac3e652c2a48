//! Names that other languages cannot tell apart, or have already.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Portable, each_object, reference};
use crate::spec::rule::Rule;

/// Schemas that get another name, and the name. Ruby takes a schema called `File` for a download, and in browsers it is a class.
const RENAMED: [(&str, &str); 1] = [("File", "SbgFile")];

/// Reports enum constants that differ only in case and punctuation: many languages make the same name of them.
pub fn check_enums(portable: &mut Portable<'_>) {
    let mut alike = Vec::new();
    each_object(&mut portable.document, "", &mut |pointer, object| {
        let mut seen = BTreeMap::new();
        for value in
            object.get("enum").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
        {
            let name = value.to_lowercase().replace(|c: char| !c.is_alphanumeric(), "");
            if let Some(other) = seen.insert(name, value) {
                alike.push((format!("{pointer}/enum"), format!("`{other}` and `{value}` get the same name")));
            }
        }
    });
    for (pointer, message) in alike {
        portable.report(&pointer, Rule::PortableEnum, message);
    }
}

/// Puts `Parameter` behind the names of component parameters, because some generators make a type of each, as they do of schemas.
pub fn rename_parameters(portable: &mut Portable<'_>) {
    let renamed = |name: &str| match name.strip_suffix("Parameter") {
        Some(_) => name.to_owned(),
        None => format!("{name}Parameter"),
    };
    let pointer = |kind: &str, name: &str| format!("/components/{kind}/{name}");
    let mut taken: BTreeMap<String, String> =
        portable.components("schemas").map(|(name, _)| (name.clone(), pointer("schemas", name))).collect();
    let mut twice = Vec::new();
    for (name, _) in portable.components("parameters") {
        if let Some(other) = taken.insert(renamed(name), pointer("parameters", name)) {
            twice.push((
                other,
                format!("the parameter `{name}` gets this name in other languages: choose another one"),
            ));
        }
    }
    for (pointer, message) in twice {
        portable.report(&pointer, Rule::PortableParameter, message);
    }
    rename(&mut portable.document, "parameters", renamed);
}

/// Renames schemas whose names other languages have already.
pub fn rename_schemas(portable: &mut Portable<'_>) {
    let renamed = |name: &str| {
        RENAMED
            .iter()
            .find(|(old, _)| *old == name)
            .map_or_else(|| name.to_owned(), |(_, new)| (*new).to_owned())
    };
    // Files of the same name overwrite each other where the file system ignores case.
    let (mut seen, mut twice) = (BTreeMap::new(), Vec::new());
    for (name, _) in portable.components("schemas") {
        if let Some(other) = seen.insert(renamed(name).to_lowercase(), name.clone()) {
            twice.push((name.clone(), other));
        }
    }
    for (name, other) in twice {
        let message = format!("in other languages it cannot be told from `{other}`: rename it");
        portable.report(&format!("/components/schemas/{name}"), Rule::PortableSchema, message);
    }
    rename(&mut portable.document, "schemas", renamed);
}

/// Renames the components of a kind, and the references to them.
fn rename(document: &mut Value, kind: &str, renamed: impl Fn(&str) -> String) {
    if let Some(components) = document["components"][kind].as_object_mut() {
        *components = std::mem::take(components)
            .into_iter()
            .map(|(name, value)| (renamed(&name), value))
            .collect::<Map<_, _>>();
    }
    each_object(document, "", &mut |_, object| {
        if let Some(name) = reference(object, kind) {
            let new = format!("#/components/{kind}/{}", renamed(name));
            object.insert("$ref".to_owned(), Value::String(new));
        }
    });
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::spec::portable::tests::orchard;

    #[test]
    fn parameters_have_a_suffix() {
        let document = orchard();
        let names: Vec<&String> = document["components"]["parameters"].as_object().unwrap().keys().collect();
        assert_eq!(names, ["PearIdParameter", "LimitParameter", "AdvanceAccessParameter"]);
        let parameters = &document["paths"]["/pears/{pear_id}"]["parameters"];
        assert_eq!(parameters[0]["$ref"], "#/components/parameters/PearIdParameter");
    }

    #[test]
    fn file_has_another_name() {
        let mut document = json!({
            "components": {"schemas": {"File": {"type": "object"}, "Page": {"items": {"$ref": "#/components/schemas/File"}}}},
        });
        rename(&mut document, "schemas", |name| name.replace("File", "SbgFile"));
        let expected = json!({
            "components": {
                "schemas": {"SbgFile": {"type": "object"}, "Page": {"items": {"$ref": "#/components/schemas/SbgFile"}}},
            },
        });
        assert_eq!(document, expected);
    }
}
