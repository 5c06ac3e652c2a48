//! `rm`: deletes files and folders.

use anyhow::{Context as _, Result};
use clap::Args;
use sbg::types::FileType;

use crate::context::Context;
use crate::exit::usage;
use crate::failures::Failures;
use crate::path;
use crate::records;

use super::changes::{changed, results};

/// Delete files, and folders with --recursive; this cannot be undone
#[derive(Args, Debug)]
pub(crate) struct Rm {
    /// Files and folders; `-` reads them from standard input
    #[arg(required = true)]
    paths: Vec<String>,
    /// Delete folders with everything in them
    #[arg(short, long)]
    recursive: bool,
    /// Accept names that do not exist
    #[arg(short, long)]
    force: bool,
}

impl Rm {
    pub(crate) async fn run(self, context: &Context) -> Result<()> {
        let client = context.client()?;
        let (mut files, mut folders) = (Vec::new(), Vec::new());
        // All names are looked at before anything is deleted.
        let remotes = path::from_arguments(&self.paths)?;
        for (remote, found) in remotes.iter().zip(path::find_files(client, &remotes).await?) {
            let found = match found {
                Err(error) if self.force && path::is_not_found(&error) => continue,
                found => found.with_context(|| format!("cannot delete `{}`", remote.text()))?,
            };
            if found.type_ != Some(FileType::Folder) {
                files.push((remote.text(), found.id));
            } else if self.recursive {
                folders.push((remote.text(), found.id));
            } else {
                return Err(usage(format!("`{}` is a folder: `--recursive` deletes it", remote.text())));
            }
        }
        let mut failures = Failures::default();
        let mut report = |(path, id): &(String, String), result: Result<()>| {
            failures.count(&result);
            changed(context, records::change("rm", path, id), path, &result)
        };
        if !files.is_empty() {
            let results = client.files().bulk_delete(files.iter().map(|(_, id)| id)).await?;
            for (file, result) in files.iter().zip(results) {
                report(file, result.map(drop).map_err(Into::into))?;
            }
        }
        if !folders.is_empty() {
            let job = client.jobs().delete_files(folders.iter().map(|(_, id)| id)).await?;
            context.when_stopped(format!("the job continues: `sbg jobs wait delete {}`", job.id));
            let done =
                client.job(&job).wait().await.context("cannot wait for the job that deletes the folders")?;
            for (folder, result) in folders.iter().zip(results(&done, folders.len())) {
                report(folder, result)?;
            }
        }
        failures.into_result()
    }
}
