//! `apps`: lists, pulls, pushes and copies apps.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use sbg::apps::Cwl;
use sbg::types::{AppCopyStrategy, AppVisibility};
use sbg::{AppId, ProjectId};

use crate::context::Context;
use crate::input_file;
use crate::path;
use crate::records::{self, Record};
use crate::units::one_of;

/// List, pull, push and copy apps
#[derive(Debug, Subcommand)]
pub(crate) enum Apps {
    /// List the apps of a project, or public apps
    Ls(List),
    /// Save the CWL description of an app
    Pull(Pull),
    /// Install an app, or add a revision if its description differs
    Push(Push),
    /// Copy an app to a project
    Copy(Copy),
}

#[derive(Args, Debug)]
pub(crate) struct List {
    #[arg(value_parser = path::project)]
    project: Option<ProjectId>,
    /// Public apps
    #[arg(long)]
    public: bool,
    /// Only apps with this word in their name, label, toolkit or description; can be repeated
    #[arg(long)]
    search: Vec<String>,
}

#[derive(Args, Debug)]
pub(crate) struct Pull {
    /// `owner/project/app`, with `/revision` for an earlier one
    #[arg(value_parser = path::app)]
    app: AppId,
    /// File to write; standard output by default
    file: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct Push {
    /// `owner/project/app`
    #[arg(value_parser = path::app)]
    app: AppId,
    /// CWL in JSON or YAML; the files that it links to are packed with it. `-` reads standard input
    file: PathBuf,
}

#[derive(Args, Debug)]
pub(crate) struct Copy {
    /// `owner/project/app`
    #[arg(value_parser = path::app)]
    app: AppId,
    #[arg(value_parser = path::project)]
    project: ProjectId,
    /// Name of the copy
    #[arg(long)]
    name: Option<String>,
    /// `clone` (every revision), `direct` (linked with the original), `clone_direct` or `transient`
    #[arg(long)]
    strategy: Option<AppCopyStrategy>,
}

impl Apps {
    pub(crate) async fn run(self, context: &Context) -> Result<()> {
        match self {
            Self::Ls(command) => command.run(context).await,
            Self::Pull(command) => command.run(context).await,
            Self::Push(command) => command.run(context).await,
            Self::Copy(command) => command.run(context).await,
        }
    }
}

impl List {
    async fn run(self, context: &Context) -> Result<()> {
        one_of(&[("a project", self.project.is_some()), ("`--public`", self.public)])?;
        let query = context.client()?.apps().query();
        let query = match &self.project {
            Some(project) => query.project(project),
            None if self.public => query.visibility(AppVisibility::Public),
            None => query,
        };
        let mut apps = self.search.iter().fold(query, sbg::Query::search).items();
        while let Some(app) = apps.try_next().await? {
            let record = records::app(&app);
            context.out.row(&record, [&app.id, record.text("name")])?;
        }
        Ok(())
    }
}

impl Pull {
    async fn run(self, context: &Context) -> Result<()> {
        let cwl = context.client()?.app(&self.app).raw().await;
        let cwl = cwl.with_context(|| format!("cannot pull `{}`", self.app))?;
        let mut text = serde_json::to_string_pretty(&cwl)?;
        text.push('\n');
        match &self.file {
            Some(file) => {
                std::fs::write(file, text).with_context(|| format!("cannot write `{}`", file.display()))?;
                context.screen.note(&format!("saved `{}` in {}", self.app, file.display()));
                Ok(())
            }
            None => context.out.bytes(text.as_bytes()),
        }
    }
}

impl Push {
    async fn run(self, context: &Context) -> Result<()> {
        let cwl = if self.file == Path::new("-") {
            Cwl::yaml(read(&self.file)?)
        } else {
            Cwl::pack(&self.file).read()?
        };
        let pushed = context.client()?.apps().push(&self.app, cwl).await;
        let pushed = pushed.with_context(|| format!("cannot push `{}`", self.app))?;
        let record = records::app(&pushed.app).with("changed", pushed.changed);
        let said = if pushed.changed { "changed" } else { "unchanged" };
        context.out.row(&record, [&pushed.app.id, said])
    }
}

impl Copy {
    async fn run(self, context: &Context) -> Result<()> {
        let copy = context.client()?.app(&self.app).copy_to(&self.project);
        let copy = if let Some(name) = self.name { copy.name(name) } else { copy };
        let copy = if let Some(strategy) = self.strategy { copy.strategy(strategy) } else { copy };
        let app = copy.await.with_context(|| format!("cannot copy `{}`", self.app))?;
        let record: Record = records::app(&app);
        context.out.row(&record, [&app.id])
    }
}

/// The text of a file, or of standard input for `-`.
pub(super) fn read(file: &Path) -> Result<String> {
    let bytes = input_file::read(file, "the file")?;
    String::from_utf8(bytes).with_context(|| format!("cannot read the file `{}`: not UTF-8", file.display()))
}
