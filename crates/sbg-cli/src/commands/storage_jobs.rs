//! `import` and `export`: data between volumes and projects.

use anyhow::{Context as _, Result, anyhow};
use clap::Args;
use sbg::VolumeId;
use sbg::prelude::*;

use crate::context::Context;
use crate::path::Remote;
use crate::records::{self, Record};

/// Import an object or a folder of a volume
#[derive(Args, Debug)]
pub(crate) struct Import {
    /// `owner/volume`
    volume: VolumeId,
    /// Location on the volume; a folder ends with a slash or has objects below it
    location: String,
    /// Project, folder, or path of the file
    destination: Remote,
    /// Replace a file of the same name
    #[arg(long)]
    overwrite: bool,
    /// Take a free name instead of failing
    #[arg(long, conflicts_with = "overwrite")]
    rename: bool,
    /// Wait until it has ended
    #[arg(long)]
    wait: bool,
}

/// Export a file to a volume
#[derive(Args, Debug)]
pub(crate) struct Export {
    /// File to export; afterwards the project has an alias of it
    file: Remote,
    /// `owner/volume`
    volume: VolumeId,
    /// Location on the volume
    location: String,
    /// Replace an object at this location
    #[arg(long)]
    overwrite: bool,
    /// Copy the bytes, and leave the file as it is
    #[arg(long)]
    copy_only: bool,
    /// Wait until it has ended
    #[arg(long)]
    wait: bool,
}

impl Import {
    pub(crate) async fn run(self, context: &Context) -> Result<()> {
        let client = context.client()?;
        let target = self.destination.target(client, false).await?;
        let import = client.volume(&self.volume).import(&self.location);
        let import = import.to(&target.folder);
        let import = if let Some(name) = target.name { import.name(name) } else { import };
        let import = if self.overwrite { import.overwrite(true) } else { import };
        let import = if self.rename { import.autorename(true) } else { import };
        let mut job = import.await.with_context(|| format!("cannot import `{}`", self.location))?;
        if self.wait {
            context.when_stopped(format!("the import continues: `sbg jobs wait import {}`", job.id));
            job = client.import(&job.id).wait().await.context("cannot wait for the import")?;
        }
        report(context, &records::import(&job), self.wait.then(|| job.file().map(drop)))
    }
}

impl Export {
    pub(crate) async fn run(self, context: &Context) -> Result<()> {
        let client = context.client()?;
        let file = self.file.find_file(client).await?;
        let export = client.exports().start(&file.id, &self.volume, &self.location);
        let export = if self.overwrite { export.overwrite(true) } else { export };
        let export = if self.copy_only { export.copy_only(true) } else { export };
        let mut job = export.await.with_context(|| format!("cannot export `{}`", self.file.text()))?;
        if self.wait {
            context.when_stopped(format!("the export continues: `sbg jobs wait export {}`", job.id));
            job = client.export(&job.id).wait().await.context("cannot wait for the export")?;
        }
        report(context, &records::export(&job), self.wait.then(|| job.file().map(drop)))
    }
}

/// Prints a job, and fails if it has.
pub(super) fn report(context: &Context, record: &Record, ended: Option<sbg::Result<()>>) -> Result<()> {
    context.out.now(
        record,
        [record.text("id"), record.text("state"), record.text("location"), record.text("file")],
    )?;
    match ended {
        // A folder is imported without a single file as its result.
        Some(Err(error)) if record.text("state") != "COMPLETED" => {
            Err(anyhow::Error::from(error).context(anyhow!("the job `{}` has failed", record.text("id"))))
        }
        _ => Ok(()),
    }
}
