//! `cp` and `mv`: copies and moves files and folders on the platform.

use anyhow::{Context as _, Result};
use clap::Args;
use sbg::files::JobItem;
use sbg::types::{self, FileType};
use sbg::{Client, ProjectId};

use super::changes::{changed, results};
use crate::context::Context;
use crate::exit::usage;
use crate::failures::Failures;
use crate::path::{Folder, Remote, Target};
use crate::records;

/// Copy files and folders on the platform
#[derive(Args, Debug)]
pub(crate) struct Cp {
    /// Files and folders
    #[arg(required = true, value_name = "SOURCE")]
    sources: Vec<Remote>,
    /// Project, folder, or path of the copy; one that ends with a slash is created
    #[arg(value_name = "DESTINATION")]
    destination: Remote,
}

/// Move or rename files and folders on the platform
#[derive(Args, Debug)]
pub(crate) struct Mv {
    /// Files and folders
    #[arg(required = true, value_name = "SOURCE")]
    sources: Vec<Remote>,
    /// Project, folder, or new path; one that ends with a slash is created
    #[arg(value_name = "DESTINATION")]
    destination: Remote,
}

impl Cp {
    pub(crate) async fn run(self, context: &Context) -> Result<()> {
        let client = context.client()?;
        let sources = find(client, &self.sources).await?;
        let target = self.destination.target(client, sources.len() > 1).await?;
        if let [(name, file)] = &sources[..]
            && file.type_ != Some(FileType::Folder)
        {
            let copy = client.file(file).copy_to(&target.folder);
            let copy = if let Some(name) = target.name { copy.name(name) } else { copy };
            let made = copy.await.with_context(|| format!("cannot copy `{name}`"))?;
            return context.out.row(&records::change("cp", name, &made.id), [name, &made.id]);
        }
        let job = client.jobs().copy_files(items(&sources, &target)).await.context("cannot copy")?;
        finish(context, "cp", &sources, &job).await
    }
}

impl Mv {
    pub(crate) async fn run(self, context: &Context) -> Result<()> {
        let client = context.client()?;
        let sources = find(client, &self.sources).await?;
        let target = self.destination.target(client, sources.len() > 1).await?;
        let (project, folder) = destination(client, &target.folder).await?;
        let (mut failures, mut others) = (Failures::default(), Vec::new());
        for (name, file) in sources {
            let is_folder = file.type_ == Some(FileType::Folder);
            let result = match &target.name {
                Some(new) if file.parent.as_ref() == Some(&folder) => {
                    client.file(&file).edit().name(new).await.map(drop)
                }
                // Only a job moves folders, and between projects.
                _ if is_folder || file.project.as_ref() != Some(&project) => {
                    others.push((name, file));
                    continue;
                }
                new => {
                    let moving = client.file(&file).move_to(folder.as_str());
                    let moving = if let Some(new) = new { moving.name(new) } else { moving };
                    moving.await.map(drop)
                }
            };
            let result = result.with_context(|| format!("cannot move `{name}`"));
            failures.count(&result);
            changed(context, records::change("mv", &name, &file.id), &name, &result)?;
        }
        if !others.is_empty() {
            let job = client.jobs().move_files(items(&others, &target)).await.context("cannot move")?;
            finish(context, "mv", &others, &job).await?;
        }
        failures.into_result()
    }
}

/// All sources, before anything is changed.
async fn find(client: &Client, sources: &[Remote]) -> Result<Vec<(String, types::File)>> {
    let mut found = Vec::new();
    for source in sources {
        found.push((source.text(), source.find_file(client).await?));
    }
    Ok(found)
}

/// The project and the folder, which for a project is its root.
async fn destination(client: &Client, folder: &Folder) -> Result<(String, String)> {
    match folder {
        Folder::Folder(folder) => Ok((folder.project.clone().unwrap_or_default(), folder.id.clone())),
        Folder::Project(id) => Ok((id.to_string(), root_of(client, id).await?)),
    }
}

async fn root_of(client: &Client, id: &ProjectId) -> Result<String> {
    let project = client.project(id).get().await?;
    project.root_folder.ok_or_else(|| usage(format!("the platform returned no root folder of `{id}`")))
}

fn items(sources: &[(String, types::File)], target: &Target) -> Vec<JobItem> {
    let item = |(_, file): &(String, types::File)| {
        let item = JobItem::new(file);
        let item = item.to(&target.folder);
        if let Some(name) = &target.name { item.name(name) } else { item }
    };
    sources.iter().map(item).collect()
}

/// Waits for the job and reports each of its items.
async fn finish(
    context: &Context,
    action: &str,
    sources: &[(String, types::File)],
    job: &types::AsyncJob,
) -> Result<()> {
    let kind = if action == "cp" { "copy" } else { "move" };
    context.when_stopped(format!("the job continues: `sbg jobs wait {kind} {}`", job.id));
    let done = context.client()?.job(job).wait().await.context("cannot wait for the job")?;
    let mut failures = Failures::default();
    for ((name, file), result) in sources.iter().zip(results(&done, sources.len())) {
        failures.count(&result);
        changed(context, records::change(action, name, &file.id), name, &result)?;
    }
    failures.into_result()
}
