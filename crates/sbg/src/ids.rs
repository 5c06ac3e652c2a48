//! Ids that have a fixed form, checked before any request is made.
//!
//! An id becomes part of the path of a URL. A typo such as `demo` for `rfranklin/demo`, or a space at the end of a pasted id, would
//! give a bare 404 from the platform; here it gives an [`InvalidId`] that names the expected form. No segment of an id may be empty,
//! `.` or `..`, or contain `/`, `\`, `?`, `#`, `%`, white space or control characters, so an id cannot change the structure of the
//! path.
//!
//! The platform checks whether the id exists.

mod form;
mod invalid;
mod kinds;
#[cfg(test)]
mod tests;
mod web;

pub(crate) use form::{check_segment, check_username, check_uuid};
pub use invalid::InvalidId;
pub(crate) use invalid::excerpt;
pub use kinds::{AppId, DatasetId, ProjectId, VolumeId};
pub use web::WebUrl;

/// A value that converts to an id of type `T`: text in the expected form, or an id of that type.
///
/// Handles and builders report an invalid id when the call is made, so a chain of calls needs no `?`.
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
    /// Converts to the id.
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
    /// [`InvalidId`] if the text is not in the expected form.
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

/// An id that was passed to a builder. An invalid one is reported when the builder is sent.
pub(crate) type Given<T> = Result<T, InvalidId>;

/// Checks an id that was passed to a builder, if there is one.
pub(crate) fn check_given<T>(id: Option<&Given<T>>) -> Result<(), InvalidId> {
    match id {
        Some(Err(error)) => Err(error.clone()),
        _ => Ok(()),
    }
}

/// The text of an id as given, truncated if invalid.
pub(crate) fn text_of<T: AsRef<str>>(id: &Given<T>) -> &str {
    match id {
        Ok(id) => id.as_ref(),
        Err(error) => error.given(),
    }
}

/// The id, or why it is invalid.
pub(crate) fn checked<T>(id: &Given<T>) -> Result<&T, InvalidId> {
    id.as_ref().map_err(Clone::clone)
}
