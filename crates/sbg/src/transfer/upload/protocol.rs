//! The API calls of an upload. Files and the code packages of automations have separate calls with the same meaning.

use std::collections::BTreeMap;
use std::time::Duration;

use http::header::{CONNECTION, CONTENT_LENGTH, HOST, TE, TRAILER, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderMap, HeaderName, HeaderValue};
use sbg_raw::{ClientAutomationsExt as _, ClientFilesExt as _, ClientUploadExt as _};

use super::plan::{PartReport, UploadDestination};
use super::remote::UploadStatus;
use crate::error::{Error, ErrorKind, Result};
use crate::ids::check_segment;
use crate::transfer::engine::storage::confirmation::Confirmation;
use crate::transfer::engine::storage::url_age::UrlAge;
use crate::transfer::part_size::LARGEST_PART;
use crate::types;

/// An upload that the platform knows.
#[derive(Clone, Debug)]
pub(super) struct RemoteUpload {
    pub(super) api: sbg_raw::Client,
    pub(super) destination: UploadDestination,
    pub(super) upload_id: String,
}

/// Timeout for aborting an upload.
const ABORT: Duration = Duration::from_secs(10);

/// The signed URL of a part.
#[derive(Debug)]
pub(super) struct PartUrl {
    pub(super) url: String,
    pub(super) age: UrlAge,
    pub(super) headers: HeaderMap,
    /// Statuses that mean success.
    pub(super) success: Vec<u16>,
    /// Headers to report.
    pub(super) wanted: Confirmation,
}

/// The request for a new upload: name, size and part size.
#[derive(Clone, Debug)]
pub(super) struct NewUpload {
    pub(super) name: String,
    pub(super) size: u64,
    pub(super) part_size: u64,
}

/// Begins an upload. Returns it with its part size, if the platform sets one.
pub(super) async fn begin(
    api: &sbg_raw::Client,
    destination: &UploadDestination,
    request: &NewUpload,
) -> Result<(RemoteUpload, Option<i64>)> {
    let too_large = |_| Error::invalid("the file is too large");
    let size = i64::try_from(request.size).map_err(too_large)?;
    let part_size = Some(i32::try_from(request.part_size).map_err(too_large)?);
    let name = request.name.clone();
    let (upload_id, part_size) = match destination {
        UploadDestination::Files { project, folder, overwrite } => {
            let (project, parent) = (project.clone(), folder.clone());
            let body = types::UploadInit { name, project, parent, size: Some(size), part_size, md5: None };
            let call = api.upload_init().body(body);
            let call = if *overwrite { call.overwrite(true) } else { call };
            let begun = call.send().await?.into_inner();
            (begun.upload_id, begun.part_size)
        }
        UploadDestination::Automation { id } => {
            let body = types::AutomationUploadInit { automation_id: id.clone(), name, part_size, size };
            let begun = api.automation_upload_init().body(body).send().await?.into_inner();
            (begun.upload_id, begun.part_size)
        }
    };
    // It becomes a path segment.
    check_segment("upload id", &upload_id)?;
    if part_size.is_some_and(|size| u64::try_from(size).is_ok_and(|size| size > LARGEST_PART)) {
        let message = "the platform requires parts of more than 1 GiB";
        return Err(Error::new(ErrorKind::UnexpectedResponse, message));
    }
    Ok((RemoteUpload { api: api.clone(), destination: destination.clone(), upload_id }, part_size))
}

impl RemoteUpload {
    fn is_code(&self) -> bool {
        matches!(self.destination, UploadDestination::Automation { .. })
    }

    /// Whether several parts can be reported in one call, or along with the completion.
    pub(super) fn takes_many_reports(&self) -> bool {
        !self.is_code()
    }

    pub(super) async fn part_url(&self, part: i32) -> Result<PartUrl> {
        let id = &*self.upload_id;
        let (url, expires, headers, report) = if self.is_code() {
            let call = self.api.automation_upload_part_url().upload_id(id).part_number(part);
            let response = call.send().await?.into_inner();
            let report = response.report.map(|report| (report.success_codes, report.headers));
            (response.url.into_exposed(), response.expires, response.headers, report)
        } else {
            let call = self.api.upload_part_url().upload_id(id).part_number(part);
            let response = call.send().await?.into_inner();
            let report = response.report.map(|report| (report.success_codes, report.headers));
            (response.url.into_exposed(), response.expires, response.headers, report)
        };
        let (success, headers_to_report) = report.unwrap_or_default();
        let success = success.unwrap_or_default().into_iter().filter_map(|code| u16::try_from(code).ok());
        let some = |given: Vec<u16>| if given.is_empty() { vec![200, 201, 204] } else { given };
        let wanted = Confirmation::of(headers_to_report);
        let age = UrlAge::of(&url, expires.and_then(|expires| expires.to_jiff()));
        Ok(PartUrl { url, age, headers: header_map(headers)?, success: some(success.collect()), wanted })
    }

    /// Reports parts in one call.
    pub(super) async fn report_many(&self, reports: &[PartReport]) -> Result<()> {
        let parts = reports.iter().cloned().map(report_body).collect();
        let call = self.api.upload_parts_report().upload_id(&*self.upload_id);
        call.body(types::UploadPartsReport { parts }).send().await?;
        Ok(())
    }

    /// Reports a part.
    pub(super) async fn report(&self, report: PartReport) -> Result<()> {
        let id = &*self.upload_id;
        if self.is_code() {
            let response = types::AutomationUploadPartReportResponse { headers: report.headers };
            let body = types::AutomationUploadPartReport { part_number: report.part, response };
            self.api.automation_upload_part_report().upload_id(id).body(body).send().await?;
        } else {
            self.api.upload_part_report().upload_id(id).body(report_body(report)).send().await?;
        }
        Ok(())
    }

    /// The platform's description of the upload, with the reported parts; `None` if it no longer knows the upload.
    pub(super) async fn remote(&self) -> Result<Option<UploadStatus>> {
        let id = &*self.upload_id;
        let said = if self.is_code() {
            let call = self.api.automation_upload_get().upload_id(id).list_parts(true);
            call.send().await.map(|upload| UploadStatus::from(upload.into_inner())).map_err(Error::from)
        } else {
            let call = self.api.upload_get().upload_id(id).list_parts(true);
            call.send().await.map(|upload| UploadStatus::from(upload.into_inner())).map_err(Error::from)
        };
        match said {
            Ok(remote) => Ok(Some(remote)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Completes the upload, and reports the remaining parts.
    pub(super) async fn complete(&self, unreported: Vec<PartReport>) -> Result<types::File> {
        let id = &*self.upload_id;
        if self.is_code() {
            return Ok(self.api.automation_upload_complete().upload_id(id).send().await?.into_inner());
        }
        let parts = unreported.into_iter().map(report_body).collect();
        let call = self.api.upload_complete().upload_id(id).body(types::UploadComplete { parts });
        Ok(call.send().await?.into_inner())
    }

    /// The file of this name and size at the destination, if there is one.
    pub(super) async fn find(&self, name: &str, size: u64) -> Result<Option<types::File>> {
        let UploadDestination::Files { project, folder, .. } = &self.destination else { return Ok(None) };
        let call = self.api.file_list().name(vec![name.to_owned()]).fields("_all");
        let call = match (project, folder) {
            (Some(project), _) => call.project(&**project),
            (None, Some(folder)) => call.parent(&**folder),
            (None, None) => return Ok(None),
        };
        // The platform's filter is not trusted: a wrong file would be mistaken for the upload.
        let same = |file: &types::File| {
            file.name.as_deref() == Some(name)
                && file.size.is_none_or(|found| u64::try_from(found) == Ok(size))
        };
        Ok(call.send().await?.into_inner().items.into_iter().find(same))
    }

    /// Aborts the upload, so that its parts cost nothing. If that fails or takes more than ten seconds, the upload expires on the
    /// platform.
    pub(super) async fn abort(&self) {
        let id = &*self.upload_id;
        let aborting = async {
            if self.is_code() {
                self.api.automation_upload_abort().upload_id(id).send().await.map(drop).map_err(Error::from)
            } else {
                self.api.upload_abort().upload_id(id).send().await.map(drop).map_err(Error::from)
            }
        };
        match tokio::time::timeout(ABORT, aborting).await {
            Ok(Err(error)) if !error.is_not_found() => {
                tracing::warn!(upload_id = id, %error, "cannot abort an upload");
            }
            Ok(_) => {}
            Err(_) => {
                tracing::warn!(upload_id = id, "cannot abort an upload: the platform does not respond");
            }
        }
    }
}

fn report_body(report: PartReport) -> types::UploadPartReport {
    types::UploadPartReport {
        part_number: report.part,
        response: types::UploadPartReportResponse { headers: report.headers },
    }
}

/// Headers of the connection, which are never part of a signature.
const OF_THE_CONNECTION: [HeaderName; 5] = [CONNECTION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE];

fn header_map(headers: Option<BTreeMap<String, String>>) -> Result<HeaderMap> {
    let unusable = || {
        Error::new(ErrorKind::UnexpectedResponse, "the platform returned an invalid header for the storage")
    };
    let mut map = HeaderMap::new();
    for (name, value) in headers.unwrap_or_default() {
        let name = HeaderName::try_from(name).map_err(|_| unusable())?;
        // This side sets both. Sending them twice would make a request that two servers can read differently.
        if name == CONTENT_LENGTH || name == HOST {
            continue;
        }
        if OF_THE_CONNECTION.contains(&name) || name.as_str().starts_with("proxy-") {
            return Err(unusable());
        }
        map.insert(name, HeaderValue::try_from(value).map_err(|_| unusable())?);
    }
    Ok(map)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upload_headers_cannot_change_the_connection() {
        let given = |name: &str, value: &str| header_map(Some([(name.to_owned(), value.to_owned())].into()));
        let kept = given("x-amz-acl", "private").unwrap();
        assert_eq!(kept["x-amz-acl"], "private");
        for ours in ["Content-Length", "host"] {
            assert!(given(ours, "5").unwrap().is_empty(), "{ours}");
        }
        for name in ["Transfer-Encoding", "Connection", "Proxy-Authorization", "upgrade", "a b", "x\r\ny"] {
            assert!(given(name, "chunked").is_err(), "{name}");
        }
        assert!(given("x-amz-acl", "a\r\nX-Evil: 1").is_err());
    }
}
