//! Uploads: a local file to a project or folder, in parallel parts.

use std::collections::BTreeMap;
use std::future::IntoFuture;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::BoxFuture;
use http::{HeaderMap, HeaderName, HeaderValue};
use sbg_raw::ClientUploadExt as _;
use tokio::task::JoinSet;

use super::engine::Tools;
use super::handle::{Shared, Transfer};
use super::plan;
use super::source::Source;
use super::storage::{self, Trouble};
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::files::{check_name, check_place};
use crate::ids::{InvalidId, ProjectId};
use crate::types;

/// Parts of one file that are sent at once.
const CONNECTIONS: usize = 8;

impl Client {
    /// Uploads the file at `path`: name the place, then `.await`, or [`start`](Upload::start) it to watch it.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let file = client.upload("pattern-51.fastq").to_project("rfranklin/fibre-diffraction")?.await?;
    /// println!("{}", file.id);
    /// # Ok(())
    /// # }
    /// ```
    pub fn upload(&self, path: impl Into<PathBuf>) -> Upload {
        Upload {
            client: self.clone(),
            path: path.into(),
            place: Place::default(),
            name: None,
            overwrite: false,
            part_size: None,
        }
    }
}

/// An upload to start.
#[derive(Clone, Debug)]
#[must_use = "nothing is uploaded until it is started or awaited"]
pub struct Upload {
    client: Client,
    path: PathBuf,
    place: Place,
    name: Option<String>,
    overwrite: bool,
    part_size: Option<u64>,
}

#[derive(Clone, Debug, Default)]
struct Place {
    project: Option<String>,
    parent: Option<String>,
}

impl Upload {
    /// Uploads to the root of this project.
    ///
    /// # Errors
    ///
    /// An id that is not of the form `owner/project`.
    pub fn to_project<I>(mut self, id: I) -> Result<Self>
    where
        I: TryInto<ProjectId, Error: Into<InvalidId>>,
    {
        self.place.project = Some(id.try_into().map_err(Into::into)?.into());
        Ok(self)
    }

    /// Uploads into this folder.
    pub fn to_folder(mut self, folder_id: impl Into<String>) -> Self {
        self.place.parent = Some(folder_id.into());
        self
    }

    /// Name on the platform; that of the local file when it is not set.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Whether a file of the same name is replaced; when it is not, the upload is refused. `false` by default.
    pub fn overwrite(mut self, overwrite: bool) -> Self {
        self.overwrite = overwrite;
        self
    }

    /// Size of a part in bytes, up to 1 GiB; chosen by the size of the file when it is not set. The platform may insist on another.
    pub fn part_size(mut self, bytes: u64) -> Self {
        self.part_size = Some(bytes);
        self
    }

    /// Starts the upload on the threads of the transfer engine.
    pub fn start(self) -> Transfer<types::File> {
        let engine = self.client.engine();
        let tools = engine.tools();
        Transfer::start(engine, move |shared| self.run(tools, shared))
    }

    async fn run(self, tools: Tools, shared: Arc<Shared>) -> Result<types::File> {
        check_place(self.place.project.as_deref(), self.place.parent.as_deref(), "a file is uploaded to")?;
        let source = Source::open(&self.path)?;
        let name = self.name.clone().map_or_else(|| name_of(&self.path), Ok)?;
        check_name(&name)?;
        let part_size = match self.part_size {
            Some(size) if (1..=plan::LARGEST_PART).contains(&size) => size,
            Some(size) => {
                return Err(Error::invalid(format!(
                    "a part has 1 to {} bytes, not {size}",
                    plan::LARGEST_PART
                )));
            }
            None => plan::upload_part_size(source.size())?,
        };
        let stop = shared.stop.clone();
        let begun = tokio::select! {
            begun = self.begin(&tools, name, source.size(), part_size) => begun?,
            () = stop.cancelled() => return Err(Error::cancelled()),
        };
        let job =
            Arc::new(Job { upload_id: begun.upload_id, source, confirmed: Mutex::default(), tools, shared });
        let part_size = begun
            .part_size
            .and_then(|size| u64::try_from(size).ok())
            .filter(|size| *size > 0)
            .unwrap_or(part_size);
        let mut workers = JoinSet::new();
        let result = tokio::select! {
            result = job.run(part_size, &mut workers) => result,
            () = stop.cancelled() => Err(Error::cancelled()),
        };
        workers.shutdown().await;
        if result.is_err() {
            job.abort().await;
        }
        result
    }

    async fn begin(
        &self,
        tools: &Tools,
        name: String,
        size: u64,
        part_size: u64,
    ) -> Result<types::MultipartUpload> {
        let too_large = |_| Error::invalid("the file is too large");
        let body = types::UploadInit {
            name,
            project: self.place.project.clone(),
            parent: self.place.parent.clone(),
            size: Some(i64::try_from(size).map_err(too_large)?),
            part_size: Some(i32::try_from(part_size).map_err(too_large)?),
            md5: None,
        };
        let call = tools.api.upload_init().body(body);
        let call = if self.overwrite { call.overwrite(true) } else { call };
        Ok(call.send().await?.into_inner())
    }
}

impl IntoFuture for Upload {
    type Output = Result<types::File>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        self.start().into_future()
    }
}

fn name_of(path: &Path) -> Result<String> {
    let name = path.file_name().and_then(|name| name.to_str()).map(str::to_owned);
    name.ok_or_else(|| Error::invalid(format!("`{}` gives no name for the file: set one", path.display())))
}

/// An upload under way.
#[derive(Debug)]
struct Job {
    tools: Tools,
    shared: Arc<Shared>,
    source: Arc<Source>,
    upload_id: String,
    /// What the storage answered to each part, by number from 1.
    confirmed: Mutex<BTreeMap<usize, types::UploadPartReport>>,
}

impl Job {
    async fn run(self: &Arc<Self>, part_size: u64, workers: &mut JoinSet<Result<()>>) -> Result<types::File> {
        let size = self.source.size();
        let mut parts: Vec<Range<u64>> = plan::parts(0..size, part_size).collect();
        if parts.is_empty() {
            // An empty file is one empty part.
            parts.push(0..0);
        }
        if parts.len() as u64 > plan::MOST_PARTS {
            let message = format!(
                "the platform asks for parts of {part_size} bytes, too small for a file of {size} bytes"
            );
            return Err(Error::new(ErrorKind::UnexpectedAnswer, message));
        }
        self.shared.counters.plan(size, parts.len());
        let parts: Arc<[Range<u64>]> = parts.into();
        let next = Arc::new(AtomicUsize::new(0));
        for _ in 0..parts.len().min(CONNECTIONS) {
            let (job, parts, next) = (self.clone(), parts.clone(), next.clone());
            workers.spawn(async move {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    match parts.get(index) {
                        Some(range) => job.send(index + 1, range.clone()).await?,
                        None => return Ok(()),
                    }
                }
            });
        }
        while let Some(done) = workers.join_next().await {
            done.map_err(|error| Error::new(ErrorKind::Cancelled, format!("a worker ended: {error}")))??;
        }
        self.complete(parts.len()).await
    }

    /// Sends one part until the storage confirms it.
    async fn send(&self, number: usize, range: Range<u64>) -> Result<()> {
        let mut failures = 0;
        let mut refused = false;
        loop {
            self.shared.running().await;
            let trouble = match self.send_once(number, range.clone()).await? {
                Ok(true) => return Ok(()),
                Ok(false) => continue,
                Err(trouble) => trouble,
            };
            // A file that was cut short breaks the request: say that, not what the connection looked like.
            self.source.check_unchanged()?;
            match trouble {
                Trouble::Final(error) => return Err(error),
                Trouble::Refused(error) if refused => return Err(error),
                // The next attempt asks for a fresh address anyway.
                Trouble::Refused(_) => refused = true,
                Trouble::Again(error) => {
                    failures += 1;
                    if failures > storage::MOST_FAILURES {
                        return Err(error.with_attempts(failures));
                    }
                    tracing::debug!(%error, part = number, failures, "a part is sent again");
                    tokio::time::sleep(storage::pause(failures)).await;
                }
            }
        }
    }

    /// One attempt at a part, `false` when a pause cut it short. The outer error is one of the API, which has done its retries.
    async fn send_once(&self, number: usize, range: Range<u64>) -> Result<Result<bool, Trouble>> {
        let part_number = i32::try_from(number).map_err(|_| Error::invalid("too many parts"))?;
        let call = self.tools.api.upload_part_url().upload_id(&*self.upload_id).part_number(part_number);
        let target = call.send().await?.into_inner();
        let (success, wanted) = match target.report {
            Some(report) => (report.success_codes.unwrap_or_default(), report.headers.unwrap_or_default()),
            None => Default::default(),
        };
        let success: Vec<u16> = success.into_iter().filter_map(|code| u16::try_from(code).ok()).collect();
        let success = if success.is_empty() { vec![200, 201, 204] } else { success };
        let headers = header_map(target.headers.unwrap_or_default())?;

        let length = range.end - range.start;
        let sent = Arc::new(AtomicU64::new(0));
        let count = {
            let (sent, shared) = (sent.clone(), self.shared.clone());
            move |bytes| {
                sent.fetch_add(bytes, Ordering::Relaxed);
                shared.counters.add_bytes(bytes);
            }
        };
        let body = reqwest::Body::wrap_stream(self.source.clone().stream(range, count));
        let answer = tokio::select! {
            answer = storage::put(&self.tools.storage, &target.url, headers, length, body, &success) => answer,
            () = self.shared.pause_wanted() => {
                self.shared.counters.take_back(sent.load(Ordering::Relaxed));
                return Ok(Ok(false));
            }
        };
        match answer {
            Ok(answer) => {
                let wanted = if wanted.is_empty() { vec!["ETag".to_owned()] } else { wanted };
                let headers = wanted.into_iter().filter_map(|name| {
                    let value = answer.get(&name)?.to_str().ok()?;
                    // The platform wants the tag without its quotation marks, as the specification says.
                    let value =
                        if name.eq_ignore_ascii_case("etag") { value.trim_matches('"') } else { value };
                    Some((name, value.to_owned()))
                });
                let report = types::UploadPartReport {
                    part_number,
                    response: types::UploadPartReportResponse { headers: headers.collect() },
                };
                self.confirmed.lock().unwrap_or_else(PoisonError::into_inner).insert(number, report);
                self.shared.counters.part_done();
                Ok(Ok(true))
            }
            Err(trouble) => {
                self.shared.counters.take_back(sent.load(Ordering::Relaxed));
                Ok(Err(trouble))
            }
        }
    }

    async fn complete(&self, planned: usize) -> Result<types::File> {
        self.source.check_unchanged()?;
        let confirmed = std::mem::take(&mut *self.confirmed.lock().unwrap_or_else(PoisonError::into_inner));
        if confirmed.len() != planned {
            let message = format!("the storage confirmed {} of {planned} parts", confirmed.len());
            return Err(Error::new(ErrorKind::Integrity, message));
        }
        let body = types::UploadComplete { parts: confirmed.into_values().collect() };
        let call = self.tools.api.upload_complete().upload_id(&*self.upload_id);
        let file = call.body(body).send().await?.into_inner();
        match file.size.and_then(|size| u64::try_from(size).ok()) {
            Some(size) if size != self.source.size() => {
                let message =
                    format!("the platform made a file of {size} bytes out of {}", self.source.size());
                Err(Error::new(ErrorKind::Integrity, message))
            }
            _ => Ok(file),
        }
    }

    /// Gives the upload up, so that its parts cost nothing. What cannot be aborted now expires on the platform.
    async fn abort(&self) {
        if let Err(error) = self.tools.api.upload_abort().upload_id(&*self.upload_id).send().await {
            tracing::warn!(upload_id = self.upload_id, error = %Error::from(error), "cannot abort an upload");
        }
    }
}

fn header_map(headers: BTreeMap<String, String>) -> Result<HeaderMap> {
    let unusable = || {
        Error::new(
            ErrorKind::UnexpectedAnswer,
            "the platform gives a header for the storage that cannot be sent",
        )
    };
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let name = HeaderName::try_from(name).map_err(|_| unusable())?;
        map.insert(name, HeaderValue::try_from(value).map_err(|_| unusable())?);
    }
    Ok(map)
}
