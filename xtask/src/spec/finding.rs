//! A finding of the lint: the rule, where it is broken, and why.

use std::fmt;
use std::sync::Arc;

use crate::spec::rule::Rule;

/// A line of a file of the specification.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    /// Path of the file for printing.
    pub file: Arc<str>,
    /// Line, counted from 1.
    pub line: usize,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// One breach of a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The location.
    pub location: Location,
    /// The rule that is broken.
    pub rule: Rule,
    /// What is wrong and, if useful, what to write instead.
    pub message: String,
}

impl Finding {
    /// A breach of `rule` at `location`.
    pub fn new(location: &Location, rule: Rule, message: impl Into<String>) -> Self {
        Self { location: location.clone(), rule, message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.location, self.rule, self.message)
    }
}

/// All findings, in the order of files and lines.
#[derive(Debug)]
pub struct Findings(pub Vec<Finding>);

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.0 {
            writeln!(f, "{finding}")?;
        }
        match self.0.len() {
            1 => f.write_str("1 finding"),
            many => write!(f, "{many} findings"),
        }
    }
}

impl std::error::Error for Findings {}
