//! Changes of a dataset.

use sbg_raw::ClientDatasetsExt as _;

use crate::client::Client;
use crate::error::{Error, Result};
use crate::ids::{DatasetId, Given};
use crate::raw::types as bodies;
use crate::request::call::{awaitable, body_clearers, body_setters};
use crate::types;

/// A change of a dataset.
///
/// ```no_run
/// # async fn example(dataset: sbg::datasets::DatasetHandle) -> sbg::Result<()> {
/// let edited = dataset.edit().name("B form").description("Patterns of wet fibres").await?;
/// println!("{:?}", edited.name);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct DatasetEdit {
    pub(super) client: Client,
    pub(super) id: Given<DatasetId>,
    pub(super) body: bodies::DatasetEdit,
}

impl DatasetEdit {
    body_setters! {
        /// New display name; the id stays.
        ///
        /// ```
        /// # fn example(dataset: sbg::datasets::DatasetHandle) {
        /// let edit = dataset.edit().name("B form");
        /// # }
        /// ```
        name(name: String);
        /// What the dataset contains.
        ///
        /// ```
        /// # fn example(dataset: sbg::datasets::DatasetHandle) {
        /// let edit = dataset.edit().description("Patterns of wet fibres");
        /// # }
        /// ```
        description(description: String);
    }

    body_clearers! {
        /// Removes the description.
        ///
        /// ```
        /// # fn example(dataset: sbg::datasets::DatasetHandle) {
        /// let edit = dataset.edit().clear_description();
        /// # }
        /// ```
        clear_description(description);
    }

    /// Sends the call. The same as `.await`.
    ///
    /// ```no_run
    /// # async fn example(dataset: sbg::datasets::DatasetHandle) -> sbg::Result<()> {
    /// let edited = dataset.edit().name("B form").send().await?;
    /// assert_eq!(edited.name.as_deref(), Some("B form"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: an empty change or an empty name. Otherwise the error of the call.
    pub async fn send(self) -> Result<types::Dataset> {
        if self.body == bodies::DatasetEdit::default() {
            return Err(Error::invalid("the edit of the dataset changes nothing: set at least one field"));
        }
        if self.body.name.as_ref().is_some_and(|name| name.trim().is_empty()) {
            return Err(Error::invalid("a dataset needs a name"));
        }
        let id = self.id?;
        let call = self.client.raw().dataset_edit().owner(id.owner()).dataset(id.dataset());
        Ok(call.body(self.body).send().await?.into_inner())
    }
}

awaitable!(DatasetEdit => types::Dataset, client);
