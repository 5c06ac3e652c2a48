//! The emulator with the files, and trials: processes that are measured.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use sbg_emulator::{Emulator, Origin};

use crate::{fixtures, launcher};

/// Time of each response.
const LATENCY: Duration = Duration::from_millis(50);

/// More calls than any row makes.
const NO_LIMIT: u32 = 1_000_000_000;

/// Size of the file that is read from start to end.
pub const LARGE: u64 = 1 << 30;

/// Files of the cohort.
pub const FILES: i64 = 32;

/// Rows of each of them.
const FILE_ROWS: i64 = 40_000;

/// What a trial cost.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    pub elapsed: Duration,
    /// Peak memory in bytes.
    pub memory: u64,
    pub api: usize,
    pub storage: usize,
}

pub struct Stage {
    emulator: Emulator,
    pub project: String,
    programs: PathBuf,
    pub bam: String,
    pub bai: String,
    pub parquet: String,
    /// Size of the Parquet file in bytes.
    pub parquet_size: u64,
}

impl Stage {
    pub fn start(folder: &Path, programs: PathBuf) -> Result<Self> {
        fixtures::bam(folder)?;
        fixtures::parquet(folder)?;
        let emulator = Emulator::builder().latency(LATENCY).rate_limit(NO_LIMIT).start_blocking()?;
        let project = emulator.create_project("demo");
        let add = |name: &str| -> Result<String> {
            let content = std::fs::read(folder.join(name))?;
            println!("{name}: {} bytes", content.len());
            Ok(emulator.create_file(&project, name, content))
        };
        let (bam, bai, parquet) = (add("reads.bam")?, add("reads.bam.bai")?, add("samples.parquet")?);
        let parquet_size = std::fs::metadata(folder.join("samples.parquet"))?.len();
        emulator.create_large_file(&project, "large.bin", LARGE);
        for number in 0..FILES {
            let rows = fixtures::rows(number * FILE_ROWS..(number + 1) * FILE_ROWS, 20_000)?;
            emulator.create_file(&project, &format!("cohort/{number:02}.parquet"), rows);
        }
        Ok(Self { emulator, project, programs, bam, bai, parquet, parquet_size })
    }

    /// A program of this workspace.
    pub fn program(&self, name: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.programs.join(name));
        command.args(arguments);
        command
    }

    /// A signed URL of a file, which costs the peer nothing.
    pub fn signed_url(&self, id: &str) -> Result<String> {
        let client =
            sbg::Client::builder().endpoint(self.emulator.url()).token(self.emulator.token()).build()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let info = runtime.block_on(async { client.file(id).download_info().await })?;
        Ok(info.url.into_exposed())
    }

    /// Runs a process in an empty folder; returns its cost and output.
    pub fn run(&self, command: &Command) -> Result<(Cost, String)> {
        let folder = tempfile::tempdir()?;
        let report = folder.path().join("report");
        let mut command = launcher::launcher(command, &report)?;
        command.env("SB_API_ENDPOINT", self.emulator.url()).env("SB_AUTH_TOKEN", self.emulator.token());
        let (printed, said) = (folder.path().join("printed"), folder.path().join("said"));
        command.stdin(Stdio::null()).stdout(File::create(&printed)?).stderr(File::create(&said)?);
        command.current_dir(folder.path());
        self.emulator.clear_requests();
        let status = command.status().with_context(|| format!("cannot run {command:?}"))?;
        if !status.success() {
            bail!("{command:?}: {status}: {}", std::fs::read_to_string(said)?);
        }
        let (elapsed, memory) = launcher::read(&report)?;
        let requests = self.emulator.requests();
        let api = requests.iter().filter(|request| request.origin == Origin::Api).count();
        let storage = requests.len() - api;
        let cost = Cost { elapsed, memory, api, storage };
        Ok((cost, std::fs::read_to_string(printed)?))
    }
}
