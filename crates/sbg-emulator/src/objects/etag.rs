//! Entity tags in the format of each kind of storage.

use std::{borrow::Cow, fmt};

use jiff::{SignedDuration, Timestamp};

use super::{
    object::{Object, another_etag},
    profile::ETagForm,
};

/// How a tag is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Written {
    Quoted,
    Bare,
    Weak,
}

/// The tag of an object as one storage shows it.
#[derive(Debug)]
pub(crate) struct ETag<'a> {
    opaque: Cow<'a, str>,
    written: Written,
}

impl<'a> ETag<'a> {
    /// `None` if the storage has no tags.
    pub(crate) fn new(form: ETagForm, object: &'a Object, now: Timestamp) -> Option<Self> {
        let plain = Cow::Borrowed(object.etag());
        Some(match form {
            ETagForm::Quoted => Self { opaque: plain, written: Written::Quoted },
            ETagForm::Bare => Self { opaque: plain, written: Written::Bare },
            ETagForm::Capitals => {
                Self { opaque: object.etag().to_ascii_uppercase().into(), written: Written::Quoted }
            }
            ETagForm::Time => {
                let changed = object.modified();
                let young = now.duration_since(changed) < SignedDuration::from_secs(1);
                let opaque = format!("{:x}-{:x}", changed.as_second(), object.size()).into();
                Self { opaque, written: if young { Written::Weak } else { Written::Quoted } }
            }
            ETagForm::Absent => return None,
        })
    }

    /// The tag of another version of the object.
    pub(crate) fn changed(self) -> Self {
        Self { opaque: another_etag(&self.opaque).into(), ..self }
    }

    /// The tag of the same version in another encoding.
    pub(crate) fn weakened(self) -> Self {
        Self { written: Written::Weak, ..self }
    }

    /// Whether a list of `If-Match` or `If-None-Match` contains this tag.
    pub(crate) fn is_in(&self, list: &str) -> bool {
        list.split(',').map(str::trim).any(|entry| entry == "*" || self.is(entry))
    }

    /// Whether `If-Range` matches this tag. Weak tags never match.
    pub(crate) fn allows_range(&self, condition: &str) -> bool {
        self.written != Written::Weak && !condition.starts_with("W/") && self.is(condition)
    }

    fn is(&self, text: &str) -> bool {
        text.strip_prefix("W/").unwrap_or(text).trim_matches('"') == self.opaque
    }
}

impl fmt::Display for ETag<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.written {
            Written::Quoted => write!(f, "\"{}\"", self.opaque),
            Written::Bare => f.write_str(&self.opaque),
            Written::Weak => write!(f, "W/\"{}\"", self.opaque),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(form: ETagForm, age: i64) -> Option<String> {
        let object = Object::new(vec!["ACGT".into()], Timestamp::from_second(0x6000_0000).unwrap());
        let now = Timestamp::from_second(0x6000_0000 + age).unwrap();
        ETag::new(form, &object, now).map(|etag| etag.to_string())
    }

    #[test]
    fn etag_is_written_in_each_form() {
        let quoted = shown(ETagForm::Quoted, 0).unwrap();
        assert_eq!(quoted.len(), 34);
        assert_eq!(shown(ETagForm::Capitals, 0), Some(quoted.to_uppercase()));
        assert_eq!(shown(ETagForm::Bare, 0).as_deref(), Some(quoted.trim_matches('"')));
        assert_eq!(shown(ETagForm::Time, 0).as_deref(), Some("W/\"60000000-4\""));
        assert_eq!(shown(ETagForm::Time, 1).as_deref(), Some("\"60000000-4\""));
        assert_eq!(shown(ETagForm::Absent, 0), None);
    }

    #[test]
    fn conditions_compare_opaque_etags() {
        let tag = |written| ETag { opaque: "ab".into(), written };
        assert!(tag(Written::Bare).is_in("\"x\", \"ab\""));
        assert!(tag(Written::Quoted).is_in("W/\"ab\""));
        assert!(tag(Written::Quoted).is_in("*"));
        assert!(!tag(Written::Quoted).changed().is_in("\"ab\""));
        assert!(tag(Written::Quoted).allows_range("\"ab\""));
        assert!(!tag(Written::Quoted).allows_range("W/\"ab\""));
        assert!(!tag(Written::Quoted).weakened().allows_range("\"ab\""));
    }
}
