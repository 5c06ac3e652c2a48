//! A running emulator: how it starts, and what tests do with it directly, without a request.

use std::{io, sync::Arc, time::Duration};

use bytes::Bytes;

use crate::{
    api,
    builder::Builder,
    clock::Clock,
    faults::rules::Faults,
    http::{handler::Handlers, request_log::Recorded, security::Security, server},
    objects::{self, object::Object},
    shared::Shared,
    state::{persistence::Persistence, state_dir::StateDir, store::Store},
    world::{self, World},
};

/// A running platform. Dropping it closes both listeners and all their connections.
///
/// ```
/// let emulator = sbg_emulator::Emulator::builder().demo(true).start_blocking()?;
/// println!("{} with the token {}", emulator.url(), emulator.token());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Emulator {
    shared: Arc<Shared>,
    /// Stops the servers when it is dropped, and only then; see [`server::Running`].
    _running: server::Running,
    /// Saves the state to its directory, for the last time after the servers have stopped.
    _persistence: Option<Persistence>,
}

impl Emulator {
    /// Starts building an emulator.
    ///
    /// ```
    /// let emulator = sbg_emulator::Emulator::builder().rate_limit(20).start_blocking()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The base of the API: `http://127.0.0.1:PORT/v2`, or with `https`.
    ///
    /// ```
    /// # let emulator = sbg_emulator::Emulator::builder().start_blocking()?;
    /// assert!(emulator.url().starts_with("http://127.0.0.1:"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn url(&self) -> &str {
        &self.shared.api_base
    }

    /// The origin of the object store that signed URLs point to: `http://127.0.0.1:PORT`.
    ///
    /// ```
    /// # let emulator = sbg_emulator::Emulator::builder().start_blocking()?;
    /// assert!(!emulator.url().starts_with(emulator.storage_url()), "they are two origins");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn storage_url(&self) -> &str {
        self.shared.store.origin()
    }

    /// The certificate that clients have to trust, in PEM; `None` if both origins speak HTTP.
    ///
    /// ```
    /// # #[cfg(feature = "tls")] {
    /// let emulator = sbg_emulator::Emulator::builder().tls(true).start_blocking()?;
    /// assert!(emulator.ca_pem().is_some_and(|pem| pem.starts_with("-----BEGIN CERTIFICATE-----")));
    /// # }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn ca_pem(&self) -> Option<&str> {
        match &self.shared.security {
            Security::Plain => None,
            #[cfg(feature = "tls")]
            Security::Tls(identity) => Some(identity.ca_pem()),
        }
    }

    /// The authentication token of `rfranklin`: 32 hexadecimal characters.
    ///
    /// ```
    /// # let emulator = sbg_emulator::Emulator::builder().start_blocking()?;
    /// assert_eq!(emulator.token().len(), 32);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn token(&self) -> String {
        self.token_of(world::users::FIRST).unwrap_or_default()
    }

    /// The authentication token of a user; `None` if there is no such user.
    ///
    /// ```
    /// # let emulator = sbg_emulator::Emulator::builder().start_blocking()?;
    /// assert!(emulator.token_of("fcrick").is_some_and(|token| token != emulator.token()));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn token_of(&self, username: &str) -> Option<String> {
        self.shared.world().users.get(username).map(|user| user.token.clone())
    }

    /// The clock of the emulator, to advance time.
    ///
    /// ```
    /// # let emulator = sbg_emulator::Emulator::builder().start_blocking()?;
    /// emulator.clock().advance(std::time::Duration::from_secs(3600));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    /// The fault rules: add, remove and count them while the emulator runs.
    ///
    /// ```
    /// # let emulator = sbg_emulator::Emulator::builder().start_blocking()?;
    /// use sbg_emulator::{Action, FaultRule};
    ///
    /// emulator.faults().add(FaultRule::storage(Action::CutBody(1000)).method("GET").first(1));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn faults(&self) -> &Faults {
        &self.shared.faults
    }

    /// Every request to either origin, in the order of arrival.
    ///
    /// ```
    /// # let emulator = sbg_emulator::Emulator::builder().start_blocking()?;
    /// assert!(emulator.requests().is_empty());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn requests(&self) -> Vec<Recorded> {
        self.shared.log.all()
    }

    /// Clears the list of recorded requests.
    ///
    /// ```
    /// # let emulator = sbg_emulator::Emulator::builder().start_blocking()?;
    /// emulator.clear_requests();
    /// assert!(emulator.requests().is_empty());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn clear_requests(&self) {
        self.shared.log.clear();
    }

    /// Creates a project of `rfranklin` without a request and returns its id. An existing project is left unchanged.
    ///
    /// ```
    /// # let emulator = sbg_emulator::Emulator::builder().start_blocking()?;
    /// assert_eq!(emulator.create_project("Fibre diffraction"), "rfranklin/fibre-diffraction");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If the name is blank.
    pub fn create_project(&self, name: &str) -> String {
        self.shared.world().seed_project(name)
    }

    /// Puts a file into a project without a request and returns its id.
    ///
    /// `path` may contain folders (`a/b/reads.fastq`); missing ones are created. A file with the same name
    /// is replaced.
    ///
    /// ```
    /// # let emulator = sbg_emulator::Emulator::builder().start_blocking()?;
    /// emulator.create_project("demo");
    /// let id = emulator.create_file("rfranklin/demo", "reads/reads.fastq.gz", "ACGT");
    /// assert_eq!(emulator.file_content(&id), Some(b"ACGT".to_vec()));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If the project does not exist, or if the path uses a file as a folder or a folder as a file.
    pub fn create_file(&self, project: &str, path: &str, content: impl Into<Bytes>) -> String {
        let object = Object::new(vec![content.into()], self.shared.clock.timestamp());
        self.shared.world().seed_file(project, path, object)
    }

    /// Like [`Emulator::create_file`], with content that is already compressed: reads have
    /// `Content-Encoding: gzip`, and the flavors that decompress such objects do so for clients that do not accept gzip.
    ///
    /// ```
    /// # let emulator = sbg_emulator::Emulator::builder().start_blocking()?;
    /// # let reads = [0x1f_u8, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    /// emulator.create_project("demo");
    /// let id = emulator.create_gzip_file("rfranklin/demo", "reads.txt", reads.to_vec());
    /// assert_eq!(emulator.file_content(&id), Some(reads.to_vec()), "the file is what is stored");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Panics
    ///
    /// As [`Emulator::create_file`].
    pub fn create_gzip_file(&self, project: &str, path: &str, stored: impl Into<Bytes>) -> String {
        let object = Object::new(vec![stored.into()], self.shared.clock.timestamp()).with_gzip();
        self.shared.world().seed_file(project, path, object)
    }

    /// Replaces the content of a file in place, as if someone wrote to the storage behind the platform: the id of the file and its
    /// signed URLs stay the same. Returns false if the file does not exist.
    ///
    /// ```
    /// # let emulator = sbg_emulator::Emulator::builder().start_blocking()?;
    /// emulator.create_project("demo");
    /// let id = emulator.create_file("rfranklin/demo", "reads.txt", "ACGT");
    /// assert!(emulator.replace_file(&id, "TGCA"));
    /// assert_eq!(emulator.file_content(&id), Some(b"TGCA".to_vec()));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn replace_file(&self, id: &str, content: impl Into<Bytes>) -> bool {
        let object = Object::new(vec![content.into()], self.shared.clock.timestamp());
        self.shared.world().replace_content(id, object)
    }

    /// Drops an upload on the storage, as a lifecycle rule for incomplete uploads does: its parts are deleted and later ones refused, while
    /// the platform still lists it. Returns false if the storage has no such upload.
    ///
    /// ```
    /// # let emulator = sbg_emulator::Emulator::builder().start_blocking()?;
    /// assert!(!emulator.drop_upload("an upload that nobody began"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn drop_upload(&self, upload_id: &str) -> bool {
        self.shared.changed();
        self.shared.store.close_upload(upload_id)
    }

    /// Like [`Emulator::create_file`], with `size` bytes of a repeating pattern that takes no memory: a pebibyte is as
    /// cheap as a byte. The period of the pattern is prime, so a range that is shifted by a typical offset is noticed.
    ///
    /// ```
    /// # let emulator = sbg_emulator::Emulator::builder().start_blocking()?;
    /// emulator.create_project("demo");
    /// let terabyte = emulator.create_large_file("rfranklin/demo", "S1.bam", 1 << 40);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Panics
    ///
    /// As [`Emulator::create_file`].
    pub fn create_large_file(&self, project: &str, path: &str, size: u64) -> String {
        let object = Object::pattern(size, self.shared.clock.timestamp());
        self.shared.world().seed_file(project, path, object)
    }

    /// Puts an object into a bucket without a request, whether or not a volume uses the bucket.
    ///
    /// ```
    /// # let emulator = sbg_emulator::Emulator::builder().start_blocking()?;
    /// emulator.put_object("lab-bucket", "runs/51/reads.fastq.gz", "ACGT")?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the bucket is a folder ([`Builder::volume_folder`]) and the object cannot be written to it.
    pub fn put_object(&self, bucket: &str, key: &str, content: impl Into<Bytes>) -> io::Result<()> {
        let object = Arc::new(Object::new(vec![content.into()], self.shared.clock.timestamp()));
        self.shared.world().bucket_mut(bucket).put(key, &object)
    }

    /// The bytes of an object in a bucket; `None` if it does not exist.
    ///
    /// ```
    /// # let emulator = sbg_emulator::Emulator::builder().start_blocking()?;
    /// emulator.put_object("lab-bucket", "runs/51/reads.fastq.gz", "ACGT")?;
    /// assert_eq!(emulator.object("lab-bucket", "runs/51/reads.fastq.gz"), Some(b"ACGT".to_vec()));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn object(&self, bucket: &str, key: &str) -> Option<Vec<u8>> {
        let mut world = self.shared.world();
        world.settle();
        Some(world.bucket_mut(bucket).get(key)?.to_vec())
    }

    /// Makes the next `count` tasks that start running fail.
    ///
    /// ```
    /// # let emulator = sbg_emulator::Emulator::builder().start_blocking()?;
    /// emulator.fail_next_tasks(1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn fail_next_tasks(&self, count: u32) {
        self.shared.world().fail_next_tasks(count);
    }

    /// The content of a file; `None` if the file does not exist or is a folder.
    ///
    /// ```
    /// # let emulator = sbg_emulator::Emulator::builder().start_blocking()?;
    /// emulator.create_project("demo");
    /// let id = emulator.create_file("rfranklin/demo", "reads.fastq.gz", "ACGT");
    /// assert_eq!(emulator.file_content(&id), Some(b"ACGT".to_vec()));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn file_content(&self, id: &str) -> Option<Vec<u8>> {
        let mut world = self.shared.world();
        world.settle();
        Some(world.object_of(id)?.to_vec())
    }
}

impl Builder {
    /// Starts the emulator on its own thread. It works with any runtime of the caller, and also while that is blocked.
    ///
    /// ```
    /// # async fn example() -> std::io::Result<()> {
    /// let emulator = sbg_emulator::Emulator::builder().start().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If an address cannot be bound, a thread cannot be started, or the directory of [`Builder::data`] cannot be used:
    /// another emulator uses it, it is damaged, has another version, or was not written by an emulator.
    pub fn start(self) -> impl Future<Output = io::Result<Emulator>> + Send {
        // Nothing is awaited yet; the signature leaves room for it.
        std::future::ready(self.start_blocking())
    }

    /// [`Builder::start`] for synchronous programs.
    ///
    /// ```
    /// let emulator = sbg_emulator::Emulator::builder().start_blocking()?;
    /// println!("export SB_API_ENDPOINT={} SB_AUTH_TOKEN={}", emulator.url(), emulator.token());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If an address cannot be bound, a thread cannot be started, or the directory of [`Builder::data`] cannot be used:
    /// another emulator uses it, it is damaged, has another version, or was not written by an emulator.
    pub fn start_blocking(self) -> io::Result<Emulator> {
        launch(self)
    }
}

const HANDLERS: Handlers = Handlers {
    api: |exchange| Box::pin(api::respond(exchange)),
    storage: |exchange| Box::pin(objects::http::respond(exchange)),
};

/// Builds or restores the state and starts the servers.
fn launch(builder: Builder) -> io::Result<Emulator> {
    let (config, faults) = builder.into_parts();
    let security = Security::new(&config)?;
    let state_dir = config.data.as_deref().map(StateDir::open).transpose()?;
    let saved = state_dir.as_ref().map(StateDir::load).transpose()?.flatten();
    let listeners = server::Listeners::bind(&config)?;
    let clock = Clock::behind(config.clock_behind);
    let blobs = state_dir.as_ref().map(|dir| Arc::clone(&dir.blobs));
    let mut store = Store::new(listeners.storage_origin(), clock.clone(), blobs);
    let (store, world) = match saved {
        Some(saved) => {
            clock.advance(Duration::from_nanos(saved.ahead_nanos));
            store.restore(saved.store)?;
            let store = Arc::new(store);
            let world = World::restored(saved.world, &config, clock.clone(), Arc::clone(&store))?;
            (store, world)
        }
        None => {
            let store = Arc::new(store);
            let world = World::new(&config, clock.clone(), Arc::clone(&store));
            (store, world)
        }
    };
    let api_origin = listeners.api_origin().to_owned();
    let shared = Arc::new(Shared::new(config, faults, clock, security, &api_origin, (store, world))?);
    let persistence = state_dir.map(|dir| Persistence::start(dir, Arc::clone(&shared))).transpose()?;
    let running = server::start(listeners, &shared, HANDLERS)?;
    Ok(Emulator { shared, _running: running, _persistence: persistence })
}
