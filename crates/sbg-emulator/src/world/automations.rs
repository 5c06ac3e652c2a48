//! Automations: tools that the platform runs on behalf of a user, the packages of their code, and who may use them. Runs
//! are in [`super::automation_runs`].

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    World,
    files::AUTOMATION,
    ids::is_uuid,
    members::{Member, Members, NewMember, Shared},
    permissions::Need,
};
use crate::{
    error::{ApiError, Outcome},
    json_object::JsonObject,
};

/// An automation.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Automation {
    pub(crate) id: String,
    serial: u64,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) billing_group: Option<String>,
    pub(crate) owner: String,
    pub(crate) created: Timestamp,
    pub(crate) modified_by: String,
    pub(crate) modified: Timestamp,
    pub(crate) archived: bool,
    pub(crate) secret_settings: Map<String, Value>,
    pub(crate) memory_limit: Option<u64>,
    pub(crate) project_based: bool,
    pub(crate) members: Members,
}

/// A version of the code of an automation.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Package {
    pub(crate) id: String,
    serial: u64,
    pub(crate) automation: String,
    pub(crate) version: String,
    /// The id of the uploaded file.
    pub(crate) location: String,
    pub(crate) schema: Value,
    pub(crate) created_by: String,
    pub(crate) created: Timestamp,
    pub(crate) archived: bool,
    pub(crate) custom_url: Option<String>,
    pub(crate) memory_limit: Option<u64>,
    pub(crate) python: String,
}

/// Which automations a list contains.
#[derive(Debug, Default)]
pub(crate) struct AutomationFilter<'a> {
    /// Part of the name, in any case.
    pub(crate) name: Option<&'a str>,
    pub(crate) archived: bool,
    pub(crate) project_based: Option<bool>,
}

impl World {
    /// The visible automations, in the order of creation.
    pub(crate) fn list_automations(&self, actor: &str, filter: &AutomationFilter<'_>) -> Vec<&Automation> {
        let name = filter.name.map(str::to_lowercase);
        let mut found: Vec<&Automation> = self
            .automations
            .values()
            .filter(|automation| self.granted(&automation.members, actor).is_some())
            .filter(|automation| filter.archived || !automation.archived)
            .filter(|automation| filter.project_based.is_none_or(|wanted| automation.project_based == wanted))
            .filter(|automation| {
                name.as_ref().is_none_or(|name| automation.name.to_lowercase().contains(name))
            })
            .collect();
        found.sort_by_key(|automation| automation.serial);
        found
    }

    /// An automation for an action that needs a permission.
    pub(crate) fn automation(&self, actor: &str, id: &str, need: Need) -> Outcome<&Automation> {
        let automation = self.automations.get(id).ok_or(ApiError::new(90003))?;
        let allowed =
            self.granted(&automation.members, actor).is_some_and(|permissions| permissions.allow(need));
        if allowed { Ok(automation) } else { Err(ApiError::new(90002)) }
    }

    fn automation_mut(&mut self, actor: &str, id: &str, need: Need) -> Outcome<&mut Automation> {
        self.automation(actor, id, need)?;
        self.automations.get_mut(id).ok_or(ApiError::new(90003))
    }

    /// Creates an automation and returns its id.
    pub(crate) fn create_automation(&mut self, actor: &str, body: JsonObject<'_>) -> Outcome<String> {
        let name = body.required("name", 90000)?.to_owned();
        let now = self.clock.timestamp();
        let mut automation = Automation {
            id: String::new(),
            serial: self.jobs_made,
            name,
            description: String::new(),
            billing_group: None,
            owner: actor.to_owned(),
            created: now,
            modified_by: actor.to_owned(),
            modified: now,
            archived: false,
            secret_settings: Map::new(),
            memory_limit: None,
            project_based: false,
            members: Members::new(Shared::Automation, actor),
        };
        self.fill(actor, &mut automation, body)?;
        automation.id = self.ids.uuid();
        self.jobs_made += 1;
        let id = automation.id.clone();
        self.automations.insert(id.clone(), automation);
        Ok(id)
    }

    /// Changes an automation.
    pub(crate) fn edit_automation(&mut self, actor: &str, id: &str, body: JsonObject<'_>) -> Outcome<()> {
        let mut automation = self.automation(actor, id, Need::Write)?.clone();
        if body.value("name").is_some() {
            body.required("name", 90000)?.clone_into(&mut automation.name);
        }
        if let Some(description) = body.clearable_text("description")? {
            description.clone_into(&mut automation.description);
        }
        self.fill(actor, &mut automation, body)?;
        self.touch(actor, &mut automation);
        self.automations.insert(id.to_owned(), automation);
        Ok(())
    }

    fn touch(&self, actor: &str, automation: &mut Automation) {
        actor.clone_into(&mut automation.modified_by);
        automation.modified = self.clock.timestamp();
    }

    fn fill(&self, actor: &str, automation: &mut Automation, body: JsonObject<'_>) -> Outcome<()> {
        if let Some(description) = body.text("description")? {
            description.clone_into(&mut automation.description);
        }
        if let Some(group) = body.text("billing_group")? {
            if !is_uuid(group) {
                return Err(ApiError::new(4005));
            }
            automation.billing_group = Some(self.billing_group(actor, group)?.id.clone());
        }
        if let Some(settings) = body.object("secret_settings")? {
            automation.secret_settings.clone_from(settings.map());
        }
        if let Some(limit) = memory_limit(body)? {
            automation.memory_limit = Some(limit);
        }
        if let Some(project_based) = body.flag("project_based")? {
            automation.project_based = project_based;
        }
        Ok(())
    }

    /// Archives or restores an automation.
    pub(crate) fn archive_automation(&mut self, actor: &str, id: &str, archived: bool) -> Outcome<()> {
        let mut automation = self.automation(actor, id, Need::Admin)?.clone();
        automation.archived = archived;
        self.touch(actor, &mut automation);
        self.automations.insert(id.to_owned(), automation);
        Ok(())
    }

    /// One member of an automation that the actor can see.
    pub(crate) fn automation_member(&self, actor: &str, id: &str, member: &str) -> Outcome<&Member> {
        self.automation(actor, id, Need::Read)?.members.get(member)
    }

    /// Adds a member and returns its id.
    pub(crate) fn add_automation_member(
        &mut self,
        actor: &str,
        id: &str,
        new: &NewMember<'_>,
        permissions: &Map<String, Value>,
    ) -> Outcome<String> {
        self.automation(actor, id, Need::Admin)?;
        let who = self.resolve(new)?;
        self.automation_mut(actor, id, Need::Admin)?.members.add(who, permissions)
    }

    /// Changes what a member may do.
    pub(crate) fn edit_automation_member(
        &mut self,
        actor: &str,
        id: &str,
        member: &str,
        changes: &Map<String, Value>,
    ) -> Outcome<()> {
        self.automation_mut(actor, id, Need::Admin)?.members.set(member, changes, false).map(drop)
    }

    /// Removes a member other than the owner.
    pub(crate) fn remove_automation_member(&mut self, actor: &str, id: &str, member: &str) -> Outcome<()> {
        self.automation_mut(actor, id, Need::Admin)?.members.remove(member)
    }

    /// The packages of an automation, in the order of creation.
    pub(crate) fn list_packages(&self, actor: &str, automation: &str) -> Outcome<Vec<&Package>> {
        self.automation(actor, automation, Need::Read)?;
        let own = self.packages.values().filter(|package| package.automation == automation);
        let mut packages: Vec<&Package> = own.collect();
        packages.sort_by_key(|package| package.serial);
        Ok(packages)
    }

    /// A package for an action that needs a permission.
    pub(crate) fn package(&self, actor: &str, id: &str, need: Need) -> Outcome<&Package> {
        let package = self.packages.get(id).ok_or(ApiError::new(90003))?;
        self.automation(actor, &package.automation, need)?;
        Ok(package)
    }

    /// Creates a package from uploaded code and returns its id.
    pub(crate) fn create_package(
        &mut self,
        actor: &str,
        automation: &str,
        body: JsonObject<'_>,
    ) -> Outcome<String> {
        self.automation(actor, automation, Need::Write)?;
        let version = body.required("version", 90000)?;
        let location = body.required("location", 90000)?;
        let schema =
            body.map().get("schema").ok_or_else(|| ApiError::bad_request("`schema` is required."))?;
        let home = format!("{AUTOMATION}{automation}");
        if self.files.get(location).is_none_or(|file| file.project != home) {
            return Err(ApiError::bad_request("`location` is not an upload of this automation."));
        }
        let taken = |package: &Package| package.automation == automation && package.version == version;
        if self.packages.values().any(taken) {
            return Err(ApiError::new(90007).detail("The automation already has this version."));
        }
        let python = body.text("python")?.unwrap_or("3.6");
        let numbered = |number: &str| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        if !python.split_once('.').is_some_and(|(major, minor)| major == "3" && numbered(minor)) {
            return Err(ApiError::bad_request("`python` must be a version such as 3.8."));
        }
        let package = Package {
            id: self.ids.file(),
            serial: self.jobs_made,
            automation: automation.to_owned(),
            version: version.to_owned(),
            location: location.to_owned(),
            schema: schema.clone(),
            created_by: actor.to_owned(),
            created: self.clock.timestamp(),
            archived: false,
            custom_url: None,
            memory_limit: memory_limit(body)?,
            python: python.to_owned(),
        };
        self.jobs_made += 1;
        let id = package.id.clone();
        self.packages.insert(id.clone(), package);
        Ok(id)
    }

    /// Changes a package.
    pub(crate) fn edit_package(&mut self, actor: &str, id: &str, body: JsonObject<'_>) -> Outcome<()> {
        self.package(actor, id, Need::Write)?;
        let (url, limit) = (body.text("custom_url")?, memory_limit(body)?);
        let package = self.packages.get_mut(id).ok_or(ApiError::new(90003))?;
        if let Some(url) = url {
            package.custom_url = Some(url.to_owned());
        }
        package.memory_limit = limit.or(package.memory_limit);
        Ok(())
    }

    /// Archives or restores a package of an automation.
    pub(crate) fn archive_package(
        &mut self,
        actor: &str,
        automation: &str,
        id: &str,
        archived: bool,
    ) -> Outcome<()> {
        if self.package(actor, id, Need::Write)?.automation != automation {
            return Err(ApiError::new(90003));
        }
        if let Some(package) = self.packages.get_mut(id) {
            package.archived = archived;
        }
        Ok(())
    }
}

/// In megabytes, at least one.
pub(super) fn memory_limit(body: JsonObject<'_>) -> Outcome<Option<u64>> {
    match body.count("memory_limit")? {
        Some(0) => Err(ApiError::bad_request("`memory_limit` must be at least 1.")),
        limit => Ok(limit),
    }
}
