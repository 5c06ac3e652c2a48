//! A destination: the root of a project or a folder, never both, and the name there.

use super::checks::check_name;
use crate::error::{Error, Result};
use crate::files::FileRef;
use crate::ids::{Given, IntoId, ProjectId, check_segment};

/// The destination as set on a builder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    project: Option<Given<ProjectId>>,
    folder: Option<FileRef>,
    name: Option<String>,
}

/// The destination as sent: a project or a folder, and the name if one was set.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Destination {
    pub(crate) project: Option<String>,
    pub(crate) parent: Option<String>,
    pub(crate) name: Option<String>,
}

impl Place {
    pub(crate) fn set_project(&mut self, id: impl IntoId<ProjectId>) {
        self.project = Some(id.into_id());
    }

    pub(crate) fn set_folder(&mut self, folder: impl Into<FileRef>) {
        self.folder = Some(folder.into());
    }

    pub(crate) fn set_name(&mut self, name: impl Into<String>) {
        self.name = Some(name.into());
    }

    /// Checks the destination. `what` begins the error message, such as `a file is copied to`.
    pub(crate) fn checked(self, what: &str) -> Result<Destination> {
        let Self { project, folder, name } = self;
        let project = project.transpose()?.map(String::from);
        folder.as_ref().map_or(Ok(""), FileRef::checked_folder)?;
        let parent = folder.map(FileRef::into_id);
        check_place(project.as_deref(), parent.as_deref(), what)?;
        name.as_deref().map_or(Ok(()), check_name)?;
        Ok(Destination { project, parent, name })
    }
}

/// Writes the setters of a builder that has a `place` field: project, folder, and optionally name.
macro_rules! place_setters {
    (
        $(#[$project_doc:meta])* $project:ident;
        $(#[$folder_doc:meta])* $folder:ident;
        $($(#[$name_doc:meta])* $name:ident;)?
    ) => {
        $(#[$project_doc])*
        pub fn $project(mut self, id: impl $crate::ids::IntoId<$crate::ids::ProjectId>) -> Self {
            self.place.set_project(id);
            self
        }

        $(#[$folder_doc])*
        pub fn $folder(mut self, folder: impl Into<$crate::files::FileRef>) -> Self {
            self.place.set_folder(folder);
            self
        }

        $($(#[$name_doc])*
        pub fn $name(mut self, name: impl Into<String>) -> Self {
            self.place.set_name(name);
            self
        })?
    };
}

pub(crate) use place_setters;

/// Checks that exactly one of project and folder is set.
fn check_place(project: Option<&str>, folder: Option<&str>, what: &str) -> Result<()> {
    match (project, folder) {
        (Some(_), None) => Ok(()),
        (None, Some(folder)) => Ok(check_segment("folder id", folder).map(drop)?),
        (None, None) => Err(Error::invalid(format!("{what} a project or a folder: set one"))),
        (Some(_), Some(_)) => Err(Error::invalid(format!("{what} a project or a folder: set one, not both"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn destination_is_either_project_or_folder() {
        let check = |project: Option<&str>, folder: Option<&str>, expected: Result<(), &str>| {
            let mut place = Place::default();
            if let Some(project) = project {
                place.set_project(project);
            }
            if let Some(folder) = folder {
                place.set_folder(folder);
            }
            let got = place.checked("it goes to").map(drop).map_err(|error| error.to_string());
            assert_eq!(got, expected.map_err(str::to_owned));
        };
        check(Some("a/b"), None, Ok(()));
        check(None, Some("5f1"), Ok(()));
        check(None, None, Err("it goes to a project or a folder: set one"));
        check(Some("a/b"), Some("5f1"), Err("it goes to a project or a folder: set one, not both"));
        check(None, Some("a/b"), Err("not a folder id: `a/b` (`/` is not allowed)"));
        check(
            Some("demo"),
            None,
            Err("not a project id: `demo` (expected `owner/project`, as in `rfranklin/my-project`)"),
        );
        let mut place = Place::default();
        place.set_folder("5f1");
        place.set_name("a/b");
        assert_eq!(place.checked("it goes to").unwrap_err().message(), "the name `a/b` has a slash");
    }
}
