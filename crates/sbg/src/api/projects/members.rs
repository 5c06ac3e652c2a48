//! The members of a project.

use sbg_raw::ClientProjectsExt as _;

use crate::client::Client;
use crate::error::{Error, Result};
use crate::ids::{ProjectId, check_username};
use crate::members::{MEMBER_ID, NewMember, Permissions};
use crate::request::call::{Get, fetch_page, set};
use crate::request::list::{Fetched, List, PageRequest};
use crate::request::query::Query;
use crate::types;

/// The members of a project.
///
/// ```
/// # fn example(client: sbg::Client) -> sbg::Result<()> {
/// let members = client.project("rfranklin/fibre-diffraction")?.members();
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct ProjectMembers {
    pub(super) client: Client,
    pub(super) id: ProjectId,
}

impl ProjectMembers {
    /// The members and what each may do.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// for member in client.project("rfranklin/fibre-diffraction")?.members().query().all().await? {
    ///     println!("{:?} {:?}", member.username, member.permissions);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn query(&self) -> Query<ProjectMemberList> {
        Query::new(self.client.clone(), ProjectMemberList { id: self.id.clone() })
    }

    /// Adds a member.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// use sbg::members::{NewMember, Permissions};
    ///
    /// let members = client.project("rfranklin/fibre-diffraction")?.members();
    /// members.add(NewMember::user("fcrick"), Permissions::new().copy(true)).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Whatever the call brings.
    pub async fn add(&self, member: NewMember, permissions: Permissions) -> Result<types::Member> {
        let call = self.client.raw().project_member_add();
        let call = call.project_owner(self.id.owner()).project(self.id.project());
        Ok(call.body(member.with(permissions)).send().await?.into_inner())
    }

    /// One member, by username or by the id of the team or division.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let crick = client.project("rfranklin/fibre-diffraction")?.members().member("fcrick");
    /// crick.remove().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn member(&self, id: impl Into<String>) -> ProjectMemberHandle {
        ProjectMemberHandle { client: self.client.clone(), id: self.id.clone(), member: id.into() }
    }
}

/// The list of the members of a project.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let members = client.project("rfranklin/fibre-diffraction")?.members().query().all().await?;
/// println!("{} members", members.items.len());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct ProjectMemberList {
    id: ProjectId,
}

impl List for ProjectMemberList {
    type Item = types::Member;

    const IDENTITY: &'static [&'static str] = &["username"];

    async fn fetch(self, client: Client, at: PageRequest) -> Result<Fetched<types::Member>> {
        let call =
            client.raw().project_member_list().project_owner(self.id.owner()).project(self.id.project());
        fetch_page!(set!(call.offset(at.offset_param()), limit = at.limit_param(), fields = at.fields))
    }
}

/// A member of a project. Makes no request until it is told to.
///
/// ```
/// # fn example(client: sbg::Client) -> sbg::Result<()> {
/// let member = client.project("rfranklin/fibre-diffraction")?.members().member("fcrick");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct ProjectMemberHandle {
    client: Client,
    id: ProjectId,
    member: String,
}

impl ProjectMemberHandle {
    /// Gets the member with his permissions.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let crick = client.project("rfranklin/fibre-diffraction")?.members().member("fcrick").get().await?;
    /// println!("{:?}", crick.permissions.and_then(|permissions| permissions.copy));
    /// # Ok(())
    /// # }
    /// ```
    pub fn get(&self) -> Get<types::Member> {
        let Self { client, id, member } = self.clone();
        Get::new(ProjectMemberList::IDENTITY, move |fields| async move {
            check_username(MEMBER_ID, &member)?;
            let call = client.raw().project_member_get().project_owner(id.owner()).project(id.project());
            Ok(set!(call.username(member), fields = fields).send().await?.into_inner())
        })
    }

    /// Takes the member out of the project.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// client.project("rfranklin/fibre-diffraction")?.members().member("fcrick").remove().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// A malformed id of the member, before anything is sent; or whatever the call brings.
    pub async fn remove(&self) -> Result<()> {
        check_username(MEMBER_ID, &self.member)?;
        let call = self
            .client
            .raw()
            .project_member_remove()
            .project_owner(self.id.owner())
            .project(self.id.project());
        call.username(&*self.member).send().await?;
        Ok(())
    }

    /// Changes the permissions that are named and leaves the others.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// use sbg::members::Permissions;
    ///
    /// let crick = client.project("rfranklin/fibre-diffraction")?.members().member("fcrick");
    /// crick.edit_permissions(Permissions::new().copy(false)).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// A change of nothing or a malformed id of the member, before anything is sent; or whatever the call brings.
    pub async fn edit_permissions(&self, permissions: Permissions) -> Result<types::Permissions> {
        check_username(MEMBER_ID, &self.member)?;
        if permissions.is_empty() {
            return Err(Error::invalid("the edit of the permissions changes nothing"));
        }
        let call = self.client.raw().project_member_permissions_edit();
        let call = call.project_owner(self.id.owner()).project(self.id.project()).username(&*self.member);
        Ok(call.body(permissions.to_edit()).send().await?.into_inner())
    }

    /// Sets all permissions: what is not named is taken away.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// use sbg::members::Permissions;
    ///
    /// let crick = client.project("rfranklin/fibre-diffraction")?.members().member("fcrick");
    /// crick.replace_permissions(Permissions::new().write(true)).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// A malformed id of the member, before anything is sent; or whatever the call brings.
    pub async fn replace_permissions(&self, permissions: Permissions) -> Result<types::Permissions> {
        check_username(MEMBER_ID, &self.member)?;
        let call = self.client.raw().project_member_permissions_replace();
        let call = call.project_owner(self.id.owner()).project(self.id.project()).username(&*self.member);
        Ok(call.body(permissions.to_replace()).send().await?.into_inner())
    }
}
