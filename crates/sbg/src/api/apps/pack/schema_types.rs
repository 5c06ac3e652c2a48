//! Types with a name, which a `SchemaDefRequirement` defines. The platform wants them where they are used.

use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;

use serde_json::{Value, json};

use super::files::{Link, problem};
use super::ids::relative;
use super::imports::{Dialect, Imports};
use super::lists::listed;
use crate::error::Result;

/// Types of the language.
const BUILT_IN: [&str; 16] = [
    "Any",
    "Directory",
    "File",
    "array",
    "boolean",
    "double",
    "enum",
    "float",
    "int",
    "long",
    "null",
    "record",
    "stderr",
    "stdin",
    "stdout",
    "string",
];

/// Definitions refer to each other; more levels mean that one contains itself.
const MAX_DEPTH: usize = 32;

/// The types that a process can name, by file and name.
#[derive(Clone, Default)]
pub(super) struct SchemaTypes(HashMap<(Rc<Path>, String), (Value, Rc<Path>)>);

impl SchemaTypes {
    /// Adds the types that the requirement in `file` lists.
    pub(super) fn add(&mut self, types: Value, file: &Rc<Path>, imports: &mut Imports) -> Result<()> {
        let Value::Array(types) = types else {
            return Err(problem(file, "`types` of a `SchemaDefRequirement` is not a list"));
        };
        for entry in types {
            let (value, source) = imports.expand(entry, file, Dialect::V1)?;
            let definitions = match value {
                Value::Array(definitions) => definitions,
                definition => vec![definition],
            };
            for definition in definitions {
                let Some(name) = definition["name"].as_str().map(|name| relative(name, "")) else {
                    return Err(problem(&source, "a type of a `SchemaDefRequirement` has no `name`"));
                };
                // A process may use the short name of a type that it imports.
                self.0.insert((Rc::clone(file), name.clone()), (definition.clone(), Rc::clone(&source)));
                self.0.insert((Rc::clone(&source), name), (definition, Rc::clone(&source)));
            }
        }
        Ok(())
    }

    /// `value`, a type in `file`, with definitions in place of their names.
    pub(super) fn inlined(&self, value: Value, file: &Rc<Path>, imports: &mut Imports) -> Result<Value> {
        self.at_depth(value, file, imports, 0)
    }

    fn at_depth(&self, value: Value, file: &Rc<Path>, imports: &mut Imports, depth: usize) -> Result<Value> {
        if depth > MAX_DEPTH {
            return Err(problem(file, "a type contains itself"));
        }
        imports.count(file)?;
        let (value, file) = &imports.expand(value, file, Dialect::V1)?;
        match value {
            Value::String(text) => self.named(text, file, imports, depth),
            Value::Array(union) => union
                .iter()
                .map(|member| self.at_depth(member.clone(), file, imports, depth + 1))
                .collect::<Result<Vec<_>>>()
                .map(Value::Array),
            Value::Object(schema) => {
                let mut schema = schema.clone();
                if let Some(fields) = schema.get_mut("fields") {
                    let Some(list) = listed(fields.take(), "name", Some("type")) else {
                        return Err(problem(file, "the `fields` of a record type are not a list"));
                    };
                    let mut typed = Vec::new();
                    for mut field in list {
                        if let Some(inner) = field.get_mut("type") {
                            *inner = self.at_depth(inner.take(), file, imports, depth + 1)?;
                        }
                        typed.push(field);
                    }
                    *fields = typed.into();
                }
                for name in ["type", "items"] {
                    if let Some(inner) = schema.get_mut(name) {
                        *inner = self.at_depth(inner.take(), file, imports, depth + 1)?;
                    }
                }
                Ok(Value::Object(schema))
            }
            other => Err(problem(file, format!("`{other}` is not a type"))),
        }
    }

    /// A type by name, which may end in `[]` and `?`.
    fn named(&self, text: &str, file: &Rc<Path>, imports: &mut Imports, depth: usize) -> Result<Value> {
        let required = text.strip_suffix('?');
        let (name, optional) = (required.unwrap_or(text), required.is_some());
        let element = name.trim_end_matches("[]");
        if BUILT_IN.contains(&element) {
            return Ok(text.into());
        }
        let link = if element.contains('#') {
            imports.files.resolve(file, element)?
        } else {
            Link { file: Rc::clone(file), fragment: Some(element.to_owned()) }
        };
        let name_of = link.fragment.clone().unwrap_or_default();
        let Some((definition, source)) = self.0.get(&(link.file, name_of)) else {
            return Err(problem(
                file,
                format!("the type `{element}` is not defined by a `SchemaDefRequirement`"),
            ));
        };
        let mut value = self.at_depth(definition.clone(), source, imports, depth + 1)?;
        for _ in 0..(name.len() - element.len()) / 2 {
            value = json!({"type": "array", "items": value});
        }
        Ok(if optional { json!(["null", value]) } else { value })
    }
}
