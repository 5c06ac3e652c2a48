//! `cat`: the content of files.

use anyhow::{Context as _, Result};
use clap::Args;
use futures::StreamExt as _;
use sbg::types::{self, FileType};

use crate::context::Context;
use crate::exit::usage;
use crate::path::{self};
use crate::units::{ByteRange, parse_range, within};

/// Print the content of files
#[derive(Args, Debug)]
pub(crate) struct Cat {
    /// Files; `-` reads their names from standard input
    #[arg(required = true)]
    paths: Vec<String>,
    /// Bytes of each file: FIRST-LAST, FIRST- or -COUNT, such as 0-99 for the first 100
    #[arg(long, value_parser = parse_range, allow_hyphen_values = true)]
    range: Option<ByteRange>,
}

impl Cat {
    pub(crate) async fn run(self, context: &Context) -> Result<()> {
        for remote in path::from_arguments(&self.paths)? {
            let file = remote.find_file(context.client()?).await?;
            print(context, &file, self.range)
                .await
                .with_context(|| format!("cannot print `{}`", remote.text()))?;
        }
        Ok(())
    }
}

/// Prints the content of a file to standard output; memory does not grow with it.
pub(crate) async fn print(context: &Context, file: &types::File, range: Option<ByteRange>) -> Result<()> {
    if file.type_ == Some(FileType::Folder) {
        return Err(usage("it is a folder: `sbg down` copies it to this machine"));
    }
    let handle = context.client()?.file(file);
    let mut stream = match range {
        None => handle.stream(),
        Some(range) => {
            let size = u64::try_from(file.size.unwrap_or_default()).unwrap_or_default();
            let Some((first, last)) = within(range, size) else { return Ok(()) };
            handle.stream_range(first..=last)
        }
    };
    while let Some(piece) = stream.next().await {
        context.out.bytes(&piece?)?;
    }
    context.out.flush()
}
