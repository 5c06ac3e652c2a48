//! One dataset.

use sbg_raw::ClientDatasetsExt as _;

use super::{DatasetEdit, DatasetList};
use crate::client::Client;
use crate::error::Result;
use crate::files::FileQuery;
use crate::ids::{DatasetId, Given, checked, text_of};
use crate::members::Members;
use crate::raw::types as bodies;
use crate::request::call::{Get, set};
use crate::request::list::List as _;
use crate::types;

/// A dataset, by id. Creating it makes no request.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let dataset = client.dataset("rfranklin/b-form");
/// for file in dataset.files().all().await? {
///     println!("{:?}", file.name);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct DatasetHandle {
    pub(super) client: Client,
    pub(super) id: Given<DatasetId>,
}

impl DatasetHandle {
    /// The id of the dataset.
    ///
    /// ```
    /// # fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let dataset = client.dataset("rfranklin/b-form");
    /// assert_eq!(dataset.id(), "rfranklin/b-form");
    /// # Ok(())
    /// # }
    /// ```
    pub fn id(&self) -> &str {
        text_of(&self.id)
    }

    pub(super) fn checked(&self) -> Result<&DatasetId> {
        Ok(checked(&self.id)?)
    }

    /// Gets the dataset.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let dataset = client.dataset("rfranklin/b-form").get().await?;
    /// println!("{:?}: {:?}", dataset.name, dataset.description);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn get(&self) -> Get<types::Dataset> {
        let Self { client, id } = self.clone();
        Get::new(&client, DatasetList::IDENTITY, move |client, fields| async move {
            let id = id?;
            let call = client.raw().dataset_get().owner(id.owner()).dataset(id.dataset());
            Ok(set!(call, fields = fields).send().await?.into_inner())
        })
    }

    /// Changes the dataset: set the fields to change, then `.await`. Fields not set stay unchanged.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// client.dataset("rfranklin/b-form").edit().description("Patterns of wet fibres").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn edit(&self) -> DatasetEdit {
        DatasetEdit { client: self.client.clone(), id: self.id.clone(), body: bodies::DatasetEdit::default() }
    }

    /// Deletes the dataset. Cannot be undone.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// client.dataset("rfranklin/b-form").delete().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The error of the call.
    pub async fn delete(&self) -> Result<()> {
        let id = self.checked()?;
        self.client.raw().dataset_delete().owner(id.owner()).dataset(id.dataset()).send().await?;
        Ok(())
    }

    /// The files of the dataset.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let mut files = client.dataset("rfranklin/b-form").files().metadata("sample_id", "S1").items();
    /// while let Some(file) = files.try_next().await? {
    ///     println!("{} {:?}", file.id, file.name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn files(&self) -> FileQuery {
        self.client.files().query().dataset(&self.id)
    }

    /// The members of the dataset.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// for member in client.dataset("rfranklin/b-form").members().query().all().await? {
    ///     println!("{:?} {:?}", member.username, member.permissions);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn members(&self) -> Members<Self> {
        Members::new(self.clone())
    }
}
