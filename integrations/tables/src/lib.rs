//! What the programs share: SQL over tables that are files of a project, in one process or on a cluster.

mod cluster;
mod stores;
mod tables;

use anyhow::{Context as _, Result};
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::util::pretty::pretty_format_batches;

pub use cluster::{Cluster, executor, input_ends, query, scheduler};
pub use stores::Stores;
pub use tables::{Schemas, state, url_in};

/// A client with the credentials of this process, from its environment or profile. It uses its part of the rate limit of the token, which
/// `processes` share.
pub fn client(processes: usize) -> Result<sbg::Client> {
    #[expect(clippy::cast_precision_loss, reason = "a small number")]
    let share = 1.0 / processes.max(1) as f64;
    sbg::Client::builder().api_share(share).build().context("cannot make a client")
}

/// Prints rows as a table, and their number.
pub fn print(rows: &[RecordBatch]) -> Result<()> {
    println!("{}", pretty_format_batches(rows)?);
    println!("{}", rows.iter().map(RecordBatch::num_rows).sum::<usize>());
    Ok(())
}
