//! Ids inside of a process. Packed files name things absolutely (`#main/align/bam`), one document relatively (`align/bam`).

use serde_json::Value;

/// The id without file and process: `#main/align` in `main` is `align`. Relative ids stay.
pub(super) fn relative(id: &str, owner: &str) -> String {
    let Some((_, name)) = id.split_once('#') else { return id.to_owned() };
    let below = name.strip_prefix(owner).and_then(|rest| rest.strip_prefix('/'));
    below.filter(|_| !owner.is_empty()).unwrap_or(name).to_owned()
}

/// Makes an id, or each id of a list, relative.
pub(super) fn relative_all(value: Value, owner: &str) -> Value {
    match value {
        Value::String(id) => relative(&id, owner).into(),
        Value::Array(ids) => ids.into_iter().map(|id| relative_all(id, owner)).collect(),
        Value::Object(mut map) => {
            if let Some(id) = map.get_mut("id") {
                *id = relative_all(id.take(), owner);
            }
            Value::Object(map)
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ids_become_relative() {
        let check = |id: &str, owner: &str, expected: &str| assert_eq!(relative(id, owner), expected);
        check("#main/align/bam", "main", "align/bam");
        check("#main/align/bam", "main/align", "bam");
        check("packed.cwl#main/reads", "main", "reads");
        check("#reads", "", "reads");
        check("#mainly/reads", "main", "mainly/reads");
        check("align/bam", "align", "align/bam");
        let given = json!(["#main/a", {"id": "#main/b", "x": "#main/c"}, null]);
        assert_eq!(relative_all(given, "main"), json!(["a", {"id": "b", "x": "#main/c"}, null]));
    }
}
