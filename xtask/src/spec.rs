//! The sources of the specification as they are on disk: the root document, the area files and the list of operations.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::finding::{Finding, Findings, Place};
use crate::rule::Rule;
use crate::yaml::{self, Entry, Node};

/// Name of the file that several areas share.
pub const COMMON: &str = "common.yaml";

/// HTTP methods in the order in which OpenAPI lists them.
const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// The specification, read but not yet checked.
#[derive(Debug)]
pub struct Spec {
    /// `sbg.yaml`.
    pub root: Node,
    /// The area files in the order of `x-sbg-areas`.
    pub areas: Vec<Area>,
    /// The rows of `operations.tsv`.
    pub listed: Vec<Listed>,
}

/// An area file.
#[derive(Debug)]
pub struct Area {
    /// File name, such as `projects.yaml`.
    pub file: String,
    /// Its content.
    pub root: Node,
}

/// An operation of `operations.tsv`.
#[derive(Debug)]
pub struct Listed {
    /// Area, which is the tag and the name of the file.
    pub area: String,
    /// HTTP method in upper case.
    pub method: String,
    /// Path template.
    pub path: String,
    /// Operation id.
    pub operation_id: String,
    /// Row of the list.
    pub place: Place,
}

/// An operation of an area file.
#[derive(Clone, Copy, Debug)]
pub struct Operation<'s> {
    /// The area it stands in.
    pub area: &'s Area,
    /// The entry of the path.
    pub path: &'s Entry,
    /// The entry of the method.
    pub method: &'s Entry,
}

impl<'s> Operation<'s> {
    /// The operation object.
    pub fn node(&self) -> &'s Node {
        &self.method.value
    }

    /// Parameters of the path, then those of the operation.
    pub fn parameters(&self) -> impl Iterator<Item = &'s Node> + use<'s> {
        let of = |node: &'s Node| node.get("parameters").map_or(&[][..], Node::items);
        of(&self.path.value).iter().chain(of(&self.method.value))
    }
}

impl Spec {
    /// Reads the specification in the folder `dir`.
    pub fn read(dir: &Path) -> Result<Self, Findings> {
        let shown = |file: &str| format!("openapi/{file}");
        let one = |finding: Finding| Findings(vec![finding]);
        let root = yaml::read(&dir.join("sbg.yaml"), &shown("sbg.yaml")).map_err(one)?;
        let mut findings = Vec::new();
        let mut areas = Vec::new();
        for item in root.get("x-sbg-areas").map_or(&[][..], Node::items) {
            let Some(file) = item.as_str() else {
                findings.push(Finding::new(&item.place, Rule::AreaList, "an area is named by its file"));
                continue;
            };
            if !dir.join(file).is_file() {
                findings.push(Finding::new(&item.place, Rule::AreaList, format!("there is no file `{file}`")));
                continue;
            }
            match yaml::read(&dir.join(file), &shown(file)) {
                Ok(root) => areas.push(Area { file: file.to_owned(), root }),
                Err(finding) => findings.push(finding),
            }
        }
        if !findings.is_empty() {
            return Err(Findings(findings));
        }
        let listed = read_list(dir.join("operations.tsv"), &shown("operations.tsv")).map_err(one)?;
        Ok(Self { root, areas, listed })
    }

    /// All operations, in the order of the files.
    pub fn operations(&self) -> impl Iterator<Item = Operation<'_>> {
        self.areas.iter().flat_map(|area| {
            let paths = area.root.get("paths").map_or(&[][..], Node::entries);
            paths.iter().flat_map(move |path| {
                (path.value.entries().iter())
                    .filter(|entry| METHODS.contains(&entry.key.as_str()))
                    .map(move |method| Operation { area, path, method })
            })
        })
    }

    /// All components of one kind (`schemas`, `parameters`), with their area.
    pub fn components<'s>(&'s self, kind: &'s str) -> impl Iterator<Item = (&'s Area, &'s Entry)> {
        self.areas.iter().flat_map(move |area| {
            let of_kind = area.root.get("components").and_then(|c| c.get(kind));
            of_kind.map_or(&[][..], Node::entries).iter().map(move |entry| (area, entry))
        })
    }

    /// The component that `reference` names, seen from any area: `common.yaml#/components/KIND/NAME` or `#/components/KIND/NAME`.
    pub fn resolve<'s>(&'s self, reference: &'s str) -> Option<&'s Node> {
        let (kind, name) = component_name(reference)?;
        self.components(kind).find(|(_, entry)| entry.key == name).map(|(_, entry)| &entry.value)
    }

    /// A node itself, or what it refers to.
    pub fn follow<'s>(&'s self, node: &'s Node) -> Option<&'s Node> {
        match node.get("$ref").and_then(Node::as_str) {
            Some(reference) => self.resolve(reference),
            None => Some(node),
        }
    }
}

/// Kind and name of the component that a reference names.
pub fn component_name(reference: &str) -> Option<(&str, &str)> {
    reference.split_once("#/components/")?.1.split_once('/')
}

fn read_list(path: PathBuf, name: &str) -> Result<Vec<Listed>, Finding> {
    let at = |line: usize| Place { file: Arc::from(name), line };
    let text = std::fs::read_to_string(path)
        .map_err(|error| Finding::new(&at(1), Rule::UnreadableFile, error.to_string()))?;
    let mut rows = Vec::new();
    for (index, row) in text.lines().enumerate().skip(1) {
        let place = at(index + 1);
        let [area, method, path, operation_id] = row.split('\t').collect::<Vec<_>>()[..] else {
            let message = "a row has four fields: area, method, path, operation id";
            return Err(Finding::new(&place, Rule::OperationList, message));
        };
        rows.push(Listed {
            area: area.to_owned(),
            method: method.to_owned(),
            path: path.to_owned(),
            operation_id: operation_id.to_owned(),
            place,
        });
    }
    Ok(rows)
}
