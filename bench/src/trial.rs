//! A trial: one client does the work of a row once. It is prepared before the clock starts, and the result is checked on the platform
//! and on disk, independently of the client.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::measure::{self, Usage};
use crate::platform::{Platform, Traffic};
use crate::rows::{Row, Work};
use crate::side::Side;
use crate::{Paths, building, curl};
use xtask_process::empty;

/// Number of curl processes that find the limit of the emulator.
const CROWD: u64 = 4;

/// Size of a file of which only the details are read.
const TINY: u64 = 8;

/// The cost of a trial.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    pub usage: Usage,
    pub traffic: Traffic,
}

/// A platform that is prepared for the trials of a row.
pub struct Stage<'a> {
    paths: &'a Paths,
    row: &'static Row,
    platform: Platform,
    /// The project that is read from.
    project: String,
    /// The files that are read.
    ids: Vec<String>,
    /// The project that the current trial writes to.
    target_project: String,
    trials: u32,
    /// The upload of curl.
    upload: Option<curl::Upload>,
}

impl<'a> Stage<'a> {
    pub fn new(paths: &'a Paths, row: &'static Row) -> Result<Self> {
        let mut platform = Platform::start(&paths.now.platform, row.network, &paths.work)?;
        let project = platform.project("source")?;
        let (count, size) = match row.work {
            Work::Download(size) | Work::DownloadCeiling(size) => (1, size),
            Work::DownloadAll(count, size) => (count, size),
            Work::List(count) => (count, TINY),
            Work::Calls(_) => (1, TINY),
            Work::Upload(_)
            | Work::UploadAll(..)
            | Work::UploadCeiling(_)
            | Work::Bulk(_)
            | Work::Start
            | Work::Build(_) => (0, 0),
        };
        let ids = platform.files(&project, count, size)?;
        let target_project = project.clone();
        let stage = Self { paths, row, platform, project, ids, target_project, trials: 0, upload: None };
        empty(&stage.sources())?;
        match row.work {
            Work::Upload(size) => write(&stage.source(0), 0, size)?,
            Work::UploadCeiling(size) => write(&stage.source(0), 0, size / CROWD)?,
            Work::UploadAll(count, size) => {
                (0..count).try_for_each(|number| write(&stage.source(number), number, size))?;
            }
            _ => {}
        }
        Ok(stage)
    }

    /// Runs a client and checks the result.
    pub fn trial(&mut self, side: Side) -> Result<Cost> {
        self.trials += 1;
        // A failed trial leaves its upload behind.
        self.upload = None;
        empty(&self.targets())?;
        let mut commands = self.set_up(side)?;
        self.platform.traffic()?;
        let (usage, outputs) = measure::run(&mut commands, &self.paths.work)?;
        let traffic = self.platform.traffic()?;
        if let Some(upload) = self.upload.take() {
            upload.complete(&self.platform, &outputs)?;
        }
        self.check(side, &outputs)?;
        self.clean_up()?;
        Ok(Cost { usage, traffic })
    }

    /// Prepares one trial and returns the processes that do the work.
    fn set_up(&mut self, side: Side) -> Result<Vec<Command>> {
        match self.row.work {
            Work::Upload(_) | Work::UploadAll(..) | Work::UploadCeiling(_) => {
                self.target_project = self.platform.project(&format!("trial-{}", self.trials))?;
            }
            Work::Bulk(count) => {
                self.target_project = self.platform.project(&format!("trial-{}", self.trials))?;
                self.ids = self.platform.files(&self.target_project, count, TINY)?;
                fs::write(self.list(), self.ids.join("\n"))?;
            }
            _ => {}
        }
        if side == Side::Curl {
            return self.curls();
        }
        if let Work::Build(features) = self.row.work {
            return Ok(vec![building::command(self.paths.programs(side)?, &self.targets(), features)?]);
        }
        let is_start = self.row.work == Work::Start;
        let mut command = if side == Side::Python {
            self.python(if is_start { "minimal.py" } else { "workloads.py" })
        } else {
            let programs = self.paths.programs(side)?;
            Command::new(if is_start { &programs.minimal } else { &programs.client })
        };
        if !is_start {
            command.args(["--limit", &self.row.limit.to_string()]).args(self.job());
        }
        self.platform.introduce(command.env("HOME", &self.paths.home));
        Ok(vec![command])
    }

    fn python(&self, script: &str) -> Command {
        let mut command = Command::new(&self.paths.python);
        command.arg(self.paths.sources.join(script));
        command
    }

    /// The job and its arguments, the same for both clients.
    fn job(&self) -> Vec<OsString> {
        let first = || self.ids[0].clone().into();
        match self.row.work {
            Work::Download(_) => vec!["download".into(), first(), self.target(0).into()],
            Work::Upload(_) => {
                vec!["upload".into(), self.source(0).into(), self.target_project.clone().into()]
            }
            Work::DownloadAll(..) => {
                vec!["download-all".into(), self.project.clone().into(), self.targets().into()]
            }
            Work::UploadAll(..) => {
                vec!["upload-all".into(), self.sources().into(), self.target_project.clone().into()]
            }
            Work::List(_) => vec!["list-all".into(), self.project.clone().into()],
            Work::Calls(count) => vec!["calls".into(), first(), count.to_string().into()],
            Work::Bulk(_) => vec!["bulk".into(), self.list().into()],
            Work::Start | Work::Build(_) | Work::DownloadCeiling(_) | Work::UploadCeiling(_) => Vec::new(),
        }
    }

    /// The same work by curl. API calls that it needs are made before the clock starts.
    fn curls(&mut self) -> Result<Vec<Command>> {
        let platform = &self.platform;
        match self.row.work {
            Work::Download(_) => {
                let mut curl = curl::curl(platform);
                curl.arg("--output").arg(self.target(0)).arg(curl::download_url(platform, &self.ids[0])?);
                Ok(vec![curl])
            }
            Work::DownloadCeiling(size) => {
                let url = curl::download_url(platform, &self.ids[0])?;
                let share = size / CROWD;
                let part = |number| {
                    let mut curl = curl::curl(platform);
                    curl.args(["--range", &format!("{}-{}", number * share, (number + 1) * share - 1)]);
                    curl.args(["--output", "/dev/null", "--write-out", "%{size_download}", &url]);
                    curl
                };
                Ok((0..CROWD).map(part).collect())
            }
            Work::Upload(size) | Work::UploadCeiling(size) => {
                let parts = if matches!(self.row.work, Work::Upload(_)) { 1 } else { CROWD };
                let upload = curl::Upload::begin(platform, &self.target_project, &file_name(0), size, parts)?;
                let puts = upload.urls.iter().map(|url| curl::put(platform, &self.source(0), url));
                let puts = puts.collect();
                self.upload = Some(upload);
                Ok(puts)
            }
            Work::Calls(count) => {
                let url = curl::url(platform, &format!("/files/{}", self.ids[0]))?;
                let call = format!("url = \"{url}\"\noutput = \"/dev/null\"\n");
                fs::write(self.list(), call.repeat(usize::try_from(count)?))?;
                let mut curl = curl::curl(platform);
                curl.args(["--header", &curl::token_header(platform)?, "--write-out", "%{http_code}\n"]);
                curl.arg("--config").arg(self.list());
                Ok(vec![curl])
            }
            Work::Start => Ok(vec![curl::call(platform, "GET", "/user")?]),
            Work::DownloadAll(..) | Work::UploadAll(..) | Work::List(_) | Work::Bulk(_) | Work::Build(_) => {
                Ok(Vec::new())
            }
        }
    }

    fn check(&mut self, side: Side, outputs: &[String]) -> Result<()> {
        let printed = outputs.join(" ");
        let printed = printed.trim();
        match self.row.work {
            Work::Download(_) => self.check_local(0),
            Work::DownloadAll(count, _) => (0..count).try_for_each(|number| self.check_local(number)),
            Work::Upload(_) => self.check_remote(1),
            Work::UploadAll(count, _) => self.check_remote(count),
            Work::Calls(count) if side == Side::Curl => {
                let right = printed.lines().filter(|status| *status == "200").count() as u64;
                ensure!(right == count, "{right} of {count} calls succeeded");
                Ok(())
            }
            Work::List(count) | Work::Calls(count) => {
                ensure!(printed == count.to_string(), "{printed:?} instead of {count}");
                Ok(())
            }
            Work::Bulk(count) => {
                ensure!(printed == format!("{count} {count}"), "{printed:?} instead of {count} twice");
                let left = curl::files(&self.platform, &self.target_project)?.len();
                ensure!(left == 0, "{left} files are still there");
                Ok(())
            }
            Work::Build(_) => {
                println!("build: {} bytes, stripped", building::size(&self.targets())?);
                Ok(())
            }
            Work::Start => {
                ensure!(printed.contains("rfranklin"), "{printed:?} does not name the user");
                Ok(())
            }
            Work::DownloadCeiling(size) => {
                let moved: u64 = printed.split(' ').filter_map(|bytes| bytes.parse::<u64>().ok()).sum();
                ensure!(moved == size, "{moved} bytes arrived instead of {size}");
                Ok(())
            }
            Work::UploadCeiling(size) => {
                let (_, id) = curl::files(&self.platform, &self.target_project)?
                    .pop()
                    .context("nothing was uploaded")?;
                let file = curl::ask(&self.platform, "GET", &format!("/files/{id}"), None)?;
                ensure!(file["size"] == size, "the file has {} bytes instead of {size}", file["size"]);
                Ok(())
            }
        }
    }

    /// The local file has the bytes of its original on the platform.
    fn check_local(&mut self, number: u64) -> Result<()> {
        let path = self.target(number);
        let id = &self.ids[usize::try_from(number)?];
        ensure!(self.platform.same(&path, id)?, "{} has other bytes than its original", path.display());
        Ok(())
    }

    /// The project has exactly these files, with the bytes of their originals on the disk.
    fn check_remote(&mut self, count: u64) -> Result<()> {
        let files = curl::files(&self.platform, &self.target_project)?;
        ensure!(files.len() as u64 == count, "{} files are there instead of {count}", files.len());
        for (name, id) in files {
            let source = self.sources().join(&name);
            ensure!(source.is_file(), "{name} was not uploaded");
            ensure!(self.platform.same(&source, &id)?, "{name} arrived with other bytes");
        }
        Ok(())
    }

    fn clean_up(&mut self) -> Result<()> {
        empty(&self.targets())?;
        if self.target_project != self.project {
            let files = curl::files(&self.platform, &self.target_project)?;
            let ids: Vec<String> = files.into_iter().map(|(_, id)| id).collect();
            curl::delete(&self.platform, &ids)?;
        }
        Ok(())
    }

    fn sources(&self) -> PathBuf {
        self.paths.work.join("source")
    }

    fn source(&self, number: u64) -> PathBuf {
        self.sources().join(file_name(number))
    }

    fn targets(&self) -> PathBuf {
        self.paths.work.join("target")
    }

    fn target(&self, number: u64) -> PathBuf {
        self.targets().join(file_name(number))
    }

    /// For ids and URLs, one per line.
    fn list(&self) -> PathBuf {
        self.paths.work.join("list.txt")
    }
}

/// The name of a file, locally and on the platform.
fn file_name(number: u64) -> String {
    format!("file-{number:05}")
}

/// Writes a file whose blocks differ from each other and from those of files with other numbers.
pub fn write(path: &Path, number: u64, size: u64) -> Result<()> {
    let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
    let mut out = BufWriter::with_capacity(1 << 20, file);
    let mut state = number;
    for _ in 0..size / 8 {
        // Knuth's MMIX generator: cheap, and its period is long enough.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        out.write_all(&state.to_be_bytes())?;
    }
    out.flush()?;
    Ok(())
}
