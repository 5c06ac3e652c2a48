//! Creation of volumes.

use sbg_raw::ClientVolumesExt as _;

use super::Service;
use crate::client::Client;
use crate::error::{Error, Result};
use crate::raw::types as bodies;
use crate::request::call::awaitable;
use crate::types;

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
    pub(super) client: Client,
    pub(super) name: String,
    pub(super) service: Service,
    pub(super) access_mode: Option<types::VolumeAccessModeSet>,
    pub(super) description: Option<String>,
}

impl VolumeCreate {
    /// Access mode of the volume: what the platform may do, even if the credentials allow more. Default: read and write; read only for
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
    /// let objects = client.volume(volume.id).list().all().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: an invalid name, or a service with a missing field or a field of another cloud. Otherwise the error
    /// of the call.
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
            bodies::VolumeCreate { name: self.name, access_mode, description: self.description, service };
        Ok(self.client.raw().volume_create().body(body).send().await?.into_inner())
    }
}

awaitable!(VolumeCreate => types::Volume, client);

/// Checks the name of a volume against the platform's rules (its codes 9013, 9014 and 9030).
pub(super) fn check_name(name: &str) -> Result<()> {
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if name.len() <= 32 && name.split('_').all(is_word) {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "invalid volume name `{}`: use at most 32 English letters and digits, with single underscores between them",
        crate::ids::excerpt(name, 60)
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn volume_name_allows_single_underscores() {
        let check = |name: &str, allowed: bool| assert_eq!(check_name(name).is_ok(), allowed, "{name}");
        for name in ["a", "my_input_volume", "2024", "A1_b2", &"a".repeat(32)] {
            check(name, true);
        }
        for name in ["", "a__b", "_a", "a_", "a-b", "a b", "é", &"a".repeat(33)] {
            check(name, false);
        }
    }
}
