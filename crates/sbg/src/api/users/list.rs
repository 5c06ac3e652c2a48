//! The list of users.

use sbg_raw::ClientUsersExt as _;

use crate::client::Client;
use crate::error::{Error, Result};
use crate::request::call::{fetch_page, set};
use crate::request::list::{Fetched, List, PageRequest};
use crate::request::query::Query;
use crate::types;

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
    pub(super) division: String,
    pub(super) role: Option<types::UserListRole>,
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
            Err(Error::invalid("the division is empty: name the division whose users to list"))
        } else {
            Ok(())
        }
    }

    async fn fetch(self, client: Client, at: PageRequest) -> Result<Fetched<types::User>> {
        let call = client.raw().user_list().division(self.division).offset(at.offset_param());
        fetch_page!(set!(call, role = self.role, limit = at.limit_param(), fields = at.fields))
    }
}
