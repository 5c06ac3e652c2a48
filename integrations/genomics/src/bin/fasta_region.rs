//! Prints regions of a FASTA file in a project, without downloading the file: `fasta_region OWNER/PROJECT PATH REGION...`. The file may be
//! plain, with an index `.fai`, or compressed by `bgzip`, with `.fai` and `.gzi`. The last line is the number of records.

use anyhow::Result;
use sbg_genomics::Arguments;
use sbg_genomics::fasta::Fasta;

/// Bases of a line of output, as those of `samtools faidx`.
const LINE: usize = 60;

#[tokio::main]
async fn main() -> Result<()> {
    let Arguments { project, path, regions } = Arguments::read("fasta_region", 1)?;
    let client = sbg::Client::from_env()?;
    let fasta = Fasta::open(&client, &project, &path).await?;
    let sequences = fasta.bases(&regions).await?;
    for (region, bases) in regions.iter().zip(sequences) {
        println!(">{region}");
        for line in bases.chunks(LINE) {
            println!("{}", String::from_utf8_lossy(line));
        }
    }
    println!("{}", regions.len());
    Ok(())
}
