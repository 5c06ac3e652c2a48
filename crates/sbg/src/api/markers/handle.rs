//! One marker.

use sbg_raw::ClientMarkersExt as _;

use super::{MarkerEdit, MarkerList};
use crate::client::Client;
use crate::error::Result;
use crate::ids::check_segment;
use crate::raw::types as bodies;
use crate::request::call::{Get, set};
use crate::request::list::List as _;
use crate::types;

/// A marker, by id. Creating it makes no request.
///
/// ```no_run
/// # async fn example(client: sbg::Client, id: String) -> sbg::Result<()> {
/// let marker = client.marker(id);
/// marker.edit().start(7_668_000).await?;
/// println!("{:?}", marker.get().await?.position);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct MarkerHandle {
    pub(super) client: Client,
    pub(super) id: String,
}

impl MarkerHandle {
    /// The id of the marker.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// assert_eq!(client.marker("5a4cd1b2e4b0a5c1d2e3f4a5").id(), "5a4cd1b2e4b0a5c1d2e3f4a5");
    /// # }
    /// ```
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Gets the marker.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, id: String) -> sbg::Result<()> {
    /// let marker = client.marker(id).get().await?;
    /// println!("{:?} in {:?}", marker.name, marker.file);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn get(&self) -> Get<types::Marker> {
        let Self { client, id } = self.clone();
        Get::new(&client, MarkerList::IDENTITY, move |client, fields| async move {
            check_segment("marker id", &id)?;
            Ok(set!(client.raw().marker_get().marker_id(id), fields = fields).send().await?.into_inner())
        })
    }

    /// Changes the marker: set the fields to change, then `.await`. Fields not set stay unchanged.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, id: String) -> sbg::Result<()> {
    /// client.marker(id).edit().name("EGFR, whole gene").end(55_211_700).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn edit(&self) -> MarkerEdit {
        MarkerEdit {
            client: self.client.clone(),
            id: self.id.clone(),
            body: bodies::MarkerEdit::default(),
            start: None,
            end: None,
        }
    }

    /// Deletes the marker. The file stays unchanged.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, bam: sbg::types::File) -> sbg::Result<()> {
    /// for marker in client.markers().query(bam.id).all().await? {
    ///     client.marker(marker.id).delete().await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: an invalid id. Otherwise the error of the call.
    pub async fn delete(&self) -> Result<()> {
        let id = check_segment("marker id", &self.id)?;
        self.client.raw().marker_delete().marker_id(id).send().await?;
        Ok(())
    }
}
