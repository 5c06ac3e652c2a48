//! `completions` and `man`: printed from the definition of the arguments.

use std::io::{self, Write as _};
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::{Args, Command};
use clap_complete::Shell;

/// Print completions for a shell
#[derive(Args, Debug)]
pub(crate) struct Completions {
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(self, mut program: Command) -> Result<()> {
        // The generator panics when the reader goes away, so it writes to memory.
        let mut text = Vec::new();
        clap_complete::generate(self.shell, &mut program, "sbg", &mut text);
        Ok(io::stdout().write_all(&text)?)
    }
}

/// Print the manual page
#[derive(Args, Debug)]
pub(crate) struct Man {
    /// Folder to write a page for each command to, instead
    #[arg(long, value_name = "FOLDER")]
    all: Option<PathBuf>,
}

impl Man {
    pub(crate) fn run(self, program: Command) -> Result<()> {
        let Some(folder) = self.all else {
            let mut text = Vec::new();
            clap_mangen::Man::new(program).render(&mut text)?;
            return Ok(io::stdout().write_all(&text)?);
        };
        let cannot = || format!("cannot write to `{}`", folder.display());
        std::fs::create_dir_all(&folder).with_context(cannot)?;
        clap_mangen::generate_to(program, &folder).with_context(cannot)
    }
}
