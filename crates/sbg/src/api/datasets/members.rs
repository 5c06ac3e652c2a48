//! The members of a dataset.

use sbg_raw::ClientDatasetsExt as _;

use super::DatasetHandle;
use crate::client::Client;
use crate::error::{Error, Result};
use crate::ids::check_username;
use crate::members::{HasMembers, MEMBER_ID, NewMember, Permissions, member_basics, permissions_of};
use crate::request::call::{fetch_page, refuse_fields, refuse_selection, set};
use crate::request::list::{Fetched, PageRequest};
use crate::types;

const WHOLE: &str = "members of datasets";

impl HasMembers for DatasetHandle {
    member_basics!(dataset_member_remove { owner(owner), dataset(dataset) } username);

    async fn member_page(self, client: Client, at: PageRequest) -> Result<Fetched<types::Member>> {
        refuse_fields(&at, WHOLE)?;
        let id = self.id?;
        let call = client.raw().dataset_member_list().owner(id.owner()).dataset(id.dataset());
        fetch_page!(set!(call.offset(at.offset_param()), limit = at.limit_param()))
    }

    async fn add_member(self, member: NewMember, permissions: Permissions) -> Result<types::Member> {
        let NewMember::User(username) = member else {
            return Err(Error::invalid("members of a dataset are users: pass `NewMember::user(username)`"));
        };
        check_username(MEMBER_ID, &username)?;
        let body = types::DatasetMemberAdd { username, permissions: permissions.to_grant() };
        let (client, id) = (self.client, self.id?);
        let call = client.raw().dataset_member_add().owner(id.owner()).dataset(id.dataset());
        Ok(call.body(body).send().await?.into_inner())
    }

    async fn get_member(
        self,
        client: Client,
        member: String,
        fields: Option<String>,
    ) -> Result<types::Member> {
        refuse_selection(fields.as_deref(), WHOLE)?;
        let id = self.id?;
        let call = client.raw().dataset_member_get().owner(id.owner()).dataset(id.dataset());
        Ok(call.username(member).send().await?.into_inner())
    }

    /// The call returns nothing, so the member is fetched afterwards.
    async fn edit_permissions(self, member: String, permissions: Permissions) -> Result<types::Permissions> {
        let id = self.id.clone()?;
        let call = self.client.raw().dataset_member_permissions_edit();
        let call = call.owner(id.owner()).dataset(id.dataset()).username(&*member);
        call.body(permissions.to_edit()).send().await?;
        let client = self.client.clone();
        let member = self.get_member(client, member, None).await?;
        permissions_of(member)
    }

    async fn replace_permissions(
        self,
        member: String,
        permissions: Permissions,
    ) -> Result<types::Permissions> {
        let types::PermissionsReplace { write, copy, execute, admin, .. } = permissions.to_replace();
        let all = Permissions::new().write(write).copy(copy).execute(execute).admin(admin);
        HasMembers::edit_permissions(self, member, all).await
    }
}
