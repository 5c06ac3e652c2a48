//! The error for text that is not a valid id of the expected kind.

use std::convert::Infallible;
use std::error::Error;
use std::fmt;

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) kind: &'static str,
    pub(super) expected: &'static str,
    pub(super) example: &'static str,
    pub(super) parts: usize,
    /// Whether a whole number may follow as an extra part.
    pub(super) revision: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    /// Too few or too many parts. The message shows the expected form.
    Form,
    Empty,
    Dots,
    Character(char),
    Revision,
}

/// The error for text that is not a valid id of the expected kind.
///
/// ```
/// let error = "demo".parse::<sbg::ProjectId>().unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "not a project id: `demo` (expected `owner/project`, as in `rfranklin/my-project`)"
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidId {
    kind: &'static str,
    given: String,
    form: Option<&'static Form>,
    problem: Problem,
}

impl InvalidId {
    /// The expected kind, such as `project id`.
    ///
    /// ```
    /// let error = "demo".parse::<sbg::ProjectId>().unwrap_err();
    /// assert_eq!(error.kind(), "project id");
    /// ```
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// The given text: at most its first 60 characters, control characters escaped.
    ///
    /// ```
    /// let error = "rfranklin/demo\n".parse::<sbg::ProjectId>().unwrap_err();
    /// assert_eq!(error.given(), r"rfranklin/demo\n");
    /// ```
    pub fn given(&self) -> &str {
        &self.given
    }

    /// The expected form, such as `owner/project`, with optional parts in brackets; `None` for an id that is a single segment of any
    /// form.
    ///
    /// ```
    /// let error = "bwa-mem".parse::<sbg::AppId>().unwrap_err();
    /// assert_eq!(error.expected(), Some("owner/project/app[/revision]"));
    /// ```
    pub fn expected(&self) -> Option<&'static str> {
        self.form.map(|form| form.expected)
    }

    pub(super) fn new(
        kind: &'static str,
        given: &str,
        form: Option<&'static Form>,
        problem: Problem,
    ) -> Self {
        Self { kind, given: excerpt(given, 60), form, problem }
    }
}

impl fmt::Display for InvalidId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let vowel = self.kind.starts_with(['a', 'e', 'i', 'o']) || self.kind.starts_with("up");
        write!(f, "not {} {}: `{}` (", if vowel { "an" } else { "a" }, self.kind, self.given)?;
        let reason = match self.problem {
            Problem::Form => String::new(),
            Problem::Empty if self.form.is_some() => "a part is empty".to_owned(),
            Problem::Empty => "it is empty".to_owned(),
            Problem::Dots => "`.` and `..` are not names".to_owned(),
            Problem::Character(' ') => "a space is not allowed".to_owned(),
            Problem::Character(c) => format!("`{}` is not allowed", c.escape_debug()),
            Problem::Revision => "the revision is not a whole number".to_owned(),
        };
        f.write_str(&reason)?;
        if let Some(form) = self.form {
            let separator = if reason.is_empty() { "" } else { "; " };
            write!(f, "{separator}expected `{}`, as in `{}`", form.expected, form.example)?;
        }
        f.write_str(")")
    }
}

impl Error for InvalidId {}

/// Lets a function take `impl TryInto<ProjectId>` and convert any of its errors, including that of the identity conversion.
impl From<Infallible> for InvalidId {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// At most `limit` characters of a text, on one line, for use in a message.
pub(crate) fn excerpt(text: &str, limit: usize) -> String {
    let mut shown = String::new();
    for (count, c) in text.chars().enumerate() {
        if count == limit {
            shown.push('…');
            break;
        }
        if c.is_control() {
            shown.extend(c.escape_debug());
        } else {
            shown.push(c);
        }
    }
    shown
}
