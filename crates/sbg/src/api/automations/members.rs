//! The members of an automation.

use sbg_raw::ClientAutomationsExt as _;

use super::AutomationHandle;
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::members::{
    HasMembers, NewMember, Permissions, foreign_members, member_basics, member_from, no_permissions,
};
use crate::request::call::refuse_selection;
use crate::request::list::{Fetched, PageRequest};
use crate::types;

const WHOLE: &str = "members of automations";

impl HasMembers for AutomationHandle {
    const MEMBER_IDENTITY: &'static [&'static str] = &["id"];

    member_basics!(automation_member_remove { automation_id } member_id);

    async fn member_page(self, client: Client, at: PageRequest) -> Result<Fetched<types::Member>> {
        foreign_members!(client.raw().automation_member_list().automation_id(self.id), at, WHOLE)
    }

    async fn add_member(self, member: NewMember, permissions: Permissions) -> Result<types::Member> {
        let body = member_body(member, permissions)?;
        let call = self.client.raw().automation_member_add().automation_id(self.id);
        member_from(&call.body(body).send().await?.into_inner())
    }

    async fn get_member(
        self,
        client: Client,
        member: String,
        fields: Option<String>,
    ) -> Result<types::Member> {
        refuse_selection(fields.as_deref(), WHOLE)?;
        let call = client.raw().automation_member_get().automation_id(self.id).member_id(member);
        member_from(&call.send().await?.into_inner())
    }

    /// The platform can only replace all permissions, so the current ones are fetched first.
    async fn edit_permissions(self, member: String, permissions: Permissions) -> Result<types::Permissions> {
        let present = self.clone().get_member(self.client.clone(), member.clone(), None).await?;
        let Some(present) = present.permissions else {
            let message = "the platform does not return the permissions of the member, so they cannot be changed in part: use `replace_permissions()`";
            return Err(Error::new(ErrorKind::UnexpectedResponse, message));
        };
        self.set_permissions(member, laid_over(&present, permissions)).await
    }

    async fn replace_permissions(
        self,
        member: String,
        permissions: Permissions,
    ) -> Result<types::Permissions> {
        self.set_permissions(member, permissions.to_replace()).await
    }
}

impl AutomationHandle {
    async fn set_permissions(
        self,
        member: String,
        permissions: types::PermissionsReplace,
    ) -> Result<types::Permissions> {
        let call = self.client.raw().automation_member_edit().automation_id(self.id).member_id(member);
        let member = call.body(types::AutomationMemberEdit { permissions }).send().await?.into_inner();
        member.permissions.ok_or_else(no_permissions)
    }
}

fn member_body(member: NewMember, permissions: Permissions) -> Result<types::AutomationMemberAdd> {
    let (username, id, type_) = match member {
        NewMember::User(username) => (Some(username), None, None),
        NewMember::Team(id) => (None, Some(id), Some(types::AutomationMemberAddType::Team)),
        NewMember::Email(_) => {
            return Err(Error::invalid(
                "members of an automation are added by username, not by e-mail address",
            ));
        }
        NewMember::Division(_) => {
            return Err(Error::invalid("members of an automation are users and teams, not divisions"));
        }
    };
    Ok(types::AutomationMemberAdd { id, permissions: permissions.to_grant(), type_, username })
}

/// The current permissions of a member with a change applied.
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
    fn member_is_sent_by_username_or_team_id() {
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
    fn permission_change_keeps_the_rest() {
        let present: types::Permissions =
            serde_json::from_value(json!({"read": true, "write": true, "execute": true})).unwrap();
        let set = laid_over(&present, Permissions::new().execute(false).copy(true));
        let expected = Permissions::new().write(true).copy(true).to_replace();
        assert_eq!(set, expected);
    }
}
