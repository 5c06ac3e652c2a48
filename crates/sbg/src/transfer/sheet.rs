//! Sheets: tables of files with their metadata and tags, to upload or made from a listing.

mod upload;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use crate::api::checks::{check_name, check_tags};
use crate::error::{Error, Result};
use crate::files::{Entry, check_metadata};
use crate::ids::excerpt;
use crate::table::{Table, length_problem, read_all, read_file};
use crate::types::MetadataEdit;

pub use upload::{SheetReport, SheetRow, SheetUpload};

/// Names of the columns that are not metadata.
const LOCAL: &str = "local_path";
const REMOTE: &str = "remote_path";
const TAGS: &str = "tags";

/// Separates the tags in a cell.
const TAG_SEPARATOR: char = ';';

/// Problems that an error quotes.
const QUOTED: usize = 3;

/// A table of files: where each is here, where on the platform, its tags, and its metadata.
///
/// The first line names the columns. `local_path` is required, relative to the working directory. `remote_path` is the path below the
/// destination, with `/` between the names; the name of the local file by default. `tags` are separated by `;`. Every other column is a
/// metadata field. Empty cells leave a value as it is.
///
/// ```
/// use sbg::transfer::Sheet;
///
/// let text = "local_path,remote_path,tags,sample_id\nruns/51.fastq,reads/51.fastq,dna;raw,S1\n";
/// assert_eq!(Sheet::parse(text.as_bytes())?.len(), 1);
/// # Ok::<(), sbg::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    rows: Vec<Row>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    line: u64,
    local: PathBuf,
    remote: String,
    tags: Vec<String>,
    metadata: BTreeMap<String, String>,
}

impl Sheet {
    /// Reads a sheet from a file.
    ///
    /// ```no_run
    /// # fn example() -> sbg::Result<()> {
    /// println!("{} files", sbg::transfer::Sheet::read("samples.csv")?.len());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// A file that cannot be read, is not a regular file or has more than 256 MiB; otherwise as [`parse`](Self::parse).
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        Self::of_bytes(&read_file(path.as_ref())?)
    }

    /// Parses a sheet of comma-separated values, or tab-separated if the first line has tabs.
    ///
    /// ```
    /// use sbg::transfer::Sheet;
    ///
    /// let error = Sheet::parse("local_path,tags\na.bam,\n,dna\n".as_bytes()).unwrap_err();
    /// assert_eq!(error.message(), "the sheet is invalid: line 3, column `local_path`: the cell is empty");
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) with line and column of what is wrong: a missing column, a row of
    /// another length, a path, tag or metadata value that the platform does not allow, two rows with the same remote path.
    pub fn parse(table: impl Read) -> Result<Self> {
        Self::of_bytes(&read_all(table, "sheet")?)
    }

    fn of_bytes(bytes: &[u8]) -> Result<Self> {
        let Table { columns, rows } = Table::of(bytes, "sheet")?;
        let mut problems = Problems::default();
        check_columns(&columns, &mut problems);
        problems.check()?;
        let mut sheet = Self { rows: Vec::with_capacity(rows.len()) };
        for (line, record) in rows {
            match record {
                Ok(record) => match length_problem(&columns, &record) {
                    None => sheet.rows.extend(row(line, &columns, record.iter(), &mut problems)),
                    Some(message) => problems.add(line, None, message),
                },
                Err(error) => problems.add(line, None, error),
            }
        }
        sheet.check_paths(&mut problems);
        problems.check()?;
        Ok(sheet)
    }

    /// The sheet of a listing: for each file a row with its path, locally and on the platform, its tags and its metadata. Folders are
    /// left out.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// use sbg::files::Entry;
    /// use sbg::transfer::Sheet;
    ///
    /// let walk = client.project("rfranklin/fibre-diffraction").files().walk();
    /// let entries: Vec<Entry> = walk.entries().try_collect().await?;
    /// Sheet::of(&entries).write(std::fs::File::create("samples.csv").expect("a new file"))?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn of<'e>(entries: impl IntoIterator<Item = &'e Entry>) -> Self {
        let files = entries.into_iter().filter(|entry| !entry.is_folder());
        let rows = files.zip(2..).map(|(Entry { path, file, .. }, line)| {
            let fields = file.metadata.iter().flat_map(|metadata| metadata.iter());
            let fields = fields.filter(|(_, value)| !value.is_null());
            let text = |value: &serde_json::Value| value.as_str().map_or(value.to_string(), str::to_owned);
            Row {
                line,
                local: path.into(),
                remote: path.clone(),
                tags: file.tags.clone().unwrap_or_default(),
                metadata: fields.map(|(field, value)| (field.clone(), text(value))).collect(),
            }
        });
        Self { rows: rows.collect() }
    }

    /// Writes the sheet as comma-separated values.
    ///
    /// ```
    /// use sbg::transfer::Sheet;
    ///
    /// let mut text = Vec::new();
    /// Sheet::parse("local_path\na.bam\n".as_bytes())?.write(&mut text)?;
    /// assert_eq!(text, b"local_path,remote_path,tags\na.bam,a.bam,\n");
    /// # Ok::<(), sbg::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The sheet cannot be written. [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput), before anything is written, if a metadata
    /// field has the name of another column, or a tag has a `;`.
    pub fn write(&self, to: impl Write) -> Result<()> {
        let failed = |error: csv::Error| Error::io("cannot write the sheet", error.into());
        let fields: BTreeSet<&str> =
            self.rows.iter().flat_map(|row| row.metadata.keys().map(String::as_str)).collect();
        if let Some(field) = fields.iter().find(|field| matches!(**field, LOCAL | REMOTE | TAGS)) {
            let message = format!("a sheet cannot hold the metadata field `{field}`, the name of a column");
            return Err(Error::invalid(message));
        }
        let mut tags = self.rows.iter().flat_map(|row| &row.tags);
        if let Some(tag) = tags.find(|tag| tag.contains(TAG_SEPARATOR)) {
            let tag = excerpt(tag, 80);
            return Err(Error::invalid(format!("a sheet cannot hold the tag `{tag}`: `;` separates tags")));
        }
        let mut table = csv::Writer::from_writer(to);
        table
            .write_record([LOCAL, REMOTE, TAGS].into_iter().chain(fields.iter().copied()))
            .map_err(failed)?;
        for row in &self.rows {
            let local = row.local.to_string_lossy();
            let tags = row.tags.join(&TAG_SEPARATOR.to_string());
            let cells = [&*local, &row.remote, &tags].into_iter();
            let values = fields.iter().map(|field| row.metadata.get(*field).map_or("", String::as_str));
            table.write_record(cells.chain(values)).map_err(failed)?;
        }
        table.flush().map_err(|error| Error::io("cannot write the sheet", error))
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Checks the remote paths against each other.
    fn check_paths(&self, problems: &mut Problems) {
        let mut lines = BTreeMap::new();
        for row in &self.rows {
            if let Some(first) = lines.insert(&*row.remote, row.line) {
                let message = format!("`{}` is also the path of line {first}", excerpt(&row.remote, 80));
                problems.add(row.line, Some(REMOTE), message);
            }
        }
        for row in &self.rows {
            let folders = std::iter::successors(Some(&*row.remote), |path| Some(path.rsplit_once('/')?.0));
            if let Some(line) = folders.skip(1).find_map(|folder| lines.get(folder)) {
                let message =
                    format!("a folder of `{}` is the file of line {line}", excerpt(&row.remote, 80));
                problems.add(row.line, Some(REMOTE), message);
            }
        }
    }
}

/// What is wrong with a sheet, in the order of its lines.
#[derive(Debug, Default)]
struct Problems(Vec<String>);

impl Problems {
    fn add(&mut self, line: u64, column: Option<&str>, what: impl fmt::Display) {
        let column = column.map(|column| format!(", column `{}`", excerpt(column, 40))).unwrap_or_default();
        self.0.push(format!("line {line}{column}: {what}"));
    }

    /// Fails if there are any.
    fn check(&self) -> Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        let quoted = self.0.iter().take(QUOTED).cloned().collect::<Vec<_>>().join("; ");
        let more = match self.0.len().saturating_sub(QUOTED) {
            0 => String::new(),
            count => format!("; and {count} more"),
        };
        Err(Error::invalid(format!("the sheet is invalid: {quoted}{more}")))
    }
}

fn check_columns(columns: &[String], problems: &mut Problems) {
    if !columns.iter().any(|column| column == LOCAL) {
        let found = excerpt(&columns.join(", "), 100);
        problems.add(1, None, format!("there is no column `{LOCAL}`; the columns are {found}"));
    }
    let mut seen = BTreeSet::new();
    for (column, number) in columns.iter().zip(1..) {
        if column.is_empty() {
            problems.add(1, None, format!("column {number} has no name"));
        } else if !seen.insert(column) {
            problems.add(1, Some(column), "there are two columns of this name");
        } else if let Err(error) = check_metadata(&field(column, "")) {
            problems.add(1, Some(column), error.message());
        }
    }
}

/// A row of as many cells as columns; `None` if something is wrong with it.
fn row<'c>(
    line: u64,
    columns: &[String],
    cells: impl Iterator<Item = &'c str>,
    problems: &mut Problems,
) -> Option<Row> {
    let before = problems.0.len();
    let mut row =
        Row { line, local: PathBuf::new(), remote: String::new(), tags: vec![], metadata: BTreeMap::new() };
    for (column, cell) in columns.iter().zip(cells) {
        let cell = cell.trim();
        let checked = match &**column {
            LOCAL if cell.is_empty() => Err(Error::invalid("the cell is empty")),
            LOCAL => {
                row.local = cell.into();
                Ok(())
            }
            _ if cell.is_empty() => Ok(()),
            REMOTE => {
                cell.trim_start_matches('/').clone_into(&mut row.remote);
                check_path(&row.remote)
            }
            TAGS => {
                let tags = cell.split(TAG_SEPARATOR).map(str::trim).filter(|tag| !tag.is_empty());
                row.tags = tags.map(str::to_owned).collect();
                check_tags(&row.tags)
            }
            _ => {
                row.metadata.insert(column.clone(), cell.to_owned());
                check_metadata(&field(column, cell))
            }
        };
        if let Err(error) = checked {
            problems.add(line, Some(column), error.message());
        }
    }
    if row.remote.is_empty() {
        row.remote = row.local.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if problems.0.len() == before
            && let Err(error) = check_path(&row.remote)
        {
            problems.add(line, Some(LOCAL), error.message());
        }
    }
    (problems.0.len() == before).then_some(row)
}

fn field(name: &str, value: &str) -> MetadataEdit {
    MetadataEdit([(name.to_owned(), Some(value.to_owned()))].into())
}

fn check_path(path: &str) -> Result<()> {
    path.split('/').try_for_each(|name| match name {
        "." | ".." => Err(Error::invalid(format!("`{name}` is not allowed in a path"))),
        name => check_name(name),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let error = Sheet::parse(text.as_bytes()).unwrap_err();
        assert_eq!(error.message().strip_prefix("the sheet is invalid: "), Some(expected), "{text:?}");
    }

    #[test]
    fn wrong_cells_are_named_by_line_and_column() {
        check("path\na\n", "line 1: there is no column `local_path`; the columns are path");
        check("local_path,\na,b\n", "line 1: column 2 has no name");
        check("local_path,x,x\na,b,c\n", "line 1, column `x`: there are two columns of this name");
        check("local_path,x\na\n", "line 2: the row has 1 values, and the table has 2 columns");
        check(
            "local_path,remote_path\na,b/../c\n",
            "line 2, column `remote_path`: `..` is not allowed in a path",
        );
        check("local_path,remote_path\na,b//c\n", "line 2, column `remote_path`: the name `` is empty");
        check("local_path\n\"a\nb\"\nc/..\n", "line 4, column `local_path`: the name `` is empty");
        let long = "v".repeat(301);
        check(
            &format!("local_path\tsample_id\r\na\tS1\r\nb\t{long}\r\n"),
            "line 3, column `sample_id`: the value of the metadata field `sample_id` has 301 bytes; the platform takes at most 300",
        );
        check(
            "local_path,tags\na,\"b,c\"\n",
            "line 2, column `tags`: invalid tag `b,c`: a tag must have text and no comma",
        );
    }

    #[test]
    fn clashing_remote_paths_are_named() {
        check("local_path\nx/a\ny/a\n", "line 3, column `remote_path`: `a` is also the path of line 2");
        check(
            "local_path,remote_path\na,x\nb,x/y/z\n",
            "line 3, column `remote_path`: a folder of `x/y/z` is the file of line 2",
        );
    }

    #[test]
    fn many_problems_are_counted() {
        let text = format!("local_path,x\n{}", ",\n".repeat(10));
        let error = Sheet::parse(text.as_bytes()).unwrap_err().to_string();
        assert!(
            error.contains("line 2,") && error.contains("line 4,") && !error.contains("line 5,"),
            "{error}"
        );
        assert!(error.contains("; and 7 more"), "{error}");
    }

    #[test]
    fn sheet_that_cannot_be_read_back_is_not_written() {
        let row = |tag: &str, field: &str| Row {
            line: 2,
            local: "a".into(),
            remote: "a".into(),
            tags: vec![tag.into()],
            metadata: [(field.into(), "1".into())].into(),
        };
        let check = |row: Row, expected: &str| {
            let mut written = Vec::new();
            let error = Sheet { rows: vec![row] }.write(&mut written).unwrap_err();
            assert_eq!((error.message(), written.len()), (expected, 0));
        };
        check(row("a", "tags"), "a sheet cannot hold the metadata field `tags`, the name of a column");
        check(row("a;b", "x"), "a sheet cannot hold the tag `a;b`: `;` separates tags");
    }

    #[test]
    fn sheets_round_trip() {
        let text = "local_path,remote_path,tags,sample_id\na.bam,x/a.bam,dna;raw,S1\n\"b,c\",\"b,c\",,\n";
        let sheet = Sheet::parse(text.as_bytes()).unwrap();
        assert_eq!((sheet.rows[0].tags.len(), sheet.rows[1].metadata.len()), (2, 0));
        let mut written = Vec::new();
        sheet.write(&mut written).unwrap();
        assert_eq!(String::from_utf8(written).unwrap(), text);
    }
}
