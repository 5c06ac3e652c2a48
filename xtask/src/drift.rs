//! `cargo xtask drift FILE.jsonl`: holds recorded traffic against the specification, which is how a document that is kept by hand
//! stays true. How an exchange is written and checked is told in [`sbg_document::drift`].

mod decode;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use sbg_document::drift::{Drift, Problem, Report};
use sbg_document::operations;

use crate::lint;
use crate::spec::{Spec, bundle};

/// Checks the exchanges in `file` against the specification below `root`, prints what is wrong with them, and says whether nothing
/// but notices was.
pub fn run(root: &Path, file: &Path) -> Result<bool> {
    let (report, _) =
        hold(root, &[file.to_owned()], |file, problem| println!("{}:{problem}", file.display()))?;
    println!("{report}");
    Ok(report.failed == 0)
}

/// Checks the exchanges in all of `files`, shows what is wrong with them, file by file, and returns what became of them together
/// with the ids of all operations.
pub fn hold(
    root: &Path,
    files: &[PathBuf],
    mut show: impl FnMut(&Path, &Problem),
) -> Result<(Report, BTreeSet<String>)> {
    let spec = Spec::read(&root.join("openapi"))?;
    lint::check(&spec)?;
    let document = bundle::bundle(&spec);
    // One text for all files, so that the decoder is started once; and the number of lines before each file.
    let (mut text, mut starts) = (String::new(), Vec::new());
    for file in files {
        starts.push(text.lines().count());
        text += &std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
    }
    let report = Drift::new(&document)?.check(&text, |answers| decode::decode(root, answers))?;
    for problem in &report.problems {
        let at = starts.partition_point(|start| *start < problem.line) - 1;
        show(&files[at], &Problem { line: problem.line - starts[at], ..problem.clone() });
    }
    let operations = operations(&document).filter_map(|(_, operation)| operation["operationId"].as_str());
    Ok((report, operations.map(str::to_owned).collect()))
}
