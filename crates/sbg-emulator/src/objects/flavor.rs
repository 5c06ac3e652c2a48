//! The kinds of object storage that the emulator supports: each is one row of a table, which the code that serves
//! objects reads.

use std::{fmt, str::FromStr};

use super::{
    profile::{Checksums, ETagForm, EmptyRange, LongRange, PartRules, StorageProfile},
    quirk::StorageQuirk,
    storage_error::{ErrorForm, Refusal, StorageError},
};
use crate::parse_error::ParseFaultError;

/// A kind of object storage.
///
/// A flavor decides how ranges, conditions, stored gzip and parts of uploads are served, and the form of errors. Signed URLs and the
/// API stay the same. Where servers of one kind differ, [`StorageQuirk`] changes one trait.
///
/// ```
/// use sbg_emulator::{Emulator, StorageFlavor};
///
/// let emulator = Emulator::builder().storage(StorageFlavor::Azure).start_blocking()?;
/// assert_eq!("azure".parse(), Ok(StorageFlavor::Azure));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StorageFlavor {
    /// Amazon S3 and compatible servers.
    #[default]
    S3,
    /// Google Cloud Storage.
    Gcs,
    /// Azure Blob Storage.
    Azure,
    /// Alibaba Cloud OSS.
    Oss,
    /// `OpenStack` Swift with its own API.
    Swift,
    /// A file server with `WebDAV`, such as nginx, Apache or lighttpd.
    Static,
}

impl StorageFlavor {
    /// All flavors.
    ///
    /// ```
    /// use sbg_emulator::StorageFlavor;
    ///
    /// for flavor in StorageFlavor::ALL {
    ///     println!("sbg-emulator --storage {flavor}");
    /// }
    /// ```
    pub const ALL: [Self; 6] = [Self::S3, Self::Gcs, Self::Azure, Self::Oss, Self::Swift, Self::Static];

    fn name(self) -> &'static str {
        match self {
            Self::S3 => "s3",
            Self::Gcs => "gcs",
            Self::Azure => "azure",
            Self::Oss => "oss",
            Self::Swift => "swift",
            Self::Static => "static",
        }
    }

    /// The traits of the flavor.
    pub(crate) fn profile(self) -> StorageProfile {
        match self {
            Self::S3 => S3,
            Self::Gcs => GCS,
            Self::Azure => AZURE,
            Self::Oss => OSS,
            Self::Swift => SWIFT,
            Self::Static => STATIC,
        }
    }
}

/// The name in lower case.
impl fmt::Display for StorageFlavor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for StorageFlavor {
    type Err = ParseFaultError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|flavor| flavor.name() == text).ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            ParseFaultError::new(format!("unknown storage flavor `{text}`: expected {names}"))
        })
    }
}

impl Default for PartRules {
    fn default() -> Self {
        S3.parts
    }
}

impl StorageProfile {
    /// The flavor with its quirks; later ones win.
    pub(crate) fn new(flavor: StorageFlavor, quirks: &[StorageQuirk]) -> Self {
        let mut profile = flavor.profile();
        for quirk in quirks {
            quirk.apply(&mut profile);
        }
        profile
    }
}

const S3: StorageProfile = StorageProfile {
    ranges: true,
    suffix_ranges: true,
    long_range: LongRange::Clipped,
    empty_range_at_end: false,
    empty_object: EmptyRange::Refused,
    if_match: true,
    etag: ETagForm::Quoted,
    last_modified: true,
    transcodes: false,
    checksums: Checksums::AmzOnRequest,
    parts: PartRules { statuses: [200, 200], etag: true, request_id: Some("x-amz-request-id") },
    errors: ErrorForm::S3,
    expired: Refusal::Worded { status: 403, code: "AccessDenied", message: "Request has expired" },
    unsigned: Refusal::Error(StorageError::SignatureDoesNotMatch),
    no_upload: Refusal::Error(StorageError::NoSuchUpload),
};

const GCS: StorageProfile = StorageProfile {
    suffix_ranges: false,
    empty_object: EmptyRange::Partial,
    transcodes: true,
    checksums: Checksums::Goog,
    parts: PartRules { request_id: Some("x-guploader-uploadid"), ..S3.parts },
    expired: Refusal::Worded { status: 400, code: "ExpiredToken", message: "Invalid argument." },
    ..S3
};

const AZURE: StorageProfile = StorageProfile {
    suffix_ranges: false,
    empty_range_at_end: true,
    empty_object: EmptyRange::RefusedWithSize,
    checksums: Checksums::Azure,
    parts: PartRules { statuses: [201, 201], etag: false, request_id: Some("x-ms-request-id") },
    errors: ErrorForm::Azure,
    expired: Refusal::Worded {
        status: 403,
        code: "AuthorizationFailure",
        message: "This request is not authorized to perform this operation.",
    },
    ..S3
};

const OSS: StorageProfile = StorageProfile {
    long_range: LongRange::Ignored,
    empty_object: EmptyRange::Whole,
    etag: ETagForm::Capitals,
    checksums: Checksums::Absent,
    parts: PartRules { request_id: Some("x-oss-request-id"), ..S3.parts },
    expired: Refusal::Worded { status: 403, code: "AccessDenied", message: "Request has expired." },
    ..S3
};

const SWIFT: StorageProfile = StorageProfile {
    empty_object: EmptyRange::RefusedWithSize,
    etag: ETagForm::Bare,
    checksums: Checksums::Absent,
    parts: PartRules { statuses: [201, 201], etag: true, request_id: Some("x-trans-id") },
    errors: ErrorForm::Html,
    expired: Refusal::Text { status: 401, text: "401 Unauthorized: Temp URL invalid\n" },
    unsigned: Refusal::Text { status: 401, text: "401 Unauthorized: Temp URL invalid\n" },
    ..S3
};

const STATIC: StorageProfile = StorageProfile {
    empty_object: EmptyRange::Whole,
    if_match: false,
    etag: ETagForm::Time,
    checksums: Checksums::Absent,
    parts: PartRules { statuses: [201, 204], etag: false, request_id: None },
    errors: ErrorForm::Html,
    expired: Refusal::Error(StorageError::AccessDenied),
    unsigned: Refusal::Error(StorageError::AccessDenied),
    ..S3
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flavors_parse_from_names() {
        for flavor in StorageFlavor::ALL {
            assert_eq!(flavor.to_string().parse(), Ok(flavor));
        }
        let error = "tape".parse::<StorageFlavor>().unwrap_err().to_string();
        assert_eq!(error, "unknown storage flavor `tape`: expected s3, gcs, azure, oss, swift, static");
    }

    #[test]
    fn success_codes_list_each_status_once() {
        assert_eq!(S3.parts.success_codes(), [200]);
        assert_eq!(STATIC.parts.success_codes(), [201, 204]);
    }
}
