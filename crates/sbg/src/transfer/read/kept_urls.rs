//! The signed URLs of the files that a client reads, kept so that many reads of a file cost one call.

use std::collections::HashMap;

use parking_lot::Mutex;

use crate::error::Result;
use crate::transfer::download::signed_url::RenewableUrl;
use crate::transfer::download::source::{Remote, UrlSource};
use crate::transfer::engine::runtime::Context;

/// Most files whose URLs are kept.
const MOST: usize = 1024;

/// The signed URLs of the files that were read last. They expire as the storage says; each is renewed when it is needed again.
#[derive(Debug, Default)]
pub(crate) struct KeptUrls(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    by_file: HashMap<String, (u64, RenewableUrl)>,
    /// Number of the latest use.
    uses: u64,
}

impl KeptUrls {
    /// The URL of this file, which all reads of the file share.
    pub(in crate::transfer) fn of(&self, context: &Context, file_id: &str) -> RenewableUrl {
        let kept = &mut *self.0.lock();
        kept.uses += 1;
        if let Some((used, url)) = kept.by_file.get_mut(file_id) {
            *used = kept.uses;
            return url.clone();
        }
        if kept.by_file.len() >= MOST {
            let oldest = kept.by_file.iter().min_by_key(|(_, (used, _))| *used).map(|(id, _)| id.clone());
            oldest.and_then(|id| kept.by_file.remove(&id));
        }
        let url = RenewableUrl::new(UrlSource::file(context, file_id));
        kept.by_file.insert(file_id.to_owned(), (kept.uses, url.clone()));
        url
    }
}

/// The URL of what is read: kept for a file, new for an object of a DRS server.
pub(super) async fn url_of(context: &Context, remote: &Remote) -> Result<RenewableUrl> {
    match remote {
        Remote::File(file) => Ok(file.client.kept_urls().of(context, file.checked_file("read")?)),
        Remote::Drs(_) => Ok(RenewableUrl::new(remote.locate(context, "read").await?.urls)),
    }
}
