//! Sets up a client and prints who it signed in as: `client_setup [PROFILE]`.
//!
//! Without a profile, the credentials come from `SB_API_ENDPOINT` and `SB_AUTH_TOKEN`, or else from the profile `[default]` of
//! `~/.sevenbridges/credentials`.

use anyhow::Result;
use sbg::Client;

#[tokio::main]
async fn main() -> Result<()> {
    let builder = Client::builder().max_parallel_requests(20).on_wait(|waiting| {
        eprintln!("{} waits for {:?}: {}", waiting.operation, waiting.wait, waiting.reason);
    });
    let client = match std::env::args().nth(1) {
        Some(profile) => builder.profile(profile).build()?,
        None => builder.build()?,
    };

    let me = client.users().me().await?;
    println!("{} is signed in to {}", me.username, client.endpoint().as_str());
    if let Some(rate) = client.latest_rate_limit() {
        println!("{} of {} requests are left", rate.remaining(), rate.limit());
    }
    Ok(())
}
