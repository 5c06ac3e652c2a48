//! Standard output: records as JSON lines, as aligned columns on a terminal, and as columns separated by tabs elsewhere.

use std::cell::RefCell;
use std::io::{self, IsTerminal as _, Write};

use anyhow::Result;

use crate::records::Record;
use crate::text::printable;

/// Rows that are aligned with each other; the first ones of a long list appear before its end.
const ALIGNED: usize = 200;

/// Where results go.
#[derive(Debug)]
pub(crate) struct Output {
    json: bool,
    /// Whether it is a terminal.
    terminal: bool,
    state: RefCell<State>,
}

#[derive(Debug)]
struct State {
    stdout: io::BufWriter<io::Stdout>,
    rows: Vec<Vec<String>>,
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        let stdout = io::stdout();
        let terminal = stdout.is_terminal();
        let state = State { stdout: io::BufWriter::with_capacity(64 << 10, stdout), rows: Vec::new() };
        Self { json, terminal, state: RefCell::new(state) }
    }

    /// Whether records are printed as JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Whether it is a terminal.
    pub(crate) fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// Prints a record: the whole of it as JSON, or these cells.
    pub(crate) fn row<const N: usize>(&self, record: &Record, cells: [&str; N]) -> Result<()> {
        let mut state = self.state.borrow_mut();
        if self.json {
            // As an error of the file system, so that a closed pipe is recognized.
            serde_json::to_writer(&mut state.stdout, record).map_err(io::Error::from)?;
            state.stdout.write_all(b"\n")?;
            return Ok(());
        }
        let cells = cells.iter().map(|cell| printable(cell).into_owned());
        if self.terminal {
            state.rows.push(cells.collect());
            if state.rows.len() >= ALIGNED {
                state.align()?;
            }
            return Ok(());
        }
        let line: Vec<String> = cells.collect();
        writeln!(state.stdout, "{}", line.join("\t"))?;
        Ok(())
    }

    /// Prints a record at once, for results that come one by one.
    pub(crate) fn now<const N: usize>(&self, record: &Record, cells: [&str; N]) -> Result<()> {
        self.row(record, cells)?;
        self.flush()
    }

    /// Prints a record: the whole of it as JSON, or a line for each of its fields.
    pub(crate) fn details(&self, record: &Record) -> Result<()> {
        if self.json {
            return self.row(record, [""]);
        }
        for (name, value) in record.fields() {
            let separator = if self.terminal { ":" } else { "" };
            self.row(record, [&format!("{name}{separator}"), &value])?;
        }
        self.flush()
    }

    /// Prints bytes as they are, and nothing else.
    pub(crate) fn bytes(&self, bytes: &[u8]) -> Result<()> {
        Ok(self.state.borrow_mut().stdout.write_all(bytes)?)
    }

    /// Prints everything that is left.
    pub(crate) fn flush(&self) -> Result<()> {
        let mut state = self.state.borrow_mut();
        state.align()?;
        Ok(state.stdout.flush()?)
    }
}

impl State {
    /// Prints the rows of a terminal, each column as wide as its widest cell.
    fn align(&mut self) -> io::Result<()> {
        let rows = std::mem::take(&mut self.rows);
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            rows.iter().filter_map(|row| row.get(column)).map(|cell| width_of(cell)).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for row in &rows {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                line.push_str(cell);
                line.extend(std::iter::repeat_n(' ', width - width_of(cell) + 2));
            }
            writeln!(self.stdout, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

/// Columns that a text takes on a terminal.
fn width_of(text: &str) -> usize {
    console::measure_text_width(text)
}
