//! State that tests create without requests.

use serde_json::Map;

use super::{
    World,
    files::{Container, Content, FileNode},
    ids::short_name,
    projects::ProjectEdit,
    users::FIRST,
};
use crate::objects::object::Object;

impl World {
    /// The id of the project of this name, which is created if it does not exist.
    pub(crate) fn seed_project(&mut self, name: &str) -> String {
        let id = format!("{FIRST}/{}", short_name(name));
        if !self.projects.contains_key(&id) {
            let edit = ProjectEdit { name: Some(name.to_owned()), ..ProjectEdit::default() };
            self.create_project(FIRST, edit).unwrap_or_else(|error| panic!("no project {name:?}: {error:?}"));
        }
        id
    }

    /// Adds a file and returns its id.
    pub(crate) fn seed_file(&mut self, project: &str, path: &str, object: Object) -> String {
        let project = self.projects.get(project).unwrap_or_else(|| panic!("there is no project {project}"));
        let mut folder = project.root_folder.clone();
        let project = project.id.clone();
        let mut steps: Vec<&str> = path.split('/').filter(|step| !step.is_empty()).collect();
        let name = steps.pop().expect("a file needs a name");
        for step in steps {
            folder = match self.child(&folder, step) {
                Some(child) => {
                    assert!(child.is_folder(), "{step} in {path} is a file");
                    child.id.clone()
                }
                None => self
                    .create_folder(FIRST, Container::Folder(&folder), step)
                    .expect("the name is free")
                    .id
                    .clone(),
            };
        }
        if let Some(present) = self.child(&folder, name) {
            assert!(!present.is_folder(), "{path} is a folder");
            let id = present.id.clone();
            self.remove(&id);
        }
        self.add_file(&project, &folder, name, object)
    }

    /// Adds an object to a folder, where its name is free, and returns the id of the new file.
    pub(super) fn add_file(&mut self, project: &str, folder: &str, name: &str, object: Object) -> String {
        let now = self.clock.timestamp();
        let object = self.store.keep(object);
        let key = self.ids.uuid();
        self.store.publish(&key, &object);
        self.insert(FileNode {
            id: String::new(),
            name: name.to_owned(),
            project: project.to_owned(),
            parent: Some(folder.to_owned()),
            content: Content::File { key, object },
            created: now,
            modified: now,
            tags: Vec::new(),
            metadata: Map::new(),
            origin_task: None,
            origin_dataset: None,
            alias: None,
        })
    }
}
