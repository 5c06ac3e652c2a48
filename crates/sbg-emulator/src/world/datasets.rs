//! Datasets: files that are shared under one name. They are created elsewhere; here they are found, described and shared.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    World,
    files::{DATASET, FileNode},
    ids::short_name,
    members::{Member, Members, NewMember, Shared},
    permissions::{Need, Permissions},
};
use crate::{
    error::{ApiError, Outcome},
    objects::object::Object,
};

/// A dataset.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Dataset {
    /// `owner/short-name`
    pub(crate) id: String,
    pub(crate) owner: String,
    pub(crate) name: String,
    pub(crate) description: String,
    /// Whether every user can read it.
    pub(crate) public: bool,
    pub(crate) root_folder: String,
    pub(crate) members: Members,
}

impl World {
    /// The two datasets of every emulator: one of the first user, one public.
    pub(super) fn seed_datasets(&mut self) {
        let now = self.clock.timestamp();
        let own = self.seed_dataset(
            "rfranklin",
            "B form",
            "Diffraction patterns of the B form of DNA.",
            false,
            now,
        );
        let lines = |text: &'static str| Object::new(vec![text.into()], now);
        self.seed_dataset_file(
            &own,
            "photo-51.csv",
            lines("layer,intensity\n1,0.41\n2,0.63\n3,0.72\n5,0.38\n"),
        );
        let public =
            self.seed_dataset("admin", "Reference sequences", "Short sequences for first steps.", true, now);
        self.seed_dataset_file(
            &public,
            "phix.fasta",
            lines(">phix\nGAGTTTTATCGCTTCCATGACGCAGAAGTTAACACTTTCG\n"),
        );
    }

    /// Adds a dataset and returns its id.
    pub(crate) fn seed_dataset(
        &mut self,
        owner: &str,
        name: &str,
        description: &str,
        public: bool,
        now: Timestamp,
    ) -> String {
        let id = format!("{owner}/{}", short_name(name));
        let root_name = self.ids.uuid();
        let root = FileNode::folder(self.ids.file(), &root_name, &format!("{DATASET}{id}"), None, now);
        let dataset = Dataset {
            owner: owner.to_owned(),
            name: name.to_owned(),
            description: description.to_owned(),
            public,
            root_folder: root.id.clone(),
            members: Members::new(Shared::Dataset, owner),
            id: id.clone(),
        };
        self.files.insert(root.id.clone(), root);
        self.datasets.insert(id.clone(), dataset);
        id
    }

    /// Puts a file into a dataset.
    pub(crate) fn seed_dataset_file(&mut self, dataset: &str, name: &str, object: Object) {
        if let Some(folder) = self.datasets.get(dataset).map(|dataset| dataset.root_folder.clone()) {
            self.add_file(&format!("{DATASET}{dataset}"), &folder, name, object);
        }
    }

    /// The permissions of a user for a dataset.
    fn dataset_access(&self, dataset: &Dataset, actor: &str) -> Option<Permissions> {
        let everybody = Permissions { copy: true, ..Permissions::default() };
        let granted = self.granted(&dataset.members, actor);
        if dataset.public { Some(granted.unwrap_or_default().union(everybody)) } else { granted }
    }

    /// The visible datasets: those of an owner, the public ones, or all that the user is a member of.
    pub(crate) fn list_datasets(&self, actor: &str, owner: Option<&str>, public: bool) -> Vec<&Dataset> {
        let all = self.datasets.values();
        all.filter(|dataset| match owner {
            Some(owner) => dataset.owner == owner && self.dataset_access(dataset, actor).is_some(),
            None if public => dataset.public,
            None => self.granted(&dataset.members, actor).is_some(),
        })
        .collect()
    }

    /// A dataset for an action that needs a permission.
    pub(crate) fn dataset(&self, actor: &str, id: &str, need: Need) -> Outcome<&Dataset> {
        let dataset = self.datasets.get(id).ok_or(ApiError::new(90003))?;
        let allowed = self.dataset_access(dataset, actor).is_some_and(|permissions| permissions.allow(need));
        if allowed { Ok(dataset) } else { Err(ApiError::new(90002)) }
    }

    /// A dataset that the actor administers, to be changed.
    fn dataset_mut(&mut self, actor: &str, id: &str) -> Outcome<&mut Dataset> {
        self.dataset(actor, id, Need::Admin)?;
        self.datasets.get_mut(id).ok_or(ApiError::new(90003))
    }

    /// Changes the name and description of a dataset.
    pub(crate) fn edit_dataset(
        &mut self,
        actor: &str,
        id: &str,
        name: Option<&str>,
        description: Option<&str>,
    ) -> Outcome<()> {
        let dataset = self.dataset_mut(actor, id)?;
        if name.is_some_and(|name| name.trim().is_empty()) {
            return Err(ApiError::bad_request("`name` must not be blank."));
        }
        if let Some(name) = name {
            name.clone_into(&mut dataset.name);
        }
        if let Some(description) = description {
            description.clone_into(&mut dataset.description);
        }
        Ok(())
    }

    /// Deletes a dataset with its files. Copies in projects are kept.
    pub(crate) fn delete_dataset(&mut self, actor: &str, id: &str) -> Outcome<()> {
        self.dataset_mut(actor, id)?;
        self.datasets.remove(id);
        self.files.retain(|_, file| file.dataset() != Some(id));
        self.store.sweep();
        Ok(())
    }

    /// One member of a dataset that the actor can see.
    pub(crate) fn dataset_member(&self, actor: &str, id: &str, member: &str) -> Outcome<&Member> {
        self.dataset(actor, id, Need::Read)?.members.get(member)
    }

    /// Adds a member and returns its id.
    pub(crate) fn add_dataset_member(
        &mut self,
        actor: &str,
        id: &str,
        new: &NewMember<'_>,
        permissions: &Map<String, Value>,
    ) -> Outcome<String> {
        self.dataset(actor, id, Need::Admin)?;
        let who = self.resolve(new)?;
        self.dataset_mut(actor, id)?.members.add(who, permissions)
    }

    /// Removes a member other than the owner.
    pub(crate) fn remove_dataset_member(&mut self, actor: &str, id: &str, member: &str) -> Outcome<()> {
        self.dataset_mut(actor, id)?.members.remove(member)
    }

    /// Changes the permissions of a member.
    pub(crate) fn set_dataset_permissions(
        &mut self,
        actor: &str,
        id: &str,
        member: &str,
        changes: &Map<String, Value>,
    ) -> Outcome<()> {
        self.dataset_mut(actor, id)?.members.set(member, changes, false).map(drop)
    }
}
