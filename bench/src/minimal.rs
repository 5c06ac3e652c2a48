//! The least that a program does with the client: it asks who it is. Its size and its start are what every program pays.

use sbg::{Client, Result};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    println!("{}", Client::from_env()?.users().me().await?.username);
    Ok(())
}
