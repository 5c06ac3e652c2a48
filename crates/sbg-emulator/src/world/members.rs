//! Members of projects and what they may do.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{
    World,
    projects::{Need, Project},
};
use crate::error::{ApiError, Outcome};

/// What a member may do besides reading, which every member may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "these are the four switches of the platform")]
pub(crate) struct Permissions {
    pub(crate) write: bool,
    pub(crate) copy: bool,
    pub(crate) execute: bool,
    pub(crate) admin: bool,
}

/// The names of all permissions.
const NAMES: [&str; 5] = ["read", "write", "copy", "execute", "admin"];

impl Permissions {
    pub(crate) const fn all() -> Self {
        Self { write: true, copy: true, execute: true, admin: true }
    }

    pub(crate) fn allow(self, need: Need) -> bool {
        match need {
            Need::Read => true,
            Need::Write => self.write,
            Need::Copy => self.copy,
            Need::Execute => self.execute,
            Need::Admin => self.admin,
        }
    }

    pub(crate) fn union(self, other: Self) -> Self {
        Self {
            write: self.write || other.write,
            copy: self.copy || other.copy,
            execute: self.execute || other.execute,
            admin: self.admin || other.admin,
        }
    }

    /// Applies what a request sets. An administrator may do everything, so that switch sets the others.
    pub(crate) fn merged(self, changes: &Map<String, Value>) -> Outcome<Self> {
        let switch = |name: &str, present: bool| match changes.get(name) {
            None | Some(Value::Null) => Ok(present),
            Some(Value::Bool(value)) => Ok(*value),
            Some(_) => Err(ApiError::bad_request(format_args!("`{name}` must be a boolean."))),
        };
        switch("read", true)?;
        let result = Self {
            write: switch("write", self.write)?,
            copy: switch("copy", self.copy)?,
            execute: switch("execute", self.execute)?,
            admin: switch("admin", self.admin)?,
        };
        Ok(if result.admin { Self::all() } else { result })
    }
}

/// What kind of member it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MemberKind {
    User,
    Team,
    Division,
}

impl MemberKind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::User => "USER",
            Self::Team => "TEAM",
            Self::Division => "DIVISION",
        }
    }

    /// Users are the default, as the field is younger than the call.
    pub(crate) fn parse(name: Option<&str>) -> Outcome<Self> {
        match name.map(str::to_ascii_uppercase).as_deref() {
            None | Some("USER") => Ok(Self::User),
            Some("TEAM") => Ok(Self::Team),
            Some("DIVISION") => Ok(Self::Division),
            Some(_) => Err(ApiError::bad_request("`type` must be USER, TEAM or DIVISION.")),
        }
    }
}

/// One member. Who it is is the key under which it is kept.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) kind: MemberKind,
    pub(crate) permissions: Permissions,
}

impl Member {
    pub(crate) fn user(permissions: Permissions) -> Self {
        Self { kind: MemberKind::User, permissions }
    }
}

/// Whom a request adds.
#[derive(Debug)]
pub(crate) enum NewMember<'a> {
    Named(MemberKind, &'a str),
    Email(&'a str),
}

impl World {
    /// Whether a member is this user, or a group that the user is in.
    pub(super) fn stands_for(&self, id: &str, member: &Member, actor: &str) -> bool {
        match member.kind {
            MemberKind::User => id == actor,
            MemberKind::Team => self.teams.get(id).is_some_and(|team| team.members.contains(actor)),
            MemberKind::Division => {
                self.divisions.get(id).is_some_and(|division| division.members.contains_key(actor))
            }
        }
    }

    /// What some members allow a user: on their own account, through teams and through divisions. `None` if nothing.
    pub(super) fn granted(&self, members: &BTreeMap<String, Member>, actor: &str) -> Option<Permissions> {
        let granted = members.iter().filter(|(id, member)| self.stands_for(id, member, actor));
        granted.map(|(_, member)| member.permissions).reduce(Permissions::union)
    }

    /// Whom a request means: the kind and the id of a user, a team or a division that exists.
    pub(super) fn resolve(&self, new: &NewMember<'_>) -> Outcome<(MemberKind, String)> {
        match *new {
            NewMember::Email(email) => {
                let user = self.users.by_email(email).ok_or(ApiError::new(2002))?;
                Ok((MemberKind::User, user.username.clone()))
            }
            NewMember::Named(kind, id) => {
                let known = match kind {
                    MemberKind::User => self.users.get(id).is_some(),
                    MemberKind::Team => self.teams.contains_key(id),
                    MemberKind::Division => self.divisions.contains_key(id),
                };
                if known {
                    Ok((kind, id.to_owned()))
                } else {
                    Err(ApiError::new(if kind == MemberKind::User { 2002 } else { 3002 }))
                }
            }
        }
    }

    /// One member of a project that the actor can see.
    pub(crate) fn member<'a>(
        &'a self,
        actor: &str,
        project: &str,
        id: &str,
    ) -> Outcome<(&'a Project, &'a Member)> {
        let project = self.project(actor, project, Need::Read)?;
        let member = project.members.get(id).ok_or(ApiError::new(3002))?;
        Ok((project, member))
    }

    /// Adds a member and returns its id.
    pub(crate) fn add_member(
        &mut self,
        actor: &str,
        project: &str,
        new: &NewMember<'_>,
        permissions: Option<&Map<String, Value>>,
    ) -> Outcome<String> {
        self.project(actor, project, Need::Admin)?;
        let (kind, id) = self.resolve(new)?;
        let permissions = permissions.filter(|given| !given.is_empty()).ok_or(ApiError::new(3011))?;
        let permissions = Permissions::default().merged(permissions)?;
        let project = self.project_mut(project)?;
        if project.members.contains_key(&id) {
            return Err(ApiError::new(3003));
        }
        project.members.insert(id.clone(), Member { kind, permissions });
        Ok(id)
    }

    /// Removes a member. The owner stays.
    pub(crate) fn remove_member(&mut self, actor: &str, project: &str, id: &str) -> Outcome<()> {
        let found = self.project(actor, project, Need::Admin)?;
        if found.owner == id {
            return Err(ApiError::new(3001).detail("The owner of a project cannot be removed."));
        }
        let removed = self.project_mut(project)?.members.remove(id);
        removed.map(|_| ()).ok_or(ApiError::new(3002))
    }

    /// Changes what a member may do, or sets all of it anew (which then has to be complete).
    pub(crate) fn set_permissions(
        &mut self,
        actor: &str,
        project: &str,
        id: &str,
        changes: &Map<String, Value>,
        anew: bool,
    ) -> Outcome<Permissions> {
        self.project(actor, project, Need::Admin)?;
        if anew && NAMES.iter().any(|name| changes.get(*name).is_none_or(Value::is_null)) {
            return Err(ApiError::new(3013));
        }
        let project = self.project_mut(project)?;
        let owner = project.owner == id;
        let member = project.members.get_mut(id).ok_or(ApiError::new(3002))?;
        let changed = member.permissions.merged(changes)?;
        // A project whose owner may not administer it could never be repaired.
        member.permissions = if owner { Permissions::all() } else { changed };
        Ok(member.permissions)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn merged(present: Permissions, changes: &Value) -> Outcome<Permissions> {
        present.merged(changes.as_object().unwrap())
    }

    #[test]
    fn an_administrator_may_do_everything() {
        assert_eq!(merged(Permissions::default(), &json!({"admin": true})), Ok(Permissions::all()));
        let copy = Permissions { copy: true, ..Permissions::default() };
        assert_eq!(merged(Permissions::default(), &json!({"copy": true, "read": false})), Ok(copy));
        assert_eq!(merged(copy, &json!({"copy": null})), Ok(copy));
        assert_eq!(merged(copy, &json!({"copy": 1})).unwrap_err().status, 400);
    }
}
