//! Markers: named regions of the genome in a file, shown in the genome browser of the platform.

mod create;
mod edit;
mod handle;
mod list;

use crate::client::Client;
use crate::request::query::Query;

pub use create::MarkerCreate;
pub use edit::MarkerEdit;
pub use handle::MarkerHandle;
pub use list::MarkerList;

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
