//! Checks the documents of the repository: links lead to files and headings that exist, and the README shows its example program.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

use super::WORKSPACE;
use super::guide::anchor;

/// Maximum size of the README in bytes.
const README_SIZE: usize = 8 * 1024;

/// Most lines of the program in the README.
const PROGRAM_LINES: usize = 25;

#[test]
fn readme_is_short_and_shows_its_example() -> Result<()> {
    let root = Path::new(WORKSPACE);
    let readme = fs::read_to_string(root.join("README.md"))?;
    ensure!(readme.len() <= README_SIZE, "README.md has {} bytes, more than {README_SIZE}", readme.len());
    let example = fs::read_to_string(root.join("crates/sbg/examples/first_program.rs"))?;
    let (_, program) = example.split_once("\n\n").context("a comment and a program")?;
    let lines = program.lines().count();
    ensure!(lines <= PROGRAM_LINES, "the program of README.md has {lines} lines, more than {PROGRAM_LINES}");
    ensure!(
        readme.contains(&format!("```rust,no_run\n{program}```")),
        "README.md does not show crates/sbg/examples/first_program.rs"
    );
    Ok(())
}

#[test]
fn links_of_documents_lead_somewhere() -> Result<()> {
    let mut broken = Vec::new();
    for document in documents()? {
        let text = prose(&fs::read_to_string(&document)?);
        for link in links(&text).filter(|link| !link.contains("://") && !link.starts_with("mailto:")) {
            if let Some(problem) = problem(&document, link) {
                broken.push(format!("{}: {link}: {problem}", document.display()));
            }
        }
    }
    ensure!(broken.is_empty(), "broken links:\n{}", broken.join("\n"));
    Ok(())
}

/// The Markdown files of the repository, except for pieces of rustdoc pages.
fn documents() -> Result<Vec<PathBuf>> {
    let mut folders = vec![Path::new(WORKSPACE).canonicalize()?];
    let mut documents = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str()).context("a name in UTF-8")?;
            let is_link = path.symlink_metadata()?.is_symlink();
            if is_link || name.starts_with('.') || ["target", "node_modules", "src"].contains(&name) {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "md") {
                documents.push(path);
            }
        }
    }
    ensure!(documents.len() > 5, "only {} documents found", documents.len());
    Ok(documents)
}

/// The text without code.
fn prose(text: &str) -> String {
    let outside = text.split("\n```").step_by(2).collect::<Vec<_>>().join("\n");
    outside.split('`').step_by(2).collect()
}

/// The targets of inline links and of link definitions.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let inline = text.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0));
    let defined =
        text.lines().filter(|line| line.starts_with('[')).filter_map(|line| Some(line.split_once("]: ")?.1));
    inline.chain(defined)
}

/// What is wrong with a relative link.
fn problem(document: &Path, link: &str) -> Option<&'static str> {
    let (file, heading) = link.split_once('#').unwrap_or((link, ""));
    let target = match file {
        "" => document.to_owned(),
        _ => document.parent()?.join(file),
    };
    if file.split('/').any(|part| part == "target") {
        return Some("leads to build output");
    }
    if !target.exists() {
        return Some("does not exist");
    }
    if heading.is_empty() {
        return None;
    }
    let text = fs::read_to_string(target).unwrap_or_default();
    let mut titles = text
        .lines()
        .filter_map(|line| line.strip_prefix('#'))
        .map(|line| line.trim_start_matches('#').trim());
    (!titles.any(|title| anchor(title) == heading)).then_some("has no such heading")
}

#[test]
fn links_are_found_outside_of_code() {
    let text = "[a](b.md) `[c](d)`\n```rust\n[e](f)\n```\n[g]: h.md\n";
    let text = prose(text);
    assert_eq!(links(&text).collect::<Vec<_>>(), ["b.md", "h.md"]);
}
