//! Editing and deactivating a volume.

use super::create::check_name;
use super::{Credentials, S3Properties, VolumeHandle};
use crate::error::{Error, Result};
use crate::raw::types as bodies;
use crate::request::call::{awaitable, body_clearers, body_setters};
use crate::types;

/// A change of a volume.
///
/// ```no_run
/// # async fn example(volume: sbg::volumes::VolumeHandle) -> sbg::Result<()> {
/// let edited = volume.edit().bucket("kings-college-patterns").prefix("1952/").await?;
/// println!("{:?}", edited.service);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct VolumeEdit {
    pub(super) volume: VolumeHandle,
    /// Everything but the credentials and the properties, which are added on sending.
    pub(super) body: bodies::VolumeEdit,
    pub(super) credentials: Option<Credentials>,
    pub(super) properties: Option<S3Properties>,
}

impl VolumeEdit {
    body_setters! {
        /// New name. Only the official Python client sends it and the platform may ignore it: check the response.
        ///
        /// ```no_run
        /// # async fn example(volume: sbg::volumes::VolumeHandle) -> sbg::Result<()> {
        /// let edited = volume.edit().name("b_form").await?;
        /// println!("{:?}", edited.name);
        /// # Ok(())
        /// # }
        /// ```
        name(name: String);
        /// What the volume is for.
        ///
        /// ```
        /// # fn example(volume: sbg::volumes::VolumeHandle) {
        /// let edit = volume.edit().description("Patterns of the B form");
        /// # }
        /// ```
        description(description: String);
        /// Access mode of the volume: what the platform may do, even if the credentials allow more.
        ///
        /// ```
        /// # fn example(volume: sbg::volumes::VolumeHandle) {
        /// let edit = volume.edit().access_mode(sbg::types::VolumeAccessModeSet::Rw);
        /// # }
        /// ```
        access_mode(access_mode: types::VolumeAccessModeSet);
    }

    body_clearers! {
        /// Removes the description.
        ///
        /// ```
        /// # fn example(volume: sbg::volumes::VolumeHandle) {
        /// let edit = volume.edit().clear_description();
        /// # }
        /// ```
        clear_description(description);
    }

    fn service(&mut self) -> &mut types::VolumeServiceEdit {
        self.body.service.get_or_insert_default()
    }

    /// The bucket. The provider's contract requires it with any change to the service of an S3 or Google volume, so set it with such a
    /// change, even if it stays the same.
    ///
    /// ```
    /// # fn example(volume: sbg::volumes::VolumeHandle) {
    /// let edit = volume.edit().bucket("kings-college-patterns").prefix("1952/");
    /// # }
    /// ```
    pub fn bucket(mut self, bucket: impl Into<String>) -> Self {
        self.service().bucket = Some(bucket.into());
        self
    }

    /// Prefix that the platform puts before the location of every object.
    ///
    /// ```
    /// # fn example(volume: sbg::volumes::VolumeHandle) {
    /// let edit = volume.edit().bucket("kings-college-patterns").prefix("1952/");
    /// # }
    /// ```
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.service().prefix = Some(prefix.into());
        self
    }

    /// Host of the service, for S3, OSS and Azure.
    ///
    /// ```
    /// # fn example(volume: sbg::volumes::VolumeHandle) {
    /// let edit = volume.edit().bucket("kings-college-patterns").endpoint("s3.eu-west-2.amazonaws.com");
    /// # }
    /// ```
    pub fn endpoint(mut self, host: impl Into<String>) -> Self {
        self.service().endpoint = Some(host.into());
        self
    }

    /// URL of the service, for Google.
    ///
    /// ```
    /// # fn example(volume: sbg::volumes::VolumeHandle) {
    /// let edit = volume.edit().bucket("kings-college-patterns").root_url("https://storage.googleapis.com");
    /// # }
    /// ```
    pub fn root_url(mut self, address: impl Into<String>) -> Self {
        self.service().root_url = Some(address.into());
        self
    }

    /// The credentials that the platform uses for the service.
    ///
    /// ```
    /// # fn example(volume: sbg::volumes::VolumeHandle, secret: String) {
    /// use sbg::volumes::Credentials;
    ///
    /// let key = Credentials::access_key("AKIAIOSFODNN7EXAMPLE", secret);
    /// let edit = volume.edit().bucket("kings-college-patterns").credentials(key);
    /// # }
    /// ```
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// How S3 stores objects exported to the volume.
    ///
    /// ```
    /// # fn example(volume: sbg::volumes::VolumeHandle) {
    /// use sbg::volumes::S3Properties;
    ///
    /// let edit = volume.edit().bucket("kings-college-patterns").properties(S3Properties::new().sse_kms());
    /// # }
    /// ```
    pub fn properties(mut self, properties: S3Properties) -> Self {
        self.properties = Some(properties);
        self
    }

    /// Sends the call. The same as `.await`.
    ///
    /// ```no_run
    /// # async fn example(volume: sbg::volumes::VolumeHandle) -> sbg::Result<()> {
    /// let edited = volume.edit().description("Patterns of the B form").send().await?;
    /// println!("{:?}", edited.modified_on);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: an empty change, an invalid name or empty credentials. Otherwise the error of the call.
    pub async fn send(mut self) -> Result<types::Volume> {
        if let Some(credentials) = self.credentials.take() {
            self.service().credentials = Some(credentials.expose()?);
        }
        if let Some(properties) = self.properties.take() {
            self.service().properties = Some(properties.into_volume()?);
        }
        if self.body == bodies::VolumeEdit::default() {
            return Err(Error::invalid("the edit of the volume changes nothing: set at least one field"));
        }
        if let Some(name) = &self.body.name {
            check_name(name)?;
        }
        if let Some(service) = &self.body.service
            && service.bucket.as_ref().is_some_and(|bucket| bucket.trim().is_empty())
        {
            return Err(Error::invalid("the bucket is empty"));
        }
        self.volume.patch(self.body, None).await
    }
}

awaitable!(VolumeEdit => types::Volume, volume.client);

/// A volume to deactivate.
///
/// ```no_run
/// # async fn example(volume: sbg::volumes::VolumeHandle) -> sbg::Result<()> {
/// let deactivated = volume.deactivate().force(true).await?;
/// assert_eq!(deactivated.active, Some(false));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct VolumeDeactivate {
    pub(super) volume: VolumeHandle,
    pub(super) force: Option<bool>,
}

impl VolumeDeactivate {
    /// Whether to abort running imports and exports; otherwise they keep the volume active, and the call fails.
    ///
    /// ```
    /// # fn example(volume: sbg::volumes::VolumeHandle) {
    /// let deactivate = volume.deactivate().force(true);
    /// # }
    /// ```
    pub fn force(mut self, force: bool) -> Self {
        self.force = Some(force);
        self
    }

    /// Sends the call. The same as `.await`.
    ///
    /// ```no_run
    /// # async fn example(volume: sbg::volumes::VolumeHandle) -> sbg::Result<()> {
    /// assert_eq!(volume.deactivate().send().await?.active, Some(false));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The error of the call.
    pub async fn send(self) -> Result<types::Volume> {
        let body = bodies::VolumeEdit { active: Some(false), ..bodies::VolumeEdit::default() };
        self.volume.patch(body, self.force).await
    }
}

awaitable!(VolumeDeactivate => types::Volume, volume.client);
