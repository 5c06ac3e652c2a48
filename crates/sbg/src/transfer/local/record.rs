//! The record of a tree: which local and remote files had the same bytes, and how to recognize both.
//!
//! It is a file in the state folder: one line that names the tree and one line for each pair of files, each with its CRC-32C. Pairs are
//! appended as files complete, so a run that is killed loses none; the last line of a path counts. A pair is trusted only while both
//! files look unchanged, so a lost or damaged line costs a comparison and never yields stale bytes. The file holds no URL and no secret.
//!
//! [`sameness`] decides what follows from a pair.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::folder::{Folder, Leaf};
use super::journal::{create_anew, incomplete};
use super::stat::Stat;
use super::state_folder;
use crate::error::{Error, Result};
use crate::transfer::engine::storage::Version;
use crate::transfer::local::open_mode::{Access, Open};

/// Suffix of the name of a record.
const RECORD: &str = "tree";

/// Longest line and largest file that are read. Paths are far shorter, and two million files fit.
const LONGEST_LINE: u64 = 64 * 1024;
const LARGEST: u64 = 512 * 1024 * 1024;

/// The record is rewritten once its outdated lines exceed the current ones by this many.
const SPARE_LINES: usize = 1000;

/// A local file and a file on the platform that had the same bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::transfer) struct Pair {
    pub(in crate::transfer) local: Stat,
    /// Whether the local file may have changed since without looking different.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(in crate::transfer) racy: bool,
    /// Id of the file on the platform.
    pub(in crate::transfer) id: String,
    /// Its modification time, in nanoseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::transfer) modified_on: Option<i64>,
    /// Whether a later change of the content is certain to change the modification time.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(in crate::transfer) settled: bool,
    /// The version that the storage reported, if it was queried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::transfer) version: Option<Version>,
    /// CRC-32C of the bytes, if it was computed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::transfer) crc32c: Option<u32>,
}

/// A pair, and the path of both files relative to their roots.
#[derive(Debug, Serialize, Deserialize)]
struct Line<'a> {
    path: Cow<'a, str>,
    #[serde(flatten)]
    pair: Cow<'a, Pair>,
}

/// Identifies both ends of a tree, across all machines and platforms that share a state folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::transfer) struct Tree {
    pub(in crate::transfer) endpoint: String,
    /// Project, folder or task.
    pub(in crate::transfer) remote: String,
    /// The local folder in hexadecimal digits, because its name need not be valid text.
    local: String,
}

impl Tree {
    /// `local` is the target folder; for files from anywhere, the folder of all files.
    pub(in crate::transfer) fn new(endpoint: &str, remote: String, local: &Path) -> Self {
        let local = hex::encode(resolved(local).as_os_str().as_encoded_bytes());
        Self { endpoint: endpoint.to_owned(), remote, local }
    }
}

/// The absolute path without links; the same before and after missing folders are created.
fn resolved(path: &Path) -> PathBuf {
    let Ok(path) = std::path::absolute(path) else { return path.to_owned() };
    for there in path.ancestors() {
        if let (Ok(resolved), Ok(missing)) = (there.canonicalize(), path.strip_prefix(there)) {
            return if missing.as_os_str().is_empty() { resolved } else { resolved.join(missing) };
        }
    }
    path
}

/// The record of one tree. Several processes may append to it.
#[derive(Debug)]
pub(in crate::transfer) struct Record {
    path: PathBuf,
    pairs: Mutex<HashMap<Box<str>, Pair>>,
    appended: Mutex<File>,
}

impl Record {
    /// Opens the record of a tree in the state folder. Of a damaged record, the readable lines are used.
    pub(in crate::transfer) fn open(folder: &Arc<Folder>, tree: &Tree) -> Result<Self> {
        let name = serde_json::to_vec(tree).unwrap_or_default();
        let leaf = folder.leaf(format!("{}.{RECORD}", hex::encode(&Sha256::digest(name)[..16])));
        let path = leaf.path();
        let about = |error| Error::io(format!("cannot use the record `{}`", path.display()), error);
        let opened = leaf.open(Open::Read).and_then(|file| state_folder::check_journal(&file).map(|()| file));
        let Loaded { pairs, lines, damaged } = match opened {
            Ok(file) => Loaded::read(BufReader::new(file.take(LARGEST)), tree).map_err(about)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Loaded::default(),
            Err(error) => return Err(about(error)),
        };
        if damaged {
            tracing::warn!(path = %path.display(), "the record of a tree is damaged; files that it lacks are compared again");
        }
        if damaged || lines == 0 || lines > 2 * pairs.len() + SPARE_LINES {
            rewrite(&leaf, tree, &pairs).map_err(about)?;
        }
        let appended = Mutex::new(open_to_append(&leaf).map_err(about)?);
        Ok(Self { path, pairs: Mutex::new(pairs), appended })
    }

    /// The pair of this path.
    pub(in crate::transfer) fn get(&self, path: &str) -> Option<Pair> {
        self.pairs.lock().get(path).cloned()
    }

    /// Records a pair. A failure is only logged: it makes the next run compare more.
    pub(in crate::transfer) fn put(&self, path: &str, pair: Pair) {
        if let Err(error) = self.append(path, &pair) {
            tracing::warn!(path = %self.path.display(), %error, "cannot write the record of a tree");
        }
        self.pairs.lock().insert(path.into(), pair);
    }

    /// Each line is one write, so that processes that append at the same time do not interleave.
    fn append(&self, path: &str, pair: &Pair) -> io::Result<()> {
        let line = line_of(&Line { path: path.into(), pair: Cow::Borrowed(pair) })?;
        self.appended.lock().write_all(line.as_bytes())
    }
}

/// Replaces the file by one that holds only these pairs.
fn rewrite(leaf: &Leaf, tree: &Tree, pairs: &HashMap<Box<str>, Pair>) -> io::Result<()> {
    let new = incomplete(leaf);
    let mut file = BufWriter::new(create_anew(&new)?);
    file.write_all(line_of(tree)?.as_bytes())?;
    for (path, pair) in pairs {
        let line = Line { path: (&**path).into(), pair: Cow::Borrowed(pair) };
        file.write_all(line_of(&line)?.as_bytes())?;
    }
    file.into_inner().map_err(io::IntoInnerError::into_error)?;
    new.rename(leaf)
}

fn open_to_append(leaf: &Leaf) -> io::Result<File> {
    let mut file = leaf.open(Open::Append(Access::Private))?;
    // A killed process may have left half a line, which must not spoil the next one.
    let mut last = [b'\n'];
    if file.seek(SeekFrom::End(0))? > 0 {
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
    }
    if last != *b"\n" {
        file.write_all(b"\n")?;
    }
    Ok(file)
}

/// The content of a record.
#[derive(Debug, Default)]
struct Loaded {
    pairs: HashMap<Box<str>, Pair>,
    /// Lines read; 0 if there is no record of this tree.
    lines: usize,
    damaged: bool,
}

impl Loaded {
    fn read(mut from: impl BufRead, tree: &Tree) -> io::Result<Self> {
        let mut loaded = Self::default();
        let mut line = Vec::new();
        loop {
            line.clear();
            let count = from.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)?;
            if count == 0 {
                return Ok(loaded);
            }
            let whole = line.ends_with(b"\n");
            if loaded.lines == 0 {
                if parse::<Tree>(&line).as_ref() != Some(tree) {
                    // The record of another tree or version.
                    return Ok(Self { damaged: true, ..Self::default() });
                }
            } else if let Some(Line { path, pair }) = parse::<Line<'_>>(&line) {
                loaded.pairs.insert(path.into(), pair.into_owned());
            } else {
                loaded.damaged = true;
                if !whole && count as u64 == LONGEST_LINE {
                    // No line is this long, so the rest is not a record.
                    return Ok(loaded);
                }
            }
            loaded.lines += 1;
        }
    }
}

fn line_of(value: &impl Serialize) -> io::Result<String> {
    let json = serde_json::to_string(value)?;
    Ok(format!("{:08x} {json}\n", crc32c::crc32c(json.as_bytes())))
}

fn parse<'a, T: Deserialize<'a>>(line: &'a [u8]) -> Option<T> {
    let text = std::str::from_utf8(line).ok()?.strip_suffix('\n')?;
    let (sum, json) = text.split_once(' ')?;
    (sum == format!("{:08x}", crc32c::crc32c(json.as_bytes()))).then(|| serde_json::from_str(json).ok())?
}

/// Reads a record, for the fuzz targets.
#[cfg(fuzzing)]
pub fn fuzz(bytes: &[u8]) {
    let tree = Tree::new("https://api.example.org/v2", "project".to_owned(), Path::new(""));
    let first = line_of(&tree).expect("a line");
    let loaded = Loaded::read(first.as_bytes().chain(bytes), &tree).expect("memory can be read");
    assert!(loaded.pairs.len() < loaded.lines);
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::transfer::local::state_folder::StateFolder;

    fn tree(folder: &Path) -> Tree {
        Tree::new("https://api.example.org/v2", "project rfranklin/demo".to_owned(), folder)
    }

    fn pair(id: &str) -> Pair {
        Pair {
            local: Stat { size: 4, modified: 1_700_000_000_000_000_000, changed: 5, inode: 6 },
            racy: false,
            id: id.to_owned(),
            modified_on: Some(1_700_000_000_000_000_000),
            settled: true,
            version: Some(Version { etag: Some("\"a\"".to_owned()), last_modified: None }),
            crc32c: Some(7),
        }
    }

    fn open(state: &Path, tree: &Tree) -> Result<Record> {
        Record::open(&StateFolder::new(state.to_owned(), true).open()?, tree)
    }

    /// The only record in a folder.
    fn record_in(folder: &Path) -> PathBuf {
        let entries: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(entries.len(), 1, "{entries:?}");
        entries[0].clone()
    }

    #[test]
    fn last_entry_of_a_path_is_loaded() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        let record = open(&state, &tree(folder.path())).unwrap();
        assert_eq!(record.get("a"), None);
        record.put("a", pair("1"));
        record.put("b \"\n\u{1}", pair("2"));
        record.put("a", pair("3"));
        for again in [&record, &open(&state, &tree(folder.path())).unwrap()] {
            assert_eq!(again.get("a"), Some(pair("3")));
            assert_eq!(again.get("b \"\n\u{1}"), Some(pair("2")));
        }
        let other = open(&state, &tree(&state)).unwrap();
        assert_eq!(other.get("a"), None, "another local folder is another tree");
    }

    #[test]
    fn damaged_lines_are_skipped() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        let tree = tree(folder.path());
        let record = open(&state, &tree).unwrap();
        record.put("a", pair("1"));
        record.put("b", pair("2"));
        let path = record_in(&state);
        let good = fs::read(&path).unwrap();
        let second = good.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1;
            let loaded = Loaded::read(&bad[..], &tree).unwrap();
            assert!(loaded.damaged, "{at}");
            assert!(loaded.pairs.len() <= usize::from(at >= second), "{at}");
            let loaded = Loaded::read(&good[..at], &tree).unwrap();
            assert!(loaded.pairs.values().all(|known| *known == pair("1")), "{at}");
        }
        // A killed process left half a line; the next one is written after it.
        fs::write(&path, &good[..good.len() - 5]).unwrap();
        let record = open(&state, &tree).unwrap();
        assert_eq!((record.get("a"), record.get("b")), (Some(pair("1")), None));
        record.put("c", pair("3"));
        assert_eq!(open(&state, &tree).unwrap().get("c"), Some(pair("3")));
    }

    #[test]
    fn endless_line_is_not_read() {
        let tree = tree(Path::new("/x"));
        let first = line_of(&tree).unwrap();
        let endless = io::BufReader::new(io::Read::chain(first.as_bytes(), io::repeat(b'x')));
        let loaded = Loaded::read(endless, &tree).unwrap();
        assert!(loaded.damaged && loaded.pairs.is_empty());
    }

    #[test]
    fn record_with_old_lines_is_compacted() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        let tree = tree(folder.path());
        let record = open(&state, &tree).unwrap();
        for _ in 0..SPARE_LINES + 10 {
            record.put("a", pair("1"));
        }
        let path = record_in(&state);
        let before = fs::metadata(&path).unwrap().len();
        assert_eq!(open(&state, &tree).unwrap().get("a"), Some(pair("1")));
        let text = fs::read_to_string(record_in(&state)).unwrap();
        assert_eq!(text.lines().count(), 2, "it had {before} bytes");
    }

    #[cfg(unix)]
    #[test]
    fn record_is_a_private_regular_file() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        let tree = tree(folder.path());
        drop(open(&state, &tree).unwrap());
        let path = record_in(&state);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&state), mode(&path)), (0o700, 0o600));

        let theirs = folder.path().join("theirs");
        fs::rename(&path, &theirs).unwrap();
        std::os::unix::fs::symlink(&theirs, &path).unwrap();
        let error = open(&state, &tree).unwrap_err();
        assert!(error.to_string().contains("cannot use the record `"), "{error}");
        fs::remove_file(&path).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, &path, rustix::fs::Mode::RWXU).unwrap();
        let error = open(&state, &tree).unwrap_err();
        assert!(error.to_string().contains("cannot use the record `"), "{error}");
    }
}
