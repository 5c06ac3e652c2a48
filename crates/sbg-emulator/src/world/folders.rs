//! The tree of folders: children, unique names, and links between parents and children.

use super::{
    World,
    files::{Container, Content, FileNode, check_name},
    permissions::Need,
};
use crate::error::{ApiError, Outcome};

impl World {
    /// Creates a folder.
    pub(crate) fn create_folder(
        &mut self,
        actor: &str,
        container: Container<'_>,
        name: &str,
    ) -> Outcome<&FileNode> {
        if name.starts_with("__") {
            return Err(ApiError::new(5024).detail("A folder's name does not begin with two underscores."));
        }
        check_name(name, 5024)?;
        let parent = self.destination(actor, container)?;
        self.check_free(&parent.id, name, 5030)?;
        let folder =
            FileNode::folder(String::new(), name, &parent.project, Some(&parent.id), self.clock.timestamp());
        let id = self.insert(folder);
        self.files.get(&id).ok_or(ApiError::new(5000))
    }

    /// The content of a visible folder.
    pub(crate) fn list_folder(&self, actor: &str, id: &str) -> Outcome<Vec<&FileNode>> {
        self.children(self.file(actor, id, Need::Read, 5001)?)
    }

    pub(super) fn children(&self, folder: &FileNode) -> Outcome<Vec<&FileNode>> {
        match &folder.content {
            Content::Folder(children) => Ok(children.values().filter_map(|id| self.files.get(id)).collect()),
            Content::File { .. } => Err(ApiError::new(5022)),
        }
    }

    /// The path as the platform writes it: `/Projects/`, the name of the root folder, which is a UUID, and the folders below.
    pub(crate) fn path_of(&self, file: &FileNode) -> String {
        let mut steps = Vec::new();
        let mut at = file;
        while let Some(parent) = at.parent.as_deref().and_then(|id| self.files.get(id)) {
            steps.push(at.name.as_str());
            at = parent;
        }
        steps.push(if at.name.is_empty() { &at.id } else { &at.name });
        steps.push(if file.dataset().is_some() { "/Datasets" } else { "/Projects" });
        steps.reverse();
        steps.join("/")
    }

    /// Everything below a folder, sorted by path.
    pub(super) fn descendants(&self, folder: &FileNode) -> Vec<&FileNode> {
        let mut found = Vec::new();
        let mut open: Vec<&FileNode> = self.children(folder).unwrap_or_default();
        open.reverse();
        while let Some(file) = open.pop() {
            found.push(file);
            if file.is_folder() {
                open.extend(self.children(file).unwrap_or_default().into_iter().rev());
            }
        }
        found
    }

    /// The child of this name in a folder.
    pub(super) fn child(&self, folder: &str, name: &str) -> Option<&FileNode> {
        match &self.files.get(folder)?.content {
            Content::Folder(children) => self.files.get(children.get(name)?),
            Content::File { .. } => None,
        }
    }

    /// Refuses a name that is taken in the folder.
    pub(super) fn check_free(&self, folder: &str, name: &str, code: u32) -> Outcome<()> {
        if self.child(folder, name).is_some() { Err(ApiError::new(code)) } else { Ok(()) }
    }

    /// The name, or the first of `_1_name`, `_2_name` ... that is not taken in the folder.
    pub(super) fn free_name(folder: &FileNode, name: &str) -> String {
        let Content::Folder(children) = &folder.content else { return name.to_owned() };
        let numbered = (1..).map(|number: u64| format!("_{number}_{name}"));
        std::iter::once(name.to_owned())
            .chain(numbered)
            .find(|name| !children.contains_key(name))
            .unwrap_or_default()
    }

    /// Assigns an id and adds the file to its parent, where its name is free.
    pub(super) fn insert(&mut self, mut file: FileNode) -> String {
        file.id = self.ids.file();
        let id = file.id.clone();
        if let Some(children) = file.parent.as_deref().and_then(|parent| self.children_mut(parent)) {
            children.insert(file.name.clone(), id.clone());
        }
        self.files.insert(id.clone(), file);
        id
    }

    /// Removes a file from its parent and deletes it.
    pub(super) fn remove(&mut self, id: &str) {
        let Some(file) = self.files.remove(id) else { return };
        self.settle_storage(&file);
        self.markers.retain(|_, marker| marker.file != id);
        if let Some(children) = file.parent.as_deref().and_then(|parent| self.children_mut(parent)) {
            children.remove(&file.name);
        }
        drop(file);
        self.store.sweep();
    }

    /// Deletes a file, or a folder with its content.
    pub(super) fn remove_tree(&mut self, id: &str) {
        let Some(file) = self.files.get(id) else { return };
        let below: Vec<String> = self.descendants(file).into_iter().map(|file| file.id.clone()).collect();
        for id in below.iter().rev() {
            self.remove(id);
        }
        self.remove(id);
    }

    /// Renames a file, moves it to another parent, or both.
    pub(super) fn relink(&mut self, id: &str, from: &str, old: &str, to: &str, new: &str) -> Outcome<()> {
        if let Some(children) = self.children_mut(old) {
            children.remove(from);
        }
        if let Some(children) = self.children_mut(new) {
            children.insert(to.to_owned(), id.to_owned());
        }
        let file = self.file_mut(id)?;
        to.clone_into(&mut file.name);
        // Logs are in no folder, even if they are renamed.
        file.parent = Some(new.to_owned()).filter(|parent| !parent.is_empty());
        Ok(())
    }

    fn children_mut(&mut self, folder: &str) -> Option<&mut std::collections::BTreeMap<String, String>> {
        match &mut self.files.get_mut(folder)?.content {
            Content::Folder(children) => Some(children),
            Content::File { .. } => None,
        }
    }
}
