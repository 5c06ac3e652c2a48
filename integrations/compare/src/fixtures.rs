//! The files that are read. They are made once and kept in `target/compare/in-place`.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use datafusion::arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::file::properties::WriterProperties;

/// Sequences of the BAM file, `chr1` and so on.
pub const SEQUENCES: usize = 5;

/// Bases of a sequence.
pub const LENGTH: usize = 14_800_000;

/// Bases between the starts of two reads: 404 reads touch 10,000 bases.
const SPACING: usize = 25;

/// Bases of a read.
const READ: usize = 100;

/// Rows of the Parquet file.
const ROWS: i64 = 2_000_000;

/// Rows of a row group.
const GROUP: usize = 250_000;

/// A sorted BAM file of about 276 MB and its index.
pub fn bam(folder: &Path) -> Result<()> {
    if folder.join("reads.bam.bai").exists() {
        return Ok(());
    }
    println!("makes reads.bam ...");
    let mut samtools = Command::new("samtools")
        .args(["view", "-@", "1", "-b", "-o", "reads.bam", "-"])
        .current_dir(folder)
        .stdin(Stdio::piped())
        .spawn()
        .context("samtools is missing: apt-get install samtools")?;
    let mut sam = std::io::BufWriter::new(samtools.stdin.take().context("an input")?);
    for number in 1..=SEQUENCES {
        writeln!(sam, "@SQ\tSN:chr{number}\tLN:{LENGTH}")?;
    }
    let mut random = fastrand::Rng::with_seed(19);
    let (mut bases, mut qualities) = (String::new(), String::new());
    for number in 1..=SEQUENCES {
        for start in (1..LENGTH - READ).step_by(SPACING) {
            bases.clear();
            qualities.clear();
            bases.extend((0..READ).map(|_| char::from(*random.choice(b"ACGT").unwrap_or(&b'N'))));
            qualities.extend((0..READ).map(|_| char::from(random.u8(b'5'..b'E'))));
            writeln!(sam, "r{start}\t0\tchr{number}\t{start}\t60\t{READ}M\t*\t0\t0\t{bases}\t{qualities}")?;
        }
    }
    drop(sam.into_inner().map_err(std::io::IntoInnerError::into_error)?);
    ensure!(samtools.wait()?.success(), "samtools view failed");
    let indexed = Command::new("samtools").args(["index", "reads.bam"]).current_dir(folder).status()?;
    ensure!(indexed.success(), "samtools index failed");
    Ok(())
}

/// A Parquet file of 2,000,000 rows and about 51 MB: a number, a sample, and a measurement, which is summed up.
pub fn parquet(folder: &Path) -> Result<()> {
    let path = folder.join("samples.parquet");
    if path.exists() {
        return Ok(());
    }
    println!("makes samples.parquet ...");
    std::fs::write(path, rows(0..ROWS, GROUP)?)?;
    Ok(())
}

/// Rows as Parquet.
pub fn rows(ids: std::ops::Range<i64>, group: usize) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut writer: Option<ArrowWriter<&mut Vec<u8>>> = None;
    let mut target = Some(&mut bytes);
    let mut random = fastrand::Rng::with_seed(u64::try_from(ids.start)?);
    let mut start = ids.start;
    while start < ids.end {
        let end = ids.end.min(start + i64::try_from(group)?);
        let mut text = String::new();
        let samples: ArrayRef = Arc::new(StringArray::from_iter_values((start..end).map(|_| {
            text.clear();
            let _ = write!(text, "{:08x}", random.u32(..));
            text.clone()
        })));
        let depths: ArrayRef = Arc::new(Int64Array::from_iter_values((start..end).map(|id| id % 1000)));
        let values: ArrayRef = Arc::new(Float64Array::from_iter_values((start..end).map(|_| random.f64())));
        let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(start..end));
        let columns = [("id", numbers), ("sample", samples), ("depth", depths), ("value", values)];
        let batch = RecordBatch::try_from_iter(columns)?;
        let properties = || {
            let properties = WriterProperties::builder().set_max_row_group_row_count(Some(group));
            properties.set_dictionary_enabled(false).build()
        };
        if writer.is_none() {
            let target = target.take().context("one writer")?;
            writer = Some(ArrowWriter::try_new(target, batch.schema(), Some(properties()))?);
        }
        writer.as_mut().context("a writer")?.write(&batch)?;
        start = end;
    }
    writer.context("no rows")?.close()?;
    Ok(bytes)
}
