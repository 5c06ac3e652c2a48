//! A destination: the root of a project, or a folder; and the name there.

use super::checks::check_name;
use crate::error::{Error, Result};
use crate::files::FileRef;
use crate::ids::{Given, IntoId, ProjectId};
use crate::types;

/// Where a file or folder goes: the root of a project, or a folder.
///
/// Text with a slash is a project id, `owner/project`; text of hexadecimal digits is the id of a folder. An invalid destination is an
/// error of the call.
///
/// ```no_run
/// # async fn example(client: sbg::Client, folder: sbg::types::File) -> sbg::Result<()> {
/// use sbg::files::Destination;
///
/// client.upload("reads_1.fastq.gz").to("rfranklin/fibre-diffraction").await?;
/// client.upload("reads_2.fastq.gz").to(&folder).await?;
/// client.upload("reads_3.fastq.gz").to(Destination::folder("567890abc9b0307bc0414164")).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination(Kind);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Project(Given<ProjectId>),
    Folder(FileRef),
}

impl Destination {
    /// The root of this project, `owner/project`.
    ///
    /// ```
    /// use sbg::files::Destination;
    ///
    /// let project = Destination::project("rfranklin/fibre-diffraction");
    /// assert_eq!(project, "rfranklin/fibre-diffraction".into());
    /// ```
    pub fn project(id: impl IntoId<ProjectId>) -> Self {
        Self(Kind::Project(id.into_id()))
    }

    /// This folder.
    ///
    /// ```
    /// use sbg::files::Destination;
    ///
    /// let folder = Destination::folder("567890abc9b0307bc0414164");
    /// assert_eq!(folder, "567890abc9b0307bc0414164".into());
    /// ```
    pub fn folder(folder: impl Into<FileRef>) -> Self {
        Self(Kind::Folder(folder.into()))
    }

    /// The project or the folder, as sent.
    fn checked(self) -> Result<(Option<String>, Option<String>)> {
        Ok(match self.0 {
            Kind::Project(id) => (Some(id?.into()), None),
            Kind::Folder(folder) => {
                folder.checked_folder()?;
                (None, Some(folder.into_id()))
            }
        })
    }
}

impl From<&str> for Destination {
    fn from(text: &str) -> Self {
        let is_folder = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_folder { Self::folder(text) } else { Self::project(text) }
    }
}

/// Converts what names a project or a folder into a destination.
macro_rules! from {
    ($($project:ty)*; $($folder:ty)*) => {
        $(impl From<$project> for Destination {
            fn from(project: $project) -> Self {
                Self::project(project)
            }
        })*
        $(impl From<$folder> for Destination {
            fn from(folder: $folder) -> Self {
                Self::folder(folder)
            }
        })*
    };
}

from! {
    ProjectId &ProjectId;
    FileRef &FileRef types::File &types::File
}

impl From<String> for Destination {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

impl From<&String> for Destination {
    fn from(text: &String) -> Self {
        text.as_str().into()
    }
}

impl From<&types::Project> for Destination {
    fn from(project: &types::Project) -> Self {
        Self::project(&project.id)
    }
}

impl From<types::Project> for Destination {
    fn from(project: types::Project) -> Self {
        Self::from(&project)
    }
}

impl From<&Self> for Destination {
    fn from(destination: &Self) -> Self {
        destination.clone()
    }
}

/// Destination and name as set on a builder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct NamedDestination {
    pub(crate) destination: Option<Destination>,
    pub(crate) name: Option<String>,
}

/// A [`NamedDestination`] as sent: exactly one of project and parent, and the name if one was set.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct DestinationFields {
    pub(crate) project: Option<String>,
    pub(crate) parent: Option<String>,
    pub(crate) name: Option<String>,
}

impl NamedDestination {
    pub(crate) fn new(destination: impl Into<Destination>) -> Self {
        Self { destination: Some(destination.into()), name: None }
    }

    /// Checks destination and name. `what` is missing its destination, such as `the upload`.
    pub(crate) fn checked(self, what: &str) -> Result<DestinationFields> {
        let destination = self.destination.ok_or_else(|| {
            Error::invalid(format!("{what} has no destination: set a project or a folder with `to()`"))
        })?;
        let (project, parent) = destination.checked()?;
        self.name.as_deref().map_or(Ok(()), check_name)?;
        Ok(DestinationFields { project, parent, name: self.name })
    }
}

/// Writes the setters of a builder that has a `to` field: the destination, the name, or both.
macro_rules! destination_setters {
    ($(#[$to_doc:meta])* to; $($rest:tt)*) => {
        $(#[$to_doc])*
        pub fn to(mut self, destination: impl Into<$crate::files::Destination>) -> Self {
            self.to.destination = Some(destination.into());
            self
        }

        $crate::api::destination::destination_setters! { $($rest)* }
    };
    ($(#[$name_doc:meta])* name;) => {
        $(#[$name_doc])*
        pub fn name(mut self, name: impl Into<String>) -> Self {
            self.to.name = Some(name.into());
            self
        }
    };
    () => {};
}

pub(crate) use destination_setters;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn destination_is_a_project_or_a_folder() {
        let check = |destination: Option<Destination>, expected: Result<(&str, &str), &str>| {
            let got = NamedDestination { destination, name: None }.checked("it");
            let got = got.map(|sent| (sent.project.unwrap_or_default(), sent.parent.unwrap_or_default()));
            let got = got.map_err(|error| error.to_string());
            let expected = expected.map(|(project, folder)| (project.to_owned(), folder.to_owned()));
            assert_eq!(got, expected.map_err(str::to_owned));
        };
        let no_project = "not a project id: `demo` (expected `owner/project`, as in `rfranklin/my-project`)";
        check(Some("a/b".into()), Ok(("a/b", "")));
        check(Some("5f1".into()), Ok(("", "5f1")));
        check(Some(Destination::folder("demo")), Ok(("", "demo")));
        check(Some("demo".into()), Err(no_project));
        check(
            Some("".into()),
            Err("not a project id: `` (expected `owner/project`, as in `rfranklin/my-project`)"),
        );
        check(Some(Destination::folder("a/b")), Err("not a folder id: `a/b` (`/` is not allowed)"));
        check(None, Err("it has no destination: set a project or a folder with `to()`"));
    }

    #[test]
    fn name_at_the_destination_is_checked() {
        let named = NamedDestination { name: Some("a/b".into()), ..NamedDestination::new("5f1") };
        assert_eq!(named.checked("it").unwrap_err().message(), "the name `a/b` has a slash");
    }
}
