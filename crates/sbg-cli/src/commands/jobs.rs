//! `jobs`: copies, moves, deletions, imports and exports that run on the platform.

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand, ValueEnum};
use sbg::Fields;
use sbg::prelude::*;

use super::storage_jobs::report;
use crate::context::Context;
use crate::failures::Failures;
use crate::records;

/// List jobs on the platform, and wait for them
#[derive(Debug, Subcommand)]
pub(crate) enum Jobs {
    /// List jobs; those that copy, move and delete by default
    Ls(List),
    /// Wait until jobs have ended
    Wait(Wait),
}

#[derive(Args, Debug)]
pub(crate) struct List {
    /// Only this kind
    #[arg(value_enum)]
    kind: Option<Kind>,
}

#[derive(Args, Debug)]
pub(crate) struct Wait {
    #[arg(value_enum)]
    kind: Kind,
    #[arg(required = true)]
    ids: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    Copy,
    Move,
    Delete,
    Import,
    Export,
}

impl Jobs {
    pub(crate) async fn run(self, context: &Context) -> Result<()> {
        match self {
            Self::Ls(command) => command.run(context).await,
            Self::Wait(command) => command.run(context).await,
        }
    }
}

impl List {
    async fn run(self, context: &Context) -> Result<()> {
        let client = context.client()?;
        match self.kind {
            Some(Kind::Import) => {
                let mut jobs = client.imports().query().fields(Fields::all()).items();
                while let Some(job) = jobs.try_next().await? {
                    let record = records::import(&job);
                    context.out.row(&record, [&job.id, record.text("state"), record.text("location")])?;
                }
            }
            Some(Kind::Export) => {
                let mut jobs = client.exports().query().fields(Fields::all()).items();
                while let Some(job) = jobs.try_next().await? {
                    let record = records::export(&job);
                    context.out.row(&record, [&job.id, record.text("state"), record.text("location")])?;
                }
            }
            kind => {
                let wanted = kind.and_then(|kind| kind.to_possible_value());
                let mut jobs = client.jobs().query().items();
                while let Some(job) = jobs.try_next().await? {
                    let record = records::job(&job);
                    let is_wanted =
                        |wanted: &clap::builder::PossibleValue| wanted.matches(record.text("type"), true);
                    if wanted.as_ref().is_none_or(is_wanted) {
                        context.out.row(&record, [&job.id, record.text("type"), record.text("state")])?;
                    }
                }
            }
        }
        Ok(())
    }
}

impl Wait {
    async fn run(self, context: &Context) -> Result<()> {
        let client = context.client()?;
        let mut failures = Failures::default();
        context.when_stopped("the jobs continue; the same command waits for them again");
        for id in &self.ids {
            let cannot = || format!("cannot wait for the job `{id}`");
            let result = match self.kind {
                Kind::Import => {
                    let job = client.import(id).wait().await.with_context(cannot)?;
                    report(context, &records::import(&job), Some(job.file().map(drop)))
                }
                Kind::Export => {
                    let job = client.export(id).wait().await.with_context(cannot)?;
                    report(context, &records::export(&job), Some(job.file().map(drop)))
                }
                Kind::Copy => self.files(context, client.copy_job(id)).await.with_context(cannot),
                Kind::Move => self.files(context, client.move_job(id)).await.with_context(cannot),
                Kind::Delete => self.files(context, client.delete_job(id)).await.with_context(cannot),
            };
            if let Err(error) = &result {
                context.screen.warn(&format!("{id}: {}", crate::exit::explain(error).0));
            }
            failures.count(&result);
        }
        failures.into_result()
    }

    async fn files(&self, context: &Context, job: sbg::files::JobHandle) -> Result<()> {
        let job = job.wait().await?;
        let record = records::job(&job);
        context.out.now(&record, [&job.id, record.text("type"), record.text("state")])?;
        job.results().into_iter().collect::<sbg::Result<Vec<_>>>()?;
        Ok(())
    }
}
