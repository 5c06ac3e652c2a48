//! `mkdir`: creates folders.

use anyhow::{Context as _, Result, anyhow};
use clap::Args;

use crate::context::Context;
use crate::exit::usage;
use crate::path::Remote;
use crate::records;

/// Create folders
#[derive(Args, Debug)]
pub(crate) struct Mkdir {
    #[arg(required = true)]
    paths: Vec<Remote>,
    /// Create missing parents, and accept folders that exist
    #[arg(short, long)]
    parents: bool,
}

impl Mkdir {
    pub(crate) async fn run(self, context: &Context) -> Result<()> {
        let client = context.client()?;
        for remote in self.paths {
            let Remote::Path { project, path, .. } = &remote else {
                return Err(usage("a new folder is named by its path, such as `owner/project/folder`"));
            };
            if path.is_empty() {
                return Err(usage(format!("`{project}` is a project; `sbg projects create` creates one")));
            }
            let cannot = || format!("cannot create `{}`", remote.text());
            let folder = if self.parents {
                client.project(project).files().create_folder_all(path).await.with_context(cannot)?
            } else {
                // Without the slash, so that the folder itself is not created with its parents.
                let plain = Remote::Path { project: project.clone(), path: path.clone(), is_folder: false };
                let target = plain.target(client, false).await?;
                let Some(name) = target.name else { return Err(anyhow!("{}: it exists", cannot())) };
                client.files().create_folder(name, &target.folder).await.with_context(cannot)?
            };
            context
                .out
                .row(&records::change("mkdir", &remote.text(), &folder.id), [&remote.text(), &folder.id])?;
        }
        Ok(())
    }
}
