//! Checks `docs/python-to-rust.md`: its rows are the tested rows, its code is the code of the tests, and its links lead to the files that
//! define the items, so that they work in the repository. Rustdoc takes its links from `crates/sbg/src/guide/links.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::AREAS;

/// The root of the repository.
const WORKSPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
const PAGE: &str = include_str!("../../../docs/python-to-rust.md");
const LINKS: &str = include_str!("../../../crates/sbg/src/guide/links.md");

/// A table row of the page.
#[derive(Debug)]
struct Line {
    python: &'static str,
    /// The code in the second column.
    rust: Vec<&'static str>,
    links: Vec<&'static str>,
}

/// The rows of all tables.
fn lines() -> Vec<Line> {
    let rows = PAGE.lines().filter(|line| line.starts_with("| `"));
    rows.map(|line| {
        let cells: Vec<&str> = line.trim_matches(['|', ' ']).split(" | ").collect();
        let [python, rust, links] = cells[..] else { panic!("not three columns: {line}") };
        // More code in the cell gives other names of the same call.
        let [python, ..] = code(python)[..] else { panic!("no Python call: {line}") };
        let links = links.split(", ").map(|link| link.trim_start_matches('[').trim_end_matches(']'));
        Line { python, rust: code(rust), links: links.collect() }
    })
    .collect()
}

/// The code in a cell.
fn code(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// Code without whitespace and trailing commas, which depend on the formatter.
fn squeezed(code: &str) -> String {
    let text: String = code.chars().filter(|char| !char.is_whitespace()).collect();
    text.replace(",)", ")").replace(",]", "]")
}

/// The link definitions of a page, by label.
fn definitions(page: &str) -> BTreeMap<&str, &str> {
    let lines = page.lines().filter(|line| line.starts_with('['));
    lines
        .map(|line| {
            let (label, target) =
                line[1..].split_once("]: ").unwrap_or_else(|| panic!("no definition: {line}"));
            (label, target)
        })
        .collect()
}

#[test]
fn every_row_of_the_page_is_tested() {
    let of_page: Vec<&str> = lines().iter().map(|line| line.python).collect();
    let tested: Vec<&str> = AREAS.iter().flat_map(|area| (area.rows)()).map(|row| row.python).collect();
    let set = |calls: &[&'static str]| calls.iter().copied().collect::<BTreeSet<&str>>();
    let (page_set, tested_set) = (set(&of_page), set(&tested));
    let untested: Vec<_> = page_set.difference(&tested_set).collect();
    let unlisted: Vec<_> = tested_set.difference(&page_set).collect();
    assert!(untested.is_empty(), "rows of the page without a test: {untested:#?}");
    assert!(unlisted.is_empty(), "tested rows that the page does not have: {unlisted:#?}");
    assert_eq!((of_page.len(), tested.len()), (page_set.len(), tested_set.len()), "a row is listed twice");
}

#[test]
fn tests_run_the_rust_code_of_their_rows() {
    let sources: Vec<String> = AREAS.iter().map(|area| squeezed(area.source)).collect();
    let mut missing = Vec::new();
    for line in lines() {
        let start = format!("row(\"{}\"", squeezed(line.python));
        let test = sources.iter().find_map(|source| {
            let (_, rest) = source.split_once(&start)?;
            Some(rest.split("row(\"").next().unwrap_or(rest))
        });
        let test = test.unwrap_or_else(|| panic!("`{}` has no test", line.python));
        assert!(!line.rust.is_empty(), "`{}` has no Rust call", line.python);
        let absent = line.rust.iter().filter(|rust| !test.contains(&squeezed(rust)));
        missing.extend(absent.map(|rust| format!("`{}` does not run `{rust}`", line.python)));
    }
    assert!(missing.is_empty(), "\n{}", missing.join("\n"));
}

/// The source files below a folder, by path relative to the repository.
fn sources(folder: &str, extension: &str) -> BTreeMap<String, String> {
    let root = Path::new(WORKSPACE);
    let mut folders = vec![root.join(folder)];
    let mut found = BTreeMap::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the repository") {
            let path = entry.expect("an entry of the folder").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                let name = path.strip_prefix(root).expect("a path below the root");
                let text = fs::read_to_string(&path).expect("a text file");
                found.insert(name.to_str().expect("a name in UTF-8").to_owned(), text);
            }
        }
    }
    found
}

/// The file that defines an item: the type of a method, the schema of a data type, or the module.
fn file_of(item: &str, code: &BTreeMap<String, String>, openapi: &BTreeMap<String, String>) -> String {
    let path: Vec<&str> = item.rsplit('@').next().unwrap_or(item).split("::").collect();
    let defines = |text: &str, kinds: &[&str], name: &str| {
        let start = |kind: &str| format!("pub {kind} {name}");
        let is_end = |rest: &str| !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_');
        text.lines().any(|line| kinds.iter().any(|kind| line.strip_prefix(&start(kind)).is_some_and(is_end)))
    };
    let type_name = path.iter().find(|name| name.starts_with(|first: char| first.is_uppercase()));
    let found: Vec<&String> =
        match (path[..].get(1), type_name) {
            (Some(&"types"), Some(name)) => {
                let schema = format!("\n    {name}:\n");
                openapi.iter().filter(|(_, text)| text.contains(&schema)).map(|(file, _)| file).collect()
            }
            (_, Some(name)) => {
                let kinds = ["struct", "enum", "trait", "type"];
                code.iter().filter(|(_, text)| defines(text, &kinds, name)).map(|(file, _)| file).collect()
            }
            (_, None) => {
                let name = path[path.len() - 1];
                let module = [format!("/{name}.rs"), format!("/{name}/mod.rs")];
                let is_module = |file: &str| module.iter().any(|end| file.ends_with(end));
                code.iter()
                    .filter(|(file, text)| {
                        if item.starts_with("mod@") { is_module(file) } else { defines(text, &["fn"], name) }
                    })
                    .map(|(file, _)| file)
                    .collect()
            }
        };
    assert_eq!(found.len(), 1, "files that define {item}: {found:?}");
    found[0].clone()
}

#[test]
fn links_lead_to_the_defining_files() {
    let (mut code, openapi) = (sources("crates/sbg/src", "rs"), sources("openapi", "yaml"));
    // The page shows async code, and the blocking client has the same names.
    code.remove("crates/sbg/src/blocking.rs");
    let mut expected = String::new();
    for (label, item) in definitions(LINKS) {
        writeln!(expected, "[{label}]: ../{}", file_of(item, &code, &openapi)).expect("a string takes all");
    }
    let (text, links) = PAGE.split_at(PAGE.find("\n[`").map_or(PAGE.len(), |end| end + 1));
    if links != expected && std::env::var_os("UPDATE_EXPECT").is_some() {
        let path = Path::new(WORKSPACE).join("docs/python-to-rust.md");
        fs::write(path, format!("{text}{expected}")).expect("the page can be written");
        return;
    }
    assert!(
        links == expected,
        "the links at the end of docs/python-to-rust.md are out of date; run \
         `UPDATE_EXPECT=1 cargo test -p sbg-tests --test behaviour links_lead_to`"
    );
}

#[test]
fn every_row_has_links_with_definitions() {
    let defined = definitions(LINKS);
    let used: BTreeSet<&str> = lines().iter().flat_map(|line| line.links.clone()).collect();
    assert!(!used.contains(""), "a row has no link");
    let undefined: Vec<_> = used.iter().filter(|label| !defined.contains_key(**label)).collect();
    assert!(undefined.is_empty(), "labels without a line in crates/sbg/src/guide/links.md: {undefined:?}");
}
