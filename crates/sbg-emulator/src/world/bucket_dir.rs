//! A local folder that is never left through a symbolic link: every step of a path is opened relative to the one before, and a
//! link is an error.

use std::{
    fs::File,
    io::{self, Write as _},
    path::Path,
};

use jiff::Timestamp;

/// A regular file below the folder.
#[derive(Debug)]
pub(crate) struct Found {
    /// Its path below the folder, separated by `/`.
    pub(crate) key: String,
    pub(crate) size: u64,
    pub(crate) modified: Timestamp,
}

/// An open folder.
#[derive(Debug)]
pub(crate) struct BucketDir(imp::Folder);

impl BucketDir {
    /// Opens a folder. Its own path may contain links: the user has chosen it.
    pub(crate) fn open(root: &Path) -> io::Result<Self> {
        imp::Folder::root(root).map(Self)
    }

    /// Opens a regular file.
    pub(crate) fn read(&self, key: &str) -> io::Result<File> {
        let (folders, name) = split(key);
        let file = self.0.walk(folders, false)?.open(name)?;
        if !file.metadata()?.is_file() {
            return Err(not_regular(key));
        }
        Ok(file)
    }

    /// Writes a regular file and replaces an existing one. Other hard links of that one keep their content.
    pub(crate) fn write(
        &self,
        key: &str,
        chunks: impl Iterator<Item = io::Result<bytes::Bytes>>,
    ) -> io::Result<()> {
        let (folders, name) = split(key);
        let folder = self.0.walk(folders, true)?;
        if folder.is_other(name)? {
            return Err(not_regular(key));
        }
        let new = format!(".{:016x}.new", fastrand::u64(..));
        let mut file = folder.create(&new)?;
        let written = chunks.into_iter().try_for_each(|chunk| file.write_all(&chunk?));
        drop(file);
        let outcome = written.and_then(|()| folder.rename(&new, name));
        if outcome.is_err() {
            // A leftover file is listed, which tells the user.
            let _ = folder.remove(&new);
        }
        outcome
    }

    /// The regular files in a folder below this one, recursively. Unreadable ones are left out.
    pub(crate) fn list(&self, folder: &str) -> Vec<Found> {
        let mut found = Vec::new();
        let steps = folder.split('/').filter(|step| !step.is_empty());
        if let Ok(start) = self.0.walk(steps, false) {
            collect(&start, folder, &mut found);
        }
        found
    }
}

fn collect(folder: &imp::Folder, prefix: &str, found: &mut Vec<Found>) {
    for name in folder.names() {
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}/{name}") };
        if let Ok(below) = folder.step(&name) {
            collect(&below, &key, found);
        } else if let Ok(metadata) = folder.open(&name).and_then(|file| file.metadata())
            && metadata.is_file()
        {
            let modified = metadata.modified().ok().and_then(|time| Timestamp::try_from(time).ok());
            let modified = modified.unwrap_or(Timestamp::UNIX_EPOCH);
            found.push(Found { key, size: metadata.len(), modified });
        }
    }
}

/// The folders of a key and the name of its file.
fn split(key: &str) -> (impl Iterator<Item = &str>, &str) {
    let (folders, name) = key.rsplit_once('/').unwrap_or(("", key));
    (folders.split('/').filter(|step| !step.is_empty()), name)
}

fn not_regular(key: &str) -> io::Error {
    let message =
        format!("`{key}` is not a regular file of the folder; links are not followed: move it away");
    io::Error::new(io::ErrorKind::InvalidInput, message)
}

#[cfg(unix)]
mod imp {
    use std::{fs::File, io, os::fd::OwnedFd, path::Path};

    use rustix::fs::{self, AtFlags, Dir, FileType, Mode, OFlags};

    /// By descriptor, so that moving a folder does not redirect a path.
    #[derive(Debug)]
    pub(super) struct Folder(OwnedFd);

    const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

    impl Folder {
        pub(super) fn root(path: &Path) -> io::Result<Self> {
            Ok(Self(fs::open(path, FOLDER, Mode::empty())?))
        }

        pub(super) fn step(&self, name: &str) -> io::Result<Self> {
            Ok(Self(fs::openat(&self.0, name, FOLDER | OFlags::NOFOLLOW, Mode::empty())?))
        }

        /// Descends into folders; missing ones are created if `make` is set.
        pub(super) fn walk<'s>(&self, steps: impl Iterator<Item = &'s str>, make: bool) -> io::Result<Self> {
            let mut at = Self(self.0.try_clone()?);
            for step in steps {
                if make {
                    match fs::mkdirat(&at.0, step, Mode::from_raw_mode(0o777)) {
                        Ok(()) | Err(rustix::io::Errno::EXIST) => {}
                        Err(error) => return Err(error.into()),
                    }
                }
                at = at.step(step)?;
            }
            Ok(at)
        }

        /// Opens without waiting for the other end of a pipe.
        pub(super) fn open(&self, name: &str) -> io::Result<File> {
            let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
            Ok(fs::openat(&self.0, name, flags, Mode::empty())?.into())
        }

        pub(super) fn create(&self, name: &str) -> io::Result<File> {
            let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
            Ok(fs::openat(&self.0, name, flags, Mode::from_raw_mode(0o666))?.into())
        }

        pub(super) fn rename(&self, from: &str, to: &str) -> io::Result<()> {
            Ok(fs::renameat(&self.0, from, &self.0, to)?)
        }

        pub(super) fn remove(&self, name: &str) -> io::Result<()> {
            Ok(fs::unlinkat(&self.0, name, AtFlags::empty())?)
        }

        /// Whether the name belongs to something that is not a regular file.
        pub(super) fn is_other(&self, name: &str) -> io::Result<bool> {
            match fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => Ok(FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile),
                Err(rustix::io::Errno::NOENT) => Ok(false),
                Err(error) => Err(error.into()),
            }
        }

        /// The names that are valid UTF-8.
        pub(super) fn names(&self) -> Vec<String> {
            let Ok(entries) = Dir::read_from(&self.0) else { return Vec::new() };
            let names =
                entries.flatten().filter_map(|entry| entry.file_name().to_str().ok().map(str::to_owned));
            names.filter(|name| name != "." && name != ".." && !name.contains('\\')).collect()
        }
    }
}

#[cfg(not(unix))]
mod imp {
    use std::{
        fs::{self, File},
        io,
        path::{Path, PathBuf},
    };

    /// By path; each step is checked before it is taken.
    #[derive(Debug)]
    pub(super) struct Folder(PathBuf);

    impl Folder {
        pub(super) fn root(path: &Path) -> io::Result<Self> {
            fs::read_dir(path)?;
            Ok(Self(path.to_owned()))
        }

        pub(super) fn step(&self, name: &str) -> io::Result<Self> {
            let path = self.0.join(name);
            if !fs::symlink_metadata(&path)?.is_dir() {
                return Err(io::ErrorKind::NotADirectory.into());
            }
            Ok(Self(path))
        }

        /// Descends into folders; missing ones are created if `make` is set.
        pub(super) fn walk<'s>(&self, steps: impl Iterator<Item = &'s str>, make: bool) -> io::Result<Self> {
            let mut at = Self(self.0.clone());
            for step in steps {
                if make
                    && let Err(error) = fs::create_dir(at.0.join(step))
                    && error.kind() != io::ErrorKind::AlreadyExists
                {
                    return Err(error);
                }
                at = at.step(step)?;
            }
            Ok(at)
        }

        pub(super) fn open(&self, name: &str) -> io::Result<File> {
            let path = self.0.join(name);
            if !fs::symlink_metadata(&path)?.is_file() {
                return Err(io::ErrorKind::InvalidInput.into());
            }
            File::open(path)
        }

        pub(super) fn create(&self, name: &str) -> io::Result<File> {
            File::create_new(self.0.join(name))
        }

        pub(super) fn rename(&self, from: &str, to: &str) -> io::Result<()> {
            fs::rename(self.0.join(from), self.0.join(to))
        }

        pub(super) fn remove(&self, name: &str) -> io::Result<()> {
            fs::remove_file(self.0.join(name))
        }

        /// Whether the name belongs to something that is not a regular file.
        pub(super) fn is_other(&self, name: &str) -> io::Result<bool> {
            match fs::symlink_metadata(self.0.join(name)) {
                Ok(metadata) => Ok(!metadata.is_file()),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
                Err(error) => Err(error),
            }
        }

        /// The names that are valid UTF-8.
        pub(super) fn names(&self) -> Vec<String> {
            let Ok(entries) = fs::read_dir(&self.0) else { return Vec::new() };
            entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect()
        }
    }
}
