//! The programs on files in a project of the emulator, compared with `samtools` and `bcftools` on the same files.

use std::fmt::Write as _;
use std::process::Command;
use std::time::Duration;

use sbg_emulator::{Action, Emulator, FaultRule, Origin};

/// An emulator with one project, and a local folder of the same files.
struct Stage {
    emulator: Emulator,
    project: String,
    folder: tempfile::TempDir,
}

impl Stage {
    fn start() -> Self {
        let emulator = Emulator::builder().start_blocking().expect("an emulator");
        let project = emulator.create_project("demo");
        Self { emulator, project, folder: tempfile::tempdir().expect("a folder") }
    }

    /// Writes a local file.
    fn local(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).expect("the folder can be written to");
    }

    /// Runs a tool in the local folder and returns its output.
    fn tool(&self, line: &str) -> String {
        let mut words = line.split(' ');
        let mut command = Command::new(words.next().expect("a program"));
        let output =
            command.args(words).current_dir(self.folder.path()).output().expect("the tool is installed");
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    }

    /// Copies local files to the project.
    fn upload(&self, names: &[&str]) {
        for name in names {
            let content = std::fs::read(self.folder.path().join(name)).expect("the file is there");
            self.emulator.create_file(&self.project, name, content);
        }
        self.emulator.clear_requests();
    }

    /// A program with a file in the project.
    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.arg(&self.project).args(arguments);
        command.env("SB_API_ENDPOINT", self.emulator.url()).env("SB_AUTH_TOKEN", self.emulator.token());
        command.env("RUST_BACKTRACE", "0");
        command
    }

    /// Runs a program on a file in the project: its output, or its message if it fails.
    fn run(&self, program: &str, arguments: &[&str]) -> Result<String, String> {
        let output = self.command(program, arguments).output().expect("the program starts");
        let text = |bytes| String::from_utf8(bytes).expect("text");
        if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
    }

    /// What a program that succeeds writes to its error output.
    fn warnings(&self, program: &str, arguments: &[&str]) -> String {
        let output = self.command(program, arguments).output().expect("the program starts");
        let text = String::from_utf8(output.stderr).expect("text");
        assert!(output.status.success(), "{text}");
        text
    }

    /// Requests to the API, and to the storage.
    fn requests(&self) -> (usize, usize) {
        let requests = self.emulator.requests();
        let api = requests.iter().filter(|request| request.origin == Origin::Api).count();
        (api, requests.len() - api)
    }

    /// Reads of 100 bases every 50 bases of three sequences, sorted, compressed and indexed.
    fn reads(&self) {
        let mut text = "@HD\tVN:1.6\tSO:coordinate\n".to_owned();
        for name in ["chr1", "chr2", "chr3"] {
            writeln!(text, "@SQ\tSN:{name}\tLN:1000000").unwrap();
        }
        let mut random = fastrand::Rng::with_seed(19);
        for name in ["chr1", "chr2", "chr3"] {
            for start in (1..900_000).step_by(50) {
                let bases: String = (0..100).map(|_| random.choice(*b"ACGT").unwrap() as char).collect();
                let quality: String = (0..100).map(|_| random.u8(b'#'..b'J') as char).collect();
                if start % 5000 == 1 {
                    writeln!(text, "u{start}\t4\t{name}\t{start}\t0\t*\t*\t0\t0\t{bases}\t{quality}")
                        .unwrap();
                }
                writeln!(text, "r{start}\t0\t{name}\t{start}\t60\t100M\t*\t0\t0\t{bases}\t{quality}")
                    .unwrap();
            }
        }
        self.local("reads.sam", &text);
        self.tool("samtools view -b -o reads.bam reads.sam");
        self.tool("samtools index reads.bam");
    }
}

fn last_line(output: &str) -> &str {
    output.lines().next_back().unwrap_or_default()
}

const BAM: &str = env!("CARGO_BIN_EXE_bam_region");
const CRAM: &str = env!("CARGO_BIN_EXE_cram_region");
const VCF: &str = env!("CARGO_BIN_EXE_vcf_region");
const FASTA: &str = env!("CARGO_BIN_EXE_fasta_region");
const LINES: &str = env!("CARGO_BIN_EXE_bgzip_lines");

#[test]
fn bam_regions_have_the_records_of_samtools() {
    let stage = Stage::start();
    stage.reads();
    stage.upload(&["reads.bam", "reads.bam.bai"]);
    for region in ["chr1:1000-2000", "chr2", "chr3:899900-1000000", "chr1:1-1", "chr2:950000-960000"] {
        let expected = stage.tool(&format!("samtools view -c reads.bam {region}"));
        let counted = stage.run(BAM, &["reads.bam", region]).unwrap();
        assert_eq!(last_line(&counted), expected.trim(), "{region}");
    }
    stage.emulator.clear_requests();
    let regions: Vec<_> = (0..20)
        .map(|number| format!("chr{}:{}-{}", number % 3 + 1, number * 40_000 + 1, number * 40_000 + 5000))
        .collect();
    let expected = stage.tool(&format!("samtools view -c reads.bam {}", regions.join(" ")));
    let mut arguments = vec!["reads.bam"];
    arguments.extend(regions.iter().map(String::as_str));
    assert_eq!(last_line(&stage.run(BAM, &arguments).unwrap()), expected.trim());
    let (api, _) = stage.requests();
    assert_eq!(api, 3, "one list and two signed URLs, however many regions");
}

#[test]
fn region_is_read_without_the_rest_of_the_file() {
    let stage = Stage::start();
    stage.reads();
    stage.tool("samtools index -c reads.bam reads.csi");
    stage.upload(&["reads.bam", "reads.csi"]);
    let counted = stage.run(BAM, &["reads.bam", "chr3:1000-2000"]).unwrap();
    assert_eq!(counted, "chr3:1000-2000\t22\n22\n");
    let (api, storage) = stage.requests();
    assert_eq!(api, 3);
    assert!(storage <= 8, "{storage} requests: the header, the index, and the blocks of the region");
    let sent: u64 = stage
        .emulator
        .requests()
        .iter()
        .filter(|request| request.origin == Origin::Storage)
        .map(|request| request.sent)
        .sum();
    let size = std::fs::metadata(stage.folder.path().join("reads.bam")).unwrap().len();
    assert!(sent < size / 2, "{sent} of {size} bytes");
}

#[test]
fn cram_regions_have_the_records_of_samtools() {
    let stage = Stage::start();
    stage.reads();
    let mut random = fastrand::Rng::with_seed(20);
    let mut text = String::new();
    for name in ["chr1", "chr2", "chr3"] {
        let bases: String = (0..1_000_000).map(|_| random.choice(*b"ACGT").unwrap() as char).collect();
        writeln!(text, ">{name}\n{bases}").unwrap();
    }
    stage.local("genome.fa", &text);
    stage.tool("samtools faidx genome.fa");
    // One slice in a container, as most files have it; several; and records that need no reference.
    for (name, options) in [
        ("reads.cram", "-T genome.fa"),
        (
            "slices.cram",
            "-T genome.fa --output-fmt-option seqs_per_slice=500 --output-fmt-option slices_per_container=4",
        ),
        ("alone.cram", "--output-fmt-option no_ref=1"),
    ] {
        stage.tool(&format!("samtools view -C {options} -o {name} reads.bam"));
        stage.tool(&format!("samtools index {name}"));
        stage.upload(&[name, &format!("{name}.crai")]);
    }
    stage.upload(&["genome.fa", "genome.fa.fai"]);
    for region in ["chr1:1000-2000", "chr2", "chr3:899900-1000000", "chr1:1-1", "chr2:950000-960000"] {
        let expected = stage.tool(&format!("samtools view -c reads.bam {region}"));
        for (name, reference) in
            [("reads.cram", "genome.fa"), ("slices.cram", "genome.fa"), ("alone.cram", "-")]
        {
            let counted = stage.run(CRAM, &[name, reference, region]).unwrap();
            assert_eq!(last_line(&counted), expected.trim(), "{name} {region}");
        }
    }
    stage.emulator.clear_requests();
    let several = ["chr1:1000-2000", "chr1:500000-501000", "chr2:1000-2000"];
    let expected = stage.tool(&format!("samtools view -c reads.bam {}", several.join(" ")));
    let mut arguments = vec!["reads.cram", "genome.fa"];
    arguments.extend(several);
    assert_eq!(last_line(&stage.run(CRAM, &arguments).unwrap()), expected.trim());
    assert_eq!(stage.requests().0, 6, "two lists, and a signed URL for each file and each index");
    let error = stage.run(CRAM, &["reads.cram", "none.fa", "chr1:1000-2000"]).unwrap_err();
    assert!(error.contains("there is no `none.fa`"), "{error}");
}

#[test]
fn bad_input_is_named() {
    let stage = Stage::start();
    stage.reads();
    let size = std::fs::metadata(stage.folder.path().join("reads.bam")).unwrap().len();
    let cut =
        &std::fs::read(stage.folder.path().join("reads.bam")).unwrap()[..usize::try_from(size / 2).unwrap()];
    std::fs::write(stage.folder.path().join("cut.bam"), cut).unwrap();
    std::fs::copy(stage.folder.path().join("reads.bam.bai"), stage.folder.path().join("cut.bam.bai"))
        .unwrap();
    stage.upload(&["reads.bam", "cut.bam", "cut.bam.bai"]);
    stage.emulator.create_file(&stage.project, "folder/reads.bam", "");
    let fails = |program: &str, arguments: &[&str], word: &str| {
        let error = stage.run(program, arguments).expect_err(word);
        assert!(error.contains(word), "`{word}` is not in: {error}");
    };
    fails(BAM, &["reads.bam", "chr1:1-10"], "looked for reads.bam.bai, reads.bam.csi, reads.bai, reads.csi");
    fails(BAM, &["none.bam", "chr1:1-10"], "there is no `none.bam`");
    fails(BAM, &["folder", "chr1:1-10"], "is a folder");
    fails(BAM, &["folder/reads.bam", "chr1:1-10"], "has no index");
    fails(BAM, &["cut.bam", "chr9:1-10"], "no sequence `chr9`");
    fails(BAM, &["cut.bam", "chr3:100-900000"], "Error");
    fails(BAM, &["cut.bam"], "at least one region");
    fails(LINES, &["cut.bam"], "cut.bam");
}

#[test]
fn index_that_is_older_than_the_file_is_a_warning() {
    let stage = Stage::start();
    stage.reads();
    stage.upload(&["reads.bam.bai"]);
    stage.emulator.clock().advance(Duration::from_secs(60));
    stage.upload(&["reads.bam"]);
    let warnings = stage.warnings(BAM, &["reads.bam", "chr1:1000-2000"]);
    assert!(warnings.contains("the index `reads.bam.bai` is older than `reads.bam`"), "{warnings}");
    stage.emulator.clock().advance(Duration::from_secs(60));
    stage.upload(&["reads.bam.bai"]);
    assert_eq!(stage.warnings(BAM, &["reads.bam", "chr1:1000-2000"]), "");
}

#[test]
fn index_of_another_file_is_an_error() {
    let stage = Stage::start();
    stage.reads();
    stage.upload(&["reads.bam"]);
    stage.emulator.create_file(&stage.project, "reads.bam.bai", "no index at all");
    let error = stage.run(BAM, &["reads.bam", "chr1:1000-2000"]).unwrap_err();
    assert!(error.contains("cannot read the index `reads.bam.bai`"), "{error}");
}

#[test]
fn file_that_is_replaced_while_it_is_read_is_an_error() {
    let stage = Stage::start();
    stage.reads();
    stage.upload(&["reads.bam", "reads.bam.bai"]);
    // The first two requests are for the index and the header, the third is for the region.
    stage.emulator.faults().add(FaultRule::storage(Action::ReplaceObject).nth(3));
    let error = stage.run(BAM, &["reads.bam", "chr3:800000-900000"]).unwrap_err();
    assert!(error.contains("changed"), "{error}");
}

#[test]
fn vcf_regions_have_the_records_of_bcftools() {
    let stage = Stage::start();
    let mut text =
        "##fileformat=VCFv4.3\n##contig=<ID=chr1,length=1000000>\n##contig=<ID=chr2,length=1000000>\n"
            .to_owned();
    text.push_str("#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n");
    for name in ["chr1", "chr2"] {
        for position in (10..500_000).step_by(37) {
            writeln!(text, "{name}\t{position}\t.\tA\tC\t30\tPASS\t.").unwrap();
        }
    }
    stage.local("calls.vcf", &text);
    stage.tool("bgzip calls.vcf");
    stage.tool("tabix -p vcf calls.vcf.gz");
    stage.upload(&["calls.vcf.gz", "calls.vcf.gz.tbi"]);
    stage.tool("bcftools view -O b -o calls.bcf calls.vcf.gz");
    stage.tool("bcftools index calls.bcf");
    stage.upload(&["calls.bcf", "calls.bcf.csi"]);
    for region in ["chr1:1000-90000", "chr2", "chr2:499000-1000000", "chr1:600000-700000"] {
        let expected = stage.tool(&format!("bcftools view -H calls.vcf.gz {region}")).lines().count();
        for name in ["calls.vcf.gz", "calls.bcf"] {
            let counted = stage.run(VCF, &[name, region]).unwrap();
            assert_eq!(last_line(&counted), expected.to_string(), "{name} {region}");
        }
    }
    let error = stage.run(VCF, &["calls.bcf", "chr9"]).unwrap_err();
    assert!(error.contains("no sequence `chr9`"), "{error}");
}

#[test]
fn fasta_regions_have_the_bases_of_samtools() {
    let stage = Stage::start();
    let mut random = fastrand::Rng::with_seed(19);
    let mut text = String::new();
    for name in ["chr1", "chr2"] {
        writeln!(text, ">{name} a sequence").unwrap();
        for length in std::iter::repeat_n(70, 3000).chain([33]) {
            let bases: String = (0..length).map(|_| random.choice(*b"ACGT").unwrap() as char).collect();
            writeln!(text, "{bases}").unwrap();
        }
    }
    stage.local("genome.fa", &text);
    stage.tool("samtools faidx genome.fa");
    stage.tool("bgzip -k genome.fa");
    stage.tool("samtools faidx genome.fa.gz");
    stage.upload(&["genome.fa", "genome.fa.fai", "genome.fa.gz", "genome.fa.gz.fai", "genome.fa.gz.gzi"]);
    let regions = ["chr1:1-10", "chr2:69-72", "chr1:150001-160123", "chr2:209991-210033"];
    let expected = stage.tool(&format!("samtools faidx genome.fa {}", regions.join(" ")));
    for name in ["genome.fa", "genome.fa.gz"] {
        let mut arguments = vec![name];
        arguments.extend(regions);
        assert_eq!(stage.run(FASTA, &arguments).unwrap(), format!("{expected}4\n"), "{name}");
    }
}

#[test]
fn lines_of_a_compressed_file_are_counted() {
    let stage = Stage::start();
    let lines: String = (0..100_000).map(|number| format!("line {number}\n")).collect();
    stage.local("lines", &lines);
    stage.local("open", "one\ntwo");
    stage.tool("bgzip lines");
    stage.tool("bgzip open");
    stage.upload(&["lines.gz", "open.gz"]);
    assert_eq!(stage.run(LINES, &["lines.gz"]).unwrap(), "100000\n");
    assert_eq!(stage.run(LINES, &["open.gz"]).unwrap(), "2\n");
}
