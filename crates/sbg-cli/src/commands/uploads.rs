//! `uploads`: unfinished uploads.

use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::changes::changed;
use crate::context::Context;
use crate::exit::usage;
use crate::failures::Failures;
use crate::records;
use crate::units::{self, parse_duration};

/// List and abort unfinished uploads
#[derive(Debug, Subcommand)]
pub(crate) enum Uploads {
    /// List unfinished uploads
    Ls,
    /// Abort unfinished uploads and drop their bytes
    Abort(Abort),
}

#[derive(Args, Debug)]
pub(crate) struct Abort {
    /// Ids, as `ls` shows them
    ids: Vec<String>,
    /// All that were started earlier than this, such as 7d
    #[arg(long, value_name = "TIME", value_parser = parse_duration, conflicts_with = "ids")]
    older_than: Option<Duration>,
}

impl Uploads {
    pub(crate) async fn run(self, context: &Context) -> Result<()> {
        match self {
            Self::Ls => list(context).await,
            Self::Abort(command) => command.run(context).await,
        }
    }
}

async fn list(context: &Context) -> Result<()> {
    for upload in context.client()?.uploads().list().await? {
        let record = records::upload(&upload);
        let size =
            upload.size.and_then(|size| u64::try_from(size).ok()).map(units::bytes).unwrap_or_default();
        let cells = [&upload.upload_id, &size, record.text("initiated"), record.text("name")];
        context.out.row(&record, cells)?;
    }
    Ok(())
}

impl Abort {
    async fn run(self, context: &Context) -> Result<()> {
        let client = context.client()?;
        let ids = match self.older_than {
            None if self.ids.is_empty() => return Err(usage("name uploads, or `--older-than TIME`")),
            None => self.ids,
            Some(age) => {
                let limit = Timestamp::now()
                    .checked_sub(age)
                    .map_err(|_| usage("the time of `--older-than` is too long"))?;
                let uploads = client.uploads().list().await?;
                // One without a time may be in progress.
                let is_old = |upload: &sbg::types::MultipartUpload| {
                    upload
                        .initiated
                        .as_ref()
                        .and_then(sbg::types::Timestamp::to_jiff)
                        .is_some_and(|at| at < limit)
                };
                uploads.into_iter().filter(is_old).map(|upload| upload.upload_id).collect()
            }
        };
        let mut failures = Failures::default();
        for id in &ids {
            let result = client.uploads().abort(id).await.context("cannot abort it");
            failures.count(&result);
            changed(context, records::change("abort", id, id), id, &result)?;
        }
        failures.into_result()
    }
}
