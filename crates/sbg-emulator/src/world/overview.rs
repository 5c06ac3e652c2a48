//! A short view of the platform for the console.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{
    World,
    files::{Content, FileNode},
    ids::PUBLIC_PROJECT,
};

/// The maximum number of items of each kind.
const SHOWN: usize = 100;

impl World {
    /// Projects, the latest files and tasks, and uploads in progress, with their total numbers.
    pub(crate) fn overview(&self) -> Value {
        let own: Vec<&FileNode> = self
            .files
            .values()
            .filter(|file| {
                file.parent.is_some() && file.project != PUBLIC_PROJECT && file.project_id().is_some()
            })
            .collect();
        let mut sums: HashMap<&str, (u64, u64, u64)> = HashMap::new();
        let mut files = Vec::new();
        for file in own {
            let (count, folders, bytes) = sums.entry(&file.project).or_default();
            match &file.content {
                Content::File { object, .. } => {
                    *count += 1;
                    *bytes = bytes.saturating_add(object.size());
                    files.push((file, object.size()));
                }
                Content::Folder(_) => *folders += 1,
            }
        }
        files.sort_by(|(one, _), (other, _)| (other.created, &other.id).cmp(&(one.created, &one.id)));
        let projects: Vec<_> =
            self.projects.values().filter(|project| project.id != PUBLIC_PROJECT).collect();
        let mut tasks: Vec<_> = self.tasks.values().collect();
        tasks.sort_by_key(|task| std::cmp::Reverse(task.serial));
        json!({
            "projects": list(&projects, |project| {
                let (files, folders, bytes) = sums.get(project.id.as_str()).copied().unwrap_or_default();
                json!({ "id": project.id, "files": files, "folders": folders, "bytes": bytes })
            }),
            "files": list(&files, |(file, size)| {
                json!({ "id": file.id, "project": file.project, "name": file.name, "size": size })
            }),
            "tasks": list(&tasks, |task| {
                json!({ "id": task.id, "project": task.project, "name": task.name, "status": task.status.name() })
            }),
            "uploads": list(&self.uploads.values().collect::<Vec<_>>(), |upload| {
                json!({
                    "id": upload.id,
                    "project": upload.project,
                    "name": upload.name,
                    "size": upload.size,
                    "parts": format!("{} of {}", upload.reported.len(), upload.planned_parts()),
                })
            }),
        })
    }
}

fn list<T>(items: &[T], render: impl Fn(&T) -> Value) -> Value {
    json!({ "total": items.len(), "items": items.iter().take(SHOWN).map(render).collect::<Vec<_>>() })
}
