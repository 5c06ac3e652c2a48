//! The members of a team.

use sbg_raw::ClientTeamsExt as _;

use super::TeamHandle;
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::ids::check_username;
use crate::members::{HasMembers, NewMember, Permissions, foreign_members, member_basics, member_from};
use crate::request::call::refuse_selection;
use crate::request::list::{Fetched, PageRequest};
use crate::types;

const WHOLE: &str = "members of teams";
const NO_PERMISSIONS: &str =
    "members of a team have no permissions of their own; give permissions to the team, where it is a member";

impl HasMembers for TeamHandle {
    const MEMBER_IDENTITY: &'static [&'static str] = &["id"];

    member_basics!(team_member_remove { team_id } username);

    async fn member_page(self, client: Client, at: PageRequest) -> Result<Fetched<types::Member>> {
        foreign_members!(client.raw().team_member_list().team_id(self.id), at, WHOLE)
    }

    async fn add_member(self, member: NewMember, permissions: Permissions) -> Result<types::Member> {
        let NewMember::User(id) = member else {
            return Err(Error::invalid("members of a team are users: pass `NewMember::user(username)`"));
        };
        if !permissions.is_empty() {
            return Err(Error::invalid(NO_PERMISSIONS));
        }
        check_username("username", &id)?;
        let call = self.client.raw().team_member_add().team_id(self.id);
        member_from(&call.body(types::TeamMemberAdd { id }).send().await?.into_inner())
    }

    /// The platform has no call to get one member of a team, so this searches the list.
    async fn get_member(
        self,
        client: Client,
        member: String,
        fields: Option<String>,
    ) -> Result<types::Member> {
        refuse_selection(fields.as_deref(), WHOLE)?;
        let team = Self { client, id: self.id.clone() };
        let mut members = team.members().query().items();
        while let Some(found) = members.try_next().await? {
            if found.username.as_ref() == Some(&member) || found.id.as_ref() == Some(&member) {
                return Ok(found);
            }
        }
        let message = format!("`{member}` is not a member of the team `{}`", self.id);
        Err(Error::new(ErrorKind::NotFound, message))
    }

    async fn edit_permissions(self, _: String, _: Permissions) -> Result<types::Permissions> {
        Err(Error::invalid(NO_PERMISSIONS))
    }

    async fn replace_permissions(self, _: String, _: Permissions) -> Result<types::Permissions> {
        Err(Error::invalid(NO_PERMISSIONS))
    }
}
