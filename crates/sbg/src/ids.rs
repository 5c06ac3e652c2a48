//! Ids of the platform that have a form, checked before any request is made.
//!
//! An id ends up in the path of a URL. A slip such as `demo` for `rfranklin/demo`, or a space at the end of a pasted id,
//! would otherwise come back from the platform as a bare 404; here it is an [`InvalidId`] that says what was expected.
//! No piece of an id may be empty, be `.` or `..`, or contain `/`, `\`, `?`, `#`, `%`, white space or control characters,
//! so that an id can never change the shape of the path it is put into.
//!
//! Whether the thing exists is left to the platform.

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

/// What an id of the kind `T` can be made of: a text in its form, or such an id.
///
/// Handles and builders keep what is wrong with an id until a call is made, so that a chain needs no `?` inside.
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

/// The text of an id as it was given, cut short where it is invalid.
pub(crate) fn text_of<T: AsRef<str>>(id: &Given<T>) -> &str {
    match id {
        Ok(id) => id.as_ref(),
        Err(error) => error.given(),
    }
}

/// The id, or what is wrong with it.
pub(crate) fn checked<T>(id: &Given<T>) -> Result<&T, InvalidId> {
    id.as_ref().map_err(Clone::clone)
}
