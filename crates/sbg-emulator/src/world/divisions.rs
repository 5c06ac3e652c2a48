//! Divisions and teams: their members, and what administrators change.

use std::collections::BTreeSet;

use super::{
    World,
    users::{Division, Role, Team, User},
};
use crate::error::{ApiError, Outcome};

impl World {
    /// The username in `division/username`, which is the id of users of enterprise divisions. Other names are returned unchanged.
    pub(crate) fn plain_username<'a>(&self, name: &'a str) -> &'a str {
        let user = name.split_once('/').filter(|(division, username)| {
            self.divisions.get(*division).is_some_and(|division| division.members.contains_key(*username))
        });
        user.map_or(name, |(_, username)| username)
    }

    /// The divisions of a user.
    pub(crate) fn list_divisions(&self, actor: &str) -> Vec<&Division> {
        self.divisions.values().filter(|division| division.members.contains_key(actor)).collect()
    }

    /// A division that the actor is in.
    pub(crate) fn division(&self, actor: &str, id: &str) -> Outcome<&Division> {
        let division = self.divisions.get(id).ok_or(ApiError::new(90003))?;
        if division.members.contains_key(actor) { Ok(division) } else { Err(ApiError::new(90002)) }
    }

    /// A division that the actor administers.
    fn administered(&self, actor: &str, id: &str) -> Outcome<&Division> {
        let division = self.division(actor, id)?;
        let administers = division.members.get(actor).is_some_and(|role| *role == Role::Admin);
        if administers { Ok(division) } else { Err(ApiError::new(90002)) }
    }

    /// The users of a division, all or those with a role.
    pub(crate) fn division_users(&self, actor: &str, id: &str, role: Option<&str>) -> Outcome<Vec<&User>> {
        let role = match role.map(str::to_ascii_uppercase) {
            Some(role) if !["MEMBER", "ADMIN", "EXTERNAL_COLLABORATOR"].contains(&role.as_str()) => {
                return Err(ApiError::bad_request("`role` must be member, admin or external_collaborator."));
            }
            role => role,
        };
        let members = self.division(actor, id)?.members.iter();
        let shown = members.filter(|(_, has)| role.as_deref().is_none_or(|role| has.name() == role));
        Ok(shown.filter_map(|(username, _)| self.users.get(username)).collect())
    }

    /// Disables a user, as an administrator of a division of the user.
    pub(crate) fn disable_user(&mut self, actor: &str, username: &str) -> Outcome<()> {
        self.users.get(username).ok_or(ApiError::new(2002))?;
        let in_charge = self.divisions.values().any(|division| {
            division.members.get(actor) == Some(&Role::Admin) && division.members.contains_key(username)
        });
        if !in_charge || actor == username {
            return Err(ApiError::new(2001).detail("Administrators disable other users of their division."));
        }
        self.users.disable(username);
        for division in self.divisions.values_mut() {
            division.members.remove(username);
        }
        for team in self.teams.values_mut() {
            team.members.remove(username);
        }
        Ok(())
    }

    /// The teams of a division: all, or those of the actor.
    pub(crate) fn list_teams(&self, actor: &str, division: &str, all: bool) -> Outcome<Vec<&Team>> {
        let division = self.division(actor, division)?;
        let teams = self.teams.values().filter(|team| team.division == division.id);
        let mut teams: Vec<&Team> = teams.filter(|team| all || team.members.contains(actor)).collect();
        teams.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(teams)
    }

    /// A team of a division that the actor is in.
    pub(crate) fn team(&self, actor: &str, id: &str) -> Outcome<&Team> {
        let team = self.teams.get(id).ok_or(ApiError::new(90003))?;
        self.division(actor, &team.division)?;
        Ok(team)
    }

    /// A team of a division that the actor administers.
    fn administered_team(&self, actor: &str, id: &str) -> Outcome<&Team> {
        let team = self.teams.get(id).ok_or(ApiError::new(90003))?;
        self.administered(actor, &team.division)?;
        Ok(team)
    }

    fn check_team_name(&self, division: &str, name: &str) -> Outcome<()> {
        if self.teams.values().any(|team| team.division == division && team.name == name) {
            return Err(ApiError::new(90007).detail("The division already has a team of this name."));
        }
        Ok(())
    }

    /// Creates a team with its creator as a member and returns its id.
    pub(crate) fn create_team(&mut self, actor: &str, division: &str, name: &str) -> Outcome<String> {
        let division = self.administered(actor, division)?.id.clone();
        self.check_team_name(&division, name)?;
        let id = self.ids.uuid();
        let members = BTreeSet::from([actor.to_owned()]);
        self.teams.insert(id.clone(), Team { id: id.clone(), name: name.to_owned(), division, members });
        Ok(id)
    }

    /// Renames a team, if there is a name.
    pub(crate) fn edit_team(&mut self, actor: &str, id: &str, name: Option<&str>) -> Outcome<()> {
        let team = self.administered_team(actor, id)?;
        let Some(name) = name else { return Ok(()) };
        if team.name != name {
            self.check_team_name(&team.division, name)?;
        }
        if let Some(team) = self.teams.get_mut(id) {
            name.clone_into(&mut team.name);
        }
        Ok(())
    }

    /// Deletes a team. Its members lose the permissions that they had through it.
    pub(crate) fn delete_team(&mut self, actor: &str, id: &str) -> Outcome<()> {
        self.administered_team(actor, id)?;
        self.teams.remove(id);
        for project in self.projects.values_mut() {
            project.members.forget(id);
        }
        for volume in self.volumes.values_mut() {
            volume.members.forget(id);
        }
        for automation in self.automations.values_mut() {
            automation.members.forget(id);
        }
        for dataset in self.datasets.values_mut() {
            dataset.members.forget(id);
        }
        Ok(())
    }

    /// Adds a user of the division to a team.
    pub(crate) fn add_team_member(&mut self, actor: &str, id: &str, username: &str) -> Outcome<()> {
        let username = self.plain_username(username);
        let team = self.administered_team(actor, id)?;
        if !self.division(actor, &team.division)?.members.contains_key(username) {
            return Err(ApiError::new(2002).detail("The user is not in the division."));
        }
        let added = self.teams.get_mut(id).is_some_and(|team| team.members.insert(username.to_owned()));
        if added { Ok(()) } else { Err(ApiError::new(90007).detail("The user is already in the team.")) }
    }

    /// Removes a user from a team.
    pub(crate) fn remove_team_member(&mut self, actor: &str, id: &str, username: &str) -> Outcome<()> {
        self.administered_team(actor, id)?;
        let removed = self.teams.get_mut(id).is_some_and(|team| team.members.remove(username));
        if removed { Ok(()) } else { Err(ApiError::new(2002).detail("The user is not in the team.")) }
    }
}
