//! YAML with line numbers: each node knows its line, so that findings can name it.
//!
//! General-purpose readers lose lines or accept duplicate keys; this one uses the events of the parser. Anchors, aliases, tags and
//! multiple documents are errors, because the specification does not need them.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span};
use serde_json::{Map, Number, Value};

use crate::spec::finding::{Finding, Location};
use crate::spec::rule::Rule;

/// A node of a YAML file.
#[derive(Clone, Debug)]
pub struct Node {
    /// Where the node starts.
    pub location: Location,
    /// The value.
    pub kind: Kind,
}

/// The value of a node.
#[derive(Clone, Debug)]
pub enum Kind {
    /// Null, a boolean, a number or a string.
    Scalar(Value),
    /// A sequence.
    Sequence(Vec<Node>),
    /// A mapping, in the order of the file.
    Mapping(Vec<Entry>),
}

/// An entry of a mapping.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// The location of the key.
    pub location: Location,
    /// The value.
    pub value: Node,
}

impl Node {
    /// The entries of a mapping; empty for other nodes.
    pub fn entries(&self) -> &[Entry] {
        match &self.kind {
            Kind::Mapping(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a sequence; empty for other nodes.
    pub fn items(&self) -> &[Node] {
        match &self.kind {
            Kind::Sequence(items) => items,
            _ => &[],
        }
    }

    /// The value under `key` of a mapping.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries().iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    /// Whether this is the boolean `true`.
    pub fn is_true(&self) -> bool {
        matches!(self.kind, Kind::Scalar(Value::Bool(true)))
    }

    /// Whether this is a mapping.
    pub fn is_mapping(&self) -> bool {
        matches!(self.kind, Kind::Mapping(_))
    }

    /// The location of the value at a JSON pointer, or of its deepest existing ancestor; for an entry of a mapping, that of its key.
    pub fn location_of(&self, pointer: &str) -> &Location {
        let (mut node, mut location) = (self, &self.location);
        for token in pointer.split('/').skip(1) {
            let key = token.replace("~1", "/").replace("~0", "~");
            let next = match &node.kind {
                Kind::Sequence(items) => key
                    .parse()
                    .ok()
                    .and_then(|index: usize| items.get(index))
                    .map(|item| (item, &item.location)),
                _ => {
                    node.entries().iter().find(|e| e.key == key).map(|entry| (&entry.value, &entry.location))
                }
            };
            let Some(next) = next else { break };
            (node, location) = next;
        }
        location
    }

    /// The same as JSON, keys in the order of the file.
    pub fn to_json(&self) -> Value {
        match &self.kind {
            Kind::Scalar(value) => value.clone(),
            Kind::Sequence(items) => items.iter().map(Node::to_json).collect(),
            Kind::Mapping(entries) => Value::Object(
                entries.iter().map(|e| (e.key.clone(), e.value.to_json())).collect::<Map<_, _>>(),
            ),
        }
    }
}

/// Reads the file at `path`; findings call it `name`.
pub fn read(path: &Path, name: &str) -> Result<Node, Finding> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        let location = Location { file: Arc::from(name), line: 1 };
        Finding::new(&location, Rule::UnreadableFile, error.to_string())
    })?;
    parse(&text, name)
}

/// Parses `text`; findings call the file `name`.
pub fn parse(text: &str, name: &str) -> Result<Node, Finding> {
    let mut reader = Reader { events: Parser::new_from_str(text), file: Arc::from(name) };
    loop {
        match reader.next()? {
            (Event::StreamStart | Event::DocumentStart(_) | Event::Nothing, _) => {}
            (Event::StreamEnd | Event::DocumentEnd, span) => {
                return Err(Finding::new(&reader.location(span), Rule::YamlSyntax, "the file is empty"));
            }
            (event, span) => {
                let root = reader.node(event, span)?;
                return reader.end().map(|()| root);
            }
        }
    }
}

struct Reader<'t, T: Iterator<Item = Result<(Event<'t>, Span), ScanError>>> {
    events: T,
    file: Arc<str>,
}

impl<'t, T: Iterator<Item = Result<(Event<'t>, Span), ScanError>>> Reader<'t, T> {
    fn location(&self, span: Span) -> Location {
        Location { file: self.file.clone(), line: span.start.line() }
    }

    fn next(&mut self) -> Result<(Event<'t>, Span), Finding> {
        match self.events.next() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => {
                let location = Location { file: self.file.clone(), line: error.marker().line() };
                Err(Finding::new(&location, Rule::YamlSyntax, error.info().to_owned()))
            }
            None => {
                let location = Location { file: self.file.clone(), line: 1 };
                Err(Finding::new(&location, Rule::YamlSyntax, "the file ends too early"))
            }
        }
    }

    fn end(&mut self) -> Result<(), Finding> {
        loop {
            match self.next()? {
                (Event::StreamEnd, _) => return Ok(()),
                (Event::DocumentEnd, _) => {}
                (_, span) => {
                    return Err(Finding::new(
                        &self.location(span),
                        Rule::YamlSyntax,
                        "a second document in one file",
                    ));
                }
            }
        }
    }

    fn node(&mut self, event: Event<'t>, span: Span) -> Result<Node, Finding> {
        let location = self.location(span);
        let kind = match event {
            Event::Scalar(text, style, 0, None) => Kind::Scalar(scalar(text, style)),
            Event::SequenceStart(0, None) => self.sequence()?,
            Event::MappingStart(0, None) => self.mapping()?,
            Event::Alias(_) | Event::Scalar(..) | Event::SequenceStart(..) | Event::MappingStart(..) => {
                let message = "anchors, aliases and tags are not used here; write the value out, or make it a component";
                return Err(Finding::new(&location, Rule::YamlAnchor, message));
            }
            other => return Err(Finding::new(&location, Rule::YamlSyntax, format!("unexpected {other:?}"))),
        };
        Ok(Node { location, kind })
    }

    fn sequence(&mut self) -> Result<Kind, Finding> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Kind::Sequence(items)),
                (event, span) => items.push(self.node(event, span)?),
            }
        }
    }

    fn mapping(&mut self) -> Result<Kind, Finding> {
        let mut entries: Vec<Entry> = Vec::new();
        loop {
            let (event, span) = self.next()?;
            let location = self.location(span);
            let key = match event {
                Event::MappingEnd => return Ok(Kind::Mapping(entries)),
                Event::Scalar(text, _, 0, None) => text.into_owned(),
                _ => return Err(Finding::new(&location, Rule::YamlSyntax, "a key must be a plain scalar")),
            };
            if let Some(first) = entries.iter().find(|entry| entry.key == key) {
                let message = format!("duplicate key `{key}`, first in line {}", first.location.line);
                return Err(Finding::new(&location, Rule::DuplicateKey, message));
            }
            let (event, span) = self.next()?;
            let value = self.node(event, span)?;
            entries.push(Entry { key, location, value });
        }
    }
}

/// The value of a scalar by the core schema of YAML 1.2; a quoted scalar is always a string.
fn scalar(text: Cow<'_, str>, style: ScalarStyle) -> Value {
    if style != ScalarStyle::Plain {
        return Value::String(text.into_owned());
    }
    match text.as_ref() {
        "" | "~" | "null" => Value::Null,
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        plain => {
            let number = (plain.parse::<i64>().ok().map(Number::from)).or_else(|| {
                plain.parse::<f64>().ok().filter(|_| looks_like_a_number(plain)).and_then(Number::from_f64)
            });
            number.map_or_else(|| Value::String(plain.to_owned()), Value::Number)
        }
    }
}

/// `f64::from_str` also accepts words such as `inf`, `nan` and `e5`; a number in YAML starts with a digit or a sign.
fn looks_like_a_number(text: &str) -> bool {
    let digits = text.trim_start_matches(['-', '+']);
    digits.starts_with(|c: char| c.is_ascii_digit()) && !digits.contains(['x', 'X'])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn yaml_values_keep_types_and_order() {
        let node = parse("b: 1\na: ['2', 2.5, true, null, 2024-01-02, '']\n", "x.yaml").unwrap();
        assert_eq!(node.to_json(), json!({"b": 1, "a": ["2", 2.5, true, null, "2024-01-02", ""]}));
        assert_eq!(node.entries()[0].key, "b");
    }

    #[test]
    fn yaml_nodes_know_their_lines() {
        let node = parse("a:\n  b:\n    - c\n    - d\n", "x.yaml").unwrap();
        assert_eq!(node.get("a").unwrap().get("b").unwrap().items()[1].location.line, 4);
    }

    #[test]
    fn unsupported_yaml_is_an_error_with_its_line() {
        let check = |text: &str, rule: &str, line: usize| {
            let finding = parse(text, "x.yaml").unwrap_err();
            assert_eq!((finding.rule.name(), finding.location.line), (rule, line), "{text:?}: {finding}");
        };
        check("a: 1\nb: 2\na: 3\n", "duplicate-key", 3);
        check("a: &x 1\nb: *x\n", "yaml-anchor", 1);
        check("a: !!str 1\n", "yaml-anchor", 1);
        check("a: [1\nb: 2\n", "yaml-syntax", 2);
        check("", "yaml-syntax", 1);
        check("a: 1\n---\nb: 2\n", "yaml-syntax", 2);
    }
}
