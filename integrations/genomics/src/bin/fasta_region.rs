//! Prints regions of a FASTA file in a project, without downloading the file: `fasta_region OWNER/PROJECT PATH REGION...`. The file may be
//! plain, with an index `.fai`, or compressed by `bgzip`, with `.fai` and `.gzi`. The last line is the number of records.

use anyhow::{Context as _, Result, ensure};
use futures::future::try_join_all;
use noodles::core::Region;
use noodles::fasta::fai;
use noodles::{bgzf, core};
use sbg::transfer::FileReader;
use sbg_genomics::{Arguments, bytes_of, find, reader};
use tokio::io::AsyncReadExt as _;

/// Bases of a line of output, as those of `samtools faidx`.
const LINE: usize = 60;

#[tokio::main]
async fn main() -> Result<()> {
    let Arguments { project, path, regions } = Arguments::read("fasta_region", 1)?;
    let client = sbg::Client::from_env()?;
    let found = find(&client, &project, &path, &["fai", "gzi"]).await?;
    let file = reader(&client, &found.file);
    let bytes = bytes_of(&client, found.index(&["fai"])?).await?;
    let index = fai::io::Reader::new(&bytes[..]).read_index().context("cannot read the index")?;
    let spans: Vec<_> = regions.iter().map(|region| Span::of(&index, region)).collect::<Result<_>>()?;
    let texts = if path.ends_with(".gz") {
        let bytes = bytes_of(&client, found.index(&["gzi"])?).await?;
        let blocks = bgzf::gzi::io::Reader::new(&bytes[..]).read_index().context("cannot read the index")?;
        try_join_all(spans.iter().map(|span| compressed(file.clone(), &blocks, span))).await?
    } else {
        let texts = file.read_ranges(spans.iter().map(|span| span.start..span.end)).await?;
        texts.into_iter().map(|text| text.to_vec()).collect()
    };
    for (region, (span, text)) in regions.iter().zip(spans.iter().zip(texts)) {
        let bases: Vec<u8> = text.into_iter().filter(|byte| !byte.is_ascii_whitespace()).collect();
        ensure!(bases.len() as u64 == span.bases, "`{path}` and its index differ at {region}");
        println!(">{region}");
        for line in bases.chunks(LINE) {
            println!("{}", String::from_utf8_lossy(line));
        }
    }
    println!("{}", regions.len());
    Ok(())
}

/// The bytes of a region in the uncompressed file, line ends included.
struct Span {
    start: u64,
    end: u64,
    bases: u64,
}

impl Span {
    fn of(index: &fai::Index, region: &Region) -> Result<Self> {
        let record = index.as_ref().iter().find(|record| record.name() == region.name());
        let record = record.with_context(|| format!("the file has no sequence `{}`", region.name()))?;
        let position = |position: Option<core::Position>| position.map(|position| position.get() as u64);
        let first = position(region.interval().start()).unwrap_or(1) - 1;
        let last = position(region.interval().end()).unwrap_or(u64::MAX).min(record.length());
        ensure!(first < last, "{region} is not in the sequence, which has {} bases", record.length());
        let (bases, width) = (record.line_base_count().get(), record.line_width().get());
        let offset = |base: u64| record.position() + base / bases * width + base % bases;
        Ok(Self { start: offset(first), end: offset(last - 1) + 1, bases: last - first })
    }
}

/// The bytes of a span of a file compressed by `bgzip`.
async fn compressed(file: FileReader, blocks: &bgzf::gzi::Index, span: &Span) -> Result<Vec<u8>> {
    let mut text = bgzf::r#async::io::Reader::new(file);
    text.seek_by_uncompressed_position(blocks, span.start).await?;
    let mut bytes = vec![0; usize::try_from(span.end - span.start)?];
    text.read_exact(&mut bytes).await?;
    Ok(bytes)
}
