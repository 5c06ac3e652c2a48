//! The GA4GH Data Repository Service (DRS): objects on any server, and imports of them. The files of an import stay where they are; the
//! platform links to them.

mod access;
mod hosts;
mod imports;
mod manifest;
mod object;
mod servers;
mod uri;

use crate::client::Client;

pub use access::DrsAccess;
#[cfg(feature = "transfer")]
pub(crate) use access::digests;
pub use hosts::DrsHosts;
pub use imports::{DrsImportHandle, DrsImportStart, DrsImports, DrsItem};
pub use manifest::{DrsManifest, ManifestImport, ManifestReport, RowReport};
pub use object::{Drs, DrsLocation, DrsObjectHandle};
pub use sbg_raw::ga4gh_drs::types::{
    AccessMethod, AccessUrl, BundleEntry, Checksum, DrsObject, ServiceInfo, ServiceOrganization, ServiceType,
};
pub(crate) use servers::DrsServers;
pub use uri::DrsUri;

/// Maximum number of files in one import, a limit of the platform.
const MOST_FILES: usize = 100;

impl Client {
    /// The imports from DRS servers.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, items: Vec<sbg::drs::DrsItem>) -> sbg::Result<()> {
    /// let import = client.drs_imports().start(items).await?;
    /// println!("{} {:?}", import.id, import.state);
    /// # Ok(())
    /// # }
    /// ```
    pub fn drs_imports(&self) -> DrsImports {
        DrsImports { client: self.clone() }
    }

    /// An import from DRS servers, by id.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let import = client.drs_import("lJNxn4PMqz7gTCRxJ9rVvE").get().await?;
    /// println!("{:?}", import.state);
    /// # Ok(())
    /// # }
    /// ```
    pub fn drs_import(&self, id: impl Into<String>) -> DrsImportHandle {
        DrsImportHandle { client: self.clone(), id: id.into() }
    }
}
