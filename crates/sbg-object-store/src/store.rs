//! The store: what each method of the trait means on the platform.

use std::fmt;
use std::io::Cursor;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{FutureExt as _, StreamExt as _, TryStreamExt as _, future, stream};
use object_store::path::Path;
use object_store::{
    Attributes, CopyMode, CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult,
    MultipartUpload, ObjectMeta, ObjectStore, PutMode, PutMultipartOptions, PutOptions, PutPayload,
    PutResult, RenameOptions, RenameTargetMode, Result,
};
use sbg::files::FileRef;
use sbg::{Client, IntoId, ProjectId};

use crate::error::{STORE, generic, mapped, not_implemented};
use crate::multipart::Parts;
use crate::open_file::OpenFile;
use crate::tree::{Folder, Tree};
use crate::upload::finished;

/// How long paths are kept by default.
const KEEP_FOR: Duration = Duration::from_secs(60);

/// Ranges up to this size are read at once, larger ones are streamed.
const AT_ONCE: u64 = 8 * 1024 * 1024;

/// Files that are deleted or looked up side by side.
const SIDE_BY_SIDE: usize = 8;

/// Files that one call deletes.
const BULK: usize = 100;

/// The files of a project, a folder or an owner as an [`ObjectStore`]. Clones share what was found.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> Result<(), Box<dyn std::error::Error>> {
/// use futures::TryStreamExt as _;
/// use object_store::ObjectStore as _;
///
/// let store = sbg_object_store::SbgStore::project(client, "rfranklin/fibre-diffraction");
/// let mut files = store.list(Some(&"tables".into()));
/// while let Some(file) = files.try_next().await? {
///     println!("{} has {} bytes", file.location, file.size);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct SbgStore {
    tree: Arc<Tree>,
}

impl SbgStore {
    /// The files of all projects of an owner: a user or a division. Paths begin with the short name of the project.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let store = sbg_object_store::SbgStore::owner(client, "rfranklin");
    /// assert_eq!(store.url().map(String::from).as_deref(), Some("sbg://rfranklin/"));
    /// # }
    /// ```
    pub fn owner(client: Client, owner: impl Into<String>) -> Self {
        Self::new(client, Folder::Owner(owner.into()))
    }

    /// The files of a project, `owner/project`.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let store = sbg_object_store::SbgStore::project(client, "rfranklin/fibre-diffraction");
    /// # }
    /// ```
    pub fn project(client: Client, id: impl IntoId<ProjectId>) -> Self {
        let id = client.project(id).id().to_owned();
        Self::new(client, Folder::Project(id))
    }

    /// The files of a folder.
    ///
    /// ```
    /// # fn example(client: sbg::Client, folder: sbg::types::File) {
    /// let store = sbg_object_store::SbgStore::folder(client, &folder);
    /// # }
    /// ```
    pub fn folder(client: Client, folder: impl Into<FileRef>) -> Self {
        let id = folder.into().id().to_owned();
        Self::new(client, Folder::Nested(id))
    }

    fn new(client: Client, root: Folder) -> Self {
        Self { tree: Arc::new(Tree::new(client, root, KEEP_FOR)) }
    }

    /// How long a path that was found is cached, with the size and version of its file; one minute by default. Zero looks up each path again.
    ///
    /// ```
    /// # fn example(store: sbg_object_store::SbgStore) {
    /// let of_finished_runs = store.keep_for(std::time::Duration::from_secs(3600));
    /// # }
    /// ```
    #[must_use]
    pub fn keep_for(self, time: Duration) -> Self {
        let (client, root) = (self.tree.client().clone(), self.tree.root().clone());
        Self { tree: Arc::new(Tree::new(client, root, time)) }
    }

    /// The URL to register the store of an [`owner`](Self::owner) with, `sbg://owner/`; `None` for a project or a folder, which have no URL
    /// of their own.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let store = sbg_object_store::SbgStore::owner(client, "rfranklin");
    /// let url = store.url();
    /// # }
    /// ```
    pub fn url(&self) -> Option<url::Url> {
        match self.tree.root() {
            Folder::Owner(owner) => crate::url::of_owner(owner),
            Folder::Project(_) | Folder::Nested(_) => None,
        }
    }

    /// Reads a file again by its path, once, if it is gone: it may have been overwritten, which gives it another id.
    async fn with_file<T, F: Future<Output = Result<T>>>(
        &self,
        path: &Path,
        read: impl Fn(Arc<OpenFile>) -> F,
    ) -> Result<T> {
        let done = read(self.tree.file(path).await?).await;
        if let Err(Error::NotFound { .. } | Error::Precondition { .. }) = &done {
            self.tree.forget(path);
        }
        match done {
            Err(Error::NotFound { .. }) => read(self.tree.file(path).await?).await,
            done => done,
        }
    }

    async fn get(&self, open: Arc<OpenFile>, path: &Path, options: &GetOptions) -> Result<GetResult> {
        let meta = self.tree.meta(path, &open).await?;
        options.check_preconditions(&meta)?;
        if options.version.is_some() {
            return Err(not_implemented("reading a version of a file"));
        }
        let range = match &options.range {
            Some(range) => range.as_range(meta.size).map_err(generic)?,
            None => 0..meta.size,
        };
        let payload = self.payload(&open, path, &range, options.head).await?;
        let payload = GetResultPayload::Stream(payload);
        Ok(GetResult { payload, meta, range, attributes: Attributes::default() })
    }

    async fn payload(
        &self,
        open: &OpenFile,
        path: &Path,
        range: &Range<u64>,
        head: bool,
    ) -> Result<BoxStream<'static, Result<Bytes>>> {
        if head || range.is_empty() {
            return Ok(stream::empty().boxed());
        }
        let path = path.clone();
        if range.end - range.start <= AT_ONCE {
            let bytes = open.read(range).await.map_err(|error| mapped(&path, error))?;
            return Ok(stream::once(future::ok(bytes)).boxed());
        }
        let bytes = self.tree.client().file(&open.file).stream_range(range.clone());
        Ok(bytes.map_err(move |error| mapped(&path, error)).boxed())
    }

    async fn put(&self, path: &Path, payload: PutPayload, overwrite: bool) -> Result<PutResult> {
        let (destination, name) = self.tree.destination(path).await?;
        let (bytes, size) = (Bytes::from(payload.clone()), payload.content_length() as u64);
        let upload = self.tree.client().upload_reader(name, Cursor::new(bytes)).size(size);
        let put = finished(upload.to(destination).overwrite(overwrite).start(), path).await?;
        self.tree.forget(path);
        Ok(put)
    }

    /// Deletes the file of this path, if there is one.
    async fn delete_present(&self, path: &Path) -> Result<()> {
        match self.tree.file(path).await {
            Ok(present) => {
                let deleted = self.tree.client().file(&present.file).delete().await;
                self.tree.forget(path);
                deleted.map_err(|error| mapped(path, error))
            }
            Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Fails if there is a file of this path.
    async fn check_free(&self, path: &Path) -> Result<()> {
        self.tree.forget(path);
        match self.tree.file(path).await {
            Ok(_) => {
                Err(Error::AlreadyExists { path: path.to_string(), source: "it must not be replaced".into() })
            }
            Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Copies a file under a temporary name, and gives it its own when the file in its way is deleted: a failed copy loses nothing.
    async fn copy(&self, from: &Path, to: &Path) -> Result<()> {
        if from == to {
            return self.tree.file(from).await.map(drop);
        }
        let client = self.tree.client();
        let source = self.tree.file(from).await?;
        let (destination, name) = self.tree.destination(to).await?;
        let in_the_way = self.tree.file(to).await.is_ok();
        let first_name = if in_the_way { format!(".{}.{}", source.file.id, name) } else { name.clone() };
        let copy = client.file(&source.file).copy_to(destination).name(first_name);
        let copied = copy.await.map_err(|error| mapped(to, error))?;
        if in_the_way {
            self.delete_present(to).await?;
            client.file(&copied).edit().name(name).await.map_err(|error| mapped(to, error))?;
        }
        self.tree.forget(to);
        Ok(())
    }

    /// Deletes up to [`BULK`] files in one call.
    async fn delete_all(&self, paths: Vec<Result<Path>>) -> Vec<Result<Path>> {
        let found = stream::iter(paths).map(|path| async {
            let path = path?;
            let file = self.tree.file(&path).await?;
            Ok((path, file.file.id.clone()))
        });
        let found: Vec<Result<(Path, String)>> = found.buffered(SIDE_BY_SIDE).collect().await;
        let ids: Vec<_> = found.iter().flatten().map(|(_, id)| id.clone()).collect();
        let mut deleted = match ids.len() {
            0 => Ok(Vec::new()),
            1 => Ok(vec![self.tree.client().file(&ids[0]).delete().await]),
            _ => {
                let deleted = self.tree.client().files().bulk_delete(ids).await;
                deleted.map(|files| files.into_iter().map(|file| file.map(drop)).collect())
            }
        }
        .map(Vec::into_iter);
        let results = found.into_iter().map(|found| {
            let (path, _) = found?;
            self.tree.forget(&path);
            let done = match &mut deleted {
                Ok(deleted) => deleted.next().unwrap_or(Ok(())),
                Err(error) => Err(error.clone()),
            };
            done.map_err(|error| mapped(&path, error)).map(|()| path)
        });
        results.collect()
    }
}

#[async_trait]
impl ObjectStore for SbgStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        check_options(&options.attributes, &options.tags)?;
        match options.mode {
            PutMode::Overwrite => self.put(location, payload, true).await,
            PutMode::Create => self.put(location, payload, false).await,
            PutMode::Update(_) => Err(not_implemented("updating a version of a file")),
        }
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        check_options(&options.attributes, &options.tags)?;
        Ok(Box::new(Parts::new(self.tree.clone(), location.clone())?))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.with_file(location, |open| self.get(open, location, &options)).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let read = |open: Arc<OpenFile>| async move {
            let read = match ranges {
                [range] => open.read(range).await.map(|bytes| vec![bytes]),
                ranges => open.reader.read_ranges(ranges.iter().cloned()).await,
            };
            read.map_err(|error| mapped(location, error))
        };
        self.with_file(location, read).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let store = self.clone();
        let deleted = locations.ready_chunks(BULK).then(move |paths| {
            let store = store.clone();
            async move { stream::iter(store.delete_all(paths).await) }
        });
        deleted.flatten().boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let listing = self.tree.clone().list(prefix.cloned().unwrap_or_default());
        listing
            .map(|listing| listing.unwrap_or_else(|error| stream::once(future::err(error)).boxed()))
            .flatten_stream()
            .boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let (common_prefixes, objects) = self.tree.children(&prefix.cloned().unwrap_or_default()).await?;
        Ok(ListResult { common_prefixes, objects })
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        if options.mode == CopyMode::Create {
            self.tree.file(from).await?;
            self.check_free(to).await?;
        }
        self.copy(from, to).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        if options.target_mode == RenameTargetMode::Create {
            self.tree.file(from).await?;
            self.check_free(to).await?;
        }
        self.copy(from, to).await?;
        if from == to { Ok(()) } else { self.delete_present(from).await }
    }
}

impl fmt::Display for SbgStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.tree.root() {
            Folder::Owner(id) => write!(f, "{STORE}(owner {id})"),
            Folder::Project(id) => write!(f, "{STORE}(project {id})"),
            Folder::Nested(id) => write!(f, "{STORE}(folder {id})"),
        }
    }
}

/// Refuses what the platform would lose.
fn check_options(attributes: &Attributes, tags: &object_store::TagSet) -> Result<()> {
    if attributes.is_empty() && tags.encoded().is_empty() {
        return Ok(());
    }
    Err(not_implemented("writing attributes and tags"))
}
