//! Ids of the platform that have a form, checked before any request is made.
//!
//! An id ends up in the path of a URL. A slip such as `demo` for `rfranklin/demo`, or a space at the end of a pasted id,
//! would otherwise come back from the platform as a bare 404; here it is an [`InvalidId`] that says what was expected.
//! No piece of an id may be empty, be `.` or `..`, or contain `/`, `\`, `?`, `#`, `%`, white space or control characters,
//! so that an id can never change the shape of the path it is put into.
//!
//! Whether the thing exists is left to the platform.

use std::{borrow::Borrow, convert::Infallible, error::Error, fmt, str::FromStr};

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
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// The text that was given: at most its first 60 characters, control characters escaped.
    pub fn given(&self) -> &str {
        &self.given
    }

    /// The form that was expected, such as `owner/project`, with brackets round what may be left out; `None` for an id
    /// that is one piece of any form.
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

/// Checks an id that is a single piece of a path, such as that of a file, a task, a user or an upload.
///
/// `kind` names it in the error, as in `file id`. The text is handed back unchanged.
///
/// # Errors
///
/// [`InvalidId`] when the text is empty, is `.` or `..`, or contains `/`, `\`, `?`, `#`, `%`, white space or control
/// characters.
pub(crate) fn check_segment<'a>(kind: &'static str, text: &'a str) -> Result<&'a str, InvalidId> {
    match segment_problem(text) {
        None => Ok(text),
        Some(problem) => Err(InvalidId::new(kind, text, None, problem)),
    }
}

/// Checks that an id is a UUID, which the platform insists on for tasks and billing groups (its codes 7005 and 4005).
///
/// # Errors
///
/// [`InvalidId`] when the text is empty, or no UUID in its usual form with hyphens.
pub(crate) fn check_uuid<'a>(kind: &'static str, text: &'a str) -> Result<&'a str, InvalidId> {
    check_segment(kind, text)?;
    let lengths = [8, 4, 4, 4, 12];
    let hex = |(group, length): (&str, usize)| {
        group.len() == length && group.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    if text.split('-').count() == lengths.len() && text.split('-').zip(lengths).all(hex) {
        return Ok(text);
    }
    Err(InvalidId::new(kind, text, Some(&UUID), Problem::Form))
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

macro_rules! id_type {
    ($(#[$doc:meta])* $name:ident, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The whole id, as the platform writes it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::try_from(text.to_owned())
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                let check: fn(&str) -> Result<(), InvalidId> = $check;
                check(&text)?;
                Ok(Self(text))
            }
        }

        impl TryFrom<&str> for $name {
            type Error = InvalidId;

            fn try_from(text: &str) -> Result<Self, InvalidId> {
                text.parse()
            }
        }

        impl TryFrom<&String> for $name {
            type Error = InvalidId;

            fn try_from(text: &String) -> Result<Self, InvalidId> {
                text.parse()
            }
        }

        impl From<&$name> for $name {
            fn from(id: &$name) -> Self {
                id.clone()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.0 == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.0 == *other
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

id_type! {
    /// The id of a project: `owner/project`.
    ///
    /// ```
    /// let id: sbg::ProjectId = "rfranklin/my-project".parse()?;
    /// assert_eq!((id.owner(), id.project()), ("rfranklin", "my-project"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ProjectId, |text| check_form(&PROJECT, text)
}

id_type! {
    /// The id of an app, `owner/project/app`, or of one revision of it, `owner/project/app/revision`.
    ///
    /// ```
    /// let id: sbg::AppId = "admin/sbg-public-data/bwa-mem/3".parse()?;
    /// assert_eq!((id.app(), id.revision()), ("bwa-mem", Some(3)));
    /// assert_eq!(id.project_id(), "admin/sbg-public-data");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    AppId, |text| check_form(&APP, text)
}

id_type! {
    /// The id of a volume: `owner/volume`.
    ///
    /// ```
    /// let id: sbg::VolumeId = "rfranklin/my-bucket".parse()?;
    /// assert_eq!((id.owner(), id.volume()), ("rfranklin", "my-bucket"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    VolumeId, |text| check_form(&VOLUME, text)
}

id_type! {
    /// The id of a dataset: `owner/dataset`.
    ///
    /// ```
    /// let id: sbg::DatasetId = "admin/tcga".parse()?;
    /// assert_eq!((id.owner(), id.dataset()), ("admin", "tcga"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    DatasetId, |text| check_form(&DATASET, text)
}

impl ProjectId {
    /// The user or division that owns the project.
    pub fn owner(&self) -> &str {
        part(&self.0, 0)
    }

    /// The short name of the project.
    pub fn project(&self) -> &str {
        part(&self.0, 1)
    }
}

impl AppId {
    /// The owner of the project that the app is in.
    pub fn owner(&self) -> &str {
        part(&self.0, 0)
    }

    /// The short name of the project that the app is in.
    pub fn project(&self) -> &str {
        part(&self.0, 1)
    }

    /// The short name of the app.
    pub fn app(&self) -> &str {
        part(&self.0, 2)
    }

    /// The number of the revision, counted from 0; `None` stands for the newest one.
    pub fn revision(&self) -> Option<u32> {
        self.0.split('/').nth(3).and_then(|number| number.parse().ok())
    }

    /// The id of the project that the app is in.
    pub fn project_id(&self) -> ProjectId {
        ProjectId(format!("{}/{}", self.owner(), self.project()))
    }

    /// The same app at this revision, whichever this id named before.
    pub fn with_revision(&self, revision: u32) -> Self {
        Self(format!("{}/{revision}", self.without_revision()))
    }

    /// The same app without a revision: its newest one.
    pub fn without_revision(&self) -> Self {
        Self(format!("{}/{}/{}", self.owner(), self.project(), self.app()))
    }
}

impl VolumeId {
    /// The user or division that owns the volume.
    pub fn owner(&self) -> &str {
        part(&self.0, 0)
    }

    /// The name of the volume.
    pub fn volume(&self) -> &str {
        part(&self.0, 1)
    }
}

impl DatasetId {
    /// The owner of the dataset.
    pub fn owner(&self) -> &str {
        part(&self.0, 0)
    }

    /// The short name of the dataset.
    pub fn dataset(&self) -> &str {
        part(&self.0, 1)
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

#[derive(Debug, PartialEq, Eq)]
struct Form {
    kind: &'static str,
    expected: &'static str,
    example: &'static str,
    parts: usize,
    /// Whether a whole number may follow as one part more.
    revision: bool,
}

static UUID: Form = Form {
    kind: "UUID",
    expected: "UUID",
    example: "3f1b7c6e-1b7c-4f0e-9a57-0e3b6c2a9d11",
    parts: 1,
    revision: false,
};
static PROJECT: Form = Form {
    kind: "project id",
    expected: "owner/project",
    example: "rfranklin/my-project",
    parts: 2,
    revision: false,
};
static APP: Form = Form {
    kind: "app id",
    expected: "owner/project/app[/revision]",
    example: "rfranklin/my-project/my-app/3",
    parts: 3,
    revision: true,
};
static VOLUME: Form = Form {
    kind: "volume id",
    expected: "owner/volume",
    example: "rfranklin/my-volume",
    parts: 2,
    revision: false,
};
static DATASET: Form =
    Form { kind: "dataset id", expected: "owner/dataset", example: "admin/tcga", parts: 2, revision: false };

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Problem {
    /// Too few or too many parts: the expected form says it all.
    Form,
    Empty,
    Dots,
    Character(char),
    Revision,
}

fn check_form(form: &'static Form, text: &str) -> Result<(), InvalidId> {
    let invalid = |problem| Err(InvalidId::new(form.kind, text, Some(form), problem));
    let parts = text.split('/').count();
    let has_revision = form.revision && parts == form.parts + 1;
    if parts != form.parts && !has_revision {
        return invalid(Problem::Form);
    }
    if let Some(problem) = text.split('/').find_map(segment_problem) {
        return invalid(problem);
    }
    if has_revision && !is_canonical_number(part(text, form.parts)) {
        return invalid(Problem::Revision);
    }
    Ok(())
}

fn segment_problem(segment: &str) -> Option<Problem> {
    match segment {
        "" => Some(Problem::Empty),
        "." | ".." => Some(Problem::Dots),
        _ => segment
            .chars()
            .find(|c| matches!(c, '/' | '\\' | '?' | '#' | '%') || c.is_whitespace() || c.is_control())
            .map(Problem::Character),
    }
}

/// `3`, but not `+3` or `03`: two spellings of one id would not be equal.
fn is_canonical_number(text: &str) -> bool {
    text.parse::<u32>().is_ok_and(|number| number.to_string() == text)
}

fn part(text: &str, index: usize) -> &str {
    text.split('/').nth(index).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    /// Takes an id the way a method of the client does.
    fn project(id: impl IntoId<ProjectId>) -> Result<ProjectId, InvalidId> {
        id.into_id()
    }

    #[test]
    fn project_ids_are_two_plain_parts() {
        let check = |text: &str, expected: &str| {
            let got = match text.parse::<ProjectId>() {
                Ok(id) => format!("{} + {}", id.owner(), id.project()),
                Err(error) => error.to_string(),
            };
            assert_eq!(got, expected, "{text:?}");
        };
        let form = "expected `owner/project`, as in `rfranklin/my-project`)";
        check("rfranklin/my-project", "rfranklin + my-project");
        check("RFranklin/Exome_2.b", "RFranklin + Exome_2.b");
        check("bücher/größe", "bücher + größe");
        check("a/...", "a + ...");
        check("demo", &format!("not a project id: `demo` ({form}"));
        check("", &format!("not a project id: `` ({form}"));
        check("a/b/c", &format!("not a project id: `a/b/c` ({form}"));
        check("/a/b", &format!("not a project id: `/a/b` ({form}"));
        check("a/", &format!("not a project id: `a/` (a part is empty; {form}"));
        check("/", &format!("not a project id: `/` (a part is empty; {form}"));
        check("a/..", &format!("not a project id: `a/..` (`.` and `..` are not names; {form}"));
        check("./b", &format!("not a project id: `./b` (`.` and `..` are not names; {form}"));
        check("a/b ", &format!("not a project id: `a/b ` (a space is not allowed; {form}"));
        check("a/b\n", &format!("not a project id: `a/b\\n` (`\\n` is not allowed; {form}"));
        check("a/b?x", &format!("not a project id: `a/b?x` (`?` is not allowed; {form}"));
        check("a/b#x", &format!("not a project id: `a/b#x` (`#` is not allowed; {form}"));
        check("a/%2e", &format!("not a project id: `a/%2e` (`%` is not allowed; {form}"));
        check("a\\c/b", &format!("not a project id: `a\\c/b` (`\\\\` is not allowed; {form}"));
        check("a/b\0", &format!("not a project id: `a/b\\0` (`\\0` is not allowed; {form}"));
    }

    #[test]
    fn app_ids_may_name_a_revision() {
        let check = |text: &str, expected: Option<(&str, &str, &str, Option<u32>)>| {
            let id = text.parse::<AppId>();
            let got = id.as_ref().ok().map(|id| (id.owner(), id.project(), id.app(), id.revision()));
            assert_eq!(got, expected, "{text:?}");
        };
        check("admin/public/bwa", Some(("admin", "public", "bwa", None)));
        check("admin/public/bwa/0", Some(("admin", "public", "bwa", Some(0))));
        check("admin/public/bwa/4294967295", Some(("admin", "public", "bwa", Some(u32::MAX))));
        check("admin/public/bwa/4294967296", None);
        check("admin/public/bwa/latest", None);
        check("admin/public/bwa/+1", None);
        check("admin/public/bwa/01", None);
        check("admin/public/bwa/", None);
        check("admin/public/bwa/1/raw", None);
        check("admin/public", None);
        check("/public/bwa/1", None);

        let id: AppId = "admin/public/bwa/2".parse().unwrap();
        assert_eq!(id.with_revision(7), "admin/public/bwa/7");
        assert_eq!(id.without_revision(), "admin/public/bwa");
        assert_eq!(id.without_revision().with_revision(0), "admin/public/bwa/0");
        assert_eq!(id.project_id(), "admin/public");
        assert_eq!(
            "bwa".parse::<AppId>().unwrap_err().to_string(),
            "not an app id: `bwa` (expected `owner/project/app[/revision]`, as in `rfranklin/my-project/my-app/3`)"
        );
        assert!(
            "a/b/c/x"
                .parse::<AppId>()
                .unwrap_err()
                .to_string()
                .contains("the revision is not a whole number")
        );
    }

    #[test]
    fn volumes_and_datasets_have_an_owner() {
        let volume: VolumeId = "rfranklin/bucket".parse().unwrap();
        assert_eq!((volume.owner(), volume.volume()), ("rfranklin", "bucket"));
        let dataset: DatasetId = "admin/tcga".parse().unwrap();
        assert_eq!((dataset.owner(), dataset.dataset()), ("admin", "tcga"));
        let error = "bucket".parse::<VolumeId>().unwrap_err();
        assert_eq!(
            (error.kind(), error.given(), error.expected()),
            ("volume id", "bucket", Some("owner/volume"))
        );
        assert_eq!("x".parse::<DatasetId>().unwrap_err().kind(), "dataset id");
    }

    #[test]
    fn plain_ids_are_one_piece() {
        let check = |kind, text, expected: Result<&str, &str>| {
            let got = check_segment(kind, text).map_err(|error| error.to_string());
            assert_eq!(got, expected.map_err(str::to_owned), "{text:?}");
        };
        check("file id", "5f7d0a3ce4b0a1c2d3e4f5a6", Ok("5f7d0a3ce4b0a1c2d3e4f5a6"));
        check("user name", "john.smith", Ok("john.smith"));
        check("user name", "jane+lab@example.com", Ok("jane+lab@example.com"));
        check("upload id", "", Err("not an upload id: `` (it is empty)"));
        check("file id", "a/b", Err("not a file id: `a/b` (`/` is not allowed)"));
        check("user name", "..", Err("not a user name: `..` (`.` and `..` are not names)"));
        check("import id", "a b", Err("not an import id: `a b` (a space is not allowed)"));
        check("task id", "a\u{a0}b", Err("not a task id: `a\u{a0}b` (`\\u{a0}` is not allowed)"));

        let error = check_segment("user name", "rf\t").unwrap_err();
        assert_eq!((error.given(), error.expected()), ("rf\\t", None));
    }

    #[test]
    fn tasks_and_billing_groups_have_uuids() {
        let check = |id: &str, expected: Option<&str>| {
            let error = check_uuid("task id", id).err();
            assert_eq!(error.map(|error| error.to_string()).as_deref(), expected, "{id:?}");
        };
        let id = "3f1b7c6e-1b7c-4f0e-9a57-0e3b6c2a9d11";
        check(id, None);
        check(&id.to_uppercase(), None);
        check("", Some("not a task id: `` (it is empty)"));
        check("a/b", Some("not a task id: `a/b` (`/` is not allowed)"));
        for wrong in [
            "x",
            "my-task",
            "3f1b7c6e1b7c4f0e9a570e3b6c2a9d11",
            "3f1b7c6e-1b7c-4f0e-9a57-0e3b6c2a9d11-",
            "3f1b7c6e-1b7c-4f0e-9a57-0e3b6c2a9d11-0",
            "3g1b7c6e-1b7c-4f0e-9a57-0e3b6c2a9d11",
        ] {
            let form = format!("(expected `UUID`, as in `{id}`)");
            check(wrong, Some(&format!("not a task id: `{wrong}` {form}")));
        }
    }

    #[test]
    fn ids_convert_from_texts_and_from_ids() {
        let id = project("rfranklin/demo").unwrap();
        let text = "rfranklin/demo".to_owned();
        assert_eq!(project(&text).unwrap(), id);
        assert_eq!(project(text).unwrap(), id);
        assert_eq!(project(&id).unwrap(), id);
        assert_eq!(project(id.clone()).unwrap(), id);
        assert!(project("demo").is_err());

        assert_eq!(id.as_ref(), id.as_str());
        assert_eq!(format!("{id:>16}|"), "  rfranklin/demo|");
        assert_eq!(String::from(id.clone()), "rfranklin/demo");
        assert_eq!(HashMap::from([(id, 1)]).get("rfranklin/demo"), Some(&1));
    }

    #[test]
    fn errors_quote_a_bounded_excerpt() {
        let error = "x".repeat(10_000).parse::<ProjectId>().unwrap_err();
        assert_eq!(error.given().chars().count(), 61);
        assert!(error.given().ends_with('…'));
        assert_eq!(excerpt("añb\r\n", 3), "añb…");
    }
}
