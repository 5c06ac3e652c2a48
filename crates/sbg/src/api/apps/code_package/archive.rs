//! A folder of code as a ZIP file. The same files make the same bytes: names are sorted, and times are left out.

use std::fs::{self, Metadata};
use std::io::{self, Cursor, Seek, Write};
use std::path::{Component, Path};

use zip::write::{SimpleFileOptions, ZipWriter};

use crate::error::{Error, Result};
use crate::local_file::read_bounded;

/// Maximum bytes of an archive, by the platform.
pub(super) const MAX_ARCHIVE: u64 = 100_000_000;
/// Maximum bytes of all files before compression. Code is much smaller; data belongs into files of the project.
const MAX_FILES: u64 = 1 << 30;
/// Maximum depth of folders.
const MAX_DEPTH: usize = 64;

/// The bytes of the archive at `source`, or of one made of the folder there.
pub(super) fn archive(source: &Path, entrypoint: &str) -> Result<Vec<u8>> {
    let about = |error| Error::io(format!("cannot read the code `{}`", source.display()), error);
    if !source.metadata().map_err(about)?.is_dir() {
        return read_bounded(source, MAX_ARCHIVE).map_err(about);
    }
    let plain = |part| matches!(part, Component::Normal(_));
    let inside = !entrypoint.is_empty() && Path::new(entrypoint).components().all(plain);
    if !inside || !source.join(entrypoint).is_file() {
        let message = format!("the entrypoint `{entrypoint}` is not a file in `{}`", source.display());
        return Err(Error::invalid(message).with_hint("name it relative to the folder, such as `main.nf`"));
    }
    let mut archive = Archive { zip: ZipWriter::new(Cursor::new(Vec::new())), bytes: 0 };
    archive.add_folder(source, "", 0)?;
    let bytes = archive.zip.finish().map_err(|error| about(error.into()))?.into_inner();
    if bytes.len() as u64 > MAX_ARCHIVE {
        return Err(too_large(
            source,
            &format!("its ZIP file has {} bytes, the limit is {MAX_ARCHIVE}", bytes.len()),
        ));
    }
    Ok(bytes)
}

struct Archive<W: Write + Seek> {
    zip: ZipWriter<W>,
    /// Bytes so far, before compression.
    bytes: u64,
}

impl<W: Write + Seek> Archive<W> {
    fn add_folder(&mut self, folder: &Path, prefix: &str, depth: usize) -> Result<()> {
        let about = |error| Error::io(format!("cannot read the folder `{}`", folder.display()), error);
        if depth > MAX_DEPTH {
            return Err(too_large(folder, &format!("it is nested more than {MAX_DEPTH} levels deep")));
        }
        let mut entries =
            fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>).map_err(about)?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let Ok(name) = entry.file_name().into_string() else {
                let message = format!("the name of `{}` is not UTF-8", entry.path().display());
                return Err(Error::invalid(message));
            };
            let kind = entry.file_type().map_err(about)?;
            if kind.is_dir() && name != ".git" {
                self.add_folder(&entry.path(), &format!("{prefix}{name}/"), depth + 1)?;
            } else if kind.is_file() {
                self.add_file(&entry.path(), format!("{prefix}{name}"), &entry.metadata().map_err(about)?)?;
            }
        }
        Ok(())
    }

    fn add_file(&mut self, path: &Path, name: String, metadata: &Metadata) -> Result<()> {
        let about = |error| Error::io(format!("cannot pack `{}`", path.display()), error);
        let content = read_bounded(path, MAX_FILES - self.bytes).map_err(about)?;
        self.bytes += content.len() as u64;
        // Nextflow runs the programs in `bin`.
        let mode = if is_program(metadata) { 0o755 } else { 0o644 };
        let options =
            SimpleFileOptions::default().last_modified_time(zip::DateTime::default()).unix_permissions(mode);
        self.zip.start_file(name, options).map_err(|error| about(error.into()))?;
        self.zip.write_all(&content).map_err(about)
    }
}

#[cfg(unix)]
fn is_program(metadata: &Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o111 != 0
}

#[cfg(not(unix))]
fn is_program(_metadata: &Metadata) -> bool {
    false
}

fn too_large(path: &Path, why: &str) -> Error {
    Error::invalid(format!("cannot pack `{}`: {why}", path.display()))
        .with_hint("keep data out of the code: put it into files of the project")
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use zip::ZipArchive;

    use super::*;

    fn write(folder: &Path, name: &str, text: &str) {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[test]
    fn same_files_make_the_same_archive() {
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let names = ["main.nf", "bin/run.sh", ".git/HEAD", "modules/a/b.nf"];
        for name in names {
            write(folders[0].path(), name, name);
        }
        for name in names.iter().rev() {
            write(folders[1].path(), name, name);
        }
        #[cfg(unix)]
        for folder in &folders {
            use std::os::unix::fs::PermissionsExt as _;
            fs::set_permissions(folder.path().join("bin/run.sh"), fs::Permissions::from_mode(0o750)).unwrap();
            std::os::unix::fs::symlink("/etc/passwd", folder.path().join("link")).unwrap();
        }
        let [one, two] = folders.each_ref().map(|folder| archive(folder.path(), "main.nf").unwrap());
        assert!(one == two);
        let mut zip = ZipArchive::new(Cursor::new(one)).unwrap();
        assert_eq!(
            zip.file_names().map(Result::unwrap).collect::<Vec<_>>(),
            ["bin/run.sh", "main.nf", "modules/a/b.nf"]
        );
        let mut text = String::new();
        let mut program = zip.by_name("bin/run.sh").unwrap();
        program.read_to_string(&mut text).unwrap();
        assert_eq!(text, "bin/run.sh");
        #[cfg(unix)]
        assert_eq!(program.unix_mode().unwrap() & 0o777, 0o755);
    }

    #[test]
    fn entrypoint_must_be_in_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "code/main.nf", "");
        write(folder.path(), "other.nf", "");
        let code = folder.path().join("code");
        archive(&code, "main.nf").unwrap();
        for entrypoint in ["", "other.nf", "../other.nf", ".", "/etc/passwd"] {
            let error = archive(&code, entrypoint).unwrap_err();
            assert!(error.message().contains("is not a file in"), "{error}");
        }
        archive(&folder.path().join("missing"), "main.nf").unwrap_err();
    }
}
