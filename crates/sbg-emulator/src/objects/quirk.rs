//! Traits in which servers of one kind of object storage differ.

use std::{fmt, str::FromStr};

use super::{
    profile::{ETagForm, EmptyRange, StorageProfile},
    storage_error::{Refusal, StorageError},
};
use crate::parse_error::ParseFaultError;

/// One trait in which a storage differs from others of its [`StorageFlavor`](crate::StorageFlavor).
///
/// ```
/// use sbg_emulator::{Emulator, StorageFlavor, StorageQuirk};
///
/// // Python's http.server knows no ranges.
/// let emulator = Emulator::builder().storage(StorageFlavor::Static).storage_quirk(StorageQuirk::NoRanges);
/// assert_eq!("no-ranges".parse(), Ok(StorageQuirk::NoRanges));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StorageQuirk {
    /// Every read is 200 and the whole object (`no-ranges`).
    NoRanges,
    /// Objects have no `ETag` (`no-etag`).
    NoETag,
    /// Objects have neither `ETag` nor `Last-Modified` (`no-validators`).
    NoValidators,
    /// `If-Match` is ignored (`no-if-match`).
    NoIfMatch,
    /// Gzip objects are decompressed for clients that do not accept gzip (`transcodes`).
    Transcodes,
    /// Ranges of empty objects (`empty-range=FORM`).
    EmptyRange(EmptyRange),
    /// Parts of a dropped upload get this status instead of 404 (`dropped-upload=STATUS`).
    DroppedUpload(u16),
}

impl StorageQuirk {
    pub(crate) fn apply(self, profile: &mut StorageProfile) {
        match self {
            Self::NoRanges => profile.ranges = false,
            Self::NoETag => profile.etag = ETagForm::Absent,
            Self::NoValidators => {
                profile.etag = ETagForm::Absent;
                profile.last_modified = false;
            }
            Self::NoIfMatch => profile.if_match = false,
            Self::Transcodes => profile.transcodes = true,
            Self::EmptyRange(form) => profile.empty_object = form,
            Self::DroppedUpload(status) => {
                profile.no_upload = Refusal::Status(StorageError::of_status(status), status);
            }
        }
    }
}

impl fmt::Display for StorageQuirk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRanges => f.write_str("no-ranges"),
            Self::NoETag => f.write_str("no-etag"),
            Self::NoValidators => f.write_str("no-validators"),
            Self::NoIfMatch => f.write_str("no-if-match"),
            Self::Transcodes => f.write_str("transcodes"),
            Self::EmptyRange(form) => {
                let name = EmptyRange::NAMES.iter().find(|(known, _)| known == form);
                write!(f, "empty-range={}", name.map_or("", |(_, name)| name))
            }
            Self::DroppedUpload(status) => write!(f, "dropped-upload={status}"),
        }
    }
}

impl FromStr for StorageQuirk {
    type Err = ParseFaultError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || {
            ParseFaultError::new(format!(
                "unknown storage quirk `{text}`: expected no-ranges, no-etag, no-validators, no-if-match, transcodes, \
                 empty-range=FORM or dropped-upload=STATUS"
            ))
        };
        Ok(match text.split_once('=') {
            Some(("empty-range", form)) => {
                let known = EmptyRange::NAMES.iter().find(|(_, name)| *name == form);
                Self::EmptyRange(known.ok_or_else(unknown)?.0)
            }
            Some(("dropped-upload", status)) => {
                let status = status.parse().ok().filter(|status| (400..=599).contains(status));
                Self::DroppedUpload(status.ok_or_else(unknown)?)
            }
            Some(_) => return Err(unknown()),
            None => [Self::NoRanges, Self::NoETag, Self::NoValidators, Self::NoIfMatch, Self::Transcodes]
                .into_iter()
                .find(|quirk| quirk.to_string() == text)
                .ok_or_else(unknown)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quirks_round_trip_as_text() {
        for text in [
            "no-ranges",
            "no-etag",
            "no-validators",
            "no-if-match",
            "transcodes",
            "empty-range=refused",
            "empty-range=refused-with-size",
            "empty-range=whole",
            "empty-range=partial",
            "empty-range=missing-byte",
            "dropped-upload=403",
        ] {
            assert_eq!(text.parse::<StorageQuirk>().map(|quirk| quirk.to_string()).as_deref(), Ok(text));
        }
        for text in ["slow", "empty-range=big", "dropped-upload=200", "dropped-upload="] {
            let error = text.parse::<StorageQuirk>().unwrap_err().to_string();
            assert!(error.starts_with(&format!("unknown storage quirk `{text}`")), "{error}");
        }
    }
}
