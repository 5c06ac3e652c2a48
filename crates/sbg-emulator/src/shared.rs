//! What both servers, the control endpoint and the handle share.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use parking_lot::{Mutex, MutexGuard};

use crate::{
    api::document::Document,
    clock::Clock,
    config::Config,
    faults::rules::Faults,
    http::{rate_limit::RateLimiter, request_log::RequestLog, security::Security, traffic::Traffic},
    objects::profile::StorageProfile,
    state::store::Store,
    world::World,
};

/// What both servers, the control endpoint and the handle share.
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) clock: Clock,
    pub(crate) faults: Faults,
    pub(crate) log: Arc<RequestLog>,
    pub(crate) traffic: Option<Traffic>,
    pub(crate) limiter: Mutex<RateLimiter>,
    /// In strict mode, what requests are checked against.
    pub(crate) document: Option<Document>,
    pub(crate) store: Arc<Store>,
    /// How the object store behaves.
    pub(crate) storage: StorageProfile,
    pub(crate) security: Security,
    /// `http://host:port/v2`
    pub(crate) api_base: String,
    world: Mutex<World>,
    /// Counts possible changes of the state.
    uses: AtomicU64,
}

impl Shared {
    /// Opens the traffic file, if one is configured.
    pub(crate) fn new(
        config: Config,
        faults: Faults,
        clock: Clock,
        security: Security,
        api_origin: &str,
        (store, world): (Arc<Store>, World),
    ) -> io::Result<Self> {
        Ok(Self {
            limiter: Mutex::new(RateLimiter::new(config.rate_limit)),
            log: Arc::new(RequestLog::new(config.record)),
            storage: config.storage_profile(),
            traffic: config.traffic.as_deref().map(Traffic::append).transpose()?,
            document: config.strict.then(Document::load),
            api_base: format!("{api_origin}/v2"),
            world: Mutex::new(world),
            uses: AtomicU64::new(0),
            config,
            clock,
            faults,
            store,
            security,
        })
    }

    /// Locks the state of the platform. A handler that panicked has not left it unusable: each change is made at once, after
    /// all checks.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.changed();
        self.state()
    }

    /// [`Shared::world`] for reads.
    pub(crate) fn state(&self) -> MutexGuard<'_, World> {
        self.world.lock()
    }

    /// Marks the state as possibly changed.
    pub(crate) fn changed(&self) {
        self.uses.fetch_add(1, Ordering::Relaxed);
    }

    /// A value that differs whenever the state may have changed.
    pub(crate) fn changes(&self) -> (u64, u64) {
        (self.uses.load(Ordering::Relaxed), self.clock.ahead_nanos())
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared")
            .field("api_base", &self.api_base)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
