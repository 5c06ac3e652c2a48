//! The members of a project.

use sbg_raw::ClientProjectsExt as _;

use super::ProjectHandle;
use crate::client::Client;
use crate::error::Result;
use crate::members::{HasMembers, NewMember, Permissions, member_basics};
use crate::request::call::{fetch_page, set};
use crate::request::list::{Fetched, PageRequest};
use crate::types;

impl HasMembers for ProjectHandle {
    member_basics!(project_member_remove { project_owner(owner), project(project) } username);

    async fn member_page(self, client: Client, at: PageRequest) -> Result<Fetched<types::Member>> {
        let id = self.id?;
        let call = client.raw().project_member_list().project_owner(id.owner()).project(id.project());
        fetch_page!(set!(call.offset(at.offset_param()), limit = at.limit_param(), fields = at.fields))
    }

    async fn add_member(self, member: NewMember, permissions: Permissions) -> Result<types::Member> {
        let (client, id) = (self.client, self.id?);
        let call = client.raw().project_member_add().project_owner(id.owner()).project(id.project());
        Ok(call.body(member.with(permissions)).send().await?.into_inner())
    }

    async fn get_member(
        self,
        client: Client,
        member: String,
        fields: Option<String>,
    ) -> Result<types::Member> {
        let id = self.id?;
        let call = client.raw().project_member_get().project_owner(id.owner()).project(id.project());
        Ok(set!(call.username(member), fields = fields).send().await?.into_inner())
    }

    async fn edit_permissions(self, member: String, permissions: Permissions) -> Result<types::Permissions> {
        let (client, id) = (self.client, self.id?);
        let call = client.raw().project_member_permissions_edit();
        let call = call.project_owner(id.owner()).project(id.project()).username(member);
        Ok(call.body(permissions.to_edit()).send().await?.into_inner())
    }

    async fn replace_permissions(
        self,
        member: String,
        permissions: Permissions,
    ) -> Result<types::Permissions> {
        let (client, id) = (self.client, self.id?);
        let call = client.raw().project_member_permissions_replace();
        let call = call.project_owner(id.owner()).project(id.project()).username(member);
        Ok(call.body(permissions.to_replace()).send().await?.into_inner())
    }
}
