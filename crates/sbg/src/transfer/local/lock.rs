//! Exclusive locks on files, within this process and across processes.

use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Once;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::folder::{Leaf, has_other_names};
use crate::transfer::local::open_mode::{Access, Open};

/// How long to wait for a lock. A transfer that was just stopped or dropped releases its files within this time.
const PATIENCE: Duration = Duration::from_secs(2);

/// Time between two attempts to lock.
const STEP: Duration = Duration::from_millis(20);

/// A file that stays locked until this is dropped or the process is killed. The holder may rename or remove the file.
#[derive(Debug)]
pub(in crate::transfer) struct Locked {
    file: File,
    _claim: Option<Claim>,
}

impl Locked {
    pub(in crate::transfer) fn file(&self) -> &File {
        &self.file
    }

    /// Any file, unlocked, in place of a locked one.
    #[cfg(test)]
    pub(in crate::transfer) fn unlocked(file: File) -> Self {
        Self { file, _claim: None }
    }
}

/// Opens a lock file, creates it if missing, and locks it. `None` if another holder does not release it in time, or once `stopped`
/// returns true.
pub(in crate::transfer) fn open_locked(
    leaf: &Leaf,
    stopped: &dyn Fn() -> bool,
) -> io::Result<Option<Locked>> {
    open_locked_at(leaf, Access::Private, false, stopped)
}

/// The same for any file. With `alone`, a file that has other hard links is replaced by a new one; the other names keep the old content.
pub(in crate::transfer) fn open_locked_at(
    leaf: &Leaf,
    access: Access,
    alone: bool,
    stopped: &dyn Fn() -> bool,
) -> io::Result<Option<Locked>> {
    let began = Instant::now();
    loop {
        // Called by its path, because newer versions of the standard library have a method of this name.
        let locked = open_now(leaf, access, alone, &|file| fs4::FileExt::try_lock(file))?;
        if locked.is_some() || began.elapsed() >= PATIENCE || stopped() {
            return Ok(locked);
        }
        std::thread::sleep(STEP);
    }
}

/// Removes an unlocked lock file that a killed process left. One that cannot be locked stays.
pub(in crate::transfer) fn remove_stale(leaf: &Leaf) -> io::Result<()> {
    let file = leaf.open(Open::Read)?;
    // A process that waits for this lock notices the removal and creates a new file.
    if fs4::FileExt::try_lock(&file).is_ok() && leaf.is(&file)? {
        leaf.remove()?;
    }
    Ok(())
}

fn open_now(
    leaf: &Leaf,
    access: Access,
    alone: bool,
    lock: &dyn Fn(&File) -> Result<(), fs4::TryLockError>,
) -> io::Result<Option<Locked>> {
    loop {
        let file = leaf.open(Open::Write(access))?;
        let claim = match lock(&file) {
            Ok(()) => None,
            Err(fs4::TryLockError::WouldBlock) => return Ok(None),
            Err(fs4::TryLockError::Error(error)) if knows_no_locks(&error) => {
                static WARNED: Once = Once::new();
                WARNED.call_once(|| {
                    tracing::warn!(path = %leaf.path().display(), %error, "the file system does not support locks; other processes are not excluded");
                });
                match Claim::new(leaf.path().canonicalize()?) {
                    Some(claim) => Some(claim),
                    None => return Ok(None),
                }
            }
            Err(fs4::TryLockError::Error(error)) => return Err(error),
        };
        // The previous holder may have renamed or removed the file in between; the name then refers to another file.
        if !leaf.is(&file)? {
            continue;
        }
        if alone && has_other_names(&file)? {
            tracing::warn!(path = %leaf.path().display(), "a partial file has other hard links and is recreated");
            leaf.remove()?;
            continue;
        }
        return Ok(Some(Locked { file, _claim: claim }));
    }
}

/// Whether the file system has no locks at all, such as Lustre mounted without them.
fn knows_no_locks(error: &io::Error) -> bool {
    // `ENOLCK` has no kind of its own.
    #[cfg(unix)]
    let no_lock = error.raw_os_error() == Some(rustix::io::Errno::NOLCK.raw_os_error());
    #[cfg(not(unix))]
    let no_lock = false;
    no_lock || error.kind() == io::ErrorKind::Unsupported
}

/// A path claimed by one transfer of this process, if the file system has no locks.
#[derive(Debug)]
struct Claim(PathBuf);

static CLAIMED: Mutex<Option<HashSet<PathBuf>>> = Mutex::new(None);

impl Claim {
    fn new(path: PathBuf) -> Option<Self> {
        let mut claimed = CLAIMED.lock();
        claimed.get_or_insert_default().insert(path.clone()).then(|| Self(path))
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if let Some(claimed) = &mut *CLAIMED.lock() {
            claimed.remove(&self.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn leaf(path: &Path) -> Leaf {
        Leaf::of(path).unwrap()
    }

    fn open(path: &Path) -> Option<Locked> {
        open_locked(&leaf(path), &|| true).unwrap()
    }

    #[cfg(unix)]
    #[test]
    fn lock_does_not_follow_links() {
        let folder = tempfile::tempdir().unwrap();
        let (theirs, link) = (folder.path().join("theirs"), folder.path().join("link"));
        for there in [false, true] {
            std::os::unix::fs::symlink(&theirs, &link).unwrap();
            assert!(open_locked(&leaf(&link), &|| true).is_err(), "{there}");
            assert_eq!(theirs.exists(), there);
            std::fs::remove_file(&link).unwrap();
            std::fs::write(&theirs, "theirs").unwrap();
        }
    }

    #[test]
    fn lock_is_held_until_the_file_is_closed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let first = open(&path);
        assert!(first.is_some());
        assert!(open(&path).is_none());
        drop(first);
        assert!(open(&path).is_some());
    }

    #[test]
    fn only_stale_locks_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let (held, stale) = (folder.path().join("held"), folder.path().join("stale"));
        let lock = open(&held);
        std::fs::write(&stale, "").unwrap();
        for path in [&held, &stale] {
            remove_stale(&leaf(path)).unwrap();
        }
        assert!(held.exists() && !stale.exists());
        drop(lock);
        remove_stale(&leaf(&held)).unwrap();
        assert!(!held.exists());
        assert!(remove_stale(&leaf(&held)).is_err());
    }

    #[test]
    fn lock_waits_for_a_quick_release() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let first = open(&path);
        std::thread::scope(|scope| {
            let second = scope.spawn(|| open_locked(&leaf(&path), &|| false).unwrap());
            drop(first);
            assert!(second.join().unwrap().is_some());
        });
    }

    #[test]
    fn renamed_file_does_not_lock_its_old_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let first = open(&path);
        std::fs::rename(&path, folder.path().join("other")).unwrap();
        let second = open(&path);
        assert!(first.is_some() && second.is_some());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn process_lock_replaces_missing_file_locks() {
        use rustix::io::Errno;

        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("below")).unwrap();
        for errno in [Errno::NOSYS, Errno::OPNOTSUPP, Errno::NOLCK] {
            let lock = |_: &File| Err(fs4::TryLockError::Error(errno.into()));
            let path = folder.path().join(format!("file-{}", errno.raw_os_error()));
            let open_now = |path: &Path| open_now(&leaf(path), Access::Private, false, &lock);
            let first = open_now(&path).unwrap();
            assert!(first.is_some(), "{errno}");
            let detour = folder.path().join("below/..").join(path.file_name().unwrap());
            assert!(open_now(&detour).unwrap().is_none(), "the same file by another path");
            drop(first);
            assert!(open_now(&path).unwrap().is_some());
        }
        let lock = |_: &File| Err(fs4::TryLockError::Error(Errno::IO.into()));
        let file = leaf(&folder.path().join("file"));
        assert!(open_now(&file, Access::Private, false, &lock).is_err(), "another error is one");
    }
}
