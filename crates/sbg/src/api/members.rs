//! Members and their permissions, with one interface for projects, volumes, datasets, automations and teams.

use std::fmt;
use std::future::Future;

use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::ids::check_username;
use crate::request::call::{Get, response_of};
use crate::request::list::{Fetched, List, PageRequest};
use crate::request::query::Query;
use crate::types;

/// Name of a member's id in errors: a username, or the id of a team or division.
pub(crate) const MEMBER_ID: &str = "member id";

/// Something that has members: a [project](crate::projects::ProjectHandle), [volume](crate::volumes::VolumeHandle),
/// [dataset](crate::datasets::DatasetHandle), [automation](crate::automations::AutomationHandle) or [team](crate::teams::TeamHandle).
/// Only this crate implements it.
///
/// ```no_run
/// use sbg::members::{HasMembers, Members};
///
/// async fn usernames<R: HasMembers>(members: Members<R>) -> sbg::Result<Vec<String>> {
///     Ok(members.query().all().await?.into_iter().filter_map(|member| member.username).collect())
/// }
/// ```
pub trait HasMembers: Clone + fmt::Debug + Send + Sync + 'static {
    /// The fields required to read a member.
    #[doc(hidden)]
    const MEMBER_IDENTITY: &'static [&'static str] = &["username"];

    /// The client that makes the calls.
    #[doc(hidden)]
    fn client(&self) -> &Client;

    /// Checks the id of the resource, without a request.
    #[doc(hidden)]
    fn check_id(&self) -> Result<()>;

    /// Fetches a page of the members.
    #[doc(hidden)]
    fn member_page(
        self,
        client: Client,
        at: PageRequest,
    ) -> impl Future<Output = Result<Fetched<types::Member>>> + Send + 'static;

    /// Adds a member.
    #[doc(hidden)]
    fn add_member(
        self,
        member: NewMember,
        permissions: Permissions,
    ) -> impl Future<Output = Result<types::Member>> + Send + 'static;

    /// Gets a member.
    #[doc(hidden)]
    fn get_member(
        self,
        client: Client,
        member: String,
        fields: Option<String>,
    ) -> impl Future<Output = Result<types::Member>> + Send + 'static;

    /// Removes a member.
    #[doc(hidden)]
    fn remove_member(self, member: String) -> impl Future<Output = Result<()>> + Send + 'static;

    /// Changes the given permissions.
    #[doc(hidden)]
    fn edit_permissions(
        self,
        member: String,
        permissions: Permissions,
    ) -> impl Future<Output = Result<types::Permissions>> + Send + 'static;

    /// Sets all permissions.
    #[doc(hidden)]
    fn replace_permissions(
        self,
        member: String,
        permissions: Permissions,
    ) -> impl Future<Output = Result<types::Permissions>> + Send + 'static;
}

/// The members of a project, volume, dataset, automation or team.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let members = client.project("rfranklin/fibre-diffraction").members();
/// for member in members.query().all().await? {
///     println!("{:?} {:?}", member.username, member.permissions);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Members<R> {
    of: R,
}

impl<R: HasMembers> Members<R> {
    pub(crate) fn new(of: R) -> Self {
        Self { of }
    }

    /// The members and their permissions.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let members = client.volume("rfranklin/patterns").members().query().all().await?;
    /// println!("{} members", members.len());
    /// # Ok(())
    /// # }
    /// ```
    pub fn query(&self) -> Query<MemberList<R>> {
        Query::new(self.of.client().clone(), MemberList { of: self.of.clone() })
    }

    /// Adds a member. Members of a team have no separate permissions: pass `Permissions::new()`.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, team: String) -> sbg::Result<()> {
    /// use sbg::members::{NewMember, Permissions};
    ///
    /// let members = client.project("rfranklin/fibre-diffraction").members();
    /// members.add(NewMember::user("fcrick"), Permissions::new().copy(true)).await?;
    /// client.team(team).members().add(NewMember::user("fcrick"), Permissions::new()).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) before any request for an invalid id, or for a kind of member or a
    /// permission that does not exist here; otherwise the error of the call.
    pub async fn add(&self, member: NewMember, permissions: Permissions) -> Result<types::Member> {
        self.of.check_id()?;
        self.of.clone().add_member(member, permissions).await
    }

    /// One member, by username or by the id of the team or division.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// client.project("rfranklin/fibre-diffraction").members().member("fcrick").remove().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn member(&self, id: impl Into<String>) -> MemberHandle<R> {
        MemberHandle { of: self.of.clone(), member: id.into() }
    }
}

/// The list of members.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// use sbg::members::MemberList;
/// use sbg::projects::ProjectHandle;
///
/// let members = client.project("rfranklin/fibre-diffraction").members();
/// let query: sbg::Query<MemberList<ProjectHandle>> = members.query();
/// println!("{:?} members", query.page().await?.total);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct MemberList<R> {
    of: R,
}

impl<R: HasMembers> List for MemberList<R> {
    type Item = types::Member;

    const NAME: &'static str = "members";

    const IDENTITY: &'static [&'static str] = R::MEMBER_IDENTITY;

    fn check(&self) -> Result<()> {
        self.of.check_id()
    }

    async fn fetch(self, client: Client, at: PageRequest) -> Result<Fetched<types::Member>> {
        self.of.member_page(client, at).await
    }
}

/// A member. Creating it makes no request.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// use sbg::members::Permissions;
///
/// let member = client.project("rfranklin/fibre-diffraction").members().member("fcrick");
/// member.edit_permissions(Permissions::new().write(false)).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct MemberHandle<R> {
    of: R,
    member: String,
}

impl<R: HasMembers> MemberHandle<R> {
    fn check(&self) -> Result<()> {
        self.of.check_id()?;
        check_username(MEMBER_ID, &self.member)?;
        Ok(())
    }

    /// Gets the member with their permissions.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let member = client.project("rfranklin/fibre-diffraction").members().member("fcrick").get().await?;
    /// println!("{:?}", member.permissions.and_then(|permissions| permissions.copy));
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn get(&self) -> Get<types::Member> {
        let handle = self.clone();
        Get::new(self.of.client(), R::MEMBER_IDENTITY, move |client, fields| async move {
            handle.check()?;
            handle.of.get_member(client, handle.member, fields).await
        })
    }

    /// Removes the member.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, team: String) -> sbg::Result<()> {
    /// client.team(team).members().member("fcrick").remove().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) before any request for an invalid id; otherwise the error of the
    /// call.
    pub async fn remove(&self) -> Result<()> {
        self.check()?;
        self.of.clone().remove_member(self.member.clone()).await
    }

    /// Changes the given permissions and keeps the others. Returns all of them.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// use sbg::members::Permissions;
    ///
    /// let member = client.volume("rfranklin/patterns").members().member("fcrick");
    /// member.edit_permissions(Permissions::new().copy(false)).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) before any request for an empty change, an invalid id, or a
    /// permission that does not exist here; otherwise the error of the call.
    pub async fn edit_permissions(&self, permissions: Permissions) -> Result<types::Permissions> {
        self.check()?;
        if permissions.is_empty() {
            return Err(Error::invalid(
                "the edit of the permissions changes nothing: set at least one permission",
            ));
        }
        self.of.clone().edit_permissions(self.member.clone(), permissions).await
    }

    /// Replaces all permissions: those not given are revoked. Returns all of them.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// use sbg::members::Permissions;
    ///
    /// let member = client.automation("auto-1").members().member("fcrick");
    /// member.replace_permissions(Permissions::new().execute(true)).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Same as [`edit_permissions`](Self::edit_permissions).
    pub async fn replace_permissions(&self, permissions: Permissions) -> Result<types::Permissions> {
        self.check()?;
        self.of.clone().replace_permissions(self.member.clone(), permissions).await
    }
}

/// Converts a member from the form of another area of the API.
pub(crate) fn member_from(member: &impl serde::Serialize) -> Result<types::Member> {
    response_of(serde_json::json!(member))
}

/// The permissions of a member whose resource has them; the calls of some resources do not return them otherwise.
pub(crate) fn permissions_of(member: types::Member) -> Result<types::Permissions> {
    member.permissions.ok_or_else(no_permissions)
}

/// The error of a response without the permissions of the member.
pub(crate) fn no_permissions() -> Error {
    Error::new(ErrorKind::UnexpectedResponse, "the platform does not return the permissions of the member")
}

/// The methods of [`HasMembers`] that are alike for every resource, with the generated call that removes a member:
/// `member_basics!(volume_member_remove { volume_owner(owner), volume_name(volume) } username)`, or with an id of one part
/// `member_basics!(team_member_remove { team_id } username)`.
macro_rules! member_basics {
    (@common) => {
        fn client(&self) -> &Client {
            &self.client
        }

        fn check_id(&self) -> Result<()> {
            self.checked().map(drop)
        }
    };
    ($call:ident { $($parameter:ident($part:ident)),+ } $member:ident) => {
        $crate::members::member_basics!(@common);

        async fn remove_member(self, member: String) -> Result<()> {
            let (client, id) = (self.client, self.id?);
            client.raw().$call()$(.$parameter(id.$part()))+.$member(member).send().await?;
            Ok(())
        }
    };
    ($call:ident { $parameter:ident } $member:ident) => {
        $crate::members::member_basics!(@common);

        async fn remove_member(self, member: String) -> Result<()> {
            self.client.raw().$call().$parameter(self.id).$member(member).send().await?;
            Ok(())
        }
    };
}

/// Fetches a page of members in the form of another area of the API, which has no fields to select: `foreign_members!(call, at, "members of
/// teams")`.
macro_rules! foreign_members {
    ($call:expr, $at:expr, $what:expr) => {{
        $crate::request::call::refuse_fields(&$at, $what)?;
        let call = $call.offset($at.offset_param());
        let response = $crate::request::call::set!(call, limit = $at.limit_param()).send().await?;
        let headers = response.headers().clone();
        let page = response.into_inner();
        let members = page.items.iter().map($crate::members::member_from).collect::<Result<_>>()?;
        Ok($crate::request::list::Fetched::new(&headers, members, page.href, page.links))
    }};
}

pub(crate) use {foreign_members, member_basics};

/// The permissions of a member, to grant or to change.
///
/// Admin includes all others, and every member has read.
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
    /// Only read; as a change, an empty one.
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

    /// All permissions, as an admin has.
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

    /// May view, copy and download contents.
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

    /// May change members, their permissions and billing.
    ///
    /// ```
    /// let all_but_admin = sbg::members::Permissions::all().admin(false);
    /// ```
    pub fn admin(mut self, allowed: bool) -> Self {
        self.admin = Some(allowed);
        self
    }

    /// Whether no permission is set.
    pub(crate) fn is_empty(self) -> bool {
        self == Self::default()
    }

    /// As a change: permissions not set stay unchanged.
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

    /// As granted to a new member. The platform refuses an empty set, so read is sent, which every member has.
    pub(crate) fn to_grant(self) -> types::PermissionsEdit {
        types::PermissionsEdit { read: Some(true), ..self.to_edit() }
    }

    /// As the whole set: permissions not set are not granted.
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

/// The member to add.
///
/// ```
/// # fn example(member: sbg::members::NewMember) {
/// use sbg::members::NewMember;
///
/// let name = match member {
///     NewMember::User(name) | NewMember::Email(name) => name,
///     NewMember::Team(id) => format!("the team {id}"),
///     NewMember::Division(id) => format!("the division {id}"),
///     _ => "someone".to_owned(),
/// };
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NewMember {
    /// A user, by username.
    User(String),
    /// A user, by the e-mail address they registered with.
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

    /// A user, by the e-mail address they registered with.
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
