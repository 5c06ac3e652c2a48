//! The page itself: its rows are those that are tested, its code is the code of the tests, and its links lead where rustdoc's do.

use std::collections::{BTreeMap, BTreeSet};

use super::AREAS;

const PAGE: &str = include_str!("../../../docs/python-to-rust.md");
const LINKS: &str = include_str!("../../../crates/sbg/src/guide/links.md");

/// A row as the page has it.
#[derive(Debug)]
struct Line {
    python: &'static str,
    /// The pieces of code of the second column.
    rust: Vec<&'static str>,
    links: Vec<&'static str>,
}

/// The rows of all tables.
fn lines() -> Vec<Line> {
    let rows = PAGE.lines().filter(|line| line.starts_with("| `"));
    rows.map(|line| {
        let cells: Vec<&str> = line.trim_matches(['|', ' ']).split(" | ").collect();
        let [python, rust, links] = cells[..] else { panic!("not three columns: {line}") };
        // What stands behind the first one are other names of it.
        let [python, ..] = code(python)[..] else { panic!("no Python call: {line}") };
        let links = links.split(", ").map(|link| link.trim_start_matches('[').trim_end_matches(']'));
        Line { python, rust: code(rust), links: links.collect() }
    })
    .collect()
}

/// The pieces of a cell that are code.
fn code(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// Code without what a formatter puts between its words.
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
fn the_rows_of_the_page_are_those_that_are_tested() {
    let of_page: Vec<&str> = lines().iter().map(|line| line.python).collect();
    let tested: Vec<&str> = AREAS.iter().flat_map(|area| (area.rows)()).map(|row| row.python).collect();
    let set = |calls: &[&'static str]| calls.iter().copied().collect::<BTreeSet<&str>>();
    let (page_set, tested_set) = (set(&of_page), set(&tested));
    let untested: Vec<_> = page_set.difference(&tested_set).collect();
    let unlisted: Vec<_> = tested_set.difference(&page_set).collect();
    assert!(untested.is_empty(), "rows of the page without a test: {untested:#?}");
    assert!(unlisted.is_empty(), "tested rows that the page does not have: {unlisted:#?}");
    assert_eq!((of_page.len(), tested.len()), (page_set.len(), tested_set.len()), "a row is there twice");
}

#[test]
fn the_rust_code_of_a_row_is_what_its_test_runs() {
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

/// The path of an item in the address of its page: `users/struct.Users.html#method.me` is `crate::users::Users::me`.
fn path_of(address: &str) -> String {
    let crates = [("../target/doc/sbg/", "crate"), ("../target/doc/sbg_raw/", "crate::raw")];
    let found = crates.iter().find_map(|(base, root)| Some((*root, address.strip_prefix(base)?)));
    let (root, page) = found.unwrap_or_else(|| panic!("not a page of the documentation: {address}"));
    let (page, member) = page.split_once('#').unwrap_or((page, ""));
    let (folder, file) = page.rsplit_once('/').unwrap_or(("", page));
    let mut path = vec![root];
    path.extend(folder.split('/').filter(|module| !module.is_empty()));
    let (kind, name) = file.trim_end_matches(".html").split_once('.').unwrap_or(("mod", ""));
    path.extend([name].into_iter().filter(|name| !name.is_empty()));
    path.extend(member.split_once('.').map(|(_, member)| member));
    let kind = match (kind, member.is_empty()) {
        ("fn", _) => "fn@",
        ("trait", true) => "trait@",
        ("enum", true) => "enum@",
        ("struct", true) => "struct@",
        ("mod", true) => "mod@",
        _ => "",
    };
    format!("{kind}{}", path.join("::"))
}

#[test]
fn links_lead_from_the_repository_to_where_they_lead_within_the_documentation() {
    let (page, links) = (definitions(PAGE), definitions(LINKS));
    let derived: BTreeMap<&str, String> = page.iter().map(|(label, url)| (*label, path_of(url))).collect();
    let links: BTreeMap<&str, String> =
        links.into_iter().map(|(label, path)| (label, path.to_owned())).collect();
    assert_eq!(derived, links);

    let used: BTreeSet<&str> = lines().iter().flat_map(|line| line.links.clone()).collect();
    assert!(!used.contains(""), "a row has no link");
    let undefined: Vec<_> = used.iter().filter(|label| !page.contains_key(**label)).collect();
    assert!(undefined.is_empty(), "links without a definition: {undefined:?}");
}
