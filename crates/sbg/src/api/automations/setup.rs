//! Settings common to automations, code packages and runs: memory, settings, inputs.

use serde_json::Value;

use crate::error::{Error, Result};

/// Writes the setters common to creating and changing an automation. `$automation` is the expression that makes the builder in the
/// examples, which have a client and an automation.
macro_rules! automation_setters {
    ($automation:literal) => {
        $crate::request::call::body_setters! {
            /// What the automation does.
            ///
            /// ```
            /// # fn example(client: sbg::Client, automation: sbg::automations::AutomationHandle) {
            #[doc = concat!(" let automation = ", $automation, ".description(\"A task for every pattern\");")]
            /// # }
            /// ```
            description(description: String);
            /// Id of the billing group that pays for the runs.
            ///
            /// ```
            /// # fn example(client: sbg::Client, automation: sbg::automations::AutomationHandle, group: sbg::types::BillingGroup) {
            #[doc = concat!(" let automation = ", $automation, ".billing_group(group.id);")]
            /// # }
            /// ```
            billing_group(billing_group: String);
            /// Whether the automation belongs to projects.
            ///
            /// ```
            /// # fn example(client: sbg::Client, automation: sbg::automations::AutomationHandle) {
            #[doc = concat!(" let automation = ", $automation, ".project_based(true);")]
            /// # }
            /// ```
            project_based(project_based: bool);
        }

        $crate::api::automations::setup::memory_setter! {
            /// ```
            /// # fn example(client: sbg::Client, automation: sbg::automations::AutomationHandle) {
            #[doc = concat!(" let automation = ", $automation, ".memory_limit(2000);")]
            /// # }
            /// ```
        }

        $crate::api::automations::setup::secret_setter! {
            /// Secret settings passed to runs, a JSON object.
            ///
            /// ```
            /// # fn example(client: sbg::Client, automation: sbg::automations::AutomationHandle, token: String) {
            /// let secrets = serde_json::json!({"token": token});
            #[doc = concat!(" let automation = ", $automation, ".secret_settings(secrets);")]
            /// # }
            /// ```
        }
    };
}

/// Writes the memory setter, with an example.
macro_rules! memory_setter {
    ($(#[$example:meta])*) => {
        /// Memory limit of a run, in megabytes.
        ///
        $(#[$example])*
        pub fn memory_limit(mut self, megabytes: u32) -> Self {
            self.body.memory_limit = i64::from(megabytes).into();
            self
        }
    };
}

/// Writes the setter of the secret settings.
macro_rules! secret_setter {
    ($(#[$meta:meta])*) => {
        $(#[$meta])*
        pub fn secret_settings(mut self, settings: impl Into<serde_json::Value>) -> Self {
            self.body.secret_settings = Some($crate::raw::Secret::from(settings.into()));
            self
        }
    };
}

pub(super) use {automation_setters, memory_setter, secret_setter};

/// Checks that inputs and settings are JSON objects. The error does not quote the value, which could be secret.
pub(super) fn check_object(what: &str, value: Option<&Value>) -> Result<()> {
    match value {
        Some(value) if !value.is_object() => Err(Error::invalid(format!(
            "the {what} must be a JSON object, such as `json!({{\"threads\": 4}})`"
        ))),
        _ => Ok(()),
    }
}

pub(super) fn check_memory(limit: Option<i64>) -> Result<()> {
    if limit == Some(0) {
        return Err(Error::invalid("the memory limit must be at least 1 megabyte"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn settings_must_be_objects() {
        assert!(check_object("inputs", None).is_ok() && check_object("inputs", Some(&json!({}))).is_ok());
        let error = check_object("inputs", Some(&json!(["a"]))).unwrap_err();
        assert_eq!(error.to_string(), r#"the inputs must be a JSON object, such as `json!({"threads": 4})`"#);
    }
}
