//! The members of an automation.

use sbg_raw::ClientAutomationsExt as _;

use super::checked_id;
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::ids::check_username;
use crate::members::{MEMBER_ID, NewMember, Permissions};
use crate::request::call::{fetch_page, refuse_fields, set};
use crate::request::list::{Fetched, List, PageRequest};
use crate::request::query::Query;
use crate::types;

/// The members of an automation.
///
/// ```no_run
/// # async fn example(automation: sbg::automations::AutomationHandle) -> sbg::Result<()> {
/// let members = automation.members();
/// members.member("fcrick").remove().await?;
/// println!("{} are left", members.query().all().await?.len());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct AutomationMembers {
    client: Client,
    id: String,
}

impl AutomationMembers {
    pub(super) fn new(client: Client, id: String) -> Self {
        Self { client, id }
    }

    /// The members and what each may do.
    ///
    /// ```no_run
    /// # async fn example(automation: sbg::automations::AutomationHandle) -> sbg::Result<()> {
    /// for member in automation.members().query().all().await? {
    ///     println!("{:?} {:?}", member.username, member.type_);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn query(&self) -> Query<AutomationMemberList> {
        Query::new(self.client.clone(), AutomationMemberList { id: self.id.clone() })
    }

    /// Adds a user by username, or a team.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, id: String) -> sbg::Result<()> {
    /// use sbg::members::{NewMember, Permissions};
    ///
    /// let members = client.automation(id).members();
    /// members.add(NewMember::user("fcrick"), Permissions::new().copy(true).execute(true)).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// A malformed id, an e-mail address or a division, before anything is sent; or whatever the call brings.
    pub async fn add(&self, member: NewMember, permissions: Permissions) -> Result<types::AutomationMember> {
        let id = checked_id(&self.id)?;
        let body = member_body(member, permissions)?;
        let call = self.client.raw().automation_member_add().automation_id(id);
        Ok(call.body(body).send().await?.into_inner())
    }

    /// One member, by username or by the id of the team.
    ///
    /// ```no_run
    /// # async fn example(automation: sbg::automations::AutomationHandle) -> sbg::Result<()> {
    /// let member = automation.members().member("fcrick").get().await?;
    /// println!("{:?}", member.permissions);
    /// # Ok(())
    /// # }
    /// ```
    pub fn member(&self, id: impl Into<String>) -> AutomationMemberHandle {
        AutomationMemberHandle { client: self.client.clone(), id: self.id.clone(), member: id.into() }
    }
}

fn member_body(member: NewMember, permissions: Permissions) -> Result<types::AutomationMemberAdd> {
    let (username, id, type_) = match member {
        NewMember::User(username) => (Some(username), None, None),
        NewMember::Team(id) => (None, Some(id), Some(types::AutomationMemberAddType::Team)),
        NewMember::Email(_) => {
            return Err(Error::invalid("an automation takes users by username, not by e-mail address"));
        }
        NewMember::Division(_) => {
            return Err(Error::invalid("an automation has users and teams as members, no divisions"));
        }
    };
    Ok(types::AutomationMemberAdd { id, permissions: permissions.to_grant(), type_, username })
}

/// The list of the members of an automation.
///
/// ```no_run
/// # async fn example(automation: sbg::automations::AutomationHandle) -> sbg::Result<()> {
/// let query: sbg::Query<sbg::automations::AutomationMemberList> = automation.members().query();
/// println!("{} members", query.page_size(100).all().await?.len());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct AutomationMemberList {
    id: String,
}

impl List for AutomationMemberList {
    type Item = types::AutomationMember;

    fn check(&self) -> Result<()> {
        checked_id(&self.id).map(drop)
    }

    async fn fetch(self, client: Client, at: PageRequest) -> Result<Fetched<types::AutomationMember>> {
        refuse_fields(&at, "members of automations")?;
        let call = client.raw().automation_member_list().automation_id(self.id).offset(at.offset_param());
        fetch_page!(set!(call, limit = at.limit_param()))
    }
}

/// A member of an automation. Makes no request until it is told to.
///
/// ```no_run
/// # async fn example(automation: sbg::automations::AutomationHandle) -> sbg::Result<()> {
/// use sbg::members::Permissions;
///
/// let member = automation.members().member("fcrick");
/// member.edit_permissions(Permissions::new().execute(true)).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct AutomationMemberHandle {
    client: Client,
    id: String,
    member: String,
}

impl AutomationMemberHandle {
    fn checked(&self) -> Result<(&str, &str)> {
        Ok((checked_id(&self.id)?, check_username(MEMBER_ID, &self.member)?))
    }

    /// Gets the member with his permissions.
    ///
    /// ```no_run
    /// # async fn example(automation: sbg::automations::AutomationHandle) -> sbg::Result<()> {
    /// let member = automation.members().member("fcrick").get().await?;
    /// let may_run = member.permissions.and_then(|permissions| permissions.execute) == Some(true);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// A malformed id, before anything is sent; or whatever the call brings.
    pub async fn get(&self) -> Result<types::AutomationMember> {
        let (id, member) = self.checked()?;
        let call = self.client.raw().automation_member_get().automation_id(id).member_id(member);
        Ok(call.send().await?.into_inner())
    }

    /// Takes the member out of the automation.
    ///
    /// ```no_run
    /// # async fn example(automation: sbg::automations::AutomationHandle) -> sbg::Result<()> {
    /// automation.members().member("fcrick").remove().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// A malformed id, before anything is sent; or whatever the call brings.
    pub async fn remove(&self) -> Result<()> {
        let (id, member) = self.checked()?;
        self.client.raw().automation_member_remove().automation_id(id).member_id(member).send().await?;
        Ok(())
    }

    /// Changes the permissions that are named and leaves the others.
    ///
    /// The platform takes all permissions of a member of an automation at once, so this gets the member first: two calls, between which
    /// a change by somebody else is lost.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, id: String) -> sbg::Result<()> {
    /// use sbg::members::Permissions;
    ///
    /// let member = client.automation(id).members().member("fcrick");
    /// member.edit_permissions(Permissions::new().admin(false)).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// A change of nothing, a malformed id or username, before anything is sent; or whatever the calls bring.
    pub async fn edit_permissions(&self, permissions: Permissions) -> Result<types::AutomationMember> {
        self.checked()?;
        if permissions.is_empty() {
            return Err(Error::invalid("the edit of the permissions changes nothing"));
        }
        let Some(present) = self.get().await?.permissions else {
            let message = "the platform does not say what the member may do, so it cannot be changed in part";
            return Err(Error::new(ErrorKind::UnexpectedResponse, message));
        };
        self.set_permissions(laid_over(&present, permissions)).await
    }

    /// Sets all permissions: what is not named is taken away.
    ///
    /// ```no_run
    /// # async fn example(automation: sbg::automations::AutomationHandle) -> sbg::Result<()> {
    /// use sbg::members::Permissions;
    ///
    /// let member = automation.members().member("fcrick");
    /// member.replace_permissions(Permissions::new().copy(true).execute(true)).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// A malformed id, before anything is sent; or whatever the call brings.
    pub async fn replace_permissions(&self, permissions: Permissions) -> Result<types::AutomationMember> {
        self.set_permissions(permissions.to_replace()).await
    }

    async fn set_permissions(
        &self,
        permissions: types::PermissionsReplace,
    ) -> Result<types::AutomationMember> {
        let (id, member) = self.checked()?;
        let call = self.client.raw().automation_member_edit().automation_id(id).member_id(member);
        Ok(call.body(types::AutomationMemberEdit { permissions }).send().await?.into_inner())
    }
}

/// The permissions that a member has with a change in them.
fn laid_over(present: &types::Permissions, change: Permissions) -> types::PermissionsReplace {
    let change = change.to_edit();
    let one = |changed: Option<bool>, present: Option<bool>| changed.or(present).unwrap_or(false);
    types::PermissionsReplace {
        read: true,
        write: one(change.write, present.write),
        copy: one(change.copy, present.copy),
        execute: one(change.execute, present.execute),
        admin: one(change.admin, present.admin),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn users_are_named_by_username_and_teams_by_id() {
        let check = |member: NewMember, expected: Option<Value>| {
            let body = member_body(member, Permissions::new().execute(true)).ok();
            let body = body.map(|body| serde_json::to_value(body).unwrap());
            assert_eq!(body, expected);
        };
        let permissions = json!({"read": true, "execute": true});
        check(NewMember::user("u"), Some(json!({"username": "u", "permissions": permissions})));
        check(NewMember::team("t"), Some(json!({"id": "t", "type": "team", "permissions": permissions})));
        check(NewMember::email("a@b"), None);
        check(NewMember::division("d"), None);
    }

    #[test]
    fn a_change_keeps_what_it_does_not_name() {
        let present: types::Permissions =
            serde_json::from_value(json!({"read": true, "write": true, "execute": true})).unwrap();
        let set = laid_over(&present, Permissions::new().execute(false).copy(true));
        let expected = Permissions::new().write(true).copy(true).to_replace();
        assert_eq!(set, expected);
    }
}
