//! What uploads and downloads share: their options, and how they are reported.

use anyhow::Result;
use clap::{Args, ValueEnum};
use sbg::transfer::{Compare, Conflict, Outcome, Report};

use crate::context::Context;
use crate::exit::explain;
use crate::failures::Failures;
use crate::records;
use crate::units;

/// Options of `up` and `down`.
#[derive(Args, Clone, Copy, Debug)]
pub(super) struct TransferOptions {
    /// What to do if a different file has the name
    #[arg(long, value_enum, default_value_t, value_name = "WHAT")]
    on_conflict: OnConflict,
    /// How to tell whether a file is up to date
    #[arg(long, value_enum, default_value_t, value_name = "HOW")]
    compare: How,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum OnConflict {
    /// Report it and continue with the others
    #[default]
    Fail,
    /// Leave it as it is
    Skip,
    /// Replace it once the new one is complete
    Overwrite,
    /// Take the next free name, as in `reads (2).bam`
    Rename,
}

/// `--compare`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum How {
    /// By the record of earlier transfers
    #[default]
    Record,
    /// By size and time
    SizeAndTime,
    /// By checksums of the content
    Content,
}

impl TransferOptions {
    pub(super) fn conflict(self) -> Conflict {
        match self.on_conflict {
            OnConflict::Fail => Conflict::Fail,
            OnConflict::Skip => Conflict::Skip,
            OnConflict::Overwrite => Conflict::Overwrite,
            OnConflict::Rename => Conflict::Rename,
        }
    }

    pub(super) fn compare(self) -> Compare {
        self.compare.into()
    }
}

impl From<How> for Compare {
    fn from(how: How) -> Self {
        match how {
            How::Record => Self::Record,
            How::SizeAndTime => Self::SizeAndTime,
            How::Content => Self::Content,
        }
    }
}

/// What a command has moved.
#[derive(Debug, Default)]
pub(super) struct Moved {
    failures: Failures,
    files: u64,
    same: u64,
    skipped: u64,
    bytes: u64,
}

impl Moved {
    /// Reports a file.
    pub(super) fn one(
        &mut self,
        context: &Context,
        direction: &str,
        (path, local, id): (&str, &std::path::Path, Option<&str>),
        outcome: &Result<Outcome>,
    ) -> Result<()> {
        self.failures.count(outcome);
        match outcome {
            Ok(Outcome::Transferred(bytes)) => {
                self.files += 1;
                self.bytes += bytes;
            }
            Ok(Outcome::Identical | Outcome::Assumed) => self.same += 1,
            Ok(_) => self.skipped += 1,
            Err(error) => context.screen.warn(&format!("{path}: {}", explain(error).0)),
        }
        let record = records::transfer(direction, path, local, id, outcome);
        let to = if direction == "up" { id.unwrap_or_default().into() } else { local.to_string_lossy() };
        if outcome.is_err() && !context.out.is_json() {
            return Ok(());
        }
        context.out.row(&record, [record.text("outcome"), path, &to])
    }

    /// Reports the files of a batch; their paths are below `prefix`.
    pub(super) fn all(
        &mut self,
        context: &Context,
        direction: &str,
        prefix: &str,
        report: &Report,
    ) -> Result<()> {
        for file in &report.files {
            let path = format!("{prefix}{}", file.path);
            let outcome = file.outcome.clone().map_err(Into::into);
            self.one(context, direction, (&path, &file.local, file.id.as_deref()), &outcome)?;
        }
        Ok(())
    }

    /// Says what was done in all, and fails if something failed.
    pub(super) fn finish(self, context: &Context, done: &str) -> Result<()> {
        context.out.flush()?;
        let files = |count: u64| if count == 1 { "1 file".to_owned() } else { format!("{count} files") };
        let mut parts = vec![format!("{done} {} ({})", files(self.files), units::bytes(self.bytes))];
        parts.extend((self.same > 0).then(|| format!("{} up to date", self.same)));
        parts.extend((self.skipped > 0).then(|| format!("{} skipped", self.skipped)));
        context.screen.note(&parts.join(", "));
        self.failures.into_result()
    }
}
