//! S3 properties of objects written to a volume.

use crate::error::{Error, Result};
use crate::raw::Nullable;
use crate::types;

/// How S3 stores exported objects, for a volume or for one export.
///
/// ```
/// use sbg::volumes::S3Properties;
///
/// let properties = S3Properties::new().sse_kms().kms_key("1fd125fa-789c-45b6-12b3-2a3ab3bedcba").storage_class("STANDARD_IA");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct S3Properties {
    sse_algorithm: Nullable<&'static str>,
    kms_key: Option<String>,
    canned_acl: Nullable<String>,
    storage_class: Option<String>,
}

impl S3Properties {
    /// The platform's defaults.
    ///
    /// ```
    /// use sbg::volumes::S3Properties;
    ///
    /// let properties = S3Properties::new();
    /// assert_ne!(properties, S3Properties::new().sse_s3());
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Encrypts with S3-managed keys (`AES256`), the platform's default for a new volume.
    ///
    /// ```
    /// let properties = sbg::volumes::S3Properties::new().sse_s3();
    /// ```
    pub fn sse_s3(mut self) -> Self {
        self.sse_algorithm = Nullable::Value("AES256");
        self
    }

    /// Encrypts with the key management service (`aws:kms`), using the account's default key unless a [key](Self::kms_key) is set.
    ///
    /// ```
    /// let properties = sbg::volumes::S3Properties::new().sse_kms();
    /// ```
    pub fn sse_kms(mut self) -> Self {
        self.sse_algorithm = Nullable::Value("aws:kms");
        self
    }

    /// Disables encryption by sending null. If not set, the platform uses `AES256` or the setting of the volume.
    ///
    /// ```
    /// use sbg::volumes::S3Properties;
    ///
    /// assert_ne!(S3Properties::new().without_sse(), S3Properties::new());
    /// ```
    pub fn without_sse(mut self) -> Self {
        self.sse_algorithm = Nullable::Null;
        self
    }

    /// Id of the key in the key management service. Use with [`sse_kms`](Self::sse_kms).
    ///
    /// ```
    /// use sbg::volumes::S3Properties;
    ///
    /// let properties = S3Properties::new().sse_kms().kms_key("1fd125fa-789c-45b6-12b3-2a3ab3bedcba");
    /// ```
    pub fn kms_key(mut self, id: impl Into<String>) -> Self {
        self.kms_key = Some(id.into());
        self
    }

    /// Canned ACL of the objects, such as `public-read`.
    ///
    /// ```
    /// let properties = sbg::volumes::S3Properties::new().canned_acl("bucket-owner-full-control");
    /// ```
    pub fn canned_acl(mut self, acl: impl Into<String>) -> Self {
        self.canned_acl = Nullable::Value(acl.into());
        self
    }

    /// Applies no canned ACL, by sending null. If not set, the platform applies none or the setting of the volume.
    ///
    /// ```
    /// # fn example(start: sbg::storage_jobs::ExportStart) {
    /// use sbg::volumes::S3Properties;
    ///
    /// let start = start.properties(S3Properties::new().without_canned_acl());
    /// # }
    /// ```
    pub fn without_canned_acl(mut self) -> Self {
        self.canned_acl = Nullable::Null;
        self
    }

    /// Storage class of the objects, such as `STANDARD_IA`.
    ///
    /// ```
    /// # fn example(start: sbg::storage_jobs::ExportStart) {
    /// use sbg::volumes::S3Properties;
    ///
    /// let start = start.properties(S3Properties::new().storage_class("GLACIER"));
    /// # }
    /// ```
    pub fn storage_class(mut self, class: impl Into<String>) -> Self {
        self.storage_class = Some(class.into());
        self
    }

    fn check(&self) -> Result<()> {
        if *self == Self::default() {
            return Err(Error::invalid("the S3 properties are empty: set one, or leave them out"));
        }
        if self.kms_key.is_some() && self.sse_algorithm != Nullable::Value("aws:kms") {
            return Err(Error::invalid("a KMS key needs `sse_kms()`: set both"));
        }
        Ok(())
    }

    pub(super) fn into_volume(self) -> Result<types::VolumePropertiesSet> {
        self.check()?;
        Ok(types::VolumePropertiesSet {
            aws_canned_acl: self.canned_acl,
            aws_storage_class: self.storage_class,
            resource_id: None,
            sse_algorithm: self.sse_algorithm.map(str::to_owned),
            sse_aws_kms_key_id: self.kms_key,
        })
    }

    pub(crate) fn into_export(self) -> Result<types::ExportStartProperties> {
        self.check()?;
        Ok(types::ExportStartProperties {
            aws_canned_acl: self.canned_acl,
            aws_storage_class: self.storage_class,
            sse_algorithm: self.sse_algorithm.map(str::to_owned),
            sse_aws_kms_key_id: self.kms_key,
        })
    }
}
