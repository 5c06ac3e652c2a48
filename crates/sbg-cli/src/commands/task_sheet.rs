//! A sheet of tasks: one row a task, one column an input, checked as a whole before anything is sent.

use std::io::Read;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde_json::{Map, Value};

use super::inputs::{self, Inputs};
use crate::input_file;

/// The column with the name of the task.
pub(super) const NAME: &str = "name";
/// Between the values of a list in one cell.
const SEPARATOR: char = ';';

/// A task to create.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    /// Line of the sheet, from 1.
    pub(super) line: u64,
    pub(super) name: Option<String>,
    pub(super) values: Map<String, Value>,
}

/// Reads a sheet: CSV, or TSV if its name says so. `common` are inputs that every task has.
pub(super) fn read(path: &Path, inputs: &Inputs, common: &Map<String, Value>) -> Result<Vec<Row>> {
    let is_tsv = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("tsv"));
    let bytes = input_file::read(path, "the sheet")?;
    let parsed = parse(&bytes[..], if is_tsv { b'\t' } else { b',' }, inputs, common);
    parsed.with_context(|| format!("cannot read the sheet `{}`", path.display()))
}

fn parse(source: impl Read, delimiter: u8, inputs: &Inputs, common: &Map<String, Value>) -> Result<Vec<Row>> {
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).trim(csv::Trim::All).from_reader(source);
    let header: Vec<String> =
        reader.headers()?.iter().map(|name| name.trim_start_matches('\u{feff}').to_owned()).collect();
    for (at, column) in header.iter().enumerate() {
        let position = || format!("line 1, column {}", at + 1);
        if column != NAME && !inputs.contains_key(column) {
            return Err(inputs::unknown(inputs, column)).with_context(position);
        }
        if header[..at].contains(column) {
            bail!("{}: the column `{column}` is there twice", position());
        }
        if common.contains_key(column) {
            bail!("{}: the input `{column}` is also given as an option", position());
        }
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record?;
        let line = record.position().map_or(0, csv::Position::line);
        let mut row = Row { line, name: None, values: common.clone() };
        for (column, cell) in header.iter().zip(&record).filter(|(_, cell)| !cell.is_empty()) {
            if column == NAME {
                row.name = Some(cell.to_owned());
                continue;
            }
            let input = inputs[column];
            let value = |text: &str| {
                inputs::value_of(input.item, text).with_context(|| format!("line {line}, column `{column}`"))
            };
            let value = if input.is_list {
                let items = cell.split(SEPARATOR).map(str::trim).filter(|item| !item.is_empty());
                Value::Array(items.map(value).collect::<Result<_>>()?)
            } else {
                value(cell)?
            };
            row.values.insert(column.clone(), value);
        }
        if let [first, ..] = inputs::missing(inputs, &row.values)[..] {
            bail!("line {line}: the input `{first}` is empty, and the app needs it");
        }
        rows.push(row);
    }
    if rows.is_empty() {
        bail!("it has no rows");
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn inputs() -> Inputs {
        inputs::inputs_of(&json!({"inputs": {"reads": "File[]", "threads": "int?", "label": "string?"}}))
    }

    fn check(sheet: &str, expected: Result<Value, &str>) {
        let common = Map::from_iter([("label".to_owned(), "x".into())]);
        let rows = parse(sheet.as_bytes(), b',', &inputs(), &common);
        let rows = rows.map(|rows| {
            rows.into_iter().map(|row| json!([row.line, row.name, row.values])).collect::<Value>()
        });
        assert_eq!(rows.map_err(|error| format!("{error:#}")), expected.map_err(str::to_owned), "{sheet}");
    }

    #[test]
    fn each_row_is_a_task() {
        check(
            "name,reads,threads\nS1,a/b/1.fq; a/b/2.fq,4\n\"S, 2\",a/b/3.fq,\n",
            Ok(json!([
                [2, "S1", {"label": "x", "reads": ["a/b/1.fq", "a/b/2.fq"], "threads": 4}],
                [3, "S, 2", {"label": "x", "reads": ["a/b/3.fq"]}],
            ])),
        );
    }

    #[test]
    fn errors_name_line_and_column() {
        check(
            "name,raeds\nS1,a\n",
            Err("line 1, column 2: the app has no input `raeds`; it has label, reads, threads"),
        );
        check("reads,reads\na/b/c,a/b/c\n", Err("line 1, column 2: the column `reads` is there twice"));
        check(
            "reads,label\na/b/c,x\n",
            Err("line 1, column 2: the input `label` is also given as an option"),
        );
        check(
            "reads,threads\na/b/c,1\na/b/c,many\n",
            Err("line 3, column `threads`: `many` is not an integer"),
        );
        check("name,reads\nS1,\n", Err("line 2: the input `reads` is empty, and the app needs it"));
        check("name,reads\n", Err("it has no rows"));
        let short = "CSV error: record 1 (line: 2, byte: 11): found record with 1 fields, but the previous record has 2 fields";
        check("name,reads\nS1\n", Err(short));
    }
}
