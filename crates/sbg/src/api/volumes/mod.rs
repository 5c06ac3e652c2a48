//! Volumes: buckets and containers of the user's cloud account that are attached to the platform, with their objects and members.
//! Imports and exports are in [`storage_jobs`](super::storage_jobs).

mod create;
mod edit;
mod handle;
mod list;
mod members;
mod objects;
mod s3;
mod service;

use crate::client::Client;
use crate::ids::{IntoId, VolumeId};
use crate::request::query::Query;

pub use create::VolumeCreate;
pub use edit::{VolumeDeactivate, VolumeEdit};
pub use handle::VolumeHandle;
pub use list::VolumeList;
pub use objects::{VolumeEntry, VolumeObjectList};
pub use s3::S3Properties;
pub use service::{Credentials, Service};

impl Client {
    /// The volumes that the caller is a member of.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let mut volumes = client.volumes().query().items();
    /// while let Some(volume) = volumes.try_next().await? {
    ///     println!("{} {:?}", volume.id, volume.active);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn volumes(&self) -> Volumes {
        Volumes { client: self.clone() }
    }

    /// A volume, by id.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let volume = client.volume("rfranklin/patterns").get().await?;
    /// println!("{:?}", volume.access_mode);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// The id has the form `owner/volume`. An invalid id fails when a call is made.
    pub fn volume(&self, id: impl IntoId<VolumeId>) -> VolumeHandle {
        VolumeHandle { client: self.clone(), id: id.into_id() }
    }
}

/// The volumes that the caller is a member of.
///
/// ```no_run
/// # async fn example(client: sbg::Client, service: sbg::volumes::Service) -> sbg::Result<()> {
/// let volumes = client.volumes();
/// let volume = volumes.create("patterns", service).await?;
/// println!("{} is one of {:?}", volume.id, volumes.query().page().await?.total);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Volumes {
    client: Client,
}

impl Volumes {
    /// The volumes, with basic fields only; [`fields`](Query::fields) selects others.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// for volume in client.volumes().query().all().await? {
    ///     println!("{}", volume.id);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn query(&self) -> Query<VolumeList> {
        Query::new(self.client.clone(), VolumeList {})
    }

    /// Attaches a bucket or a container to the platform: set the optional fields, then `.await`. The platform tests the credentials at
    /// once.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, secret: String) -> sbg::Result<()> {
    /// use sbg::types::VolumeAccessModeSet;
    /// use sbg::volumes::Service;
    ///
    /// let service = Service::s3("my_bucket", "AKIAIOSFODNN7EXAMPLE", secret);
    /// let volume = client.volumes().create("my_input_volume", service).access_mode(VolumeAccessModeSet::Ro).await?;
    /// println!("{}", volume.id);
    /// # Ok(())
    /// # }
    /// ```
    pub fn create(&self, name: impl Into<String>, service: Service) -> VolumeCreate {
        VolumeCreate {
            client: self.client.clone(),
            name: name.into(),
            service,
            access_mode: None,
            description: None,
        }
    }
}
