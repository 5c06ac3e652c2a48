//! An emulator with a project of tables, and the programs as processes.

use std::ops::Range;
use std::process::{Command, Output};
use std::sync::Arc;

use datafusion::arrow::array::{Int64Array, RecordBatch, StringArray};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::file::properties::WriterProperties;
use sbg_emulator::{Emulator, Origin};

pub const QUERY: &str = env!("CARGO_BIN_EXE_query_table");
pub const DISTRIBUTED: &str = env!("CARGO_BIN_EXE_distributed_query");

/// Rows of a row group.
pub const GROUP: usize = 20_000;

pub struct Stage {
    pub emulator: Emulator,
    pub project: String,
}

/// Requests since they were cleared.
#[derive(Debug)]
pub struct Requests {
    pub api: usize,
    pub storage: usize,
    /// Bytes that the storage sent.
    pub sent: u64,
}

impl Stage {
    pub fn start() -> Self {
        let emulator = Emulator::builder().start_blocking().expect("an emulator");
        let project = emulator.create_project("demo");
        Self { emulator, project }
    }

    /// Adds a file with these rows; returns its id and size.
    pub fn table(&self, path: &str, rows: Range<i64>) -> (String, u64) {
        let content = parquet(rows);
        let size = content.len() as u64;
        (self.emulator.create_file(&self.project, path, content), size)
    }

    /// A program on the platform of this emulator.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("SB_API_ENDPOINT", self.emulator.url()).env("SB_AUTH_TOKEN", self.emulator.token());
        command.env("RUST_BACKTRACE", "0");
        command
    }

    /// The output of a query, or its message if it fails.
    pub fn query(&self, statements: &[&str]) -> Result<String, String> {
        let output = self.command(QUERY).arg(&self.project).args(statements).output().expect("it starts");
        text(output)
    }

    pub fn requests(&self) -> Requests {
        let requests = self.emulator.requests();
        let storage: Vec<_> = requests.iter().filter(|request| request.origin == Origin::Storage).collect();
        let sent = storage.iter().map(|request| request.sent).sum();
        Requests { api: requests.len() - storage.len(), storage: storage.len(), sent }
    }
}

/// What a process printed, or its error output if it failed.
pub fn text(output: Output) -> Result<String, String> {
    let text = |bytes| String::from_utf8(bytes).expect("text");
    if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
}

/// Rows of a sample: `id`, `depth`, which is the id modulo 100, and a `note` that takes most of the space.
fn parquet(ids: Range<i64>) -> Vec<u8> {
    let note = |id: i64| {
        // Does not compress: the file has a size that can be reckoned with.
        let mut state = id.unsigned_abs().wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut digit = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            format!("{:016x}", state)
        };
        format!("{}{}{}{}", digit(), digit(), digit(), digit())
    };
    let rows = RecordBatch::try_from_iter([
        ("id", Arc::new(Int64Array::from_iter_values(ids.clone())) as _),
        ("depth", Arc::new(Int64Array::from_iter_values(ids.clone().map(|id| id % 100))) as _),
        ("note", Arc::new(StringArray::from_iter_values(ids.map(note))) as _),
    ])
    .expect("columns of one length");
    let properties =
        WriterProperties::builder().set_max_row_group_row_count(Some(GROUP)).set_dictionary_enabled(false);
    let mut bytes = Vec::new();
    let mut writer =
        ArrowWriter::try_new(&mut bytes, rows.schema(), Some(properties.build())).expect("a schema");
    writer.write(&rows).expect("written to memory");
    writer.close().expect("written to memory");
    bytes
}
