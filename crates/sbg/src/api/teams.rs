//! Teams: groups of division members that can be added to projects and volumes together.

mod members;

use sbg_raw::ClientTeamsExt as _;

use crate::client::Client;
use crate::error::{Error, Result};
use crate::ids::check_segment;
use crate::members::Members;
use crate::request::call::{Get, fetch_page, set};
use crate::request::list::{Fetched, List, PageRequest};
use crate::request::query::Query;
use crate::types;

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
    division: String,
    all: Option<bool>,
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

/// A team, by id. Creating it makes no request.
///
/// ```no_run
/// # async fn example(client: sbg::Client, id: String) -> sbg::Result<()> {
/// let team = client.team(id);
/// team.members().member("rgosling").remove().await?;
/// println!("{} members", team.members().query().all().await?.len());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct TeamHandle {
    client: Client,
    id: String,
}

impl TeamHandle {
    /// The id of the team.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let team = client.team("0c4e7b1a-9f4d-4b7e-8a51-6d1b2f3c4d5e");
    /// assert_eq!(team.id(), "0c4e7b1a-9f4d-4b7e-8a51-6d1b2f3c4d5e");
    /// # }
    /// ```
    pub fn id(&self) -> &str {
        &self.id
    }

    fn checked(&self) -> Result<&str> {
        Ok(check_segment("team id", &self.id)?)
    }

    /// Gets the team.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, id: String) -> sbg::Result<()> {
    /// println!("{:?}", client.team(id).get().await?.name);
    /// # Ok(())
    /// # }
    /// ```
    pub fn get(&self) -> Get<types::Team> {
        let Self { client, id } = self.clone();
        Get::new(&client, TeamList::IDENTITY, move |client, fields| async move {
            check_segment("team id", &id)?;
            Ok(set!(client.raw().team_get().team_id(id), fields = fields).send().await?.into_inner())
        })
    }

    /// Renames the team; its id stays. Only for administrators of the division.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, id: String) -> sbg::Result<()> {
    /// let team = client.team(id).rename("Crystallographers of DNA").await?;
    /// assert_eq!(team.name.as_deref(), Some("Crystallographers of DNA"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: an empty name or an invalid id. Otherwise the error of the call.
    pub async fn rename(&self, name: impl Into<String>) -> Result<types::Team> {
        let name = name.into();
        check_name(&name)?;
        let call = self.client.raw().team_edit().team_id(self.checked()?);
        Ok(call.body(types::TeamEdit { name: Some(name) }).send().await?.into_inner())
    }

    /// Deletes the team; its members stay in the division. Only for administrators of the division.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, id: String) -> sbg::Result<()> {
    /// client.team(id).delete().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: an invalid id. Otherwise the error of the call.
    pub async fn delete(&self) -> Result<()> {
        self.client.raw().team_delete().team_id(self.checked()?).send().await?;
        Ok(())
    }

    /// The members of the team.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, id: String) -> sbg::Result<()> {
    /// for member in client.team(id).members().query().all().await? {
    ///     println!("{:?}", member.username);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn members(&self) -> Members<Self> {
        Members::new(self.clone())
    }
}
