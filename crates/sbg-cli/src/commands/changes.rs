//! How changes of many things are reported: one record each, and the error of each that failed.

use anyhow::{Result, anyhow};
use sbg::prelude::*;
use sbg::types;

use crate::context::Context;
use crate::exit::explain;
use crate::records::Record;

/// Prints the result of one item.
pub(super) fn changed<T>(context: &Context, record: Record, name: &str, result: &Result<T>) -> Result<()> {
    match result {
        Ok(_) => context.out.row(&record, [name]),
        Err(error) => {
            context.screen.warn(&format!("{name}: {}", explain(error).0));
            if context.out.is_json() { context.out.row(&record.failed(error), [name]) } else { Ok(()) }
        }
    }
}

/// The results of a job, one for each of its items.
pub(super) fn results(job: &types::AsyncJob, items: usize) -> Vec<Result<()>> {
    let mut results: Vec<Result<()>> =
        job.results().into_iter().map(|result| result.map(drop).map_err(Into::into)).collect();
    let state = job.state.as_ref().map_or("in an unknown state", types::AsyncJobState::as_str);
    results.resize_with(items, || {
        Err(anyhow!("the job `{}` is {state} and has no result for this item", job.id))
    });
    results
}
