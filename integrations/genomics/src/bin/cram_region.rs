//! Counts the records of regions of a CRAM file in a project, without downloading the file:
//! `cram_region OWNER/PROJECT PATH REFERENCE REGION...`. REFERENCE is the path of a FASTA file in the project, of which the sequences that
//! records of the regions lie on are read whole, or `-` if the records need no reference. The last line is the number of records.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use noodles::core::Region;
use noodles::cram::{self, crai};
use noodles::fasta::record::{Definition, Record, Sequence};
use noodles::fasta::repository::Repository;
use noodles::sam;
use sbg::transfer::FileReader;
use sbg_genomics::fasta::Fasta;
use sbg_genomics::{Arguments, bytes_of, fetch, find, reader, sum_of};

const INDEXES: &[&str] = &["crai"];

/// In place of the path of a reference, for records that need none.
const NO_REFERENCE: &str = "-";

/// More than the header of a container, which lies before the slices.
const CONTAINER_HEADER: u64 = 256;

#[tokio::main]
async fn main() -> Result<()> {
    let (Arguments { project, path, regions }, reference) = Arguments::read_with_reference("cram_region")?;
    let client = sbg::Client::from_env()?;
    let found = find(&client, &project, &path, INDEXES).await?;
    let (file, index_file) = (reader(&client, &found.file), found.index(INDEXES)?);
    let header = async {
        let mut reader = cram::r#async::io::Reader::new(file.clone());
        reader.read_header().await.with_context(|| format!("cannot read the header of `{path}`"))
    };
    let index = async {
        let bytes = bytes_of(&client, index_file).await?;
        let index = crai::io::Reader::new(&bytes[..]).read_index();
        index.with_context(|| {
            format!("cannot read the index `{}`", index_file.name.as_deref().unwrap_or_default())
        })
    };
    let (header, index) = futures::try_join!(header, index)?;
    let header = Arc::new(header);
    let containers: Vec<_> =
        regions.iter().map(|region| containers(&header, &index, region)).collect::<Result<_>>()?;
    let sequences = if reference == NO_REFERENCE {
        Repository::default()
    } else {
        let fasta = Fasta::open(&client, &project, &reference).await?;
        sequences(&fasta, &header, &index, &containers).await?
    };
    let counts = regions.into_iter().zip(containers);
    let counts = counts.map(|(region, containers)| {
        count(file.clone(), header.clone(), sequences.clone(), containers, region)
    });
    println!("{}", sum_of(counts).await?);
    Ok(())
}

async fn count(
    file: FileReader,
    header: Arc<sam::Header>,
    sequences: Repository,
    containers: crai::Index,
    region: Region,
) -> Result<(Region, u64)> {
    let end =
        |slice: &crai::Record| slice.offset() + CONTAINER_HEADER + slice.landmark() + slice.slice_length();
    fetch(&file, containers.iter().take(1).map(|slice| slice.offset()..end(slice))).await;
    let builder = cram::r#async::io::reader::Builder::default();
    let mut reader = builder.set_reference_sequence_repository(sequences).build_from_reader(file);
    let mut query = reader.query(&header, &containers, &region)?;
    let mut record = sam::alignment::RecordBuf::default();
    let mut count = 0;
    while query.read_record_buf(&mut record).await? > 0 {
        count += 1;
    }
    Ok((region, count))
}

/// One slice of each container that has records of the region. A query reads all slices of the container of each slice that it is given, so
/// two slices of one container would give its records twice.
fn containers(header: &sam::Header, index: &crai::Index, region: &Region) -> Result<crai::Index> {
    let sequence = header.reference_sequences().get_index_of(region.name());
    let sequence = sequence.with_context(|| format!("the file has no sequence `{}`", region.name()))?;
    let intersects = |slice: &&crai::Record| {
        let last = slice.alignment_start().zip(slice.alignment_span().checked_sub(1));
        let span = last.and_then(|(start, more)| Some(start..=start.checked_add(more)?));
        slice.reference_sequence_id() == Some(sequence)
            && span.is_some_and(|span| region.interval().intersects(span.into()))
    };
    let mut slices: Vec<_> = index.iter().filter(intersects).cloned().collect();
    slices.dedup_by_key(|slice| slice.offset());
    Ok(slices)
}

/// The sequences that the records of these containers lie on: those of the regions, and those that share a container with them.
async fn sequences(
    fasta: &Fasta,
    header: &sam::Header,
    index: &crai::Index,
    containers: &[crai::Index],
) -> Result<Repository> {
    let offsets: BTreeSet<_> = containers.iter().flatten().map(crai::Record::offset).collect();
    let slices = index.iter().filter(|slice| offsets.contains(&slice.offset()));
    let ids: BTreeSet<_> = slices.filter_map(crai::Record::reference_sequence_id).collect();
    let names = ids.into_iter().filter_map(|id| header.reference_sequences().get_index(id));
    let names: Vec<_> = names.map(|(name, _)| name.clone()).collect();
    let whole: Vec<_> = names.iter().map(|name| Region::new(name.clone(), ..)).collect();
    let records = names.into_iter().zip(fasta.bases(&whole).await?);
    let records =
        records.map(|(name, bases)| Record::new(Definition::new(name, None), Sequence::from(bases)));
    Ok(Repository::new(records.collect::<Vec<_>>()))
}
