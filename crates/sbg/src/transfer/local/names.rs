//! Names of the files that belong to a transfer. They fit the file system however long the target's name is.

use std::ffi::{OsStr, OsString};

use sha2::{Digest as _, Sha256};

/// Suffix of a partial file. No other program uses it, so no file of the user is taken for one.
const PART: &str = ".sbg-part";

/// Suffix of its journal.
const JOURNAL: &str = ".sbg-part.journal";

/// Suffix of a journal that is still being written.
pub(in crate::transfer) const NEW: &str = ".new";

/// Longest file name in bytes that nearly every file system supports.
pub(in crate::transfer) const LONGEST: usize = 255;

/// No known file system has a shorter limit.
const SHORTEST_LIMIT: usize = 143;

/// Names of a partial file and of its journal.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::transfer) struct PartNames {
    pub(in crate::transfer) part: OsString,
    pub(in crate::transfer) journal: OsString,
}

impl PartNames {
    /// The names for a file of this name. In long names a hash replaces the end, so that they fit into `longest` bytes with every suffix.
    /// `longest` is called only if it may matter.
    pub(in crate::transfer) fn of(name: &OsStr, longest: impl FnOnce() -> usize) -> Self {
        let suffixes = JOURNAL.len() + NEW.len();
        let room = if name.len() + suffixes <= SHORTEST_LIMIT { name.len() } else { longest() - suffixes };
        let stem = if name.len() <= room {
            name.to_owned()
        } else {
            shortened(&name.to_string_lossy(), name.as_encoded_bytes(), room).into()
        };
        let with = |suffix: &str| {
            let mut name = stem.clone();
            name.push(suffix);
            name
        };
        Self { part: with(PART), journal: with(JOURNAL) }
    }
}

/// Whether a file of this name could be mistaken for a partial file or its journal. Case is ignored, as some file systems do.
pub(in crate::transfer) fn is_reserved(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let name = name.strip_suffix(NEW).unwrap_or(&name);
    name.ends_with(PART) || name.ends_with(JOURNAL)
}

/// The name with a number, as in `reads (2).bam`. In long names a hash replaces the end of the stem.
pub(in crate::transfer) fn numbered<'n>(name: &'n str, number: u32) -> String {
    /// Longer suffixes do not count as extensions.
    const LONGEST_EXTENSIONS: usize = 64;

    let number = format!(" ({number})");
    // A name such as `.profile` has no stem to append the number to.
    let split = |(stem, extensions): (&'n str, &str)| -> Option<(&'n str, String)> {
        let fits = name.len() + number.len() <= LONGEST || extensions.len() <= LONGEST_EXTENSIONS;
        (fits && !stem.is_empty()).then(|| (stem, format!(".{extensions}")))
    };
    let (stem, extensions) = name
        .split_once('.')
        .and_then(split)
        .or_else(|| name.rsplit_once('.').filter(|_| name.len() + number.len() > LONGEST).and_then(split))
        .unwrap_or((name, String::new()));
    let room = LONGEST.saturating_sub(number.len() + extensions.len());
    if stem.len() <= room {
        return format!("{stem}{number}{extensions}");
    }
    format!("{}{number}{extensions}", shortened(stem, name.as_bytes(), room))
}

/// The start of a text and a hash of `whole`, which distinguishes texts that start alike, in at most `room` bytes.
fn shortened(text: &str, whole: &[u8], room: usize) -> String {
    let hash = format!("~{}", hex::encode(&Sha256::digest(whole)[..8]));
    let mut end = room.saturating_sub(hash.len()).min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{hash}", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(name: &str, longest: usize) -> (String, String) {
        let PartNames { part, journal } = PartNames::of(OsStr::new(name), || longest);
        (part.into_string().unwrap(), journal.into_string().unwrap())
    }

    #[test]
    fn reserved_names_match_in_any_case() {
        for name in ["x.sbg-part", "x.sbg-part.journal", "x.sbg-part.journal.new", "X.SBG-PART", ".sbg-part"]
        {
            assert!(is_reserved(name), "{name}");
        }
        for name in ["x.part", "x.part.journal", "x.sbg-part.bam", "sbg-part", "x.journal.new"] {
            assert!(!is_reserved(name), "{name}");
        }
    }

    #[test]
    fn partial_file_names_fit_the_limit() {
        for length in 1..=255 {
            for longest in [143, 255] {
                for letter in ["a", "é", "\u{1f9ec}"] {
                    let name = letter.repeat(length / letter.len());
                    let (part, journal) = names(&name, longest);
                    assert!(part.len() < journal.len() && journal.len() + NEW.len() <= longest.max(length));
                    assert!(is_reserved(&part) && is_reserved(&journal));
                    let is_short = name.len() + JOURNAL.len() + NEW.len() <= longest;
                    assert_eq!(part == format!("{name}.sbg-part"), is_short, "{name}");
                }
            }
        }
    }

    #[test]
    fn similar_long_names_stay_distinct() {
        let name = |end: &str| format!("{}{end}", "a".repeat(250));
        assert_ne!(names(&name("b"), 255), names(&name("c"), 255));
        assert_eq!(names(&name("b"), 255), names(&name("b"), 255));
        assert_ne!(numbered(&name("b"), 2), numbered(&name("c"), 2));
    }

    #[test]
    fn number_goes_before_the_extension() {
        let check = |name: &str, expected: &str| assert_eq!(numbered(name, 2), expected);
        check("reads.bam", "reads (2).bam");
        check("reads.fastq.gz", "reads (2).fastq.gz");
        check("README", "README (2)");
        check(".profile", ".profile (2)");
    }

    #[test]
    fn numbered_names_fit_the_limit() {
        for (stem, extensions) in [(251, ".bam"), (246, ".fastq.gz"), (255, ""), (254, "."), (1, ".")] {
            let name = format!("{}{extensions}", "a".repeat(stem));
            for number in [2, 1000, u32::MAX] {
                let numbered = numbered(&name, number);
                assert!(numbered.len() <= LONGEST, "{numbered}");
                assert!(numbered.ends_with(&format!(" ({number}){extensions}")), "{numbered}");
            }
        }
        let early_dot = format!("a.{}.vcf", "b".repeat(248));
        assert!(numbered(&early_dot, 2).ends_with(" (2).vcf"));
        assert!(numbered(&early_dot, 2).len() <= LONGEST);
        let no_extension = format!("a.{}", "b".repeat(253));
        assert!(numbered(&no_extension, 2).ends_with(" (2)"));
    }
}
