//! Manifests of files on DRS servers: tables with a `drs_uri` column, as exported by Synapse, the ICDC and Kids First.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use csv::StringRecord;
use futures::FutureExt as _;
use futures::future::{BoxFuture, join_all};

use super::super::destination::{NamedDestination, destination_setters};
use super::{DrsImports, DrsItem, MOST_FILES};
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result};
use crate::files::ItemResults as _;
use crate::ids::excerpt;
use crate::request::call::awaitable;
use crate::table::{Table, length_problem, read_all, read_file};
use crate::types;

/// Imports started in one window. The platform imports 500 files in five minutes.
const IMPORTS_A_WINDOW: usize = 5;
const WINDOW: Duration = Duration::from_secs(5 * 60);

/// Names of the columns that are not metadata.
const URI: &str = "drs_uri";
const NAME: &str = "name";

/// A table of files on DRS servers.
///
/// ```
/// let manifest = sbg::drs::DrsManifest::parse("drs_uri,name\ndrs://caninedc.org/b-form,b-form.bam\n".as_bytes())?;
/// assert_eq!(manifest.len(), 1);
/// # Ok::<(), sbg::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct DrsManifest {
    rows: Vec<Row>,
}

#[derive(Clone, Debug)]
struct Row {
    line: u64,
    uri: String,
    name: Option<String>,
    /// The other columns with a value.
    fields: BTreeMap<String, String>,
    /// Why the row is invalid.
    problem: Option<String>,
}

impl DrsManifest {
    /// Reads a manifest from a file.
    ///
    /// ```no_run
    /// # fn example() -> sbg::Result<()> {
    /// let manifest = sbg::drs::DrsManifest::read("manifest.csv")?;
    /// println!("{} files", manifest.len());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// A file that cannot be read, is not a regular file or has more than 256 MiB, or a table without a `drs_uri` column.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        Self::of_bytes(&read_file(path.as_ref())?)
    }

    /// Parses a manifest: comma-separated values, or tab-separated if the first line has tabs. The first line names the columns.
    /// `drs_uri` is required; `name` is the name on the platform. An invalid row is kept and fails when the manifest is imported.
    ///
    /// ```
    /// let error = sbg::drs::DrsManifest::parse("id,name\n1,a\n".as_bytes()).unwrap_err();
    /// assert_eq!(error.message(), "the manifest has no column `drs_uri`; its columns are id, name");
    /// ```
    ///
    /// # Errors
    ///
    /// A table that cannot be read or has no `drs_uri` column.
    pub fn parse(table: impl Read) -> Result<Self> {
        Self::of_bytes(&read_all(table, "manifest")?)
    }

    fn of_bytes(bytes: &[u8]) -> Result<Self> {
        let Table { columns, rows } = Table::of(bytes, "manifest")?;
        if !columns.iter().any(|column| column.eq_ignore_ascii_case(URI)) {
            let columns = excerpt(&columns.join(", "), 100);
            return Err(Error::invalid(format!(
                "the manifest has no column `{URI}`; its columns are {columns}"
            )));
        }
        let rows = rows.into_iter().map(|(line, record)| match record {
            Ok(record) => row(&columns, &record, line),
            Err(error) => Row {
                line,
                uri: String::new(),
                name: None,
                fields: BTreeMap::new(),
                problem: Some(error.to_string()),
            },
        });
        let rows = rows.collect();
        Ok(Self { rows })
    }

    /// Number of rows.
    ///
    /// ```
    /// let manifest = sbg::drs::DrsManifest::parse("drs_uri\ndrs://a/1\ndrs://a/2\n".as_bytes())?;
    /// assert_eq!(manifest.len(), 2);
    /// # Ok::<(), sbg::Error>(())
    /// ```
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no rows.
    ///
    /// ```
    /// assert!(sbg::drs::DrsManifest::parse("drs_uri,name\n".as_bytes())?.is_empty());
    /// # Ok::<(), sbg::Error>(())
    /// ```
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

fn row(columns: &[String], record: &StringRecord, line: u64) -> Row {
    let problem = length_problem(columns, record);
    let mut row = Row { line, uri: String::new(), name: None, fields: BTreeMap::new(), problem };
    for (column, value) in columns.iter().zip(record).filter(|(_, value)| !value.trim().is_empty()) {
        let value = value.trim().to_owned();
        if column.eq_ignore_ascii_case(URI) {
            row.uri = value;
        } else if column.eq_ignore_ascii_case(NAME) {
            row.name = Some(value);
        } else {
            row.fields.insert(column.clone(), value);
        }
    }
    row
}

impl DrsImports {
    /// Imports the files of a manifest, 100 per import, at the documented pace of the platform (500 files in five minutes), and waits
    /// for each import. An invalid row fails alone.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// use sbg::drs::DrsManifest;
    ///
    /// let manifest = DrsManifest::read("manifest.csv")?;
    /// let import = client.drs_imports().manifest(manifest).to("rfranklin/fibre-diffraction");
    /// for row in import.metadata_from(["sample_id"]).await?.rows {
    ///     match row.result {
    ///         Ok(file) => println!("line {}: {}", row.line, file.id),
    ///         Err(error) => eprintln!("line {}: {error}", row.line),
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn manifest(&self, manifest: DrsManifest) -> ManifestImport {
        ManifestImport {
            client: self.client.clone(),
            manifest,
            to: NamedDestination::default(),
            columns: Columns::None,
            tags: Vec::new(),
            conflict_resolution: None,
            on_change: None,
        }
    }
}

/// The columns that become metadata.
#[derive(Clone, Debug)]
enum Columns {
    None,
    Some(BTreeSet<String>),
    All,
}

type OnChange = Arc<dyn Fn(&types::DrsImport) + Send + Sync>;

/// The import of a manifest.
///
/// ```no_run
/// # async fn example(client: sbg::Client, manifest: sbg::drs::DrsManifest) -> sbg::Result<()> {
/// let import = client.drs_imports().manifest(manifest).to("rfranklin/demo").metadata_from_all();
/// println!("{} rows failed", import.await?.failed().count());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use = "nothing is sent until it is awaited"]
pub struct ManifestImport {
    client: Client,
    manifest: DrsManifest,
    to: NamedDestination,
    columns: Columns,
    tags: Vec<String>,
    conflict_resolution: Option<types::DrsConflictResolution>,
    on_change: Option<OnChange>,
}

impl fmt::Debug for ManifestImport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManifestImport")
            .field("rows", &self.manifest.len())
            .field("to", &self.to)
            .finish_non_exhaustive()
    }
}

impl ManifestImport {
    destination_setters! {
        /// The project or folder that the files are imported to.
        ///
        /// ```
        /// # fn example(import: sbg::drs::ManifestImport) {
        /// let import = import.to("rfranklin/fibre-diffraction");
        /// # }
        /// ```
        to;
    }

    /// Columns that become metadata fields of the same name. Empty values are left out.
    ///
    /// ```
    /// # fn example(import: sbg::drs::ManifestImport) {
    /// let import = import.metadata_from(["sample_id", "species"]);
    /// # }
    /// ```
    pub fn metadata_from<C: Into<String>>(mut self, columns: impl IntoIterator<Item = C>) -> Self {
        self.columns = Columns::Some(columns.into_iter().map(Into::into).collect());
        self
    }

    /// Makes every column except `drs_uri` and `name` a metadata field.
    ///
    /// ```
    /// # fn example(import: sbg::drs::ManifestImport) {
    /// let import = import.metadata_from_all();
    /// # }
    /// ```
    pub fn metadata_from_all(mut self) -> Self {
        self.columns = Columns::All;
        self
    }

    /// Tags of every file.
    ///
    /// ```
    /// # fn example(import: sbg::drs::ManifestImport) {
    /// let import = import.tags(["canine"]);
    /// # }
    /// ```
    pub fn tags<T: Into<String>>(mut self, tags: impl IntoIterator<Item = T>) -> Self {
        self.tags = tags.into_iter().map(Into::into).collect();
        self
    }

    /// What to do if a file of the same name already exists. Default: the file is skipped.
    ///
    /// ```
    /// # fn example(import: sbg::drs::ManifestImport) {
    /// let import = import.conflict_resolution(sbg::types::DrsConflictResolution::Autorename);
    /// # }
    /// ```
    pub fn conflict_resolution(mut self, resolution: types::DrsConflictResolution) -> Self {
        self.conflict_resolution = Some(resolution);
        self
    }

    /// Calls `changed` with an import each time its state changes.
    ///
    /// ```
    /// # fn example(import: sbg::drs::ManifestImport) {
    /// let import = import.on_change(|import| println!("{} {:?}", import.id, import.state));
    /// # }
    /// ```
    pub fn on_change(mut self, changed: impl Fn(&types::DrsImport) + Send + Sync + 'static) -> Self {
        self.on_change = Some(Arc::new(changed));
        self
    }

    /// Imports the files and waits for them. The same as `.await`. Dropping the future does not stop imports that have started.
    ///
    /// ```no_run
    /// # async fn example(import: sbg::drs::ManifestImport) -> sbg::Result<()> {
    /// for row in import.send().await?.failed() {
    ///     eprintln!("line {}: {:?}", row.line, row.result);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: an invalid or missing destination. Later failures are in the report of the row.
    pub async fn send(mut self) -> Result<ManifestReport> {
        self.to.clone().checked("the manifest")?;
        let rows = std::mem::take(&mut self.manifest.rows);
        let mut reports: Vec<RowReport> = Vec::with_capacity(rows.len());
        let mut items = Vec::new();
        for (index, row) in rows.into_iter().enumerate() {
            let item = self.item(&row);
            let checked = item.clone().and_then(DrsItem::checked);
            let result = match (item, checked) {
                (Ok(item), Ok(_)) => {
                    items.push((index, item));
                    Err(unknown())
                }
                (Err(error), _) | (_, Err(error)) => Err(error),
            };
            reports.push(RowReport { line: row.line, uri: row.uri, name: row.name, result });
        }
        let import = &self;
        let chunks = items.chunks(MOST_FILES).enumerate().map(|(number, chunk)| async move {
            tokio::time::sleep(start_of(number)).await;
            import.chunk(chunk.to_vec()).await
        });
        for (index, result) in join_all(chunks).await.into_iter().flatten() {
            reports[index].result = result;
        }
        Ok(ManifestReport { rows: reports })
    }

    fn item(&self, row: &Row) -> Result<DrsItem> {
        if let Some(problem) = &row.problem {
            return Err(Error::invalid(problem.clone()));
        }
        let mut item = DrsItem { uri: row.uri.clone(), to: self.to.clone(), metadata: BTreeMap::new() };
        if let Some(name) = &row.name {
            item = item.name(name);
        }
        for (column, value) in &row.fields {
            let wanted = match &self.columns {
                Columns::None => false,
                Columns::Some(columns) => columns.contains(column),
                Columns::All => true,
            };
            if wanted {
                item = item.metadata(column, value);
            }
        }
        Ok(item)
    }

    /// Imports up to 100 files. If the platform refuses them as invalid, each half is tried separately, so that one bad row does not
    /// block the others.
    fn chunk(&self, mut items: Vec<(usize, DrsItem)>) -> BoxFuture<'_, Vec<(usize, Result<types::File>)>> {
        async move {
            match self.import(items.iter().map(|(_, item)| item.clone()).collect()).await {
                Ok(results) => {
                    let results = results.into_iter().map(Some).chain(std::iter::repeat(None));
                    let paired = items.into_iter().zip(results);
                    paired
                        .map(|((index, _), result)| (index, result.unwrap_or_else(|| Err(unknown()))))
                        .collect()
                }
                Err(error) if error.status() == Some(400) && items.len() > 1 => {
                    let rest = items.split_off(items.len() / 2);
                    let mut results = self.chunk(items).await;
                    results.extend(self.chunk(rest).await);
                    results
                }
                Err(error) => items.into_iter().map(|(index, _)| (index, Err(error.clone()))).collect(),
            }
        }
        .boxed()
    }

    async fn import(&self, items: Vec<DrsItem>) -> Result<Vec<Result<types::File>>> {
        let mut start = self.client.drs_imports().start(items);
        if !self.tags.is_empty() {
            start = start.tags(self.tags.iter().cloned());
        }
        if let Some(resolution) = self.conflict_resolution {
            start = start.conflict_resolution(resolution);
        }
        let started = start.send().await?;
        let mut wait = self.client.drs_import(&started.id).wait();
        if let Some(changed) = self.on_change.clone() {
            wait = wait.on_change(move |import| changed(import));
        }
        Ok(wait.send().await?.results())
    }
}

awaitable!(ManifestImport => ManifestReport, client);

/// The start of the import with this number, relative to the first.
fn start_of(number: usize) -> Duration {
    WINDOW.saturating_mul(u32::try_from(number / IMPORTS_A_WINDOW).unwrap_or(u32::MAX))
}

fn unknown() -> Error {
    Error::new(ErrorKind::UnexpectedResponse, "the platform returned no result for this row")
}

/// The result of a manifest import.
///
/// ```no_run
/// # async fn example(import: sbg::drs::ManifestImport) -> sbg::Result<()> {
/// let report = import.await?;
/// println!("{} of {} rows failed", report.failed().count(), report.rows.len());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ManifestReport {
    /// A report for each row, in order.
    pub rows: Vec<RowReport>,
}

impl ManifestReport {
    /// The rows that failed.
    pub fn failed(&self) -> impl Iterator<Item = &RowReport> {
        self.rows.iter().filter(|row| row.result.is_err())
    }
}

/// The result of one row.
///
/// ```no_run
/// # fn example(row: sbg::drs::RowReport) {
/// if let Err(error) = &row.result {
///     eprintln!("line {}: {}: {error}", row.line, row.uri);
/// }
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RowReport {
    /// Line number in the file, from 1.
    pub line: u64,
    /// The DRS URI as in the file.
    pub uri: String,
    /// The name, if there is one.
    pub name: Option<String>,
    /// The file on the platform, or the error.
    pub result: Result<types::File>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_read_with_their_lines() {
        let check = |text: &str, expected: &[(u64, &str, Option<&str>, bool)]| {
            let manifest = DrsManifest::parse(text.as_bytes()).unwrap();
            let rows = manifest.rows.iter();
            let found: Vec<_> =
                rows.map(|row| (row.line, &*row.uri, row.name.as_deref(), row.problem.is_some())).collect();
            assert_eq!(found, expected, "{text:?}");
        };
        check("drs_uri,name\ndrs://a/1,x\n", &[(2, "drs://a/1", Some("x"), false)]);
        check("\u{feff}Name\tDRS_URI\r\n x \tdrs://a/1\r\n", &[(2, "drs://a/1", Some("x"), false)]);
        check(
            "name,drs_uri\n\"a,\nb\",drs://a/1\n,drs://a/2",
            &[(2, "drs://a/1", Some("a,\nb"), false), (4, "drs://a/2", None, false)],
        );
        check(
            "drs_uri,name\ndrs://a/1\n\ndrs://a/2,y\n",
            &[(2, "drs://a/1", None, true), (4, "drs://a/2", Some("y"), false)],
        );
        check("drs_uri\n", &[]);
    }

    #[test]
    fn text_that_is_not_utf8_fails_in_its_row() {
        let manifest = DrsManifest::parse(&b"drs_uri\ndrs://a/\xff\ndrs://a/2\n"[..]).unwrap();
        let problems: Vec<_> = manifest.rows.iter().map(|row| (row.line, row.problem.is_some())).collect();
        assert_eq!(problems, [(2, true), (3, false)]);
    }

    #[test]
    fn imports_start_at_the_pace_of_the_platform() {
        let minutes = |number| start_of(number).as_secs() / 60;
        assert_eq!([0, 4, 5, 9, 10].map(minutes), [0, 0, 5, 5, 10]);
    }
}
