//! `cargo xtask lint`: checks the specification against the rules of `openapi/README.md` before a generator fails on it.
//!
//! Each submodule has the rules of one subject. They accept any YAML document and continue after a finding.

mod bodies;
mod direction;
mod examples;
mod operations;
mod parameters;
mod references;
mod schemas;
mod structure;
mod text;

#[cfg(test)]
mod tests;

use std::path::Path;

use anyhow::Result;

use crate::spec::Spec;
use crate::spec::finding::{Finding, Findings, Location};
use crate::spec::rule::Rule;
use crate::spec::{bundle, portable};

/// Prints the findings, or the number of checked items if there are none.
pub fn run(root: &Path) -> Result<()> {
    let dir = root.join("openapi");
    let spec = Spec::read(&dir)?;
    let (mut operations, mut schemas) = (0, 0);
    let documents = spec.documents();
    let documents = documents.iter().map(|file| Spec::read_document(&dir, file));
    for spec in std::iter::once(Ok(spec)).chain(documents) {
        let spec = spec?;
        check(&spec)?;
        operations += spec.operations().count();
        schemas += spec.components("schemas").count();
    }
    println!("{operations} operations, {schemas} schemas, no findings");
    Ok(())
}

/// Prints the name and description of every rule.
pub fn print_rules() {
    for rule in Rule::ALL {
        println!("{:<22} {}", rule.name(), rule.description());
    }
}

/// All findings in `spec`, in the order of files and lines.
pub fn check(spec: &Spec) -> Result<(), Findings> {
    let mut lint = Lint { spec, findings: Vec::new() };
    structure::check(&mut lint);
    references::check(&mut lint);
    operations::check(&mut lint);
    parameters::check(&mut lint);
    bodies::check(&mut lint);
    schemas::check(&mut lint);
    direction::check(&mut lint);
    // Examples are checked against the bundle, which needs a valid document, and so does the other bundle.
    if lint.findings.is_empty() {
        examples::check(&mut lint);
        lint.findings.extend(portable::portable(spec, bundle::bundle(spec)).1);
    }
    lint.findings.sort();
    lint.findings.dedup();
    if lint.findings.is_empty() { Ok(()) } else { Err(Findings(lint.findings)) }
}

/// The specification and the findings so far.
struct Lint<'s> {
    spec: &'s Spec,
    findings: Vec<Finding>,
}

impl Lint<'_> {
    fn report(&mut self, location: &Location, rule: Rule, message: impl Into<String>) {
        self.findings.push(Finding::new(location, rule, message));
    }
}
