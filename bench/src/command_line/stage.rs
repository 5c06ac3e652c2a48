//! Prepares, runs and checks the trials of a row.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use xtask_process::{empty, output};

use super::{CHANGED, FOLDERS, Peer, Programs, Row, SIZE, Work, rclone};
use crate::curl;
use crate::measure;
use crate::platform::{Network, Platform};
use crate::trial::{Cost, write};

pub struct Stage<'a> {
    programs: &'a Programs,
    row: &'static Row,
    platform: Platform,
    /// The project that the trials write to: one for all trials of a second sync, else a new one for each.
    project: String,
    trials: u32,
    rounds: u64,
}

impl<'a> Stage<'a> {
    pub fn new(programs: &'a Programs, row: &'static Row) -> Result<Self> {
        let network = Network { latency: 0, bandwidth: None, https: false, faults: &[] };
        let mut platform = Platform::start(&programs.platform, network, &programs.work)?;
        let project = platform.project("target")?;
        let stage = Self { programs, row, platform, project, trials: 0, rounds: 0 };
        let files = stage.files();
        let tree = stage.tree();
        empty(&tree)?;
        for number in 0..files {
            let path = stage.path(number);
            if number < FOLDERS {
                fs::create_dir(path.parent().context("a file in a folder")?)?;
            }
            write(&path, number, SIZE)?;
        }
        if let Work::Second(_) = row.work {
            output(&mut stage.sync_up())?;
            if row.peer == Peer::Rclone {
                output(Command::new("cp").arg("-R").arg(&tree).arg(stage.copy()))?;
            }
        }
        Ok(stage)
    }

    /// Changes what a second sync finds.
    pub fn next_round(&mut self) -> Result<()> {
        self.rounds += 1;
        if let Work::Second(_) = self.row.work {
            for number in self.changed() {
                // A longer file: WebDAV has no other sign of a change that both servers know.
                File::options().append(true).open(self.path(number))?.write_all(b"changed\n")?;
            }
        }
        Ok(())
    }

    /// Runs one side and checks the result.
    pub fn trial(&mut self, is_peer: bool) -> Result<Cost> {
        self.trials += 1;
        if matches!(self.row.work, Work::First(_) | Work::Shards(_)) {
            self.project = self.platform.project(&format!("trial-{}", self.trials))?;
        }
        // Both are gone after the trial.
        let servers = (is_peer && self.row.peer == Peer::Rclone).then(|| {
            Ok::<_, anyhow::Error>([
                rclone::Server::start(&self.tree())?,
                rclone::Server::start(&self.copy())?,
            ])
        });
        let servers = servers.transpose()?;
        let mut commands = match (is_peer, &servers) {
            (true, Some([source, target])) => vec![rclone::sync(source, target)],
            (true, None) => vec![self.of_peer()?],
            (false, _) => self.own(),
        };
        self.platform.traffic()?;
        self.platform.latency(self.row.latency)?;
        let done = measure::run(&mut commands, &self.programs.work);
        self.platform.latency(0)?;
        let (usage, outputs) = done?;
        let traffic = self.platform.traffic()?;
        self.check(is_peer, &outputs.concat())?;
        Ok(Cost { usage, traffic })
    }

    fn of_peer(&self) -> Result<Command> {
        let mut command = match self.row.peer {
            Peer::Python => {
                let mut command = Command::new(&self.programs.python);
                command.arg(self.programs.sources.join("minimal.py"));
                command
            }
            Peer::Curl => return curl::call(&self.platform, "GET", "/user"),
            Peer::UploadTree => {
                let mut command = Command::new(&self.programs.client);
                command.args(["--limit", "600", "upload-all"]).arg(self.tree()).arg(&self.project);
                command
            }
            Peer::OneProcess => return Ok(self.sync_up()),
            Peer::Rclone => anyhow::bail!("rclone needs its servers"),
        };
        self.introduce(&mut command);
        Ok(command)
    }

    fn own(&self) -> Vec<Command> {
        match self.row.work {
            Work::Version => vec![self.sbg(&["--version"])],
            Work::Whoami => vec![self.sbg(&["whoami"])],
            Work::First(_) | Work::Second(_) => vec![self.sync_up()],
            Work::Shards(_) => ["1/2", "2/2"]
                .map(|shard| {
                    let mut command = self.sync_up();
                    command.args(["--shard", shard, "--api-share", "0.5"]);
                    command
                })
                .into(),
        }
    }

    fn sync_up(&self) -> Command {
        let mut command = self.sbg(&["sync", "up", "--quiet"]);
        command.arg(self.tree()).arg(&self.project);
        command
    }

    fn sbg(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.programs.sbg);
        self.introduce(command.args(arguments));
        command
    }

    /// Points a command at the platform. Its home folder is empty at first.
    fn introduce(&self, command: &mut Command) {
        command.env_remove("XDG_STATE_HOME").env("HOME", self.programs.work.join("home"));
        self.platform.introduce(command);
    }

    fn check(&mut self, is_peer: bool, printed: &str) -> Result<()> {
        let contains = |text: &str| {
            ensure!(printed.contains(text), "{printed:?} does not contain {text:?}");
            Ok(())
        };
        match self.row.work {
            Work::Version if !is_peer => contains(env!("CARGO_PKG_VERSION")),
            Work::Version | Work::Whoami => contains("rfranklin"),
            Work::Second(_) if is_peer => {
                for number in self.changed() {
                    let path = self.path(number);
                    let copy = self.copy().join(path.strip_prefix(self.tree())?);
                    ensure!(fs::read(&path)? == fs::read(&copy)?, "{} was not synced", copy.display());
                }
                Ok(())
            }
            Work::First(_) | Work::Second(_) | Work::Shards(_) => self.check_remote(),
        }
    }

    /// The project has exactly the files of the tree, with the same bytes.
    fn check_remote(&mut self) -> Result<()> {
        let folders = self.list(&[format!("/files?project={}&limit=100", self.project)])?;
        ensure!(folders.len() as u64 == FOLDERS, "{} folders instead of {FOLDERS}", folders.len());
        let pages = self.files().div_ceil(FOLDERS).div_ceil(100) + 1;
        let mut paths = Vec::new();
        for (_, folder) in &folders {
            let page = |page| format!("/files?parent={folder}&limit=100&offset={}", page * 100);
            paths.extend((0..pages).map(page));
        }
        let found = self.list(&paths)?;
        ensure!(found.len() as u64 == self.files(), "{} files are there", found.len());
        for (name, id) in found {
            let number: u64 = name.parse().with_context(|| format!("a file `{name}`"))?;
            ensure!(self.platform.same(&self.path(number), &id)?, "{name} arrived with other bytes");
        }
        Ok(())
    }

    /// The names and ids of the files in all these pages, which one process of curl reads.
    fn list(&self, paths: &[String]) -> Result<Vec<(String, String)>> {
        let urls = paths.iter().map(|path| Ok(format!("url = \"{}\"\n", curl::url(&self.platform, path)?)));
        let config = self.programs.work.join("urls.txt");
        fs::write(&config, urls.collect::<Result<String>>()?)?;
        let mut curl = curl::curl(&self.platform);
        curl.args(["--header", &curl::token_header(&self.platform)?]).arg("--config").arg(&config);
        let mut found = Vec::new();
        for page in serde_json::Deserializer::from_str(&output(&mut curl)?).into_iter::<Value>() {
            for item in page?["items"].as_array().context("a page without items")? {
                found.push((curl::text(item, "name")?, curl::text(item, "id")?));
            }
        }
        Ok(found)
    }

    fn files(&self) -> u64 {
        match self.row.work {
            Work::Version | Work::Whoami => 0,
            Work::First(files) | Work::Second(files) | Work::Shards(files) => files,
        }
    }

    /// The files that have changed in this round: in different folders, and others in each round.
    fn changed(&self) -> impl Iterator<Item = u64> + use<> {
        let (files, first) = (self.files(), self.rounds * CHANGED);
        (first..first + CHANGED).map(move |number| number * 7919 % files)
    }

    fn tree(&self) -> PathBuf {
        self.programs.work.join("tree")
    }

    /// The folder of the second server of rclone.
    fn copy(&self) -> PathBuf {
        self.programs.work.join("copy")
    }

    fn path(&self, number: u64) -> PathBuf {
        self.tree().join(format!("{:03}", number % FOLDERS)).join(format!("{number:05}"))
    }
}
