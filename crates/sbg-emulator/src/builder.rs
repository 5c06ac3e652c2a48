//! The settings of an emulator.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use crate::{
    config::Config,
    faults::rules::{FaultRule, Faults},
    objects::{flavor::StorageFlavor, quirk::StorageQuirk},
};

/// Describes an emulator before it starts. The defaults are those of the real platform.
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
                traffic: None,
                state_time: Duration::from_millis(50),
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
    /// Where the API listens. Without it, a free port of the loopback address.
    ///
    /// ```
    /// let builder = sbg_emulator::Emulator::builder().listen(([127, 0, 0, 1], 8080).into());
    /// ```
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.config.listen = address;
        self
    }

    /// Where the object store listens. Without it, a free port of the address of the API.
    ///
    /// ```
    /// let builder = sbg_emulator::Emulator::builder().listen(([127, 0, 0, 1], 8080).into());
    /// let builder = builder.storage_listen(([127, 0, 0, 1], 8081).into());
    /// ```
    pub fn storage_listen(mut self, address: SocketAddr) -> Self {
        self.config.storage_listen = Some(address);
        self
    }

    /// The token of `rfranklin`. Without it, a random one.
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

    /// Requests that each user may send in 300 seconds. Without it, 1000.
    ///
    /// ```
    /// let emulator = sbg_emulator::Emulator::builder().rate_limit(3).start_blocking()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn rate_limit(mut self, requests: u32) -> Self {
        self.config.rate_limit = requests;
        self
    }

    /// How long signed URLs are valid. Without it, an hour.
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

    /// The part size of uploads that ask for none, or for one that cannot be had. Without it, 32 MiB.
    ///
    /// ```
    /// let builder = sbg_emulator::Emulator::builder().part_size(8 << 20);
    /// ```
    pub fn part_size(mut self, bytes: u64) -> Self {
        self.config.part_size = bytes.max(1);
        self
    }

    /// The smallest size of a part other than the last. Without it, 5 MiB.
    ///
    /// ```
    /// let small_parts_for_tests = sbg_emulator::Emulator::builder().min_part_size(1).part_size(4);
    /// ```
    pub fn min_part_size(mut self, bytes: u64) -> Self {
        self.config.min_part_size = bytes;
        self
    }

    /// How long each request waits before it is looked at.
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

    /// Bytes per second that one connection carries in each direction. Without it, no limit.
    ///
    /// ```
    /// let a_megabyte_a_second = sbg_emulator::Emulator::builder().bandwidth(1_000_000);
    /// ```
    pub fn bandwidth(mut self, bytes_per_second: u64) -> Self {
        self.config.bandwidth = Some(bytes_per_second.max(1));
        self
    }

    /// Arms a fault from the start. See [`Faults`] to do so while the emulator runs.
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

    /// Which kind of object storage is played. Without it, S3.
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

    /// Which kind of object storage is played if [`Builder::storage`] does not say, whichever of the two is called first. Test suites
    /// that run over every flavor set it, so that a test that needs a particular one keeps it.
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

    /// Changes one trait of the storage; may be called several times.
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

    /// Whether requests are kept for [`Emulator::requests`]. Without it, they are.
    ///
    /// ```
    /// let for_a_benchmark = sbg_emulator::Emulator::builder().record(false);
    /// ```
    pub fn record(mut self, record: bool) -> Self {
        self.config.record = record;
        self
    }

    /// Keeps everything in a folder, so that it survives a restart: the state of the platform, the bytes of objects, the clock and the
    /// tokens. Without it, everything is in memory.
    ///
    /// The folder is made if it is missing. What changes is written within a fraction of a second, and when the emulator is dropped;
    /// an emulator that is killed leaves the state that was written last. Settings, faults and what was seen of requests are not kept.
    ///
    /// ```no_run
    /// let emulator = sbg_emulator::Emulator::builder().data("emulator-state").start_blocking()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn data(mut self, folder: impl Into<PathBuf>) -> Self {
        self.config.data = Some(folder.into());
        self
    }

    /// Whether the bytes of uploads are thrown away once they were read and hashed, which is for measuring. Without it, they are kept.
    ///
    /// Sizes and entity tags are those of what was sent; files that are read show the pattern of [`Emulator::create_large_file`].
    ///
    /// ```
    /// let for_a_benchmark = sbg_emulator::Emulator::builder().discard_uploads(true);
    /// ```
    pub fn discard_uploads(mut self, discard: bool) -> Self {
        self.config.discard_uploads = discard;
        self
    }

    /// Whether both origins speak HTTPS. Without it, they speak HTTP.
    ///
    /// The certificate is for `127.0.0.1`, `::1`, `localhost` and the addresses that are listened on. It is signed by an authority that
    /// is made at each start: clients have to trust [`Emulator::ca_pem`].
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

    /// Writes every exchange with the API to the end of a file, a JSON object on each line: `method`, `path` (below `/v2`), `query`,
    /// `request`, `status` and `response`, without a bound. Nothing is masked, and answers that a fault gave are left out.
    ///
    /// With a folder that is there, it is a new file in it, whose name begins with that of the thread that starts the emulator. A
    /// specification can be held against such files.
    ///
    /// ```
    /// let builder = sbg_emulator::Emulator::builder().traffic("traffic.jsonl");
    /// ```
    pub fn traffic(mut self, file_or_folder: impl Into<PathBuf>) -> Self {
        self.config.traffic = Some(file_or_folder.into());
        self
    }

    /// Whether to begin with a small world: projects, files, apps, tasks, a volume and bills. Without it, there are users, two
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

    /// Puts a folder of this computer behind a bucket: volumes with the bucket show the files in it, and exports are written to
    /// it. Buckets without a folder are in memory.
    ///
    /// ```
    /// let builder = sbg_emulator::Emulator::builder().volume_folder("lab-bucket", "/srv/sequencer");
    /// ```
    pub fn volume_folder(mut self, bucket: impl Into<String>, folder: impl Into<PathBuf>) -> Self {
        self.config.volume_folders.push((bucket.into(), folder.into()));
        self
    }

    /// How long tasks, imports, exports and other jobs stay in each of their states. Without it, 50 ms.
    ///
    /// It is measured by [`Emulator::clock`]: with a long time, a test decides itself when states change.
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

    /// The settings and the armed rules.
    pub(crate) fn into_parts(self) -> (Config, Faults) {
        let faults = Faults::default();
        for rule in self.rules {
            faults.add(rule);
        }
        (self.config, faults)
    }
}
