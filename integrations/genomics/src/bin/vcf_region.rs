//! Counts the records of regions of a VCF file (compressed with `bgzip`) or a BCF file in a project, without downloading the file:
//! `vcf_region OWNER/PROJECT PATH REGION...`. The last line is the number of records.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use futures::{Stream, TryStreamExt as _};
use noodles::core::Region;
use noodles::csi::BinningIndex as _;
use noodles::{bcf, bgzf, csi, tabix, vcf};
use sbg::transfer::FileReader;
use sbg_genomics::{Arguments, Index, bytes_of, fetch_chunks, find, reader, sum_of};

const INDEXES: &[&str] = &["tbi", "csi"];

#[tokio::main]
async fn main() -> Result<()> {
    let Arguments { project, path, regions } = Arguments::read("vcf_region", 1)?;
    let client = sbg::Client::from_env()?;
    let found = find(&client, &project, &path, INDEXES).await?;
    let (file, index_file) = (reader(&client, &found.file), found.index(INDEXES)?);
    let binary = path.ends_with(".bcf");
    let header = async {
        let header = if binary {
            bcf::r#async::io::Reader::new(file.clone()).read_header().await
        } else {
            let mut reader = vcf::r#async::io::Reader::new(bgzf::r#async::io::Reader::new(file.clone()));
            reader.read_header().await
        };
        header.with_context(|| format!("cannot read the header of `{path}`"))
    };
    let index = async {
        let (name, bytes) =
            (index_file.name.as_deref().unwrap_or_default(), bytes_of(&client, index_file).await?);
        index(name, &bytes).with_context(|| format!("cannot read the index `{name}`"))
    };
    let (header, index) = futures::try_join!(header, index)?;
    let (header, index) = (Arc::new(header), Arc::new(index));
    let total = if binary {
        let count = |region| count_binary(file.clone(), header.clone(), index.clone(), region);
        sum_of(regions.into_iter().map(count)).await?
    } else {
        let count = |region| count(file.clone(), header.clone(), index.clone(), region);
        sum_of(regions.into_iter().map(count)).await?
    };
    println!("{total}");
    Ok(())
}

fn index(name: &str, bytes: &[u8]) -> Result<Index> {
    Ok(if name.ends_with(".csi") {
        Box::new(csi::io::Reader::new(bytes).read_index()?)
    } else {
        Box::new(tabix::io::Reader::new(bytes).read_index()?)
    })
}

async fn count(
    file: FileReader,
    header: Arc<vcf::Header>,
    index: Arc<Index>,
    region: Region,
) -> Result<(Region, u64)> {
    let names = index.header().context("the index has no names of sequences")?.reference_sequence_names();
    let sequence = names.get_index_of(region.name());
    let sequence = sequence.with_context(|| format!("the file has no sequence `{}`", region.name()))?;
    fetch_chunks(&file, &index.query(sequence, region.interval())?).await;
    let mut reader = vcf::r#async::io::Reader::new(bgzf::r#async::io::Reader::new(file));
    let count = number_of(reader.query(&header, &*index, &region)?.records()).await?;
    Ok((region, count))
}

/// The same for a BCF file, whose sequences are those of its header.
async fn count_binary(
    file: FileReader,
    header: Arc<vcf::Header>,
    index: Arc<Index>,
    region: Region,
) -> Result<(Region, u64)> {
    let sequence = std::str::from_utf8(region.name()).ok();
    let sequence = sequence.and_then(|name| header.string_maps().contigs().get_index_of(name));
    let sequence = sequence.with_context(|| format!("the file has no sequence `{}`", region.name()))?;
    fetch_chunks(&file, &index.query(sequence, region.interval())?).await;
    let mut reader = bcf::r#async::io::Reader::new(file);
    let count = number_of(reader.query(&header, &*index, &region)?.records()).await?;
    Ok((region, count))
}

async fn number_of<R>(records: impl Stream<Item = std::io::Result<R>>) -> std::io::Result<u64> {
    records.try_fold(0, |count, _| async move { Ok(count + 1) }).await
}
