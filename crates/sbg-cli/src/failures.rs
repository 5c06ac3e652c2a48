//! Counts what failed of many, for the exit code.

use crate::exit::{self, Partial};

/// The outcomes of the items of a command.
#[derive(Debug, Default)]
pub(crate) struct Failures {
    total: usize,
    failed: usize,
    first: Option<u8>,
}

impl Failures {
    fn done(&mut self) {
        self.total += 1;
    }

    /// Counts items that needed no work.
    pub(crate) fn add_done(&mut self, count: u64) {
        self.total += usize::try_from(count).unwrap_or(usize::MAX);
    }

    fn failed(&mut self, code: u8) {
        self.total += 1;
        self.failed += 1;
        self.first.get_or_insert(code);
    }

    /// Counts a result; the caller reports it.
    pub(crate) fn count<T>(&mut self, result: &anyhow::Result<T>) {
        match result {
            Ok(_) => self.done(),
            Err(error) => self.failed(exit::code(error)),
        }
    }

    /// The error of the whole command, if an item failed.
    pub(crate) fn into_result(self) -> anyhow::Result<()> {
        match self.first {
            None => Ok(()),
            Some(first) => Err(Partial { failed: self.failed, total: self.total, first }.into()),
        }
    }
}
