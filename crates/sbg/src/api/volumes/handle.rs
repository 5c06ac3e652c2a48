//! One volume.

use sbg_raw::ClientVolumesExt as _;

use super::objects;
use super::{VolumeDeactivate, VolumeEdit, VolumeList, VolumeObjectList};
use crate::api::storage_jobs::{ExportList, ImportList, ImportStart};
use crate::client::Client;
use crate::error::{Error, Result};
use crate::ids::{Given, VolumeId, checked, text_of};
use crate::members::Members;
use crate::raw::types as bodies;
use crate::request::call::{Get, set};
use crate::request::list::List as _;
use crate::request::query::Query;
use crate::types;

/// A volume, by id. Creating it makes no request.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let volume = client.volume("rfranklin/patterns");
/// for entry in volume.list().all().await? {
///     volume.import(entry.path()).to("rfranklin/fibre-diffraction").await?;
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct VolumeHandle {
    pub(super) client: Client,
    pub(super) id: Given<VolumeId>,
}

impl VolumeHandle {
    /// The id of the volume.
    ///
    /// ```
    /// # fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let volume = client.volume("rfranklin/patterns");
    /// assert_eq!(volume.id(), "rfranklin/patterns");
    /// # Ok(())
    /// # }
    /// ```
    pub fn id(&self) -> &str {
        text_of(&self.id)
    }

    pub(super) fn checked(&self) -> Result<&VolumeId> {
        Ok(checked(&self.id)?)
    }

    /// Gets the volume, without the secret part of its credentials.
    ///
    /// ```no_run
    /// # async fn example(volume: sbg::volumes::VolumeHandle) -> sbg::Result<()> {
    /// if let Some(service) = volume.get().await?.service {
    ///     println!("{:?} {:?}", service.type_, service.bucket);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn get(&self) -> Get<types::Volume> {
        let Self { client, id } = self.clone();
        Get::new(&client, VolumeList::IDENTITY, move |client, fields| async move {
            let id = id?;
            let call = client.raw().volume_get().volume_owner(id.owner()).volume_name(id.volume());
            Ok(set!(call, fields = fields).send().await?.into_inner())
        })
    }

    /// Changes the volume: set the fields to change, then `.await`. Fields not set stay unchanged.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// use sbg::types::VolumeAccessModeSet;
    ///
    /// let volume = client.volume("rfranklin/patterns");
    /// volume.edit().description("Patterns of the B form").access_mode(VolumeAccessModeSet::Rw).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn edit(&self) -> VolumeEdit {
        VolumeEdit {
            volume: self.clone(),
            body: bodies::VolumeEdit::default(),
            credentials: None,
            properties: None,
        }
    }

    /// Reactivates a deactivated volume.
    ///
    /// ```no_run
    /// # async fn example(volume: sbg::volumes::VolumeHandle) -> sbg::Result<()> {
    /// assert_eq!(volume.activate().await?.active, Some(true));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The error of the call.
    pub async fn activate(&self) -> Result<types::Volume> {
        self.patch(bodies::VolumeEdit { active: Some(true), ..bodies::VolumeEdit::default() }, None).await
    }

    /// Deactivates the volume: `.await` it. Imports, exports and listings stop working, and the content of files imported from it
    /// becomes unavailable; [`activate`](Self::activate) restores all of it.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let volume = client.volume("rfranklin/patterns");
    /// volume.deactivate().force(true).await?;
    /// volume.delete().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn deactivate(&self) -> VolumeDeactivate {
        VolumeDeactivate { volume: self.clone(), force: None }
    }

    pub(super) async fn patch(&self, body: bodies::VolumeEdit, force: Option<bool>) -> Result<types::Volume> {
        let id = self.checked()?;
        let call = self.client.raw().volume_edit();
        let call = call.volume_owner(id.owner()).volume_name(id.volume());
        Ok(set!(call.body(body), force = force).send().await?.into_inner())
    }

    /// Detaches the volume from the platform; the bucket stays unchanged. First [deactivate](Self::deactivate) the volume and delete
    /// the files that were imported from it.
    ///
    /// ```no_run
    /// # async fn example(volume: sbg::volumes::VolumeHandle) -> sbg::Result<()> {
    /// volume.deactivate().await?;
    /// volume.delete().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The error of the call.
    pub async fn delete(&self) -> Result<()> {
        let id = self.checked()?;
        let call = self.client.raw().volume_delete();
        call.volume_owner(id.owner()).volume_name(id.volume()).send().await?;
        Ok(())
    }

    /// The objects and folders at the root of the volume, or in the folder given by [`prefix`](Query::prefix).
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// for entry in client.volume("rfranklin/patterns").list().all().await? {
    ///     println!("{}", entry.path());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn list(&self) -> Query<VolumeObjectList> {
        Query::new(self.client.clone(), VolumeObjectList { id: self.id.clone(), prefix: None })
    }

    /// Gets one object, with its properties in the cloud. `location` is the one in the listing.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let object = client.volume("rfranklin/patterns").object("photographs/51.tiff").await?;
    /// println!("{:?}", object.metadata);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn object(&self, location: impl Into<String>) -> Get<types::VolumeObject> {
        let (Self { client, id }, location) = (self.clone(), location.into());
        Get::new(&client, objects::IDENTITY, move |client, fields| async move {
            if location.is_empty() || location.ends_with('/') {
                return Err(Error::invalid(format!(
                    "`{}` is not an object of a volume: set its location, or list a folder by its prefix",
                    crate::ids::excerpt(&location, 60)
                )));
            }
            let id = id?;
            let call = client.raw().volume_object_get().volume_owner(id.owner()).volume_name(id.volume());
            Ok(set!(call.location(location), fields = fields).send().await?.into_inner())
        })
    }

    /// Imports the file or folder at `location`, like [`Imports::start`](crate::storage_jobs::Imports::start): set the
    /// destination, then `.await`.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, volume: sbg::volumes::VolumeHandle) -> sbg::Result<()> {
    /// use sbg::storage_jobs::StorageJobExt as _;
    ///
    /// let import = volume.import("S1/reads.fastq.gz").to("rfranklin/fibre-diffraction").await?;
    /// let import = client.import(import.id).wait().await?;
    /// println!("{}", import.file()?.id);
    /// # Ok(())
    /// # }
    /// ```
    pub fn import(&self, location: impl Into<String>) -> ImportStart {
        ImportStart::new(self.client.clone(), self.id.clone(), location.into())
    }

    /// The imports from this volume.
    ///
    /// ```no_run
    /// # async fn example(volume: sbg::volumes::VolumeHandle) -> sbg::Result<()> {
    /// let failed = volume.imports().state(sbg::types::StorageJobStateFilter::Failed).all().await?;
    /// println!("{} imports failed", failed.len());
    /// # Ok(())
    /// # }
    /// ```
    pub fn imports(&self) -> Query<ImportList> {
        self.client.imports().query().volume(&self.id)
    }

    /// The exports to this volume.
    ///
    /// ```no_run
    /// # async fn example(volume: sbg::volumes::VolumeHandle) -> sbg::Result<()> {
    /// let running = volume.exports().state(sbg::types::StorageJobStateFilter::Running).all().await?;
    /// println!("{} exports run", running.len());
    /// # Ok(())
    /// # }
    /// ```
    pub fn exports(&self) -> Query<ExportList> {
        self.client.exports().query().volume(&self.id)
    }

    /// The members of the volume.
    ///
    /// ```no_run
    /// # async fn example(volume: sbg::volumes::VolumeHandle) -> sbg::Result<()> {
    /// for member in volume.members().query().all().await? {
    ///     println!("{:?} {:?}", member.username, member.permissions);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn members(&self) -> Members<Self> {
        Members::new(self.clone())
    }
}
