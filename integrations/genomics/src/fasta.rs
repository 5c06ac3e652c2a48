//! Sequences of a FASTA file with an index.

use anyhow::{Context as _, Result, ensure};
use futures::future::try_join_all;
use noodles::bgzf;
use noodles::core::{Position, Region};
use noodles::fasta::fai;
use sbg::Client;
use sbg::transfer::FileReader;
use tokio::io::AsyncReadExt as _;

use crate::{bytes_of, find, reader};

/// A FASTA file in a project: plain, with an index `.fai`, or compressed by `bgzip`, with `.fai` and `.gzi`.
pub struct Fasta {
    path: String,
    file: FileReader,
    index: fai::Index,
    /// Where the blocks of a compressed file begin.
    blocks: Option<bgzf::gzi::Index>,
}

impl Fasta {
    /// Finds the file and reads its indexes.
    pub async fn open(client: &Client, project: &str, path: &str) -> Result<Self> {
        let found = find(client, project, path, &["fai", "gzi"]).await?;
        let bytes = bytes_of(client, found.index(&["fai"])?).await?;
        let index = fai::io::Reader::new(&bytes[..]).read_index();
        let index = index.with_context(|| format!("cannot read the index of `{path}`"))?;
        let blocks = if path.ends_with(".gz") {
            let bytes = bytes_of(client, found.index(&["gzi"])?).await?;
            let blocks = bgzf::gzi::io::Reader::new(&bytes[..]).read_index();
            Some(blocks.with_context(|| format!("cannot read the index of the blocks of `{path}`"))?)
        } else {
            None
        };
        Ok(Self { path: path.to_owned(), file: reader(client, &found.file), index, blocks })
    }

    /// The bases of each region.
    pub async fn bases(&self, regions: &[Region]) -> Result<Vec<Vec<u8>>> {
        let spans: Vec<_> =
            regions.iter().map(|region| Span::of(&self.index, region)).collect::<Result<_>>()?;
        let texts = match &self.blocks {
            Some(blocks) => {
                try_join_all(spans.iter().map(|span| compressed(self.file.clone(), blocks, span))).await?
            }
            None => {
                let texts = self.file.read_ranges(spans.iter().map(|span| span.start..span.end)).await?;
                texts.into_iter().map(|text| text.to_vec()).collect()
            }
        };
        let bases = spans.iter().zip(texts).zip(regions).map(|((span, mut text), region)| {
            text.retain(|byte| !byte.is_ascii_whitespace());
            ensure!(text.len() as u64 == span.bases, "`{}` and its index differ at {region}", self.path);
            Ok(text)
        });
        bases.collect()
    }
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
        let position = |position: Option<Position>| position.map(|position| position.get() as u64);
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
