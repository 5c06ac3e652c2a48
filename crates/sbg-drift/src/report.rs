//! The results: problems and their counts.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};

use serde::{Deserialize, Serialize};

/// The position of an exchange in a file, counted from 1.
///
/// ```
/// assert_eq!(sbg_drift::Position::Entry(17).to_string(), "entry 17");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Position {
    /// A line of a file of JSON lines.
    Line(usize),
    /// An entry of a HAR file.
    Entry(usize),
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "{line}"),
            Self::Entry(entry) => write!(f, "entry {entry}"),
        }
    }
}

/// A problem with an exchange.
///
/// ```
/// # fn example(problem: &sbg_drift::Problem) {
/// if problem.kind != sbg_drift::Kind::Notice {
///     eprintln!("{problem}");
/// }
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Problem {
    /// The exchange.
    #[serde(flatten)]
    pub position: Position,
    /// The kind of the problem.
    pub kind: Kind,
    /// The class of a notice.
    pub class: Option<Class>,
    /// Operation id; empty if there is no such operation.
    pub operation: String,
    /// A description.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: ", self.position, self.kind)?;
        if !self.operation.is_empty() {
            write!(f, "{}: ", self.operation)?;
        }
        if let Some(class) = self.class {
            write!(f, "{class}: ")?;
        }
        f.write_str(&self.message)
    }
}

macro_rules! names {
    ($(#[$outer:meta])* $name:ident { $($(#[$inner:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$outer])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum $name { $($(#[$inner])* #[serde(rename = $text)] $variant,)* }

        impl $name {
            /// The name, in kebab-case.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

names! {
    /// Kinds of problems. All except notices are failures.
    Kind {
        /// The entry is not an exchange.
        Malformed = "malformed",
        /// There is no such operation.
        NoOperation = "no-operation",
        /// A part of the path violates the schema of its parameter.
        Path = "path",
        /// A query parameter is undeclared, missing, or violates its schema.
        Query = "query",
        /// The request violates its schema.
        Request = "request",
        /// The response violates its schema.
        Response = "response",
        /// The response cannot be decoded as the generated type.
        Decode = "decode",
        /// Not a failure.
        Notice = "notice",
    }
}

names! {
    /// Classes of notices.
    Class {
        /// The document does not name a field or a body.
        Unnamed = "unnamed",
        /// The document refuses a request, and so did the platform.
        Refused = "refused",
        /// A text in a request has another form than the document says, and no response shows whether the platform takes it.
        Form = "form",
        /// The path ends in a slash.
        TrailingSlash = "trailing-slash",
        /// A boolean that is not `true` or `false`, such as `True`.
        Boolean = "boolean",
        /// A number or a boolean as text, or text as a number.
        Scalar = "scalar",
        /// A value of a closed set in another case, such as `ADMIN`.
        LetterCase = "letter-case",
        /// A field is null, but can only be omitted.
        NullField = "null-field",
        /// `fields`, `limit` or `offset` on an operation that does not declare them.
        CommonParameter = "common-parameter",
        /// A query parameter repeats a part of the path.
        RepeatedParameter = "repeated-parameter",
        /// The document has a body, but the recording does not; it may have been omitted from the recording.
        NoBody = "no-body",
        /// The body is `null`, but the document has an object.
        NullBody = "null-body",
        /// The recording has no response.
        NoResponse = "no-response",
    }
}

/// The counts of one operation.
///
/// ```
/// # fn example(report: &sbg_drift::Report) {
/// println!("{} calls of file_get failed", report.by_operation["file_get"].failed);
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Tally {
    /// Exchanges.
    pub exchanges: usize,
    /// Exchanges with a problem other than a notice.
    pub failed: usize,
    /// Notices.
    pub notices: usize,
    /// Exchanges with a status from 200 to 299.
    pub succeeded: usize,
}

/// The counts of a file.
///
/// ```
/// # fn example(report: &sbg_drift::Report) {
/// println!("{report}\n{}", report.table());
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Report {
    /// Exchanges that were checked.
    pub exchanges: usize,
    /// Exchanges with a problem other than a notice.
    pub failed: usize,
    /// Notices.
    pub notices: usize,
    /// Exchanges with other hosts and preflight requests of browsers, which are not checked.
    pub elsewhere: usize,
    /// The counts of each operation. Calls of no operation have the empty name.
    pub by_operation: BTreeMap<String, Tally>,
}

impl Report {
    /// The ids of the operations that were called successfully.
    pub fn succeeded(&self) -> BTreeSet<&str> {
        let called = self.by_operation.iter().filter(|(id, tally)| tally.succeeded > 0 && !id.is_empty());
        called.map(|(id, _)| id.as_str()).collect()
    }

    /// Adds the counts of another file.
    pub fn add(&mut self, other: &Self) {
        self.exchanges += other.exchanges;
        self.failed += other.failed;
        self.notices += other.notices;
        self.elsewhere += other.elsewhere;
        for (operation, tally) in &other.by_operation {
            let sum = self.by_operation.entry(operation.clone()).or_default();
            sum.exchanges += tally.exchanges;
            sum.failed += tally.failed;
            sum.notices += tally.notices;
            sum.succeeded += tally.succeeded;
        }
    }

    /// A table with a row for each operation.
    pub fn table(&self) -> String {
        let mut table = format!("{:<36} {:>9} {:>7} {:>8}\n", "operation", "exchanges", "failed", "notices");
        for (id, tally) in &self.by_operation {
            let id = if id.is_empty() { "(none)" } else { id };
            let Tally { exchanges, failed, notices, .. } = tally;
            // Writing to a String cannot fail.
            let _ = writeln!(table, "{id:<36} {exchanges:>9} {failed:>7} {notices:>8}");
        }
        table
    }

    pub(crate) fn count(&mut self, problems: &[Problem], operation: &str, succeeded: bool) {
        let notices = problems.iter().filter(|problem| problem.kind == Kind::Notice).count();
        let failed = usize::from(notices < problems.len());
        let tally = self.by_operation.entry(operation.to_owned()).or_default();
        tally.exchanges += 1;
        tally.failed += failed;
        tally.notices += notices;
        tally.succeeded += usize::from(succeeded);
        self.exchanges += 1;
        self.failed += failed;
        self.notices += notices;
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} exchanges, {} failed, {} notices", self.exchanges, self.failed, self.notices)?;
        if self.elsewhere > 0 {
            write!(f, "; {} exchanges with other hosts left out", self.elsewhere)?;
        }
        Ok(())
    }
}
