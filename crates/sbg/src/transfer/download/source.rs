//! What is read: a file of the platform, or an object of a DRS server. Knows where the signed URL of either comes from.

use std::sync::Arc;

use http::HeaderMap;
use parking_lot::Mutex;
use sbg_raw::ClientFilesExt as _;

use crate::drs::{self, DrsLocation, DrsObject, DrsObjectHandle};
use crate::error::Result;
use crate::files::FileHandle;
use crate::transfer::digest::Digest;
use crate::transfer::engine::runtime::{Context, Engine};
use crate::transfer::engine::storage::Link;

/// A remote object to read.
#[derive(Clone, Debug)]
pub(in crate::transfer) enum Remote {
    File(FileHandle),
    Drs(DrsObjectHandle),
}

/// An object, after the service that lists it has responded.
#[derive(Debug)]
pub(in crate::transfer) struct Located {
    pub(in crate::transfer) urls: UrlSource,
    /// Identifies the object across all platforms and servers.
    pub(in crate::transfer) identity: String,
    /// The size, if the service lists it.
    pub(in crate::transfer) size: Option<u64>,
    /// The digests that the service lists.
    pub(in crate::transfer) digests: Vec<Digest>,
}

impl Remote {
    pub(in crate::transfer) fn engine(&self) -> Arc<Engine> {
        match self {
            Self::File(file) => file.client.engine(),
            Self::Drs(object) => object.client().engine(),
        }
    }

    /// The size, if a list has reported it.
    pub(in crate::transfer) fn known_size(&self) -> Option<u64> {
        match self {
            Self::File(file) => file.known_size(),
            Self::Drs(_) => None,
        }
    }

    /// The id or URI, for messages.
    pub(in crate::transfer) fn name(&self) -> &str {
        match self {
            Self::File(file) => file.id(),
            Self::Drs(object) => object.uri(),
        }
    }

    /// Refuses what cannot be read before anything is sent; `what` becomes of the file, such as `downloaded`.
    pub(in crate::transfer) fn check(&self, what: &str) -> Result<()> {
        match self {
            Self::File(file) => file.checked_file(what).map(drop),
            Self::Drs(object) => object.uri().parse::<drs::DrsUri>().map(drop),
        }
    }

    /// Asks the service for the object, where that needs a request.
    pub(in crate::transfer) async fn locate(&self, context: &Context, what: &str) -> Result<Located> {
        match self {
            Self::File(file) => {
                let id = file.checked_file(what)?;
                Ok(Located {
                    identity: format!("{}/files/{id}", file.client.endpoint().as_str()),
                    urls: UrlSource::file(context, id),
                    size: None,
                    digests: Vec::new(),
                })
            }
            Self::Drs(handle) => {
                self.check(what)?;
                let handle = handle.on_engine();
                let (location, object) = handle.find().await?;
                Ok(Located {
                    identity: location.uri().to_string(),
                    size: object.size.and_then(|size| u64::try_from(size).ok()),
                    digests: drs::digests(&object),
                    urls: UrlSource::Drs(Box::new(DrsUrls {
                        handle,
                        location,
                        object: Mutex::new(Some(object)),
                    })),
                })
            }
        }
    }
}

/// Where the signed URL of an object comes from, each time that it is renewed.
#[derive(Debug)]
pub(in crate::transfer) enum UrlSource {
    File { context: Context, id: String },
    Drs(Box<DrsUrls>),
}

/// An object of a DRS server.
#[derive(Debug)]
pub(in crate::transfer) struct DrsUrls {
    handle: DrsObjectHandle,
    location: DrsLocation,
    /// The object as it was located, for the first URL. Later ones need a new one: it may hold URLs that have expired.
    object: Mutex<Option<DrsObject>>,
}

impl UrlSource {
    /// A file of the platform.
    pub(in crate::transfer) fn file(context: &Context, id: &str) -> Self {
        Self::File { context: context.clone(), id: id.to_owned() }
    }

    /// The id or URI, for messages.
    pub(in crate::transfer) fn name(&self) -> &str {
        match self {
            Self::File { id, .. } => id,
            Self::Drs(drs) => drs.handle.uri(),
        }
    }

    /// Asks for a new URL.
    pub(in crate::transfer) async fn renew(&self) -> Result<Link> {
        match self {
            Self::File { context, id } => {
                let response = context.api.file_download_info().file_id(&**id).send().await?;
                context.platform_clock.observe(response.headers());
                Ok(Link::new(response.into_inner().url.into_exposed(), HeaderMap::new()))
            }
            Self::Drs(drs) => {
                let known = drs.object.lock().take();
                let object = match known {
                    Some(object) => object,
                    None => drs.handle.find().await?.1,
                };
                let access = drs.handle.access_of(&drs.location, &object).await?;
                let headers = access.header_map();
                Ok(Link::new(access.url.into_exposed(), headers))
            }
        }
    }
}
