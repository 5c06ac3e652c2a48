//! Users: the caller, others, the members of a division.

mod handle;
mod list;

use sbg_raw::ClientUsersExt as _;

use crate::client::Client;
use crate::request::call::{Get, set};
use crate::request::list::List as _;
use crate::request::query::Query;
use crate::types;

pub use handle::UserHandle;
pub use list::UserList;

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
    #[inline]
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
