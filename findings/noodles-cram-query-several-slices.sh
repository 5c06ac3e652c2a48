#!/usr/bin/env bash
# noodles-cram 0.102.0 (crates.io). The file is made with pysam 0.24.1 (PyPI). Needs Cargo.
#
# Expected: a query of a region gives each record of the region once, as `samtools view` does.
# Actual:   where containers have several slices (`slices_per_container` of samtools), a query reads all slices of a container once for each
#           slice that the region touches, and gives their records as often.
# Impact:   depths and counts of such a file are too high, without an error. Slices that share a container can be left out of the index
#           first, so that one of each container is left.
work=$(mktemp -d)
source "$(dirname "$0")/lib.bash"

python_packages pysam==0.24.1
"$work/venv/bin/python" - "$work" << 'PYTHON'
import sys

import pysam

folder = sys.argv[1]
header = {"HD": {"VN": "1.6", "SO": "coordinate"}, "SQ": [{"SN": "chr1", "LN": 1000000}]}
with pysam.AlignmentFile(f"{folder}/reads.bam", "wb", header=header) as reads:
    for number in range(1000):
        read = pysam.AlignedSegment(reads.header)
        read.query_name = f"read{number}"
        read.query_sequence = "ACGT" * 25
        read.query_qualities = pysam.qualitystring_to_array("I" * 100)
        read.reference_id, read.reference_start = 0, number * 100
        read.mapping_quality, read.cigarstring = 60, "100M"
        reads.write(read)
options = ["no_ref=1", "seqs_per_slice=100", "slices_per_container=4"]
options = [word for option in options for word in ("--output-fmt-option", option)]
pysam.view("-C", *options, "-o", f"{folder}/reads.cram", f"{folder}/reads.bam", catch_stdout=False)
pysam.index(f"{folder}/reads.cram")
with pysam.AlignmentFile(f"{folder}/reads.cram", "rc") as reads:
    print(sum(1 for _ in reads.fetch("chr1", 0, 30000)), file=open(f"{folder}/samtools", "w"))
PYTHON
mkdir "$work/src"
cat > "$work/Cargo.toml" << 'CARGO'
[package]
name = "program"
version = "0.0.0"
edition = "2024"

[dependencies]
noodles-cram = "=0.102.0"

[workspace]
CARGO
cat > "$work/src/main.rs" << 'RUST'
use noodles_cram::{crai, io::Reader};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).unwrap();
    let mut reader = Reader::new(std::fs::File::open(&path)?);
    let header = reader.read_header()?;
    let index = crai::fs::read(format!("{path}.crai"))?;
    let records = reader.query(&header, &index, &"chr1:1-30000".parse()?)?.records();
    println!("{}", records.collect::<Result<Vec<_>, _>>()?.len());
    Ok(())
}
RUST
seen 'records that samtools gives' "$(cat "$work/samtools")" 300
seen 'records that noodles gives' "$(cargo run --quiet --manifest-path "$work/Cargo.toml" -- "$work/reads.cram")" 900
verdict
