//! The list of divisions.

use sbg_raw::ClientDivisionsExt as _;

use crate::client::Client;
use crate::error::Result;
use crate::request::call::{fetch_page, set};
use crate::request::list::{Fetched, List, PageRequest};
use crate::types;

/// The list of divisions.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let query: sbg::Query<sbg::divisions::DivisionList> = client.divisions().query();
/// println!("{:?} divisions", query.page_size(1).page().await?.total);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DivisionList {}

impl List for DivisionList {
    type Item = types::Division;

    const NAME: &'static str = "divisions";

    async fn fetch(self, client: Client, at: PageRequest) -> Result<Fetched<types::Division>> {
        let call = client.raw().division_list().offset(at.offset_param());
        fetch_page!(set!(call, limit = at.limit_param(), fields = at.fields))
    }
}
