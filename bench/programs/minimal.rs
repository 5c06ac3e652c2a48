//! A minimal program: one call. Every program has at least this size and this startup time.

use sbg::{Client, Result};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    println!("{}", Client::from_env()?.users().me().await?.username);
    Ok(())
}
