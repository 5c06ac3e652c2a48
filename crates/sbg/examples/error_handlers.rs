//! Sets up a client with longer waits and with a handler for the errors of a proxy:
//! `error_handlers OWNER/PROJECT`.

use std::time::Duration;

use anyhow::Result;
use sbg::Client;
use sbg::pipeline::{Attempt, Decision, ErrorHandler, MaintenanceSleeper, Response, RetryPolicy};

/// Retries idempotent calls when the proxy of the lab responds with 509.
#[derive(Debug)]
struct LabProxy;

impl ErrorHandler for LabProxy {
    fn handle(&self, response: &Response, attempt: &Attempt) -> Decision {
        if response.status() == 509 && attempt.operation.idempotent && attempt.number < 4 {
            return Decision::RetryAfter(Duration::from_millis(100) * attempt.number);
        }
        Decision::Pass
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let Some(project) = std::env::args().nth(1) else {
        eprintln!("usage: error_handlers OWNER/PROJECT");
        std::process::exit(2);
    };
    // A handler replaces the one with the same name, here a default handler.
    let over_night = MaintenanceSleeper::default().max_wait(Duration::from_secs(12 * 60 * 60));
    let client = Client::builder()
        .retry_policy(RetryPolicy::default().max_attempts(10).max_elapsed(Duration::from_secs(600)))
        .error_handler(over_night)
        .error_handler(LabProxy)
        .on_wait(|waiting| println!("{} waits {:?}: {}", waiting.operation, waiting.wait, waiting.reason))
        .build()?;

    match client.project(project).get().await {
        Ok(project) => println!("{}", project.name.unwrap_or_default()),
        Err(error) if error.is_not_found() => println!("not found: {error}"),
        Err(error) if error.is_forbidden() => println!("ask its administrator: {error}"),
        Err(error) if error.is_transient() => println!("later: {error}"),
        Err(error) => println!("{:?} after {} attempts: {error}", error.kind(), error.attempts()),
    }
    Ok(())
}
