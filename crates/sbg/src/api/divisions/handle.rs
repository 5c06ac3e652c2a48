//! One division.

use sbg_raw::ClientDivisionsExt as _;

use super::DivisionList;
use crate::client::Client;
use crate::ids::check_segment;
use crate::request::call::{Get, set};
use crate::request::list::List as _;
use crate::request::query::Query;
use crate::teams::TeamList;
use crate::types;
use crate::users::UserList;

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
    pub(super) client: Client,
    pub(super) id: String,
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
    #[inline]
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
