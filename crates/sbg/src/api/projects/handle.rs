//! One project.

use sbg_raw::ClientProjectsExt as _;

use super::{ProjectEdit, ProjectFiles, ProjectList};
use crate::client::Client;
use crate::error::Result;
use crate::ids::{Given, ProjectId, checked, text_of};
use crate::members::Members;
use crate::raw::types as bodies;
use crate::request::call::{Get, set};
use crate::request::list::List as _;
use crate::types;

/// A project, by id. Creating it makes no request.
///
/// ```
/// # fn example(client: sbg::Client) -> sbg::Result<()> {
/// let project = client.project("rfranklin/fibre-diffraction");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct ProjectHandle {
    pub(super) client: Client,
    pub(super) id: Given<ProjectId>,
}

impl ProjectHandle {
    /// The id of the project.
    ///
    /// ```
    /// # fn example(client: sbg::Client) -> sbg::Result<()> {
    /// assert_eq!(client.project("rfranklin/fibre-diffraction").id(), "rfranklin/fibre-diffraction");
    /// # Ok(())
    /// # }
    /// ```
    pub fn id(&self) -> &str {
        text_of(&self.id)
    }

    pub(super) fn checked(&self) -> Result<&ProjectId> {
        Ok(checked(&self.id)?)
    }

    /// Gets the project.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let project = client.project("rfranklin/fibre-diffraction").get().await?;
    /// println!("{:?}", project.description);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn get(&self) -> Get<types::Project> {
        let Self { client, id } = self.clone();
        Get::new(&client, ProjectList::IDENTITY, move |client, fields| async move {
            let id = id?;
            let call = client.raw().project_get().project_owner(id.owner()).project(id.project());
            Ok(set!(call, fields = fields).send().await?.into_inner())
        })
    }

    /// Changes the project: set the fields to change, then `.await`. Fields not set stay unchanged.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// client.project("rfranklin/fibre-diffraction").edit().name("Fibre diffraction, 1952").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn edit(&self) -> ProjectEdit {
        ProjectEdit { client: self.client.clone(), id: self.id.clone(), body: bodies::ProjectEdit::default() }
    }

    /// Deletes the project and everything in it. Cannot be undone.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// client.project("rfranklin/fibre-diffraction").delete().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The error of the call.
    pub async fn delete(&self) -> Result<()> {
        let id = self.checked()?;
        let call = self.client.raw().project_delete();
        call.project_owner(id.owner()).project(id.project()).send().await?;
        Ok(())
    }

    /// The files at the root of the project.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let files = client.project("rfranklin/fibre-diffraction").files();
    /// let reads = files.resolve_path("reads/51.fastq.gz").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn files(&self) -> ProjectFiles {
        ProjectFiles { files: self.client.files(), id: self.id.clone() }
    }

    /// The members of the project.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let members = client.project("rfranklin/fibre-diffraction").members().query().all().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn members(&self) -> Members<Self> {
        Members::new(self.clone())
    }
}
