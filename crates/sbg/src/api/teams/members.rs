//! The members of a team.

use sbg_raw::ClientTeamsExt as _;

use super::TeamHandle;
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::ids::check_username;
use crate::members::{HasMembers, NewMember, Permissions, member_from};
use crate::request::call::{refuse_fields, refuse_selection, set};
use crate::request::list::{Fetched, PageRequest};
use crate::types;

const WHOLE: &str = "members of teams";
const NO_PERMISSIONS: &str =
    "members of a team have no permissions of their own; give permissions to the team, where it is a member";

impl HasMembers for TeamHandle {
    const MEMBER_IDENTITY: &'static [&'static str] = &["id"];

    fn client(&self) -> &Client {
        &self.client
    }

    fn check_id(&self) -> Result<()> {
        self.checked().map(drop)
    }

    async fn member_page(self, client: Client, at: PageRequest) -> Result<Fetched<types::Member>> {
        refuse_fields(&at, WHOLE)?;
        let call = client.raw().team_member_list().team_id(self.id).offset(at.offset_param());
        let response = set!(call, limit = at.limit_param()).send().await?;
        let headers = response.headers().clone();
        let page = response.into_inner();
        let members = page.items.iter().map(member_from).collect::<Result<_>>()?;
        Ok(Fetched::new(&headers, members, page.href, page.links))
    }

    async fn add_member(self, member: NewMember, permissions: Permissions) -> Result<types::Member> {
        let NewMember::User(id) = member else {
            return Err(Error::invalid("a team has users as members, each named by username"));
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

    async fn remove_member(self, member: String) -> Result<()> {
        self.client.raw().team_member_remove().team_id(self.id).username(member).send().await?;
        Ok(())
    }

    async fn edit_permissions(self, _: String, _: Permissions) -> Result<types::Permissions> {
        Err(Error::invalid(NO_PERMISSIONS))
    }

    async fn replace_permissions(self, _: String, _: Permissions) -> Result<types::Permissions> {
        Err(Error::invalid(NO_PERMISSIONS))
    }
}
