//! The list of volumes.

use sbg_raw::ClientVolumesExt as _;

use crate::client::Client;
use crate::error::Result;
use crate::request::call::{fetch_page, set};
use crate::request::list::{Fetched, List, PageRequest};
use crate::types;

/// The list of volumes.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let query: sbg::Query<sbg::volumes::VolumeList> = client.volumes().query();
/// for volume in query.fields(sbg::Fields::all()).all().await? {
///     println!("{} {:?}", volume.id, volume.service.and_then(|service| service.bucket));
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct VolumeList {}

impl List for VolumeList {
    type Item = types::Volume;

    const NAME: &'static str = "volumes";

    async fn fetch(self, client: Client, at: PageRequest) -> Result<Fetched<types::Volume>> {
        let call = client.raw().volume_list().offset(at.offset_param());
        fetch_page!(set!(call, limit = at.limit_param(), fields = at.fields))
    }
}
