//! The rows of the table: what is done, by whom, and the goal.

use std::process::Command;

use anyhow::{Result, ensure};

use crate::fixtures::{LENGTH, SEQUENCES};
use crate::stage::{Cost, LARGE, Stage};

/// Bases of a region.
const REGION: usize = 10_000;

/// The query on the 32 files.
const COHORT: &str = "SELECT depth, count(*) AS n, sum(id) AS ids FROM 'cohort/' GROUP BY depth";

pub struct Row {
    pub name: &'static str,
    pub title: &'static str,
    pub peer: &'static str,
    /// The peer and the program of this project.
    commands: fn(&Stage) -> Result<(Command, Command)>,
    /// The part of an output that both have.
    result: fn(&str) -> String,
    pub goals: &'static [Goal],
}

/// What is wanted of a row.
#[derive(Clone, Copy, Debug)]
pub enum Goal {
    /// The time at most this part of the peer's.
    Time(f64),
    /// At most this many API calls.
    Calls(usize),
    /// At most this many MiB of memory.
    Memory(u64),
    /// Fewer storage requests than this multiple of the peer's.
    Storage(f64),
}

/// The costs of all rounds.
pub struct Measured {
    pub row: &'static Row,
    pub peer: Vec<Cost>,
    pub own: Vec<Cost>,
}

/// The number in the last line.
fn last_line(output: &str) -> String {
    output.lines().next_back().unwrap_or_default().trim().to_owned()
}

/// All digits of the row above the frame of a table and the number of rows.
fn value(output: &str) -> String {
    let row = output.lines().rev().nth(2).unwrap_or_default();
    // Sums of floating-point numbers differ in their last digits with the order of the rows.
    row.trim_matches(['|', ' ']).chars().take(9).collect()
}

fn regions(count: usize) -> Vec<String> {
    let region = |number: usize| {
        let start = (LENGTH / 2 + number * LENGTH / 23) % (LENGTH - 2 * REGION) + 1;
        format!("chr{}:{start}-{}", number % SEQUENCES + 1, start + REGION - 1)
    };
    (0..count).map(region).collect()
}

fn bam_regions(stage: &Stage, count: usize) -> Result<(Command, Command)> {
    let regions = regions(count);
    let mut samtools = Command::new("samtools");
    samtools.args(["view", "-c", "-X", &stage.signed_url(&stage.bam)?, &stage.signed_url(&stage.bai)?]);
    samtools.args(&regions);
    let mut own = stage.program("bam_region", &[&stage.project, "reads.bam"]);
    own.args(regions);
    Ok((samtools, own))
}

pub const ROWS: &[Row] = &[
    Row {
        name: "region",
        title: "a region of 10 kb of a BAM file of 276 MB, from project and path to the number of records",
        peer: "samtools, which gets its signed URLs for nothing",
        commands: |stage| bam_regions(stage, 1),
        result: last_line,
        goals: &[Goal::Time(1.0), Goal::Calls(3)],
    },
    Row {
        name: "regions",
        title: "20 regions of it, spread over the chromosomes",
        peer: "samtools",
        commands: |stage| bam_regions(stage, 20),
        result: last_line,
        goals: &[Goal::Time(0.5), Goal::Calls(3)],
    },
    Row {
        name: "column",
        title: "the sum of a column of a Parquet file of 2,000,000 rows and 51 MB",
        peer: "DataFusion on the HTTP store of object_store, which gets its signed URL for nothing",
        commands: |stage| {
            let size = stage.parquet_size.to_string();
            let peer = stage.program("sum_over_http", &[&stage.signed_url(&stage.parquet)?, &size]);
            let sql = "SELECT sum(value) FROM 'samples.parquet'";
            Ok((peer, stage.program("query_table", &[&stage.project, sql])))
        },
        result: value,
        goals: &[Goal::Time(1.1), Goal::Calls(3)],
    },
    Row {
        name: "sequential",
        title: "1 GiB from start to end by `reader()`",
        peer: "`stream()`",
        commands: |stage| {
            let size = LARGE.to_string();
            let program =
                |how| stage.program("read_sequentially", &[how, &stage.project, "large.bin", &size]);
            Ok((program("stream"), program("reader")))
        },
        result: last_line,
        // At least 0.9 of its speed.
        goals: &[Goal::Time(1.0 / 0.9), Goal::Memory(64)],
    },
    Row {
        name: "distributed",
        title: "groups of 32 Parquet files, by a scheduler and two executors",
        peer: "DataFusion in one process",
        commands: |stage| {
            let copy = format!("COPY ({COHORT}) TO 'sbg://{}/results/one.parquet'", stage.project);
            let one = stage.program("query_table", &[&stage.project, &copy]);
            let many = stage.program("distributed_query", &[&stage.project, COHORT, "results/many.parquet"]);
            Ok((one, many))
        },
        // The number of groups: the tests compare all of them.
        result: |output| {
            let digits = |line: &str| line.chars().filter(char::is_ascii_digit).collect::<String>();
            let lines = output.lines().map(digits);
            lines.filter(|line| line.len() >= 4).next_back().unwrap_or_default()
        },
        goals: &[Goal::Storage(1.2)],
    },
];

impl Row {
    /// Runs both in turns.
    pub fn measure(&'static self, stage: &Stage, rounds: u32) -> Result<Measured> {
        let mut measured = Measured { row: self, peer: Vec::new(), own: Vec::new() };
        for round in 1..=rounds {
            let (peer, own) = (self.commands)(stage)?;
            let ((peer, expected), (own, found)) = (stage.run(&peer)?, stage.run(&own)?);
            println!("{} {round}/{rounds}: {:.3?} and {:.3?}", self.name, peer.elapsed, own.elapsed);
            let (expected, found) = ((self.result)(&expected), (self.result)(&found));
            ensure!(
                expected == found && !found.is_empty(),
                "{}: {found:?} instead of {expected:?}",
                self.name
            );
            measured.peer.push(peer);
            measured.own.push(own);
        }
        Ok(measured)
    }
}
