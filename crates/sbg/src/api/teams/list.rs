//! The list of teams.

use sbg_raw::ClientTeamsExt as _;

use crate::client::Client;
use crate::error::Result;
use crate::ids::check_segment;
use crate::request::call::{fetch_page, set};
use crate::request::list::{Fetched, List, PageRequest};
use crate::request::query::Query;
use crate::types;

/// The list of the teams of a division.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let query: sbg::Query<sbg::teams::TeamList> = client.teams().query("kings-college");
/// println!("{:?} teams", query.page_size(1).page().await?.total);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct TeamList {
    pub(super) division: String,
    pub(super) all: Option<bool>,
}

impl Query<TeamList> {
    /// Whether to list all teams of the division, not only those of the caller.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let query = client.teams().query("kings-college").list_all(true);
    /// # }
    /// ```
    pub fn list_all(mut self, all: bool) -> Self {
        self.list.all = Some(all);
        self
    }
}

impl List for TeamList {
    type Item = types::Team;

    const NAME: &'static str = "teams";

    fn check(&self) -> Result<()> {
        Ok(check_segment("division id", &self.division).map(drop)?)
    }

    async fn fetch(self, client: Client, at: PageRequest) -> Result<Fetched<types::Team>> {
        let call = client.raw().team_list().division(self.division).offset(at.offset_param());
        fetch_page!(set!(call, all = self.all, limit = at.limit_param(), fields = at.fields))
    }
}
