//! The options that all commands share.

use clap::Args;

/// Options of every command.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct Global {
    /// Profile of ~/.sevenbridges/credentials [default: `SB_API_ENDPOINT` and `SB_AUTH_TOKEN`, else `default`]
    #[arg(long, global = true, value_name = "NAME", help_heading = "Global options")]
    pub(crate) profile: Option<String>,
    /// Print one JSON object a line
    #[arg(long, global = true, help_heading = "Global options")]
    pub(crate) json: bool,
    /// Print only results and errors, no progress and no notes
    #[arg(short, long, global = true, help_heading = "Global options")]
    pub(crate) quiet: bool,
    /// Report every retry and wait; `-vv` reports every request as well
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = "Global options")]
    pub(crate) verbose: u8,
    /// Allow operations in advance access, which may change
    #[arg(long, global = true, help_heading = "Global options")]
    pub(crate) advance_access: bool,
    /// Part of the rate limit to use, such as 0.25 on each of four machines with one token [default: 1]
    #[arg(long, global = true, value_name = "SHARE", help_heading = "Global options")]
    pub(crate) api_share: Option<f64>,
}
