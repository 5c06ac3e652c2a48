//! The check as a program, on its own and as a command of `sbg`.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::{Bases, Drift, Format, Options, Problem, Report, decode, document};
use anyhow::{Context as _, Result};
use clap::Parser;
use serde_json::{Value, json};

/// Checks recorded traffic against the OpenAPI document of the Seven Bridges Platform API.
///
/// Reads HAR files, which browsers, mitmproxy and Charles save, and JSON lines, which `sbg` records. Ends with status 1 if an exchange
/// differs from the document; notices are not failures.
#[derive(Debug, Parser)]
#[command(name = "sbg-drift", version)]
pub struct Arguments {
    /// Recorded traffic; `-` reads standard input
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Base of the API: its URL, or a path prefix such as `/v2`. By default, the servers of the document, and `/v2` on this machine
    #[arg(long)]
    base: Vec<String>,
    /// What to skip: a kind (`query`), a class of notices (`trailing-slash`), an operation (`file_get`), or a path prefix (`/internal`)
    #[arg(long)]
    ignore: Vec<String>,
    /// Document to use instead of the built-in one
    #[arg(long)]
    document: Option<PathBuf>,
    /// Count by operation
    #[arg(long)]
    summary: bool,
    /// Print one JSON object per line, the counts last
    #[arg(long)]
    pub json: bool,
}

/// Checks the files, and prints what was found. The exit code is 0 if the traffic conforms, 1 if it does not, and 2 if a file cannot be
/// checked.
///
/// ```no_run
/// use clap::Parser as _;
/// use sbg_drift::program::{self, Arguments};
///
/// program::main(&Arguments::parse_from(["sbg-drift", "traffic.jsonl"]));
/// ```
pub fn main(arguments: &Arguments) -> ExitCode {
    match run(arguments) {
        Ok(report) if report.failed == 0 => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("sbg-drift: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments) -> Result<Report> {
    let document = match &arguments.document {
        None => document(),
        Some(path) => {
            let text =
                std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
            serde_json::from_str(&text).with_context(|| format!("{} is not JSON", path.display()))?
        }
    };
    let mut options = Options::default();
    options.ignore.clone_from(&arguments.ignore);
    if !arguments.base.is_empty() {
        options.bases = Some(Bases::only(arguments.base.iter().map(String::as_str)));
    }
    let drift = Drift::new(&document, options)?;
    let mut output = io::BufWriter::new(io::stdout().lock());
    let mut sum = Report::default();
    for file in &arguments.files {
        sum.add(&check(&drift, file, arguments.json, &mut output)?);
    }
    if arguments.json {
        writeln!(output, "{}", serde_json::to_string(&sum)?)?;
    } else {
        if arguments.summary {
            write!(output, "{}", sum.table())?;
        }
        writeln!(output, "{sum}")?;
    }
    output.flush()?;
    if sum.exchanges == 0 && sum.elsewhere > 0 {
        eprintln!("sbg-drift: no request goes to the API; name its URL with --base");
    }
    Ok(sum)
}

fn check(drift: &Drift<'_>, file: &Path, as_json: bool, output: &mut impl Write) -> Result<Report> {
    let cannot = || format!("cannot read {}", file.display());
    let mut traffic: Box<dyn BufRead> = if file == Path::new("-") {
        Box::new(BufReader::new(io::stdin().lock()))
    } else {
        Box::new(BufReader::with_capacity(1 << 20, File::open(file).with_context(cannot)?))
    };
    let format = Format::guess(traffic.fill_buf().with_context(cannot)?);
    let mut written = Ok(());
    let report = drift.check(traffic, format, &decode, &mut |problem| {
        if written.is_ok() {
            written = show(problem, file, as_json, output);
        }
    });
    written.context("cannot write what was found")?;
    report.with_context(cannot)
}

fn show(problem: &Problem, file: &Path, as_json: bool, output: &mut impl Write) -> io::Result<()> {
    if !as_json {
        return writeln!(output, "{}:{problem}", file.display());
    }
    let mut problem: Value = json!(problem);
    problem["file"] = json!(file);
    writeln!(output, "{problem}")
}
