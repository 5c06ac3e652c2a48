//! Counts the records of regions of a BAM file in a project, without downloading the file:
//! `bam_region OWNER/PROJECT PATH REGION...`. The last line is the number of records.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use futures::TryStreamExt as _;
use noodles::core::Region;
use noodles::{bam, csi, sam};
use noodles::csi::BinningIndex as _;
use sbg::transfer::FileReader;
use sbg_genomics::{Arguments, Index, fetch_chunks, find, reader};

const INDEXES: &[&str] = &["bai", "csi"];

#[tokio::main]
async fn main() -> Result<()> {
    let Arguments { project, path, regions } = Arguments::read("bam_region", 1)?;
    let client = sbg::Client::from_env()?;
    let found = find(&client, &project, &path, INDEXES).await?;
    let file = reader(&client, &found.file);
    let header = async {
        let mut reader = bam::r#async::io::Reader::new(file.clone());
        reader.read_header().await.with_context(|| format!("cannot read the header of `{path}`"))
    };
    let index = async {
        let (name, bytes) = found.index_bytes(&client, INDEXES).await?;
        index(&name, &bytes).with_context(|| format!("cannot read the index `{name}`"))
    };
    let (header, index) = futures::try_join!(header, index)?;
    let (header, index) = (Arc::new(header), Arc::new(index));
    let counts: Vec<_> = regions
        .into_iter()
        .map(|region| tokio::spawn(count(file.clone(), header.clone(), index.clone(), region)))
        .collect();
    let mut total = 0;
    for count in counts {
        let (region, records) = count.await??;
        println!("{region}\t{records}");
        total += records;
    }
    println!("{total}");
    Ok(())
}

fn index(name: &str, bytes: &[u8]) -> Result<Index> {
    Ok(if name.ends_with(".csi") {
        Box::new(csi::io::Reader::new(bytes).read_index()?)
    } else {
        Box::new(bam::bai::io::Reader::new(bytes).read_index()?)
    })
}

async fn count(file: FileReader, header: Arc<sam::Header>, index: Arc<Index>, region: Region) -> Result<(Region, u64)> {
    let sequence = header.reference_sequences().get_index_of(region.name());
    let sequence = sequence.with_context(|| format!("the file has no sequence `{}`", region.name()))?;
    fetch_chunks(&file, &index.query(sequence, region.interval())?).await;
    let mut reader = bam::r#async::io::Reader::new(file);
    let mut records = reader.query(&header, &*index, &region)?.records();
    let mut count = 0;
    while records.try_next().await?.is_some() {
        count += 1;
    }
    Ok((region, count))
}
