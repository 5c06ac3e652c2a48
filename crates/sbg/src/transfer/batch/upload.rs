//! Uploads of many files: a list, or a folder tree.

mod file_task;
mod remote_folders;

use std::future::IntoFuture;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::future::BoxFuture;

use self::file_task::FileTask;
use super::comparison::Comparison;
use super::scan::{FileLinks, LocalFile, Scan};
use super::{Compare, Conflict, FileReport, Group, Report};
use crate::api::destination::{NamedDestination, destination_setters};
use crate::client::Client;
use crate::error::Result;
use crate::transfer::engine::runtime::Context;
use crate::transfer::engine::task::blocking;
use crate::transfer::handle::Transfer;
use crate::transfer::local::record::Tree;

pub(in crate::transfer) use remote_folders::{Folders, RemoteFolder};

impl Client {
    /// Uploads local files, each under its name: set the destination, then `.await`, or [`start`](UploadMany::start) it to watch it.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let upload = client.upload_all(["a.fastq", "b.fastq"]).to("rfranklin/fibre-diffraction");
    /// upload.await?.into_result()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn upload_all<P: Into<PathBuf>>(&self, paths: impl IntoIterator<Item = P>) -> UploadMany {
        UploadMany::new(self, Input::Files(paths.into_iter().map(Into::into).collect()))
    }

    /// Uploads a local folder with all files and subfolders: set the destination, then `.await`, or [`start`](UploadMany::start) it to
    /// watch it. Missing folders are created on the platform, including empty ones. Links to files are followed, links to folders are
    /// not.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let report = client.upload_tree("results").to("rfranklin/fibre-diffraction").await?.into_result()?;
    /// println!("{} files", report.files.len());
    /// # Ok(())
    /// # }
    /// ```
    pub fn upload_tree(&self, folder: impl Into<PathBuf>) -> UploadMany {
        UploadMany::new(self, Input::Tree(folder.into()))
    }
}

#[derive(Clone, Debug)]
enum Input {
    Files(Vec<PathBuf>),
    Tree(PathBuf),
}

/// An upload of many files to start.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let report = client.upload_tree("results").to("rfranklin/fibre-diffraction").await?;
/// println!("{} bytes", report.bytes());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is uploaded until it is started or awaited"]
pub struct UploadMany {
    client: Client,
    what: Input,
    to: NamedDestination,
    conflict: Conflict,
    compare: Compare,
}

impl UploadMany {
    fn new(client: &Client, what: Input) -> Self {
        let (conflict, compare) = (Conflict::default(), Compare::default());
        Self { client: client.clone(), what, to: NamedDestination::default(), conflict, compare }
    }

    destination_setters! {
        /// The project or folder to upload to.
        ///
        /// ```
        /// # fn example(client: sbg::Client) {
        /// let upload = client.upload_tree("results").to("rfranklin/fibre-diffraction");
        /// # }
        /// ```
        to;
    }

    /// What to do if a file of the same name exists. The file fails by default.
    ///
    /// A file that is up to date is never moved; [`compare`](Self::compare) sets how that is decided.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// use sbg::transfer::Conflict;
    ///
    /// let upload = client.upload_tree("results").on_conflict(Conflict::Skip);
    /// # }
    /// ```
    pub fn on_conflict(mut self, conflict: Conflict) -> Self {
        self.conflict = conflict;
        self
    }

    /// How to decide that a file is up to date; by the record of earlier transfers by default.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// use sbg::transfer::Compare;
    ///
    /// let upload = client.upload_tree("results").to("rfranklin/demo").compare(Compare::Content);
    /// # }
    /// ```
    pub fn compare(mut self, compare: Compare) -> Self {
        self.compare = compare;
        self
    }

    /// Starts the uploads on the threads of the transfer engine. The handle fails if the local folder cannot be read or a remote folder
    /// cannot be created; the result of each file is in the [`Report`], including files that cannot be read.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let upload = client.upload_tree("results").to("rfranklin/fibre-diffraction").start();
    /// println!("{} bytes", upload.wait().await?.bytes());
    /// # Ok(())
    /// # }
    /// ```
    pub fn start(self) -> Transfer<Report> {
        Group::transfer(self.client.engine(), |context, group| Box::pin(self.start_all(context, group)))
    }

    async fn start_all(self, context: Context, group: &mut Group) -> Result<()> {
        let Self { client, what, to, conflict, compare } = self;
        let target = RemoteFolder::of(to, "the upload")?;
        let client = client.on_engine();
        let (endpoint, root) = (client.endpoint().as_str().to_owned(), target.name());
        // Files of a list are recorded by their own paths.
        let folder = match &what {
            Input::Tree(folder) => Some(folder.clone()),
            Input::Files(_) => None,
        };
        let is_tree = folder.is_some();
        let tree = move || Tree::new(&endpoint, root, folder.as_deref().unwrap_or(Path::new("/")));
        let comparison = Comparison::open(compare, true, &context, tree).await?;
        let scan = move || match what {
            Input::Files(paths) => Ok(Scan::of_files(paths)),
            Input::Tree(folder) => Scan::of_tree(folder, FileLinks::Followed, |_| true),
        };
        let Scan { files, unreadable, empty, .. } = blocking(scan).await?;
        let counters = group.shared.counters.clone();
        counters.plan(files.iter().map(|file| file.size).sum(), files.len() + unreadable.len());
        for entry in unreadable {
            group.done(FileReport {
                path: entry.path,
                local: entry.local,
                id: None,
                outcome: Err(entry.error),
            });
        }
        let folders = Folders::new(client.clone(), target);
        let mut uploads = Uploads { client, folders, comparison, context };
        for names in empty {
            group.shared.running().await;
            uploads.folders.folder(&names).await?;
        }
        for local in files {
            group.shared.running().await;
            let key = if is_tree { Some(local.path()) } else { absolute(&local.file) };
            uploads.start(group, local, key, conflict).await?;
        }
        Ok(())
    }
}

/// The absolute path, if it is valid text.
fn absolute(path: &Path) -> Option<String> {
    std::path::absolute(path).ok()?.to_str().map(str::to_owned)
}

/// What the uploads of a batch share.
#[derive(Debug)]
pub(in crate::transfer) struct Uploads {
    pub(in crate::transfer) client: Client,
    pub(in crate::transfer) folders: Folders,
    pub(in crate::transfer) comparison: Arc<Comparison>,
    pub(in crate::transfer) context: Context,
}

impl Uploads {
    /// Starts the upload of a file, recorded under `key`, as soon as a slot is free. Fails if its folder cannot be created.
    pub(in crate::transfer) async fn start(
        &mut self,
        group: &mut Group,
        local: LocalFile,
        key: Option<String>,
        conflict: Conflict,
    ) -> Result<()> {
        let (folder, names) = self.folders.find(&local.folders).await?;
        let claimed = !names.lock().claimed.insert(local.name.clone());
        let one = FileTask {
            client: self.client.clone(),
            key,
            local,
            folder,
            names,
            claimed,
            conflict,
            comparison: self.comparison.clone(),
            context: self.context.clone(),
            shared: group.piece(),
        };
        group.start(Box::pin(one.run())).await
    }
}

impl IntoFuture for UploadMany {
    type Output = Result<Report>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        self.start().into_future()
    }
}
