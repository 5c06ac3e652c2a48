//! Journals: the progress of a transfer on disk, so that another process can resume it.
//!
//! A journal is one line of JSON and a line with its CRC-32C. It is replaced atomically: after a crash either the old or the new one is
//! there. It holds no URL and no secret.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::folder::Leaf;
use super::{names, state_folder};
use crate::local_file::read_to_limit;
use crate::transfer::local::open_mode::{Access, Open};

/// Size limit of a journal in bytes: more than ten thousand parts with all their headers need.
const LARGEST: u64 = 16 * 1024 * 1024;

/// Why a journal cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::transfer) enum JournalError {
    /// It does not exist.
    Missing,
    /// It cannot be read or parsed; the text says why.
    Damaged(String),
}

/// Reads a journal in the user's state folder.
pub(in crate::transfer) fn load_owned<T: DeserializeOwned>(leaf: &Leaf) -> Result<T, JournalError> {
    read(leaf, state_folder::check_journal)
}

/// Reads the journal beside a file.
pub(in crate::transfer) fn load<T: DeserializeOwned>(leaf: &Leaf) -> Result<T, JournalError> {
    read(leaf, |_| Ok(()))
}

fn read<T: DeserializeOwned>(
    leaf: &Leaf,
    check: impl FnOnce(&fs::File) -> io::Result<()>,
) -> Result<T, JournalError> {
    let read = || {
        let file = leaf.open(Open::Read)?;
        check(&file)?;
        read_to_limit(&file, LARGEST)
    };
    match read() {
        Ok(bytes) => parse(&bytes).map_err(|why| JournalError::Damaged(why.to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(JournalError::Missing),
        Err(error) => Err(JournalError::Damaged(format!("it cannot be read: {error}"))),
    }
}

/// Parses a journal.
pub(in crate::transfer) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, &'static str> {
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not valid UTF-8")?;
    let (json, sum) = text.split_once('\n').ok_or("it has no checksum")?;
    if sum.trim_end() != checksum(json) {
        return Err("its checksum is wrong");
    }
    // The checksum matches, so JSON that does not parse was written by another version.
    serde_json::from_str(json).map_err(|_| "it was written by another version")
}

/// Saves a journal. Replaces the previous one.
pub(in crate::transfer) fn save(leaf: &Leaf, journal: &impl Serialize) -> io::Result<()> {
    let new = incomplete(leaf);
    write(create_anew(&new)?, journal)?;
    new.rename(leaf)
}

/// Saves a journal that does not exist yet, in fewer steps: after a crash it may be damaged.
pub(in crate::transfer) fn save_first(leaf: &Leaf, journal: &impl Serialize) -> io::Result<()> {
    write(leaf.open(Open::CreateNew(Access::Private))?, journal)
}

fn write(mut file: fs::File, journal: &impl Serialize) -> io::Result<()> {
    let json = serde_json::to_string(journal)?;
    let sum = checksum(&json);
    file.write_all(format!("{json}\n{sum}\n").as_bytes())
}

/// The name under which a journal is written before it replaces the previous one.
pub(in crate::transfer) fn incomplete(leaf: &Leaf) -> Leaf {
    let mut name = leaf.name().to_owned();
    name.push(names::NEW);
    leaf.sibling(name)
}

/// Creates a new file of this name. Replaces what a killed process left; a link of this name is removed, not followed.
pub(in crate::transfer) fn create_anew(leaf: &Leaf) -> io::Result<fs::File> {
    let create = || leaf.open(Open::CreateNew(Access::Private));
    match create() {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            leaf.remove()?;
            create()
        }
        created => created,
    }
}

/// Removes a journal if it exists. Opens no file, so it works when descriptors have run out.
pub(in crate::transfer) fn remove(leaf: &Leaf) {
    for leaf in [leaf, &incomplete(leaf)] {
        warn_unless_gone(leaf.remove(), &leaf.path());
    }
}

fn warn_unless_gone(removed: io::Result<()>, path: &Path) {
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(path = %path.display(), %error, "cannot remove a journal");
        }
        _ => {}
    }
}

/// Identifies the boot of the operating system. Unsynced writes survive while it runs, and maybe not a reboot. `None` if the system does
/// not report it.
pub(in crate::transfer) fn boot() -> Option<String> {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(boot.trim().to_owned())
}

fn checksum(json: &str) -> String {
    format!("{:08x}", crc32c::crc32c(json.as_bytes()))
}

/// Parses a journal twice, for the fuzz targets: the bytes as they are, and with a correct checksum.
#[cfg(fuzzing)]
pub(in crate::transfer) fn parse_both<T: DeserializeOwned>(bytes: &[u8]) -> impl Iterator<Item = T> {
    let text = String::from_utf8_lossy(bytes).replace('\n', " ");
    let signed = format!("{text}\n{}", checksum(&text));
    [parse(bytes), parse(signed.as_bytes())].into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn journal_in(folder: &tempfile::TempDir) -> Leaf {
        Leaf::of(&folder.path().join("journal")).unwrap()
    }

    #[test]
    fn journal_round_trips() {
        let folder = tempfile::tempdir().unwrap();
        let leaf = journal_in(&folder);
        assert_eq!(load::<Value>(&leaf), Err(JournalError::Missing));
        save_first(&leaf, &json!({"first": true})).unwrap();
        assert_eq!(load::<Value>(&leaf), Ok(json!({"first": true})));
        let error = save_first(&leaf, &json!({"first": false})).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(load::<Value>(&leaf), Ok(json!({"first": true})));
        for journal in [json!({"a": 1}), json!({"b": [1, 2]})] {
            save(&leaf, &journal).unwrap();
            assert_eq!(load::<Value>(&leaf), Ok(journal));
        }
        remove(&leaf);
        assert_eq!(load::<Value>(&leaf), Err(JournalError::Missing));
        remove(&leaf);
    }

    #[cfg(unix)]
    #[test]
    fn journal_never_writes_through_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (leaf, theirs) = (journal_in(&folder), folder.path().join("theirs"));
        fs::write(&theirs, "theirs").unwrap();
        for name in ["journal", "journal.new"] {
            std::os::unix::fs::symlink(&theirs, folder.path().join(name)).unwrap();
            assert_eq!(save_first(&leaf, &"ours").is_err(), name == "journal");
            save(&leaf, &"ours").unwrap();
            assert_eq!(load::<String>(&leaf), Ok("ours".to_owned()), "{name}");
            assert_eq!(fs::read(&theirs).unwrap(), b"theirs", "{name}");
            remove(&leaf);
        }
    }

    #[test]
    fn oversized_journal_is_rejected() {
        let folder = tempfile::tempdir().unwrap();
        let leaf = journal_in(&folder);
        fs::File::create(leaf.path()).unwrap().set_len(1 << 40).unwrap();
        let Err(JournalError::Damaged(why)) = load::<Value>(&leaf) else { panic!("damaged") };
        assert!(why.contains("it has more than 16777216 bytes"), "{why}");
    }

    #[cfg(unix)]
    #[test]
    fn journal_writable_by_others_is_rejected() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().unwrap();
        let leaf = journal_in(&folder);
        let path = leaf.path();
        for save in [save_first, save] {
            save(&leaf, &"ours").unwrap();
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(load_owned::<String>(&leaf), Ok("ours".to_owned()));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o620)).unwrap();
        assert_eq!(load::<String>(&leaf), Ok("ours".to_owned()));
        let Err(JournalError::Damaged(why)) = load_owned::<String>(&leaf) else { panic!("damaged") };
        assert!(why.contains("others can write to it (mode 620)"), "{why}");
        fs::remove_file(&path).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        let Err(JournalError::Damaged(why)) = load_owned::<String>(&leaf) else { panic!("damaged") };
        assert!(why.contains("it is a named pipe"), "{why}");
    }

    #[test]
    fn corrupt_journal_is_rejected() {
        let folder = tempfile::tempdir().unwrap();
        let leaf = journal_in(&folder);
        save(&leaf, &json!({"extents": [[0, 1234]], "etag": "x"})).unwrap();
        let good = fs::read(leaf.path()).unwrap();
        for at in 0..good.len() - 1 {
            let mut bad = good.clone();
            bad[at] ^= 1;
            assert!(parse::<Value>(&bad).is_err(), "{at}");
        }
        for end in 0..good.len() - 1 {
            assert!(parse::<Value>(&good[..end]).is_err(), "{end}");
        }
        assert_eq!(parse::<Vec<u8>>(&good), Err("it was written by another version"));
    }
}
