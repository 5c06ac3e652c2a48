//! The members of a volume.

use sbg_raw::ClientVolumesExt as _;

use crate::client::Client;
use crate::error::{Error, Result};
use crate::ids::{VolumeId, check_username};
use crate::members::{MEMBER_ID, NewMember, Permissions};
use crate::request::call::{Get, fetch_page, set};
use crate::request::list::{Fetched, List, PageRequest};
use crate::request::query::Query;
use crate::types;

/// The members of a volume. With read they look into it, with copy they import from it, with write they export to it. Volumes know no
/// execute permission.
///
/// ```no_run
/// # async fn example(volume: sbg::volumes::VolumeHandle) -> sbg::Result<()> {
/// use sbg::members::{NewMember, Permissions};
///
/// let members = volume.members();
/// members.add(NewMember::user("rgosling"), Permissions::new().copy(true).write(true)).await?;
/// println!("{:?} members", members.query().page().await?.total);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct VolumeMembers {
    pub(super) client: Client,
    pub(super) id: VolumeId,
}

impl VolumeMembers {
    /// The members and what each may do.
    ///
    /// ```no_run
    /// # async fn example(volume: sbg::volumes::VolumeHandle) -> sbg::Result<()> {
    /// let mut members = volume.members().query().items();
    /// while let Some(member) = members.try_next().await? {
    ///     println!("{:?} {:?}", member.username, member.type_);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn query(&self) -> Query<VolumeMemberList> {
        Query::new(self.client.clone(), VolumeMemberList { id: self.id.clone() })
    }

    /// Adds a user by username, a team or a division.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// use sbg::members::{NewMember, Permissions};
    ///
    /// let members = client.volume("rfranklin/patterns")?.members();
    /// members.add(NewMember::user("fcrick"), Permissions::new().copy(true)).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// An e-mail address, the execute permission or a malformed id, before anything is sent; or whatever the call brings.
    pub async fn add(&self, member: NewMember, permissions: Permissions) -> Result<types::Member> {
        let permissions = volume_permissions(&permissions.to_grant())?;
        let (username, type_) = match member {
            NewMember::Email(_) => {
                return Err(Error::invalid("a volume takes users by username, not by e-mail address"));
            }
            NewMember::User(id) => (id, types::MemberAddType::User),
            NewMember::Team(id) => (id, types::MemberAddType::Team),
            NewMember::Division(id) => (id, types::MemberAddType::Division),
        };
        check_username(MEMBER_ID, &username)?;
        let body = types::VolumeMemberAdd { username, type_: Some(type_), permissions };
        let call = self.client.raw().volume_member_add();
        let call = call.volume_owner(self.id.owner()).volume_name(self.id.volume());
        Ok(call.body(body).send().await?.into_inner())
    }

    /// One member, by username or by the id of the team or division.
    ///
    /// ```no_run
    /// # async fn example(volume: sbg::volumes::VolumeHandle) -> sbg::Result<()> {
    /// println!("{:?}", volume.members().member("fcrick").get().await?.permissions);
    /// # Ok(())
    /// # }
    /// ```
    pub fn member(&self, id: impl Into<String>) -> VolumeMemberHandle {
        VolumeMemberHandle { client: self.client.clone(), id: self.id.clone(), member: id.into() }
    }
}

/// Permissions as volumes have them. Execute is refused where it is all that could be meant; as a part of admin it is left out.
fn volume_permissions(permissions: &types::PermissionsEdit) -> Result<types::VolumePermissionsEdit> {
    let &types::PermissionsEdit { read, write, copy, execute, admin } = permissions;
    if execute == Some(true) && admin != Some(true) {
        return Err(Error::invalid("volumes know no execute permission: leave it out"));
    }
    Ok(types::VolumePermissionsEdit { read, write, copy, admin })
}

/// The list of the members of a volume.
///
/// ```no_run
/// # async fn example(volume: sbg::volumes::VolumeHandle) -> sbg::Result<()> {
/// let query: sbg::Query<sbg::volumes::VolumeMemberList> = volume.members().query();
/// println!("{:?} members", query.page_size(1).page().await?.total);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct VolumeMemberList {
    id: VolumeId,
}

impl List for VolumeMemberList {
    type Item = types::Member;

    const IDENTITY: &'static [&'static str] = &["username"];

    async fn fetch(self, client: Client, at: PageRequest) -> Result<Fetched<types::Member>> {
        let call = client.raw().volume_member_list();
        let call = call.volume_owner(self.id.owner()).volume_name(self.id.volume());
        fetch_page!(set!(call.offset(at.offset_param()), limit = at.limit_param(), fields = at.fields))
    }
}

/// A member of a volume. Makes no request until it is told to.
///
/// ```no_run
/// # async fn example(volume: sbg::volumes::VolumeHandle) -> sbg::Result<()> {
/// use sbg::members::Permissions;
///
/// let member = volume.members().member("fcrick");
/// member.edit_permissions(Permissions::new().write(false)).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct VolumeMemberHandle {
    client: Client,
    id: VolumeId,
    member: String,
}

impl VolumeMemberHandle {
    /// Gets the member with his permissions.
    ///
    /// ```no_run
    /// # async fn example(volume: sbg::volumes::VolumeHandle) -> sbg::Result<()> {
    /// let member = volume.members().member("fcrick").get().await?;
    /// let may_export = member.permissions.and_then(|permissions| permissions.write) == Some(true);
    /// # Ok(())
    /// # }
    /// ```
    pub fn get(&self) -> Get<types::Member> {
        let Self { client, id, member } = self.clone();
        Get::new(VolumeMemberList::IDENTITY, move |fields| async move {
            check_username(MEMBER_ID, &member)?;
            let call = client.raw().volume_member_get().volume_owner(id.owner()).volume_name(id.volume());
            Ok(set!(call.username(member), fields = fields).send().await?.into_inner())
        })
    }

    /// Takes the member out of the volume.
    ///
    /// ```no_run
    /// # async fn example(volume: sbg::volumes::VolumeHandle) -> sbg::Result<()> {
    /// volume.members().member("fcrick").remove().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// A malformed id of the member, before anything is sent; or whatever the call brings.
    pub async fn remove(&self) -> Result<()> {
        let member = check_username(MEMBER_ID, &self.member)?;
        let call = self.client.raw().volume_member_remove();
        call.volume_owner(self.id.owner()).volume_name(self.id.volume()).username(member).send().await?;
        Ok(())
    }

    /// Changes the permissions that are named and leaves the others.
    ///
    /// ```no_run
    /// # async fn example(volume: sbg::volumes::VolumeHandle) -> sbg::Result<()> {
    /// use sbg::members::Permissions;
    ///
    /// let member = volume.members().member("fcrick");
    /// let permissions = member.edit_permissions(Permissions::new().write(false)).await?;
    /// assert_eq!(permissions.write, Some(false));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// A change of nothing, the execute permission or a malformed id of the member, before anything is sent; or whatever the call brings.
    pub async fn edit_permissions(&self, permissions: Permissions) -> Result<types::Permissions> {
        let member = check_username(MEMBER_ID, &self.member)?;
        let body = volume_permissions(&permissions.to_edit())?;
        if body == types::VolumePermissionsEdit::default() {
            return Err(Error::invalid("the edit of the permissions changes nothing"));
        }
        let call = self.client.raw().volume_member_permissions_edit();
        let call = call.volume_owner(self.id.owner()).volume_name(self.id.volume());
        Ok(call.username(member).body(body).send().await?.into_inner())
    }

    /// Sets all permissions: what is not named is taken away.
    ///
    /// ```no_run
    /// # async fn example(volume: sbg::volumes::VolumeHandle) -> sbg::Result<()> {
    /// use sbg::members::Permissions;
    ///
    /// let member = volume.members().member("fcrick");
    /// let permissions = member.replace_permissions(Permissions::new().copy(true)).await?;
    /// println!("{:?} {:?}", permissions.copy, permissions.write);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The execute permission or a malformed id of the member, before anything is sent; or whatever the call brings.
    pub async fn replace_permissions(&self, permissions: Permissions) -> Result<types::Permissions> {
        let member = check_username(MEMBER_ID, &self.member)?;
        volume_permissions(&permissions.to_edit())?;
        let types::PermissionsReplace { read, write, copy, admin, .. } = permissions.to_replace();
        let body = types::VolumePermissionsReplace { read, write, copy, admin };
        let call = self.client.raw().volume_member_permissions_replace();
        let call = call.volume_owner(self.id.owner()).volume_name(self.id.volume());
        Ok(call.username(member).body(body).send().await?.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn execute_is_a_part_of_admin_alone() {
        let allowed = |permissions: Permissions| volume_permissions(&permissions.to_edit()).is_ok();
        assert!(allowed(Permissions::all()));
        assert!(allowed(Permissions::new().execute(false)));
        assert!(!allowed(Permissions::new().write(true).execute(true)));
    }
}
