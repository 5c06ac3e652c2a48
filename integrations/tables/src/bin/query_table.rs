//! SQL over Parquet and CSV files of a project, without downloading them: `query_table OWNER/PROJECT SQL...`. The statements run one after
//! the other; the rows of each are printed as a table. The last line is the number of rows.
//!
//! A table is the path of a file or folder in quotes: `SELECT avg(depth) FROM 'tables/samples.parquet'`. A URL names a file of another
//! project, and the target of `COPY (SELECT ...) TO 'sbg://OWNER/PROJECT/PATH'`.

use anyhow::{Result, bail};
use datafusion::prelude::{SessionConfig, SessionContext};
use sbg_tables::{Schemas, client, print, state};

/// Parts of a table that are read side by side. More than there are processors: reading waits for the storage most of the time.
const SIDE_BY_SIDE: usize = 16;

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [project, statements @ ..] = &arguments[..] else { bail!("usage: query_table OWNER/PROJECT SQL...") };
    if statements.is_empty() {
        bail!("usage: query_table OWNER/PROJECT SQL...");
    }
    let config = SessionConfig::new();
    let partitions = config.target_partitions().max(SIDE_BY_SIDE);
    let config = config.with_target_partitions(partitions);
    let state = state(client(1)?, project, config, Schemas::OfAllFiles)?;
    let context = SessionContext::new_with_state(state);
    for statement in statements {
        print(&context.sql(statement).await?.collect().await?)?;
    }
    Ok(())
}
