//! Members and their permissions, on projects and on whatever else has members.

use crate::types;

/// What the errors call the id of a member: a username, or the id of a team or division.
pub(crate) const MEMBER_ID: &str = "member id";

/// What a member may do, as a set to give or to change.
///
/// Admin brings all the others with it, and everybody has read.
///
/// ```
/// use sbg::members::Permissions;
///
/// let permissions = Permissions::new().write(true).execute(true);
/// assert_eq!(permissions.to_replace().copy, false);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Permissions {
    write: Option<bool>,
    copy: Option<bool>,
    execute: Option<bool>,
    admin: Option<bool>,
}

impl Permissions {
    /// Nothing but read; as a change, nothing at all.
    pub fn new() -> Self {
        Self::default()
    }

    /// Everything, which is what an admin may do.
    pub fn all() -> Self {
        Self::new().write(true).copy(true).execute(true).admin(true)
    }

    /// May add, change and remove files and workflows.
    pub fn write(mut self, allowed: bool) -> Self {
        self.write = Some(allowed);
        self
    }

    /// May see contents, copy and download them.
    pub fn copy(mut self, allowed: bool) -> Self {
        self.copy = Some(allowed);
        self
    }

    /// May run workflows and abort tasks.
    pub fn execute(mut self, allowed: bool) -> Self {
        self.execute = Some(allowed);
        self
    }

    /// May change members, their permissions and the billing.
    pub fn admin(mut self, allowed: bool) -> Self {
        self.admin = Some(allowed);
        self
    }

    /// Whether no permission is named.
    pub(crate) fn is_empty(self) -> bool {
        self == Self::default()
    }

    /// As a change: what is not named stays as it is.
    pub fn to_edit(self) -> types::PermissionsEdit {
        types::PermissionsEdit {
            read: None,
            write: self.write,
            copy: self.copy,
            execute: self.execute,
            admin: self.admin,
        }
    }

    /// As what a new member gets. The platform refuses an empty set, and read is what everybody has.
    pub(crate) fn to_grant(self) -> types::PermissionsEdit {
        types::PermissionsEdit { read: Some(true), ..self.to_edit() }
    }

    /// As the whole set: what is not named is not given.
    pub fn to_replace(self) -> types::PermissionsReplace {
        types::PermissionsReplace {
            read: true,
            write: self.write.unwrap_or(false),
            copy: self.copy.unwrap_or(false),
            execute: self.execute.unwrap_or(false),
            admin: self.admin.unwrap_or(false),
        }
    }
}

/// Who is to become a member.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NewMember {
    /// A user, by username.
    User(String),
    /// A user, by the e-mail address of his registration.
    Email(String),
    /// A team, by id.
    Team(String),
    /// A division, by id.
    Division(String),
}

impl NewMember {
    /// A user, by username.
    pub fn user(username: impl Into<String>) -> Self {
        Self::User(username.into())
    }

    /// A user, by the e-mail address of his registration.
    pub fn email(address: impl Into<String>) -> Self {
        Self::Email(address.into())
    }

    /// A team, by id.
    pub fn team(id: impl Into<String>) -> Self {
        Self::Team(id.into())
    }

    /// A division, by id.
    pub fn division(id: impl Into<String>) -> Self {
        Self::Division(id.into())
    }

    pub(crate) fn with(self, permissions: Permissions) -> types::MemberAdd {
        let (username, email, kind) = match self {
            Self::User(username) => (Some(username), None, Some(types::MemberAddType::User)),
            Self::Email(address) => (None, Some(address), None),
            Self::Team(id) => (Some(id), None, Some(types::MemberAddType::Team)),
            Self::Division(id) => (Some(id), None, Some(types::MemberAddType::Division)),
        };
        types::MemberAdd { username, email, type_: kind, permissions: permissions.to_grant() }
    }
}
