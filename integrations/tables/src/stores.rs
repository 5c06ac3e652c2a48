//! The stores that an engine reads and writes: those of `sbg://OWNER/` are made when they are first needed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::error::{DataFusionError, Result};
use datafusion::execution::object_store::{DefaultObjectStoreRegistry, ObjectStoreRegistry};
use object_store::ObjectStore;
use sbg::Client;
use sbg_object_store::SbgStore;
use url::Url;

/// The stores of a process. Local files (`file://`) can be read and written as well.
#[derive(Debug)]
pub struct Stores {
    client: Client,
    by_owner: Mutex<HashMap<String, Arc<SbgStore>>>,
    others: DefaultObjectStoreRegistry,
}

impl Stores {
    pub fn new(client: Client) -> Self {
        Self { client, by_owner: Mutex::default(), others: DefaultObjectStoreRegistry::new() }
    }
}

impl ObjectStoreRegistry for Stores {
    fn register_store(&self, url: &Url, store: Arc<dyn ObjectStore>) -> Option<Arc<dyn ObjectStore>> {
        self.others.register_store(url, store)
    }

    fn get_store(&self, url: &Url) -> Result<Arc<dyn ObjectStore>> {
        if url.scheme() != "sbg" {
            return self.others.get_store(url);
        }
        let (owner, _) =
            SbgStore::parse_url(url).map_err(|error| DataFusionError::ObjectStore(Box::new(error)))?;
        let mut stores = self.by_owner.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Arc::new(SbgStore::owner(self.client.clone(), &owner));
        Ok(stores.entry(owner.clone()).or_insert_with(new).clone())
    }
}
