//! The members of a volume.

use sbg_raw::ClientVolumesExt as _;

use super::VolumeHandle;
use crate::client::Client;
use crate::error::{Error, Result};
use crate::ids::check_username;
use crate::members::{HasMembers, MEMBER_ID, NewMember, Permissions, member_basics};
use crate::request::call::{fetch_page, set};
use crate::request::list::{Fetched, PageRequest};
use crate::types;

impl HasMembers for VolumeHandle {
    member_basics!(volume_member_remove { volume_owner(owner), volume_name(volume) } username);

    async fn member_page(self, client: Client, at: PageRequest) -> Result<Fetched<types::Member>> {
        let id = self.id?;
        let call = client.raw().volume_member_list().volume_owner(id.owner()).volume_name(id.volume());
        fetch_page!(set!(call.offset(at.offset_param()), limit = at.limit_param(), fields = at.fields))
    }

    async fn add_member(self, member: NewMember, permissions: Permissions) -> Result<types::Member> {
        let permissions = volume_permissions(&permissions.to_grant())?;
        let (username, type_) = match member {
            NewMember::Email(_) => {
                return Err(Error::invalid(
                    "members of a volume are added by username, not by e-mail address",
                ));
            }
            NewMember::User(id) => (id, types::MemberAddType::User),
            NewMember::Team(id) => (id, types::MemberAddType::Team),
            NewMember::Division(id) => (id, types::MemberAddType::Division),
        };
        check_username(MEMBER_ID, &username)?;
        let body = types::VolumeMemberAdd { username, type_: Some(type_), permissions };
        let (client, id) = (self.client, self.id?);
        let call = client.raw().volume_member_add().volume_owner(id.owner()).volume_name(id.volume());
        Ok(call.body(body).send().await?.into_inner())
    }

    async fn get_member(
        self,
        client: Client,
        member: String,
        fields: Option<String>,
    ) -> Result<types::Member> {
        let id = self.id?;
        let call = client.raw().volume_member_get().volume_owner(id.owner()).volume_name(id.volume());
        Ok(set!(call.username(member), fields = fields).send().await?.into_inner())
    }

    async fn edit_permissions(self, member: String, permissions: Permissions) -> Result<types::Permissions> {
        let body = volume_permissions(&permissions.to_edit())?;
        if body == types::VolumePermissionsEdit::default() {
            return Err(Error::invalid(
                "the edit of the permissions changes nothing: set at least one permission",
            ));
        }
        let (client, id) = (self.client, self.id?);
        let call = client.raw().volume_member_permissions_edit();
        let call = call.volume_owner(id.owner()).volume_name(id.volume());
        Ok(call.username(member).body(body).send().await?.into_inner())
    }

    async fn replace_permissions(
        self,
        member: String,
        permissions: Permissions,
    ) -> Result<types::Permissions> {
        volume_permissions(&permissions.to_edit())?;
        let types::PermissionsReplace { read, write, copy, admin, .. } = permissions.to_replace();
        let body = types::VolumePermissionsReplace { read, write, copy, admin };
        let (client, id) = (self.client, self.id?);
        let call = client.raw().volume_member_permissions_replace();
        let call = call.volume_owner(id.owner()).volume_name(id.volume());
        Ok(call.username(member).body(body).send().await?.into_inner())
    }
}

/// Converts permissions for a volume, which has no execute permission. Execute is refused, except with admin, where it is dropped.
fn volume_permissions(permissions: &types::PermissionsEdit) -> Result<types::VolumePermissionsEdit> {
    let &types::PermissionsEdit { read, write, copy, execute, admin } = permissions;
    if execute == Some(true) && admin != Some(true) {
        return Err(Error::invalid("volumes have no execute permission: leave it out"));
    }
    Ok(types::VolumePermissionsEdit { read, write, copy, admin })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn execute_is_allowed_only_within_admin() {
        let allowed = |permissions: Permissions| volume_permissions(&permissions.to_edit()).is_ok();
        assert!(allowed(Permissions::all()));
        assert!(allowed(Permissions::new().execute(false)));
        assert!(!allowed(Permissions::new().write(true).execute(true)));
    }
}
