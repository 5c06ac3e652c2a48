//! `sync`: makes a folder of the platform like a local one, or the other way around.

use std::path::PathBuf;

use anyhow::{Result, anyhow};
use clap::{Args, Subcommand};
use sbg::ErrorKind;
use sbg::files::Destination;
use sbg::transfer::{Shard, SyncAction, SyncOperation, SyncPlan, SyncProblem, SyncReport, TreeSync};

use super::transfers::How;
use crate::context::Context;
use crate::exit::explain;
use crate::failures::Failures;
use crate::path::Remote;
use crate::progress::Counted;
use crate::records::Record;
use crate::units::{self, parse_pair};

/// Make a folder of the platform like a local one, or the other way around
///
/// Only new and changed files are copied. Nothing is deleted without --delete. An interrupted sync resumes when the same command runs again.
#[derive(Debug, Subcommand)]
pub(crate) enum Sync {
    /// Sync from this machine to the platform
    Up(Up),
    /// Sync from the platform to this machine
    Down(Down),
}

#[derive(Args, Debug)]
pub(crate) struct Up {
    /// Folder of this machine
    #[arg(value_name = "LOCAL")]
    local: PathBuf,
    /// Project or folder; a missing folder is created
    #[arg(value_name = "DESTINATION")]
    destination: Remote,
    #[command(flatten)]
    options: Options,
}

#[derive(Args, Debug)]
pub(crate) struct Down {
    /// Project or folder
    #[arg(value_name = "SOURCE")]
    source: Remote,
    /// Folder of this machine; it is created if it is missing
    #[arg(value_name = "LOCAL")]
    local: PathBuf,
    /// Only files with this metadata; values of one key are alternatives
    #[arg(long, value_name = "KEY=VALUE", value_parser = parse_pair)]
    metadata: Vec<(String, String)>,
    #[command(flatten)]
    options: Options,
}

#[derive(Args, Debug)]
struct Options {
    /// Show the plan and change nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Delete files and folders that the source lacks, after everything is copied
    #[arg(long)]
    delete: bool,
    /// Delete even if that is more than half of the target
    #[arg(long, requires = "delete")]
    force_delete: bool,
    /// Only files that match, such as `*.bam` or `runs/2026/**`; can be repeated
    #[arg(long, value_name = "GLOB")]
    include: Vec<String>,
    /// No files or folders that match, such as `tmp/`; can be repeated
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,
    /// How to tell whether a file is up to date
    #[arg(long, value_enum, default_value_t, value_name = "HOW")]
    compare: How,
    /// This machine's part of the files, such as 1/4 on the first of four; see also --api-share
    #[arg(long, value_name = "PART/PARTS")]
    shard: Option<Shard>,
    /// File to which a JSON line is appended for each action when it is done
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
}

impl Sync {
    pub(crate) async fn run(self, context: &Context) -> Result<()> {
        let client = context.client()?;
        match self {
            Self::Up(Up { local, destination, options }) => {
                let (to, path) = ends(&destination);
                let sync = options.set(client.sync(local).to(to).path(path));
                run(context, "up", &destination.text(), sync, options.dry_run).await
            }
            Self::Down(Down { source, local, metadata, options }) => {
                let (from, path) = ends(&source);
                let sync = options.set(client.sync(local).from(from).path(path));
                let sync = metadata.into_iter().fold(sync, |sync, (key, value)| sync.metadata(key, value));
                run(context, "down", &source.text(), sync, options.dry_run).await
            }
        }
    }
}

/// The project or folder, and the path below it.
fn ends(remote: &Remote) -> (Destination, &str) {
    match remote {
        Remote::Id(id) => (Destination::folder(id.as_str()), ""),
        Remote::Path { project, path, .. } => (Destination::project(project), path),
    }
}

impl Options {
    fn set(&self, sync: TreeSync) -> TreeSync {
        let sync = sync.delete(self.delete).force_delete(self.force_delete).compare(self.compare.into());
        let sync = self.include.iter().fold(sync, TreeSync::include);
        let sync = self.exclude.iter().fold(sync, TreeSync::exclude);
        let sync = if let Some(shard) = self.shard { sync.shard(shard) } else { sync };
        if let Some(journal) = &self.journal { sync.journal(journal) } else { sync }
    }
}

async fn run(context: &Context, direction: &str, label: &str, sync: TreeSync, dry_run: bool) -> Result<()> {
    let mut shown = Shown { context, direction, failures: Failures::default() };
    if dry_run {
        context.when_stopped("stopped; nothing was changed");
        let plan = context.transfer(label, Counted::Files, sync.start_plan()).await?;
        return shown.plan(&plan);
    }
    let report = context.transfer(label, Counted::Files, sync.start()).await?;
    shown.report(&report)
}

/// Prints the actions of a sync, and counts the failures.
struct Shown<'c> {
    context: &'c Context,
    direction: &'c str,
    failures: Failures,
}

impl Shown<'_> {
    fn plan(&mut self, plan: &SyncPlan) -> Result<()> {
        for action in plan.actions() {
            self.row(action, "planned")?;
        }
        self.problems(plan.problems())?;
        self.withheld(plan.deletes_withheld());
        self.context.out.flush()?;
        let copies = plan.actions().iter().filter(|action| is_copy(action)).count();
        let (bytes, deletes) = (units::bytes(plan.bytes()), plan.deletes());
        let same = plan.identical() + plan.assumed().len() as u64;
        self.context.screen.note(&format!(
            "nothing was changed: {copies} files to copy ({bytes}), {deletes} to delete, {same} up to date"
        ));
        plan.check()?;
        self.end(plan.actions().len() as u64 + same)
    }

    fn report(&mut self, report: &SyncReport) -> Result<()> {
        let (mut copied, mut deleted, mut done) = (0_u64, 0_u64, 0_u64);
        for result in &report.results {
            let action = &result.action;
            if let Err(error) = &result.result {
                self.failed(&self.record(action), &action.path, error)?;
                continue;
            }
            done += 1;
            copied += u64::from(is_copy(action));
            deleted += u64::from(action.operation == SyncOperation::DeleteFile);
            self.row(action, "done")?;
        }
        self.problems(&report.problems)?;
        self.withheld(report.deletes_withheld.as_deref());
        self.context.out.flush()?;
        let same = report.identical + report.assumed.len() as u64;
        let mut parts = vec![format!("copied {copied} files ({})", units::bytes(report.bytes()))];
        parts.extend((deleted > 0).then(|| format!("deleted {deleted}")));
        parts.push(format!("{same} up to date"));
        self.context.screen.note(&parts.join(", "));
        self.end(done + same)
    }

    fn record(&self, action: &SyncAction) -> Record {
        let name = serde_json::to_value(action.operation).unwrap_or_default();
        let record = Record::new("sync").with("direction", self.direction).with("action", name);
        record.with("path", action.path.clone()).with("bytes", action.bytes)
    }

    fn row(&self, action: &SyncAction, outcome: &str) -> Result<()> {
        let record = self.record(action).with("outcome", outcome);
        self.context.out.row(&record, [record.text("action"), &action.path])
    }

    /// Reports paths that cannot be synced.
    fn problems(&mut self, problems: &[SyncProblem]) -> Result<()> {
        for SyncProblem { path, error, .. } in problems {
            let record = Record::new("sync").with("direction", self.direction).with("path", path.clone());
            self.failed(&record, path, error)?;
        }
        Ok(())
    }

    /// Reports why nothing is deleted although `--delete` is set.
    fn withheld(&mut self, why: Option<&str>) {
        if let Some(why) = why {
            self.context.screen.warn(&format!("nothing is deleted: {why}"));
            self.failures.count::<()>(&Err(anyhow!("nothing is deleted")));
        }
    }

    fn failed(&mut self, record: &Record, path: &str, error: &sbg::Error) -> Result<()> {
        // An action that was left out because others failed: those say why.
        let was_left_out = error.kind() == ErrorKind::Cancelled;
        let error = anyhow::Error::from(error.clone());
        if !was_left_out {
            self.context.screen.warn(&format!("{path}: {}", explain(&error).0));
        }
        let record = record.clone().with("outcome", "failed").failed(&error);
        self.failures.count::<()>(&Err(error));
        if self.context.out.is_json() { self.context.out.row(&record, [path]) } else { Ok(()) }
    }

    /// The result of the command, in which this many items did not fail.
    fn end(&mut self, done: u64) -> Result<()> {
        self.failures.add_done(done);
        std::mem::take(&mut self.failures).into_result()
    }
}

fn is_copy(action: &SyncAction) -> bool {
    matches!(action.operation, SyncOperation::CopyNew | SyncOperation::CopyChanged)
}
