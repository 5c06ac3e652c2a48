//! One query on several processes or machines, by Ballista. Its rows become a Parquet file of the project.
//!
//! - `distributed_query OWNER/PROJECT SQL RESULT` starts a scheduler and two executors on this machine, and ends them afterwards.
//! - `distributed_query scheduler ADDRESS:PORT`, `distributed_query executor SCHEDULER:PORT ADDRESS:PORT` and
//!   `distributed_query query SCHEDULER:PORT OWNER/PROJECT SQL RESULT` are the same roles on machines of a cluster.
//!
//! Each process takes its credentials from its own environment or profile. `--processes N` says how many of them share a token, and with
//! it the rate limit. `--attached` ends a process when its standard input ends.

use anyhow::{Context as _, Result, bail};
use sbg_tables::{Cluster, executor, input_ends, query, scheduler};

/// Executors that are started without a cluster.
const EXECUTORS: usize = 2;

const USAGE: &str = "usage: distributed_query [--processes N] [--attached] ROLE, where ROLE is one of
  OWNER/PROJECT SQL RESULT
  scheduler ADDRESS:PORT
  executor SCHEDULER:PORT ADDRESS:PORT
  query SCHEDULER:PORT OWNER/PROJECT SQL RESULT";

#[tokio::main]
async fn main() -> Result<()> {
    let (mut attached, mut processes, mut role) = (false, 1, Vec::new());
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--attached" => attached = true,
            "--processes" => processes = arguments.next().context(USAGE)?.parse()?,
            _ => role.push(argument),
        }
    }
    let role: Vec<_> = role.iter().map(String::as_str).collect();
    tokio::select! {
        done = run(&role, processes) => done,
        () = input_ends(), if attached => Ok(()),
    }
}

async fn run(role: &[&str], processes: usize) -> Result<()> {
    match role {
        ["scheduler", address] => scheduler(address.parse()?, processes).await,
        ["executor", of, address] => executor(of, address.parse()?, processes).await,
        ["query", of, project, sql, result] => report(query(of, project, sql, result, processes).await?),
        [project, sql, result] => {
            let cluster = Cluster::start(EXECUTORS).await?;
            let done = query(cluster.scheduler(), project, sql, result, cluster.processes()).await;
            let stopped = cluster.stop().await;
            let done = done?;
            stopped?;
            report(done)
        }
        _ => bail!(USAGE),
    }
}

fn report((url, rows): (String, u64)) -> Result<()> {
    println!("{url}");
    println!("{rows}");
    Ok(())
}
