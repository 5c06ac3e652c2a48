//! A stable split of files over several machines.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

use crate::error::{Error, Result};

/// One part of a set of files that several machines share: each path belongs to exactly one part.
///
/// The part of a path depends on the path and the number of parts alone, so machines need not talk to each other, and a file that is new
/// or gone moves no other file to another part. Machines that share a token also share its rate limit.
///
/// ```
/// use sbg::transfer::Shard;
///
/// let shards: Vec<_> = (0..4).map(|index| Shard::new(index, 4)).collect::<sbg::Result<_>>()?;
/// assert_eq!(shards.iter().filter(|shard| shard.has("reads/51.fastq")).count(), 1);
/// # Ok::<(), sbg::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Shard {
    index: u32,
    count: u32,
}

impl Shard {
    /// Part `index`, from 0, of `count` parts.
    ///
    /// ```
    /// use sbg::transfer::Shard;
    ///
    /// assert_eq!(Shard::new(0, 4)?.to_string(), "1/4");
    /// assert!(Shard::new(4, 4).is_err());
    /// # Ok::<(), sbg::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) unless `index` is less than `count`.
    pub fn new(index: u32, count: u32) -> Result<Self> {
        if index >= count {
            return Err(Error::invalid(format!("there is no part {index} of {count} parts: count from 0")));
        }
        Ok(Self { index, count })
    }

    /// Whether the file or folder of this path belongs to the part.
    ///
    /// ```
    /// use sbg::transfer::Shard;
    ///
    /// assert!(Shard::new(0, 1)?.has("reads/51.fastq"));
    /// # Ok::<(), sbg::Error>(())
    /// ```
    pub fn has(&self, path: &str) -> bool {
        let hash = Sha256::digest(path);
        let start = hash.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        start % u64::from(self.count) == u64::from(self.index)
    }
}

/// Counts from 1, as in `1/4`.
impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", u64::from(self.index) + 1, self.count)
    }
}

/// Reads `1/4`, which counts from 1.
impl FromStr for Shard {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let invalid = || Error::invalid("not a part of a set of files: write `1/4` for the first of four");
        let (number, count) = text.split_once('/').ok_or_else(invalid)?;
        let number: u32 = number.trim().parse().map_err(|_| invalid())?;
        let count = count.trim().parse().map_err(|_| invalid())?;
        Self::new(number.checked_sub(1).ok_or_else(invalid)?, count).map_err(|_| invalid())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_path_has_one_shard() {
        for count in [1, 2, 3, 7] {
            let mut sizes = vec![0_u32; 7];
            for number in 0..7_000 {
                let path = format!("lane-{}/{number}.fastq", number % 10);
                let of: Vec<_> =
                    (0..count).filter(|index| Shard { index: *index, count }.has(&path)).collect();
                assert_eq!(of.len(), 1, "{path}");
                sizes[of[0] as usize] += 1;
            }
            let even = 7_000 / count;
            let parts = &sizes[..count as usize];
            assert!(parts.iter().all(|size| size.abs_diff(even) < even / 5), "{sizes:?}");
        }
    }

    #[test]
    fn shard_of_a_path_never_changes() {
        // A new version must agree with machines that run an older one.
        let shard = |path: &str| (0..5).find(|index| Shard { index: *index, count: 5 }.has(path));
        let expected = [("", Some(2)), ("a", Some(0)), ("reads/51.fastq", Some(0)), ("\u{e9}", Some(1))];
        assert_eq!(expected.map(|(path, _)| (path, shard(path))), expected);
    }

    #[test]
    fn text_of_a_shard_counts_from_one() {
        let check = |text: &str, expected: Option<(u32, u32)>| {
            let found = text.parse::<Shard>().ok().map(|shard| (shard.index, shard.count));
            assert_eq!(found, expected, "{text}");
        };
        check("1/4", Some((0, 4)));
        check("4/4", Some((3, 4)));
        for wrong in ["0/4", "5/4", "1/0", "1", "-1/4", "a/b", ""] {
            check(wrong, None);
        }
    }
}
