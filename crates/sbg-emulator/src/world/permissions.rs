//! Permissions of members, and the permission that an action needs.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    error::{ApiError, Outcome},
    json_object::boolean,
};

/// The permission that an action needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    Read,
    Write,
    Copy,
    Execute,
    Admin,
}

/// The permissions of a member besides reading, which every member has.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "these are the four switches of the platform")]
pub(crate) struct Permissions {
    pub(crate) write: bool,
    pub(crate) copy: bool,
    pub(crate) execute: bool,
    pub(crate) admin: bool,
}

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

    /// Applies the changes of a request. An administrator has all permissions, so that switch sets the others.
    pub(crate) fn merged(self, changes: &Map<String, Value>) -> Outcome<Self> {
        let switch = |name: &str, present: bool| match changes.get(name) {
            None | Some(Value::Null) => Ok(present),
            Some(value) => boolean(value)
                .ok_or_else(|| ApiError::bad_request(format_args!("`{name}` must be a boolean."))),
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn merged(present: Permissions, changes: &Value) -> Outcome<Permissions> {
        present.merged(changes.as_object().unwrap())
    }

    #[test]
    fn admin_implies_every_permission() {
        assert_eq!(merged(Permissions::default(), &json!({"admin": true})), Ok(Permissions::all()));
        let copy = Permissions { copy: true, ..Permissions::default() };
        assert_eq!(merged(Permissions::default(), &json!({"copy": true, "read": false})), Ok(copy));
        assert_eq!(merged(copy, &json!({})), Ok(copy));
        assert_eq!(merged(copy, &json!({"copy": null, "write": "FALSE"})), Ok(copy));
        assert_eq!(merged(copy, &json!({"copy": 1})).unwrap_err().status, 400);
    }
}
