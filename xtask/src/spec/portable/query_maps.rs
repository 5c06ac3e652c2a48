//! Objects in a query, such as the filter by metadata. Generators look for `type: object` beside the parameter to know that each entry is a
//! parameter of its own; behind a reference, some send the name of the object with a meaningless text.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Portable, each_object, reference};
use crate::spec::rule::Rule;

/// Puts the schema of an object inline where a parameter refers to it.
pub fn rewrite(portable: &mut Portable<'_>) {
    let maps: BTreeMap<String, Value> = portable
        .components("schemas")
        .filter(|(_, schema)| schema["type"] == "object")
        .map(|(name, schema)| (name.clone(), schema.clone()))
        .collect();
    let mut moved = BTreeSet::new();
    each_object(&mut portable.document, "", &mut |_, object| {
        if !object.contains_key("in") {
            return;
        }
        if let Some(schema) = object.get_mut("schema")
            && let Some(name) = schema.as_object().and_then(|schema| reference(schema, "schemas"))
            && let Some(map) = maps.get(name)
        {
            moved.insert(name.to_owned());
            *schema = map.clone();
        }
    });
    if let Some(Value::Object(schemas)) = portable.document.pointer_mut("/components/schemas") {
        schemas.retain(|name, _| !moved.contains(name));
    }
    for name in moved {
        let map = &maps[&name];
        if map.get("properties").is_some() || map["additionalProperties"]["type"] != "string" {
            let message = "generators cannot send this object in a query: give it `additionalProperties: {type: string}`, and no properties";
            let pointer = format!("/components/schemas/{name}/additionalProperties");
            portable.report(&pointer, Rule::PortableQueryMap, message);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::spec::portable::tests::orchard;

    #[test]
    fn map_in_query_is_inline() {
        let document = orchard();
        let parameters = document["paths"]["/pears"]["get"]["parameters"].as_array().unwrap();
        let marks = parameters.iter().find(|parameter| parameter["name"] == "marks").unwrap();
        assert_eq!(marks["schema"]["additionalProperties"]["type"], "string");
        assert_eq!(document["components"]["schemas"].get("PearMarks"), None);
    }
}
