//! Copies of apps to other projects.

use sbg_raw::ClientAppsExt as _;

use super::AppHandle;
use super::path::of_app;
use crate::api::checks::check_name;
use crate::error::Result;
use crate::ids::{Given, ProjectId};
use crate::raw::types as bodies;
use crate::request::call::awaitable;
use crate::types;

/// A copy of an app to create.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let copy = client.app("admin/sbg-public-data/bwa-mem").copy_to("rfranklin/demo").await?;
/// println!("{}", copy.id);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct AppCopy {
    pub(super) app: AppHandle,
    pub(super) project: Given<ProjectId>,
    pub(super) name: Option<String>,
    pub(super) strategy: Option<types::AppCopyStrategy>,
}

impl AppCopy {
    /// Name of the copy. Default: the name of the app.
    ///
    /// ```
    /// # fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let copy = client.app("admin/sbg-public-data/bwa-mem").copy_to("rfranklin/demo").name("bwa");
    /// # Ok(())
    /// # }
    /// ```
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Which revisions to copy and where the copy gets its updates. Default: `Clone`.
    ///
    /// `Clone` copies all revisions, `Transient` the latest one; both get updates from the source of the copied app. `CloneDirect`
    /// copies all revisions, `Direct` the latest one; both get updates from the copied app itself.
    ///
    /// ```
    /// # fn example(client: sbg::Client) -> sbg::Result<()> {
    /// use sbg::types::AppCopyStrategy;
    ///
    /// let public = client.app("admin/sbg-public-data/bwa-mem");
    /// let latest_revision_alone = public.copy_to("rfranklin/demo").strategy(AppCopyStrategy::Transient);
    /// # Ok(())
    /// # }
    /// ```
    pub fn strategy(mut self, strategy: types::AppCopyStrategy) -> Self {
        self.strategy = Some(strategy);
        self
    }

    /// Sends the call. The same as `.await`.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let copy = client.app("admin/sbg-public-data/bwa-mem").copy_to("rfranklin/demo");
    /// println!("{}", copy.send().await?.id);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: an invalid project, or a name that is empty or contains a slash. Otherwise the error of the call.
    pub async fn send(self) -> Result<types::App> {
        let AppHandle { client, id } = self.app;
        let id = id?;
        self.name.as_deref().map_or(Ok(()), check_name)?;
        let body =
            bodies::AppCopy { project: self.project?.into(), name: self.name, strategy: self.strategy };
        let copy = match id.revision() {
            Some(revision) => {
                let call = of_app!(client.raw().app_revision_copy(), id).revision_number(revision);
                call.body(body).send().await?
            }
            None => of_app!(client.raw().app_copy(), id).body(body).send().await?,
        };
        Ok(copy.into_inner())
    }
}

awaitable!(AppCopy => types::App, app.client);
