//! Imports from DRS servers.

use std::collections::BTreeMap;

use sbg_raw::ClientDrsExt as _;

use super::MOST_FILES;
use crate::api::checks::check_tags;
use crate::api::destination::{DestinationFields, NamedDestination, destination_setters};
use crate::client::Client;
use crate::error::{Error, Result};
use crate::files::{ItemResults, check_metadata};
use crate::ids::{check_segment, excerpt};
use crate::raw::{Nullable, types as bodies};
use crate::request::bulk;
use crate::request::call::{Get, awaitable, body_setters};
use crate::request::wait::{self, Job, State, Wait};
use crate::types;

/// The imports from DRS servers. The platform cannot list them, so keep the ids.
///
/// ```no_run
/// # async fn example(client: sbg::Client, items: Vec<sbg::drs::DrsItem>) -> sbg::Result<()> {
/// let imports = client.drs_imports();
/// let started = imports.start(items).await?;
/// let done = client.drs_import(&started.id).wait().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct DrsImports {
    pub(super) client: Client,
}

impl DrsImports {
    /// Imports up to 100 files as one job: set the options for all of them, then `.await`. Returns the import as started;
    /// [wait](DrsImportHandle::wait) for it.
    ///
    /// The platform imports at most 500 files in five minutes and continues with the rest afterwards.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// use sbg::drs::DrsItem;
    /// use sbg::files::ItemResults as _;
    ///
    /// let item = DrsItem::new("drs://caninedc.org/b-form").to("rfranklin/fibre-diffraction").name("b-form.bam");
    /// let import = client.drs_imports().start([item]).tags(["canine"]).await?;
    /// let import = client.drs_import(&import.id).wait().await?;
    /// for file in import.results() {
    ///     println!("{}", file?.id);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn start(&self, items: impl IntoIterator<Item = DrsItem>) -> DrsImportStart {
        let body =
            bodies::DrsImportStart { items: Vec::new(), conflict_resolution: None, tags: Nullable::Absent };
        DrsImportStart { client: self.client.clone(), items: items.into_iter().collect(), body }
    }
}

/// A file to import from a DRS server.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// use sbg::drs::DrsItem;
///
/// let item = |uri: &str| DrsItem::new(uri).to("rfranklin/fibre-diffraction").metadata("species", "Canis lupus");
/// client.drs_imports().start([item("drs://caninedc.org/b-form"), item("drs://caninedc.org/a-form")]).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use = "an item does nothing until it is given to an import"]
pub struct DrsItem {
    pub(super) uri: String,
    pub(super) to: NamedDestination,
    pub(super) metadata: BTreeMap<String, Option<String>>,
}

impl DrsItem {
    /// The file at this URL, such as `drs://server.org/identifier`. Set its destination too.
    ///
    /// ```
    /// let item = sbg::drs::DrsItem::new("drs://caninedc.org/b-form").to("rfranklin/fibre-diffraction");
    /// ```
    pub fn new(uri: impl Into<String>) -> Self {
        Self { uri: uri.into(), to: NamedDestination::default(), metadata: BTreeMap::new() }
    }

    destination_setters! {
        /// The project or folder to import to.
        ///
        /// ```
        /// let item = sbg::drs::DrsItem::new("drs://caninedc.org/b-form").to("rfranklin/fibre-diffraction");
        /// ```
        to;
        /// Name on the platform. Default: the name on the DRS server.
        ///
        /// ```
        /// # fn example(folder: sbg::types::File) {
        /// let item = sbg::drs::DrsItem::new("drs://caninedc.org/b-form").to(folder).name("b-form.bam");
        /// # }
        /// ```
        name;
    }

    /// A metadata field of the file.
    ///
    /// ```
    /// let item = sbg::drs::DrsItem::new("drs://caninedc.org/b-form").metadata("sample_id", "S1");
    /// ```
    pub fn metadata(mut self, field: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata.insert(field.into(), Some(value.into()));
        self
    }

    pub(super) fn checked(self) -> Result<types::DrsImportItem> {
        let uri = excerpt(&self.uri, 60);
        if self.uri.strip_prefix("drs://").is_none_or(|rest| rest.trim().is_empty()) {
            return Err(Error::invalid(format!("`{uri}` is not a DRS URI: it must begin with `drs://`")));
        }
        let DestinationFields { project, parent, name } = self.to.checked(&format!("`{uri}`"))?;
        let metadata = (!self.metadata.is_empty()).then_some(types::MetadataEdit(self.metadata));
        metadata.as_ref().map_or(Ok(()), check_metadata)?;
        Ok(types::DrsImportItem { drs_uri: self.uri, metadata, name, parent, project })
    }
}

/// An import from DRS servers to start.
///
/// ```no_run
/// # async fn example(client: sbg::Client, items: Vec<sbg::drs::DrsItem>) -> sbg::Result<()> {
/// use sbg::types::DrsConflictResolution;
///
/// let start = client.drs_imports().start(items).conflict_resolution(DrsConflictResolution::Autorename);
/// let import = start.tags(["canine"]).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct DrsImportStart {
    pub(super) client: Client,
    pub(super) items: Vec<DrsItem>,
    /// Everything but the items, which are added on sending.
    pub(super) body: bodies::DrsImportStart,
}

impl DrsImportStart {
    body_setters! {
        /// What to do if a file of the same name already exists. Default: the file is skipped.
        ///
        /// ```
        /// # fn example(client: sbg::Client, items: Vec<sbg::drs::DrsItem>) {
        /// use sbg::types::DrsConflictResolution;
        ///
        /// let start = client.drs_imports().start(items).conflict_resolution(DrsConflictResolution::Overwrite);
        /// # }
        /// ```
        conflict_resolution(conflict_resolution: types::DrsConflictResolution);
    }

    /// Tags of every file.
    ///
    /// ```
    /// # fn example(client: sbg::Client, items: Vec<sbg::drs::DrsItem>) {
    /// let start = client.drs_imports().start(items).tags(["canine", "b-form"]);
    /// # }
    /// ```
    pub fn tags<T: Into<String>>(mut self, tags: impl IntoIterator<Item = T>) -> Self {
        self.body.tags = Nullable::Value(tags.into_iter().map(Into::into).collect());
        self
    }

    /// Sends the call. The same as `.await`. Each call starts a new import.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, items: Vec<sbg::drs::DrsItem>) -> sbg::Result<()> {
    /// let import = client.drs_imports().start(items).send().await?;
    /// let import = client.drs_import(import.id).wait().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: no files or more than 100, an invalid URL, tag or name, or a file without exactly one destination.
    /// Otherwise the error of the call.
    pub async fn send(mut self) -> Result<types::DrsImport> {
        let count = self.items.len();
        if !(1..=MOST_FILES).contains(&count) {
            return Err(Error::invalid(format!(
                "a DRS import takes 1 to {MOST_FILES} files, not {count}: split a longer list into several imports"
            )));
        }
        self.body.items = self.items.into_iter().map(DrsItem::checked).collect::<Result<_>>()?;
        check_tags(self.body.tags.value().map_or(&[], Vec::as_slice))?;
        Ok(self.client.raw().drs_import_start().body(self.body).send().await?.into_inner())
    }
}

awaitable!(DrsImportStart => types::DrsImport, client);

/// An import from DRS servers, by id. Creating it makes no request.
///
/// ```no_run
/// # async fn example(client: sbg::Client, id: String) -> sbg::Result<()> {
/// let import = client.drs_import(id).wait().await?;
/// println!("{:?} until {:?}", import.state, import.finished_on);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct DrsImportHandle {
    pub(super) client: Client,
    pub(super) id: String,
}

impl DrsImportHandle {
    /// The id of the import.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// assert_eq!(client.drs_import("lJNxn4PMqz7gTCRxJ9rVvE").id(), "lJNxn4PMqz7gTCRxJ9rVvE");
    /// # }
    /// ```
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Gets the import, with a result for each file that is done.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, id: String) -> sbg::Result<()> {
    /// use sbg::files::ItemResults as _;
    ///
    /// let import = client.drs_import(id).get().await?;
    /// println!("{:?}, {} files are done", import.state, import.results().len());
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn get(&self) -> Get<types::DrsImport> {
        let id = self.id.clone();
        Get::whole(&self.client, "DRS imports", move |client| async move {
            let id = check_segment("DRS import id", &id)?;
            Ok(client.raw().drs_import_get().id(id).send().await?.into_inner())
        })
    }

    /// Waits until the import has ended: its state is `FINISHED`, or `COMPLETED` or `FAILED` as in older documentation of the provider.
    /// None of these means that every file was imported: see [`results`](ItemResults::results).
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, id: String) -> sbg::Result<()> {
    /// use sbg::files::ItemResults as _;
    ///
    /// let hour = std::time::Duration::from_secs(60 * 60);
    /// let import = client.drs_import(id).wait().timeout(hour).await?;
    /// for failed in import.results().into_iter().filter_map(Result::err) {
    ///     eprintln!("{failed}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn wait(&self) -> Wait<types::DrsImport> {
        let handle = self.clone();
        wait::one(format!("DRS import `{}`", self.id), move || handle.get().send())
    }
}

impl Job for types::DrsImport {
    fn state(&self) -> State {
        State::of_job(self.state.as_ref().map(types::DrsImportState::as_str))
    }
}

impl ItemResults for types::DrsImport {
    fn results(&self) -> Vec<Result<types::File>> {
        let results = self.result.iter().flatten();
        results.map(|result| bulk::item(result.resource.clone(), result.error.clone())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drs_item_needs_uri_destination_and_valid_name() {
        let check = |item: DrsItem, expected: Result<(), &str>| {
            let shown = format!("{item:?}");
            let got = item.checked().map(drop).map_err(|error| error.to_string());
            assert_eq!(got, expected.map_err(str::to_owned), "{shown}");
        };
        let item = || DrsItem::new("drs://server.org/1");
        check(item().to("f").name("b.bam").metadata("sample_id", "S1"), Ok(()));
        check(item(), Err("`drs://server.org/1` has no destination: set a project or a folder with `to()`"));
        check(item().to("f").name("a/b"), Err("the name `a/b` has a slash"));
        for uri in ["", "drs://", "https://server.org/1"] {
            let expected = format!("`{uri}` is not a DRS URI: it must begin with `drs://`");
            check(DrsItem::new(uri).to("f"), Err(expected.as_str()));
        }
    }
}
