//! The rows of the table: work, network and goals.

use crate::building::Features;
use crate::platform::Network;
use crate::side::Side;

/// A row of the table.
pub struct Row {
    pub name: &'static str,
    pub title: &'static str,
    pub network: Network,
    pub work: Work,
    pub goals: &'static [Goal],
    /// Seconds after which a trial counts as failed.
    pub limit: u64,
    /// Whether the Python client is known to fail.
    pub python_may_fail: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// A file of this size.
    Download(u64),
    Upload(u64),
    /// Number of files and the size of each.
    DownloadAll(u64, u64),
    UploadAll(u64, u64),
    /// All files of a project; how many there are.
    List(u64),
    /// This many calls, one after the other.
    Calls(u64),
    /// Gets and deletes this many files.
    Bulk(u64),
    /// A program that makes one call.
    Start,
    /// The same program, built with everything that it depends on.
    Build(Features),
    /// Several processes of curl together move this many bytes: the limit of the emulator.
    DownloadCeiling(u64),
    UploadCeiling(u64),
}

/// A goal of the project.
#[derive(Clone, Copy)]
pub enum Goal {
    /// At least this many times as fast as Python.
    Times(f64),
    /// At most this fraction of the CPU time of Python.
    Processor(f64),
    /// At most this many MiB of memory.
    Memory(f64),
    /// At most this many calls per file except for listings.
    CallsPerFile(f64),
    /// At most this many percent of bytes more than the file has.
    Extra(f64),
}

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;
const GIB: u64 = 1024 * MIB;

const LOOPBACK: Network = Network { latency: 0, bandwidth: None, https: false, faults: &[] };
const FAR: Network = Network { latency: 50, ..LOOPBACK };
const SLOW: Network = Network { bandwidth: Some(25_000_000), ..FAR };
const TLS: Network = Network { https: true, ..LOOPBACK };
const BROKEN: Network =
    Network { faults: &["storage:every=20:503", "storage:every=25:cut=1000000"], ..LOOPBACK };

const PLAIN: Row = Row {
    name: "",
    title: "",
    network: LOOPBACK,
    work: Work::Start,
    goals: &[],
    limit: 600,
    python_may_fail: false,
};

/// In the order of the table.
pub static ROWS: &[Row] = &[
    Row {
        name: "download-slow",
        title: "download 512 MiB, 50 ms latency, 25 MB/s per connection",
        network: SLOW,
        work: Work::Download(512 * MIB),
        goals: &[Goal::Times(4.0)],
        ..PLAIN
    },
    Row {
        name: "upload-slow",
        title: "upload 512 MiB, same network",
        network: SLOW,
        work: Work::Upload(512 * MIB),
        goals: &[Goal::Times(4.0)],
        ..PLAIN
    },
    Row {
        name: "download-tls",
        title: "download 1 GiB over loopback TLS",
        network: TLS,
        work: Work::Download(GIB),
        goals: &[Goal::Times(1.7), Goal::Processor(0.7), Goal::Memory(64.0)],
        ..PLAIN
    },
    Row {
        name: "upload-tls",
        title: "upload 1 GiB over loopback TLS",
        network: TLS,
        work: Work::Upload(GIB),
        goals: &[Goal::Times(1.5), Goal::Memory(64.0)],
        ..PLAIN
    },
    Row {
        name: "download-many",
        title: "download 1,000 files of 100 KiB, 50 ms latency",
        network: FAR,
        work: Work::DownloadAll(1000, 100 * KIB),
        goals: &[Goal::CallsPerFile(1.0)],
        ..PLAIN
    },
    Row {
        name: "upload-many",
        title: "upload 1,000 files of 100 KiB, 50 ms latency",
        network: FAR,
        work: Work::UploadAll(1000, 100 * KIB),
        ..PLAIN
    },
    Row {
        name: "download-faults",
        title: "download 1 GiB, every 20th storage response 503, every 25th cut short",
        network: BROKEN,
        work: Work::Download(GIB),
        goals: &[Goal::Extra(10.0)],
        limit: 60,
        python_may_fail: true,
    },
    Row {
        name: "upload-faults",
        title: "upload 1 GiB, same faults",
        network: BROKEN,
        work: Work::Upload(GIB),
        goals: &[Goal::Extra(10.0)],
        limit: 60,
        python_may_fail: true,
    },
    Row {
        name: "list",
        title: "list 10,000 files, 50 ms latency",
        network: FAR,
        work: Work::List(10_000),
        ..PLAIN
    },
    Row {
        name: "single-calls",
        title: "2,000 single calls, one after the other",
        work: Work::Calls(2000),
        ..PLAIN
    },
    Row {
        name: "bulk",
        title: "get and delete 1,000 files in bulk, 50 ms latency",
        network: FAR,
        work: Work::Bulk(1000),
        ..PLAIN
    },
    Row {
        name: "start",
        title: "a program that makes one call, from start to end",
        work: Work::Start,
        ..PLAIN
    },
    Row {
        name: "build",
        title: "build of that program in release mode, from nothing",
        work: Work::Build(Features::Default),
        ..PLAIN
    },
    Row {
        name: "build-calls",
        title: "the same of only the calls of the API, without transfers",
        work: Work::Build(Features::CallsOnly),
        ..PLAIN
    },
    Row {
        name: "ceiling-download",
        title: "the emulator alone: 4 processes of curl read 1 GiB over TLS",
        network: TLS,
        work: Work::DownloadCeiling(GIB),
        ..PLAIN
    },
    Row {
        name: "ceiling-upload",
        title: "the emulator alone: 4 processes of curl write 1 GiB over TLS",
        network: TLS,
        work: Work::UploadCeiling(GIB),
        ..PLAIN
    },
];

impl Row {
    /// Whether this client takes part.
    pub fn has(&self, side: Side) -> bool {
        let ceiling = matches!(self.work, Work::DownloadCeiling(_) | Work::UploadCeiling(_));
        match side {
            Side::Sbg | Side::Before => !ceiling,
            // The Python client is not built.
            Side::Python => !ceiling && !matches!(self.work, Work::Build(_)),
            // curl alone has no resuming retries, pages or bulk calls.
            Side::Curl => {
                let single = matches!(self.work, Work::Download(_) | Work::Upload(_))
                    && self.network.faults.is_empty();
                ceiling || single || matches!(self.work, Work::Calls(_) | Work::Start)
            }
        }
    }
}
