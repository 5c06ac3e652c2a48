//! The machine of a measurement, and the sizes of the programs.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread::available_parallelism;

use anyhow::{Context as _, Result};

use crate::Paths;
use crate::side::Side;
use xtask_process::output;

/// Date, machine and versions, in one line.
pub fn describe(paths: &Paths, rounds: u32) -> Result<String> {
    let ask = "import platform, sevenbridges; print(sevenbridges.__version__, 'on Python', platform.python_version())";
    let python = output(Command::new(&paths.python).args(["-c", ask]))?;
    let curl = output(Command::new("curl").arg("--version"))?;
    let curl = curl.split_whitespace().nth(1).unwrap_or_default();
    let version = env!("CARGO_PKG_VERSION");
    let clients = format!("sevenbridges-python {}, sbg {version}, curl {curl}", python.trim());
    measured_on(&clients, rounds)
}

/// Date, machine and measured `clients`, in one line.
pub fn measured_on(clients: &str, rounds: u32) -> Result<String> {
    let date = output(Command::new("date").args(["-u", "+%F"]))?;
    let kernel = output(Command::new("uname").arg("-sr"))?;
    // The build of a kernel says nothing about its speed.
    let kernel = kernel.trim().splitn(3, '.').take(2).collect::<Vec<_>>().join(".");
    let cores = available_parallelism().context("cannot count the cores")?;
    let memory = fs::read_to_string("/proc/meminfo").ok().and_then(|text| total(&text));
    let memory = memory.map(|gibibytes| format!(", {gibibytes:.0} GiB")).unwrap_or_default();
    let rounds = if rounds == 1 {
        "one round".to_owned()
    } else {
        format!("medians of {rounds} rounds, or one round for a client that needs more than a minute")
    };
    Ok(format!("Measured on {} with {cores} cores{memory}, {kernel}: {clients}; {rounds}.", date.trim()))
}

/// The memory of the machine in GiB.
fn total(meminfo: &str) -> Option<f64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kibibytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes / 1024.0 / 1024.0)
}

impl Paths {
    /// Size of a minimal program of each client: the executable, or the Python packages.
    pub fn sizes(&self) -> Result<BTreeMap<Side, u64>> {
        let ask = "import sysconfig; print(sysconfig.get_path('purelib'))";
        let packages = output(Command::new(&self.python).args(["-c", ask]))?;
        Ok(BTreeMap::from([
            (Side::Python, size_of_packages(Path::new(packages.trim()))?),
            (Side::Sbg, fs::metadata(&self.now.minimal)?.len()),
        ]))
    }
}

/// Size of the packages in a folder without the tools that install packages.
fn size_of_packages(folder: &Path) -> Result<u64> {
    let mut size = 0;
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let entry = entry?;
        let name = entry.file_name();
        let tool = ["pip", "setuptools", "pkg_resources", "_distutils_hack", "distutils-precedence"];
        if !tool.iter().any(|tool| name.to_string_lossy().starts_with(tool)) {
            size += size_of(&entry.path())?;
        }
    }
    Ok(size)
}

fn size_of(path: &Path) -> Result<u64> {
    let metadata = fs::symlink_metadata(path)?;
    if !metadata.is_dir() {
        return Ok(metadata.len());
    }
    fs::read_dir(path)?.map(|entry| size_of(&entry?.path())).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_from_meminfo() {
        assert_eq!(total("MemFree: 5 kB\nMemTotal:       16777216 kB\n"), Some(16.0));
        assert_eq!(total("MemFree: 5 kB\n"), None);
    }

    #[test]
    fn installers_do_not_count_as_packages() {
        let folder = tempfile::tempdir().unwrap();
        for (name, size) in [("requests/api.py", 100), ("pip/main.py", 1000), ("six.py", 10)] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, vec![0; size]).unwrap();
        }
        assert_eq!(size_of_packages(folder.path()).unwrap(), 110);
    }
}
