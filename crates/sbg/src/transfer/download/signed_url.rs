//! The signed address of a file: shared by all who fetch it, renewed once for all of them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sbg_raw::ClientFilesExt as _;

use crate::error::Result;
use crate::transfer::engine::runtime::Tools;
use crate::transfer::engine::storage::url_age::Age;

/// The signed address of a file. Each renewal begins another generation.
#[derive(Debug)]
pub(in crate::transfer) struct Address {
    tools: Tools,
    file_id: String,
    current: Mutex<Current>,
    /// Held by the one who asks for another address. The others wait for what comes of it.
    renewal: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Current {
    generation: u32,
    signed: Option<Signed>,
}

/// An address as it is at some time.
#[derive(Clone, Debug)]
pub(in crate::transfer) struct Signed {
    generation: u32,
    pub(in crate::transfer) url: Arc<str>,
    pub(in crate::transfer) age: Age,
}

impl Address {
    pub(in crate::transfer) fn new(tools: Tools, file_id: String) -> Self {
        Self { tools, file_id, current: Mutex::default(), renewal: tokio::sync::Mutex::default() }
    }

    /// The file that the URL is of.
    pub(in crate::transfer) fn file_id(&self) -> &str {
        &self.file_id
    }

    /// The address. Asks for another one where the last is expired or about to.
    pub(in crate::transfer) async fn get(&self) -> Result<Signed> {
        let _renewal = self.renewal.lock().await;
        if let Some(signed) = self.at_hand() {
            return Ok(signed);
        }
        let call = self.tools.api.file_download_info().file_id(&*self.file_id);
        let response = call.send().await?;
        self.tools.platform_clock.observe(response.headers());
        let url: Arc<str> = response.into_inner().url.into_exposed().into();
        let mut current = self.current();
        let generation = current.generation + 1;
        let signed = Signed { generation, age: Age::of(&url, None), url };
        *current = Current { generation, signed: Some(signed.clone()) };
        Ok(signed)
    }

    /// The address, if it is to be had without asking for another one.
    pub(in crate::transfer) fn at_hand(&self) -> Option<Signed> {
        self.current().signed.clone().filter(|signed| !signed.age.is_over())
    }

    /// Makes the next [`get`](Self::get) ask for another address, unless somebody else has done so already.
    pub(in crate::transfer) fn expire(&self, refused: &Signed) {
        let mut current = self.current();
        if current.generation == refused.generation {
            current.signed = None;
        }
    }

    fn current(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
