//! Divisions of an enterprise, with their teams and members.

use sbg_raw::ClientDivisionsExt as _;

use crate::client::Client;
use crate::error::Result;
use crate::ids::check_segment;
use crate::request::call::{Get, fetch_page, set};
use crate::request::list::{Fetched, List, PageRequest};
use crate::request::query::Query;
use crate::teams::TeamList;
use crate::types;
use crate::users::UserList;

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

/// A division, by id. Creating it makes no request.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let division = client.division("kings-college");
/// let (teams, members) = (division.teams().all().await?, division.members().all().await?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct DivisionHandle {
    client: Client,
    id: String,
}

impl DivisionHandle {
    /// The id of the division.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// assert_eq!(client.division("kings-college").id(), "kings-college");
    /// # }
    /// ```
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Gets the division.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let division = client.division("kings-college").get().await?;
    /// assert_eq!(division.id, "kings-college");
    /// # Ok(())
    /// # }
    /// ```
    pub fn get(&self) -> Get<types::Division> {
        let Self { client, id } = self.clone();
        Get::new(&client, DivisionList::IDENTITY, move |client, fields| async move {
            check_segment("division id", &id)?;
            Ok(set!(client.raw().division_get().division(id), fields = fields).send().await?.into_inner())
        })
    }

    /// The teams of the division that the caller belongs to, or [all of them](Query::list_all).
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// for team in client.division("kings-college").teams().list_all(true).all().await? {
    ///     println!("{:?}", team.name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn teams(&self) -> Query<TeamList> {
        self.client.teams().query(&self.id)
    }

    /// The users of the division.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let mut members = client.division("kings-college").members().items();
    /// while let Some(user) = members.try_next().await? {
    ///     println!("{} {:?}", user.username, user.role);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn members(&self) -> Query<UserList> {
        self.client.users().query(&self.id)
    }
}
