//! The list of markers.

use sbg_raw::ClientMarkersExt as _;

use crate::client::Client;
use crate::error::Result;
use crate::ids::check_segment;
use crate::request::call::{fetch_page, set};
use crate::request::list::{Fetched, List, PageRequest};
use crate::types;

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
    pub(super) file: String,
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
