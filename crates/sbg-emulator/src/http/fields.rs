//! The `fields` selector: which properties of an object the client wants.
//!
//! `_all` selects everything and `_default` what is shown without a selector. Names select, with `a.b` or `a(b,c)` for
//! properties inside `a`; `!name` excludes a property. Names that an object does not have are ignored.

use serde_json::{Map, Value};

/// Properties that identify an object. The first of these that the object has is always shown: responses are
/// declared to have it.
const IDENTITY: [&str; 4] = ["id", "username", "location", "url"];

/// A parsed selector.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Fields {
    all: bool,
    default: bool,
    /// Paths to include.
    shown: Vec<Vec<String>>,
    /// Paths to exclude.
    hidden: Vec<Vec<String>>,
}

impl Fields {
    /// Parses the values of the query parameter, which may be repeated.
    pub(crate) fn parse<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        let mut fields = Self::default();
        for value in values {
            for (prefix, piece) in split(value) {
                let piece = piece.trim();
                let (hidden, name) = piece.strip_prefix('!').map_or((false, piece), |name| (true, name));
                let mut path = prefix;
                path.extend(name.split(['.', '/']).filter(|step| !step.is_empty()).map(str::to_owned));
                match (hidden, path.as_slice()) {
                    (_, []) => {}
                    (false, [only]) if only == "_all" => fields.all = true,
                    (false, [only]) if only == "_default" => fields.default = true,
                    (true, _) => fields.hidden.push(path),
                    (false, _) => fields.shown.push(path),
                }
            }
        }
        // A selector of exclusions only starts from everything.
        if fields.shown.is_empty() && !fields.hidden.is_empty() && !fields.default {
            fields.all = true;
        }
        fields
    }

    /// Applies the selector. `short` names the properties to show without one; `None` means all.
    pub(crate) fn apply(&self, value: Value, short: Option<&[&str]>) -> Value {
        let Value::Object(object) = value else { return value };
        let identity = IDENTITY.into_iter().find(|name| object.contains_key(*name));
        let unselected = !self.all && self.shown.is_empty();
        let mut result = if self.all || ((unselected || self.default) && short.is_none()) {
            object
        } else {
            let mut result = Map::new();
            for (key, value) in object {
                if identity == Some(key.as_str())
                    || (unselected || self.default)
                        && short.is_some_and(|short| short.contains(&key.as_str()))
                {
                    result.insert(key, value);
                    continue;
                }
                let paths: Vec<&[String]> =
                    self.shown.iter().filter(|path| path[0] == key).map(|path| &path[1..]).collect();
                if !paths.is_empty() {
                    result.insert(key, pick(value, &paths));
                }
            }
            result
        };
        for path in self.hidden.iter().filter(|path| identity.is_none_or(|name| path[..] != [name])) {
            remove(&mut result, path);
        }
        Value::Object(result)
    }
}

/// Splits at commas outside of parentheses; each piece gets the names before its parentheses as a prefix.
fn split(value: &str) -> Vec<(Vec<String>, String)> {
    let mut pieces = Vec::new();
    let mut prefix: Vec<String> = Vec::new();
    let mut name = String::new();
    for letter in value.chars() {
        match letter {
            ',' => pieces.push((prefix.clone(), std::mem::take(&mut name))),
            '(' => prefix.push(std::mem::take(&mut name).trim().to_owned()),
            ')' => {
                pieces.push((prefix.clone(), std::mem::take(&mut name)));
                prefix.pop();
            }
            letter => name.push(letter),
        }
    }
    pieces.push((prefix, name));
    pieces.retain(|(_, name)| !name.trim().is_empty());
    pieces
}

fn pick(value: Value, paths: &[&[String]]) -> Value {
    if paths.iter().any(|path| path.is_empty()) {
        return value;
    }
    let Value::Object(object) = value else { return value };
    let mut result = Map::new();
    for (key, value) in object {
        let inner: Vec<&[String]> =
            paths.iter().filter(|path| path[0] == key).map(|path| &path[1..]).collect();
        if !inner.is_empty() {
            result.insert(key, pick(value, &inner));
        }
    }
    Value::Object(result)
}

fn remove(object: &mut Map<String, Value>, path: &[String]) {
    match path {
        [] => {}
        [key] => {
            object.shift_remove(key);
        }
        [key, rest @ ..] => {
            if let Some(Value::Object(inner)) = object.get_mut(key) {
                remove(inner, rest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn selector_shows_the_named_fields() {
        let check = |fields: &[&str], expected: Value| {
            let file = json!({"id": "1", "name": "n", "size": 5, "metadata": {"a": "x", "b": "y"}});
            let shown = Fields::parse(fields.iter().copied()).apply(file, Some(&["id", "name"]));
            assert_eq!(shown, expected, "{fields:?}");
        };
        check(&[], json!({"id": "1", "name": "n"}));
        check(&[""], json!({"id": "1", "name": "n"}));
        check(&["_all"], json!({"id": "1", "name": "n", "size": 5, "metadata": {"a": "x", "b": "y"}}));
        check(&["size,name"], json!({"id": "1", "name": "n", "size": 5}));
        check(&["size", "name"], json!({"id": "1", "name": "n", "size": 5}));
        check(&["metadata.a"], json!({"id": "1", "metadata": {"a": "x"}}));
        check(&["metadata(a,b),id"], json!({"id": "1", "metadata": {"a": "x", "b": "y"}}));
        check(&["!metadata"], json!({"id": "1", "name": "n", "size": 5}));
        check(&["_all,!metadata.a"], json!({"id": "1", "name": "n", "size": 5, "metadata": {"b": "y"}}));
        check(&["_default,size"], json!({"id": "1", "name": "n", "size": 5}));
        check(&["unknown"], json!({"id": "1"}));
        check(&["_all,!id,!size,!metadata"], json!({"id": "1", "name": "n"}));
        check(&["metadata(a"], json!({"id": "1", "metadata": {"a": "x"}}));
    }

    #[test]
    fn all_fields_are_shown_without_a_short_form() {
        let value = json!({"id": "1", "size": 5});
        assert_eq!(Fields::parse([]).apply(value.clone(), None), value);
        assert_eq!(Fields::parse(["size"]).apply(value, None), json!({"id": "1", "size": 5}));
        let member = json!({"username": "u", "role": "ADMIN"});
        assert_eq!(Fields::parse(["role"]).apply(member.clone(), None), member);
    }
}
