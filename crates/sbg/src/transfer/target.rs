//! The local file of a download: written at any place under a temporary name, and given its own name only when it is complete.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use super::direct::{self, DirectFile};
use super::journal::{self, with_suffix};
use super::lock::{Locked, is_at, open_locked};
use super::position;
use crate::error::{Error, ErrorKind, Result};

/// What the name of a file in the making ends with. No name that others use, so that none of their files is taken for one.
const IN_THE_MAKING: &str = ".sbg-part";

/// What the name of its journal ends with.
const JOURNAL: &str = ".sbg-part.journal";

/// Whether a file of this name could be taken for one in the making, or for what belongs to one. Systems that do not tell small
/// letters from capital ones would.
pub(super) fn is_reserved(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let name = name.strip_suffix(journal::NEW).unwrap_or(&name);
    name.ends_with(IN_THE_MAKING) || name.ends_with(JOURNAL)
}

/// A file in the making, `NAME.sbg-part`, with the journal `NAME.sbg-part.journal`.
///
/// It is locked: another download to the same name is refused as long as this one lives, in this process and in others. Dropped
/// before [`finish`](Self::finish) it leaves nothing behind, unless it is to be [kept](Self::keep).
#[derive(Debug)]
pub(super) struct Target {
    locked: Locked,
    part: PathBuf,
    journal: PathBuf,
    path: PathBuf,
    overwrite: bool,
    keep: AtomicBool,
    doubtful: AtomicBool,
    direct: OnceLock<DirectFile>,
}

/// The last bytes that came of a range and are not in the file yet, because they do not fill a block of it.
#[derive(Debug, Default)]
pub(super) struct Tail(Vec<u8>);

impl Tail {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Drops what is behind the first `length` bytes.
    pub(super) fn truncate(&mut self, length: usize) {
        self.0.truncate(length);
    }
}

impl Target {
    /// Opens `PATH.sbg-part`, which may hold what another run has left. Refused where `PATH` exists and is not to be overwritten, and
    /// where another download is at it and stays at it until `stopped`, or for two seconds.
    pub(super) fn open(path: &Path, overwrite: bool, stopped: &dyn Fn() -> bool) -> Result<Self> {
        if path.file_name().is_none() || path.is_dir() {
            return Err(Error::invalid(format!("`{}` is a folder; name the file to write", path.display())));
        }
        if !overwrite && path.exists() {
            return Err(already_there(path));
        }
        // Where a link is to be overwritten, what it leads to is; a link to nothing becomes the file.
        let path = if path.is_symlink() {
            path.canonicalize().unwrap_or_else(|_| path.to_owned())
        } else {
            path.to_owned()
        };
        let part = with_suffix(&path, IN_THE_MAKING);
        let about = |error| Error::io(format!("cannot create `{}`", part.display()), error);
        let Some(locked) = open_locked(&part, stopped).map_err(about)? else {
            let message = format!("another download is at `{}`", part.display());
            return Err(Error::new(ErrorKind::Locked, message));
        };
        let journal = with_suffix(&path, JOURNAL);
        let keep = AtomicBool::new(locked.file().metadata().map_err(about)?.len() > 0);
        let doubtful = AtomicBool::new(false);
        Ok(Self { locked, journal, part, path, overwrite, keep, doubtful, direct: OnceLock::new() })
    }

    pub(super) fn file(&self) -> &File {
        self.locked.file()
    }

    /// The name that the file gets in the end.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Where the journal lies.
    pub(super) fn journal(&self) -> &Path {
        &self.journal
    }

    /// Whether what is there stays when the download ends before it is done.
    pub(super) fn keep(&self, keep: bool) {
        self.keep.store(keep, Ordering::Relaxed);
    }

    /// Empties the file, after which there is nothing to keep.
    pub(super) fn clear(&self) -> Result<()> {
        self.keep(false);
        journal::remove(&self.journal);
        self.file().set_len(0).map_err(|error| self.cannot_write(error))
    }

    /// Makes room for the whole file, so that a full disk shows at once.
    pub(super) fn reserve(&self, size: u64) -> Result<()> {
        reserve(self.file(), size).map_err(|error| {
            Error::io(format!("no room for the {size} bytes of `{}`", self.path.display()), error)
        })
    }

    /// Lets the page cache be bypassed, where the system can, for a file of `size` bytes that nobody reads right afterwards.
    pub(super) fn bypass_page_cache(&self, size: u64) {
        if size >= direct::LEAST_FILE
            && let Some(direct) = DirectFile::open(self.file())
        {
            // Only one download is at this file, so that it is not open yet.
            self.direct.set(direct).ok();
        }
    }

    /// Writes the tail of a range and the `piece` behind it at `offset`. Of a piece that is not the `last` one, the bytes that do not
    /// fill a block may stay in the tail.
    pub(super) fn write(&self, tail: &mut Tail, piece: &[u8], offset: u64, last: bool) -> Result<()> {
        self.write_piece(tail, piece, offset, last).map_err(|error| {
            // It may be an earlier write that failed, which the system tells only now.
            self.doubtful.store(true, Ordering::Relaxed);
            self.cannot_write(error)
        })
    }

    fn write_piece(&self, tail: &mut Tail, piece: &[u8], offset: u64, last: bool) -> io::Result<()> {
        let cached = |bytes: &[u8], offset| position::write_all_at(self.file(), bytes, offset);
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

    /// The run of the operating system in which what was written can be relied on; `None` once a write has failed, after which all of
    /// it has to be read and checked.
    pub(super) fn boot(&self) -> Option<String> {
        if self.doubtful.load(Ordering::Relaxed) { None } else { journal::boot() }
    }

    fn cannot_write(&self, error: io::Error) -> Error {
        Error::io(format!("cannot write `{}`", self.part.display()), error)
    }

    /// Makes the bytes durable and gives the file its name.
    pub(super) fn finish(&self, size: u64) -> Result<PathBuf> {
        let about = |error| Error::io(format!("cannot finish `{}`", self.path.display()), error);
        let written = self.file().metadata().map_err(about)?.len();
        if written != size {
            let message = format!("`{}` has {written} bytes where {size} were written", self.part.display());
            return Err(Error::new(ErrorKind::Integrity, message));
        }
        self.file().sync_all().map_err(|error| {
            // The system tells of lost bytes once, and which ones they are it does not tell at all.
            self.keep(false);
            about(error)
        })?;
        if !is_at(self.file(), &self.part).map_err(about)? {
            // Whatever has this name now belongs to somebody else.
            self.keep(true);
            let message = format!("another program replaced `{}` while it was written", self.part.display());
            return Err(Error::new(ErrorKind::Integrity, message));
        }
        self.keep_mode();
        if self.overwrite {
            std::fs::rename(&self.part, &self.path).map_err(about)?;
        } else {
            rename_where_nothing_is(&self.part, &self.path).map_err(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => already_there(&self.path),
                _ => about(error),
            })?;
        }
        self.keep.store(true, Ordering::Relaxed);
        journal::remove(&self.journal);
        sync_folder_of(&self.path);
        Ok(self.path.clone())
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        // A file that somebody has put in place of this one is theirs.
        if *self.keep.get_mut() || !is_at(self.file(), &self.part).unwrap_or(true) {
            return;
        }
        journal::remove(&self.journal);
        if let Err(error) = std::fs::remove_file(&self.part) {
            tracing::warn!(path = %self.part.display(), %error, "cannot remove what is left of a download");
        }
    }
}

impl Target {
    /// Sets the time of modification. Whatever is written afterwards changes it.
    pub(super) fn set_modified(&self, modified: SystemTime) -> Result<()> {
        self.file().set_modified(modified).map_err(|error| self.cannot_write(error))
    }

    /// Gives the file the permissions of the one that it replaces. Without them it is still the file.
    fn keep_mode(&self) {
        #[cfg(unix)]
        if let Ok(replaced) = std::fs::metadata(&self.path)
            && let Err(error) = self.file().set_permissions(replaced.permissions())
        {
            tracing::warn!(path = %self.path.display(), %error, "cannot keep the permissions of a file");
        }
    }
}

fn already_there(path: &Path) -> Error {
    Error::invalid(format!("`{}` exists already", path.display()))
        .with_hint("to replace it, set `overwrite(true)`")
}

/// Renames in one step, so that a process that is killed leaves the file under one name and not under two.
#[cfg(target_os = "linux")]
fn rename_where_nothing_is(from: &Path, to: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    use rustix::io::Errno;

    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // The file system knows no such rename.
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => link_where_nothing_is(from, to),
        renamed => Ok(renamed?),
    }
}

#[cfg(not(target_os = "linux"))]
fn rename_where_nothing_is(from: &Path, to: &Path) -> io::Result<()> {
    link_where_nothing_is(from, to)
}

/// A link fails where the name is taken, which a rename does not; file systems without links get the rename.
fn link_where_nothing_is(from: &Path, to: &Path) -> io::Result<()> {
    match std::fs::hard_link(from, to) {
        Ok(()) => std::fs::remove_file(from),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        Err(_) if to.exists() => Err(io::ErrorKind::AlreadyExists.into()),
        Err(_) => std::fs::rename(from, to),
    }
}

/// The new name is durable once its folder is. What cannot be synced (not every system allows it) is left to the system.
fn sync_folder_of(path: &Path) {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if let Ok(folder) = File::open(folder) {
        folder.sync_all().ok();
    }
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
            // A signal came, such as that of a debugger or a timer.
            Err(Errno::INTR) => {}
            // The file system cannot reserve: at least the length is right from the start.
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

    fn open(path: &Path, overwrite: bool) -> Result<Target> {
        Target::open(path, overwrite, &|| true)
    }

    fn write(target: &Target, bytes: &[u8]) -> Result<()> {
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
    fn a_file_of_another_program_is_neither_taken_nor_renamed_nor_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        std::fs::write(folder.path().join("x.part"), "of another program").unwrap();
        let target = open(&path, false).unwrap();
        write(&target, b"abc").unwrap();
        // Somebody puts another file in place of the one in the making.
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

    #[test]
    fn names_of_files_in_the_making_are_known_in_any_case() {
        for name in ["x.sbg-part", "x.sbg-part.journal", "x.sbg-part.journal.new", "X.SBG-PART", ".sbg-part"]
        {
            assert!(is_reserved(name), "{name}");
        }
        for name in ["x.part", "x.part.journal", "x.sbg-part.bam", "sbg-part", "x.journal.new"] {
            assert!(!is_reserved(name), "{name}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_is_replaced_keeps_its_permissions_and_the_link_to_it() {
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

    #[test]
    fn what_was_written_before_a_write_failed_is_not_relied_on() {
        let folder = tempfile::tempdir().unwrap();
        let mut target = open(&folder.path().join("file"), false).unwrap();
        write(&target, b"abc").unwrap();
        assert_eq!(target.boot(), journal::boot());
        let unwritable = File::open(folder.path().join("file.sbg-part")).unwrap();
        target.locked = Locked::unlocked(unwritable);
        assert_eq!(write(&target, b"def").unwrap_err().kind(), ErrorKind::Io);
        assert_eq!(target.boot(), None);
    }

    /// A device takes no sync, which stands for a disk that has lost bytes.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_failed_sync_leaves_nothing_to_go_on_with() {
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

    /// Writes `pieces` one after the other from `offset` on, as they come of a range, and checks what is in the file after each.
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
            position::read_exact_at(target.file(), &mut read, offset as u64).unwrap();
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
