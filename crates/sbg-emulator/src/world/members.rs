//! Members of projects, volumes, datasets and automations, and their permissions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{World, permissions::Permissions};
use crate::error::{ApiError, Outcome};

/// The kind of a member.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
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

    /// The default is a user: the property is newer than the call.
    pub(crate) fn parse(name: Option<&str>) -> Outcome<Self> {
        match name.map(str::to_ascii_uppercase).as_deref() {
            None | Some("USER") => Ok(Self::User),
            Some("TEAM") => Ok(Self::Team),
            Some("DIVISION") => Ok(Self::Division),
            Some(_) => Err(ApiError::bad_request("`type` must be USER, TEAM or DIVISION.")),
        }
    }
}

/// A member. Its id is the key under which it is stored.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Member {
    pub(crate) kind: MemberKind,
    pub(crate) permissions: Permissions,
}

/// The kinds of resources with members.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) enum Shared {
    Project,
    Volume,
    Dataset,
    Automation,
}

impl Shared {
    fn unknown(self) -> ApiError {
        ApiError::new(if self == Self::Project { 3002 } else { 90003 })
    }

    fn taken(self) -> ApiError {
        let detail = match self {
            Self::Project => return ApiError::new(3003),
            Self::Volume => "The volume already has this member.",
            Self::Dataset => "The dataset already has this member.",
            Self::Automation => "The automation already has this member.",
        };
        ApiError::new(90007).detail(detail)
    }

    fn owned(self) -> ApiError {
        let (code, detail) = match self {
            Self::Project => (3001, "The owner of a project cannot be removed."),
            Self::Volume => (9020, "The owner of a volume cannot be removed."),
            Self::Dataset => (90002, "The owner of a dataset cannot be removed."),
            Self::Automation => (90002, "The owner of an automation cannot be removed."),
        };
        ApiError::new(code).detail(detail)
    }

    fn incomplete(self) -> ApiError {
        match self {
            Self::Volume => ApiError::new(9011).detail("All of read, write, copy and admin are required."),
            _ => ApiError::new(3013),
        }
    }

    /// The permissions that members of the resource have.
    fn permissions(self) -> &'static [&'static str] {
        match self {
            Self::Volume => &["read", "write", "copy", "admin"],
            _ => &["read", "write", "copy", "execute", "admin"],
        }
    }
}

/// The members of a resource: its owner, who has all permissions and cannot be removed, and others.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Members {
    of: Shared,
    owner: String,
    by_id: BTreeMap<String, Member>,
}

impl Members {
    pub(crate) fn new(of: Shared, owner: &str) -> Self {
        let first = Member { kind: MemberKind::User, permissions: Permissions::all() };
        Self { of, owner: owner.to_owned(), by_id: BTreeMap::from([(owner.to_owned(), first)]) }
    }

    pub(crate) fn list(&self) -> Vec<(&String, &Member)> {
        self.by_id.iter().collect()
    }

    pub(crate) fn get(&self, id: &str) -> Outcome<&Member> {
        self.by_id.get(id).ok_or(self.of.unknown())
    }

    /// Adds a new member and returns its id.
    pub(crate) fn add(
        &mut self,
        (kind, id): (MemberKind, String),
        permissions: &Map<String, Value>,
    ) -> Outcome<String> {
        let permissions = Permissions::default().merged(permissions)?;
        if self.by_id.contains_key(&id) {
            return Err(self.of.taken());
        }
        self.by_id.insert(id.clone(), Member { kind, permissions });
        Ok(id)
    }

    /// Removes a member other than the owner.
    pub(crate) fn remove(&mut self, id: &str) -> Outcome<()> {
        if self.owner == id {
            return Err(self.of.owned());
        }
        self.by_id.remove(id).map(|_| ()).ok_or(self.of.unknown())
    }

    /// Removes a deleted team.
    pub(super) fn forget(&mut self, id: &str) {
        self.by_id.remove(id);
    }

    /// Changes permissions, or replaces all of them, which then have to be complete.
    pub(crate) fn set(
        &mut self,
        id: &str,
        changes: &Map<String, Value>,
        replace: bool,
    ) -> Outcome<Permissions> {
        let missing = |name: &&str| changes.get(*name).is_none_or(Value::is_null);
        if replace && self.of.permissions().iter().any(missing) {
            return Err(self.of.incomplete());
        }
        let member = self.by_id.get_mut(id).ok_or(self.of.unknown())?;
        let changed = member.permissions.merged(changes)?;
        // A resource that its owner cannot administer could not be repaired.
        member.permissions = if self.owner == id { Permissions::all() } else { changed };
        Ok(member.permissions)
    }
}

/// A new member in a request.
#[derive(Debug)]
pub(crate) enum NewMember<'a> {
    Named(MemberKind, &'a str),
    Email(&'a str),
}

impl World {
    /// Whether a member is this user, or a group of the user.
    pub(super) fn stands_for(&self, id: &str, member: &Member, actor: &str) -> bool {
        match member.kind {
            MemberKind::User => id == actor,
            MemberKind::Team => self.teams.get(id).is_some_and(|team| team.members.contains(actor)),
            MemberKind::Division => {
                self.divisions.get(id).is_some_and(|division| division.members.contains_key(actor))
            }
        }
    }

    /// The permissions that some members give to a user, directly, through teams and through divisions. `None` without any.
    pub(super) fn granted(&self, members: &Members, actor: &str) -> Option<Permissions> {
        let granted = members.by_id.iter().filter(|(id, member)| self.stands_for(id, member, actor));
        granted.map(|(_, member)| member.permissions).reduce(Permissions::union)
    }

    /// The kind and id of a new member, which has to exist.
    pub(super) fn resolve(&self, new: &NewMember<'_>) -> Outcome<(MemberKind, String)> {
        match *new {
            NewMember::Email(email) => {
                let user = self.users.by_email(email).ok_or(ApiError::new(2002))?;
                Ok((MemberKind::User, user.username.clone()))
            }
            NewMember::Named(kind, id) => {
                let id = if kind == MemberKind::User { self.plain_username(id) } else { id };
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
}
