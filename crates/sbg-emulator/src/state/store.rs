//! The object store without HTTP: objects by key, parts of uploads, and signed URLs.

use std::{
    collections::{BTreeMap, HashMap},
    io,
    sync::{Arc, Weak},
    time::Duration,
};

use jiff::Timestamp;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use crate::{
    clock::{Clock, later},
    objects::{
        blobs::Blobs,
        object::Object,
        signing::{SignatureError, Signer},
    },
};

/// The bucket of finished files.
const MAIN: &str = "/main/";
/// The bucket of parts that wait to be joined.
const INCOMING: &str = "/incoming/";

/// The store of one emulator.
#[derive(Default)]
pub(crate) struct Store {
    origin: String,
    clock: Clock,
    signer: Signer,
    state: Mutex<State>,
    /// The files for bytes that are not kept in memory.
    blobs: Option<Arc<Blobs>>,
}

#[derive(Default)]
struct State {
    /// Finished objects are owned by the files that show them: deleting the last copy deletes the object.
    objects: HashMap<String, Weak<Object>>,
    /// Parts by upload and number.
    parts: Parts,
}

type Parts = HashMap<String, BTreeMap<u32, Arc<Object>>>;

/// The saved state of a store. Finished objects are saved with the files that show them.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct StoreState {
    signer: Signer,
    parts: Parts,
}

/// The meaning of a path of the store.
#[derive(Debug)]
pub(crate) enum Target {
    Object(Arc<Object>),
    Part { upload: String, number: u32 },
    Nothing,
}

impl Store {
    /// A store with its bytes in memory, or in files.
    pub(crate) fn new(origin: &str, clock: Clock, blobs: Option<Arc<Blobs>>) -> Self {
        Self { origin: origin.to_owned(), clock, blobs, ..Self::default() }
    }

    /// The state to save.
    pub(crate) fn state(&self) -> StoreState {
        StoreState { signer: self.signer.clone(), parts: self.state.lock().parts.clone() }
    }

    /// Restores a saved state. An error if files are missing.
    pub(crate) fn restore(&mut self, kept: StoreState) -> io::Result<()> {
        let StoreState { signer, mut parts } = kept;
        for part in parts.values_mut().flat_map(BTreeMap::values_mut) {
            self.find_files(part)?;
        }
        self.signer = signer;
        self.state.lock().parts = parts;
        Ok(())
    }

    /// Finds the files of an object that was just deserialized.
    pub(crate) fn find_files(&self, object: &mut Arc<Object>) -> io::Result<()> {
        match (Arc::get_mut(object), &self.blobs) {
            (Some(object), Some(blobs)) => object.find_files(|blob| blobs.find(blob)),
            _ => Ok(()),
        }
    }

    /// Moves the bytes of an object to the files of this store, if it has any.
    pub(crate) fn keep(&self, object: Object) -> Arc<Object> {
        Arc::new(match &self.blobs {
            Some(blobs) => object.kept_in(blobs),
            None => object,
        })
    }

    /// The object with this key.
    pub(crate) fn published(&self, key: &str) -> Option<Arc<Object>> {
        self.state.lock().objects.get(key).and_then(Weak::upgrade)
    }

    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// A signed URL to read the object with this key.
    pub(crate) fn read_url(&self, key: &str, lifetime: Duration) -> String {
        self.signed("GET", &format!("{MAIN}{key}"), lifetime).0
    }

    /// A signed URL to write a part, and its expiry. The upload must be open.
    pub(crate) fn part_url(&self, upload: &str, number: u32, lifetime: Duration) -> (String, Timestamp) {
        self.signed("PUT", &format!("{INCOMING}{upload}/{number}"), lifetime)
    }

    fn signed(&self, method: &str, path: &str, lifetime: Duration) -> (String, Timestamp) {
        let expires = later(self.clock.timestamp(), lifetime);
        (format!("{}{}", self.origin, self.signer.sign(method, path, expires.as_second())), expires)
    }

    /// Checks the signature of a request.
    pub(crate) fn check(&self, method: &str, path: &str, query: &str) -> Result<(), SignatureError> {
        self.signer.check(method, path, query, self.clock.epoch_seconds())
    }

    /// The key of the object that a path names.
    pub(crate) fn key(path: &str) -> Option<&str> {
        path.strip_prefix(MAIN)
    }

    /// The meaning of a path with a valid signature.
    pub(crate) fn target(&self, path: &str) -> Target {
        let state = self.state.lock();
        if let Some(key) = Self::key(path) {
            return state.objects.get(key).and_then(Weak::upgrade).map_or(Target::Nothing, Target::Object);
        }
        path.strip_prefix(INCOMING)
            .and_then(|rest| rest.split_once('/'))
            .filter(|(upload, _)| state.parts.contains_key(*upload))
            .and_then(|(upload, number)| {
                Some(Target::Part { upload: upload.to_owned(), number: number.parse().ok()? })
            })
            .unwrap_or(Target::Nothing)
    }

    /// Makes an object available under a key.
    pub(crate) fn publish(&self, key: &str, object: &Arc<Object>) {
        self.state.lock().objects.insert(key.to_owned(), Arc::downgrade(object));
    }

    /// Removes keys without files. Keys with remaining copies stay.
    pub(crate) fn sweep(&self) {
        self.state.lock().objects.retain(|_, object| object.strong_count() > 0);
    }

    /// Opens an upload for parts.
    pub(crate) fn open_upload(&self, upload: &str) {
        self.state.lock().parts.entry(upload.to_owned()).or_default();
    }

    /// Closes an upload: its parts are deleted and later ones refused. Returns false if it does not exist.
    pub(crate) fn close_upload(&self, upload: &str) -> bool {
        self.state.lock().parts.remove(upload).is_some()
    }

    /// Drops the upload of a path, as a lifecycle rule for incomplete uploads does: the platform is not notified.
    pub(crate) fn drop_upload_of(&self, path: &str) {
        if let Some((upload, _)) = path.strip_prefix(INCOMING).and_then(|rest| rest.split_once('/')) {
            self.close_upload(upload);
        }
    }

    /// Stores a part and returns it with whether it replaced an earlier one with its number. `None` if the upload was
    /// closed in the meantime.
    pub(crate) fn put_part(&self, upload: &str, number: u32, part: Object) -> Option<(Arc<Object>, bool)> {
        let part = self.keep(part);
        let replaced = self.state.lock().parts.get_mut(upload)?.insert(number, Arc::clone(&part));
        Some((part, replaced.is_some()))
    }

    /// One part, if it has arrived.
    pub(crate) fn part(&self, upload: &str, number: u32) -> Option<Arc<Object>> {
        self.state.lock().parts.get(upload)?.get(&number).cloned()
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }
}
