//! How errors are made, and what is added to them on their way up.

use std::error::Error as StdError;
use std::sync::Arc;

use sbg_raw::{ErrorCode, Operation};

use super::{Error, ErrorKind, Inner, Source, one_line};

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Arc::new(Inner {
            kind,
            message: message.into(),
            status: None,
            code: None,
            storage_code: None,
            more_info: None,
            request_id: None,
            operation: None,
            attempts: 0,
            hint: None,
            source: None,
            refused: false,
        }))
    }

    /// A refusal of the platform, in the form that it specifies.
    pub(crate) fn refused(status: u16, code: Option<i32>, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::of_response(status, code), message).change(|inner| {
            inner.status = Some(status);
            inner.code = code;
            inner.refused = true;
        })
    }

    /// A response with the status of an error, but not in the form of the platform: a proxy on the way may have sent it.
    pub(crate) fn unexplained(status: u16, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::of_response(status, None), message).with_status(status)
    }

    /// A refusal of the object storage.
    pub(crate) fn storage(status: u16, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::of_storage(status), message).with_status(status)
    }

    /// Whether the platform refused the call in the form that it specifies.
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
    pub(crate) fn from_item(said: sbg_raw::types::Error) -> Self {
        let message = said.message.map(|text| one_line(&text)).filter(|text| !text.is_empty());
        let message = message.unwrap_or_else(|| "the platform refused the item".to_owned());
        let more_info = said.more_info.map(|text| one_line(&text));
        let status = match said.status {
            Some(sbg_raw::types::ErrorStatus::Int64(status)) => u16::try_from(status).ok(),
            _ => said.code.and_then(ErrorCode::find).map(|code| code.status),
        };
        let error = match status {
            Some(status) => Self::refused(status, said.code, message),
            None => Self::new(ErrorKind::InvalidRequest, message),
        };
        error.with_answer(said.code, more_info, None)
    }

    fn change(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        match Arc::get_mut(&mut self.0) {
            Some(inner) => change(inner),
            None => {
                let shared = &self.0;
                let mut inner = Inner {
                    message: shared.message.clone(),
                    storage_code: shared.storage_code.clone(),
                    more_info: shared.more_info.clone(),
                    request_id: shared.request_id.clone(),
                    hint: shared.hint.clone(),
                    source: shared.source.clone(),
                    ..**shared
                };
                change(&mut inner);
                self.0 = Arc::new(inner);
            }
        }
        self
    }

    /// Blots out `secret` wherever an answer quoted it.
    pub(crate) fn without(self, secret: &str) -> Self {
        let quotes = |text: &str| !secret.is_empty() && text.contains(secret);
        let inner = &*self.0;
        let texts =
            [Some(&inner.message), inner.more_info.as_ref(), inner.request_id.as_ref(), inner.hint.as_ref()];
        if !texts.into_iter().flatten().any(|text| quotes(text)) {
            return self;
        }
        let blot = |text: &mut String| *text = text.replace(secret, "***");
        self.change(|inner| {
            blot(&mut inner.message);
            inner.more_info.as_mut().map(blot);
            inner.request_id.as_mut().map(blot);
            inner.hint.as_mut().map(blot);
        })
    }

    pub(crate) fn with_status(self, status: u16) -> Self {
        self.change(|inner| inner.status = Some(status))
    }

    pub(crate) fn with_answer(
        self,
        code: Option<i32>,
        more_info: Option<String>,
        request_id: Option<String>,
    ) -> Self {
        self.change(|inner| {
            inner.code = code;
            inner.more_info = more_info;
            inner.request_id = request_id;
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

    /// Says which transfer it was, in front of a message that is about the storage or the way to it.
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
