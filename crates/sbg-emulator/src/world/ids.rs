//! Identifiers in the formats of the platform.

use serde::{Deserialize, Serialize};
use uuid::fmt::Hyphenated;
use uuid::{Builder, Uuid};

/// The project of public apps and reference files, which every user can read.
pub(crate) const PUBLIC_PROJECT: &str = "admin/sbg-public-data";

/// Creates identifiers that are unique in one emulator and differ between emulators.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Ids {
    #[serde(skip)]
    random: fastrand::Rng,
    counter: u32,
}

impl Ids {
    pub(crate) fn new() -> Self {
        Self { random: fastrand::Rng::new(), counter: 0 }
    }

    /// 24 hexadecimal digits: files and folders. The last eight are a counter, so that no two are the same.
    pub(crate) fn file(&mut self) -> String {
        self.counter += 1;
        let mut bytes = [0; 12];
        self.random.fill(&mut bytes[..8]);
        bytes[8..].copy_from_slice(&self.counter.to_be_bytes());
        hex::encode(bytes)
    }

    /// A random UUID: billing groups, teams, objects.
    pub(crate) fn uuid(&mut self) -> String {
        Builder::from_random_bytes(self.random.u128(..).to_be_bytes()).into_uuid().to_string()
    }

    /// 32 hexadecimal digits: authentication tokens.
    pub(crate) fn token(&mut self) -> String {
        hex::encode(self.random.u128(..).to_be_bytes())
    }

    /// 32 letters and digits: imports, exports and other jobs.
    pub(crate) fn job(&mut self) -> String {
        std::iter::repeat_with(|| self.random.alphanumeric()).take(32).collect()
    }

    /// 19 digits: DRS imports.
    pub(crate) fn number(&mut self) -> String {
        self.random.u64(1_000_000_000_000_000_000..=9_000_000_000_000_000_000).to_string()
    }

    /// 64 letters and digits: uploads.
    pub(crate) fn upload(&mut self) -> String {
        std::iter::repeat_with(|| self.random.alphanumeric()).take(64).collect()
    }
}

/// Whether a text is a UUID.
pub(crate) fn is_uuid(text: &str) -> bool {
    text.len() == Hyphenated::LENGTH && Uuid::try_parse(text).is_ok()
}

/// Whether a text is `owner/project`.
pub(crate) fn is_project_id(text: &str) -> bool {
    text.split_once('/')
        .is_some_and(|(owner, short)| !owner.is_empty() && !short.is_empty() && !short.contains('/'))
}

/// The short name that the platform derives from a name: lower-case letters and digits, everything else one dash.
pub(super) fn short_name(name: &str) -> String {
    let mut short = String::new();
    for letter in name.chars() {
        if letter.is_ascii_alphanumeric() {
            short.push(letter.to_ascii_lowercase());
        } else if !short.ends_with('-') {
            short.push('-');
        }
    }
    let short = short.trim_matches('-');
    // A name without any of these still needs a short name.
    if short.is_empty() { "project".to_owned() } else { short.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_ids_have_the_platform_format() {
        let mut ids = Ids::new();
        let file = ids.file();
        assert!(file.len() == 24 && file.bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert_ne!(file, ids.file());
        assert!(is_uuid(&ids.uuid()));
        assert!(!is_uuid("not-a-uuid"));
        assert_eq!(ids.token().len(), 32);
        assert_eq!(ids.upload().len(), 64);
    }

    #[test]
    fn short_names_are_lowercase_with_dashes() {
        let check = |name, expected| assert_eq!(short_name(name), expected);
        check("My new project", "my-new-project");
        check("  RNA-Seq  (2024)!", "rna-seq-2024");
        check("Ångström", "ngstr-m");
        check("***", "project");
    }
}
