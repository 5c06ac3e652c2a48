//! Finds out before an export which files the platform would refuse.

use super::Exports;
use crate::error::{Error, ErrorKind, Result};
use crate::ids::{IntoId, VolumeId};
use crate::types::{self, FileStorageType, FileType, VolumeAccessMode};

/// The owner of public projects, whose files cannot be exported.
const PUBLIC: &str = "admin/";

impl Exports {
    /// Checks whether files can be exported to a volume, without starting anything: gets the volume and the files, 100 per call. Each file
    /// that can be exported is returned, and for each other one the reason, in the order of the ids.
    ///
    /// The platform refuses folders, public files, aliases of objects on a volume, and files that another cloud provider stores than that
    /// of the volume. Its rule about regions cannot be checked, because a volume does not show its region; neither can permissions.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, ids: Vec<String>) -> sbg::Result<()> {
    /// let exports = client.exports();
    /// let mut starts = Vec::new();
    /// for file in exports.check(ids, "rfranklin/results").await? {
    ///     match file {
    ///         Ok(file) => starts.push(exports.start(&file.id, "rfranklin/results", file.name.unwrap_or_default())),
    ///         Err(error) => eprintln!("{error}"),
    ///     }
    /// }
    /// exports.bulk_start(starts).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Conflict`] if nothing can be written to the volume: it is read-only or deactivated. Refused before any request: no ids
    /// or an invalid one. Otherwise the error of getting the volume.
    pub async fn check<I: Into<String>>(
        &self,
        files: impl IntoIterator<Item = I>,
        volume: impl IntoId<VolumeId>,
    ) -> Result<Vec<Result<types::File>>> {
        let ids: Vec<String> = files.into_iter().map(Into::into).collect();
        let volume = self.client.volume(volume.into_id()?).get().await?;
        writable(&volume)?;
        let found = self.client.files().bulk_get(ids).await?;
        Ok(found.into_iter().map(|file| exportable(file?, &volume)).collect())
    }
}

/// Whether exports can be written to the volume.
fn writable(volume: &types::Volume) -> Result<()> {
    let refused = |why: &str| {
        let message = format!("cannot export to the volume `{}`: it is {why}", volume.id);
        Err(Error::new(ErrorKind::Conflict, message))
    };
    if volume.active == Some(false) {
        return refused("deactivated");
    }
    if volume.access_mode == Some(VolumeAccessMode::Ro) {
        return refused("read-only");
    }
    Ok(())
}

/// The file, if the platform is known to export it to the volume.
fn exportable(file: types::File, volume: &types::Volume) -> Result<types::File> {
    let refused = |why: String| {
        let name = file.name.as_deref().unwrap_or(&file.id);
        Err(Error::new(ErrorKind::Conflict, format!("`{name}` cannot be exported: {why}")))
    };
    if file.type_ == Some(FileType::Folder) {
        return refused("it is a folder".to_owned());
    }
    if file.project.as_deref().is_some_and(|project| project.starts_with(PUBLIC)) {
        return refused("it is a public file".to_owned());
    }
    let Some(storage) = &file.storage else { return Ok(file) };
    if storage.type_ == Some(FileStorageType::Volume) {
        let on = storage.volume.as_deref().unwrap_or("a volume");
        return refused(format!("it is an alias of an object on {on}"));
    }
    let locations = storage.hosted_on_locations.as_deref().unwrap_or_default();
    let service = volume.service.as_ref().and_then(|service| service.type_.as_deref()).unwrap_or_default();
    match provider(service) {
        // Volumes behind a custom endpoint may be anywhere.
        Some(provider) if !locations.is_empty() && !locations.iter().any(|at| at.starts_with(provider)) => {
            refused(format!("it is stored on {}, and the volume is on `{service}`", locations.join(", ")))
        }
        _ => Ok(file),
    }
}

/// The beginning of the locations of a service.
fn provider(service: &str) -> Option<&'static str> {
    match &*service.to_ascii_lowercase() {
        "s3" => Some("aws:"),
        "gcs" => Some("google:"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn known_refusals_are_found() {
        let check = |file: Value, service: &str, expected: Option<&str>| {
            let volume = json!({"id": "rfranklin/results", "service": {"type": service}});
            let volume = serde_json::from_value(volume).unwrap();
            let got = exportable(serde_json::from_value(file).unwrap(), &volume).err();
            match (got, expected) {
                (None, None) => {}
                (Some(error), Some(word)) => assert!(error.message().contains(word), "{error}"),
                (got, _) => panic!("{got:?}, not {expected:?}"),
            }
        };
        let on = |location: &str| json!({"id": "a", "name": "b", "storage": {"type": "PLATFORM", "hosted_on_locations": [location]}});
        check(on("aws:us-east-1"), "s3", None);
        check(on("aws:us-east-1"), "S3", None);
        check(on("aws:us-east-1"), "gcs", Some("stored on aws:us-east-1"));
        check(on("google:us-west1"), "s3", Some("on `s3`"));
        check(on("aws:us-east-1"), "OSS", None);
        check(json!({"id": "a"}), "s3", None);
        check(json!({"id": "a", "type": "folder"}), "s3", Some("folder"));
        check(json!({"id": "a", "project": "admin/sbg-public-data"}), "s3", Some("public"));
        check(
            json!({"id": "a", "storage": {"type": "VOLUME", "volume": "x/y"}}),
            "s3",
            Some("alias of an object on x/y"),
        );
    }

    #[test]
    fn closed_volume_is_refused_as_a_whole() {
        let volume = |fields: Value| serde_json::from_value::<types::Volume>(fields).unwrap();
        assert!(writable(&volume(json!({"id": "a/b", "access_mode": "RW", "active": true}))).is_ok());
        assert!(writable(&volume(json!({"id": "a/b", "access_mode": "RO"}))).is_err());
        assert!(writable(&volume(json!({"id": "a/b", "active": false}))).is_err());
    }
}
