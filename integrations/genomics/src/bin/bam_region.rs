//! Counts the records of regions of a BAM file in a project, without downloading the file:
//! `bam_region OWNER/PROJECT PATH REGION...`. The last line is the number of records.

use std::cmp::Ordering;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use noodles::core::Region;
use noodles::core::region::Interval;
use noodles::csi::BinningIndex as _;
use noodles::sam::alignment::Record as _;
use noodles::{bam, csi, sam};
use sbg::transfer::FileReader;
use sbg_genomics::{Arguments, Index, bytes_of, fetch_chunks, find, reader, sum_of};

const INDEXES: &[&str] = &["bai", "csi"];

#[tokio::main]
async fn main() -> Result<()> {
    let Arguments { project, path, regions } = Arguments::read("bam_region", 1)?;
    let client = sbg::Client::from_env()?;
    let found = find(&client, &project, &path, INDEXES).await?;
    let (file, index_file) = (reader(&client, &found.file), found.index(INDEXES)?);
    let header = async {
        let mut reader = bam::r#async::io::Reader::new(file.clone());
        reader.read_header().await.with_context(|| format!("cannot read the header of `{path}`"))
    };
    let index = async {
        let (name, bytes) =
            (index_file.name.as_deref().unwrap_or_default(), bytes_of(&client, index_file).await?);
        index(name, &bytes).with_context(|| format!("cannot read the index `{name}`"))
    };
    let (header, index) = futures::try_join!(header, index)?;
    let (header, index) = (Arc::new(header), Arc::new(index));
    let count = |region| count(file.clone(), header.clone(), index.clone(), region);
    println!("{}", sum_of(regions.into_iter().map(count)).await?);
    Ok(())
}

fn index(name: &str, bytes: &[u8]) -> Result<Index> {
    Ok(if name.ends_with(".csi") {
        Box::new(csi::io::Reader::new(bytes).read_index()?)
    } else {
        Box::new(bam::bai::io::Reader::new(bytes).read_index()?)
    })
}

async fn count(
    file: FileReader,
    header: Arc<sam::Header>,
    index: Arc<Index>,
    region: Region,
) -> Result<(Region, u64)> {
    let sequence = header.reference_sequences().get_index_of(region.name());
    let sequence = sequence.with_context(|| format!("the file has no sequence `{}`", region.name()))?;
    let chunks = index.query(sequence, region.interval())?;
    // Most often the first chunk has all records of the region: those that follow are of bins that hold records of other regions as well.
    fetch_chunks(&file, &chunks[..chunks.len().min(1)]).await;
    let mut reader = bam::r#async::io::Reader::new(file);
    let mut record = bam::Record::default();
    let mut count = 0;
    for chunk in chunks {
        reader.get_mut().seek(chunk.start()).await?;
        while reader.get_ref().virtual_position() < chunk.end() && reader.read_record(&mut record).await? > 0
        {
            match placed(&record, sequence, region.interval())? {
                Placed::Before => {}
                Placed::Within => count += 1,
                // The records are in order, so none of the others is in the region.
                Placed::Beyond => return Ok((region, count)),
            }
        }
    }
    Ok((region, count))
}

/// Where a record lies in respect of a region.
enum Placed {
    Before,
    Within,
    Beyond,
}

/// Compares a record with a region of the same file.
fn placed(record: &bam::Record, sequence: usize, interval: Interval) -> Result<Placed> {
    let Some(id) = record.reference_sequence_id().transpose()? else { return Ok(Placed::Beyond) };
    let (start, end) = (record.alignment_start().transpose()?, record.alignment_end().transpose()?);
    Ok(match (id.cmp(&sequence), start.zip(end)) {
        (Ordering::Less, _) | (Ordering::Equal, None) => Placed::Before,
        (Ordering::Greater, _) => Placed::Beyond,
        (Ordering::Equal, Some((start, end))) if interval.intersects((start..=end).into()) => Placed::Within,
        (Ordering::Equal, Some((start, _))) if interval.end().is_some_and(|last| start > last) => {
            Placed::Beyond
        }
        (Ordering::Equal, Some(_)) => Placed::Before,
    })
}
