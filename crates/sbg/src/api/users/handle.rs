//! One user.

use sbg_raw::ClientUsersExt as _;

use super::UserList;
use crate::client::Client;
use crate::error::Result;
use crate::ids::check_username;
use crate::request::call::{Get, set};
use crate::request::list::List as _;
use crate::types;

/// A user, by username. Creating it makes no request.
///
/// ```
/// # fn example(client: sbg::Client) {
/// let user = client.user("fcrick");
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct UserHandle {
    pub(super) client: Client,
    pub(super) username: String,
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
    #[inline]
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
