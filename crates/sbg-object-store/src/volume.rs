//! The list of a volume as a store. The platform hands out no content of volumes: objects are imported into a project first.

use std::fmt;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use object_store::path::Path;
use object_store::{
    Attributes, CopyOptions, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload,
    ObjectMeta, ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use sbg::types::VolumeObject;
use sbg::volumes::VolumeEntry;
use sbg::{Client, Fields, IntoId, VolumeId};

use crate::error::{STORE, mapped, not_implemented};
use crate::metadata::below;

/// The objects of a volume as an [`ObjectStore`] that lists: `list`, `list_with_delimiter` and `head`. Everything else is
/// [`NotImplemented`](object_store::Error::NotImplemented), since the platform hands out no content of volumes; import the objects, and
/// read them with an [`SbgStore`](crate::SbgStore).
///
/// Paths have no prefix of the volume. Listing costs one call for each folder and each hundred of its objects.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> Result<(), Box<dyn std::error::Error>> {
/// use futures::TryStreamExt as _;
/// use object_store::ObjectStore as _;
///
/// let store = sbg_object_store::VolumeStore::new(client, "rfranklin/patterns");
/// let mut objects = store.list(Some(&"photographs".into()));
/// while let Some(object) = objects.try_next().await? {
///     println!("{} has {} bytes", object.location, object.size);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct VolumeStore {
    client: Client,
    id: String,
}

impl VolumeStore {
    /// The objects of a volume, `owner/volume`.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let store = sbg_object_store::VolumeStore::new(client, "rfranklin/patterns");
    /// # }
    /// ```
    pub fn new(client: Client, id: impl IntoId<VolumeId>) -> Self {
        let id = client.volume(id).id().to_owned();
        Self { client, id }
    }

    /// The objects and folders of a folder.
    fn entries(&self, folder: &str) -> BoxStream<'static, sbg::Result<VolumeEntry>> {
        let query = self.client.volume(&self.id).list().fields(Fields::all());
        if folder.is_empty() { query.items().boxed() } else { query.prefix(folder).items().boxed() }
    }
}

/// The prefix of the objects in a folder.
fn prefix_of(folder: Option<&Path>) -> String {
    match folder.map(Path::as_ref) {
        None | Some("") => String::new(),
        Some(folder) => format!("{folder}/"),
    }
}

/// What the cloud reports of an object. The names of size and time differ between clouds; what is missing is 0.
fn meta(object: &VolumeObject) -> ObjectMeta {
    let field = |names: &[&str]| {
        let metadata = object.metadata.as_ref()?;
        names.iter().find_map(|name| metadata.get(*name))
    };
    let size = field(&["size", "content_length", "contentLength"]);
    let size = size.and_then(|size| size.as_u64().or_else(|| size.as_str()?.parse().ok()));
    let modified =
        field(&["last_modified", "lastModified", "updated"]).and_then(|time| match time.as_str() {
            Some(text) => DateTime::parse_from_rfc3339(text).ok().map(|time| time.with_timezone(&Utc)),
            None => DateTime::from_timestamp_millis(time.get("value")?.as_i64()?),
        });
    ObjectMeta {
        location: below(&Path::default(), &object.location),
        last_modified: modified.unwrap_or(DateTime::<Utc>::UNIX_EPOCH),
        size: size.unwrap_or_default(),
        e_tag: None,
        version: None,
    }
}

#[async_trait]
impl ObjectStore for VolumeStore {
    async fn put_opts(&self, _: &Path, _: PutPayload, _: PutOptions) -> Result<PutResult> {
        Err(not_implemented("writing to a volume"))
    }

    async fn put_multipart_opts(&self, _: &Path, _: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        Err(not_implemented("writing to a volume"))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        if !options.head || options.version.is_some() {
            return Err(not_implemented("reading an object of a volume"));
        }
        let object = self.client.volume(&self.id).object(location.as_ref());
        let meta = meta(&object.await.map_err(|error| mapped(location, error))?);
        options.check_preconditions(&meta)?;
        let payload = GetResultPayload::Stream(stream::empty().boxed());
        Ok(GetResult { payload, range: 0..meta.size, meta, attributes: Attributes::default() })
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        locations
            .map(|location| location.and_then(|_| Err(not_implemented("deleting from a volume"))))
            .boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let (store, at) = (self.clone(), prefix.cloned().unwrap_or_default());
        let start = (vec![prefix_of(prefix)], None);
        let objects = stream::try_unfold(start, move |(mut folders, mut open)| {
            let (store, at) = (store.clone(), at.clone());
            async move {
                loop {
                    let Some(entries) = &mut open else {
                        let Some(folder) = folders.pop() else { return Ok(None) };
                        open = Some(store.entries(&folder));
                        continue;
                    };
                    match entries.try_next().await.map_err(|error| mapped(&at, error))? {
                        Some(VolumeEntry::Folder(folder)) => folders.push(folder.prefix),
                        Some(VolumeEntry::Object(object)) => {
                            return Ok(Some((meta(&object), (folders, open))));
                        }
                        Some(_) => {}
                        None => open = None,
                    }
                }
            }
        });
        objects.boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let at = prefix.cloned().unwrap_or_default();
        let mut found = ListResult { common_prefixes: Vec::new(), objects: Vec::new() };
        let mut entries = self.entries(&prefix_of(prefix));
        while let Some(entry) = entries.try_next().await.map_err(|error| mapped(&at, error))? {
            match entry {
                VolumeEntry::Folder(folder) => {
                    found.common_prefixes.push(below(&Path::default(), folder.prefix.trim_end_matches('/')));
                }
                VolumeEntry::Object(object) => found.objects.push(meta(&object)),
                _ => {}
            }
        }
        Ok(found)
    }

    async fn copy_opts(&self, _: &Path, _: &Path, _: CopyOptions) -> Result<()> {
        Err(not_implemented("copying in a volume"))
    }
}

impl fmt::Display for VolumeStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{STORE}(volume {})", self.id)
    }
}
