//! Files that arguments name: regular files of bounded size, so that a pipe does not hang the program and a device does not fill memory.

use std::fs::File;
use std::io::{Read as _, stdin};
use std::path::Path;

use anyhow::{Context as _, Result, ensure};

/// Size limit in bytes.
const LARGEST: u64 = 256 * 1024 * 1024;

/// The bytes of a regular file, or of standard input for `-`. `what` is the name of the file in messages.
pub(crate) fn read(path: &Path, what: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        stdin().read_to_end(&mut bytes).context("cannot read standard input")?;
        return Ok(bytes);
    }
    read_regular(path).with_context(|| format!("cannot read {what} `{}`", path.display()))
}

fn read_regular(path: &Path) -> Result<Vec<u8>> {
    // Opening a pipe would wait for its other end.
    ensure!(path.metadata()?.is_file(), "not a regular file: name one, or `-` for standard input");
    let mut bytes = Vec::new();
    File::open(path)?.take(LARGEST + 1).read_to_end(&mut bytes)?;
    ensure!(
        bytes.len() as u64 <= LARGEST,
        "it has more than {LARGEST} bytes: check that it is the right file"
    );
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_bounded_regular_files_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        std::fs::write(&path, "{}").unwrap();
        assert_eq!(read(&path, "the app").unwrap(), b"{}");
        File::create(&path).unwrap().set_len(1 << 40).unwrap();
        let error = format!("{:#}", read(&path, "the app").unwrap_err());
        assert!(error.contains("a.json`: it has more than 268435456 bytes"), "{error}");
        let error = format!("{:#}", read(folder.path(), "the app").unwrap_err());
        assert!(error.contains("cannot read the app `") && error.contains("not a regular file"), "{error}");
        #[cfg(unix)]
        {
            let pipe = folder.path().join("pipe");
            assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
            let error = format!("{:#}", read(&pipe, "the sheet").unwrap_err());
            assert!(
                error.contains("cannot read the sheet `") && error.contains("pipe`: not a regular"),
                "{error}"
            );
        }
    }
}
