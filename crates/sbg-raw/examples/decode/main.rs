//! Says whether answers of the platform can be read as the types of this crate. `cargo xtask drift` runs it.
//!
//! A line of the input is `{"operation": ID, "answer": JSON}`; the operation `error` stands for the error answers of all. A line
//! of the output is `null` for an answer that can be read, else a string which says why it cannot.

#[rustfmt::skip]
#[expect(clippy::match_same_arms, clippy::too_many_lines, reason = "a table has a row for each operation")]
mod table;

use std::error::Error;
use std::io::{self, BufRead as _, Write as _};

use serde::Deserialize;
use serde_json::Value;

/// An answer to an operation.
#[derive(Deserialize)]
struct Answer {
    operation: String,
    answer: Value,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut output = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let line = line?;
        let Answer { operation, answer } = serde_json::from_str(&line)?;
        let verdict = match table::decode(&operation, &answer.to_string()) {
            Some(Ok(())) => None,
            Some(Err(error)) => Some(error.to_string()),
            None => Some(format!("no operation `{operation}` has a body in its answer")),
        };
        writeln!(output, "{}", serde_json::to_string(&verdict)?)?;
    }
    Ok(())
}
