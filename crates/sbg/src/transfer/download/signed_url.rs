//! The signed URL of a file, shared by all its workers and renewed once for all of them.

use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};

use super::source::UrlSource;
use crate::error::Result;
use crate::transfer::engine::storage::Link;
use crate::transfer::engine::storage::url_age::UrlAge;

/// The signed URL of a file. Each renewal starts a new generation. Clones share it.
#[derive(Clone, Debug)]
pub(in crate::transfer) struct RenewableUrl(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    source: UrlSource,
    current: Mutex<Current>,
    /// Held during a renewal. Other workers wait for its result.
    renewal: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Current {
    generation: u32,
    signed: Option<SignedUrl>,
}

/// The URL of one generation.
#[derive(Clone, Debug)]
pub(in crate::transfer) struct SignedUrl {
    generation: u32,
    pub(in crate::transfer) link: Link,
    pub(in crate::transfer) age: UrlAge,
}

impl RenewableUrl {
    pub(in crate::transfer) fn new(source: UrlSource) -> Self {
        let (current, renewal) = (Mutex::default(), tokio::sync::Mutex::default());
        Self(Arc::new(Shared { source, current, renewal }))
    }

    /// Id of the file, or URI of the object.
    pub(in crate::transfer) fn name(&self) -> &str {
        self.0.source.name()
    }

    /// The URL. Renews it if it has expired or is about to.
    pub(in crate::transfer) async fn get(&self) -> Result<SignedUrl> {
        let _renewal = self.0.renewal.lock().await;
        if let Some(signed) = self.at_hand() {
            return Ok(signed);
        }
        let link = self.0.source.renew().await?;
        let mut current = self.current();
        let generation = current.generation + 1;
        let signed = SignedUrl { generation, age: UrlAge::of(link.url(), None), link };
        *current = Current { generation, signed: Some(signed.clone()) };
        Ok(signed)
    }

    /// The URL, if it is still valid.
    pub(in crate::transfer) fn at_hand(&self) -> Option<SignedUrl> {
        self.current().signed.clone().filter(|signed| !signed.age.is_over())
    }

    /// Makes the next [`get`](Self::get) renew the URL, unless it was already renewed.
    pub(in crate::transfer) fn expire(&self, refused: &SignedUrl) {
        let mut current = self.current();
        if current.generation == refused.generation {
            current.signed = None;
        }
    }

    fn current(&self) -> MutexGuard<'_, Current> {
        self.0.current.lock()
    }
}
