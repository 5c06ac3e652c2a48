//! Creates projects.

use sbg_raw::ClientProjectsExt as _;

use crate::api::checks::check_tags;
use crate::billing::check_billing_group;
use crate::client::Client;
use crate::error::{Error, Result};
use crate::raw::types as bodies;
use crate::request::call::{awaitable, body_setters};
use crate::types;

pub(super) fn check_name(name: &str) -> Result<()> {
    if name.trim().is_empty() { Err(Error::invalid("a project needs a name")) } else { Ok(()) }
}

/// A project to create.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let project = client.projects().create("Fibre diffraction").tags(["dna"]).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct ProjectCreate {
    pub(super) client: Client,
    pub(super) body: bodies::ProjectCreate,
}

impl ProjectCreate {
    body_setters! {
        /// What the project is for.
        ///
        /// ```
        /// # fn example(client: sbg::Client) {
        /// let create = client.projects().create("Fibre diffraction").description("Patterns of the B form");
        /// # }
        /// ```
        description(description: String);
        /// Id of the billing group that pays. Default: the caller's first.
        ///
        /// ```
        /// # fn example(client: sbg::Client) {
        /// let payer = "3f1b7c6e-1b7c-4f0e-9a57-0e3b6c2a9d11";
        /// let create = client.projects().create("Fibre diffraction").billing_group(payer);
        /// # }
        /// ```
        billing_group(billing_group: String);
        /// How tasks run in the project.
        ///
        /// ```
        /// # fn example(client: sbg::Client) {
        /// use sbg::types::ProjectCreateSettings;
        ///
        /// let settings = ProjectCreateSettings { use_interruptible_instances: Some(true), ..Default::default() };
        /// let create = client.projects().create("Fibre diffraction").settings(settings);
        /// # }
        /// ```
        settings(settings: types::ProjectCreateSettings);
    }

    /// Tags of the project.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let create = client.projects().create("Fibre diffraction").tags(["dna", "b form"]);
    /// # }
    /// ```
    pub fn tags<T: Into<String>>(mut self, tags: impl IntoIterator<Item = T>) -> Self {
        self.body.tags = tags.into_iter().map(Into::into).collect();
        self
    }

    /// Sends the call. The same as `.await`.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let project = client.projects().create("Fibre diffraction").send().await?;
    /// println!("{}", project.id);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: an empty name, an invalid billing group or tag. Otherwise the error of the call.
    pub async fn send(self) -> Result<types::Project> {
        check_name(&self.body.name)?;
        check_billing_group(self.body.billing_group.as_deref())?;
        check_tags(&self.body.tags)?;
        Ok(self.client.raw().project_create().body(self.body).send().await?.into_inner())
    }
}

awaitable!(ProjectCreate => types::Project, client);
