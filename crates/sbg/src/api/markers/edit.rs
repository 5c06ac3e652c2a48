//! Changes of a marker.

use sbg_raw::ClientMarkersExt as _;

use super::create::{check_bounds, check_texts, position};
use crate::client::Client;
use crate::error::{Error, Result};
use crate::ids::check_segment;
use crate::raw::types as bodies;
use crate::request::call::{awaitable, body_setters};
use crate::types;

/// A change of a marker.
///
/// ```no_run
/// # async fn example(client: sbg::Client, id: String) -> sbg::Result<()> {
/// let marker = client.marker(id).edit().name("TP53, exon 4").start(7_675_994).end(7_676_272).await?;
/// println!("{:?}", marker.position);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct MarkerEdit {
    pub(super) client: Client,
    pub(super) id: String,
    pub(super) body: bodies::MarkerEdit,
    pub(super) start: Option<u64>,
    pub(super) end: Option<u64>,
}

impl MarkerEdit {
    body_setters! {
        /// New display name.
        ///
        /// ```
        /// # fn example(client: sbg::Client, id: String) {
        /// let edit = client.marker(id).edit().name("TP53, exon 4");
        /// # }
        /// ```
        name(name: String);
        /// Chromosome, named as in the file.
        ///
        /// ```
        /// # fn example(client: sbg::Client, id: String) {
        /// let edit = client.marker(id).edit().chromosome("chr17");
        /// # }
        /// ```
        chromosome(chromosome: String);
    }

    /// Start position on the chromosome.
    ///
    /// ```
    /// # fn example(client: sbg::Client, id: String) {
    /// let edit = client.marker(id).edit().start(7_675_994);
    /// # }
    /// ```
    pub fn start(mut self, start: u64) -> Self {
        self.start = Some(start);
        self
    }

    /// End position on the chromosome.
    ///
    /// ```
    /// # fn example(client: sbg::Client, id: String) {
    /// let edit = client.marker(id).edit().end(7_676_272);
    /// # }
    /// ```
    pub fn end(mut self, end: u64) -> Self {
        self.end = Some(end);
        self
    }

    /// Sends the call. The same as `.await`.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, id: String) -> sbg::Result<()> {
    /// let marker = client.marker(id).edit().name("TP53, exon 4").send().await?;
    /// assert_eq!(marker.name.as_deref(), Some("TP53, exon 4"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: an empty change, an empty name or chromosome, an end before the start, or an invalid id. Otherwise
    /// the error of the call.
    pub async fn send(mut self) -> Result<types::Marker> {
        let id = check_segment("marker id", &self.id)?;
        let (start, end) = (self.start.map(position).transpose()?, self.end.map(position).transpose()?);
        check_bounds(start, end)?;
        if start.is_some() || end.is_some() {
            self.body.position = Some(types::MarkerPositionEdit { start, end });
        }
        if self.body == bodies::MarkerEdit::default() {
            return Err(Error::invalid("the edit of the marker changes nothing: set at least one field"));
        }
        check_texts(self.body.name.as_deref(), self.body.chromosome.as_deref())?;
        Ok(self.client.raw().marker_edit().marker_id(id).body(self.body).send().await?.into_inner())
    }
}

awaitable!(MarkerEdit => types::Marker, client);
