//! `projects`: lists, creates and deletes projects.

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use sbg::ProjectId;

use crate::context::Context;
use crate::exit::usage;
use crate::path;
use crate::records;

/// List, create and delete projects
#[derive(Debug, Subcommand)]
pub(crate) enum Projects {
    /// List projects
    Ls(List),
    /// Create a project
    Create(Create),
    /// Delete a project with everything in it; this cannot be undone
    Rm(Remove),
}

#[derive(Args, Debug)]
pub(crate) struct List {
    /// Only projects with this in their name
    #[arg(long)]
    name: Option<String>,
    /// Only projects of this owner
    #[arg(long)]
    owner: Option<String>,
    /// Only projects with this tag; can be repeated
    #[arg(long)]
    tag: Vec<String>,
}

#[derive(Args, Debug)]
pub(crate) struct Create {
    name: String,
    /// Billing group; needed where you have several
    #[arg(long, value_name = "ID")]
    billing_group: Option<String>,
    #[arg(long)]
    description: Option<String>,
    /// Tag; can be repeated
    #[arg(long)]
    tag: Vec<String>,
}

#[derive(Args, Debug)]
pub(crate) struct Remove {
    #[arg(value_parser = path::project)]
    project: ProjectId,
    /// Confirm it
    #[arg(long)]
    yes: bool,
}

impl Projects {
    pub(crate) async fn run(self, context: &Context) -> Result<()> {
        match self {
            Self::Ls(command) => command.run(context).await,
            Self::Create(command) => command.run(context).await,
            Self::Rm(command) => command.run(context).await,
        }
    }
}

impl List {
    async fn run(self, context: &Context) -> Result<()> {
        let query = context.client()?.projects().query();
        let query = if let Some(name) = self.name { query.name(name) } else { query };
        let query = if let Some(owner) = self.owner { query.owner(owner) } else { query };
        let query = self.tag.iter().fold(query, sbg::Query::<sbg::projects::ProjectList>::tag);
        let mut projects = query.items();
        while let Some(project) = projects.try_next().await? {
            let record = records::project(&project);
            context.out.row(&record, [&project.id, record.text("name")])?;
        }
        Ok(())
    }
}

impl Create {
    async fn run(self, context: &Context) -> Result<()> {
        let create = context.client()?.projects().create(&self.name);
        let create = if let Some(group) = self.billing_group { create.billing_group(group) } else { create };
        let create = if let Some(text) = self.description { create.description(text) } else { create };
        let create = if self.tag.is_empty() { create } else { create.tags(self.tag) };
        let project = create.await.with_context(|| format!("cannot create the project `{}`", self.name))?;
        context.out.row(&records::project(&project), [&project.id])
    }
}

impl Remove {
    async fn run(self, context: &Context) -> Result<()> {
        if !self.yes {
            return Err(usage(format!(
                "this deletes `{}` with all files and tasks: add `--yes`",
                self.project
            )));
        }
        context.client()?.project(&self.project).delete().await.context("the project was not deleted")?;
        context.out.row(&records::change("rm", self.project.as_str(), ""), [self.project.as_str()])
    }
}
