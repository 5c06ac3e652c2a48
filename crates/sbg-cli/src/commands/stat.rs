//! `stat`: everything about files, folders, projects, apps and tasks.

use anyhow::Result;
use clap::Args;
use sbg::WebUrl;

use crate::context::Context;
use crate::path::{self, Node};
use crate::records;

/// Show everything about files, folders or projects; apps and tasks by their URL
#[derive(Args, Debug)]
pub(crate) struct Stat {
    /// Paths, ids or URLs; `-` reads them from standard input
    #[arg(required = true)]
    paths: Vec<String>,
}

impl Stat {
    pub(crate) async fn run(self, context: &Context) -> Result<()> {
        let client = context.client()?;
        if let [url] = &self.paths[..]
            && let Ok(url) = url.parse::<WebUrl>()
        {
            match url {
                WebUrl::Task(id) => {
                    return context.out.details(&records::task(&client.task(id).get().await?));
                }
                WebUrl::App(id) => return context.out.details(&records::app(&client.app(id).get().await?)),
                _ => {}
            }
        }
        for remote in path::from_arguments(&self.paths)? {
            let record = match remote.find(client).await? {
                Node::Project(id) => records::project(&client.project(id).get().await?),
                Node::File { file, path } => records::file(&file, path.as_deref()),
            };
            context.out.details(&record)?;
        }
        Ok(())
    }
}
