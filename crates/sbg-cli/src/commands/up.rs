//! `up`: uploads files, folders and standard input.

use std::fs::File;
use std::io::{self, Seek as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::Args;
use sbg::Client;
use sbg::files::FileChange;
use sbg::transfer::{Conflict, Outcome, Sheet, UploadMany, Uploaded};

use super::transfers::{Moved, TransferOptions};
use crate::context::Context;
use crate::exit::usage;
use crate::path::{Folder, Remote, Target, subfolder};
use crate::progress::Counted;
use crate::units::parse_pair;

/// Upload files and folders
///
/// As `cp` does: into the destination if it is a project or folder, else under its name. A destination that ends with a slash is created.
/// Interrupted uploads resume when the same command runs again, and files that are up to date are not sent again.
#[derive(Args, Debug)]
pub(crate) struct Up {
    /// Files and folders of this machine, then the project, folder, or path of the new file. `-` uploads standard input, `folder/.` what is
    /// in the folder
    #[arg(required = true, value_name = "LOCAL... DESTINATION")]
    paths: Vec<PathBuf>,
    /// Upload the files of a sheet, CSV or TSV; `-` is standard input. Columns are `local_path`, `remote_path` (below DESTINATION), `tags`
    /// (separated by `;`); all others are metadata. Files that differ are replaced
    #[arg(long, value_name = "FILE", conflicts_with_all = ["on_conflict", "tag", "metadata", "size"])]
    sheet: Option<PathBuf>,
    #[command(flatten)]
    options: TransferOptions,
    /// Tag of each file; can be repeated
    #[arg(long)]
    tag: Vec<String>,
    /// Metadata of each file; can be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = parse_pair)]
    metadata: Vec<(String, String)>,
    /// Bytes of standard input. Without it, a pipe is first saved to a temporary file
    #[arg(long, value_name = "BYTES")]
    size: Option<u64>,
}

impl Up {
    pub(crate) async fn run(self, context: &Context) -> Result<()> {
        let client = context.client()?;
        let (destination, local) = self.ends()?;
        if let Some(sheet) = &self.sheet {
            return self.sheet(context, client, sheet, &destination).await;
        }
        let (mut files, mut folders) = (Vec::new(), Vec::new());
        let is_stdin = local == [Path::new("-")];
        for path in local.iter().filter(|_| !is_stdin) {
            // Everything is looked at before anything is sent.
            let found =
                std::fs::metadata(path).with_context(|| format!("cannot upload `{}`", path.display()))?;
            if found.is_dir() { folders.push(path.clone()) } else { files.push(path.clone()) }
        }
        let target = destination.target(client, local.len() > 1).await?;
        let mut moved = Moved::default();
        let mut ids = Vec::new();
        if is_stdin {
            ids.extend(self.stdin(context, client, (&destination, &target), &mut moved).await?);
        } else if let ([file], Some(name)) = (&files[..], &target.name) {
            ids.extend(self.named(context, client, file, (&destination, &target, name), &mut moved).await?);
        } else if !files.is_empty() {
            let label = label(&files);
            let upload = self.set(client.upload_all(files), &target.folder);
            let report = context.transfer(&label, Counted::Files, upload.start()).await?;
            moved.all(context, "up", "", &report)?;
            ids.extend(succeeded(&report));
        }
        for folder in folders {
            let (destination, prefix) = destination_of(client, &folder, &target).await?;
            let upload = self.set(client.upload_tree(&folder), &destination);
            let report =
                context.transfer(&folder.display().to_string(), Counted::Files, upload.start()).await?;
            moved.all(context, "up", &prefix, &report)?;
            ids.extend(succeeded(&report));
        }
        self.describe(client, ids).await?;
        moved.finish(context, "uploaded")
    }

    /// The destination, and what goes there.
    fn ends(&self) -> Result<(Remote, &[PathBuf])> {
        let (destination, local) = self.paths.split_last().ok_or_else(|| usage("nothing to upload"))?;
        match (local, &self.sheet) {
            ([], None) => return Err(usage("name what to upload, then the destination")),
            ([_, ..], Some(_)) => {
                return Err(usage("`--sheet` names the files itself: give only the destination"));
            }
            _ => {}
        }
        let destination = destination.to_str().ok_or_else(|| usage("the destination is not UTF-8"))?;
        Ok((destination.parse::<Remote>().map_err(usage)?, local))
    }

    /// Uploads the files of a sheet, with their tags and metadata.
    async fn sheet(
        &self,
        context: &Context,
        client: &Client,
        path: &Path,
        destination: &Remote,
    ) -> Result<()> {
        let sheet = if path == Path::new("-") { Sheet::parse(io::stdin().lock()) } else { Sheet::read(path) };
        let sheet = sheet.with_context(|| format!("cannot use the sheet `{}`", path.display()))?;
        let target = destination.target(client, true).await?;
        let upload = client.upload_sheet(sheet).to(&target.folder).compare(self.options.compare());
        let label = path.display().to_string();
        let report = context.transfer(&label, Counted::Files, upload.start()).await?;
        let mut moved = Moved::default();
        for row in report.rows {
            let id = row.result.as_deref().ok();
            let outcome = match (&row.result, row.outcome) {
                (Err(error), _) => Err(anyhow::Error::from(error.clone())),
                (Ok(_), outcome) => Ok(outcome.unwrap_or(Outcome::Skipped)),
            };
            let outcome = outcome.with_context(|| format!("line {}", row.line));
            moved.one(context, "up", (&row.path, &row.local, id), &outcome)?;
        }
        moved.finish(context, "uploaded")
    }

    fn set(&self, upload: UploadMany, folder: &Folder) -> UploadMany {
        let upload = upload.on_conflict(self.options.conflict()).compare(self.options.compare());
        upload.to(folder)
    }

    /// Uploads a file under a name that the user chose. Returns its id.
    async fn named(
        &self,
        context: &Context,
        client: &Client,
        local: &Path,
        (destination, target, name): (&Remote, &Target, &str),
        moved: &mut Moved,
    ) -> Result<Option<String>> {
        if self.exists(client, destination).await? {
            skip(context, name, local, moved)?;
            return Ok(None);
        }
        let upload =
            client.upload(local).name(name).overwrite(self.options.conflict() == Conflict::Overwrite);
        let upload = upload.to(&target.folder);
        let done = context.transfer(name, Counted::Parts, upload.start()).await?;
        report_one(context, name, local, done, moved).map(Some)
    }

    /// Uploads standard input. Returns the id of the file.
    async fn stdin(
        &self,
        context: &Context,
        client: &Client,
        (destination, target): (&Remote, &Target),
        moved: &mut Moved,
    ) -> Result<Option<String>> {
        let Some(name) = target.name.as_deref() else {
            return Err(usage("standard input has no name: end the destination with a file name"));
        };
        let local = Path::new("-");
        if self.exists(client, destination).await? {
            skip(context, name, local, moved)?;
            return Ok(None);
        }
        let stdin = standard_input()?;
        let size = self.size.or(size_of(&stdin)?);
        if size.is_none() {
            context
                .screen
                .note("saving standard input to a temporary file first; `--size BYTES` sends it at once");
        }
        let upload = client.upload_reader(name, tokio::fs::File::from_std(stdin));
        let upload = if let Some(size) = size { upload.size(size) } else { upload };
        let upload = upload.overwrite(self.options.conflict() == Conflict::Overwrite);
        let upload = upload.to(&target.folder);
        let done = context.transfer(name, Counted::Parts, upload.start()).await?;
        report_one(context, name, local, done, moved).map(Some)
    }

    /// Whether the destination exists and is to be left as it is.
    async fn exists(&self, client: &Client, destination: &Remote) -> Result<bool> {
        match self.options.conflict() {
            Conflict::Skip => Ok(destination.find(client).await.is_ok()),
            Conflict::Rename => {
                Err(usage("`--on-conflict rename` chooses the name: end the destination with a folder"))
            }
            _ => Ok(false),
        }
    }

    /// Sets tags and metadata, 100 files a call. Metadata that is there and not named stays.
    async fn describe(&self, client: &Client, ids: Vec<String>) -> Result<()> {
        if ids.is_empty() || (self.tag.is_empty() && self.metadata.is_empty()) {
            return Ok(());
        }
        let changes = ids.into_iter().map(|id| {
            let change = FileChange::new(id);
            let change = if self.tag.is_empty() { change } else { change.tags(self.tag.clone()) };
            self.metadata.iter().fold(change, |change, (key, value)| change.merge_metadata(key, value))
        });
        for result in client.files().bulk_edit(changes).await? {
            result.context("the file was uploaded, but its metadata or tags could not be set")?;
        }
        Ok(())
    }
}

/// Where a folder goes: under its name into a folder that exists, or under the name that the user chose.
async fn destination_of(client: &Client, local: &Path, target: &Target) -> Result<(Folder, String)> {
    let text = local.to_string_lossy();
    let contents_only = text == "." || text.ends_with("/.") || local.file_name().is_none();
    let name = match &target.name {
        Some(name) => name.clone(),
        None if contents_only => return Ok((target.folder.clone(), String::new())),
        None => local.file_name().unwrap_or_default().to_string_lossy().into_owned(),
    };
    let folder = subfolder(client, &target.folder, &name).await?;
    Ok((Folder::Folder(Box::new(folder)), format!("{name}/")))
}

fn skip(context: &Context, name: &str, local: &Path, moved: &mut Moved) -> Result<()> {
    moved.one(context, "up", (name, local, None), &Ok(Outcome::Skipped))
}

fn label(files: &[PathBuf]) -> String {
    match files {
        [file] => file.display().to_string(),
        files => format!("{} files", files.len()),
    }
}

fn succeeded(report: &sbg::transfer::Report) -> impl Iterator<Item = String> {
    let moved = |file: &&sbg::transfer::FileReport| !matches!(file.outcome, Ok(Outcome::Skipped) | Err(_));
    report.files.iter().filter(moved).filter_map(|file| file.id.clone())
}

fn report_one(
    context: &Context,
    name: &str,
    local: &Path,
    done: Uploaded,
    moved: &mut Moved,
) -> Result<String> {
    let outcome = Ok(Outcome::Transferred(done.bytes));
    moved.one(context, "up", (name, local, Some(&done.file.id)), &outcome)?;
    Ok(done.file.id)
}

/// The bytes that are left of standard input, if it is a file.
fn size_of(stdin: &File) -> Result<Option<u64>> {
    let found = stdin.metadata()?;
    if !found.is_file() {
        return Ok(None);
    }
    let mut stdin = stdin;
    Ok(Some(found.len().saturating_sub(stdin.stream_position()?)))
}

#[cfg(unix)]
fn standard_input() -> Result<File> {
    use std::os::fd::AsFd as _;
    Ok(File::from(io::stdin().as_fd().try_clone_to_owned().context("cannot read standard input")?))
}

#[cfg(windows)]
fn standard_input() -> Result<File> {
    use std::os::windows::io::AsHandle as _;
    Ok(File::from(io::stdin().as_handle().try_clone_to_owned().context("cannot read standard input")?))
}
