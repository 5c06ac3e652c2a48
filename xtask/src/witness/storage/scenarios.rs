//! The scenarios and their expected results.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::cell::Cell;
use super::gateway::Gateway;
use super::stores::{Store, Uploads};
use super::transfer::Ran;

const MIB: u64 = 1024 * 1024;

/// Part size: the minimum of S3.
const PART: u64 = 5 * MIB;

/// Bandwidth of a transfer that is disturbed.
const RATE: u64 = 8 * MIB;

/// Size of such a transfer, and the position at which it is disturbed: after two seconds, more than three before its end.
const LONG: u64 = 48 * MIB;
const MIDDLE: u64 = 18 * MIB;

/// The same for a killed upload. Parts are confirmed as a whole, so there are many.
const MANY_PARTS: u64 = 100 * MIB;
const MANY_PARTS_MIDDLE: u64 = 80 * MIB;
const MANY_PARTS_RATE: u64 = 16 * MIB;

/// Lifetime of a URL in seconds, and a pause (`BYTES:SECONDS`) that outlasts it.
const LIFE: u64 = 3;
const PAUSE: &str = "12582912:4";

/// Maximum number of URLs for a download that outlives its URL: one per lifetime, twice for concurrent requests.
const MOST_URLS: u64 = 6;

/// A scenario of a transfer.
pub struct Scenario {
    pub name: &'static str,
    does: Does,
}

enum Does {
    Download(u64),
    Upload(u64),
    Other(fn(&Bench<'_>) -> Result<()>, Needs),
}

/// A capability that a scenario needs.
#[derive(Clone, Copy)]
enum Needs {
    Download,
    ExpiringDownload,
    Upload,
    ExpiringUpload,
    /// The storage tracks uploads and can drop them.
    KnownUpload,
}

pub const SCENARIOS: [Scenario; 20] = [
    download("download 0 B", 0),
    download("download 1 B", 1),
    download("download 5 MiB - 1", 5 * MIB - 1),
    download("download 16 MiB", 16 * MIB),
    download("download 100 MiB", MANY_PARTS),
    other("download of a gzip object", download_gzip, Needs::Download),
    other("download, killed and resumed", download_killed, Needs::Download),
    other("download, first URL expired", download_refused, Needs::ExpiringDownload),
    other("download, outlives its URL", download_outlives_url, Needs::ExpiringDownload),
    other("download, replaced meanwhile", download_replaced, Needs::Download),
    other("download, killed, replaced", download_killed_and_replaced, Needs::Download),
    upload("upload 0 B", 0),
    upload("upload 1 B", 1),
    upload("upload 5 MiB - 1", 5 * MIB - 1),
    upload("upload 16 MiB", 16 * MIB),
    upload("upload 100 MiB", MANY_PARTS),
    other("upload, killed and resumed", upload_killed, Needs::Upload),
    other("upload, first URLs expired", upload_refused, Needs::ExpiringUpload),
    other("upload, outlives its URLs", upload_outlives_urls, Needs::ExpiringUpload),
    other("upload, killed, dropped", upload_dropped, Needs::KnownUpload),
];

const fn download(name: &'static str, size: u64) -> Scenario {
    Scenario { name, does: Does::Download(size) }
}

const fn upload(name: &'static str, size: u64) -> Scenario {
    Scenario { name, does: Does::Upload(size) }
}

const fn other(name: &'static str, run: fn(&Bench<'_>) -> Result<()>, needs: Needs) -> Scenario {
    Scenario { name, does: Does::Other(run, needs) }
}

impl Scenario {
    /// Runs the scenario on a store.
    pub fn run(&self, lab: &Lab, store: &'static Store) -> Cell {
        let needs = match self.does {
            Does::Download(_) => Needs::Download,
            Does::Upload(_) => Needs::Upload,
            Does::Other(_, needs) => needs,
        };
        if let Some(why) = missing(needs, store) {
            return Cell::None(why);
        }
        let done = Bench::new(lab, store, self.name).and_then(|bench| match self.does {
            Does::Download(size) => download_whole(&bench, size),
            Does::Upload(size) => upload_whole(&bench, size),
            Does::Other(run, _) => run(&bench),
        });
        match done {
            Ok(()) => Cell::Holds,
            Err(error) => Cell::Fails(format!("{error:#}")),
        }
    }
}

/// Why a scenario is not possible on a store.
fn missing(needs: Needs, store: &Store) -> Option<&'static str> {
    let uploads = matches!(needs, Needs::Upload | Needs::ExpiringUpload | Needs::KnownUpload);
    let expires = matches!(needs, Needs::ExpiringDownload | Needs::ExpiringUpload);
    if uploads && store.uploads == Uploads::Not {
        Some("only downloads differ")
    } else if expires && !store.expires {
        Some("expiry is not checked")
    } else if matches!(needs, Needs::KnownUpload) && store.uploads != Uploads::Multipart {
        Some("the storage does not track uploads")
    } else {
        None
    }
}

/// Shared by all scenarios: the gateway, the transfer program, and files.
pub struct Lab {
    pub gateway: Gateway,
    transfer: PathBuf,
    folder: PathBuf,
}

impl Lab {
    /// Writes the files to transfer below `folder`.
    pub fn new(gateway: Gateway, transfer: PathBuf, folder: &Path) -> Result<Self> {
        let lab = Self { gateway, transfer, folder: folder.to_owned() };
        fs::create_dir_all(folder).context("cannot create a folder")?;
        for size in [0, 1, 10, 5 * MIB - 1, 16 * MIB, LONG, MANY_PARTS] {
            lab.write(size, 0)?;
        }
        lab.write(LONG, 1)?;
        let (source, target) = (lab.file(5 * MIB - 1, 0), lab.packed());
        lab.gateway.command(&json!({ "do": "pack", "source": source, "target": target }))?;
        Ok(lab)
    }

    /// A file of `size` random bytes; versions differ.
    pub fn file(&self, size: u64, version: u64) -> PathBuf {
        self.folder.join(format!("{size}-{version}"))
    }

    /// A gzip file.
    pub fn packed(&self) -> PathBuf {
        self.folder.join("packed.gz")
    }

    fn write(&self, size: u64, version: u64) -> Result<()> {
        // xorshift64*: the same bytes in each run, all blocks different.
        let mut state = 0x9E37_79B9_7F4A_7C15_u64 ^ (size << 8) ^ (version + 1);
        let length = usize::try_from(size)?;
        let mut bytes = Vec::with_capacity(length + 8);
        while bytes.len() < length {
            state ^= state >> 12;
            state ^= state << 25;
            state ^= state >> 27;
            bytes.extend_from_slice(&state.wrapping_mul(0x2545_F491_4F6C_DD1D).to_le_bytes());
        }
        bytes.truncate(length);
        fs::write(self.file(size, version), bytes).context("cannot write a file")
    }
}

/// One scenario on one store.
struct Bench<'l> {
    lab: &'l Lab,
    store: &'static Store,
    /// For downloads and journals; deleted afterwards.
    folder: tempfile::TempDir,
    name: String,
}

impl<'l> Bench<'l> {
    fn new(lab: &'l Lab, store: &'static Store, scenario: &str) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("cell-").tempdir_in(&lab.folder)?;
        let bench = Self { lab, store, folder, name: scenario.replace([' ', ','], "-") };
        // Resets what the previous scenario set.
        bench.command("urls", json!({}))?;
        Ok(bench)
    }

    fn command(&self, what: &str, mut more: Value) -> Result<Value> {
        more["do"] = what.into();
        if matches!(what, "create" | "urls" | "calls" | "drop") {
            more["store"] = self.store.name.into();
        }
        self.lab.gateway.command(&more)
    }

    /// Creates a file without the client and returns its id.
    fn create(&self, source: &Path, encoding: Option<&str>) -> Result<String> {
        let created =
            self.command("create", json!({ "name": self.name, "source": source, "encoding": encoding }))?;
        created["id"].as_str().map(str::to_owned).context("the gateway returned no file")
    }

    /// The number of calls of a kind in this scenario.
    fn calls(&self, call: &str) -> Result<u64> {
        Ok(self.command("calls", json!({}))?[call].as_u64().unwrap_or(0))
    }

    fn target(&self) -> PathBuf {
        self.folder.path().join("downloaded")
    }

    fn downloader(&self, id: &str, rate: Option<u64>) -> Command {
        let mut command = self.transfer("download");
        command.arg(id).arg(self.target()).args(rate.map(|rate| rate.to_string()));
        command
    }

    fn uploader(&self, source: &Path, rate: Option<u64>) -> Command {
        let mut command = self.transfer("upload");
        command.arg(format!("witness/{}", self.store.name)).arg(source);
        command.arg(self.folder.path().join("state")).arg(PART.to_string());
        command.args(rate.map(|rate| rate.to_string()));
        command
    }

    fn transfer(&self, direction: &str) -> Command {
        let mut command = Command::new(&self.lab.transfer);
        command.args([direction, &self.lab.gateway.endpoint, &self.lab.gateway.token]);
        command
    }

    /// Fails unless the download succeeded and has the bytes of `source`.
    fn check_downloaded(&self, ran: &Ran, source: &Path) -> Result<()> {
        ensure!(ran.success, "{}", ran.reason());
        ensure!(is_same(&self.target(), source)?, "the downloaded bytes differ");
        Ok(())
    }

    /// Fails unless the upload succeeded, the storage has the bytes of `source`, and no upload is left.
    fn check_uploaded(&self, ran: &Ran, source: &Path) -> Result<()> {
        ensure!(ran.success, "{}", ran.reason());
        let file = ran.value("file").context("the upload printed no file")?;
        let compared = self.command("same", json!({ "file": file, "source": source }))?;
        ensure!(compared["same"] == true, "the uploaded bytes differ ({})", compared["size"]);
        let left = self.calls("under_way")?;
        ensure!(left == 0, "{left} uploads are left on the platform");
        Ok(())
    }

    /// Starts a download, kills it in the middle, and returns the id of the file.
    fn kill_download(&self, source: &Path) -> Result<String> {
        let id = self.create(source, None)?;
        Ran::killed_at(&mut self.downloader(&id, Some(RATE)), MIDDLE)?;
        ensure!(!self.target().exists(), "an incomplete file has the final name");
        Ok(id)
    }

    /// Starts an upload and kills it in the middle.
    fn kill_upload(&self, source: &Path) -> Result<()> {
        Ran::killed_at(&mut self.uploader(source, Some(MANY_PARTS_RATE)), MANY_PARTS_MIDDLE)?;
        let left = self.calls("under_way")?;
        ensure!(left == 1, "{left} uploads are under way after the kill");
        Ok(())
    }
}

fn is_same(one: &Path, other: &Path) -> Result<bool> {
    let read = |path: &Path| fs::read(path).with_context(|| format!("cannot read {}", path.display()));
    Ok(read(one)? == read(other)?)
}

fn download_whole(bench: &Bench<'_>, size: u64) -> Result<()> {
    let source = bench.lab.file(size, 0);
    let id = bench.create(&source, None)?;
    let ran = Ran::to_end(&mut bench.downloader(&id, None))?;
    bench.check_downloaded(&ran, &source)?;
    let urls = bench.calls("download_info")?;
    ensure!(urls == 1, "{urls} URLs for one download");
    Ok(())
}

/// The bytes arrive as stored.
fn download_gzip(bench: &Bench<'_>) -> Result<()> {
    let source = bench.lab.packed();
    let id = bench.create(&source, Some("gzip"))?;
    let ran = Ran::to_end(&mut bench.downloader(&id, None))?;
    bench.check_downloaded(&ran, &source)
}

/// The download resumes if versions of an object can be told apart.
fn download_killed(bench: &Bench<'_>) -> Result<()> {
    let source = bench.lab.file(LONG, 0);
    let id = bench.kill_download(&source)?;
    let ran = Ran::to_end(&mut bench.downloader(&id, None))?;
    bench.check_downloaded(&ran, &source)?;
    let resumed: u64 = ran.value("resumed").context("it does not print the resumed bytes")?.parse()?;
    let why = ran.value("started_over").unwrap_or("no reason given");
    ensure!(resumed > 0 || !bench.store.resumes, "it restarts from zero: {why}");
    Ok(())
}

/// One new URL is requested, or two if two requests are refused at the same time.
fn download_refused(bench: &Bench<'_>) -> Result<()> {
    let source = bench.lab.file(16 * MIB, 0);
    let id = bench.create(&source, None)?;
    bench.command("urls", json!({ "first_expired": true }))?;
    let ran = Ran::to_end(&mut bench.downloader(&id, None))?;
    bench.check_downloaded(&ran, &source)?;
    let urls = bench.calls("download_info")?;
    ensure!((2..=3).contains(&urls), "{urls} URLs, the first of which had expired");
    Ok(())
}

/// A pause ends the current requests, so later ones need another URL.
fn download_outlives_url(bench: &Bench<'_>) -> Result<()> {
    let source = bench.lab.file(LONG, 0);
    let id = bench.create(&source, None)?;
    bench.command("urls", json!({ "seconds": LIFE }))?;
    let ran = Ran::to_end(bench.downloader(&id, Some(RATE)).arg(PAUSE))?;
    bench.check_downloaded(&ran, &source)?;
    let urls = bench.calls("download_info")?;
    ensure!((2..=MOST_URLS).contains(&urls), "{urls} URLs for one download");
    Ok(())
}

/// The download fails or has one whole version; the next one has the new version.
fn download_replaced(bench: &Bench<'_>) -> Result<()> {
    let (old, new) = (bench.lab.file(LONG, 0), bench.lab.file(LONG, 1));
    let id = bench.create(&old, None)?;
    let mut replaced = false;
    let ran = Ran::with(&mut bench.downloader(&id, Some(RATE)), MIB, |_| {
        replaced = true;
        bench.command("replace", json!({ "file": id, "source": new })).map(drop)
    })?;
    ensure!(replaced, "it ended before the object could be replaced: {}", ran.reason());
    if ran.success {
        let whole = is_same(&bench.target(), &old)? || is_same(&bench.target(), &new)?;
        ensure!(whole, "a mixture of two versions is reported as a success");
    } else {
        ensure!(ran.reason().starts_with("Integrity"), "{}", ran.reason());
        ensure!(!bench.target().exists(), "a failed download left a file under the final name");
    }
    let ran = Ran::to_end(&mut bench.downloader(&id, None))?;
    bench.check_downloaded(&ran, &new)
}

/// The partial file is discarded.
fn download_killed_and_replaced(bench: &Bench<'_>) -> Result<()> {
    let new = bench.lab.file(LONG, 1);
    let id = bench.kill_download(&bench.lab.file(LONG, 0))?;
    bench.command("replace", json!({ "file": id, "source": new }))?;
    let ran = Ran::to_end(&mut bench.downloader(&id, None))?;
    bench.check_downloaded(&ran, &new)
}

fn upload_whole(bench: &Bench<'_>, size: u64) -> Result<()> {
    let source = bench.lab.file(size, 0);
    let ran = Ran::to_end(&mut bench.uploader(&source, None))?;
    bench.check_uploaded(&ran, &source)?;
    let (urls, parts) = (bench.calls("part_url")?, size.div_ceil(PART).max(1));
    ensure!(urls == parts, "{urls} URLs for {parts} parts");
    Ok(())
}

/// The same upload resumes, and confirmed parts are not sent again.
fn upload_killed(bench: &Bench<'_>) -> Result<()> {
    let source = bench.lab.file(MANY_PARTS, 0);
    bench.kill_upload(&source)?;
    let ran = Ran::to_end(&mut bench.uploader(&source, None))?;
    bench.check_uploaded(&ran, &source)?;
    ensure!(ran.began_at().is_some_and(|at| at > 0), "every part is sent again");
    let started = bench.calls("init")?;
    ensure!(started == 1, "{started} uploads were started for one file");
    Ok(())
}

fn upload_refused(bench: &Bench<'_>) -> Result<()> {
    let source = bench.lab.file(16 * MIB, 0);
    bench.command("urls", json!({ "first_expired": true }))?;
    let ran = Ran::to_end(&mut bench.uploader(&source, None))?;
    bench.check_uploaded(&ran, &source)?;
    let (urls, parts) = (bench.calls("part_url")?, (16 * MIB).div_ceil(PART));
    ensure!(urls == 2 * parts, "{urls} URLs for {parts} parts, the first of each had expired");
    Ok(())
}

fn upload_outlives_urls(bench: &Bench<'_>) -> Result<()> {
    let source = bench.lab.file(LONG, 0);
    bench.command("urls", json!({ "seconds": LIFE }))?;
    let ran = Ran::to_end(bench.uploader(&source, Some(RATE)).arg(PAUSE))?;
    bench.check_uploaded(&ran, &source)
}

/// The dropped upload is aborted on the platform, and the file is uploaded again.
fn upload_dropped(bench: &Bench<'_>) -> Result<()> {
    let source = bench.lab.file(MANY_PARTS, 0);
    bench.kill_upload(&source)?;
    let dropped = bench.command("drop", json!({}))?;
    ensure!(dropped["dropped"] == 1, "{} uploads were dropped", dropped["dropped"]);
    let ran = Ran::to_end(&mut bench.uploader(&source, None))?;
    bench.check_uploaded(&ran, &source)?;
    let started = bench.calls("init")?;
    ensure!(started == 2, "{started} uploads were started");
    Ok(())
}
