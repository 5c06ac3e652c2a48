//! Tables of comma- or tab-separated values, with the line of each row.

use std::io::Read;
use std::path::Path;

use csv::{ReaderBuilder, StringRecord};

use crate::error::{Error, Result as SbgResult};
use crate::local_file::read_bounded;

/// Size limit of the file of a table in bytes: more than a million rows.
const LARGEST: u64 = 256 * 1024 * 1024;

/// Reads the file of a table: a regular file of at most 256 MiB.
pub(crate) fn read_file(path: &Path) -> SbgResult<Vec<u8>> {
    read_bounded(path, LARGEST).map_err(|error| Error::io(format!("cannot read `{}`", path.display()), error))
}

/// Reads a table from anywhere; `name` is its name in messages.
pub(crate) fn read_all(mut table: impl Read, name: &str) -> SbgResult<Vec<u8>> {
    let mut bytes = Vec::new();
    table.read_to_end(&mut bytes).map_err(|error| Error::io(format!("cannot read the {name}"), error))?;
    Ok(bytes)
}

/// Why a row does not fit the columns, if it does not.
pub(crate) fn length_problem(columns: &[String], row: &StringRecord) -> Option<String> {
    let (wanted, given) = (columns.len(), row.len());
    (given != wanted).then(|| format!("the row has {given} values, and the table has {wanted} columns"))
}

/// A table whose first line names the columns.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) columns: Vec<String>,
    /// The line number of each row, from 1, and its values or why it cannot be read.
    pub(crate) rows: Vec<(u64, Result<StringRecord, csv::Error>)>,
}

impl Table {
    /// Parses the table called `name` in messages.
    pub(crate) fn of(bytes: &[u8], name: &str) -> SbgResult<Self> {
        let table = Self::parse(bytes);
        table.map_err(|error| Error::invalid(format!("the {name} is not a valid table")).with_source(error))
    }

    /// Parses a table: comma-separated values, or tab-separated if the first line has tabs. Rows may have any number of values. Fails if
    /// the first line cannot be read.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, csv::Error> {
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let first = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let delimiter = if first.contains(&b'\t') { b'\t' } else { b',' };
        let mut reader = ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(text);
        let columns = reader.headers()?.iter().map(|name| name.trim().to_owned()).collect();
        let mut lines = Lines { text, at: 0, line: 1 };
        let rows = reader.records().map(|record| {
            let line = lines.of(match &record {
                Ok(record) => record.position(),
                Err(error) => error.position(),
            });
            (line, record)
        });
        Ok(Self { columns, rows: rows.collect() })
    }
}

/// The line numbers of rows, read in order. The parser's own count is one line late if lines end in CR LF.
struct Lines<'t> {
    text: &'t [u8],
    at: usize,
    line: u64,
}

impl Lines<'_> {
    fn of(&mut self, position: Option<&csv::Position>) -> u64 {
        let start = position.and_then(|position| usize::try_from(position.byte()).ok()).unwrap_or(self.at);
        while let Some(byte) = self.text.get(self.at)
            && (self.at < start || matches!(byte, b'\r' | b'\n'))
        {
            self.line += u64::from(*byte == b'\n');
            self.at += 1;
        }
        self.line
    }
}
