//! The partial file of a download: written at any offset and renamed when complete.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use super::descriptors::DescriptorLease;
use super::direct_io::{self, DirectFile};
use super::folder::{Folder, Leaf, Node};
use super::lock::{Locked, open_locked_at};
use super::names::PartNames;
use super::{journal, pread};
use crate::error::{Error, ErrorKind, Result};
use crate::local_file::FileKind;
use crate::transfer::local::open_mode::Access;

/// A partial file, `NAME.sbg-part`, with the journal `NAME.sbg-part.journal`.
///
/// It is locked: other downloads to the same name are refused while it exists, in this process and in others. Dropped before
/// [`finish`](Self::finish), it removes both files unless it is to be [kept](Self::keep).
#[derive(Debug)]
pub(in crate::transfer) struct PartFile {
    locked: Locked,
    part: Leaf,
    journal: Leaf,
    file: Leaf,
    path: PathBuf,
    overwrite: bool,
    keep: AtomicBool,
    doubtful: AtomicBool,
    direct: OnceLock<DirectFile>,
    /// Dropped last, after everything else is closed.
    held: Option<DescriptorLease>,
}

/// The last received bytes of a range, held back because they do not fill a block of the file.
#[derive(Debug, Default)]
pub(in crate::transfer) struct Tail(Vec<u8>);

impl Tail {
    pub(in crate::transfer) fn len(&self) -> usize {
        self.0.len()
    }

    pub(in crate::transfer) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Keeps only the first `length` bytes.
    pub(in crate::transfer) fn truncate(&mut self, length: usize) {
        self.0.truncate(length);
    }
}

impl PartFile {
    /// Opens `PATH.sbg-part`, which may hold data of an earlier run. Fails if `PATH` exists and is not to be overwritten or is not a
    /// regular file. Also fails if another download holds the file and does not release it within two seconds, or before `stopped`
    /// returns true.
    ///
    /// With a folder `root`, `PATH` must lie in it, and no link on the way or at the end is followed.
    pub(in crate::transfer) fn open(
        path: &Path,
        root: Option<&Arc<Folder>>,
        overwrite: bool,
        stopped: &dyn Fn() -> bool,
    ) -> Result<Self> {
        let file = match root {
            Some(root) => root.below(path)?,
            None => named(path, overwrite)?,
        };
        if file.expect_regular()?.is_some() && !overwrite {
            return Err(already_there(&file.path()));
        }
        let names = PartNames::of(file.name(), || file.folder().longest_name());
        let (part, journal) = (file.sibling(names.part), file.sibling(names.journal));
        for leaf in [&part, &journal, &journal::incomplete(&journal)] {
            leaf.expect_regular()?;
        }
        let about = |error| Error::io(format!("cannot create `{}`", part.path().display()), error);
        let Some(locked) = open_locked_at(&part, Access::Usual, true, stopped).map_err(about)? else {
            let message = format!("another download is writing `{}`", part.path().display());
            return Err(Error::new(ErrorKind::Locked, message));
        };
        let keep = AtomicBool::new(locked.file().metadata().map_err(about)?.len() > 0);
        Ok(Self {
            locked,
            part,
            journal,
            path: file.path(),
            file,
            overwrite,
            keep,
            doubtful: AtomicBool::new(false),
            direct: OnceLock::new(),
            held: None,
        })
    }

    /// Registers the file as open.
    pub(in crate::transfer) fn hold(&mut self, held: DescriptorLease) {
        self.held = Some(held);
    }

    pub(in crate::transfer) fn file(&self) -> &File {
        self.locked.file()
    }

    /// The final name of the file.
    pub(in crate::transfer) fn path(&self) -> &Path {
        &self.path
    }

    /// The name of the journal.
    pub(in crate::transfer) fn journal(&self) -> &Leaf {
        &self.journal
    }

    /// Whether the partial file stays when the download ends early.
    pub(in crate::transfer) fn keep(&self, keep: bool) {
        self.keep.store(keep, Ordering::Relaxed);
    }

    /// Empties the file and removes its journal; nothing is kept afterwards.
    pub(in crate::transfer) fn clear(&self) -> Result<()> {
        self.keep(false);
        journal::remove(&self.journal);
        self.file().set_len(0).map_err(|error| self.cannot_write(error))
    }

    /// Allocates the whole file, so that a full disk is detected at once.
    pub(in crate::transfer) fn reserve(&self, size: u64) -> Result<()> {
        reserve(self.file(), size).map_err(|error| {
            Error::io(format!("no room for the {size} bytes of `{}`", self.path.display()), error)
        })
    }

    /// Enables writes past the page cache, if the system supports them, for a file of `size` bytes that is not read right afterwards.
    pub(in crate::transfer) fn bypass_page_cache(&self, size: u64) {
        if size >= direct_io::LEAST_FILE
            && let Some(direct) = DirectFile::open(self.file())
        {
            // Only one download uses this file, so `direct` is not set yet.
            self.direct.set(direct).ok();
        }
    }

    /// Writes the tail of a range and the `piece` after it at `offset`. Unless the piece is the `last` one, bytes that do not fill a
    /// block may stay in the tail.
    pub(in crate::transfer) fn write(
        &self,
        tail: &mut Tail,
        piece: &[u8],
        offset: u64,
        last: bool,
    ) -> Result<()> {
        self.write_piece(tail, piece, offset, last).map_err(|error| {
            // The system may report the failure of an earlier write only now.
            self.doubtful.store(true, Ordering::Relaxed);
            self.cannot_write(error)
        })
    }

    fn write_piece(&self, tail: &mut Tail, piece: &[u8], offset: u64, last: bool) -> io::Result<()> {
        let cached = |bytes: &[u8], offset| pread::write_all_at(self.file(), bytes, offset);
        let held = tail.len();
        let direct = self.direct.get();
        let blocks = direct.and_then(|direct| Some((direct, direct.blocks(offset, held + piece.len())?)));
        let Some((direct, blocks)) = blocks.filter(|(_, blocks)| held == 0 || blocks.start == 0) else {
            cached(&tail.0, offset)?;
            tail.0.clear();
            return cached(piece, offset + held as u64);
        };
        let (before, rest) = piece.split_at(blocks.start);
        let (whole, behind) = rest.split_at(blocks.len() - held);
        let at = offset + blocks.start as u64;
        cached(before, offset)?;
        direct.write(self.file(), &tail.0, whole, at)?;
        tail.0.clear();
        if last {
            return cached(behind, at + blocks.len() as u64);
        }
        tail.0.extend_from_slice(behind);
        Ok(())
    }

    /// The boot during which unsynced writes can be relied on; `None` once a write has failed, after which the whole file must be read
    /// and checked.
    pub(in crate::transfer) fn boot(&self) -> Option<String> {
        if self.doubtful.load(Ordering::Relaxed) { None } else { journal::boot() }
    }

    fn cannot_write(&self, error: io::Error) -> Error {
        Error::io(format!("cannot write `{}`", self.part.path().display()), error)
    }

    /// Makes the bytes durable and gives the file its name.
    pub(in crate::transfer) fn finish(&self, size: u64) -> Result<PathBuf> {
        let about = |error| Error::io(format!("cannot finish `{}`", self.path.display()), error);
        let written = self.file().metadata().map_err(about)?.len();
        if written != size {
            let message =
                format!("`{}` has {written} bytes where {size} were written", self.part.path().display());
            return Err(Error::new(ErrorKind::Integrity, message));
        }
        self.file().sync_all().map_err(|error| {
            // The system reports lost bytes once, and not which ones they are.
            self.keep(false);
            about(error)
        })?;
        if !self.part.is(self.file()).map_err(about)? {
            // The name now refers to a file of another program.
            self.keep(true);
            let message =
                format!("another program replaced `{}` while it was written", self.part.path().display());
            return Err(Error::new(ErrorKind::Integrity, message));
        }
        // Another file may have appeared there in the meantime.
        match self.file.expect_regular().inspect_err(|_| self.keep(true))? {
            Some(replaced) if self.overwrite => {
                self.keep_permissions(&replaced);
                self.part.rename(&self.file).map_err(about)?;
            }
            _ => self.part.rename_new(&self.file).map_err(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => already_there(&self.path),
                _ => about(error),
            })?,
        }
        self.keep.store(true, Ordering::Relaxed);
        journal::remove(&self.journal);
        self.file.folder().sync();
        Ok(self.path.clone())
    }
}

impl Drop for PartFile {
    fn drop(&mut self) {
        // A file that another program put in place of this one is not removed.
        if *self.keep.get_mut() || !self.part.is(self.file()).unwrap_or(true) {
            return;
        }
        journal::remove(&self.journal);
        if let Err(error) = self.part.remove() {
            tracing::warn!(path = %self.part.path().display(), %error, "cannot remove what is left of a download");
        }
    }
}

impl PartFile {
    /// Sets the modification time. Any later write changes it.
    pub(in crate::transfer) fn set_modified(&self, modified: SystemTime) -> Result<()> {
        self.file().set_modified(modified).map_err(|error| self.cannot_write(error))
    }

    /// Copies the permissions of the replaced file. A failure is only logged.
    fn keep_permissions(&self, replaced: &Node) {
        if let Err(error) = replaced.copy_permissions(self.file()) {
            tracing::warn!(path = %self.path.display(), %error, "cannot keep the permissions of a file");
        }
    }
}

/// The target of a path that the user gave. If a link is to be overwritten, this is its target.
fn named(path: &Path, overwrite: bool) -> Result<Leaf> {
    let is_folder = || Error::invalid(format!("`{}` is a folder; name the file to write", path.display()));
    if path.file_name().is_none() || path.is_dir() {
        return Err(is_folder());
    }
    let about = |error| Error::io(format!("cannot create `{}.sbg-part`", path.display()), error);
    let file = Leaf::of(path).map_err(about)?;
    if file.look().map_err(about)?.is_none_or(|node| node.kind() != FileKind::Link) {
        return Ok(file);
    }
    let Ok(path) = path.canonicalize() else {
        let message =
            format!("`{}` is a broken symbolic link; remove it, or choose another path", path.display());
        return Err(Error::invalid(message));
    };
    if !overwrite {
        return Err(already_there(&file.path()));
    }
    Leaf::of(&path).map_err(about)
}

fn already_there(path: &Path) -> Error {
    Error::invalid(format!("`{}` already exists", path.display()))
        .with_hint("to replace it, set `overwrite(true)`")
}

#[cfg(target_os = "linux")]
fn reserve(file: &File, size: u64) -> io::Result<()> {
    use rustix::fs::{FallocateFlags, fallocate};
    use rustix::io::Errno;

    if size == 0 {
        return file.set_len(0);
    }
    loop {
        match fallocate(file, FallocateFlags::empty(), 0, size) {
            Ok(()) => return Ok(()),
            // Interrupted by a signal, such as that of a debugger or a timer.
            Err(Errno::INTR) => {}
            // The file system cannot reserve space; set at least the length.
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => return file.set_len(size),
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn reserve(file: &File, size: u64) -> io::Result<()> {
    file.set_len(size)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn open(path: &Path, overwrite: bool) -> Result<PartFile> {
        PartFile::open(path, None, overwrite, &|| true)
    }

    fn write(target: &PartFile, bytes: &[u8]) -> Result<()> {
        target.write(&mut Tail::default(), bytes, 0, true)
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn file_of_another_program_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        std::fs::write(folder.path().join("x.part"), "of another program").unwrap();
        let target = open(&path, false).unwrap();
        write(&target, b"abc").unwrap();
        // Another program replaces the partial file.
        let part = folder.path().join("x.sbg-part");
        std::fs::rename(&part, folder.path().join("moved")).unwrap();
        std::fs::write(&part, "not ours").unwrap();
        let error = target.finish(3).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
        drop(target);
        assert_eq!(names(folder.path()), ["moved", "x.part", "x.sbg-part"]);
        assert_eq!(std::fs::read(part).unwrap(), b"not ours");
        assert_eq!(std::fs::read(folder.path().join("x.part")).unwrap(), b"of another program");
    }

    #[cfg(unix)]
    #[test]
    fn replaced_file_keeps_permissions_and_link() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("file"), folder.path().join("link"));
        std::fs::write(&path, "old").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink("file", &link).unwrap();
        let target = open(&link, true).unwrap();
        write(&target, b"new").unwrap();
        target.finish(3).unwrap();
        drop(target);
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(std::fs::read_link(&link).unwrap(), Path::new("file"));
        assert_eq!(names(folder.path()), ["file", "link"]);
    }

    /// A download of `name` fails with all of these words, and the folder does not change.
    #[cfg(unix)]
    fn check_refused(folder: &Path, name: &str, overwrite: bool, words: &[&str]) {
        let before = names(folder);
        let error = open(&folder.join(name), overwrite).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        let text = error.to_string();
        assert!(words.iter().all(|word| text.contains(word)), "{text}");
        assert_eq!(names(folder), before);
    }

    #[cfg(unix)]
    #[test]
    fn only_regular_files_are_replaced() {
        use std::os::unix::fs::{FileTypeExt as _, symlink};

        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        assert!(std::process::Command::new("mkfifo").arg(at("pipe")).status().unwrap().success());
        let _listening = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
        std::fs::create_dir(at("folder")).unwrap();
        symlink("/dev/null", at("null")).unwrap();
        symlink("pipe", at("to-pipe")).unwrap();
        symlink("nothing", at("dangling")).unwrap();
        for overwrite in [false, true] {
            check_refused(folder.path(), "pipe", overwrite, &["pipe` is a named pipe", "move it away"]);
            check_refused(folder.path(), "socket", overwrite, &["socket` is a socket", "move it away"]);
            check_refused(folder.path(), "folder", overwrite, &["folder` is a folder"]);
            check_refused(folder.path(), "dangling", overwrite, &["dangling` is a broken symbolic link"]);
        }
        check_refused(folder.path(), "null", true, &["`/dev/null` is a device"]);
        check_refused(folder.path(), "to-pipe", true, &["pipe` is a named pipe"]);
        check_refused(folder.path(), "null", false, &["null` already exists"]);
        assert!(std::fs::metadata(at("pipe")).unwrap().file_type().is_fifo());
    }

    #[cfg(unix)]
    #[test]
    fn partial_file_must_be_a_regular_file() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["x.sbg-part", "x.sbg-part.journal", "x.sbg-part.journal.new"] {
            let path = folder.path().join(name);
            assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
            check_refused(folder.path(), "x", true, &[&format!("{name}` is a named pipe"), "move it away"]);
            std::fs::remove_file(&path).unwrap();
            std::os::unix::fs::symlink("theirs", &path).unwrap();
            check_refused(folder.path(), "x", true, &[&format!("{name}` is a symbolic link")]);
            std::fs::remove_file(&path).unwrap();
        }
    }

    #[cfg(unix)]
    #[test]
    fn hard_link_of_partial_file_keeps_its_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("theirs"), "theirs").unwrap();
        std::fs::hard_link(at("theirs"), at("x.sbg-part")).unwrap();
        let target = open(&at("x"), false).unwrap();
        write(&target, b"abc").unwrap();
        target.finish(3).unwrap();
        drop(target);
        assert_eq!(std::fs::read(at("theirs")).unwrap(), b"theirs");
        assert_eq!(std::fs::read(at("x")).unwrap(), b"abc");
        assert_eq!(names(folder.path()), ["theirs", "x"]);
    }

    #[cfg(unix)]
    #[test]
    fn link_created_meanwhile_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        let target = open(&path, true).unwrap();
        write(&target, b"abc").unwrap();
        std::os::unix::fs::symlink("theirs", &path).unwrap();
        let error = target.finish(3).unwrap_err().to_string();
        assert!(error.contains("x` is a symbolic link"), "{error}");
        drop(target);
        assert_eq!(std::fs::read(folder.path().join("x.sbg-part")).unwrap(), b"abc", "nothing is lost");
        assert!(path.is_symlink());
    }

    #[test]
    fn file_names_of_any_length_are_written() {
        let folder = tempfile::tempdir().unwrap();
        for length in [234, 235, 246, 255] {
            let path = folder.path().join("a".repeat(length));
            let target = open(&path, false).unwrap();
            write(&target, b"abc").unwrap();
            journal::save(target.journal(), &"a journal").unwrap();
            target.keep(true);
            drop(target);
            let target = open(&path, false).unwrap();
            assert_eq!(target.file().metadata().unwrap().len(), 3, "what was left is found again");
            assert_eq!(journal::load::<String>(target.journal()), Ok("a journal".to_owned()));
            target.finish(3).unwrap();
            drop(target);
            assert_eq!(names(folder.path()), ["a".repeat(length)]);
            std::fs::remove_file(&path).unwrap();
        }
        assert_eq!(open(&folder.path().join("a".repeat(256)), false).unwrap_err().kind(), ErrorKind::Io);
        assert_eq!(names(folder.path()), [""; 0], "refused before a byte moves");
    }

    #[test]
    fn failed_write_distrusts_earlier_writes() {
        let folder = tempfile::tempdir().unwrap();
        let mut target = open(&folder.path().join("file"), false).unwrap();
        write(&target, b"abc").unwrap();
        assert_eq!(target.boot(), journal::boot());
        let unwritable = File::open(folder.path().join("file.sbg-part")).unwrap();
        target.locked = Locked::unlocked(unwritable);
        assert_eq!(write(&target, b"def").unwrap_err().kind(), ErrorKind::Io);
        assert_eq!(target.boot(), None);
    }

    /// A device rejects a sync, which simulates a disk that has lost bytes.
    #[cfg(target_os = "linux")]
    #[test]
    fn failed_sync_leaves_nothing_to_resume() {
        let folder = tempfile::tempdir().unwrap();
        let mut target = open(&folder.path().join("file"), false).unwrap();
        write(&target, b"abc").unwrap();
        journal::save(target.journal(), &"a journal").unwrap();
        target.keep(true);
        let of_part =
            std::mem::replace(&mut target.locked, Locked::unlocked(File::open("/dev/null").unwrap()));
        assert_eq!(target.finish(0).unwrap_err().kind(), ErrorKind::Io);
        target.locked = of_part;
        drop(target);
        assert_eq!(names(folder.path()), [""; 0]);
    }

    /// Writes `pieces` in sequence from `offset` on, as a range receives them, and checks the file after each.
    fn check_pieces(folder: &Path, offset: usize, pieces: &[usize], refused_from: usize) {
        let folder = tempfile::tempdir_in(folder).unwrap();
        let target = open(&folder.path().join("x"), false).unwrap();
        target.bypass_page_cache(u64::MAX);
        let end = offset + pieces.iter().sum::<usize>();
        let bytes: Vec<u8> = (0..end).map(|at| u8::try_from((at / 251 + at) % 251).unwrap()).collect();
        let (mut tail, mut written, mut came) = (Tail::default(), offset, offset);
        for (number, length) in pieces.iter().enumerate() {
            if number == refused_from
                && let Some(direct) = target.direct.get()
            {
                direct.refuse();
            }
            let piece = &bytes[came..came + length];
            let last = number + 1 == pieces.len();
            target.write(&mut tail, piece, written as u64, last).unwrap();
            came += length;
            written = came - tail.len();
            let mut read = vec![0; written - offset];
            pread::read_exact_at(target.file(), &mut read, offset as u64).unwrap();
            assert!(read == bytes[offset..written], "{length} bytes up to {written}");
            assert_eq!(tail.bytes(), &bytes[written..came]);
        }
        assert_eq!(written, end, "nothing is left when the last piece is written");
        assert_eq!(target.file().metadata().unwrap().len(), end as u64);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn pieces_of_any_length_are_written(
            offset in prop_oneof![Just(0_usize), Just(8192), 0..20_000_usize],
            pieces in prop::collection::vec(
                prop_oneof![1..5000_usize, 60_000..70_000_usize, 500_000..600_000_usize, Just(417_792)],
                1..6,
            ),
            refused_from in 0..12_usize,
        ) {
            check_pieces(&std::env::temp_dir(), offset, &pieces, refused_from);
            let memory = Path::new("/dev/shm");
            if memory.is_dir() {
                check_pieces(memory, offset, &pieces, refused_from);
            }
        }
    }
}
