//! The progress of a task, and whether it can end at all.

use super::TaskExt as _;
use crate::error::{Error, Result};
use crate::request::wait::{Job, State};
use crate::types::{self, TaskStatus};

impl Job for types::Task {
    /// An unknown status may still lead to another one, so it does not count as the end.
    fn state(&self) -> State {
        let status = self.status.as_ref();
        let over = matches!(status, Some(TaskStatus::Completed | TaskStatus::Failed | TaskStatus::Aborted));
        State::named(status.map(TaskStatus::as_str), over)
    }

    fn if_it_can_end(self) -> Result<Self> {
        let errors = self.errors();
        if self.status != Some(TaskStatus::Draft) || errors.is_empty() {
            return Ok(self);
        }
        let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
        let message = format!("task `{}` is a draft that cannot run: {}", self.id, errors.join("; "));
        Err(Error::invalid(message).with_hint("fix its inputs with `edit()`, then start it with `run()`"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::error::ErrorKind;

    const ID: &str = "3f1b7c6e-1b7c-4f0e-9a57-0e3b6c2a9d11";

    fn task(json: Value) -> types::Task {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn task_is_over_in_three_states_only() {
        for (status, over) in [
            (json!("COMPLETED"), true),
            (json!("failed"), true),
            (json!("ABORTED"), true),
            (json!("ABORTING"), false),
            (json!("DRAFT"), false),
            (json!("Active"), false),
            (json!(null), false),
        ] {
            assert_eq!(task(json!({"id": ID, "status": status})).state().over, over, "{status}");
        }
        assert_eq!(task(json!({"id": ID})).state().name, "unknown");
    }

    #[test]
    fn wait_rejects_a_draft_with_errors() {
        let draft = |errors: Value| task(json!({"id": ID, "status": "DRAFT", "errors": errors}));
        assert!(draft(json!([])).if_it_can_end().is_ok());
        let errors = json!(["Missing `reads`.", {"message": "No file."}]);
        let error = draft(errors).if_it_can_end().unwrap_err();
        let expected = format!(
            "task `{ID}` is a draft that cannot run: Missing `reads`.; No file.; fix its inputs with `edit()`, then start it with `run()`"
        );
        assert_eq!((error.kind(), error.to_string()), (ErrorKind::InvalidInput, expected));
    }
}
