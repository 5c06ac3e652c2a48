//! Volumes: buckets and containers of the user's own cloud account that are attached to the platform, what is on them, and their
//! members. What is brought from them and to them is in [`imports`](crate::imports) and [`exports`](crate::exports).

mod objects;
mod service;

pub use objects::{VolumeObjectQuery, VolumeObjects};
pub use service::{Credentials, S3Properties, Service};

use sbg_raw::ClientVolumesExt as _;

use crate::call::{Get, awaitable, body_clearers, body_setters, fetch_page, set};
use crate::client::Client;
use crate::error::{Error, Result};
use crate::exports::ExportList;
use crate::ids::{IntoId, VolumeId, check_segment};
use crate::imports::{ImportList, ImportStart};
use crate::members::{MEMBER_ID, NewMember, Permissions};
use crate::page::{Fetched, List, PageRequest, Query};
use crate::types;

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
    /// let volume = client.volume("rfranklin/patterns")?.get().await?;
    /// println!("{:?}", volume.access_mode);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// An id that is not of the form `owner/volume`.
    pub fn volume(&self, id: impl IntoId<VolumeId>) -> Result<VolumeHandle> {
        let id = id.into_id()?;
        Ok(VolumeHandle { client: self.clone(), id })
    }
}

/// The volumes that the caller is a member of.
///
/// ```no_run
/// # async fn example(client: sbg::Client, service: sbg::volumes::Service) -> sbg::Result<()> {
/// let volumes = client.volumes();
/// let volume = volumes.create("patterns", service).await?;
/// println!("{} is one of {:?}", volume.id, volumes.query().send().await?.total);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Volumes {
    client: Client,
}

impl Volumes {
    /// The volumes, in short form unless [`fields`](Query::fields) says otherwise.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// for volume in client.volumes().query().send().await? {
    ///     println!("{}", volume.id);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn query(&self) -> Query<VolumeList> {
        Query::new(self.client.clone(), VolumeList {})
    }

    /// Attaches a bucket or a container to the platform: set what else is to be said, then `.await`. The platform tries the credentials
    /// at once.
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

/// The list of volumes.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let query: sbg::Query<sbg::volumes::VolumeList> = client.volumes().query();
/// for volume in query.fields(sbg::Fields::all()).send().await? {
///     println!("{} {:?}", volume.id, volume.service.and_then(|service| service.bucket));
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct VolumeList {}

impl List for VolumeList {
    type Item = types::Volume;

    async fn fetch(self, client: Client, at: PageRequest) -> Result<Fetched<types::Volume>> {
        let call = client.raw().volume_list().offset(at.offset_param());
        fetch_page!(set!(call, limit = at.limit_param(), fields = at.fields))
    }
}

/// A volume to create.
///
/// ```no_run
/// # async fn example(client: sbg::Client, service: sbg::volumes::Service) -> sbg::Result<()> {
/// let create = client.volumes().create("patterns", service).description("Patterns of the B form");
/// println!("{:?}", create.await?.service);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct VolumeCreate {
    client: Client,
    name: String,
    service: Service,
    access_mode: Option<types::VolumeAccessModeSet>,
    description: Option<String>,
}

impl VolumeCreate {
    /// What the platform may do with the volume, whatever the credentials allow: read and write when it is not set, and read alone for
    /// Azure.
    ///
    /// ```
    /// # fn example(client: sbg::Client, service: sbg::volumes::Service) {
    /// use sbg::types::VolumeAccessModeSet;
    ///
    /// let create = client.volumes().create("patterns", service).access_mode(VolumeAccessModeSet::Ro);
    /// # }
    /// ```
    pub fn access_mode(mut self, mode: types::VolumeAccessModeSet) -> Self {
        self.access_mode = Some(mode);
        self
    }

    /// What the volume is for.
    ///
    /// ```
    /// # fn example(client: sbg::Client, service: sbg::volumes::Service) {
    /// let create = client.volumes().create("patterns", service).description("Patterns of the B form");
    /// # }
    /// ```
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Sends the call. The same as `.await`.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, service: sbg::volumes::Service) -> sbg::Result<()> {
    /// let volume = client.volumes().create("patterns", service).send().await?;
    /// let objects = client.volume(volume.id)?.list().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// A malformed name, or a service that lacks something or has what is for another cloud, before anything is sent; or whatever the
    /// call brings.
    pub async fn send(self) -> Result<types::Volume> {
        check_name(&self.name)?;
        let access_mode = match self.access_mode {
            Some(types::VolumeAccessModeSet::Rw) if self.service.is_read_only() => {
                return Err(Error::invalid("Azure volumes are read-only: leave the access mode out"));
            }
            None if self.service.is_read_only() => Some(types::VolumeAccessModeSet::Ro),
            mode => mode,
        };
        let service = self.service.into_create()?;
        let body =
            types::VolumeCreate { name: self.name, access_mode, description: self.description, service };
        Ok(self.client.raw().volume_create().body(body).send().await?.into_inner())
    }
}

awaitable!(VolumeCreate => types::Volume);

/// What the platform takes as the name of a volume (its codes 9013, 9014 and 9030).
fn check_name(name: &str) -> Result<()> {
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if name.len() <= 32 && name.split('_').all(is_word) {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "`{}` cannot name a volume: take at most 32 English letters and digits, with single underscores between them",
        crate::ids::excerpt(name, 60)
    )))
}

/// A volume, by id. Makes no request until it is told to.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let volume = client.volume("rfranklin/patterns")?;
/// for object in volume.list().await?.items {
///     volume.import(object.location).to_project("rfranklin/fibre-diffraction").await?;
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct VolumeHandle {
    client: Client,
    id: VolumeId,
}

impl VolumeHandle {
    /// The id of the volume.
    ///
    /// ```
    /// # fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let volume = client.volume("rfranklin/patterns")?;
    /// assert_eq!((volume.id().owner(), volume.id().volume()), ("rfranklin", "patterns"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn id(&self) -> &VolumeId {
        &self.id
    }

    /// Gets the volume, without the secret half of its credentials.
    ///
    /// ```no_run
    /// # async fn example(volume: sbg::volumes::VolumeHandle) -> sbg::Result<()> {
    /// if let Some(service) = volume.get().await?.service {
    ///     println!("{:?} {:?}", service.type_, service.bucket);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn get(&self) -> Get<types::Volume> {
        let Self { client, id } = self.clone();
        Get::new(VolumeList::IDENTITY, move |fields| async move {
            let call = client.raw().volume_get().volume_owner(id.owner()).volume_name(id.volume());
            Ok(set!(call, fields = fields).send().await?.into_inner())
        })
    }

    /// Changes the volume: set the fields to change, then `.await`. What is not set stays as it is.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// use sbg::types::VolumeAccessModeSet;
    ///
    /// let volume = client.volume("rfranklin/patterns")?;
    /// volume.edit().description("Patterns of the B form").access_mode(VolumeAccessModeSet::Rw).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn edit(&self) -> VolumeEdit {
        VolumeEdit {
            volume: self.clone(),
            body: types::VolumeEdit::default(),
            credentials: None,
            properties: None,
        }
    }

    /// Brings the volume back after it was deactivated.
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
    /// Whatever the call brings.
    pub async fn activate(&self) -> Result<types::Volume> {
        self.patch(types::VolumeEdit { active: Some(true), ..types::VolumeEdit::default() }, None).await
    }

    /// Takes the volume out of use: `.await` it. Nothing is imported, exported or listed any more, and the content of files that were
    /// imported from it is out of reach; [`activate`](Self::activate) brings all of it back.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let volume = client.volume("rfranklin/patterns")?;
    /// volume.deactivate().force(true).await?;
    /// volume.delete().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn deactivate(&self) -> VolumeDeactivate {
        VolumeDeactivate { volume: self.clone(), force: None }
    }

    async fn patch(&self, body: types::VolumeEdit, force: Option<bool>) -> Result<types::Volume> {
        let call = self.client.raw().volume_edit();
        let call = call.volume_owner(self.id.owner()).volume_name(self.id.volume());
        Ok(set!(call.body(body), force = force).send().await?.into_inner())
    }

    /// Detaches the volume from the platform; the bucket is not touched. The volume has to be [deactivated](Self::deactivate) first, and
    /// the files that were imported from it deleted.
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
    /// Whatever the call brings.
    pub async fn delete(&self) -> Result<()> {
        let call = self.client.raw().volume_delete();
        call.volume_owner(self.id.owner()).volume_name(self.id.volume()).send().await?;
        Ok(())
    }

    /// The objects and folders at the root of the volume, or in the folder that [`prefix`](VolumeObjectQuery::prefix) names.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let page = client.volume("rfranklin/patterns")?.list().await?;
    /// println!("{} objects, {} folders", page.items.len(), page.prefixes.len());
    /// let next = page.next_page().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn list(&self) -> VolumeObjectQuery {
        VolumeObjectQuery::new(self.client.clone(), self.id.clone())
    }

    /// Gets one object, with what the cloud says of it. `location` is as the listing names it.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let object = client.volume("rfranklin/patterns")?.object("photographs/51.tiff").await?;
    /// println!("{:?}", object.metadata);
    /// # Ok(())
    /// # }
    /// ```
    pub fn object(&self, location: impl Into<String>) -> Get<types::VolumeObject> {
        let (Self { client, id }, location) = (self.clone(), location.into());
        Get::new(objects::IDENTITY, move |fields| async move {
            if location.is_empty() || location.ends_with('/') {
                return Err(Error::invalid(format!(
                    "`{}` is no object of a volume: name one, or list a folder by its prefix",
                    crate::ids::excerpt(&location, 60)
                )));
            }
            let call = client.raw().volume_object_get().volume_owner(id.owner()).volume_name(id.volume());
            Ok(set!(call.location(location), fields = fields).send().await?.into_inner())
        })
    }

    /// Imports the file or folder at `location`, as [`Imports::start`](crate::imports::Imports::start) does: name the place, then
    /// `.await`.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, volume: sbg::volumes::VolumeHandle) -> sbg::Result<()> {
    /// let import = volume.import("S1/reads.fastq.gz").to_project("rfranklin/fibre-diffraction").await?;
    /// let import = client.import(import.id).wait().await?;
    /// println!("{}", sbg::imports::import_result(&import)?.id);
    /// # Ok(())
    /// # }
    /// ```
    pub fn import(&self, location: impl Into<String>) -> ImportStart {
        ImportStart::new(self.client.clone(), Ok(self.id.clone()), location.into())
    }

    /// The imports from this volume.
    ///
    /// ```no_run
    /// # async fn example(volume: sbg::volumes::VolumeHandle) -> sbg::Result<()> {
    /// let failed = volume.imports().state(sbg::types::StorageJobStateFilter::Failed).send().await?;
    /// println!("{:?} imports failed", failed.total);
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
    /// let running = volume.exports().state(sbg::types::StorageJobStateFilter::Running).send().await?;
    /// println!("{:?} exports run", running.total);
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
    /// for member in volume.members().query().send().await? {
    ///     println!("{:?} {:?}", member.username, member.permissions);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn members(&self) -> VolumeMembers {
        VolumeMembers { client: self.client.clone(), id: self.id.clone() }
    }
}

/// A change of a volume.
///
/// ```no_run
/// # async fn example(volume: sbg::volumes::VolumeHandle) -> sbg::Result<()> {
/// let edited = volume.edit().bucket("kings-college-patterns").prefix("1952/").await?;
/// println!("{:?}", edited.service);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct VolumeEdit {
    volume: VolumeHandle,
    /// Everything but the credentials and the properties, which are added when it is sent.
    body: types::VolumeEdit,
    credentials: Option<Credentials>,
    properties: Option<S3Properties>,
}

impl VolumeEdit {
    body_setters! {
        /// New name. Only the official Python client sends it, so that the platform may well ignore it: look at the answer.
        ///
        /// ```no_run
        /// # async fn example(volume: sbg::volumes::VolumeHandle) -> sbg::Result<()> {
        /// let edited = volume.edit().name("b_form").await?;
        /// println!("{:?}", edited.name);
        /// # Ok(())
        /// # }
        /// ```
        name(name: String);
        /// What the volume is for.
        ///
        /// ```
        /// # fn example(volume: sbg::volumes::VolumeHandle) {
        /// let edit = volume.edit().description("Patterns of the B form");
        /// # }
        /// ```
        description(description: String);
        /// What the platform may do with the volume, whatever the credentials allow.
        ///
        /// ```
        /// # fn example(volume: sbg::volumes::VolumeHandle) {
        /// let edit = volume.edit().access_mode(sbg::types::VolumeAccessModeSet::Rw);
        /// # }
        /// ```
        access_mode(access_mode: types::VolumeAccessModeSet);
    }

    body_clearers! {
        /// Leaves the volume without a description.
        ///
        /// ```
        /// # fn example(volume: sbg::volumes::VolumeHandle) {
        /// let edit = volume.edit().clear_description();
        /// # }
        /// ```
        clear_description(description);
    }

    fn service(&mut self) -> &mut types::VolumeServiceEdit {
        self.body.service.get_or_insert_default()
    }

    /// The bucket. The provider's contract asks for it wherever anything of the service of an S3 or Google volume is changed; set it
    /// along with that, even where it stays the same.
    ///
    /// ```
    /// # fn example(volume: sbg::volumes::VolumeHandle) {
    /// let edit = volume.edit().bucket("kings-college-patterns").prefix("1952/");
    /// # }
    /// ```
    pub fn bucket(mut self, bucket: impl Into<String>) -> Self {
        self.service().bucket = Some(bucket.into());
        self
    }

    /// Text that the platform puts before the location of every object.
    ///
    /// ```
    /// # fn example(volume: sbg::volumes::VolumeHandle) {
    /// let edit = volume.edit().bucket("kings-college-patterns").prefix("1952/");
    /// # }
    /// ```
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.service().prefix = Some(prefix.into());
        self
    }

    /// Host of the service, for S3, OSS and Azure.
    ///
    /// ```
    /// # fn example(volume: sbg::volumes::VolumeHandle) {
    /// let edit = volume.edit().bucket("kings-college-patterns").endpoint("s3.eu-west-2.amazonaws.com");
    /// # }
    /// ```
    pub fn endpoint(mut self, host: impl Into<String>) -> Self {
        self.service().endpoint = Some(host.into());
        self
    }

    /// Address of the service, for Google.
    ///
    /// ```
    /// # fn example(volume: sbg::volumes::VolumeHandle) {
    /// let edit = volume.edit().bucket("kings-college-patterns").root_url("https://storage.googleapis.com");
    /// # }
    /// ```
    pub fn root_url(mut self, address: impl Into<String>) -> Self {
        self.service().root_url = Some(address.into());
        self
    }

    /// The credentials with which the platform reaches the service.
    ///
    /// ```
    /// # fn example(volume: sbg::volumes::VolumeHandle, secret: String) {
    /// use sbg::volumes::Credentials;
    ///
    /// let key = Credentials::access_key("AKIAIOSFODNN7EXAMPLE", secret);
    /// let edit = volume.edit().bucket("kings-college-patterns").credentials(key);
    /// # }
    /// ```
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// How S3 stores what is exported to the volume.
    ///
    /// ```
    /// # fn example(volume: sbg::volumes::VolumeHandle) {
    /// use sbg::volumes::S3Properties;
    ///
    /// let edit = volume.edit().bucket("kings-college-patterns").properties(S3Properties::new().sse_kms());
    /// # }
    /// ```
    pub fn properties(mut self, properties: S3Properties) -> Self {
        self.properties = Some(properties);
        self
    }

    /// Sends the call. The same as `.await`.
    ///
    /// ```no_run
    /// # async fn example(volume: sbg::volumes::VolumeHandle) -> sbg::Result<()> {
    /// let edited = volume.edit().description("Patterns of the B form").send().await?;
    /// println!("{:?}", edited.modified_on);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// A change of nothing, a malformed name or empty credentials, before anything is sent; or whatever the call brings.
    pub async fn send(mut self) -> Result<types::Volume> {
        if let Some(credentials) = self.credentials.take() {
            self.service().credentials = Some(credentials.expose()?);
        }
        if let Some(properties) = self.properties.take() {
            self.service().properties = Some(properties.into_volume()?);
        }
        if self.body == types::VolumeEdit::default() {
            return Err(Error::invalid("the edit of the volume changes nothing"));
        }
        if let Some(name) = &self.body.name {
            check_name(name)?;
        }
        if let Some(service) = &self.body.service
            && service.bucket.as_ref().is_some_and(|bucket| bucket.trim().is_empty())
        {
            return Err(Error::invalid("the bucket is empty"));
        }
        self.volume.patch(self.body, None).await
    }
}

awaitable!(VolumeEdit => types::Volume);

/// A volume to deactivate.
///
/// ```no_run
/// # async fn example(volume: sbg::volumes::VolumeHandle) -> sbg::Result<()> {
/// let deactivated = volume.deactivate().force(true).await?;
/// assert_eq!(deactivated.active, Some(false));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct VolumeDeactivate {
    volume: VolumeHandle,
    force: Option<bool>,
}

impl VolumeDeactivate {
    /// Whether to end imports and exports that are running; without it they keep the volume active, and the call fails.
    ///
    /// ```
    /// # fn example(volume: sbg::volumes::VolumeHandle) {
    /// let deactivate = volume.deactivate().force(true);
    /// # }
    /// ```
    pub fn force(mut self, force: bool) -> Self {
        self.force = Some(force);
        self
    }

    /// Sends the call. The same as `.await`.
    ///
    /// ```no_run
    /// # async fn example(volume: sbg::volumes::VolumeHandle) -> sbg::Result<()> {
    /// assert_eq!(volume.deactivate().send().await?.active, Some(false));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Whatever the call brings.
    pub async fn send(self) -> Result<types::Volume> {
        let body = types::VolumeEdit { active: Some(false), ..types::VolumeEdit::default() };
        self.volume.patch(body, self.force).await
    }
}

awaitable!(VolumeDeactivate => types::Volume);

/// The members of a volume. With read they look into it, with copy they import from it, with write they export to it. Volumes know no
/// execute permission.
///
/// ```no_run
/// # async fn example(volume: sbg::volumes::VolumeHandle) -> sbg::Result<()> {
/// use sbg::members::{NewMember, Permissions};
///
/// let members = volume.members();
/// members.add(NewMember::user("rgosling"), Permissions::new().copy(true).write(true)).await?;
/// println!("{:?} members", members.query().send().await?.total);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct VolumeMembers {
    client: Client,
    id: VolumeId,
}

impl VolumeMembers {
    /// The members and what each may do.
    ///
    /// ```no_run
    /// # async fn example(volume: sbg::volumes::VolumeHandle) -> sbg::Result<()> {
    /// let mut members = volume.members().query().items();
    /// while let Some(member) = members.try_next().await? {
    ///     println!("{:?} {:?}", member.username, member.type_);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn query(&self) -> Query<VolumeMemberList> {
        Query::new(self.client.clone(), VolumeMemberList { id: self.id.clone() })
    }

    /// Adds a user by username, a team or a division.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// use sbg::members::{NewMember, Permissions};
    ///
    /// let members = client.volume("rfranklin/patterns")?.members();
    /// members.add(NewMember::user("fcrick"), Permissions::new().copy(true)).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// An e-mail address, the execute permission or a malformed id, before anything is sent; or whatever the call brings.
    pub async fn add(&self, member: NewMember, permissions: Permissions) -> Result<types::Member> {
        let permissions = volume_permissions(&permissions.to_grant())?;
        let (username, type_) = match member {
            NewMember::Email(_) => {
                return Err(Error::invalid("a volume takes users by username, not by e-mail address"));
            }
            NewMember::User(id) => (id, types::MemberAddType::User),
            NewMember::Team(id) => (id, types::MemberAddType::Team),
            NewMember::Division(id) => (id, types::MemberAddType::Division),
        };
        check_segment(MEMBER_ID, &username)?;
        let body = types::VolumeMemberAdd { username, type_: Some(type_), permissions };
        let call = self.client.raw().volume_member_add();
        let call = call.volume_owner(self.id.owner()).volume_name(self.id.volume());
        Ok(call.body(body).send().await?.into_inner())
    }

    /// One member, by username or by the id of the team or division.
    ///
    /// ```no_run
    /// # async fn example(volume: sbg::volumes::VolumeHandle) -> sbg::Result<()> {
    /// println!("{:?}", volume.members().member("fcrick").get().await?.permissions);
    /// # Ok(())
    /// # }
    /// ```
    pub fn member(&self, id: impl Into<String>) -> VolumeMemberHandle {
        VolumeMemberHandle { client: self.client.clone(), id: self.id.clone(), member: id.into() }
    }
}

/// Permissions as volumes have them. Execute is refused where it is all that could be meant; as a part of admin it is left out.
fn volume_permissions(permissions: &types::PermissionsEdit) -> Result<types::VolumePermissionsEdit> {
    let &types::PermissionsEdit { read, write, copy, execute, admin } = permissions;
    if execute == Some(true) && admin != Some(true) {
        return Err(Error::invalid("volumes know no execute permission: leave it out"));
    }
    Ok(types::VolumePermissionsEdit { read, write, copy, admin })
}

/// The list of the members of a volume.
///
/// ```no_run
/// # async fn example(volume: sbg::volumes::VolumeHandle) -> sbg::Result<()> {
/// let query: sbg::Query<sbg::volumes::VolumeMemberList> = volume.members().query();
/// println!("{:?} members", query.limit(1).send().await?.total);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct VolumeMemberList {
    id: VolumeId,
}

impl List for VolumeMemberList {
    type Item = types::Member;

    const IDENTITY: &'static [&'static str] = &["username"];

    async fn fetch(self, client: Client, at: PageRequest) -> Result<Fetched<types::Member>> {
        let call = client.raw().volume_member_list();
        let call = call.volume_owner(self.id.owner()).volume_name(self.id.volume());
        fetch_page!(set!(call.offset(at.offset_param()), limit = at.limit_param(), fields = at.fields))
    }
}

/// A member of a volume. Makes no request until it is told to.
///
/// ```no_run
/// # async fn example(volume: sbg::volumes::VolumeHandle) -> sbg::Result<()> {
/// use sbg::members::Permissions;
///
/// let member = volume.members().member("fcrick");
/// member.edit_permissions(Permissions::new().write(false)).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct VolumeMemberHandle {
    client: Client,
    id: VolumeId,
    member: String,
}

impl VolumeMemberHandle {
    /// Gets the member with his permissions.
    ///
    /// ```no_run
    /// # async fn example(volume: sbg::volumes::VolumeHandle) -> sbg::Result<()> {
    /// let member = volume.members().member("fcrick").get().await?;
    /// let may_export = member.permissions.and_then(|permissions| permissions.write) == Some(true);
    /// # Ok(())
    /// # }
    /// ```
    pub fn get(&self) -> Get<types::Member> {
        let Self { client, id, member } = self.clone();
        Get::new(VolumeMemberList::IDENTITY, move |fields| async move {
            check_segment(MEMBER_ID, &member)?;
            let call = client.raw().volume_member_get().volume_owner(id.owner()).volume_name(id.volume());
            Ok(set!(call.username(member), fields = fields).send().await?.into_inner())
        })
    }

    /// Takes the member out of the volume.
    ///
    /// ```no_run
    /// # async fn example(volume: sbg::volumes::VolumeHandle) -> sbg::Result<()> {
    /// volume.members().member("fcrick").remove().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// A malformed id of the member, before anything is sent; or whatever the call brings.
    pub async fn remove(&self) -> Result<()> {
        let member = check_segment(MEMBER_ID, &self.member)?;
        let call = self.client.raw().volume_member_remove();
        call.volume_owner(self.id.owner()).volume_name(self.id.volume()).username(member).send().await?;
        Ok(())
    }

    /// Changes the permissions that are named and leaves the others.
    ///
    /// ```no_run
    /// # async fn example(volume: sbg::volumes::VolumeHandle) -> sbg::Result<()> {
    /// use sbg::members::Permissions;
    ///
    /// let member = volume.members().member("fcrick");
    /// let permissions = member.edit_permissions(Permissions::new().write(false)).await?;
    /// assert_eq!(permissions.write, Some(false));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// A change of nothing, the execute permission or a malformed id of the member, before anything is sent; or whatever the call brings.
    pub async fn edit_permissions(&self, permissions: Permissions) -> Result<types::Permissions> {
        let member = check_segment(MEMBER_ID, &self.member)?;
        let body = volume_permissions(&permissions.to_edit())?;
        if body == types::VolumePermissionsEdit::default() {
            return Err(Error::invalid("the edit of the permissions changes nothing"));
        }
        let call = self.client.raw().volume_member_permissions_edit();
        let call = call.volume_owner(self.id.owner()).volume_name(self.id.volume());
        Ok(call.username(member).body(body).send().await?.into_inner())
    }

    /// Sets all permissions: what is not named is taken away.
    ///
    /// ```no_run
    /// # async fn example(volume: sbg::volumes::VolumeHandle) -> sbg::Result<()> {
    /// use sbg::members::Permissions;
    ///
    /// let member = volume.members().member("fcrick");
    /// let permissions = member.replace_permissions(Permissions::new().copy(true)).await?;
    /// println!("{:?} {:?}", permissions.copy, permissions.write);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The execute permission or a malformed id of the member, before anything is sent; or whatever the call brings.
    pub async fn replace_permissions(&self, permissions: Permissions) -> Result<types::Permissions> {
        let member = check_segment(MEMBER_ID, &self.member)?;
        volume_permissions(&permissions.to_edit())?;
        let types::PermissionsReplace { read, write, copy, admin, .. } = permissions.to_replace();
        let body = types::VolumePermissionsReplace { read, write, copy, admin };
        let call = self.client.raw().volume_member_permissions_replace();
        let call = call.volume_owner(self.id.owner()).volume_name(self.id.volume());
        Ok(call.username(member).body(body).send().await?.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_volumes_are_words_with_single_underscores() {
        let check = |name: &str, allowed: bool| assert_eq!(check_name(name).is_ok(), allowed, "{name}");
        for name in ["a", "my_input_volume", "2024", "A1_b2", &"a".repeat(32)] {
            check(name, true);
        }
        for name in ["", "a__b", "_a", "a_", "a-b", "a b", "é", &"a".repeat(33)] {
            check(name, false);
        }
    }

    #[test]
    fn execute_is_a_part_of_admin_alone() {
        let allowed = |permissions: Permissions| volume_permissions(&permissions.to_edit()).is_ok();
        assert!(allowed(Permissions::all()));
        assert!(allowed(Permissions::new().execute(false)));
        assert!(!allowed(Permissions::new().write(true).execute(true)));
    }
}
