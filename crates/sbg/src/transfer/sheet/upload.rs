//! The upload of a sheet: the files, then their metadata and tags in bulk calls.

use std::collections::HashMap;
use std::future::IntoFuture;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::future::BoxFuture;

use super::{LOCAL, Problems, Row, Sheet};
use crate::api::destination::{NamedDestination, destination_setters};
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::files::FileChange;
use crate::transfer::Compare;
use crate::transfer::batch::comparison::Comparison;
use crate::transfer::batch::scan::{LocalFile, Scan};
use crate::transfer::batch::upload::{Folders, RemoteFolder, Uploads};
use crate::transfer::batch::{Conflict, FileReport, Group, Outcome};
use crate::transfer::engine::runtime::Context;
use crate::transfer::engine::task::blocking;
use crate::transfer::handle::{Shared, Transfer};
use crate::transfer::local::record::Tree;

/// Files that are described together: a bulk call.
const DESCRIBED_TOGETHER: usize = 100;

impl Client {
    /// Uploads the files of a sheet and sets their metadata and tags: set the destination, then `.await`, or
    /// [`start`](SheetUpload::start) it to watch it.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// use sbg::transfer::Sheet;
    ///
    /// let sheet = Sheet::read("samples.csv")?;
    /// let report = client.upload_sheet(sheet).to("rfranklin/fibre-diffraction").await?;
    /// for row in report.rows {
    ///     match row.result {
    ///         Ok(id) => println!("line {}: {id}", row.line),
    ///         Err(error) => eprintln!("line {}: {error}", row.line),
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn upload_sheet(&self, sheet: Sheet) -> SheetUpload {
        let (to, compare) = (NamedDestination::default(), Compare::default());
        SheetUpload { client: self.clone(), sheet, to, compare }
    }
}

/// An upload of a sheet to start. A file that is up to date is not moved, and one that differs is replaced, so the same sheet can be
/// uploaded again.
///
/// ```no_run
/// # async fn example(client: sbg::Client, sheet: sbg::transfer::Sheet) -> sbg::Result<()> {
/// let report = client.upload_sheet(sheet).to("rfranklin/fibre-diffraction").await?;
/// println!("{} rows failed", report.failed().count());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is uploaded until it is started or awaited"]
pub struct SheetUpload {
    client: Client,
    sheet: Sheet,
    to: NamedDestination,
    compare: Compare,
}

impl SheetUpload {
    destination_setters! {
        /// The project or folder that the remote paths are below.
        ///
        /// ```
        /// # fn example(client: sbg::Client, sheet: sbg::transfer::Sheet) {
        /// let upload = client.upload_sheet(sheet).to("rfranklin/fibre-diffraction");
        /// # }
        /// ```
        to;
    }

    /// How to decide that a file is up to date; by the record of earlier transfers by default.
    ///
    /// ```
    /// # fn example(client: sbg::Client, sheet: sbg::transfer::Sheet) {
    /// use sbg::transfer::Compare;
    ///
    /// let upload = client.upload_sheet(sheet).to("rfranklin/demo").compare(Compare::Content);
    /// # }
    /// ```
    pub fn compare(mut self, compare: Compare) -> Self {
        self.compare = compare;
        self
    }

    /// Starts the uploads on the threads of the transfer engine. The handle fails, before any request, if a local file is missing or is
    /// not a regular file; the result of each row is in the [`SheetReport`].
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, sheet: sbg::transfer::Sheet) -> sbg::Result<()> {
    /// let upload = client.upload_sheet(sheet).to("rfranklin/fibre-diffraction").start();
    /// println!("{} bytes so far", upload.progress().bytes);
    /// upload.wait().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn start(self) -> Transfer<SheetReport> {
        Transfer::start(self.client.engine(), move |context, shared| self.run(context, shared))
    }

    async fn run(self, context: Context, shared: Arc<Shared>) -> Result<SheetReport> {
        let Self { client, sheet, to, compare } = self;
        let remote = RemoteFolder::of(to, "the upload")?;
        let client = client.on_engine();
        let (files, rows) = blocking(move || Ok((local_files(&sheet)?, sheet.rows))).await?;
        shared.counters.plan(files.iter().map(|file| file.size).sum(), files.len());
        let (endpoint, root) = (client.endpoint().as_str().to_owned(), remote.name());
        let tree = move || Tree::new(&endpoint, format!("sheet to {root}"), Path::new("/"));
        let comparison = Comparison::open(compare, true, &context, tree).await?;
        let folders = Folders::new(client.clone(), remote);
        let mut uploads = Uploads { client: client.clone(), folders, comparison, context };
        let mut group = Group::new(shared.clone());
        let started = tokio::select! {
            () = start_all(&mut uploads, &mut group, files) => Ok(()),
            () = shared.stop.cancelled() => Ok(()),
        };
        let uploaded = group.finish(started).await?;
        let uploaded = uploaded.files.into_iter().map(|file| (file.path.clone(), file)).collect();
        let mut report = SheetReport::of(&rows, uploaded);
        tokio::select! {
            () = describe(&client, &rows, &mut report) => Ok(report),
            () = shared.stop.cancelled() => Err(Error::cancelled()),
        }
    }
}

impl IntoFuture for SheetUpload {
    type Output = Result<SheetReport>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        self.start().into_future()
    }
}

/// The local files of a sheet. Fails if one is not there.
fn local_files(sheet: &Sheet) -> Result<Vec<LocalFile>> {
    let mut problems = Problems::default();
    let mut files = Vec::with_capacity(sheet.rows.len());
    for row in &sheet.rows {
        let Scan { files: found, unreadable, .. } = Scan::of_files(vec![row.local.clone()]);
        for entry in unreadable {
            let why = std::error::Error::source(&entry.error).map(|source| format!(": {source}"));
            problems.add(row.line, Some(LOCAL), format!("{}{}", entry.error, why.unwrap_or_default()));
        }
        for file in found {
            if !file.file.is_file() {
                let message = format!("`{}` is not a regular file", row.local.display());
                problems.add(row.line, Some(LOCAL), message);
            }
            let mut folders: Vec<String> = row.remote.split('/').map(str::to_owned).collect();
            let name = folders.pop().unwrap_or_default();
            files.push(LocalFile { folders: folders.into(), name, ..file });
        }
    }
    problems.check()?;
    Ok(files)
}

async fn start_all(uploads: &mut Uploads, group: &mut Group, files: Vec<LocalFile>) {
    for local in files {
        group.shared.running().await;
        let (path, file, size) = (local.path(), local.file.clone(), local.size);
        let started = uploads.start(group, local, Some(path.clone()), Conflict::Overwrite).await;
        if let Err(error) = started {
            group.shared.counters.plan_fewer(size);
            group.done(FileReport { path, local: file, id: None, outcome: Err(error) });
        }
    }
}

/// Sets the metadata and tags of the files that are there.
async fn describe(client: &Client, rows: &[Row], report: &mut SheetReport) {
    let described = rows.iter().zip(&mut report.rows).filter_map(|(row, report)| {
        let id = report.result.as_ref().ok()?.clone();
        let mut change = FileChange::new(id);
        if !row.tags.is_empty() {
            change = change.tags(row.tags.iter().cloned());
        }
        for (field, value) in &row.metadata {
            change = change.merge_metadata(field, value);
        }
        (!row.tags.is_empty() || !row.metadata.is_empty()).then_some((report, change))
    });
    let (mut reports, changes): (Vec<_>, Vec<_>) = described.unzip();
    for (reports, changes) in reports.chunks_mut(DESCRIBED_TOGETHER).zip(changes.chunks(DESCRIBED_TOGETHER)) {
        let results = match client.files().bulk_edit(changes.iter().cloned()).await {
            Ok(results) => results.into_iter().map(Result::err).collect(),
            Err(error) => vec![Some(error); reports.len()],
        };
        for (report, error) in reports.iter_mut().zip(results) {
            if let Some(error) = error {
                let message = "the file was uploaded, but its metadata and tags could not be set";
                report.result = Err(Error::new(error.kind(), message).with_source(error));
            }
        }
    }
}

/// The result of an upload of a sheet.
///
/// ```no_run
/// # async fn example(upload: sbg::transfer::SheetUpload) -> sbg::Result<()> {
/// let report = upload.await?;
/// println!("{} of {} rows failed", report.failed().count(), report.rows.len());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SheetReport {
    /// The result of each row, in order.
    pub rows: Vec<SheetRow>,
}

/// The result of one row.
///
/// ```no_run
/// # fn example(row: sbg::transfer::SheetRow) {
/// if let Err(error) = &row.result {
///     eprintln!("line {}: {}: {error}", row.line, row.path);
/// }
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SheetRow {
    /// Line number in the sheet, from 1.
    pub line: u64,
    /// The local file.
    pub local: PathBuf,
    /// The path below the destination.
    pub path: String,
    /// What was done with the file itself; `None` if that failed.
    pub outcome: Option<Outcome>,
    /// The id of the file on the platform, or the error.
    pub result: Result<String>,
}

impl SheetReport {
    fn of(rows: &[Row], mut uploaded: HashMap<String, FileReport>) -> Self {
        let missing = || Error::new(ErrorKind::Cancelled, "not uploaded");
        let rows = rows.iter().map(|row| {
            let file = uploaded.remove(&row.remote);
            let outcome = file.as_ref().and_then(|file| file.outcome.as_ref().ok().copied());
            let result = match file {
                Some(FileReport { outcome: Err(error), .. }) => Err(error),
                Some(FileReport { id: Some(id), .. }) => Ok(id),
                _ => Err(missing()),
            };
            SheetRow { line: row.line, local: row.local.clone(), path: row.remote.clone(), outcome, result }
        });
        Self { rows: rows.collect() }
    }

    /// The rows that failed.
    pub fn failed(&self) -> impl Iterator<Item = &SheetRow> {
        self.rows.iter().filter(|row| row.result.is_err())
    }
}
