//! `volumes`: lists volumes and what is on them.

use anyhow::Result;
use clap::{Args, Subcommand};
use sbg::volumes::VolumeEntry;
use sbg::{Fields, VolumeId};

use crate::context::Context;
use crate::records::{self, Record};

/// List volumes and what is on them
#[derive(Debug, Subcommand)]
pub(crate) enum Volumes {
    /// List volumes, or the objects on one
    Ls(List),
    /// Show a volume
    Show(Show),
}

#[derive(Args, Debug)]
pub(crate) struct List {
    /// `owner/volume`; all volumes without it
    volume: Option<VolumeId>,
    /// Only objects whose location begins like this
    prefix: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct Show {
    volume: VolumeId,
}

impl Volumes {
    pub(crate) async fn run(self, context: &Context) -> Result<()> {
        match self {
            Self::Ls(List { volume: None, .. }) => {
                let mut volumes = context.client()?.volumes().query().fields(Fields::all()).items();
                while let Some(volume) = volumes.try_next().await? {
                    let record = records::volume(&volume);
                    let cells = [
                        &volume.id,
                        record.text("service"),
                        record.text("access_mode"),
                        record.text("bucket"),
                    ];
                    context.out.row(&record, cells)?;
                }
                Ok(())
            }
            Self::Ls(List { volume: Some(volume), prefix }) => list(context, &volume, prefix).await,
            Self::Show(Show { volume }) => {
                context.out.details(&records::volume(&context.client()?.volume(&volume).get().await?))
            }
        }
    }
}

async fn list(context: &Context, volume: &VolumeId, prefix: Option<String>) -> Result<()> {
    let query = context.client()?.volume(volume).list();
    let mut entries = if let Some(prefix) = prefix { query.prefix(prefix) } else { query }.items();
    while let Some(entry) = entries.try_next().await? {
        let kind = if entry.is_folder() { "prefix" } else { "object" };
        let size = match &entry {
            VolumeEntry::Object(object) => {
                object.metadata.as_ref().and_then(|metadata| metadata.get("size")).cloned()
            }
            _ => None,
        };
        let size = size.and_then(|size| size.as_u64().or_else(|| size.as_str()?.parse().ok()));
        let record = Record::new(kind)
            .with("volume", volume.as_str())
            .with("location", entry.path())
            .with("size", size);
        context.out.row(&record, [entry.path(), &record.cell("size")])?;
    }
    Ok(())
}
