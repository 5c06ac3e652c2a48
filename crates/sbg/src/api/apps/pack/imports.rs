//! Replaces `$import` and `$include` by what they name.

use std::path::Path;
use std::rc::Rc;

use serde_json::{Map, Value};

use super::files::{Files, Link, problem};
use super::ids::relative;
use crate::error::Result;

/// Maximum number of files that import each other.
const MAX_DEPTH: usize = 64;
/// Maximum number of values in the packed document: files that are used often grow it beyond their own size.
const MAX_VALUES: usize = 2_000_000;

/// The family of CWL versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// The draft that the platform has extended; it writes `import` and `include` without `$`.
    Draft2,
    /// v1.0 and later.
    V1,
}

/// What a map with one field asks for.
enum Directive<'a> {
    Import(&'a str),
    Include(&'a str),
}

impl Dialect {
    fn directive(self, map: &Map<String, Value>) -> Option<Directive<'_>> {
        let (name, link) = map.iter().next().filter(|_| map.len() == 1)?;
        let link = link.as_str()?;
        match (self, name.as_str()) {
            (_, "$import") | (Self::Draft2, "import") => Some(Directive::Import(link)),
            (_, "$include") | (Self::Draft2, "include") => Some(Directive::Include(link)),
            _ => None,
        }
    }
}

/// Reads what files import.
pub(super) struct Imports {
    pub(super) files: Files,
    importing: Vec<Link>,
    values: usize,
}

impl Imports {
    pub(super) fn new(files: Files) -> Self {
        Self { files, importing: Vec::new(), values: 0 }
    }

    /// `value` of `file` itself, or what it imports; and the file that its links are relative to.
    pub(super) fn expand(
        &mut self,
        value: Value,
        file: &Rc<Path>,
        dialect: Dialect,
    ) -> Result<(Value, Rc<Path>)> {
        let (mut value, mut file, mut followed) = (value, Rc::clone(file), Vec::new());
        while let Some(directive) = value.as_object().and_then(|map| dialect.directive(map)) {
            let link = match directive {
                Directive::Import(link) => self.files.resolve(&file, link)?,
                Directive::Include(link) => {
                    let link = self.files.resolve(&file, link)?;
                    return Ok((self.files.text(&link.file)?.into(), file));
                }
            };
            if followed.contains(&link) {
                return Err(problem(&file, "it imports itself"));
            }
            value = self.part(&link)?;
            file = Rc::clone(&link.file);
            followed.push(link);
        }
        Ok((value, file))
    }

    /// `value` with all imports in it replaced.
    pub(super) fn expanded(&mut self, value: Value, file: &Rc<Path>, dialect: Dialect) -> Result<Value> {
        let depth = self.importing.len();
        let imported = value.as_object().is_some_and(|map| dialect.directive(map).is_some());
        let (value, file) = self.expand(value, file, dialect)?;
        if imported {
            let link = Link { file: Rc::clone(&file), fragment: None };
            if self.importing.contains(&link) || depth >= MAX_DEPTH {
                return Err(problem(&file, "it imports itself, or its imports are nested too deeply"));
            }
            self.importing.push(link);
        }
        self.count(&file)?;
        let value = match value {
            Value::Array(items) => Value::Array(
                items.into_iter().map(|item| self.expanded(item, &file, dialect)).collect::<Result<_>>()?,
            ),
            Value::Object(map) => {
                let entries =
                    map.into_iter().map(|(name, value)| Ok((name, self.expanded(value, &file, dialect)?)));
                Value::Object(entries.collect::<Result<_>>()?)
            }
            scalar => scalar,
        };
        self.importing.truncate(depth);
        Ok(value)
    }

    /// Counts one more value of the packed document.
    pub(super) fn count(&mut self, file: &Path) -> Result<()> {
        self.values += 1;
        if self.values > MAX_VALUES {
            return Err(problem(file, format!("the packed document has more than {MAX_VALUES} values")));
        }
        Ok(())
    }

    /// A file, or the entry of it that a link names.
    fn part(&mut self, link: &Link) -> Result<Value> {
        let document = self.files.document(&link.file)?;
        let Some(name) = &link.fragment else { return Ok((*document).clone()) };
        let entries = document.as_array().map_or(std::slice::from_ref(&*document), Vec::as_slice);
        let named = |entry: &&Value| {
            ["name", "id"].iter().any(|key| entry[*key].as_str().is_some_and(|id| relative(id, "") == *name))
        };
        entries
            .iter()
            .find(named)
            .cloned()
            .ok_or_else(|| problem(&link.file, format!("nothing in it is named `{name}`")))
    }
}
