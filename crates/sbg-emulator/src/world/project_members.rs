//! Members of projects.

use serde_json::{Map, Value};

use super::{
    World,
    members::{Member, NewMember},
    permissions::{Need, Permissions},
    projects::Project,
};
use crate::error::{ApiError, Outcome};

impl World {
    /// One member of a project that the actor can see.
    pub(crate) fn member<'a>(
        &'a self,
        actor: &str,
        project: &str,
        id: &str,
    ) -> Outcome<(&'a Project, &'a Member)> {
        let project = self.project(actor, project, Need::Read)?;
        Ok((project, project.members.get(id)?))
    }

    /// Adds a member and returns its id.
    pub(crate) fn add_member(
        &mut self,
        actor: &str,
        project: &str,
        new: &NewMember<'_>,
        permissions: Option<&Map<String, Value>>,
    ) -> Outcome<String> {
        self.project(actor, project, Need::Admin)?;
        let who = self.resolve(new)?;
        let permissions = permissions.filter(|given| !given.is_empty()).ok_or(ApiError::new(3011))?;
        self.project_mut(project)?.members.add(who, permissions)
    }

    /// Removes a member other than the owner.
    pub(crate) fn remove_member(&mut self, actor: &str, project: &str, id: &str) -> Outcome<()> {
        self.project(actor, project, Need::Admin)?;
        self.project_mut(project)?.members.remove(id)
    }

    /// Changes permissions, or replaces all of them, which then have to be complete.
    pub(crate) fn set_permissions(
        &mut self,
        actor: &str,
        project: &str,
        id: &str,
        changes: &Map<String, Value>,
        replace: bool,
    ) -> Outcome<Permissions> {
        self.project(actor, project, Need::Admin)?;
        self.project_mut(project)?.members.set(id, changes, replace)
    }
}
