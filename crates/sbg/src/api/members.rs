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
    ///
    /// ```
    /// use sbg::members::Permissions;
    ///
    /// let nothing_but_read = Permissions::new().to_replace();
    /// assert!(nothing_but_read.read && !nothing_but_read.write);
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Everything, which is what an admin may do.
    ///
    /// ```
    /// use sbg::members::Permissions;
    ///
    /// assert!(Permissions::all().to_replace().admin);
    /// ```
    pub fn all() -> Self {
        Self::new().write(true).copy(true).execute(true).admin(true)
    }

    /// May add, change and remove files and workflows.
    ///
    /// ```
    /// let may_change_files = sbg::members::Permissions::new().write(true);
    /// ```
    pub fn write(mut self, allowed: bool) -> Self {
        self.write = Some(allowed);
        self
    }

    /// May see contents, copy and download them.
    ///
    /// ```
    /// let may_download = sbg::members::Permissions::new().copy(true);
    /// ```
    pub fn copy(mut self, allowed: bool) -> Self {
        self.copy = Some(allowed);
        self
    }

    /// May run workflows and abort tasks.
    ///
    /// ```
    /// let may_run_tasks = sbg::members::Permissions::new().execute(true);
    /// ```
    pub fn execute(mut self, allowed: bool) -> Self {
        self.execute = Some(allowed);
        self
    }

    /// May change members, their permissions and the billing.
    ///
    /// ```
    /// let all_but_admin = sbg::members::Permissions::all().admin(false);
    /// ```
    pub fn admin(mut self, allowed: bool) -> Self {
        self.admin = Some(allowed);
        self
    }

    /// Whether no permission is named.
    pub(crate) fn is_empty(self) -> bool {
        self == Self::default()
    }

    /// As a change: what is not named stays as it is.
    ///
    /// ```
    /// use sbg::members::Permissions;
    ///
    /// let edit = Permissions::new().execute(true).copy(false).to_edit();
    /// assert_eq!((edit.write, edit.copy, edit.execute), (None, Some(false), Some(true)));
    /// ```
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
    ///
    /// ```
    /// use sbg::members::Permissions;
    ///
    /// let replace = Permissions::new().execute(true).to_replace();
    /// assert_eq!((replace.write, replace.copy, replace.execute), (false, false, true));
    /// ```
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
///
/// ```
/// # fn example(member: sbg::members::NewMember) {
/// use sbg::members::NewMember;
///
/// let name = match member {
///     NewMember::User(name) | NewMember::Email(name) => name,
///     NewMember::Team(id) => format!("the team {id}"),
///     NewMember::Division(id) => format!("the division {id}"),
///     _ => "somebody".to_owned(),
/// };
/// # }
/// ```
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
    ///
    /// ```
    /// use sbg::members::NewMember;
    ///
    /// assert_eq!(NewMember::user("fcrick"), NewMember::User("fcrick".to_owned()));
    /// ```
    pub fn user(username: impl Into<String>) -> Self {
        Self::User(username.into())
    }

    /// A user, by the e-mail address of his registration.
    ///
    /// ```
    /// let member = sbg::members::NewMember::email("francis@crick.example");
    /// ```
    pub fn email(address: impl Into<String>) -> Self {
        Self::Email(address.into())
    }

    /// A team, by id.
    ///
    /// ```
    /// let team = sbg::members::NewMember::team("dfbd7cbb-2c4c-4c26-a5a5-9a8d8a1a6a35");
    /// ```
    pub fn team(id: impl Into<String>) -> Self {
        Self::Team(id.into())
    }

    /// A division, by id.
    ///
    /// ```
    /// let division = sbg::members::NewMember::division("kings-college");
    /// ```
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
