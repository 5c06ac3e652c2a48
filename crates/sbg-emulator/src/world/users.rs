//! Users, their division, team and billing group.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ids::Ids;

/// A person with an account.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct User {
    pub(crate) username: String,
    pub(crate) email: String,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) affiliation: String,
    pub(crate) token: String,
    /// A disabled user has no access and no division.
    pub(crate) disabled: bool,
}

/// The role of a user in a division.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Role {
    Admin,
    Member,
}

impl Role {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Admin => "ADMIN",
            Self::Member => "MEMBER",
        }
    }
}

/// An organization.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Division {
    pub(crate) id: String,
    pub(crate) name: String,
    /// By username.
    pub(crate) members: BTreeMap<String, Role>,
}

/// A group of users of a division.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Team {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) division: String,
    pub(crate) members: BTreeSet<String>,
}

/// An account that projects are charged to.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct BillingGroup {
    pub(crate) id: String,
    pub(crate) owner: String,
    pub(crate) name: String,
    /// Invoices begin with the month of this day.
    pub(crate) created: Timestamp,
}

/// The owner of the default token and of everything created without a request.
pub(crate) const FIRST: &str = "rfranklin";

/// All users.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Users {
    by_name: BTreeMap<String, User>,
}

impl Users {
    /// The four users of every emulator.
    pub(super) fn founders(ids: &mut Ids) -> Self {
        let people =
            [("Rosalind", "Franklin"), ("Francis", "Crick"), ("James", "Watson"), ("Maurice", "Wilkins")];
        let by_name = people
            .into_iter()
            .map(|(first, last)| {
                let username = format!("{}{last}", &first[..1]).to_lowercase();
                let user = User {
                    email: format!("{}.{}@example.org", first.to_lowercase(), last.to_lowercase()),
                    first_name: first.to_owned(),
                    last_name: last.to_owned(),
                    affiliation: "King's College London".to_owned(),
                    token: ids.token(),
                    disabled: false,
                    username: username.clone(),
                };
                (username, user)
            })
            .collect();
        Self { by_name }
    }

    /// Sets the token of the first user.
    pub(super) fn set_token(&mut self, token: &str) {
        if let Some(user) = self.by_name.get_mut(FIRST) {
            token.clone_into(&mut user.token);
        }
    }

    pub(crate) fn get(&self, username: &str) -> Option<&User> {
        self.by_name.get(username)
    }

    pub(crate) fn by_token(&self, token: &str) -> Option<&User> {
        self.by_name.values().find(|user| user.token == token && !user.disabled)
    }

    pub(super) fn disable(&mut self, username: &str) {
        if let Some(user) = self.by_name.get_mut(username) {
            user.disabled = true;
        }
    }

    pub(crate) fn by_email(&self, email: &str) -> Option<&User> {
        self.by_name.values().find(|user| user.email.eq_ignore_ascii_case(email))
    }
}

/// The division, team and billing group of every emulator.
pub(super) fn institutions(
    ids: &mut Ids,
    now: Timestamp,
) -> (BTreeMap<String, Division>, BTreeMap<String, Team>, Vec<BillingGroup>) {
    let division = Division {
        id: "kings-college".to_owned(),
        name: "King's College".to_owned(),
        members: BTreeMap::from([
            (FIRST.to_owned(), Role::Admin),
            ("fcrick".to_owned(), Role::Member),
            ("jwatson".to_owned(), Role::Member),
            ("mwilkins".to_owned(), Role::Member),
        ]),
    };
    let team = Team {
        id: ids.uuid(),
        name: "crystallography".to_owned(),
        division: division.id.clone(),
        members: BTreeSet::from([FIRST.to_owned(), "mwilkins".to_owned()]),
    };
    let group = BillingGroup {
        id: ids.uuid(),
        owner: FIRST.to_owned(),
        name: "Rosalind Franklin's billing group".to_owned(),
        created: now,
    };
    (
        BTreeMap::from([(division.id.clone(), division)]),
        BTreeMap::from([(team.id.clone(), team)]),
        vec![group],
    )
}
