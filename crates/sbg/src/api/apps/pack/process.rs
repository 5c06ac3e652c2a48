//! Processes: tools, workflows and the processes in their steps.

use std::path::Path;
use std::rc::Rc;

use serde_json::{Map, Value};

use super::files::{Files, Link, problem};
use super::ids::{relative, relative_all};
use super::imports::{Dialect, Imports};
use super::lists::listed;
use super::schema_types::SchemaTypes;
use crate::error::{Error, Result};

/// Workflows in workflows; more are not readable either.
const MAX_DEPTH: usize = 32;

/// Packs processes.
pub(super) struct Packer {
    imports: Imports,
    /// The processes around the current one, outermost first.
    around: Vec<Link>,
    /// The prefixes of all files.
    namespaces: Map<String, Value>,
}

/// What a process and its parts have in common.
struct Scope {
    file: Rc<Path>,
    /// The id of the process, which absolute ids begin with.
    owner: String,
    dialect: Dialect,
    types: SchemaTypes,
}

impl Packer {
    pub(super) fn new(files: Files) -> Self {
        Self { imports: Imports::new(files), around: Vec::new(), namespaces: Map::new() }
    }

    /// The packed process.
    pub(super) fn pack(mut self, start: Link) -> Result<Value> {
        let mut process = self.linked(start, None)?;
        if !self.namespaces.is_empty() {
            process.insert("$namespaces".to_owned(), self.namespaces.into());
        }
        Ok(process.into())
    }

    /// The process that a link names, in a step of a process with this scope.
    fn linked(&mut self, link: Link, parent: Option<&Scope>) -> Result<Map<String, Value>> {
        if self.around.contains(&link) {
            let chain: Vec<_> = self.around.iter().chain([&link]).map(shown).collect();
            return Err(Error::invalid(format!(
                "cannot pack `{}`: it runs itself: {}",
                shown(&link),
                chain.join(" -> ")
            )));
        }
        if self.around.len() >= MAX_DEPTH {
            return Err(problem(
                &link.file,
                format!("workflows are nested more than {MAX_DEPTH} levels deep"),
            ));
        }
        let document = self.imports.files.document(&link.file)?;
        let process = pick(&document, &link)?;
        let file = Rc::clone(&link.file);
        self.around.push(link);
        let packed = self.process(process, file, parent)?;
        self.around.pop();
        Ok(packed)
    }

    fn process(
        &mut self,
        process: Map<String, Value>,
        file: Rc<Path>,
        parent: Option<&Scope>,
    ) -> Result<Map<String, Value>> {
        check_class(&process, &file)?;
        let dialect = dialect(&process, &file, parent)?;
        let owner = process.get("id").and_then(Value::as_str).map_or_else(String::new, |id| relative(id, ""));
        // A process inside of another one in the same file sees the types of that one.
        let types = parent.map_or_else(SchemaTypes::default, |parent| parent.types.clone());
        let mut scope = Scope { file, owner, dialect, types };
        let requirements = ["requirements", "hints"].map(|name| process.get(name).cloned());
        let mut kept = Vec::new();
        for requirement in requirements {
            kept.push(requirement.map(|list| self.requirements(list, &mut scope)).transpose()?);
        }
        let (hints, requirements) = (kept.pop().flatten(), kept.pop().flatten());
        let mut packed = Map::new();
        for (name, value) in process {
            let value = match (name.as_str(), scope.dialect) {
                ("$namespaces", _) => {
                    self.add_namespaces(value, &scope.file)?;
                    continue;
                }
                // Ontologies, which check annotations: files that the platform does not have.
                ("$schemas", _) => continue,
                ("steps", _) => self.steps(value, &scope)?,
                (_, Dialect::Draft2) => self.expanded(value, &scope)?,
                ("requirements", _) => requirements.clone().unwrap_or_default(),
                ("hints", _) => hints.clone().unwrap_or_default(),
                ("inputs" | "outputs", _) => self.parameters(&name, value, &scope)?,
                ("id", _) => relative_all(value, ""),
                _ => self.expanded(value, &scope)?,
            };
            packed.insert(name, value);
        }
        Ok(packed)
    }

    fn expanded(&mut self, value: Value, scope: &Scope) -> Result<Value> {
        self.imports.expanded(value, &scope.file, scope.dialect)
    }

    /// The entries of a list, each with the file that its links are relative to.
    fn entries(
        &mut self,
        name: &str,
        value: Value,
        (key, short): (&str, Option<&str>),
        scope: &Scope,
    ) -> Result<Vec<(Value, Rc<Path>)>> {
        let (value, file) = self.imports.expand(value, &scope.file, scope.dialect)?;
        let Some(list) = listed(value, key, short) else {
            return Err(problem(&file, format!("`{name}` is neither a list nor a map")));
        };
        list.into_iter().map(|entry| self.imports.expand(entry, &file, scope.dialect)).collect()
    }

    /// The requirements without the types, which are added to the scope.
    fn requirements(&mut self, value: Value, scope: &mut Scope) -> Result<Value> {
        let mut kept = Vec::new();
        for (mut requirement, file) in self.entries("requirements", value, ("class", None), scope)? {
            if scope.dialect == Dialect::V1 && requirement["class"] == "SchemaDefRequirement" {
                scope.types.add(requirement["types"].take(), &file, &mut self.imports)?;
            } else {
                kept.push(self.imports.expanded(requirement, &file, scope.dialect)?);
            }
        }
        Ok(kept.into())
    }

    /// The inputs or outputs.
    fn parameters(&mut self, name: &str, value: Value, scope: &Scope) -> Result<Value> {
        let mut parameters = Vec::new();
        for (mut parameter, file) in self.entries(name, value, ("id", Some("type")), scope)? {
            let kind = parameter.get_mut("type").map(Value::take);
            parameter = relative_all(self.imports.expanded(parameter, &file, scope.dialect)?, &scope.owner);
            if let Some(kind) = kind {
                parameter["type"] = scope.types.inlined(kind, &file, &mut self.imports)?;
            }
            if let Some(source) = parameter.get_mut("outputSource") {
                *source = relative_all(source.take(), &scope.owner);
            }
            parameters.push(parameter);
        }
        Ok(parameters.into())
    }

    fn steps(&mut self, value: Value, scope: &Scope) -> Result<Value> {
        let mut steps = Vec::new();
        for (step, file) in self.entries("steps", value, ("id", None), scope)? {
            let Value::Object(step) = step else { return Err(problem(&file, "a step is not a map")) };
            steps.push(self.step(step, file, scope)?);
        }
        Ok(steps.into())
    }

    fn step(&mut self, step: Map<String, Value>, file: Rc<Path>, scope: &Scope) -> Result<Value> {
        let Scope { owner, dialect, types, .. } = scope;
        let mut inner = Scope { file, owner: owner.clone(), dialect: *dialect, types: types.clone() };
        let id = step.get("id").and_then(Value::as_str).map_or_else(String::new, |id| relative(id, owner));
        // Inside of the step ids begin with its own.
        let below = if owner.is_empty() { id } else { format!("{owner}/{id}") };
        let mut packed = Map::new();
        for (name, value) in step {
            let value = match (name.as_str(), *dialect) {
                ("run", _) => self.run(value, &inner)?.into(),
                (_, Dialect::Draft2) => self.expanded(value, &inner)?,
                ("id", _) => relative_all(value, owner),
                ("in", _) => self.step_inputs(value, &below, &inner)?,
                ("out" | "scatter", _) => relative_all(self.expanded(value, &inner)?, &below),
                ("requirements" | "hints", _) => self.requirements(value, &mut inner)?,
                _ => self.expanded(value, &inner)?,
            };
            packed.insert(name, value);
        }
        Ok(packed.into())
    }

    /// The process that a step runs.
    fn run(&mut self, value: Value, scope: &Scope) -> Result<Map<String, Value>> {
        // Only draft-2 imports the process; later versions name it.
        let link = value.as_str().or_else(|| match scope.dialect {
            Dialect::Draft2 => value.get("import").or_else(|| value.get("$import"))?.as_str(),
            Dialect::V1 => value.get("$import")?.as_str(),
        });
        if let Some(link) = link {
            let link = self.imports.files.resolve(&scope.file, link)?;
            let name = link.fragment.clone().or_else(|| Some(link.file.file_stem()?.to_str()?.to_owned()));
            let mut process = self.linked(link, Some(scope))?;
            if let (false, Some(name)) = (process.contains_key("id"), name) {
                process.insert("id".to_owned(), name.into());
            }
            return Ok(process);
        }
        let Value::Object(process) = value else {
            return Err(problem(&scope.file, "the `run` of a step is neither a file nor a process"));
        };
        self.process(process, Rc::clone(&scope.file), Some(scope))
    }

    fn step_inputs(&mut self, value: Value, step: &str, scope: &Scope) -> Result<Value> {
        let mut inputs = Vec::new();
        for (input, file) in self.entries("in", value, ("id", Some("source")), scope)? {
            let mut input = relative_all(self.imports.expanded(input, &file, scope.dialect)?, step);
            if let Some(source) = input.get_mut("source") {
                *source = relative_all(source.take(), &scope.owner);
            }
            inputs.push(input);
        }
        Ok(inputs.into())
    }

    /// Prefixes stand once, at the top.
    fn add_namespaces(&mut self, value: Value, file: &Path) -> Result<()> {
        let Value::Object(prefixes) = value else { return Err(problem(file, "`$namespaces` is not a map")) };
        for (prefix, url) in prefixes {
            match self.namespaces.get(&prefix) {
                Some(known) if *known != url => {
                    return Err(problem(
                        file,
                        format!("its prefix `{prefix}` is {url}, but {known} elsewhere"),
                    ));
                }
                _ => drop(self.namespaces.insert(prefix, url)),
            }
        }
        Ok(())
    }
}

/// The process of a document that a link names.
fn pick(document: &Value, link: &Link) -> Result<Map<String, Value>> {
    let Some(map) = document.as_object() else {
        return Err(problem(&link.file, "it is not a CWL description"));
    };
    let id_of = |process: &Value| process["id"].as_str().map(|id| relative(id, ""));
    let Some(graph) = map.get("$graph") else {
        return match &link.fragment {
            Some(name) if id_of(document).as_ref() != Some(name) => Err(unnamed(link, name)),
            _ => Ok(map.clone()),
        };
    };
    let graph = graph.as_array().map(Vec::as_slice).unwrap_or_default();
    let name = link.fragment.as_deref().unwrap_or("main");
    let found = graph.iter().find(|process| id_of(process).as_deref() == Some(name));
    let found = match (found, graph) {
        (None, [only]) if link.fragment.is_none() => only,
        (found, _) => found.ok_or_else(|| unnamed(link, name))?,
    };
    let Some(mut process) = found.as_object().cloned() else {
        return Err(problem(&link.file, format!("`{name}` is not a CWL process")));
    };
    for shared in ["cwlVersion", "$namespaces"] {
        if let Some(value) = map.get(shared).filter(|_| !process.contains_key(shared)) {
            process.insert(shared.to_owned(), value.clone());
        }
    }
    Ok(process)
}

fn unnamed(link: &Link, name: &str) -> Error {
    problem(&link.file, format!("no process in it is named `{name}`"))
}

fn check_class(process: &Map<String, Value>, file: &Path) -> Result<()> {
    match process.get("class").and_then(Value::as_str) {
        Some("CommandLineTool" | "Workflow" | "ExpressionTool" | "Operation") => Ok(()),
        Some(class) => Err(problem(file, format!("`{class}` is not a class of CWL processes"))),
        None => Err(problem(file, "it has no `class`, as every CWL process has")),
    }
}

fn dialect(process: &Map<String, Value>, file: &Path, parent: Option<&Scope>) -> Result<Dialect> {
    match process.get("cwlVersion").and_then(Value::as_str) {
        Some("sbg:draft-2" | "draft-2") => Ok(Dialect::Draft2),
        Some(version) if version.starts_with("v1.") => Ok(Dialect::V1),
        Some(version) => {
            Err(problem(file, format!("CWL `{version}` is not supported, only v1.0 to v1.2 and draft-2")))
        }
        None => parent
            .map(|parent| parent.dialect)
            .ok_or_else(|| problem(file, "it has no `cwlVersion`, such as v1.2")),
    }
}

fn shown(link: &Link) -> String {
    let name = link.file.file_name().unwrap_or(link.file.as_os_str()).display();
    link.fragment.as_ref().map_or_else(|| name.to_string(), |fragment| format!("{name}#{fragment}"))
}
