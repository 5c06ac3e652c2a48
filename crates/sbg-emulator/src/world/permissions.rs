//! What members may do, and what an action needs.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::{ApiError, Outcome};

/// What a permission is needed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    Read,
    Write,
    Copy,
    Execute,
    Admin,
}

/// What a member may do besides reading, which every member may.
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

    /// Applies what a request sets. An administrator may do everything, so that switch sets the others.
    pub(crate) fn merged(self, changes: &Map<String, Value>) -> Outcome<Self> {
        let switch = |name: &str, present: bool| match changes.get(name) {
            None => Ok(present),
            Some(Value::Bool(value)) => Ok(*value),
            Some(_) => Err(ApiError::bad_request(format_args!("`{name}` must be a boolean."))),
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
    fn an_administrator_may_do_everything() {
        assert_eq!(merged(Permissions::default(), &json!({"admin": true})), Ok(Permissions::all()));
        let copy = Permissions { copy: true, ..Permissions::default() };
        assert_eq!(merged(Permissions::default(), &json!({"copy": true, "read": false})), Ok(copy));
        assert_eq!(merged(copy, &json!({})), Ok(copy));
        for wrong in [json!({"copy": null}), json!({"copy": 1})] {
            assert_eq!(merged(copy, &wrong).unwrap_err().status, 400);
        }
    }
}
