//! Uploads a local file, or the bytes of a reader, to the platform in parallel parts.

mod attempt;
mod dropped;
mod finalize;
mod init;
mod intent;
mod journal;
mod plan;
mod protocol;
mod reader;
mod remote;
mod spool;
mod uploaded;
mod worker;

use std::future::IntoFuture;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::future::BoxFuture;
use tokio::io::AsyncRead;

use self::protocol::NewUpload;
use self::reader::Reader;
use super::engine::runtime::Context;
use super::handle::{Shared, Transfer};
use super::local::source_file::SourceFile;
use super::part_size;
use crate::api::checks::check_name;
use crate::api::destination::{DestinationFields, NamedDestination, destination_setters};
use crate::automations::AutomationPackages;
use crate::client::Client;
use crate::error::{Error, Result};
use crate::ids::check_segment;
use crate::transfer::upload::plan::Plan;

pub use uploaded::Uploaded;

use crate::transfer::upload::plan::UploadDestination;
pub(crate) use journal::default_state_folder;
#[cfg(fuzzing)]
pub use journal::fuzz as fuzz_journal;
pub(super) use journal::remove_stale_locks;

impl Client {
    /// Uploads the file at `path`: set the destination, then `.await`, or [`start`](Upload::start) it to watch it.
    ///
    /// The platform keeps the parts of an upload that is stopped, fails or is killed. If the client has a
    /// [state folder](crate::ClientBuilder::state_folder), the next upload of the same file to the same destination sends only the missing
    /// parts. An upload that the storage has dropped in the meantime restarts from zero, once; see [`Uploaded::started_over`].
    ///
    /// # Parts, calls, and what a kill loses
    ///
    /// A file of up to 16 MiB is one part. Larger files have parts of 8 MiB, and from 4 GiB on about 512 parts of up to 1 GiB. Each part
    /// costs one API call, and every 32 parts one more: about 135 calls for 1 GiB, and 530 for any file from 4 GiB on. Once the client
    /// has measured the upload rate, later uploads use parts of 5 to 64 MiB that take about eight seconds each.
    ///
    /// A process that is killed loses the parts in flight. On a slow connection that is one part, or about eight seconds' worth of parts,
    /// so that the first is confirmed within about ten seconds; above 4 MB/s per connection it is one part per connection. Journals of
    /// uploads that are never resumed stay in the state folder until you remove them; each is a few kilobytes.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let file = client.upload("pattern-51.fastq").to("rfranklin/fibre-diffraction").await?;
    /// println!("{}", file.id);
    /// # Ok(())
    /// # }
    /// ```
    pub fn upload(&self, path: impl Into<PathBuf>) -> Upload {
        Upload {
            client: self.clone(),
            path: path.into(),
            automation: None,
            to: NamedDestination::default(),
            options: Options::default(),
        }
    }

    /// Uploads the bytes of `reader`, such as the output of a program, as a file of this name: set the destination, then `.await`, or
    /// [`start`](ReaderUpload::start) it to watch it.
    ///
    /// All bytes are first spooled to a temporary file, because the platform must know the size of a file before its first byte. If you
    /// know it, set [`size`](ReaderUpload::size): then bytes are sent as they are read, and no disk is used.
    ///
    /// Another process cannot resume the upload.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let sequence: &[u8] = b"ACGT";
    /// let file = client.upload_reader("sequence.txt", sequence).to("rfranklin/fibre-diffraction").await?;
    /// println!("{}", file.id);
    /// # Ok(())
    /// # }
    /// ```
    pub fn upload_reader(
        &self,
        name: impl Into<String>,
        reader: impl AsyncRead + Send + Unpin + 'static,
    ) -> ReaderUpload {
        let to = NamedDestination { name: Some(name.into()), destination: None };
        let reader = Reader(Box::new(reader));
        let (size, spool_folder) = (None, None);
        ReaderUpload { client: self.clone(), reader, size, spool_folder, to, options: Options::default() }
    }
}

impl AutomationPackages {
    /// Uploads the code of a package, usually a ZIP archive: `.await`, or [`start`](Upload::start) it to watch it. The id of the
    /// resulting file is the location of the package to create.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let automation = client.automation("e9f6ff8a-4c3e-4d06-a3d7-d2f1f4b8d3c4");
    /// let code = automation.packages().upload("index-patterns.zip").await?;
    /// println!("{}", code.id);
    /// # Ok(())
    /// # }
    /// ```
    pub fn upload(&self, path: impl Into<PathBuf>) -> Upload {
        Upload { automation: Some(self.automation.clone()), ..self.client.upload(path) }
    }
}

/// An upload of a file to start.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let file = client.upload("reads.fastq.gz").to("rfranklin/fibre-diffraction").await?;
/// println!("{}", file.id);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is uploaded until it is started or awaited"]
pub struct Upload {
    client: Client,
    path: PathBuf,
    /// The automation that the file is code for; other files go `to` a project or folder.
    automation: Option<String>,
    to: NamedDestination,
    options: Options,
}

/// An upload of the bytes of a reader, to start.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let report: &[u8] = b"51 patterns";
/// let upload = client.upload_reader("report.txt", report);
/// let file = upload.to("rfranklin/fibre-diffraction").await?;
/// println!("{}", file.id);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "nothing is uploaded until it is started or awaited"]
pub struct ReaderUpload {
    client: Client,
    reader: Reader,
    size: Option<u64>,
    spool_folder: Option<PathBuf>,
    to: NamedDestination,
    options: Options,
}

/// The options of both kinds of upload.
#[derive(Clone, Debug, Default)]
struct Options {
    overwrite: bool,
    part_size: Option<u64>,
}

impl Options {
    /// The project or folder, and the name if one was set.
    fn destination(&self, to: NamedDestination) -> Result<(UploadDestination, Option<String>)> {
        let DestinationFields { project, parent, name } = to.checked("the upload")?;
        Ok((UploadDestination::Files { project, folder: parent, overwrite: self.overwrite }, name))
    }

    fn part_size(&self, chosen: Result<u64>) -> Result<u64> {
        match self.part_size {
            Some(size) if (1..=part_size::LARGEST_PART).contains(&size) => Ok(size),
            Some(size) => Err(Error::invalid(format!(
                "the part size must be from 1 to {} bytes, not {size}",
                part_size::LARGEST_PART
            ))),
            None => chosen,
        }
    }
}

/// The setters of the options.
macro_rules! option_setters {
    ($upload:literal) => {
        /// Whether a file of the same name is replaced. If not, the upload fails. `false` by default.
        ///
        /// ```
        /// # fn example(client: sbg::Client, report: &'static [u8]) {
        #[doc = concat!("let upload = ", $upload, ".overwrite(true);")]
        /// # }
        /// ```
        pub fn overwrite(mut self, overwrite: bool) -> Self {
            self.options.overwrite = overwrite;
            self
        }

        /// Size of a part in bytes, up to 1 GiB; by default chosen from the size of the file and the upload rate. The platform
        /// may require another size.
        ///
        /// ```
        /// # fn example(client: sbg::Client, report: &'static [u8]) {
        #[doc = concat!("let upload = ", $upload, ".part_size(64 << 20);")]
        /// # }
        /// ```
        pub fn part_size(mut self, bytes: u64) -> Self {
            self.options.part_size = Some(bytes);
            self
        }
    };
}

impl Upload {
    destination_setters! {
        /// The project or folder to upload to.
        ///
        /// ```
        /// # fn example(client: sbg::Client) {
        /// let upload = client.upload("reads.fastq.gz").to("rfranklin/fibre-diffraction");
        /// # }
        /// ```
        to;
        /// The name on the platform; by default that of the local file.
        ///
        /// ```
        /// # fn example(client: sbg::Client) {
        /// let upload = client.upload("reads.fastq.gz").name("S51.fastq.gz");
        /// # }
        /// ```
        name;
    }

    option_setters!("client.upload(\"reads.fastq.gz\")");

    /// Starts the upload on the threads of the transfer engine.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let upload = client.upload("reads.fastq.gz").to("rfranklin/fibre-diffraction").start();
    /// println!("{}", upload.wait().await?.id);
    /// # Ok(())
    /// # }
    /// ```
    pub fn start(self) -> Transfer<Uploaded> {
        Transfer::start(self.client.engine(), move |context, shared| self.run(context, shared))
    }

    async fn run(self, context: Context, shared: Arc<Shared>) -> Result<Uploaded> {
        Ok(self.run_recorded(context, shared).await?.0)
    }

    /// Runs the upload as part of a batch. Also returns the local file.
    pub(super) async fn run_recorded(
        self,
        context: Context,
        shared: Arc<Shared>,
    ) -> Result<(Uploaded, Arc<SourceFile>)> {
        let Self { client, path, automation, to, options } = self;
        let (destination, name) = match automation {
            None => options.destination(to)?,
            Some(_) if to != NamedDestination::default() => {
                return Err(Error::invalid(
                    "the code of an automation takes no project, no folder and no name",
                ));
            }
            Some(id) => {
                (UploadDestination::Automation { id: check_segment("automation id", &id)?.to_owned() }, None)
            }
        };
        let name = name.map_or_else(|| name_of(&path), Ok)?;
        check_name(&name)?;
        let open = move || SourceFile::open(&path);
        let (source, _held) = context.descriptors.open(&shared.stop, open, |source| source.file()).await?;
        if source.size() == 0 && matches!(destination, UploadDestination::Automation { .. }) {
            return Err(Error::invalid("the code of an automation cannot be empty"));
        }
        let part_size =
            options.part_size(part_size::upload_part_size(source.size(), context.upload_rate()))?;
        let endpoint = client.endpoint().as_str().to_owned();
        let plan = Plan { source: source.clone(), name, destination, part_size, endpoint };
        Ok((worker::run(plan, context, shared).await?, source))
    }
}

impl ReaderUpload {
    destination_setters! {
        /// The project or folder to upload to.
        ///
        /// ```
        /// # fn example(client: sbg::Client, report: &'static [u8]) {
        /// let upload = client.upload_reader("report.txt", report).to("rfranklin/fibre-diffraction");
        /// # }
        /// ```
        to;
    }

    /// The number of bytes in the reader. They are sent as they are read, and held in memory until the storage has confirmed them: about
    /// 48 MiB for up to 80 GB. Above that parts are larger, and at least one is held. The upload fails if the reader has more or fewer
    /// bytes, or if the storage drops it. By default the size is unknown, and the bytes are spooled.
    ///
    /// ```
    /// # fn example(client: sbg::Client, report: &'static [u8]) {
    /// let upload = client.upload_reader("report.txt", report).size(11);
    /// # }
    /// ```
    pub fn size(mut self, bytes: u64) -> Self {
        self.size = Some(bytes);
        self
    }

    /// The folder of the temporary file; by default that of the system, [`std::env::temp_dir`].
    ///
    /// ```
    /// # fn example(client: sbg::Client, report: &'static [u8]) {
    /// let upload = client.upload_reader("report.txt", report).spool_folder("/scratch");
    /// # }
    /// ```
    pub fn spool_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.spool_folder = Some(folder.into());
        self
    }

    option_setters!("client.upload_reader(\"report.txt\", report)");

    /// Starts the upload on the threads of the transfer engine.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let report: &[u8] = b"51 patterns";
    /// let upload = client.upload_reader("report.txt", report).to("rfranklin/fibre-diffraction");
    /// println!("{}", upload.start().wait().await?.id);
    /// # Ok(())
    /// # }
    /// ```
    pub fn start(self) -> Transfer<Uploaded> {
        Transfer::start(self.client.engine(), move |context, shared| self.run(context, shared))
    }

    async fn run(self, context: Context, shared: Arc<Shared>) -> Result<Uploaded> {
        // The client keeps its settings alive during the upload.
        let Self { client, reader, size, spool_folder, to, options } = self;
        let (destination, name) = options.destination(to)?;
        let name = name.unwrap_or_default();
        if let Some(size) = size {
            let part_size = options.part_size(part_size::reader_part_size(size))?;
            let request = NewUpload { name, size, part_size };
            return reader::run(reader, request, destination, context, shared).await;
        }
        // Before the reader is read.
        options.part_size(Ok(1))?;
        let folder = spool_folder.unwrap_or_else(std::env::temp_dir);
        let (source, _lease) = spool::spool(reader, &name, folder, &context, &shared).await?;
        let part_size =
            options.part_size(part_size::upload_part_size(source.size(), context.upload_rate()))?;
        let endpoint = client.endpoint().as_str().to_owned();
        let plan = Plan { source, name, destination, part_size, endpoint };
        // The bytes are gone with this process, so a journal would resume nothing.
        worker::run(plan, context.without_journals(), shared).await
    }
}

impl IntoFuture for Upload {
    type Output = Result<Uploaded>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        self.start().into_future()
    }
}

impl IntoFuture for ReaderUpload {
    type Output = Result<Uploaded>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        self.start().into_future()
    }
}

fn name_of(path: &Path) -> Result<String> {
    let name = path.file_name().and_then(|name| name.to_str()).map(str::to_owned);
    name.ok_or_else(|| Error::invalid(format!("`{}` has no file name: set `name()`", path.display())))
}
