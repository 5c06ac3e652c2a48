//! The platform that the clients work on: an emulator in a separate process, controlled through its standard input and output.
//!
//! It prints its environment variables as a JSON object in one line. Then it reads commands, one JSON value per line, and responds to each
//! with one line, until its input ends. Commands do not use the API, so they do not count as requests.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufRead as _, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::Parser;
use sbg_emulator::{Action, Emulator, FaultRule, Origin, Recorded};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// More calls than any job makes, so that no client waits for the rate limit.
const NO_LIMIT: u32 = 1_000_000_000;

/// Files of at least this size are a pattern that takes no memory.
const LARGE: u64 = 16 * 1024 * 1024;

#[derive(Parser)]
struct Arguments {
    /// Latency of each request in milliseconds
    #[arg(long)]
    latency: u64,
    /// Bytes per second of each connection and direction
    #[arg(long)]
    bandwidth: Option<u64>,
    /// Use HTTPS and write the certificate to this file
    #[arg(long)]
    authority: Option<PathBuf>,
    #[arg(long)]
    fault: Vec<FaultRule>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Command {
    /// Creates a project and returns its id.
    Project(String),
    /// Creates files in a project and returns their ids.
    Files { project: String, count: u64, size: u64 },
    /// Whether a local file equals a file of the platform.
    Same { path: PathBuf, id: String },
    /// From now on, the latency of each request in milliseconds.
    Latency(u64),
    /// The requests since the last command of this kind.
    Traffic,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let mut builder =
        Emulator::builder().rate_limit(NO_LIMIT).latency(Duration::from_millis(arguments.latency));
    if let Some(bytes) = arguments.bandwidth {
        builder = builder.bandwidth(bytes);
    }
    builder = arguments.fault.into_iter().fold(builder, sbg_emulator::Builder::fault);
    let emulator = builder.tls(arguments.authority.is_some()).start_blocking()?;
    let mut environment = json!({"SB_API_ENDPOINT": emulator.url(), "SB_AUTH_TOKEN": emulator.token()});
    if let Some(path) = arguments.authority {
        fs::write(&path, emulator.ca_pem().context("HTTPS without a certificate")?)?;
        environment["REQUESTS_CA_BUNDLE"] = path.to_string_lossy().into();
    }
    let mut platform = Platform { emulator, digests: BTreeMap::new() };
    say(&environment)?;
    for line in io::stdin().lock().lines() {
        say(&platform.carry_out(serde_json::from_str(&line?)?)?)?;
    }
    Ok(())
}

fn say(value: &Value) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{value}")?;
    out.flush()
}

struct Platform {
    emulator: Emulator,
    /// Digests of the large files, which are compared in each round.
    digests: BTreeMap<String, String>,
}

impl Platform {
    fn carry_out(&mut self, command: Command) -> Result<Value> {
        Ok(match command {
            Command::Project(name) => self.emulator.create_project(&name).into(),
            Command::Files { project, count, size } => {
                (0..count).map(|number| self.create(&project, number, size)).collect()
            }
            Command::Same { path, id } => (self.digest(&id)? == digest_of_file(&path)?).into(),
            Command::Latency(milliseconds) => {
                let delay = || Action::Delay(Duration::from_millis(milliseconds));
                let faults = self.emulator.faults();
                faults.clear();
                faults.add(FaultRule::api(delay()));
                faults.add(FaultRule::storage(delay()));
                Value::Null
            }
            Command::Traffic => {
                let traffic = traffic(&self.emulator.requests());
                self.emulator.clear_requests();
                traffic
            }
        })
    }

    fn create(&self, project: &str, number: u64, size: u64) -> String {
        let name = format!("file-{number:05}");
        if size >= LARGE {
            return self.emulator.create_large_file(project, &name, size);
        }
        // Files differ, so that a mix-up is noticed.
        let content: Vec<u8> = (0..size / 8).flat_map(|at| (number << 32 | at).to_be_bytes()).collect();
        self.emulator.create_file(project, &name, content)
    }

    fn digest(&mut self, id: &str) -> Result<String> {
        if let Some(digest) = self.digests.get(id) {
            return Ok(digest.clone());
        }
        let content = self.emulator.file_content(id).with_context(|| format!("no file {id}"))?;
        let digest = hex::encode(Sha256::digest(&content));
        if content.len() as u64 >= LARGE {
            self.digests.insert(id.to_owned(), digest.clone());
        }
        Ok(digest)
    }
}

fn digest_of_file(path: &Path) -> Result<String> {
    let mut file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    let (mut digest, mut block) = (Sha256::new(), vec![0; 1024 * 1024]);
    loop {
        match file.read(&mut block)? {
            0 => return Ok(hex::encode(digest.finalize())),
            count => digest.update(&block[..count]),
        }
    }
}

/// The number of API calls, the number of file listings among them, and the bytes moved by the object storage.
fn traffic(requests: &[Recorded]) -> Value {
    let calls = requests.iter().filter(|request| request.origin == Origin::Api);
    let lists = calls.clone().filter(|request| request.method == "GET" && request.path == "/v2/files");
    let bytes: u64 = requests.iter().filter(|request| request.origin == Origin::Storage).map(moved).sum();
    json!({"calls": calls.count(), "lists": lists.count(), "bytes": bytes})
}

/// Bytes of an object that were sent or received; bodies of errors do not count.
fn moved(request: &Recorded) -> u64 {
    match request.method.as_str() {
        "PUT" => request.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0),
        _ if request.status.is_some_and(|status| status < 300) => request.sent,
        _ => 0,
    }
}
