//! Markers: named regions of the genome in a file, shown in the genome browser of the platform.

use sbg_raw::ClientMarkersExt as _;

use crate::client::Client;
use crate::error::{Error, Result};
use crate::ids::check_segment;
use crate::raw::types as bodies;
use crate::request::call::{Get, awaitable, body_setters, fetch_page, set};
use crate::request::list::{Fetched, List, PageRequest};
use crate::request::query::Query;
use crate::types;

impl Client {
    /// The markers of files.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, bam: sbg::types::File) -> sbg::Result<()> {
    /// let markers = client.markers().query(bam.id).all().await?;
    /// println!("{} markers", markers.len());
    /// # Ok(())
    /// # }
    /// ```
    pub fn markers(&self) -> Markers {
        Markers { client: self.clone() }
    }

    /// A marker, by id.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let marker = client.marker("5a4cd1b2e4b0a5c1d2e3f4a5").get().await?;
    /// println!("{:?} {:?}", marker.chromosome, marker.position);
    /// # Ok(())
    /// # }
    /// ```
    pub fn marker(&self, id: impl Into<String>) -> MarkerHandle {
        MarkerHandle { client: self.clone(), id: id.into() }
    }
}

/// The markers of files.
///
/// ```no_run
/// # async fn example(client: sbg::Client, bam: sbg::types::File) -> sbg::Result<()> {
/// let markers = client.markers();
/// markers.create(&bam.id, "TP53", "chr17", 7_668_402, 7_687_550).await?;
/// println!("{:?} markers", markers.query(&bam.id).page().await?.total);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Markers {
    client: Client,
}

impl Markers {
    /// The markers of a file, usually a BAM file.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, file_id: String) -> sbg::Result<()> {
    /// for marker in client.markers().query(file_id).all().await? {
    ///     println!("{:?} {:?}", marker.name, marker.position);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn query(&self, file_id: impl Into<String>) -> Query<MarkerList> {
        Query::new(self.client.clone(), MarkerList { file: file_id.into() })
    }

    /// Creates a marker in a file: set whether it is [private](MarkerCreate::private), then `.await`. `chromosome` is named as in the
    /// file; the marker spans `start` to `end` on it.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, file_id: String) -> sbg::Result<()> {
    /// let marker = client.markers().create(file_id, "EGFR", "chr7", 55_019_017, 55_211_628).private(true).await?;
    /// println!("{}", marker.id);
    /// # Ok(())
    /// # }
    /// ```
    pub fn create(
        &self,
        file_id: impl Into<String>,
        name: impl Into<String>,
        chromosome: impl Into<String>,
        start: u64,
        end: u64,
    ) -> MarkerCreate {
        MarkerCreate {
            client: self.client.clone(),
            file: file_id.into(),
            name: name.into(),
            chromosome: chromosome.into(),
            bounds: (start, end),
            private: None,
        }
    }
}

/// The list of the markers of a file.
///
/// ```no_run
/// # async fn example(client: sbg::Client, bam: sbg::types::File) -> sbg::Result<()> {
/// let query: sbg::Query<sbg::markers::MarkerList> = client.markers().query(bam.id);
/// println!("{:?} markers", query.page_size(1).page().await?.total);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct MarkerList {
    file: String,
}

impl List for MarkerList {
    type Item = types::Marker;

    const NAME: &'static str = "markers";

    fn check(&self) -> Result<()> {
        Ok(check_segment("file id", &self.file).map(drop)?)
    }

    async fn fetch(self, client: Client, at: PageRequest) -> Result<Fetched<types::Marker>> {
        let call = client.raw().marker_list().file(self.file).offset(at.offset_param());
        fetch_page!(set!(call, limit = at.limit_param(), fields = at.fields))
    }
}

/// A marker to create.
///
/// ```no_run
/// # async fn example(client: sbg::Client, bam: sbg::types::File) -> sbg::Result<()> {
/// let create = client.markers().create(bam.id, "TP53", "chr17", 7_668_402, 7_687_550);
/// println!("{}", create.private(false).await?.id);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct MarkerCreate {
    client: Client,
    file: String,
    name: String,
    chromosome: String,
    bounds: (u64, u64),
    private: Option<bool>,
}

impl MarkerCreate {
    /// Whether only the caller sees the marker. The platform's default is not documented; the official Python client sends `true`.
    ///
    /// ```
    /// # fn example(client: sbg::Client, bam: sbg::types::File) {
    /// let create = client.markers().create(bam.id, "TP53", "chr17", 7_668_402, 7_687_550).private(false);
    /// # }
    /// ```
    pub fn private(mut self, private: bool) -> Self {
        self.private = Some(private);
        self
    }

    /// Sends the call. The same as `.await`.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, bam: sbg::types::File) -> sbg::Result<()> {
    /// let marker = client.markers().create(bam.id, "TP53", "chr17", 7_668_402, 7_687_550).send().await?;
    /// println!("{} by {:?}", marker.id, marker.created_by);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: an invalid file id, an empty name or chromosome, or an end before the start. Otherwise the error of
    /// the call.
    pub async fn send(self) -> Result<types::Marker> {
        check_segment("file id", &self.file)?;
        check_texts(Some(&self.name), Some(&self.chromosome))?;
        let (start, end) = (position(self.bounds.0)?, position(self.bounds.1)?);
        check_bounds(Some(start), Some(end))?;
        let body = bodies::MarkerCreate {
            file: self.file,
            name: self.name,
            chromosome: self.chromosome,
            position: types::MarkerPositionCreate { start, end },
            private: self.private,
        };
        Ok(self.client.raw().marker_create().body(body).send().await?.into_inner())
    }
}

awaitable!(MarkerCreate => types::Marker, client);

fn check_texts(name: Option<&str>, chromosome: Option<&str>) -> Result<()> {
    for (what, text) in [("name", name), ("chromosome", chromosome)] {
        if text.is_some_and(|text| text.trim().is_empty()) {
            return Err(Error::invalid(format!("a marker needs a {what}")));
        }
    }
    Ok(())
}

fn position(given: u64) -> Result<i64> {
    i64::try_from(given).map_err(|_| Error::invalid(format!("{given} is not a position on a chromosome")))
}

fn check_bounds(start: Option<i64>, end: Option<i64>) -> Result<()> {
    match (start, end) {
        (Some(start), Some(end)) if start > end => Err(Error::invalid(format!(
            "a marker cannot start at {start} and end at {end}: swap the positions"
        ))),
        _ => Ok(()),
    }
}

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
    client: Client,
    id: String,
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
    client: Client,
    id: String,
    body: bodies::MarkerEdit,
    start: Option<u64>,
    end: Option<u64>,
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
            return Err(Error::invalid("the edit of the marker changes nothing"));
        }
        check_texts(self.body.name.as_deref(), self.body.chromosome.as_deref())?;
        Ok(self.client.raw().marker_edit().marker_id(id).body(self.body).send().await?.into_inner())
    }
}

awaitable!(MarkerEdit => types::Marker, client);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marker_cannot_end_before_it_starts() {
        assert!(check_bounds(Some(3), Some(3)).is_ok() && check_bounds(Some(3), None).is_ok());
        assert_eq!(
            check_bounds(Some(3), Some(2)).unwrap_err().to_string(),
            "a marker cannot start at 3 and end at 2: swap the positions"
        );
        assert!(position(u64::MAX).is_err());
        assert_eq!(check_texts(Some("x"), Some(" ")).unwrap_err().to_string(), "a marker needs a chromosome");
    }
}
