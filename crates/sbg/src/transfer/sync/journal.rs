//! The journal of a sync: one JSON line for each thing done, written when it is done.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::{Value, json};

use super::plan::{SyncAction, SyncPlan};
use crate::error::{Error, Result};

/// The journal, if there is one.
#[derive(Clone, Debug, Default)]
pub(super) struct Journal(Option<Arc<Open>>);

#[derive(Debug)]
struct Open {
    path: PathBuf,
    file: Mutex<File>,
}

impl Journal {
    /// Opens the journal of a plan to append to it, and writes what the run is about to do.
    pub(super) fn open(plan: &SyncPlan) -> Result<Self> {
        let Some(path) = plan.inputs.journal.clone() else { return Ok(Self::default()) };
        let about = |error| Error::io(format!("cannot write the journal `{}`", path.display()), error);
        let file = OpenOptions::new().create(true).append(true).open(&path).map_err(about)?;
        let start = json!({
            "sync": plan.direction,
            "local": plan.inputs.local.display().to_string(),
            "remote": plan.inputs.remote.name,
            "actions": plan.actions.len(),
        });
        let open = Open { path: path.clone(), file: Mutex::new(file) };
        open.append(start).map_err(about)?;
        Ok(Self(Some(Arc::new(open))))
    }

    /// Writes the result of an action. A failure is only logged: the journal decides nothing.
    pub(super) fn write(&self, action: &SyncAction, result: &Result<u64>) {
        let Some(open) = &self.0 else { return };
        let mut line = json!({ "operation": action.operation, "path": action.path });
        match result {
            Ok(bytes) if action.operation.is_copy() => line["bytes"] = json!(bytes),
            Ok(_) => {}
            Err(error) => line["error"] = json!(error.to_string()),
        }
        if let Err(error) = open.append(line) {
            let path: &Path = &open.path;
            tracing::warn!(path = %path.display(), %error, "cannot write the journal of a sync");
        }
    }
}

impl Open {
    /// Each line is one write, so that processes that append at the same time do not interleave.
    fn append(&self, line: Value) -> std::io::Result<()> {
        let mut whole = json!({ "time": jiff::Timestamp::now().to_string() });
        if let (Value::Object(whole), Value::Object(line)) = (&mut whole, line) {
            whole.extend(line);
        }
        self.file.lock().write_all(format!("{whole}\n").as_bytes())
    }
}
