//! What the programs share: arguments, finding a file and its index, and the blocks of a region.

pub mod fasta;

use std::ops::Range;

use anyhow::{Context as _, Result, bail};
use futures::future::join_all;
use noodles::core::Region;
use noodles::csi::BinningIndex;
use noodles::csi::binning_index::index::reference_sequence::bin::Chunk;
use sbg::transfer::FileReader;
use sbg::types::{File, FileType, Timestamp};
use sbg::{Client, Fields};
use tokio::io::{AsyncBufReadExt as _, AsyncSeekExt as _};

/// The index of a BGZF file, of any kind.
pub type Index = Box<dyn BinningIndex + Send + Sync>;

/// Bytes of a block: most regions lie in one.
const BLOCK: u64 = 256 * 1024;

/// Most blocks of a region that are requested side by side; the others follow by readahead.
const SIDE_BY_SIDE: u64 = 16;

/// `OWNER/PROJECT PATH REGION...`
#[derive(Debug)]
pub struct Arguments {
    pub project: String,
    pub path: String,
    pub regions: Vec<Region>,
}

impl Arguments {
    /// Reads the arguments of the program; `least` regions are needed.
    pub fn read(program: &str, least: usize) -> Result<Self> {
        Self::parse(std::env::args().skip(1), least)
            .with_context(|| format!("usage: {program} OWNER/PROJECT PATH REGION..."))
    }

    /// Reads the arguments of a program that also needs a reference: `OWNER/PROJECT PATH REFERENCE REGION...`.
    pub fn read_with_reference(program: &str) -> Result<(Self, String)> {
        let mut arguments: Vec<_> = std::env::args().skip(1).collect();
        let reference = if arguments.len() > 2 { arguments.remove(2) } else { String::new() };
        let arguments = Self::parse(arguments.into_iter(), 1)
            .with_context(|| format!("usage: {program} OWNER/PROJECT PATH REFERENCE REGION..."))?;
        Ok((arguments, reference))
    }

    fn parse(mut arguments: impl Iterator<Item = String>, least: usize) -> Result<Self> {
        let (Some(project), Some(path)) = (arguments.next(), arguments.next()) else {
            bail!("name a project and the path of a file in it");
        };
        let parsed = arguments.map(|text| text.parse().with_context(|| format!("`{text}` is not a region")));
        let regions: Vec<_> = parsed.collect::<Result<_>>()?;
        if regions.len() < least {
            bail!("name at least one region, such as chr1:1000-2000");
        }
        Ok(Self { project, path, regions })
    }
}

/// A file, and the indexes beside it.
#[derive(Debug)]
pub struct Found {
    pub file: File,
    pub indexes: Vec<File>,
}

/// The names that the index of this file may have: `reads.bam.bai` and `reads.bai`.
pub fn index_names(name: &str, extensions: &[&str]) -> Vec<String> {
    let stem = name.rsplit_once('.').map(|(stem, _)| stem);
    let beside = extensions.iter().map(|extension| format!("{name}.{extension}"));
    let instead = extensions.iter().filter_map(|extension| Some(format!("{}.{extension}", stem?)));
    beside.chain(instead).collect()
}

/// Finds the file of this path, and beside it its index: one call for a file at the root of a project, and one more for each folder.
pub async fn find(client: &Client, project: &str, path: &str, extensions: &[&str]) -> Result<Found> {
    let (folder, name) = path.rsplit_once('/').map_or((None, path), |(folder, name)| (Some(folder), name));
    let files = client.project(project).files();
    let query = match folder {
        Some(folder) => client.files().query().parent(&files.resolve_path(folder).await?),
        None => files.query(),
    };
    let names = index_names(name, extensions);
    let query = names.iter().fold(query.name(name), |query, name| query.name(name)).fields(Fields::all());
    let entries = query.all().await?;
    let named =
        |name: &str| entries.iter().filter(|entry| entry.name.as_deref() == Some(name)).collect::<Vec<_>>();
    let file = match named(name)[..] {
        [file] if file.type_ == Some(FileType::Folder) => bail!("`{path}` of {project} is a folder"),
        [file] => file.clone(),
        [] => bail!("there is no `{path}` in {project}"),
        [first, second, ..] => bail!("two files have the path `{path}`: `{}` and `{}`", first.id, second.id),
    };
    let beside = names.iter().filter_map(|name| named(name).first().map(|index| (*index).clone()));
    let secondary = file.secondary_files.iter().flatten().cloned();
    let secondary = secondary.filter(|file| file.name.as_ref().is_some_and(|name| names.contains(name)));
    let indexes: Vec<_> = beside.chain(secondary).collect();
    let time =
        |file: &File| file.modified_on.as_ref().or(file.created_on.as_ref()).and_then(Timestamp::to_jiff);
    for index in &indexes {
        if let (Some(indexed), Some(changed)) = (time(index), time(&file))
            && indexed < changed
        {
            eprintln!(
                "warning: the index `{}` is older than `{path}`",
                index.name.as_deref().unwrap_or_default()
            );
        }
    }
    Ok(Found { file, indexes })
}

impl Found {
    /// The first index that has one of these extensions.
    pub fn index(&self, extensions: &[&str]) -> Result<&File> {
        let name = self.file.name.as_deref().unwrap_or_default();
        let names = index_names(name, extensions);
        let fits = |index: &&File| index.name.as_ref().is_some_and(|name| names.contains(name));
        let index = self.indexes.iter().find(fits);
        index.with_context(|| format!("`{name}` has no index: looked for {}", names.join(", ")))
    }
}

/// The bytes of an index.
pub async fn bytes_of(client: &Client, index: &File) -> Result<Vec<u8>> {
    Ok(client.file(index).content().limit(1 << 30).await?.to_vec())
}

/// A reader of the file for regions.
pub fn reader(client: &Client, file: &File) -> FileReader {
    client.file(file).reader().block_size(BLOCK)
}

/// Requests the blocks of these chunks side by side, so that reading them takes one round trip.
pub async fn fetch_chunks(reader: &FileReader, chunks: &[Chunk]) {
    fetch(reader, chunks.iter().map(|chunk| chunk.start().compressed()..chunk.end().compressed())).await;
}

/// Requests the blocks of these bytes side by side.
pub async fn fetch(reader: &FileReader, ranges: impl Iterator<Item = Range<u64>>) {
    let blocks = ranges.flat_map(|Range { start, end }| {
        let (first, end) = (start / BLOCK, end / BLOCK + 1);
        first..end.min(first + SIDE_BY_SIDE)
    });
    let mut blocks: Vec<_> = blocks.take(SIDE_BY_SIDE as usize).collect();
    blocks.dedup();
    join_all(blocks.into_iter().map(|block| {
        let mut reader = reader.clone();
        async move {
            // An error comes again when the records are read.
            if reader.seek(std::io::SeekFrom::Start(block * BLOCK)).await.is_ok() {
                reader.fill_buf().await.map(drop).ok();
            }
        }
    }))
    .await;
}

/// Counts regions side by side, prints the count of each, and returns the sum.
pub async fn sum_of<F>(counts: impl Iterator<Item = F>) -> Result<u64>
where
    F: Future<Output = Result<(Region, u64)>> + Send + 'static,
{
    let counts: Vec<_> = counts.map(tokio::spawn).collect();
    let mut total = 0;
    for count in counts {
        let (region, records) = count.await??;
        println!("{region}\t{records}");
        total += records;
    }
    Ok(total)
}
