//! Reads YAML as JSON, as far as descriptions of apps need it: one document of maps, lists and scalars. Depth and size are bounded.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Span, SpannedEventReceiver};
use serde_json::{Map, Value};

/// The maximum depth of a document, as for JSON.
const MAX_DEPTH: usize = 128;
/// The maximum number of values. An alias counts with everything that it stands for, so that a small text
/// cannot expand into a large one.
const MAX_VALUES: usize = 200_000;

/// Parses the first document of a text; `null` if it is empty.
///
/// ```
/// let tool = sbg_yaml::parse("class: CommandLineTool\ncores: 2")?;
/// assert_eq!(tool["cores"], 2);
/// # Ok::<(), String>(())
/// ```
///
/// # Errors
///
/// Says what is wrong: the syntax and where, a key that is not a scalar, or a document that is too deep (128 levels) or has too many values
/// (200,000, with an alias counting as all that it stands for).
pub fn parse(text: &str) -> Result<Value, String> {
    let mut loader = Loader::default();
    let mut parser = Parser::new_from_str(text);
    parser.load(&mut loader, false).map_err(|error| error.to_string())?;
    match loader.error {
        Some(error) => Err(error),
        None => Ok(loader.done.unwrap_or(Value::Null)),
    }
}

/// A map or a list that is not closed yet.
enum Open {
    Map { map: Map<String, Value>, key: Option<String>, anchor: usize },
    List { list: Vec<Value>, anchor: usize },
}

#[derive(Default)]
struct Loader {
    open: Vec<Open>,
    anchors: HashMap<usize, Value>,
    values: usize,
    done: Option<Value>,
    error: Option<String>,
}

impl Loader {
    fn add(&mut self, value: Value, anchor: usize) {
        self.values += 1;
        if anchor > 0 {
            self.anchors.insert(anchor, value.clone());
        }
        match self.open.last_mut() {
            None => self.done = Some(value),
            Some(Open::List { list, .. }) => list.push(value),
            Some(Open::Map { map, key, .. }) => match key.take() {
                Some(key) => {
                    map.insert(key, value);
                }
                None => match value {
                    Value::String(text) => *key = Some(text),
                    Value::Number(_) | Value::Bool(_) | Value::Null => *key = Some(value.to_string()),
                    _ => self.error = Some("a key is not a scalar".to_owned()),
                },
            },
        }
    }

    fn close(&mut self) {
        match self.open.pop() {
            Some(Open::Map { map, anchor, .. }) => self.add(Value::Object(map), anchor),
            Some(Open::List { list, anchor }) => self.add(Value::Array(list), anchor),
            None => {}
        }
    }
}

impl SpannedEventReceiver<'_> for Loader {
    fn on_event(&mut self, event: Event<'_>, _: Span) {
        if self.error.is_some() {
            return;
        }
        if self.open.len() > MAX_DEPTH || self.values > MAX_VALUES {
            self.error = Some("the document is too large or nested too deeply".to_owned());
            return;
        }
        match event {
            Event::Scalar(text, style, anchor, _) => self.add(scalar(&text, style), anchor),
            Event::SequenceStart(anchor, _) => self.open.push(Open::List { list: Vec::new(), anchor }),
            Event::MappingStart(anchor, _) => {
                self.open.push(Open::Map { map: Map::new(), key: None, anchor });
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Alias(anchor) => match self.anchors.get(&anchor).cloned() {
                Some(value) => {
                    self.values += count(&value);
                    self.add(value, 0);
                }
                None => self.error = Some("an alias has no anchor".to_owned()),
            },
            _ => {}
        }
    }
}

fn count(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(count).sum::<usize>(),
        Value::Object(map) => 1 + map.values().map(count).sum::<usize>(),
        _ => 1,
    }
}

/// A scalar according to the core schema of YAML 1.2.
fn scalar(text: &str, style: ScalarStyle) -> Value {
    if style != ScalarStyle::Plain {
        return text.into();
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => true.into(),
        "false" | "False" | "FALSE" => false.into(),
        _ => {
            let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
            let numeric = digits.starts_with(|first: char| first.is_ascii_digit() || first == '.');
            if let Ok(number) = text.parse::<i64>() {
                number.into()
            } else if let (true, Ok(number)) = (numeric, text.parse::<f64>()) {
                number.into()
            } else {
                text.into()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn yaml_converts_to_json() {
        let text = "cwlVersion: v1.2\nclass: CommandLineTool\ninputs:\n  n: int?\n  f: {type: File, default: null}\n\
                    list: [1, -2.5, \"3\", true, ~, .5]\nb: &x {a: 1}\nc: *x\ntext: |\n  one\n  two\n1: k\n";
        assert_eq!(
            parse(text),
            Ok(json!({
                "cwlVersion": "v1.2", "class": "CommandLineTool",
                "inputs": {"n": "int?", "f": {"type": "File", "default": null}},
                "list": [1, -2.5, "3", true, null, 0.5], "b": {"a": 1}, "c": {"a": 1}, "text": "one\ntwo\n", "1": "k",
            }))
        );
        assert_eq!(parse(""), Ok(Value::Null));
    }

    #[test]
    fn invalid_or_oversized_yaml_is_rejected() {
        assert!(parse("a: [1").is_err());
        assert!(parse("a: *b").is_err());
        assert!(parse("? [1]\n: 2").is_err());
        assert!(parse(&"[".repeat(1000)).is_err());
        let bomb = (0..30).fold("a0: &a0 [x]\n".to_owned(), |text, level| {
            let next = level + 1;
            text + &format!("a{next}: &a{next} [*a{level}, *a{level}, *a{level}, *a{level}]\n")
        });
        assert!(parse(&bomb).is_err());
    }
}
