//! The source files of the specification: root document, area files, lists of operations and error codes.

pub mod bundle;
pub mod finding;
#[cfg(test)]
pub mod orchard;
pub mod portable;
pub mod rule;
pub mod schema_usage;
pub mod yaml;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use self::finding::{Finding, Findings, Location};
use self::rule::Rule;
use self::yaml::{Entry, Kind, Node};

/// Name of the root document.
const ROOT: &str = "sbg.yaml";

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
    /// The rows of `error-codes.tsv`.
    pub error_codes: Vec<ErrorCode>,
}

/// An area file.
#[derive(Debug)]
pub struct Area {
    /// File name, such as `projects.yaml`.
    pub file: String,
    /// Its content.
    pub root: Node,
}

impl Area {
    /// The name of the area and its tag: the file name without extension.
    pub fn name(&self) -> &str {
        self.file.trim_end_matches(".yaml")
    }
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
    pub location: Location,
}

/// An error code of `error-codes.tsv`.
#[derive(Debug)]
pub struct ErrorCode {
    /// The code.
    pub code: i32,
    /// HTTP status that comes with it.
    pub status: u16,
    /// Group of codes.
    pub group: String,
    /// Standard message.
    pub message: String,
}

/// An operation of an area file.
#[derive(Clone, Copy, Debug)]
pub struct Operation<'s> {
    /// The area of the operation.
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
        let root = yaml::read(&dir.join(ROOT), &shown(ROOT)).map_err(|finding| Findings(vec![finding]))?;
        let mut findings = Vec::new();
        let areas = read_areas(dir, &root, &mut findings);
        let mut listed = read_operations(dir, &mut findings);
        let error_codes = read_error_codes(dir, &mut findings);
        let documents = names_of_documents(&root);
        listed.retain(|row| !documents.contains(&format!("{}.yaml", row.area)));
        Self { root, areas, listed, error_codes }.without(findings)
    }

    /// Reads a document of `x-sbg-documents`: a specification in one file, which is its only area.
    pub fn read_document(dir: &Path, file: &str) -> Result<Self, Findings> {
        let whole = yaml::read(&dir.join(file), &shown(file)).map_err(|finding| Findings(vec![finding]))?;
        let mut findings = Vec::new();
        let listed = read_operations(dir, &mut findings);
        let is_of_area = |entry: &Entry| ["paths", "components"].contains(&entry.key.as_str());
        let (of_area, of_root) = whole.entries().iter().cloned().partition(is_of_area);
        let part =
            |entries: Vec<Entry>| Node { location: whole.location.clone(), kind: Kind::Mapping(entries) };
        let area = Area { file: file.to_owned(), root: part(of_area) };
        let listed = listed.into_iter().filter(|row| row.area == area.name()).collect();
        Self { root: part(of_root), areas: vec![area], listed, error_codes: Vec::new() }.without(findings)
    }

    /// The documents beside the bundle, which are specifications of their own: names of files in `dir`.
    pub fn documents(&self) -> Vec<String> {
        names_of_documents(&self.root)
    }

    fn without(self, mut findings: Vec<Finding>) -> Result<Self, Findings> {
        if findings.is_empty() {
            return Ok(self);
        }
        findings.sort();
        Err(Findings(findings))
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

    /// The component of `reference`, from any area: `common.yaml#/components/KIND/NAME` or `#/components/KIND/NAME`.
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

/// Whether two path templates are equal except for parameter names.
pub fn same_path(one: &str, other: &str) -> bool {
    fn form(path: &str) -> impl Iterator<Item = &str> {
        path.split('/').map(|segment| if segment.starts_with('{') { "{}" } else { segment })
    }
    form(one).eq(form(other))
}

/// Kind and name of the component that a reference names.
pub fn component_name(reference: &str) -> Option<(&str, &str)> {
    reference.split_once("#/components/")?.1.split_once('/')
}

/// The name of a file in findings.
fn shown(file: &str) -> String {
    format!("openapi/{file}")
}

fn names_of_documents(root: &Node) -> Vec<String> {
    let names = root.get("x-sbg-documents").map_or(&[][..], Node::items).iter();
    names.filter_map(Node::as_str).map(str::to_owned).collect()
}

fn read_areas(dir: &Path, root: &Node, findings: &mut Vec<Finding>) -> Vec<Area> {
    let mut areas: Vec<Area> = Vec::new();
    let mut named = BTreeSet::from([ROOT]);
    for item in root.get("x-sbg-areas").map_or(&[][..], Node::items) {
        let Some(file) = item.as_str() else {
            findings.push(Finding::new(
                &item.location,
                Rule::AreaList,
                "an area is named by its file, such as `files.yaml`",
            ));
            continue;
        };
        if !named.insert(file) {
            findings.push(Finding::new(
                &item.location,
                Rule::AreaList,
                format!("`{file}` is listed already: list it once"),
            ));
        } else if !dir.join(file).is_file() {
            let message = format!("there is no file `{file}`: write it, or take it off the list");
            findings.push(Finding::new(&item.location, Rule::AreaList, message));
        } else {
            match yaml::read(&dir.join(file), &shown(file)) {
                Ok(root) => areas.push(Area { file: file.to_owned(), root }),
                Err(finding) => findings.push(finding),
            }
        }
    }
    let documents = names_of_documents(root);
    let there = std::fs::read_dir(dir)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok());
    for file in there.filter(|file| {
        Path::new(file).extension().is_some_and(|ending| ending == "yaml")
            && !named.contains(file.as_str())
            && !documents.contains(file)
    }) {
        let location = Location { file: Arc::from(shown(&file)), line: 1 };
        findings.push(Finding::new(
            &location,
            Rule::AreaList,
            format!("list `{file}` in `x-sbg-areas` of sbg.yaml"),
        ));
    }
    areas
}

fn read_operations(dir: &Path, findings: &mut Vec<Finding>) -> Vec<Listed> {
    let mut listed: Vec<Listed> = Vec::new();
    read_table(dir, "operations.tsv", findings, |location, row| {
        let [area, method, path, operation_id] = row else {
            let message = "a row has four fields, with tabs between them: area, method, path, operation id";
            return Err(Finding::new(&location, Rule::OperationList, message));
        };
        let new = Listed {
            area: (*area).to_owned(),
            method: (*method).to_owned(),
            path: (*path).to_owned(),
            operation_id: (*operation_id).to_owned(),
            location,
        };
        let same = |old: &&Listed| {
            old.operation_id == new.operation_id
                || old.method == new.method && same_path(&old.path, &new.path)
        };
        if let Some(old) = listed.iter().find(same) {
            let message =
                format!("line {} lists this operation or this operation id already", old.location.line);
            return Err(Finding::new(&new.location, Rule::OperationList, message));
        }
        listed.push(new);
        Ok(())
    });
    listed
}

fn read_error_codes(dir: &Path, findings: &mut Vec<Finding>) -> Vec<ErrorCode> {
    let mut codes: Vec<ErrorCode> = Vec::new();
    read_table(dir, "error-codes.tsv", findings, |location, row| {
        let bad = |message: &str| Err(Finding::new(&location, Rule::ErrorCodeList, message));
        let [code, status, group, message] = row else {
            return bad("a row has four fields, with tabs between them: code, HTTP status, group, message");
        };
        let (Ok(code), Ok(status)) = (code.parse(), status.parse()) else {
            return bad("code and HTTP status are numbers");
        };
        if codes.iter().any(|old| old.code == code) {
            return bad("this code has a row already");
        }
        codes.push(ErrorCode { code, status, group: (*group).to_owned(), message: (*message).to_owned() });
        Ok(())
    });
    codes.sort_by_key(|row| row.code);
    codes
}

/// Passes the rows of a table with a header to `row`.
fn read_table(
    dir: &Path,
    file: &str,
    findings: &mut Vec<Finding>,
    mut row: impl FnMut(Location, &[&str]) -> Result<(), Finding>,
) {
    let name: Arc<str> = Arc::from(shown(file));
    let at = |line: usize| Location { file: name.clone(), line };
    match std::fs::read_to_string(dir.join(file)) {
        Ok(text) => {
            for (index, line) in text.lines().enumerate().skip(1) {
                let fields: Vec<&str> = line.split('\t').collect();
                findings.extend(row(at(index + 1), &fields).err());
            }
        }
        Err(error) => findings.push(Finding::new(&at(1), Rule::UnreadableFile, error.to_string())),
    }
}
