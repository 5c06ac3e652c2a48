//! One type for each id that has a fixed form.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::form::{APP, DATASET, PROJECT, VOLUME, check_form, part};
use super::invalid::InvalidId;

macro_rules! id_type {
    ($(#[$doc:meta])* $name:ident, $example:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The whole id, in the platform's form.
            ///
            /// ```
            #[doc = concat!("let id: sbg::", stringify!($name), " = \"", $example, "\".parse()?;")]
            #[doc = concat!("assert_eq!(id.as_str(), \"", $example, "\");")]
            /// # Ok::<(), sbg::InvalidId>(())
            /// ```
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::try_from(text.to_owned())
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                let check: fn(&str) -> Result<(), InvalidId> = $check;
                check(&text)?;
                Ok(Self(text))
            }
        }

        impl TryFrom<&str> for $name {
            type Error = InvalidId;

            fn try_from(text: &str) -> Result<Self, InvalidId> {
                text.parse()
            }
        }

        impl TryFrom<&String> for $name {
            type Error = InvalidId;

            fn try_from(text: &String) -> Result<Self, InvalidId> {
                text.parse()
            }
        }

        /// The id that a handle was created with.
        impl TryFrom<&Result<Self, InvalidId>> for $name {
            type Error = InvalidId;

            fn try_from(given: &Result<Self, InvalidId>) -> Result<Self, InvalidId> {
                given.clone()
            }
        }

        impl From<&$name> for $name {
            fn from(id: &$name) -> Self {
                id.clone()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.0 == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.0 == *other
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

id_type! {
    /// The id of a project: `owner/project`.
    ///
    /// ```
    /// let id: sbg::ProjectId = "rfranklin/my-project".parse()?;
    /// assert_eq!((id.owner(), id.project()), ("rfranklin", "my-project"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ProjectId, "rfranklin/fibre-diffraction", |text| check_form(&PROJECT, text)
}

id_type! {
    /// The id of an app, `owner/project/app`, or of one revision of it, `owner/project/app/revision`.
    ///
    /// ```
    /// let id: sbg::AppId = "admin/sbg-public-data/bwa-mem/3".parse()?;
    /// assert_eq!((id.app(), id.revision()), ("bwa-mem", Some(3)));
    /// assert_eq!(id.project_id(), "admin/sbg-public-data");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    AppId, "admin/sbg-public-data/bwa-mem/3", |text| check_form(&APP, text)
}

id_type! {
    /// The id of a volume: `owner/volume`.
    ///
    /// ```
    /// let id: sbg::VolumeId = "rfranklin/my-bucket".parse()?;
    /// assert_eq!((id.owner(), id.volume()), ("rfranklin", "my-bucket"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    VolumeId, "rfranklin/lab-bucket", |text| check_form(&VOLUME, text)
}

id_type! {
    /// The id of a dataset: `owner/dataset`.
    ///
    /// ```
    /// let id: sbg::DatasetId = "admin/tcga".parse()?;
    /// assert_eq!((id.owner(), id.dataset()), ("admin", "tcga"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    DatasetId, "admin/tcga", |text| check_form(&DATASET, text)
}

impl ProjectId {
    /// The user or division that owns the project.
    ///
    /// ```
    /// let id: sbg::ProjectId = "rfranklin/fibre-diffraction".parse()?;
    /// assert_eq!(id.owner(), "rfranklin");
    /// # Ok::<(), sbg::InvalidId>(())
    /// ```
    pub fn owner(&self) -> &str {
        part(&self.0, 0)
    }

    /// The short name of the project.
    ///
    /// ```
    /// let id: sbg::ProjectId = "rfranklin/fibre-diffraction".parse()?;
    /// assert_eq!(id.project(), "fibre-diffraction");
    /// # Ok::<(), sbg::InvalidId>(())
    /// ```
    pub fn project(&self) -> &str {
        part(&self.0, 1)
    }
}

impl AppId {
    /// The owner of the project that the app is in.
    ///
    /// ```
    /// let id: sbg::AppId = "admin/sbg-public-data/bwa-mem".parse()?;
    /// assert_eq!(id.owner(), "admin");
    /// # Ok::<(), sbg::InvalidId>(())
    /// ```
    pub fn owner(&self) -> &str {
        part(&self.0, 0)
    }

    /// The short name of the project that the app is in.
    ///
    /// ```
    /// let id: sbg::AppId = "admin/sbg-public-data/bwa-mem".parse()?;
    /// assert_eq!(id.project(), "sbg-public-data");
    /// # Ok::<(), sbg::InvalidId>(())
    /// ```
    pub fn project(&self) -> &str {
        part(&self.0, 1)
    }

    /// The short name of the app.
    ///
    /// ```
    /// let id: sbg::AppId = "admin/sbg-public-data/bwa-mem/3".parse()?;
    /// assert_eq!(id.app(), "bwa-mem");
    /// # Ok::<(), sbg::InvalidId>(())
    /// ```
    pub fn app(&self) -> &str {
        part(&self.0, 2)
    }

    /// The revision number, from 0; `None` for the latest one.
    ///
    /// ```
    /// let newest: sbg::AppId = "admin/sbg-public-data/bwa-mem".parse()?;
    /// assert_eq!(newest.revision(), None);
    /// assert_eq!(newest.with_revision(3).revision(), Some(3));
    /// # Ok::<(), sbg::InvalidId>(())
    /// ```
    pub fn revision(&self) -> Option<u32> {
        self.0.split('/').nth(3).and_then(|number| number.parse().ok())
    }

    /// The id of the project that the app is in.
    ///
    /// ```
    /// let id: sbg::AppId = "rfranklin/demo/helix-angle".parse()?;
    /// assert_eq!(id.project_id(), "rfranklin/demo");
    /// # Ok::<(), sbg::InvalidId>(())
    /// ```
    pub fn project_id(&self) -> ProjectId {
        ProjectId(format!("{}/{}", self.owner(), self.project()))
    }

    /// The same app at this revision, replacing any revision in this id.
    ///
    /// ```
    /// let id: sbg::AppId = "rfranklin/demo/helix-angle/3".parse()?;
    /// assert_eq!(id.with_revision(4), "rfranklin/demo/helix-angle/4");
    /// # Ok::<(), sbg::InvalidId>(())
    /// ```
    pub fn with_revision(&self, revision: u32) -> Self {
        Self(format!("{}/{revision}", self.without_revision()))
    }

    /// The same app without a revision: the latest one.
    ///
    /// ```
    /// let id: sbg::AppId = "rfranklin/demo/helix-angle/3".parse()?;
    /// assert_eq!(id.without_revision(), "rfranklin/demo/helix-angle");
    /// # Ok::<(), sbg::InvalidId>(())
    /// ```
    pub fn without_revision(&self) -> Self {
        Self(format!("{}/{}/{}", self.owner(), self.project(), self.app()))
    }
}

impl VolumeId {
    /// The user or division that owns the volume.
    ///
    /// ```
    /// let id: sbg::VolumeId = "rfranklin/lab-bucket".parse()?;
    /// assert_eq!(id.owner(), "rfranklin");
    /// # Ok::<(), sbg::InvalidId>(())
    /// ```
    pub fn owner(&self) -> &str {
        part(&self.0, 0)
    }

    /// The name of the volume.
    ///
    /// ```
    /// let id: sbg::VolumeId = "rfranklin/lab-bucket".parse()?;
    /// assert_eq!(id.volume(), "lab-bucket");
    /// # Ok::<(), sbg::InvalidId>(())
    /// ```
    pub fn volume(&self) -> &str {
        part(&self.0, 1)
    }
}

impl DatasetId {
    /// The owner of the dataset.
    ///
    /// ```
    /// let id: sbg::DatasetId = "admin/tcga".parse()?;
    /// assert_eq!(id.owner(), "admin");
    /// # Ok::<(), sbg::InvalidId>(())
    /// ```
    pub fn owner(&self) -> &str {
        part(&self.0, 0)
    }

    /// The short name of the dataset.
    ///
    /// ```
    /// let id: sbg::DatasetId = "admin/tcga".parse()?;
    /// assert_eq!(id.dataset(), "tcga");
    /// # Ok::<(), sbg::InvalidId>(())
    /// ```
    pub fn dataset(&self) -> &str {
        part(&self.0, 1)
    }
}
