//! Edits a project.

use sbg_raw::ClientProjectsExt as _;
use serde_json::json;

use super::create::check_name;
use crate::api::checks::check_tags;
use crate::billing::check_billing_group;
use crate::client::Client;
use crate::error::{Error, Result};
use crate::ids::{Given, ProjectId};
use crate::raw::types as bodies;
use crate::request::call::{awaitable, body_clearers, body_setters, response_of, tags_setters};
use crate::types;

/// A change of a project.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let project = client.project("rfranklin/fibre-diffraction").edit().tags(["dna"]).await?;
/// println!("{:?}", project.tags);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct ProjectEdit {
    pub(super) client: Client,
    pub(super) id: Given<ProjectId>,
    pub(super) body: bodies::ProjectEdit,
}

impl ProjectEdit {
    body_setters! {
        /// New display name; the id stays.
        ///
        /// ```
        /// # fn example(client: sbg::Client) -> sbg::Result<()> {
        /// let edit = client.project("rfranklin/fibre-diffraction").edit().name("Fibre diffraction, 1952");
        /// # Ok(())
        /// # }
        /// ```
        name(name: String);
        /// What the project is for.
        ///
        /// ```
        /// # fn example(client: sbg::Client) -> sbg::Result<()> {
        /// let edit = client.project("rfranklin/fibre-diffraction").edit().description("Patterns of the A form");
        /// # Ok(())
        /// # }
        /// ```
        description(description: String);
        /// Id of the billing group that pays.
        ///
        /// ```
        /// # fn example(client: sbg::Client) -> sbg::Result<()> {
        /// let project = client.project("rfranklin/fibre-diffraction");
        /// let edit = project.edit().billing_group("3f1b7c6e-1b7c-4f0e-9a57-0e3b6c2a9d11");
        /// # Ok(())
        /// # }
        /// ```
        billing_group(billing_group: String);
        /// Settings to change.
        ///
        /// ```
        /// # fn example(client: sbg::Client) -> sbg::Result<()> {
        /// use sbg::types::ProjectEditSettings;
        ///
        /// let locked = ProjectEditSettings { locked: Some(true), ..Default::default() };
        /// let edit = client.project("rfranklin/fibre-diffraction").edit().settings(locked);
        /// # Ok(())
        /// # }
        /// ```
        settings(settings: types::ProjectEditSettings);
    }

    body_clearers! {
        /// Removes the description.
        ///
        /// ```
        /// # fn example(client: sbg::Client) -> sbg::Result<()> {
        /// let edit = client.project("rfranklin/fibre-diffraction").edit().clear_description();
        /// # Ok(())
        /// # }
        /// ```
        clear_description(description);
    }

    tags_setters!("project", body.tags, "project.edit()");

    /// Sends the call. The same as `.await`.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let edit = client.project("rfranklin/fibre-diffraction").edit().name("Fibre diffraction, 1952");
    /// println!("{:?}", edit.send().await?.modified_on);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: an empty change, an empty name, an invalid billing group or tag. Otherwise the error of the call.
    pub async fn send(self) -> Result<types::Project> {
        if self.body == bodies::ProjectEdit::default() {
            return Err(Error::invalid("the edit of the project changes nothing: set at least one field"));
        }
        self.body.name.as_deref().map_or(Ok(()), check_name)?;
        check_billing_group(self.body.billing_group.as_deref())?;
        check_tags(self.body.tags.value().map_or(&[], Vec::as_slice))?;
        let id = self.id?;
        let call = self.client.raw().project_edit().project_owner(id.owner()).project(id.project());
        completed(&call.body(self.body).send().await?.into_inner(), &id)
    }
}

awaitable!(ProjectEdit => types::Project, client);

/// Builds the project from the response to an edit, which may lack the id.
fn completed(edited: &types::ProjectEdited, id: &ProjectId) -> Result<types::Project> {
    let mut project = json!(edited);
    if edited.id.is_none() {
        project["id"] = json!(id.to_string());
    }
    response_of(project)
}
