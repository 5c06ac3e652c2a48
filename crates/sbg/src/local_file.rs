//! Opens files whose path comes from the user or a convention and may be anything: only regular files, without blocking on a pipe, and
//! reads them only up to a limit. Messages omit the path; callers add it in front.

use std::fs::{File, FileType, OpenOptions};
use std::io::{self, ErrorKind, Read as _};
use std::path::Path;

/// Reads a regular file of at most `limit` bytes. Follows symbolic links.
pub(crate) fn read_bounded(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    read_to_limit(&open_regular(path, OpenOptions::new().read(true), Links::Followed)?, limit)
}

/// Reads an open file of at most `limit` bytes.
pub(crate) fn read_to_limit(file: &File, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // The size in the metadata may be wrong, as in `/proc`, or change.
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        let message = format!("it has more than {limit} bytes: check that it is the right file");
        return Err(io::Error::new(ErrorKind::FileTooLarge, message));
    }
    Ok(bytes)
}

/// Opens an empty file, accessible to its owner only. An existing file is emptied; a link is refused.
pub(crate) fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = open_regular(path, &mut options, Links::Refused)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
        if file.metadata()?.nlink() > 1 {
            let message =
                "it has other hard links, which would change as well: choose another name or remove it";
            return Err(io::Error::new(ErrorKind::InvalidInput, message));
        }
        file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    }
    file.set_len(0)?;
    Ok(file)
}

/// How to treat a symbolic link at the end of a path.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Links {
    Followed,
    Refused,
}

fn open_regular(path: &Path, options: &mut OpenOptions, links: Links) -> io::Result<File> {
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        // Otherwise opening a pipe would block until another process opens its other end.
        let mut flags = OFlags::NONBLOCK | OFlags::NOCTTY;
        flags.set(OFlags::NOFOLLOW, links == Links::Refused);
        std::os::unix::fs::OpenOptionsExt::custom_flags(options, flags.bits().cast_signed());
    }
    #[cfg(not(unix))]
    if links == Links::Refused && path.is_symlink() {
        return Err(irregular(FileKind::Link));
    }
    let file = options.open(path).map_err(|error| explain(path, links, error))?;
    match FileKind::of(file.metadata()?.file_type()) {
        FileKind::Regular => Ok(file),
        found => Err(irregular(found)),
    }
}

/// The error of the operating system, or the kind of file if that is the reason.
fn explain(path: &Path, links: Links, error: io::Error) -> io::Error {
    if error.kind() == ErrorKind::NotFound {
        return error;
    }
    let found = match links {
        Links::Followed => path.metadata(),
        Links::Refused => path.symlink_metadata(),
    };
    match found {
        Ok(found) if !found.is_file() => irregular(FileKind::of(found.file_type())),
        _ => error,
    }
}

fn irregular(found: FileKind) -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, format!("it is {}: name a regular file", found.name()))
}

/// The kinds of files that a path may lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileKind {
    Regular,
    Folder,
    Link,
    Pipe,
    Socket,
    Device,
    Other,
}

impl FileKind {
    pub(crate) fn of(kind: FileType) -> Self {
        #[cfg(unix)]
        {
            use std::os::unix::fs::FileTypeExt as _;
            if kind.is_fifo() {
                return Self::Pipe;
            }
            if kind.is_socket() {
                return Self::Socket;
            }
            if kind.is_char_device() || kind.is_block_device() {
                return Self::Device;
            }
        }
        if kind.is_dir() {
            Self::Folder
        } else if kind.is_symlink() {
            Self::Link
        } else if kind.is_file() {
            Self::Regular
        } else {
            Self::Other
        }
    }

    /// The kind with its article, for messages.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Regular => "a regular file",
            Self::Folder => "a folder",
            Self::Link => "a symbolic link",
            Self::Pipe => "a named pipe",
            Self::Socket => "a socket",
            Self::Device => "a device",
            Self::Other => "not a regular file",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn bounded_read_stops_at_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, "12345").unwrap();
        assert_eq!(read_bounded(&path, 5).unwrap(), b"12345");
        let error = read_bounded(&path, 4).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::FileTooLarge);
        assert!(error.to_string().contains("more than 4 bytes"), "{error}");
        // A large sparse file takes no memory.
        File::create(&path).unwrap().set_len(1 << 40).unwrap();
        assert_eq!(read_bounded(&path, 1000).unwrap_err().kind(), ErrorKind::FileTooLarge);
        assert_eq!(read_bounded(&folder.path().join("b"), 4).unwrap_err().kind(), ErrorKind::NotFound);
        let error = read_bounded(folder.path(), 4).unwrap_err().to_string();
        assert_eq!(error, "it is a folder: name a regular file");
    }

    #[cfg(unix)]
    fn pipe(path: &Path) {
        assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
    }

    #[cfg(unix)]
    #[test]
    fn only_regular_files_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        pipe(&at("pipe"));
        let _listening = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
        fs::create_dir(at("folder")).unwrap();
        fs::write(at("file"), "kept").unwrap();
        std::os::unix::fs::symlink(at("file"), at("link")).unwrap();
        std::os::unix::fs::symlink(at("nothing"), at("dangling")).unwrap();
        std::os::unix::fs::symlink(at("pipe"), at("to-pipe")).unwrap();
        fs::hard_link(at("file"), at("second")).unwrap();
        let check = |name: &str, read: Option<&str>, create: &str| {
            let outcome = read_bounded(&at(name), 10).map_err(|error| error.to_string());
            match read {
                Some(found) => {
                    assert_eq!(outcome.unwrap_err(), format!("it is {found}: name a regular file"));
                }
                None => assert_eq!(outcome.unwrap(), b"kept", "{name}"),
            }
            let error = create_private(&at(name)).unwrap_err().to_string();
            assert!(error.starts_with(create), "{name}: {error}");
        };
        check("pipe", Some("a named pipe"), "it is a named pipe");
        check("socket", Some("a socket"), "it is a socket");
        check("folder", Some("a folder"), "it is a folder");
        check("to-pipe", Some("a named pipe"), "it is a symbolic link");
        check("link", None, "it is a symbolic link");
        check("second", None, "it has other hard links");
        assert!(create_private(&at("dangling")).is_err());
        let device = read_bounded(Path::new("/dev/zero"), 10).unwrap_err().to_string();
        assert_eq!(device, "it is a device: name a regular file");
        assert_eq!(fs::read_to_string(at("file")).unwrap(), "kept");
        assert!(!at("nothing").exists());
    }

    #[cfg(unix)]
    #[test]
    fn private_files_are_readable_by_owner_only() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().unwrap();
        let (new, old) = (folder.path().join("new"), folder.path().join("old"));
        fs::write(&old, "what was there").unwrap();
        fs::set_permissions(&old, fs::Permissions::from_mode(0o644)).unwrap();
        for path in [new, old] {
            create_private(&path).unwrap();
            let metadata = fs::metadata(&path).unwrap();
            assert_eq!((metadata.permissions().mode() & 0o777, metadata.len()), (0o600, 0));
        }
    }
}
