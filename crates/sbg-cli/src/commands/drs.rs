//! `drs`: objects of the GA4GH Data Repository Service.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow};
use clap::{Args, Subcommand, ValueEnum};
use futures::TryStreamExt as _;
use sbg::Client;
use sbg::drs::{DrsManifest, RowReport};
use sbg::transfer::Outcome;
use sbg::types::DrsConflictResolution;

use super::transfers::Moved;
use crate::context::Context;
use crate::exit::{explain, usage};
use crate::failures::Failures;
use crate::path::Remote;
use crate::progress::Counted;
use crate::records::Record;

/// Download or import objects of DRS servers
#[derive(Debug, Subcommand)]
pub(crate) enum Drs {
    /// Download an object, and verify its size and checksums
    Get(GetObject),
    /// Import the files of a manifest, with a result for each row
    Import(Import),
}

#[derive(Args, Debug)]
pub(crate) struct GetObject {
    /// Such as `drs://host/id` or `drs://prefix:accession`
    #[arg(value_name = "URI")]
    uri: String,
    /// File or folder of this machine; `-` prints the content
    #[arg(value_name = "TARGET", default_value = ".")]
    target: PathBuf,
    /// Replace a file of the same name
    #[arg(long)]
    overwrite: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Import {
    /// CSV or TSV with a column `drs_uri` and perhaps `name`; `-` is standard input
    #[arg(value_name = "MANIFEST")]
    manifest: PathBuf,
    /// Project or folder; a folder that ends with a slash is created
    #[arg(value_name = "DESTINATION")]
    destination: Remote,
    /// Column that becomes metadata; can be repeated
    #[arg(long, value_name = "COLUMN")]
    metadata_from: Vec<String>,
    /// Make all other columns metadata
    #[arg(long, conflicts_with = "metadata_from")]
    metadata_from_all: bool,
    /// Tag of each file; can be repeated
    #[arg(long)]
    tag: Vec<String>,
    /// What to do if a file of the same name exists
    #[arg(long, value_enum, default_value_t, value_name = "WHAT")]
    on_conflict: OnConflict,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum OnConflict {
    /// Leave it as it is
    #[default]
    Skip,
    /// Replace it
    Overwrite,
    /// Take a free name
    Rename,
}

impl Drs {
    pub(crate) async fn run(self, context: &Context) -> Result<()> {
        match self {
            Self::Get(command) => command.run(context).await,
            Self::Import(command) => command.run(context).await,
        }
    }
}

impl GetObject {
    async fn run(self, context: &Context) -> Result<()> {
        let object = context.client()?.drs_object(&self.uri);
        if self.target == Path::new("-") {
            let mut stream = object.stream();
            let cannot = || format!("cannot print `{}`", self.uri);
            while let Some(piece) = stream.try_next().await.with_context(cannot)? {
                context.out.bytes(&piece)?;
            }
            return context.out.flush();
        }
        let target = self.target(context.client()?).await?;
        if !self.overwrite && target.exists() {
            return Err(anyhow!("`{}` exists: `--overwrite` replaces it", target.display()));
        }
        let download = object.download(&target).overwrite(self.overwrite);
        let done = context.transfer(&self.uri, Counted::Parts, download.start()).await?;
        let mut moved = Moved::default();
        moved.one(context, "down", (&self.uri, &target, None), &Ok(Outcome::Transferred(done.bytes)))?;
        moved.finish(context, "downloaded")
    }

    /// The new file: in a folder, which is created, it gets the name of the object.
    async fn target(&self, client: &Client) -> Result<PathBuf> {
        if !self.target.is_dir() && !self.target.to_string_lossy().ends_with('/') {
            return Ok(self.target.clone());
        }
        let object = client.drs_object(&self.uri).get().await;
        let object = object.with_context(|| format!("cannot use `{}`", self.uri))?;
        let name = object.name.unwrap_or(object.id);
        if name.contains(['/', '\\']) || matches!(&*name, "" | "." | "..") {
            return Err(usage(format!("`{name}` is not a valid local name: name the destination")));
        }
        let cannot = || format!("cannot create the folder `{}`", self.target.display());
        std::fs::create_dir_all(&self.target).with_context(cannot)?;
        Ok(self.target.join(name))
    }
}

impl Import {
    async fn run(self, context: &Context) -> Result<()> {
        let client = context.client()?;
        let is_stdin = self.manifest == Path::new("-");
        let manifest = if is_stdin {
            DrsManifest::parse(std::io::stdin().lock())
        } else {
            DrsManifest::read(&self.manifest)
        };
        let manifest = manifest.with_context(|| format!("cannot use `{}`", self.manifest.display()))?;
        let target = self.destination.target(client, true).await?;
        let import = client.drs_imports().manifest(manifest).to(&target.folder).tags(self.tag);
        let import = match (self.metadata_from_all, self.metadata_from) {
            (true, _) => import.metadata_from_all(),
            (false, columns) => import.metadata_from(columns),
        };
        let import = match self.on_conflict {
            OnConflict::Skip => import,
            OnConflict::Overwrite => import.conflict_resolution(DrsConflictResolution::Overwrite),
            OnConflict::Rename => import.conflict_resolution(DrsConflictResolution::Autorename),
        };
        // The platform cannot list these imports, so their ids are worth a line.
        let screen = context.screen.clone();
        let import = import.on_change(move |import| {
            let state = import.state.as_ref().map(ToString::to_string).unwrap_or_default();
            screen.note(&format!("import {}: {state}", import.id));
        });
        context.when_stopped("imports that were started continue on the platform; no more are started");
        let mut failures = Failures::default();
        for row in import.await.context("cannot import the manifest")?.rows {
            show(context, row, &mut failures)?;
        }
        context.out.flush()?;
        failures.into_result()
    }
}

fn show(context: &Context, row: RowReport, failures: &mut Failures) -> Result<()> {
    let record = Record::new("drs_import").with("line", row.line).with("uri", row.uri.clone());
    let result = row.result.map_err(anyhow::Error::from);
    failures.count(&result);
    match result {
        Ok(file) => {
            let name = file.name.clone().or(row.name);
            let record = record.with("id", file.id.clone()).with("name", name);
            context.out.row(&record, [&file.id, record.text("name"), &row.uri])
        }
        Err(error) => {
            context.screen.warn(&format!("line {}: {}: {}", row.line, row.uri, explain(&error).0));
            let record = record.with("name", row.name).failed(&error);
            if context.out.is_json() { context.out.row(&record, [""]) } else { Ok(()) }
        }
    }
}
