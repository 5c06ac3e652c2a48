//! The tools that tasks really run. An app refers to one by its id, short name or command; all other apps do
//! nothing.

use std::sync::Arc;

use jiff::Timestamp;
use md5::Md5;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256, Sha512};

use crate::objects::object::Object;

/// A tool.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) enum Tool {
    /// Input `file`; outputs `count`, an integer, and `report`, a text file.
    LineCount,
    /// Input `files`, a list; output `file`.
    Concatenate,
    /// Inputs `file` and `algorithm`; output `digest`, a string.
    Checksum,
    /// Any inputs; all outputs are null.
    Nothing,
}

/// An input file of a tool.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Input<'a> {
    pub(crate) name: &'a str,
    pub(crate) object: &'a Arc<Object>,
}

/// A result of a tool.
#[derive(Debug)]
pub(crate) enum Output {
    Value(Value),
    File { name: String, object: Object },
}

impl Tool {
    /// The tool of an app.
    pub(crate) fn of(short_name: &str, raw: &Value) -> Self {
        let last =
            |text: &str| text.trim_end_matches('/').rsplit(['#', '/']).next().unwrap_or_default().to_owned();
        let command = match raw.get("baseCommand") {
            Some(Value::Array(words)) => words.first().and_then(Value::as_str),
            Some(command) => command.as_str(),
            None => None,
        };
        let id = raw.get("id").and_then(Value::as_str).map(last);
        let names = [Some(short_name.to_owned()), id, command.map(last)];
        names.iter().flatten().find_map(|name| Self::named(name)).unwrap_or(Self::Nothing)
    }

    fn named(name: &str) -> Option<Self> {
        match name {
            "line-count" => Some(Self::LineCount),
            "concatenate" => Some(Self::Concatenate),
            "checksum" => Some(Self::Checksum),
            _ => None,
        }
    }

    /// The command line in the execution details.
    pub(crate) fn command(self, files: &[Input<'_>]) -> String {
        let names = files.iter().map(|file| file.name).collect::<Vec<_>>().join(" ");
        match self {
            Self::LineCount => format!("line-count {names}"),
            Self::Concatenate => format!("concatenate {names}"),
            Self::Checksum => format!("checksum {names}"),
            Self::Nothing => "true".to_owned(),
        }
    }

    /// Runs the tool. `read` finds the file of an input value; the error is the message of the failed task.
    pub(crate) fn run<'a>(
        self,
        inputs: &Map<String, Value>,
        at: Timestamp,
        read: impl Fn(&Value) -> Option<Input<'a>>,
    ) -> Result<Vec<(&'static str, Output)>, String> {
        let file = |key: &str| {
            inputs.get(key).and_then(&read).ok_or_else(|| format!("The input `{key}` cannot be read."))
        };
        match self {
            Self::Nothing => Ok(Vec::new()),
            Self::LineCount => {
                let file = file("file")?;
                let count = lines(file.object);
                let name = format!("{}.line-count.txt", file.name);
                let object = Object::new(vec![format!("{count} {}\n", file.name).into()], at);
                Ok(vec![("count", Output::Value(count.into())), ("report", Output::File { name, object })])
            }
            Self::Concatenate => {
                let files = inputs.get("files").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
                let files: Option<Vec<Input<'a>>> = files.iter().map(&read).collect();
                let files = files.filter(|files| !files.is_empty());
                let files = files.ok_or("The input `files` cannot be read.")?;
                let name = format!("{}.concatenated{}", stem(files[0].name), extension(files[0].name));
                let object = Object::join(files.iter().map(|file| file.object.as_ref()), at);
                Ok(vec![("file", Output::File { name, object })])
            }
            Self::Checksum => {
                let file = file("file")?;
                let algorithm = inputs.get("algorithm").and_then(Value::as_str).unwrap_or("sha256");
                let digest = digest(algorithm, file.object).ok_or_else(|| {
                    format!("There is no algorithm `{algorithm}`: md5, sha256 and sha512 are known.")
                })?;
                Ok(vec![("digest", Output::Value(json!(digest)))])
            }
        }
    }
}

/// The number of line breaks, plus one for a last line without one.
fn lines(object: &Arc<Object>) -> u64 {
    let mut count = 0;
    let mut last = b'\n';
    for segment in object.chunks() {
        count += segment.iter().map(|&byte| u64::from(byte == b'\n')).sum::<u64>();
        last = segment.last().copied().unwrap_or(last);
    }
    count + u64::from(last != b'\n')
}

fn digest(algorithm: &str, object: &Arc<Object>) -> Option<String> {
    match algorithm.to_ascii_lowercase().replace('-', "").as_str() {
        "md5" => Some(digest_with::<Md5>(object)),
        "sha256" => Some(digest_with::<Sha256>(object)),
        "sha512" => Some(digest_with::<Sha512>(object)),
        _ => None,
    }
}

fn digest_with<D: Digest>(object: &Arc<Object>) -> String {
    hex::encode(object.chunks().fold(D::new(), D::chain_update).finalize())
}

fn stem(name: &str) -> &str {
    name.find('.').filter(|at| *at > 0).map_or(name, |at| &name[..at])
}

fn extension(name: &str) -> &str {
    &name[stem(name).len()..]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(text: &'static str) -> Arc<Object> {
        Arc::new(Object::new(vec![text.into()], Timestamp::UNIX_EPOCH))
    }

    #[test]
    fn last_line_counts_without_a_newline() {
        let check = |text, expected| assert_eq!(lines(&object(text)), expected, "{text:?}");
        check("", 0);
        check("a", 1);
        check("a\n", 1);
        check("a\nb", 2);
        check("\n\n", 2);
    }

    #[test]
    fn digests_match_known_values() {
        let abc = object("abc");
        assert_eq!(
            digest("SHA-256", &abc).unwrap(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert!(digest("sha512", &abc).unwrap().starts_with("ddaf35a193617aba"));
        assert_eq!(digest("md5", &abc).unwrap(), "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(digest("crc", &abc), None);
    }

    #[test]
    fn program_is_found_by_name_id_or_command() {
        let check = |name, raw: Value, expected| assert_eq!(Tool::of(name, &raw), expected);
        check("line-count", json!({}), Tool::LineCount);
        check("mine", json!({"id": "admin/x/checksum"}), Tool::Checksum);
        check("mine", json!({"id": "#concatenate"}), Tool::Concatenate);
        check("mine", json!({"baseCommand": ["line-count", "-x"]}), Tool::LineCount);
        check("mine", json!({"baseCommand": "/usr/bin/checksum"}), Tool::Checksum);
        check("mine", json!({"baseCommand": ["bwa"]}), Tool::Nothing);
    }
}
