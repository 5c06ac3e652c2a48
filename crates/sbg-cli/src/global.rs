//! The options that all commands share.

use std::time::Duration;

use clap::Args;

use crate::units::parse_duration;

/// Options of every command.
#[derive(Args, Clone, Debug)]
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
    /// Time between two lines about the progress where there is no terminal, such as 1m
    #[arg(long, global = true, value_name = "TIME", value_parser = parse_duration, default_value = "10s")]
    #[arg(help_heading = "Global options")]
    pub(crate) progress_every: Duration,
}
