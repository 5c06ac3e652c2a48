//! The files of a project.

use crate::client::Client;
use crate::files::{FileQuery, Files};
use crate::ids::{Given, ProjectId};

/// The files at the root of a project.
///
/// ```
/// # fn example(client: sbg::Client) -> sbg::Result<()> {
/// let files = client.project("rfranklin/fibre-diffraction").files();
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct ProjectFiles {
    pub(super) files: Files,
    pub(super) id: Given<ProjectId>,
}

impl ProjectFiles {
    pub(crate) fn client(&self) -> &Client {
        &self.files.client
    }

    pub(crate) fn id(&self) -> &Given<ProjectId> {
        &self.id
    }

    /// The same files, for use on the threads of the transfer engine.
    #[cfg(feature = "transfer")]
    pub(crate) fn on_engine(&self) -> Self {
        Self { files: self.client().on_engine().files(), id: self.id.clone() }
    }

    /// The files and folders at the root of the project.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let query = client.project("rfranklin/fibre-diffraction").files().query().name("51.fastq.gz");
    /// let file = query.items().try_next().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn query(&self) -> FileQuery {
        self.files.query().project(&self.id)
    }
}
