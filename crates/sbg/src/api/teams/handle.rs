//! One team.

use sbg_raw::ClientTeamsExt as _;

use super::{TeamList, check_name};
use crate::client::Client;
use crate::error::Result;
use crate::ids::check_segment;
use crate::members::Members;
use crate::request::call::{Get, set};
use crate::request::list::List as _;
use crate::types;

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
    pub(super) client: Client,
    pub(super) id: String,
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

    pub(super) fn checked(&self) -> Result<&str> {
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
    #[inline]
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
