//! How errors are built, and what is added to them as they propagate.

use std::error::Error as StdError;
use std::sync::Arc;

use sbg_raw::{ErrorCode, Operation, types};
use serde_json::{Map, Value};

use super::{Error, ErrorKind, Inner, Source, one_line};

/// The platform's numeric error code, if there is one.
pub(crate) fn code_of(said: &types::Error) -> Option<i32> {
    said.code.as_ref()?.as_i64()?.try_into().ok()
}

/// Replaces `secret` in every text of `details`.
fn redact(details: &mut Map<String, Value>, secret: &str) {
    fn in_value(value: &mut Value, secret: &str) {
        match value {
            Value::String(text) => *text = text.replace(secret, "***"),
            Value::Array(items) => items.iter_mut().for_each(|item| in_value(item, secret)),
            Value::Object(fields) => redact(fields, secret),
            _ => {}
        }
    }
    details.values_mut().for_each(|value| in_value(value, secret));
    let named: Vec<String> = details.keys().filter(|name| name.contains(secret)).cloned().collect();
    for name in named {
        details.shift_remove(&name);
    }
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Arc::new(Inner {
            kind,
            message: message.into(),
            status: None,
            code: None,
            storage_code: None,
            more_info: None,
            details: Map::new(),
            request_id: None,
            operation: None,
            attempts: 0,
            hint: None,
            source: None,
            refused: false,
        }))
    }

    /// A refusal in the platform's own error format.
    pub(crate) fn refused(status: u16, code: Option<i32>, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::of_response(status, code), message).change(|inner| {
            inner.status = Some(status);
            inner.code = code;
            inner.refused = true;
        })
    }

    /// A response with an error status, but not in the platform's format: a proxy on the way may have sent it.
    pub(crate) fn unexplained(status: u16, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::of_response(status, None), message).with_status(status)
    }

    /// A refusal of the object storage.
    pub(crate) fn storage(status: u16, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::of_storage(status), message).with_status(status)
    }

    /// Whether the platform refused the call in its own error format.
    pub(crate) fn is_refused(&self) -> bool {
        self.0.refused
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidInput, message)
    }

    pub(crate) fn cancelled() -> Self {
        Self::new(ErrorKind::Cancelled, "cancelled")
    }

    /// An error of the file system while doing `what`, such as ``cannot write `a.bam` ``.
    pub(crate) fn io(what: impl Into<String>, source: std::io::Error) -> Self {
        Self::new(ErrorKind::of_io(&source), what).with_source(source)
    }

    /// The error of one item of a bulk call.
    pub(crate) fn from_item(said: &types::Error) -> Self {
        let message = said.message.as_deref().map(one_line).filter(|text| !text.is_empty());
        let message = message.unwrap_or_else(|| "the platform refused the item".to_owned());
        let status = match said.status {
            Some(types::ErrorStatus::Int64(status)) => u16::try_from(status).ok(),
            _ => code_of(said).and_then(ErrorCode::find).map(|code| code.status),
        };
        let error = match status {
            Some(status) => Self::refused(status, code_of(said), message),
            None => Self::new(ErrorKind::InvalidRequest, message),
        };
        error.with_said(said, None)
    }

    fn change(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(self.inner());
        self
    }

    /// What is in the error, to be changed. A shared error is copied first.
    fn inner(&mut self) -> &mut Inner {
        if Arc::get_mut(&mut self.0).is_none() {
            let shared = &self.0;
            self.0 = Arc::new(Inner {
                message: shared.message.clone(),
                storage_code: shared.storage_code.clone(),
                more_info: shared.more_info.clone(),
                details: shared.details.clone(),
                request_id: shared.request_id.clone(),
                hint: shared.hint.clone(),
                source: shared.source.clone(),
                ..**shared
            });
        }
        Arc::get_mut(&mut self.0).expect("nobody else has it")
    }

    /// Redacts `secret` wherever a response quoted it.
    pub(crate) fn without(self, secret: &str) -> Self {
        let quotes = |text: &str| !secret.is_empty() && text.contains(secret);
        let inner = &*self.0;
        let texts =
            [Some(&inner.message), inner.more_info.as_ref(), inner.request_id.as_ref(), inner.hint.as_ref()];
        let in_details =
            || !inner.details.is_empty() && quotes(&Value::Object(inner.details.clone()).to_string());
        if !texts.into_iter().flatten().any(|text| quotes(text)) && !in_details() {
            return self;
        }
        let redact_text = |text: &mut String| *text = text.replace(secret, "***");
        self.change(|inner| {
            redact_text(&mut inner.message);
            inner.more_info.as_mut().map(redact_text);
            inner.request_id.as_mut().map(redact_text);
            inner.hint.as_mut().map(redact_text);
            redact(&mut inner.details, secret);
        })
    }

    pub(crate) fn with_status(self, status: u16) -> Self {
        self.change(|inner| inner.status = Some(status))
    }

    /// Adds the fields of the platform's error other than its message.
    pub(crate) fn with_said(self, said: &types::Error, request_id: Option<String>) -> Self {
        let mut details = said.extra.clone();
        let code = code_of(said);
        if code.is_none()
            && let Some(text) = &said.code
        {
            details.insert("code".to_owned(), Value::String(text.to_string()));
        }
        self.change(|inner| {
            inner.code = code;
            inner.more_info = said.more_info.as_deref().map(one_line);
            inner.details = details;
            inner.request_id = request_id;
        })
    }

    pub(crate) fn with_request_id(self, id: Option<String>) -> Self {
        self.change(|inner| inner.request_id = id)
    }

    pub(crate) fn with_detail(self, name: &str, value: Value) -> Self {
        self.change(|inner| {
            inner.details.insert(name.to_owned(), value);
        })
    }

    pub(crate) fn with_operation(self, operation: &'static Operation, attempts: u32) -> Self {
        self.change(|inner| {
            inner.operation = Some(operation);
            inner.attempts = attempts;
        })
    }

    pub(crate) fn with_storage_code(self, code: Option<String>) -> Self {
        self.change(|inner| inner.storage_code = code)
    }

    /// Puts the name of the transfer in front of a message about the storage or the network.
    pub(crate) fn of_transfer(self, what: impl FnOnce() -> String) -> Self {
        use ErrorKind as K;

        let is_unnamed = matches!(
            self.kind(),
            K::Dns
                | K::Integrity
                | K::Network
                | K::Proxy
                | K::Storage
                | K::StorageUnavailable
                | K::Timeout
                | K::Tls
                | K::UnexpectedResponse
        );
        if self.0.operation.is_some() || !is_unnamed {
            return self;
        }
        self.change(|inner| inner.message = format!("{}: {}", what(), inner.message))
    }

    pub(crate) fn with_attempts(self, attempts: u32) -> Self {
        self.change(|inner| inner.attempts = attempts)
    }

    pub(crate) fn with_hint(self, hint: impl Into<String>) -> Self {
        let hint = hint.into();
        self.change(|inner| inner.hint = Some(hint))
    }

    pub(crate) fn with_source(self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        let source = Source::Cause(Arc::from(source.into()));
        self.change(|inner| inner.source = Some(source))
    }

    /// Keeps an error whose text is the message of this one.
    pub(crate) fn with_same(self, error: impl StdError + Send + Sync + 'static) -> Self {
        let source = Source::Same(Arc::new(error));
        self.change(|inner| inner.source = Some(source))
    }
}
