//! Contents of a volume: the objects and folders in one folder.
//!
//! This list has neither index nor total; each page links to the next one. The link is never followed: only the token in its query is
//! used, so the user's token is sent nowhere else.

use sbg_raw::ClientVolumesExt as _;

use crate::client::Client;
use crate::error::Result;
use crate::ids::{Given, VolumeId, checked};
use crate::request::call::set;
use crate::request::list::{Fetched, List, PageRequest, query_value};
use crate::request::query::Query;
use crate::types;

/// The fields required to read an object.
pub(super) const IDENTITY: &[&str] = &["location"];

/// An object or a folder of a volume.
///
/// ```no_run
/// # async fn example(volume: sbg::volumes::VolumeHandle) -> sbg::Result<()> {
/// use sbg::volumes::VolumeEntry;
///
/// for entry in volume.list().all().await? {
///     match entry {
///         VolumeEntry::Object(object) => println!("{}", object.location),
///         VolumeEntry::Folder(folder) => println!("{} (folder)", folder.prefix),
///         _ => {}
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum VolumeEntry {
    /// An object, which can be imported.
    Object(types::VolumeObject),
    /// A folder. To list it, pass its `prefix` to [`prefix`](Query::prefix).
    Folder(types::VolumePrefix),
}

impl VolumeEntry {
    /// The path on the volume, without the prefix of the volume itself. The path of a folder ends with `/`.
    ///
    /// ```no_run
    /// # async fn example(volume: sbg::volumes::VolumeHandle) -> sbg::Result<()> {
    /// for entry in volume.list().all().await? {
    ///     println!("{}", entry.path());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn path(&self) -> &str {
        match self {
            Self::Object(object) => &object.location,
            Self::Folder(folder) => &folder.prefix,
        }
    }

    /// Whether this is a folder.
    ///
    /// ```no_run
    /// # async fn example(volume: sbg::volumes::VolumeHandle) -> sbg::Result<()> {
    /// let folders = volume.list().all().await?.into_iter().filter(|entry| entry.is_folder());
    /// println!("{} folders", folders.count());
    /// # Ok(())
    /// # }
    /// ```
    pub fn is_folder(&self) -> bool {
        matches!(self, Self::Folder(_))
    }

    /// The object, unless this is a folder.
    ///
    /// ```no_run
    /// # async fn example(volume: sbg::volumes::VolumeHandle) -> sbg::Result<()> {
    /// for entry in volume.list().fields(sbg::Fields::all()).all().await? {
    ///     if let Some(object) = entry.into_object() {
    ///         println!("{} {:?}", object.location, object.metadata);
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_object(self) -> Option<types::VolumeObject> {
        match self {
            Self::Object(object) => Some(object),
            Self::Folder(_) => None,
        }
    }
}

/// The list of one folder of a volume.
///
/// ```no_run
/// # async fn example(volume: sbg::volumes::VolumeHandle) -> sbg::Result<()> {
/// let mut entries = volume.list().prefix("S1/").items();
/// while let Some(entry) = entries.try_next().await? {
///     println!("{}", entry.path());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct VolumeObjectList {
    pub(super) id: Given<VolumeId>,
    pub(super) prefix: Option<String>,
}

impl Query<VolumeObjectList> {
    /// The folder to list, such as `photographs/`. Default: the root of the volume.
    ///
    /// ```
    /// # fn example(volume: sbg::volumes::VolumeHandle) {
    /// let query = volume.list().prefix("photographs/");
    /// # }
    /// ```
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.list.prefix = Some(prefix.into());
        self
    }
}

impl List for VolumeObjectList {
    type Item = VolumeEntry;

    const NAME: &'static str = "objects of a volume";

    const IDENTITY: &'static [&'static str] = IDENTITY;

    fn check(&self) -> Result<()> {
        Ok(checked(&self.id).map(drop)?)
    }

    fn by_token(&self) -> bool {
        true
    }

    async fn fetch(self, client: Client, at: PageRequest) -> Result<Fetched<VolumeEntry>> {
        let call = client.raw().volume_object_list();
        let id = self.id?;
        let call = call.volume_owner(id.owner()).volume_name(id.volume());
        let limit = at.limit_param();
        let call = set!(call, prefix = self.prefix, limit = limit, fields = at.fields);
        let page = set!(call, continuation_token = at.token).send().await?.into_inner();
        let mut links = page.links.into_iter().flatten().filter_map(|link| link.next);
        let next = links.find(|link| !link.is_empty());
        let folders = page.prefixes.into_iter().flatten().map(VolumeEntry::Folder);
        let entries = folders.chain(page.items.into_iter().map(VolumeEntry::Object)).collect();
        let token = next.as_deref().and_then(|link| query_value(link, "continuation_token"));
        Ok(Fetched { href: page.href, next, ..Fetched::with_token(entries, None, token) })
    }
}
