//! Users: the caller, others, the members of a division.

use sbg_raw::ClientUsersExt as _;

use crate::client::Client;
use crate::error::{Error, Result};
use crate::ids::check_username;
use crate::request::call::{Get, fetch_page, set};
use crate::request::list::{Fetched, List, PageRequest};
use crate::request::query::Query;
use crate::types;

impl Client {
    /// The users of the platform.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let me = client.users().me().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn users(&self) -> Users {
        Users { client: self.clone() }
    }

    /// A user, by username.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let user = client.user("fcrick").get().await?;
    /// println!("{:?}", user.email);
    /// # Ok(())
    /// # }
    /// ```
    pub fn user(&self, username: impl Into<String>) -> UserHandle {
        UserHandle { client: self.clone(), username: username.into() }
    }
}

/// The users of the platform.
///
/// ```
/// # fn example(client: sbg::Client) {
/// let users = client.users();
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Users {
    client: Client,
}

impl Users {
    /// The user that the token belongs to.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let me = client.users().me().await?;
    /// println!("{}", me.username);
    /// # Ok(())
    /// # }
    /// ```
    pub fn me(&self) -> Get<types::User> {
        let client = self.client.clone();
        Get::new(&client, UserList::IDENTITY, move |client, fields| async move {
            Ok(set!(client.raw().user_me(), fields = fields).send().await?.into_inner())
        })
    }

    /// The users of a division.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// use sbg::types::UserListRole;
    ///
    /// let admins = client.users().query("kings-college").role(UserListRole::Admin).all().await?;
    /// println!("{} administrators", admins.len());
    /// # Ok(())
    /// # }
    /// ```
    pub fn query(&self, division: impl Into<String>) -> Query<UserList> {
        Query::new(self.client.clone(), UserList { division: division.into(), role: None })
    }
}

/// The list of the users of a division.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let members = client.users().query("kings-college").all().await?;
/// println!("{} users", members.len());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct UserList {
    division: String,
    role: Option<types::UserListRole>,
}

impl Query<UserList> {
    /// Only users with this role.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// use sbg::types::UserListRole;
    ///
    /// let query = client.users().query("kings-college").role(UserListRole::ExternalCollaborator);
    /// # }
    /// ```
    pub fn role(mut self, role: types::UserListRole) -> Self {
        self.list.role = Some(role);
        self
    }
}

impl List for UserList {
    type Item = types::User;

    const NAME: &'static str = "users";

    const IDENTITY: &'static [&'static str] = &["username"];

    fn check(&self) -> Result<()> {
        if self.division.is_empty() {
            Err(Error::invalid("users are listed by division; its name is empty"))
        } else {
            Ok(())
        }
    }

    async fn fetch(self, client: Client, at: PageRequest) -> Result<Fetched<types::User>> {
        let call = client.raw().user_list().division(self.division).offset(at.offset_param());
        fetch_page!(set!(call, role = self.role, limit = at.limit_param(), fields = at.fields))
    }
}

/// A user, by username. Creating it makes no request.
///
/// ```
/// # fn example(client: sbg::Client) {
/// let user = client.user("fcrick");
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct UserHandle {
    client: Client,
    username: String,
}

impl UserHandle {
    /// Gets the user.
    ///
    /// The platform shows a user only to themselves and to the admins of their division.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let user = client.user("fcrick").get().await?;
    /// println!("{:?} {:?}", user.first_name, user.last_name);
    /// # Ok(())
    /// # }
    /// ```
    pub fn get(&self) -> Get<types::User> {
        let Self { client, username } = self.clone();
        Get::new(&client, UserList::IDENTITY, move |client, fields| async move {
            check_username("username", &username)?;
            Ok(set!(client.raw().user_get().username(username), fields = fields).send().await?.into_inner())
        })
    }

    /// Disables the account of the user. Only for the admin of the division.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// client.user("fcrick").disable().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: an invalid username. Otherwise the error of the call.
    pub async fn disable(&self) -> Result<()> {
        check_username("username", &self.username)?;
        self.client.raw().user_disable().username(&*self.username).send().await?;
        Ok(())
    }
}
