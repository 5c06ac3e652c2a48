//! Divisions of an enterprise, with their teams and members.

mod handle;
mod list;

use crate::client::Client;
use crate::request::query::Query;

pub use handle::DivisionHandle;
pub use list::DivisionList;

impl Client {
    /// The divisions that the caller belongs to.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// for division in client.divisions().query().all().await? {
    ///     println!("{} {:?}", division.id, division.name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn divisions(&self) -> Divisions {
        Divisions { client: self.clone() }
    }

    /// A division, by id.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let division = client.division("kings-college").get().await?;
    /// println!("{:?}", division.name);
    /// # Ok(())
    /// # }
    /// ```
    pub fn division(&self, id: impl Into<String>) -> DivisionHandle {
        DivisionHandle { client: self.clone(), id: id.into() }
    }
}

/// The divisions that the caller belongs to.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let divisions = client.divisions();
/// println!("{:?} divisions", divisions.query().page().await?.total);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Divisions {
    client: Client,
}

impl Divisions {
    /// The divisions. The token must belong to an account in an enterprise.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// for division in client.divisions().query().all().await? {
    ///     println!("{}", division.id);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn query(&self) -> Query<DivisionList> {
        Query::new(self.client.clone(), DivisionList {})
    }
}
