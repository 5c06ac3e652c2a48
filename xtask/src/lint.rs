//! `cargo xtask lint`: holds the specification to the rules of `openapi/README.md`, before a generator stumbles over it.
//!
//! Each file below has the rules of one subject. They take any document that is YAML, however odd, and go on after a finding.

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
use crate::spec::finding::{Finding, Findings, Place};
use crate::spec::rule::Rule;

/// Prints the findings on the specification below `root`, or what was looked at where there are none.
pub fn run(root: &Path) -> Result<()> {
    let spec = Spec::read(&root.join("openapi"))?;
    check(&spec)?;
    let (operations, schemas) = (spec.operations().count(), spec.components("schemas").count());
    println!("{operations} operations, {schemas} schemas, no findings");
    Ok(())
}

/// Prints name and sentence of every rule.
pub fn print_rules() {
    for rule in Rule::ALL {
        println!("{:<22} {}", rule.name(), rule.says());
    }
}

/// Everything that is wrong with `spec`, in the order of files and lines.
pub fn check(spec: &Spec) -> Result<(), Findings> {
    let mut lint = Lint { spec, findings: Vec::new() };
    structure::check(&mut lint);
    references::check(&mut lint);
    operations::check(&mut lint);
    parameters::check(&mut lint);
    bodies::check(&mut lint);
    schemas::check(&mut lint);
    direction::check(&mut lint);
    // Examples are checked against the bundle, which can be made of a sound document only.
    if lint.findings.is_empty() {
        examples::check(&mut lint);
    }
    lint.findings.sort();
    lint.findings.dedup();
    if lint.findings.is_empty() { Ok(()) } else { Err(Findings(lint.findings)) }
}

/// The specification and what was found in it so far.
struct Lint<'s> {
    spec: &'s Spec,
    findings: Vec<Finding>,
}

impl Lint<'_> {
    fn report(&mut self, place: &Place, rule: Rule, message: impl Into<String>) {
        self.findings.push(Finding::new(place, rule, message));
    }
}
