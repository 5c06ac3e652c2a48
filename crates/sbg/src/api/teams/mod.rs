//! Teams: groups of division members that can be added to projects and volumes together.

mod handle;
mod list;
mod members;

use sbg_raw::ClientTeamsExt as _;

use crate::client::Client;
use crate::error::{Error, Result};
use crate::ids::check_segment;
use crate::request::query::Query;
use crate::types;

pub use handle::TeamHandle;
pub use list::TeamList;

impl Client {
    /// The teams of divisions.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// for team in client.teams().query("kings-college").all().await? {
    ///     println!("{} {:?}", team.id, team.name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn teams(&self) -> Teams {
        Teams { client: self.clone() }
    }

    /// A team, by id.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let team = client.team("0c4e7b1a-9f4d-4b7e-8a51-6d1b2f3c4d5e").get().await?;
    /// println!("{:?}", team.name);
    /// # Ok(())
    /// # }
    /// ```
    pub fn team(&self, id: impl Into<String>) -> TeamHandle {
        TeamHandle { client: self.clone(), id: id.into() }
    }
}

/// The teams of divisions.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let teams = client.teams();
/// teams.create("kings-college", "Crystallographers").await?;
/// println!("{:?}", teams.query("kings-college").page().await?.total);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Teams {
    client: Client,
}

impl Teams {
    /// The teams of a division that the caller belongs to, or [all of them](Query::list_all).
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let page = client.teams().query("kings-college").list_all(true).page().await?;
    /// println!("{:?}", page.total);
    /// # Ok(())
    /// # }
    /// ```
    pub fn query(&self, division: impl Into<String>) -> Query<TeamList> {
        Query::new(self.client.clone(), TeamList { division: division.into(), all: None })
    }

    /// Creates a team in a division. Only for administrators of the division.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let team = client.teams().create("kings-college", "Crystallographers").await?;
    /// let members = client.team(&team.id).members();
    /// members.add(sbg::members::NewMember::user("rfranklin"), sbg::members::Permissions::new()).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: an empty name or an invalid division. Otherwise the error of the call.
    pub async fn create(&self, division: impl Into<String>, name: impl Into<String>) -> Result<types::Team> {
        let body = types::TeamCreate { name: name.into(), division: division.into() };
        check_segment("division id", &body.division)?;
        check_name(&body.name)?;
        Ok(self.client.raw().team_create().body(body).send().await?.into_inner())
    }
}

fn check_name(name: &str) -> Result<()> {
    if name.trim().is_empty() { Err(Error::invalid("a team needs a name")) } else { Ok(()) }
}
