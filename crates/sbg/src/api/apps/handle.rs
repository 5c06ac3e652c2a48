//! One app.

use sbg_raw::ClientAppsExt as _;
use serde_json::Value;

use super::cwl::post_cwl;
use super::path::of_app;
use super::{AppCopy, AppList, Cwl};
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::ids::{AppId, Given, IntoId, ProjectId, checked, text_of};
use crate::request::call::{Get, set};
use crate::request::fields::Fields;
use crate::request::list::List as _;
use crate::types;

/// An app or one of its revisions, by id. Creating it makes no request.
///
/// ```
/// # fn example(client: sbg::Client) -> sbg::Result<()> {
/// let app = client.app("rfranklin/demo/helix-angle");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct AppHandle {
    pub(super) client: Client,
    pub(super) id: Given<AppId>,
}

impl AppHandle {
    /// The id, with the revision if the handle names one.
    ///
    /// ```
    /// # fn example(client: sbg::Client) -> sbg::Result<()> {
    /// assert_eq!(client.app("rfranklin/demo/helix-angle/3").id(), "rfranklin/demo/helix-angle/3");
    /// # Ok(())
    /// # }
    /// ```
    pub fn id(&self) -> &str {
        text_of(&self.id)
    }

    pub(super) fn checked(&self) -> Result<&AppId> {
        Ok(checked(&self.id)?)
    }

    /// This revision of the app.
    ///
    /// ```
    /// # fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let first = client.app("rfranklin/demo/helix-angle").revision(0);
    /// assert_eq!(first.id(), "rfranklin/demo/helix-angle/0");
    /// # Ok(())
    /// # }
    /// ```
    pub fn revision(&self, revision: u32) -> Self {
        let id = self.id.clone().map(|id| id.with_revision(revision));
        Self { client: self.client.clone(), id }
    }

    /// The latest revision of the app at the time of the call.
    ///
    /// ```
    /// # fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let latest = client.app("rfranklin/demo/helix-angle/3").latest();
    /// assert_eq!(latest.id(), "rfranklin/demo/helix-angle");
    /// # Ok(())
    /// # }
    /// ```
    pub fn latest(&self) -> Self {
        let id = self.id.clone().map(|id| id.without_revision());
        Self { client: self.client.clone(), id }
    }

    /// Gets the app with its description.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let latest = client.app("rfranklin/demo/helix-angle").get().await?;
    /// let first = client.app("rfranklin/demo/helix-angle").revision(0).get().await?;
    /// assert_eq!(first.revision, Some(0));
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn get(&self) -> Get<types::App> {
        let Self { client, id } = self.clone();
        Get::new(&client, AppList::IDENTITY, move |client, fields| async move {
            let id = id?;
            let app = match id.revision() {
                Some(revision) => {
                    let call = of_app!(client.raw().app_revision_get(), id).revision_number(revision);
                    set!(call, fields = fields).send().await?
                }
                None => {
                    let call = of_app!(client.raw().app_get(), id);
                    set!(call, fields = fields).send().await?
                }
            };
            Ok(app.into_inner())
        })
    }

    /// Gets only the CWL description of the app.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let cwl = client.app("rfranklin/demo/helix-angle").raw().await?;
    /// println!("{}", cwl["cwlVersion"]);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn raw(&self) -> Get<Value> {
        let Self { client, id } = self.clone();
        Get::new(&client, &[], move |client, fields| async move {
            let id = id?;
            let document = match id.revision() {
                Some(revision) => {
                    let call = of_app!(client.raw().app_revision_raw_get(), id).revision_number(revision);
                    set!(call, fields = fields).send().await?
                }
                None => {
                    let call = of_app!(client.raw().app_raw_get(), id);
                    set!(call, fields = fields).send().await?
                }
            };
            Ok(document.into_inner().0)
        })
    }

    /// Adds a revision to the app. If the handle names a revision, it must be the next one. Otherwise one more call finds the latest
    /// revision, and the new one follows it.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let app = client.app("rfranklin/demo/helix-angle");
    /// let mut cwl = app.raw().await?;
    /// cwl["sbg:revisionNotes"] = "Steeper".into();
    /// let revised = app.create_revision(cwl).await?;
    /// println!("{}", revised.id);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: an invalid description. Otherwise the error of the call (code 6003 for a revision that already
    /// exists).
    pub async fn create_revision(&self, cwl: impl Into<Cwl>) -> Result<types::App> {
        let cwl = cwl.into();
        cwl.check()?;
        let id = self.checked()?;
        let id = match id.revision() {
            Some(_) => id.clone(),
            None => id.with_revision(self.next_revision().await?),
        };
        post_cwl(&self.client, &id, cwl).await
    }

    pub(super) async fn next_revision(&self) -> Result<u32> {
        let latest = self.get().fields(Fields::only(["id", "revision"])).await?;
        let number = latest.revision.and_then(|number| u32::try_from(number).ok());
        let number = number.or_else(|| latest.id.parse::<AppId>().ok()?.revision());
        number.and_then(|number| number.checked_add(1)).ok_or_else(|| {
            let message = format!("the platform returned no latest revision of `{}`", self.id());
            Error::new(ErrorKind::UnexpectedResponse, message)
        })
    }

    /// Copies the app to a project, up to the revision that the handle names, or the latest.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// use sbg::types::AppCopyStrategy;
    ///
    /// let public = client.app("admin/sbg-public-data/bwa-mem");
    /// let copy = public.copy_to("rfranklin/demo").name("bwa").strategy(AppCopyStrategy::Direct).await?;
    /// println!("{}", copy.id);
    /// # Ok(())
    /// # }
    /// ```
    pub fn copy_to(&self, project: impl IntoId<ProjectId>) -> AppCopy {
        AppCopy { app: self.clone(), project: project.into_id(), name: None, strategy: None }
    }

    /// Updates this copy from the app that it was copied from: adds all revisions of that app with their notes.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let app = client.app("rfranklin/demo/bwa").sync().await?;
    /// println!("now at revision {:?}", app.revision);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The error of the call.
    pub async fn sync(&self) -> Result<types::App> {
        let id = self.checked()?;
        Ok(of_app!(self.client.raw().app_sync(), id).send().await?.into_inner())
    }
}
