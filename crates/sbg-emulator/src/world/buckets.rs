//! Buckets behind volumes: in memory, or a folder of this computer.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::object::Object;

/// A bucket.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) enum Bucket {
    Memory(BTreeMap<String, Arc<Object>>),
    /// Keys are paths below it. The path itself is not kept: it is a setting.
    Folder(#[serde(skip)] PathBuf),
}

/// An object without its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) size: u64,
    pub(crate) modified: Timestamp,
}

impl Bucket {
    /// The objects whose keys begin with a prefix, in the order of keys.
    pub(crate) fn list(&self, prefix: &str) -> Vec<Entry> {
        match self {
            Self::Memory(objects) => objects
                .range(prefix.to_owned()..)
                .take_while(|(key, _)| key.starts_with(prefix))
                .map(|(key, object)| Entry {
                    key: key.clone(),
                    size: object.size(),
                    modified: object.modified(),
                })
                .collect(),
            Self::Folder(root) => {
                let mut found = Vec::new();
                // Only the part of the tree that can hold such keys is walked.
                let folder = prefix.rfind('/').map_or("", |at| &prefix[..at]);
                if folder.is_empty() || is_key(folder) {
                    walk(&root.join(folder), folder, &mut found);
                }
                found.retain(|entry| entry.key.starts_with(prefix));
                found.sort_by(|one, other| one.key.cmp(&other.key));
                found
            }
        }
    }

    /// One object with its bytes; nothing if there is none, or if it cannot be read.
    pub(crate) fn get(&self, key: &str) -> Option<Arc<Object>> {
        match self {
            Self::Memory(objects) => objects.get(key).cloned(),
            Self::Folder(root) => {
                let path = root.join(Some(key).filter(|key| is_key(key))?);
                let modified = modified(&path).ok()?;
                Some(Arc::new(Object::new(vec![fs::read(path).ok()?.into()], modified)))
            }
        }
    }

    pub(crate) fn contains(&self, key: &str) -> bool {
        match self {
            Self::Memory(objects) => objects.contains_key(key),
            Self::Folder(root) => is_key(key) && root.join(key).is_file(),
        }
    }

    /// Writes an object, in place of one that has its key.
    pub(crate) fn put(&mut self, key: &str, object: &Arc<Object>) -> io::Result<()> {
        match self {
            Self::Memory(objects) => {
                objects.insert(key.to_owned(), Arc::clone(object));
                Ok(())
            }
            Self::Folder(root) => {
                if !is_key(key) {
                    return Err(io::Error::new(io::ErrorKind::InvalidInput, "no path below the folder"));
                }
                let path = root.join(key);
                if let Some(parent) = path.parent() {
                    fs::create_dir_all(parent)?;
                }
                let mut file = fs::File::create(path)?;
                object.read(0, object.size()).try_for_each(|chunk| file.write_all(&chunk?))
            }
        }
    }
}

/// Whether a key stays inside its bucket when it is taken for a path.
pub(crate) fn is_key(key: &str) -> bool {
    !key.contains(['\\', '\0']) && key.split('/').all(|step| !matches!(step, "" | "." | ".."))
}

fn modified(path: &Path) -> io::Result<Timestamp> {
    let modified = fs::metadata(path)?.modified()?;
    Ok(Timestamp::try_from(modified).unwrap_or(Timestamp::UNIX_EPOCH))
}

/// Everything below a folder. What cannot be read is left out, as are links, which may lead in circles.
fn walk(folder: &Path, prefix: &str, found: &mut Vec<Entry>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|name| is_key(name)) else { continue };
        let key = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}/{name}") };
        let Ok(metadata) = entry.metadata() else { continue };
        if metadata.is_dir() {
            walk(&entry.path(), &key, found);
        } else if metadata.is_file()
            && let Ok(modified) = modified(&entry.path())
        {
            found.push(Entry { key, size: metadata.len(), modified });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(text: &'static str) -> Arc<Object> {
        Arc::new(Object::new(vec![text.into()], Timestamp::UNIX_EPOCH))
    }

    fn check(mut bucket: Bucket) {
        for key in ["a/b/2.txt", "a/1.txt", "ab.txt"] {
            bucket.put(key, &object("x")).unwrap();
        }
        let keys = |prefix: &str| bucket.list(prefix).into_iter().map(|entry| entry.key).collect::<Vec<_>>();
        assert_eq!(keys(""), ["a/1.txt", "a/b/2.txt", "ab.txt"]);
        assert_eq!(keys("a"), ["a/1.txt", "a/b/2.txt", "ab.txt"]);
        assert_eq!(keys("a/"), ["a/1.txt", "a/b/2.txt"]);
        assert_eq!(keys("none/"), [""; 0]);
        assert!(bucket.contains("a/1.txt") && !bucket.contains("a"));
        assert_eq!(bucket.get("a/1.txt").unwrap().to_vec(), b"x");
        assert!(bucket.get("a/2.txt").is_none());
    }

    #[test]
    fn buckets_in_memory_and_in_folders_are_alike() {
        check(Bucket::Memory(BTreeMap::new()));
        let folder = std::env::temp_dir().join(format!("sbg-emulator-bucket-{}", fastrand::u64(..)));
        fs::create_dir_all(&folder).unwrap();
        check(Bucket::Folder(folder.clone()));
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn keys_do_not_leave_their_folder() {
        for key in ["../x", "a/../../x", "/x", "a//b", "", ".", "a\\..\\b", "a\0b"] {
            assert!(!is_key(key), "{key:?}");
            assert!(Bucket::Folder(std::env::temp_dir()).get(key).is_none());
        }
        assert!(is_key("a b/c..d/.e"));
    }
}
