//! CWL writes many lists also as maps: `inputs: {reads: File}` is `inputs: [{id: reads, type: File}]`. The platform requires lists.

use serde_json::{Map, Value};

/// The entries of a list that may be written as a map. Keys become the field `key`; a value that is not a map becomes the field `short`.
/// `None` if it is neither, or if a value has no short form.
pub(super) fn listed(value: Value, key: &str, short: Option<&str>) -> Option<Vec<Value>> {
    match value {
        Value::Null => Some(Vec::new()),
        Value::Array(items) => Some(items),
        Value::Object(map) => map.into_iter().map(|(name, value)| entry(name, value, key, short)).collect(),
        _ => None,
    }
}

fn entry(name: String, value: Value, key: &str, short: Option<&str>) -> Option<Value> {
    let mut entry = Map::from_iter([(key.to_owned(), Value::String(name))]);
    match (value, short) {
        (Value::Object(fields), _) => entry.extend(fields),
        (Value::Null, _) => {}
        (value, Some(short)) => drop(entry.insert(short.to_owned(), value)),
        (_, None) => return None,
    }
    Some(entry.into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn maps_become_lists() {
        let check = |given: Value, short, expected: Option<Value>| {
            assert_eq!(listed(given, "id", short).map(Value::Array), expected);
        };
        let given = json!({"reads": "File", "n": {"type": "int", "default": 2}, "any": ["null", "File"], "none": null});
        let expected = json!([
            {"id": "reads", "type": "File"}, {"id": "n", "type": "int", "default": 2},
            {"id": "any", "type": ["null", "File"]}, {"id": "none"},
        ]);
        check(given, Some("type"), Some(expected));
        check(json!([{"id": "a"}]), None, Some(json!([{"id": "a"}])));
        check(json!(null), None, Some(json!([])));
        check(json!("reads"), Some("type"), None);
        check(json!({"DockerRequirement": "x"}), None, None);
    }
}
