//! `down`: downloads files, folders and projects.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow};
use clap::{Args, ValueEnum};
use sbg::transfer::{Algorithm, Conflict, DownloadMany, Outcome};
use sbg::types::{self, FileType};

use super::cat;
use super::transfers::{Moved, TransferOptions};
use crate::context::Context;
use crate::exit::usage;
use crate::path::{Node, Remote};
use crate::progress::Counted;

/// Download files, folders and projects
///
/// As `cp` does: into the destination if it is a folder, else under its name. Interrupted downloads resume when the same command runs
/// again; a file has its name only once it is complete and verified.
#[derive(Args, Debug)]
pub(crate) struct Down {
    /// Files, folders or projects, then the destination on this machine; the current folder if only one is named. `-` as destination
    /// prints the content
    #[arg(required = true, value_name = "SOURCE... [DESTINATION]")]
    paths: Vec<String>,
    #[command(flatten)]
    options: TransferOptions,
    /// Compute a checksum of a file and show it
    #[arg(long, value_enum)]
    checksum: Option<Checksum>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Checksum {
    Md5,
    Sha256,
    Crc32c,
}

impl Down {
    pub(crate) async fn run(self, context: &Context) -> Result<()> {
        let client = context.client()?;
        let (sources, local) = match &self.paths[..] {
            [one] => (std::slice::from_ref(one), "."),
            [sources @ .., local] => (sources, local.as_str()),
            [] => return Err(usage("nothing to download")),
        };
        let sources: Vec<Remote> =
            sources.iter().map(|source| source.parse::<Remote>().map_err(usage)).collect::<Result<_>>()?;
        let mut found = Vec::new();
        for source in &sources {
            found.push(source.find(client).await?);
        }
        if local == "-" {
            for (node, source) in found.iter().zip(&sources) {
                let Node::File { file, .. } = node else {
                    return Err(usage(format!(
                        "`{}` is not a file: only files can be printed",
                        source.text()
                    )));
                };
                cat::print(context, file, None)
                    .await
                    .with_context(|| format!("cannot print `{}`", source.text()))?;
            }
            return Ok(());
        }
        let local = PathBuf::from(local);
        let is_folder = local.is_dir() || self.paths.last().is_some_and(|last| last.ends_with('/'));
        if found.len() > 1 && !is_folder && local.exists() {
            return Err(usage(format!(
                "`{}` is not a folder: several files need a folder as destination",
                local.display()
            )));
        }
        let into_folder = is_folder || found.len() > 1;
        let mut moved = Moved::default();
        let mut files = Vec::new();
        for node in found {
            match node {
                Node::File { file, .. } if file.type_ != Some(FileType::Folder) => files.push(*file),
                Node::File { file, .. } => {
                    let name = file.name.clone().unwrap_or_else(|| file.id.clone());
                    let download = |local: &Path| client.file(&*file).download_tree(local);
                    self.tree(context, (&local, into_folder), &name, download, &mut moved).await?;
                }
                Node::Project(id) => {
                    let download = |local: &Path| client.project(&id).files().download_tree(local);
                    self.tree(context, (&local, into_folder), id.project(), download, &mut moved).await?;
                }
            }
        }
        match &files[..] {
            [] => {}
            [file] if !into_folder || self.checksum.is_some() => {
                let name = file.name.as_deref().unwrap_or(&file.id);
                let to = if into_folder { local.join(name) } else { local.clone() };
                self.single(context, file, &to, &mut moved).await?;
            }
            files => {
                let download = self.set(client.download_all(files, &local));
                let label = match files {
                    [file] => file.name.clone().unwrap_or_default(),
                    files => format!("{} files", files.len()),
                };
                let report = context.transfer(&label, Counted::Files, download.start()).await?;
                moved.all(context, "down", "", &report)?;
            }
        }
        moved.finish(context, "downloaded")
    }

    fn set(&self, download: DownloadMany) -> DownloadMany {
        download.on_conflict(self.options.conflict()).compare(self.options.compare())
    }

    /// Downloads a folder or project under its name into a local folder, or as a local folder.
    async fn tree(
        &self,
        context: &Context,
        (local, into_folder): (&Path, bool),
        name: &str,
        download: impl FnOnce(&Path) -> DownloadMany,
        moved: &mut Moved,
    ) -> Result<()> {
        // The library refuses names that lead elsewhere only below the folder that it is given.
        if name.contains(['/', '\\']) || matches!(name, "" | "." | "..") {
            return Err(usage(format!("`{name}` is not a valid local name: name the destination")));
        }
        let to = if into_folder { local.join(name) } else { local.to_owned() };
        let download = self.set(download(&to));
        let report = context.transfer(name, Counted::Files, download.start()).await?;
        moved.all(context, "down", &format!("{name}/"), &report)
    }

    /// Downloads one file to a path that the user chose.
    async fn single(
        &self,
        context: &Context,
        file: &types::File,
        to: &Path,
        moved: &mut Moved,
    ) -> Result<()> {
        let path = file.name.as_deref().unwrap_or(&file.id);
        match self.options.conflict() {
            Conflict::Skip if to.exists() => {
                return moved.one(context, "down", (path, to, Some(&file.id)), &Ok(Outcome::Skipped));
            }
            Conflict::Fail if to.exists() => {
                return Err(anyhow!(
                    "`{}` already exists: choose what to do with `--on-conflict`",
                    to.display()
                ));
            }
            Conflict::Rename => return Err(usage("`--on-conflict rename` needs a folder as destination")),
            _ => {}
        }
        let overwrite = self.options.conflict() == Conflict::Overwrite;
        let mut download = context.client()?.file(file).download(to).overwrite(overwrite);
        if let Some(checksum) = self.checksum {
            download = download.digest(match checksum {
                Checksum::Md5 => Algorithm::Md5,
                Checksum::Sha256 => Algorithm::Sha256,
                Checksum::Crc32c => Algorithm::Crc32c,
            });
        }
        let done = context.transfer(path, Counted::Parts, download.start()).await?;
        moved.one(context, "down", (path, to, Some(&file.id)), &Ok(Outcome::Transferred(done.bytes)))?;
        let wanted = self.checksum.and_then(|checksum| checksum.to_possible_value());
        let is_wanted = |name: &str| wanted.as_ref().is_some_and(|wanted| wanted.matches(name, true));
        for digest in done.digests.iter().filter(|digest| is_wanted(digest.algorithm().name())) {
            let record = crate::records::Record::new("checksum")
                .with("path", path)
                .with("algorithm", digest.algorithm().name())
                .with("value", digest.hex());
            context.out.row(&record, [digest.algorithm().name(), digest.hex(), path])?;
        }
        Ok(())
    }
}
