//! Ids of the platform that have a form, checked before any request is made.
//!
//! An id ends up in the path of a URL. A slip such as `demo` for `rfranklin/demo`, or a space at the end of a pasted id,
//! would otherwise come back from the platform as a bare 404; here it is an [`InvalidId`] that says what was expected.
//! No piece of an id may be empty, be `.` or `..`, or contain `/`, `\`, `?`, `#`, `%`, white space or control characters,
//! so that an id can never change the shape of the path it is put into.
//!
//! Whether the thing exists is left to the platform.

mod form;
mod kinds;
#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::error::Error;
use std::fmt;

use form::{Form, Problem};
pub(crate) use form::{check_segment, check_username, check_uuid};
pub use kinds::{AppId, DatasetId, ProjectId, VolumeId};

/// A text that is not an id of the kind that was asked for.
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
    /// What the text was meant to be, such as `project id`.
    ///
    /// ```
    /// let error = "demo".parse::<sbg::ProjectId>().unwrap_err();
    /// assert_eq!(error.kind(), "project id");
    /// ```
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// The text that was given: at most its first 60 characters, control characters escaped.
    ///
    /// ```
    /// let error = "rfranklin/demo\n".parse::<sbg::ProjectId>().unwrap_err();
    /// assert_eq!(error.given(), r"rfranklin/demo\n");
    /// ```
    pub fn given(&self) -> &str {
        &self.given
    }

    /// The form that was expected, such as `owner/project`, with brackets round what may be left out; `None` for an id
    /// that is one piece of any form.
    ///
    /// ```
    /// let error = "bwa-mem".parse::<sbg::AppId>().unwrap_err();
    /// assert_eq!(error.expected(), Some("owner/project/app[/revision]"));
    /// ```
    pub fn expected(&self) -> Option<&'static str> {
        self.form.map(|form| form.expected)
    }

    fn new(kind: &'static str, given: &str, form: Option<&'static Form>, problem: Problem) -> Self {
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

/// Lets a function take `impl TryInto<ProjectId>` and convert any of its errors, also that of an id that is one already.
impl From<Infallible> for InvalidId {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// What an id of the kind `T` can be made of: a text in its form, or such an id.
///
/// Methods that give a handle check the id at once. Builders keep what is wrong with an id that they were given until they are sent, so
/// that a chain of setters needs no `?` inside.
///
/// ```
/// use sbg::{IntoId, ProjectId};
///
/// let id: ProjectId = "rfranklin/my-project".into_id()?;
/// let same: ProjectId = (&id).into_id()?;
/// assert!(IntoId::<ProjectId>::into_id("my-project").is_err());
/// # Ok::<(), sbg::InvalidId>(())
/// ```
pub trait IntoId<T> {
    /// Makes the id.
    ///
    /// ```
    /// use sbg::{IntoId, InvalidId, ProjectId};
    ///
    /// fn owner_of(project: impl IntoId<ProjectId>) -> Result<String, InvalidId> {
    ///     Ok(project.into_id()?.owner().to_owned())
    /// }
    ///
    /// assert_eq!(owner_of("rfranklin/demo").as_deref(), Ok("rfranklin"));
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidId`] when the text is not in the form of such an id.
    fn into_id(self) -> Result<T, InvalidId>;
}

impl<T, I> IntoId<T> for I
where
    I: TryInto<T, Error: Into<InvalidId>>,
{
    fn into_id(self) -> Result<T, InvalidId> {
        self.try_into().map_err(Into::into)
    }
}

/// An id as a builder was given it. What is wrong with it comes out when the builder is sent.
pub(crate) type Given<T> = Result<T, InvalidId>;

/// What is wrong with an id that a builder was given, if it was given one.
pub(crate) fn check_given<T>(id: Option<&Given<T>>) -> Result<(), InvalidId> {
    match id {
        Some(Err(error)) => Err(error.clone()),
        _ => Ok(()),
    }
}

/// At most `limit` characters of a text, on one line, for a message.
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
