//! Users, the division and the team that they belong to, and who pays.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::ids::Ids;

/// A person with an account.
#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) username: String,
    pub(crate) email: String,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) affiliation: String,
    pub(crate) token: String,
    /// A disabled user has no access any more, and no division.
    pub(crate) disabled: bool,
}

/// An organisation.
#[derive(Clone, Debug)]
pub(crate) struct Division {
    pub(crate) id: String,
    pub(crate) name: String,
    /// Usernames with their role: `ADMIN` or `MEMBER`.
    pub(crate) members: BTreeMap<String, &'static str>,
}

/// Some of the people of a division.
#[derive(Clone, Debug)]
pub(crate) struct Team {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) division: String,
    pub(crate) members: BTreeSet<String>,
}

/// An account that projects are charged to.
#[derive(Clone, Debug)]
pub(crate) struct BillingGroup {
    pub(crate) id: String,
    pub(crate) owner: String,
    pub(crate) name: String,
    /// Invoices begin with the month of this day.
    pub(crate) created: Timestamp,
}

/// All users.
#[derive(Debug)]
pub(crate) struct Users {
    by_name: BTreeMap<String, User>,
}

impl Users {
    /// The four users that every emulator starts with.
    pub(super) fn founders(ids: &mut Ids, first_token: Option<&str>) -> Self {
        let people =
            [("Rosalind", "Franklin"), ("Francis", "Crick"), ("James", "Watson"), ("Maurice", "Wilkins")];
        let by_name = people
            .into_iter()
            .map(|(first, last)| {
                let username = format!("{}{last}", &first[..1]).to_lowercase();
                let token = first_token
                    .filter(|_| username == "rfranklin")
                    .map_or_else(|| ids.token(), str::to_owned);
                let user = User {
                    email: format!("{}.{}@example.org", first.to_lowercase(), last.to_lowercase()),
                    first_name: first.to_owned(),
                    last_name: last.to_owned(),
                    affiliation: "King's College London".to_owned(),
                    token,
                    disabled: false,
                    username: username.clone(),
                };
                (username, user)
            })
            .collect();
        Self { by_name }
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

/// The division, the team and the billing group that every emulator starts with.
pub(super) fn institutions(
    ids: &mut Ids,
    now: Timestamp,
) -> (BTreeMap<String, Division>, BTreeMap<String, Team>, Vec<BillingGroup>) {
    let division = Division {
        id: "kings-college".to_owned(),
        name: "King's College".to_owned(),
        members: BTreeMap::from([
            ("rfranklin".to_owned(), "ADMIN"),
            ("fcrick".to_owned(), "MEMBER"),
            ("jwatson".to_owned(), "MEMBER"),
            ("mwilkins".to_owned(), "MEMBER"),
        ]),
    };
    let team = Team {
        id: ids.uuid(),
        name: "crystallography".to_owned(),
        division: division.id.clone(),
        members: BTreeSet::from(["rfranklin".to_owned(), "mwilkins".to_owned()]),
    };
    let group = BillingGroup {
        id: ids.uuid(),
        owner: "rfranklin".to_owned(),
        name: "Rosalind Franklin's billing group".to_owned(),
        created: now,
    };
    (
        BTreeMap::from([(division.id.clone(), division)]),
        BTreeMap::from([(team.id.clone(), team)]),
        vec![group],
    )
}
