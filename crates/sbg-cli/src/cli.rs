//! The table of commands.

use std::process::ExitCode;

use anyhow::Result;
use clap::{CommandFactory as _, Parser, Subcommand};

use crate::commands::{
    apps, cat, completions, configure, copy, cost, down, drs, find, jobs, ls, members, meta, mkdir, projects,
    remove, run, sheet, stat, storage_jobs, sync, tag, tasks, up, uploads, volumes, whoami,
};
use crate::context::Context;
use crate::exit;
use crate::global::Global;

/// Moves, finds and describes data on the Seven Bridges Platform, CGC, CAVATICA and BioData Catalyst, and runs tasks there.
///
/// A path is `owner/project/folder/file`; the id of a file or its URL in the browser do as well.
#[derive(Debug, Parser)]
#[command(name = "sbg", version, after_help = AFTER)]
pub(crate) struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

const AFTER: &str = "Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 done in part, 4 not found, 5 refused by the platform, \
    75 try again later, 130 interrupted.";

#[derive(Debug, Subcommand)]
enum Command {
    Configure(configure::Configure),
    Whoami(whoami::Whoami),
    Ls(ls::Ls),
    Stat(stat::Stat),
    Cat(cat::Cat),
    Up(up::Up),
    Down(down::Down),
    #[command(subcommand)]
    Sync(sync::Sync),
    Sheet(sheet::Sheet),
    Mv(copy::Mv),
    Cp(copy::Cp),
    Rm(remove::Rm),
    Mkdir(mkdir::Mkdir),
    #[command(subcommand)]
    Meta(meta::Meta),
    Tag(tag::Tag),
    Find(find::Find),
    #[command(subcommand)]
    Projects(projects::Projects),
    #[command(subcommand)]
    Members(members::Members),
    #[command(subcommand)]
    Apps(apps::Apps),
    Run(run::Run),
    #[command(subcommand)]
    Tasks(tasks::Tasks),
    #[command(subcommand)]
    Volumes(volumes::Volumes),
    Import(storage_jobs::Import),
    Export(storage_jobs::Export),
    #[command(subcommand)]
    Drs(drs::Drs),
    #[command(subcommand)]
    Jobs(jobs::Jobs),
    #[command(subcommand)]
    Uploads(uploads::Uploads),
    Cost(cost::Cost),
    RateLimit(whoami::RateLimit),
    /// Check recorded traffic against the API document
    #[cfg(feature = "drift")]
    Drift(sbg_drift::program::Arguments),
    /// Start an emulator of the platform on this machine
    #[cfg(feature = "emulator")]
    Emulator(sbg_emulator::program::Options),
    Completions(completions::Completions),
    Man(completions::Man),
}

impl Cli {
    /// Runs the command to its end, and reports its error.
    pub(crate) fn run(self) -> ExitCode {
        let Self { global, command } = self;
        let as_json = global.json;
        let result = match command {
            // These make no call: they need no runtime, and a signal ends them at once.
            Command::Completions(command) => command.run(Self::command()),
            Command::Man(command) => command.run(Self::command()),
            #[cfg(feature = "drift")]
            Command::Drift(arguments) => return drift(arguments, as_json),
            #[cfg(feature = "emulator")]
            Command::Emulator(options) => sbg_emulator::program::run(options).map_err(Into::into),
            Command::Configure(command) => command.run(&global),
            command => {
                let context = Context::new(global);
                context.block_on(command.call(&context))
            }
        };
        exit::report(result, as_json)
    }
}

/// `--json` is an option of both; either does.
#[cfg(feature = "drift")]
fn drift(mut arguments: sbg_drift::program::Arguments, as_json: bool) -> ExitCode {
    arguments.json |= as_json;
    sbg_drift::program::main(&arguments)
}

impl Command {
    /// Runs a command that calls the platform.
    async fn call(self, context: &Context) -> Result<()> {
        match self {
            Self::Whoami(command) => command.run(context).await,
            Self::Ls(command) => command.run(context).await,
            Self::Stat(command) => command.run(context).await,
            Self::Cat(command) => command.run(context).await,
            Self::Up(command) => command.run(context).await,
            Self::Down(command) => command.run(context).await,
            Self::Sync(command) => command.run(context).await,
            Self::Sheet(command) => command.run(context).await,
            Self::Mv(command) => command.run(context).await,
            Self::Cp(command) => command.run(context).await,
            Self::Rm(command) => command.run(context).await,
            Self::Mkdir(command) => command.run(context).await,
            Self::Meta(command) => command.run(context).await,
            Self::Tag(command) => command.run(context).await,
            Self::Find(command) => command.run(context).await,
            Self::Projects(command) => command.run(context).await,
            Self::Members(command) => command.run(context).await,
            Self::Apps(command) => command.run(context).await,
            Self::Run(command) => command.run(context).await,
            Self::Tasks(command) => command.run(context).await,
            Self::Volumes(command) => command.run(context).await,
            Self::Import(command) => command.run(context).await,
            Self::Export(command) => command.run(context).await,
            Self::Drs(command) => command.run(context).await,
            Self::Jobs(command) => command.run(context).await,
            Self::Uploads(command) => command.run(context).await,
            Self::Cost(command) => command.run(context).await,
            Self::RateLimit(command) => command.run(context).await,
            // Those without a call are handled before.
            _ => Ok(()),
        }
    }
}
