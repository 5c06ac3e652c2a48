//! The settings of an emulator.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use crate::{
    config::Config,
    faults::rules::{FaultRule, Faults},
    objects::{flavor::StorageFlavor, quirk::StorageQuirk},
};

/// Configures an emulator before it starts. The defaults are those of the real platform.
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// use std::time::Duration;
///
/// let emulator = sbg_emulator::Emulator::builder()
///     .rate_limit(20)
///     .url_lifetime(Duration::from_secs(60))
///     .min_part_size(1)
///     .start()
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Builder {
    config: Config,
    rules: Vec<FaultRule>,
}

const MIB: u64 = 1024 * 1024;

impl Default for Builder {
    fn default() -> Self {
        Self {
            config: Config {
                listen: SocketAddr::from(([127, 0, 0, 1], 0)),
                storage_listen: None,
                token: None,
                rate_limit: 1000,
                url_lifetime: Duration::from_secs(3600),
                part_size: 32 * MIB,
                min_part_size: 5 * MIB,
                latency: Duration::ZERO,
                bandwidth: None,
                record: true,
                strict: false,
                console: None,
                docs: None,
                traffic: None,
                state_time: Duration::from_millis(50),
                clock_behind: Duration::ZERO,
                volume_folders: Vec::new(),
                demo: false,
                tls: false,
                data: None,
                discard_uploads: false,
                storage: None,
                default_storage: StorageFlavor::default(),
                quirks: Vec::new(),
            },
            rules: Vec::new(),
        }
    }
}

impl Builder {
    /// The address of the API. Default: a free port of the loopback interface.
    ///
    /// ```
    /// let builder = sbg_emulator::Emulator::builder().listen(([127, 0, 0, 1], 8080).into());
    /// ```
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.config.listen = address;
        self
    }

    /// The address of the object store. Default: a free port of the interface of the API.
    ///
    /// ```
    /// let builder = sbg_emulator::Emulator::builder().listen(([127, 0, 0, 1], 8080).into());
    /// let builder = builder.storage_listen(([127, 0, 0, 1], 8081).into());
    /// ```
    pub fn storage_listen(mut self, address: SocketAddr) -> Self {
        self.config.storage_listen = Some(address);
        self
    }

    /// The token of `rfranklin`. Default: random.
    ///
    /// ```
    /// let token = "0123456789abcdef0123456789abcdef";
    /// let emulator = sbg_emulator::Emulator::builder().token(token).start_blocking()?;
    /// assert_eq!(emulator.token(), token);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.config.token = Some(token.into());
        self
    }

    /// Requests that each user may send in 300 seconds. Default: 1000.
    ///
    /// ```
    /// let emulator = sbg_emulator::Emulator::builder().rate_limit(3).start_blocking()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn rate_limit(mut self, requests: u32) -> Self {
        self.config.rate_limit = requests;
        self
    }

    /// How long signed URLs are valid. Default: one hour.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let emulator = sbg_emulator::Emulator::builder().url_lifetime(Duration::from_secs(60)).start_blocking()?;
    /// emulator.clock().advance(Duration::from_secs(61));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn url_lifetime(mut self, lifetime: Duration) -> Self {
        self.config.url_lifetime = lifetime;
        self
    }

    /// The part size of uploads that request none, or an impossible one. Default: 32 MiB.
    ///
    /// ```
    /// let builder = sbg_emulator::Emulator::builder().part_size(8 << 20);
    /// ```
    pub fn part_size(mut self, bytes: u64) -> Self {
        self.config.part_size = bytes.max(1);
        self
    }

    /// The smallest size of a part other than the last. Default: 5 MiB.
    ///
    /// ```
    /// let small_parts_for_tests = sbg_emulator::Emulator::builder().min_part_size(1).part_size(4);
    /// ```
    pub fn min_part_size(mut self, bytes: u64) -> Self {
        self.config.min_part_size = bytes;
        self
    }

    /// The delay before each request is processed. Default: none.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let far_away = sbg_emulator::Emulator::builder().latency(Duration::from_millis(120));
    /// ```
    pub fn latency(mut self, latency: Duration) -> Self {
        self.config.latency = latency;
        self
    }

    /// Bytes per second and connection in each direction. Default: unlimited.
    ///
    /// ```
    /// let a_megabyte_a_second = sbg_emulator::Emulator::builder().bandwidth(1_000_000);
    /// ```
    pub fn bandwidth(mut self, bytes_per_second: u64) -> Self {
        self.config.bandwidth = Some(bytes_per_second.max(1));
        self
    }

    /// Adds a fault rule from the start. See [`Faults`] to add rules while the emulator runs.
    ///
    /// ```
    /// use sbg_emulator::{Action, Emulator, FaultRule};
    ///
    /// let builder = Emulator::builder().fault(FaultRule::api(Action::Maintenance).first(2));
    /// let as_text = Emulator::builder().fault("api:first=2:maintenance".parse()?);
    /// # Ok::<(), sbg_emulator::ParseFaultError>(())
    /// ```
    pub fn fault(mut self, rule: FaultRule) -> Self {
        self.rules.push(rule);
        self
    }

    /// The kind of object storage to emulate. Default: S3.
    ///
    /// ```
    /// use sbg_emulator::{Emulator, StorageFlavor};
    ///
    /// let emulator = Emulator::builder().storage(StorageFlavor::Gcs).start_blocking()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn storage(mut self, flavor: StorageFlavor) -> Self {
        self.config.storage = Some(flavor);
        self
    }

    /// The kind of object storage to emulate unless [`Builder::storage`] is called, before or after. Test suites
    /// that run over every flavor set it, so that a test that needs a particular flavor keeps it.
    ///
    /// ```
    /// use sbg_emulator::{Emulator, StorageFlavor};
    ///
    /// let builder = Emulator::builder().default_storage(StorageFlavor::Swift);
    /// ```
    pub fn default_storage(mut self, flavor: StorageFlavor) -> Self {
        self.config.default_storage = flavor;
        self
    }

    /// Changes one trait of the storage. Can be called several times.
    ///
    /// ```
    /// use sbg_emulator::{EmptyRange, Emulator, StorageFlavor, StorageQuirk};
    ///
    /// let a_plain_file_server = Emulator::builder()
    ///     .storage(StorageFlavor::Static)
    ///     .storage_quirk(StorageQuirk::NoRanges)
    ///     .storage_quirk(StorageQuirk::NoValidators);
    /// let like_s3rver = Emulator::builder().storage_quirk(StorageQuirk::EmptyRange(EmptyRange::MissingByte));
    /// ```
    pub fn storage_quirk(mut self, quirk: StorageQuirk) -> Self {
        self.config.quirks.push(quirk);
        self
    }

    /// Whether requests are recorded for [`Emulator::requests`](crate::Emulator::requests). Default: yes.
    ///
    /// ```
    /// let for_a_benchmark = sbg_emulator::Emulator::builder().record(false);
    /// ```
    pub fn record(mut self, record: bool) -> Self {
        self.config.record = record;
        self
    }

    /// Whether requests are checked against the OpenAPI document, for those who test their own client. Default: no.
    ///
    /// By default, the emulator is as liberal as the platform: it takes null for absent properties, texts for booleans, numbers as
    /// metadata, and ignores unknown query parameters. In strict mode, an operation, a query parameter, a property or a type that the
    /// document does not have is refused with 400 and a message that names it.
    ///
    /// ```
    /// let emulator = sbg_emulator::Emulator::builder().strict(true).start_blocking()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn strict(mut self, strict: bool) -> Self {
        self.config.strict = strict;
        self
    }

    /// Whether to serve the console, a page for people at `/` of the API. Default: only if the API listens on a loopback address.
    ///
    /// Everyone who can reach the API can change faults and the clock through it. It shows the token only if [`Builder::token`] was called.
    ///
    /// ```
    /// let in_a_container = sbg_emulator::Emulator::builder().listen(([0, 0, 0, 0], 8080).into()).console(true);
    /// ```
    pub fn console(mut self, console: bool) -> Self {
        self.config.console = Some(console);
        self
    }

    /// Keeps everything in a directory, so that it survives a restart: the state of the platform, the bytes of objects, the clock and the
    /// tokens. Default: everything stays in memory.
    ///
    /// A missing directory is created. Changes are saved within a fraction of a second, and when the emulator is dropped;
    /// after a kill, the last saved state is there. Settings, fault rules and recorded requests are not saved.
    ///
    /// ```no_run
    /// let emulator = sbg_emulator::Emulator::builder().data("emulator-state").start_blocking()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn data(mut self, folder: impl Into<PathBuf>) -> Self {
        self.config.data = Some(folder.into());
        self
    }

    /// Whether the bytes of uploads are discarded after they are read and hashed, for benchmarks. Default: no.
    ///
    /// Sizes and entity tags are those of the uploaded bytes; reads return the pattern of [`Emulator::create_large_file`](crate::Emulator::create_large_file).
    ///
    /// ```
    /// let for_a_benchmark = sbg_emulator::Emulator::builder().discard_uploads(true);
    /// ```
    pub fn discard_uploads(mut self, discard: bool) -> Self {
        self.config.discard_uploads = discard;
        self
    }

    /// Whether both origins use HTTPS. Default: no.
    ///
    /// The certificate is valid for `127.0.0.1`, `::1`, `localhost` and the bound addresses. It is signed by a certificate authority
    /// that is created at each start: clients have to trust [`Emulator::ca_pem`](crate::Emulator::ca_pem).
    ///
    /// ```
    /// let emulator = sbg_emulator::Emulator::builder().tls(true).start_blocking()?;
    /// assert!(emulator.url().starts_with("https://"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[cfg(feature = "tls")]
    pub fn tls(mut self, tls: bool) -> Self {
        self.config.tls = tls;
        self
    }

    /// Serves this HTML file at `/docs` of the API, where the console is served: the reference of the API, which `cargo xtask docs` of the
    /// repository writes. The file is read on each request. Default: a page that says so.
    ///
    /// ```
    /// let builder = sbg_emulator::Emulator::builder().docs("target/docs/index.html");
    /// ```
    pub fn docs(mut self, file: impl Into<PathBuf>) -> Self {
        self.config.docs = Some(file.into());
        self
    }

    /// Appends every exchange with the API to a file, one JSON object a line: `method`, `path` (below `/v2`), `query`,
    /// `request`, `status` and `response`, of any size. Nothing is redacted. Responses made by a fault rule are left out.
    ///
    /// An existing directory gets a new file, whose name begins with the name of the thread that starts the emulator. A
    /// specification can be checked against such files.
    ///
    /// ```
    /// let builder = sbg_emulator::Emulator::builder().traffic("traffic.jsonl");
    /// ```
    pub fn traffic(mut self, file_or_folder: impl Into<PathBuf>) -> Self {
        self.config.traffic = Some(file_or_folder.into());
        self
    }

    /// Whether to start with sample data: projects, files, apps, tasks, a volume and bills. Default: only users, two
    /// datasets and the public apps.
    ///
    /// ```
    /// let emulator = sbg_emulator::Emulator::builder().demo(true).start_blocking()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn demo(mut self, demo: bool) -> Self {
        self.config.demo = demo;
        self
    }

    /// Backs a bucket with a local folder: volumes of the bucket show the files in it, and exports are written to
    /// it. Other buckets are in memory.
    ///
    /// ```
    /// let builder = sbg_emulator::Emulator::builder().volume_folder("lab-bucket", "/srv/sequencer");
    /// ```
    pub fn volume_folder(mut self, bucket: impl Into<String>, folder: impl Into<PathBuf>) -> Self {
        self.config.volume_folders.push((bucket.into(), folder.into()));
        self
    }

    /// How long tasks, imports, exports and other jobs stay in each state. Default: 50 ms.
    ///
    /// It is measured by [`Emulator::clock`](crate::Emulator::clock): with a long time, a test decides when states change.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let emulator = sbg_emulator::Emulator::builder().state_time(Duration::from_secs(60)).start_blocking()?;
    /// emulator.clock().advance(Duration::from_secs(60));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn state_time(mut self, time: Duration) -> Self {
        self.config.state_time = time;
        self
    }

    /// How far the clock starts behind the real time, for programs that must work although the clock of their machine is fast. Default: 0.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    ///
    /// let ten_minutes = Duration::from_secs(600);
    /// let emulator = sbg_emulator::Emulator::builder().clock_behind(ten_minutes).start_blocking()?;
    /// assert!(emulator.clock().now() <= SystemTime::now() - ten_minutes);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn clock_behind(mut self, by: Duration) -> Self {
        self.config.clock_behind = by;
        self
    }

    /// The settings and the fault rules.
    pub(crate) fn into_parts(self) -> (Config, Faults) {
        let faults = Faults::default();
        for rule in self.rules {
            faults.add(rule);
        }
        (self.config, faults)
    }
}
