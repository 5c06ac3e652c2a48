//! The orchard has no findings; each bad edit of it has one.

mod bad;

use std::collections::BTreeSet;
use std::path::Path;

use super::check;
use crate::spec::Spec;
use crate::spec::finding::{Finding, Findings};
use crate::spec::orchard::{self, FILES};
use crate::spec::rule::Rule;
use bad::BAD;

/// The findings on the orchard after edits, which have the form of [`BAD`].
fn findings(edits: &[(&str, &str, &str)]) -> Vec<Finding> {
    let dir = tempfile::tempdir().unwrap();
    orchard::plant(dir.path());
    for (file, old, new) in edits {
        let path = dir.path().join(file);
        let edited = if old.is_empty() {
            (*new).to_owned()
        } else {
            let text = std::fs::read_to_string(&path).unwrap();
            assert_eq!(text.matches(old).count(), 1, "{old:?} in {file}");
            text.replacen(old, new, 1)
        };
        std::fs::write(path, edited).unwrap();
    }
    match Spec::read(dir.path()).and_then(|spec| check(&spec)) {
        Ok(()) => Vec::new(),
        Err(Findings(findings)) => findings,
    }
}

/// The line of an edit of `file`: the one with the mark `#!`, else the one where the edit starts.
fn line_of(file: &str, old: &str, new: &str) -> usize {
    let good = FILES.iter().find(|(name, _)| *name == file).map_or("", |(_, text)| text);
    let start = if old.is_empty() { 0 } else { good.find(old).unwrap() };
    good[..start].matches('\n').count() + new[..new.find("#!").unwrap_or(0)].matches('\n').count() + 1
}

#[test]
fn valid_specification_has_no_findings() {
    assert_eq!(findings(&[]), []);
}

#[test]
fn each_rule_finds_its_violation() {
    let mut missed = Vec::new();
    for (rule, file, old, new) in BAD {
        let found = findings(&[(file, old, new)]);
        let (shown, line) = (format!("openapi/{file}"), line_of(file, old, new));
        let is_it = |f: &Finding| f.rule == *rule && *f.location.file == *shown && f.location.line == line;
        if !found.iter().any(is_it) {
            missed.push(format!("{rule} in {shown}:{line} by {new:?}:\n{}", Findings(found)));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n\n"));
}

#[test]
fn every_rule_has_a_name_and_a_bad_document() {
    let tried: BTreeSet<Rule> = BAD.iter().map(|(rule, ..)| *rule).collect();
    let untried: Vec<_> =
        Rule::ALL.iter().filter(|rule| !tried.contains(rule) && **rule != Rule::UnreadableFile).collect();
    assert!(untried.is_empty(), "{untried:?}");
    let names: BTreeSet<&str> = Rule::ALL.iter().map(|rule| rule.name()).collect();
    assert_eq!(names.len(), Rule::ALL.len());
}

#[test]
fn missing_file_is_named() {
    let found = Spec::read(Path::new("/nowhere")).unwrap_err();
    assert_eq!((found.0[0].rule, &*found.0[0].location.file), (Rule::UnreadableFile, "openapi/sbg.yaml"));
}

#[test]
fn findings_are_sorted_by_file_and_line() {
    let found = findings(&[
        ("pears.yaml", "summary: Plant a pear", "summary: Plant a pear."),
        ("pears.yaml", "summary: List pears", "summary: List pears."),
        ("figs.yaml", "summary: List figs", "summary: List figs."),
    ]);
    let shown: Vec<String> = found.iter().map(|finding| finding.location.to_string()).collect();
    assert_eq!(shown, ["openapi/figs.yaml:7", "openapi/pears.yaml:7", "openapi/pears.yaml:45"]);
}

/// The lint never panics: each value of the orchard is replaced by one of every other kind.
#[test]
fn no_document_makes_the_lint_panic() {
    let odd_values = ["null", "5", "[5, {}]", "{odd: {odd: odd}}", "{$ref: 7}"];
    for (file, text) in &FILES[..4] {
        for odd in odd_values {
            findings(&[(file, "", odd)]);
        }
        for (index, line) in text.lines().enumerate() {
            let Some((key, _)) =
                line.split_once(": ").or_else(|| line.strip_suffix(':').map(|key| (key, "")))
            else {
                continue;
            };
            for odd in odd_values {
                let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
                lines[index] = format!("{key}: {odd}");
                // Lines below a key are removed with its value.
                let indent = line.len() - line.trim_start().len();
                let below =
                    lines[index + 1..].iter().take_while(|l| l.len() - l.trim_start().len() > indent).count();
                lines.drain(index + 1..=index + below);
                findings(&[(file, "", &lines.join("\n"))]);
            }
        }
    }
}

#[test]
fn repository_specification_has_no_findings() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let spec = Spec::read(&root.join("openapi")).unwrap_or_else(|findings| panic!("{findings}"));
    check(&spec).unwrap_or_else(|findings| panic!("{findings}"));
    assert!(spec.listed.len() >= 166, "a row of operations.tsv is lost: the API has 166 operations at least");
    assert_eq!(spec.operations().count(), spec.listed.len());
}
