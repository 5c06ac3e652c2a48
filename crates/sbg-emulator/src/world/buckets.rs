//! Buckets behind volumes: in memory, or a local folder.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Read as _},
    path::PathBuf,
    sync::Arc,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::bucket_dir::BucketDir;
use crate::objects::object::Object;

/// A bucket.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) enum Bucket {
    Memory(BTreeMap<String, Arc<Object>>),
    /// Keys are paths below it without symbolic links. The path itself is not saved: it is a setting.
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
    /// The objects whose keys begin with a prefix, sorted by key.
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
                // Only the part of the tree that can contain such keys is read.
                let folder = prefix.rfind('/').map_or("", |at| &prefix[..at]);
                let inside = folder.is_empty() || is_key(folder);
                let listed = BucketDir::open(root).ok().filter(|_| inside).map(|root| root.list(folder));
                let entries = listed.unwrap_or_default().into_iter();
                let entries =
                    entries.map(|found| Entry { key: found.key, size: found.size, modified: found.modified });
                let mut found: Vec<Entry> = entries.filter(|entry| entry.key.starts_with(prefix)).collect();
                found.sort_by(|one, other| one.key.cmp(&other.key));
                found
            }
        }
    }

    /// An object with its bytes; `None` if it does not exist or cannot be read.
    pub(crate) fn get(&self, key: &str) -> Option<Arc<Object>> {
        match self {
            Self::Memory(objects) => objects.get(key).cloned(),
            Self::Folder(root) => {
                let key = Some(key).filter(|key| is_key(key))?;
                let mut file = BucketDir::open(root).ok()?.read(key).ok()?;
                let modified = Timestamp::try_from(file.metadata().ok()?.modified().ok()?);
                let mut bytes = Vec::new();
                file.read_to_end(&mut bytes).ok()?;
                let modified = modified.unwrap_or(Timestamp::UNIX_EPOCH);
                Some(Arc::new(Object::new(vec![bytes.into()], modified)))
            }
        }
    }

    pub(crate) fn contains(&self, key: &str) -> bool {
        match self {
            Self::Memory(objects) => objects.contains_key(key),
            Self::Folder(root) => {
                is_key(key) && BucketDir::open(root).and_then(|root| root.read(key)).is_ok()
            }
        }
    }

    /// Writes an object, and replaces an existing one.
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
                fs::create_dir_all(&*root)?;
                BucketDir::open(root)?.write(key, object.read(0, object.size()))
            }
        }
    }
}

/// Whether a key stays inside its bucket when it is used as a path.
pub(crate) fn is_key(key: &str) -> bool {
    !key.contains(['\\', '\0']) && key.split('/').all(|step| !matches!(step, "" | "." | ".."))
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
    fn memory_and_folder_buckets_behave_alike() {
        check(Bucket::Memory(BTreeMap::new()));
        let folder = std::env::temp_dir().join(format!("sbg-emulator-bucket-{}", fastrand::u64(..)));
        fs::create_dir_all(&folder).unwrap();
        check(Bucket::Folder(folder.clone()));
        fs::remove_dir_all(folder).unwrap();
    }

    /// A folder beside a bucket, with links to it in the bucket.
    #[cfg(unix)]
    #[test]
    fn bucket_follows_no_links_out_of_its_folder() {
        use std::os::unix::fs::symlink;

        let folder = tempfile::tempdir().unwrap();
        let (inside, outside) = (folder.path().join("bucket"), folder.path().join("outside"));
        fs::create_dir_all(&inside).unwrap();
        fs::create_dir_all(&outside).unwrap();
        fs::write(outside.join("secret"), "kept").unwrap();
        fs::write(inside.join("own"), "own").unwrap();
        symlink(&outside, inside.join("folder")).unwrap();
        symlink(outside.join("secret"), inside.join("file")).unwrap();
        symlink(outside.join("new"), inside.join("dangling")).unwrap();
        symlink(inside.join("own"), inside.join("alias")).unwrap();
        fs::hard_link(outside.join("secret"), inside.join("hard")).unwrap();

        let mut bucket = Bucket::Folder(inside.clone());
        let keys = |prefix: &str| bucket.list(prefix).into_iter().map(|entry| entry.key).collect::<Vec<_>>();
        assert_eq!(keys(""), ["hard", "own"]);
        assert_eq!(keys("folder/"), [""; 0]);
        for key in ["folder/secret", "file", "dangling", "alias"] {
            assert!(bucket.get(key).is_none() && !bucket.contains(key), "{key}");
        }
        for key in ["folder/secret", "folder/new/deep", "file", "dangling", "alias"] {
            assert!(bucket.put(key, &object("changed")).is_err(), "{key}");
        }
        // A hard link to a file outside is replaced, and the file keeps its content.
        bucket.put("hard", &object("changed")).unwrap();
        assert_eq!(fs::read_to_string(inside.join("hard")).unwrap(), "changed");
        assert_eq!(fs::read_to_string(outside.join("secret")).unwrap(), "kept");
        assert_eq!(fs::read_to_string(inside.join("own")).unwrap(), "own");
        assert_eq!(fs::read_dir(&outside).unwrap().count(), 1);
        let kept = ["alias", "dangling", "file", "folder", "hard", "own"];
        let mut names: Vec<_> =
            fs::read_dir(&inside).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, kept);
    }

    /// Reading a pipe would wait until something opens its other end.
    #[cfg(unix)]
    #[test]
    fn bucket_holds_only_regular_files() {
        let folder = tempfile::tempdir().unwrap();
        let made = std::process::Command::new("mkfifo").arg(folder.path().join("pipe")).status().unwrap();
        assert!(made.success());
        let mut bucket = Bucket::Folder(folder.path().to_owned());
        assert_eq!(bucket.list(""), []);
        assert!(bucket.get("pipe").is_none() && !bucket.contains("pipe"));
        let error = bucket.put("pipe", &object("x")).unwrap_err().to_string();
        assert!(error.contains("`pipe` is not a regular file"), "{error}");
    }

    #[test]
    fn keys_cannot_leave_the_bucket_folder() {
        for key in ["../x", "a/../../x", "/x", "a//b", "", ".", "a\\..\\b", "a\0b"] {
            assert!(!is_key(key), "{key:?}");
            assert!(Bucket::Folder(std::env::temp_dir()).get(key).is_none());
        }
        assert!(is_key("a b/c..d/.e"));
    }
}
