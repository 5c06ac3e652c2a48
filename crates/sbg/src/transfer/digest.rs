//! Digests of files, computed or checked.

use std::fmt;
use std::fs::File;
use std::io;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::Md5;
use sha2::{Digest as _, Sha256};

use crate::error::{Error, Result};

/// The algorithm of a digest.
///
/// ```
/// use sbg::transfer::{Algorithm, Digest};
///
/// let digest: Digest = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad".parse()?;
/// assert_eq!(digest.algorithm(), Algorithm::Sha256);
/// # Ok::<(), sbg::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Algorithm {
    /// CRC-32C (Castagnoli). Every download computes it, at no cost.
    Crc32c,
    /// MD5, which many catalogues list. It detects accidents, not attacks.
    Md5,
    /// SHA-256.
    Sha256,
}

impl Algorithm {
    const ALL: [Self; 3] = [Self::Crc32c, Self::Md5, Self::Sha256];

    /// Name of the algorithm, as in `sha256`.
    ///
    /// ```
    /// assert_eq!(sbg::transfer::Algorithm::Md5.name(), "md5");
    /// ```
    pub fn name(self) -> &'static str {
        match self {
            Self::Crc32c => "crc32c",
            Self::Md5 => "md5",
            Self::Sha256 => "sha256",
        }
    }

    /// Number of bytes of a digest.
    fn length(self) -> usize {
        match self {
            Self::Crc32c => 4,
            Self::Md5 => 16,
            Self::Sha256 => 32,
        }
    }
}

/// A digest of a file.
///
/// ```
/// use sbg::transfer::{Algorithm, Digest};
///
/// let digest: Digest = "md5:900150983cd24fb0d6963f7d28e17f72".parse()?;
/// assert_eq!(digest.algorithm(), Algorithm::Md5);
/// assert_eq!(digest, Digest::new(Algorithm::Md5, "900150983CD24FB0D6963F7D28E17F72")?);
/// # Ok::<(), sbg::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Digest {
    algorithm: Algorithm,
    hex: String,
}

impl Digest {
    /// A digest from hexadecimal digits in any case.
    ///
    /// ```
    /// use sbg::transfer::{Algorithm, Digest};
    ///
    /// let digest = Digest::new(Algorithm::Md5, "900150983CD24FB0D6963F7D28E17F72")?;
    /// assert_eq!(digest.hex(), "900150983cd24fb0d6963f7d28e17f72");
    /// # Ok::<(), sbg::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if the number of digits does not fit the algorithm, or
    /// for a character that is not a hexadecimal digit.
    pub fn new(algorithm: Algorithm, hex: &str) -> Result<Self> {
        let digits = 2 * algorithm.length();
        if hex.len() != digits || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(Error::invalid(format!(
                "not a {} digest: `{hex}` (expected {digits} hexadecimal digits)",
                algorithm.name()
            )));
        }
        Ok(Self { algorithm, hex: hex.to_ascii_lowercase() })
    }

    /// The algorithm.
    ///
    /// ```
    /// use sbg::transfer::{Algorithm, Digest};
    ///
    /// let digest: Digest = "md5:900150983cd24fb0d6963f7d28e17f72".parse()?;
    /// assert_eq!(digest.algorithm(), Algorithm::Md5);
    /// # Ok::<(), sbg::Error>(())
    /// ```
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The digest in hexadecimal digits.
    ///
    /// ```
    /// let digest: sbg::transfer::Digest = "md5:900150983cd24fb0d6963f7d28e17f72".parse()?;
    /// assert_eq!(digest.hex(), "900150983cd24fb0d6963f7d28e17f72");
    /// # Ok::<(), sbg::Error>(())
    /// ```
    pub fn hex(&self) -> &str {
        &self.hex
    }

    /// A digest from bytes; `None` if their number does not fit the algorithm.
    fn from_bytes(algorithm: Algorithm, bytes: &[u8]) -> Option<Self> {
        (bytes.len() == algorithm.length()).then(|| Self::of_bytes(algorithm, bytes))
    }

    /// A digest from Base64; `None` if it does not fit the algorithm.
    pub(crate) fn of_base64(algorithm: Algorithm, text: &str) -> Option<Self> {
        Self::from_bytes(algorithm, &STANDARD.decode(text.trim()).ok()?)
    }

    fn of_bytes(algorithm: Algorithm, bytes: &[u8]) -> Self {
        Self { algorithm, hex: hex::encode(bytes) }
    }

    /// The CRC-32C, if it is one.
    pub(super) fn crc32c(&self) -> Option<u32> {
        (self.algorithm == Algorithm::Crc32c).then(|| u32::from_str_radix(&self.hex, 16).ok())?
    }

    pub(super) fn of_crc32c(crc32c: u32) -> Self {
        Self::of_bytes(Algorithm::Crc32c, &crc32c.to_be_bytes())
    }
}

/// A digest of a file that matched an expected one.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let done = client.file("567890abc9b0307bc0414164").download("reads.bam").await?;
/// for verified in &done.verified {
///     println!("{} is that of {:?}", verified.digest, verified.against);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VerifiedDigest {
    /// The digest of the file.
    pub digest: Digest,
    /// Where the expected digest came from.
    pub against: VerifiedAgainst,
}

/// Where an expected digest came from.
///
/// ```
/// use sbg::transfer::VerifiedAgainst;
///
/// let against = VerifiedAgainst::Storage;
/// assert_ne!(against, VerifiedAgainst::Expected);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum VerifiedAgainst {
    /// The caller, by [`Download::expect`](crate::transfer::Download::expect).
    Expected,
    /// The DRS server, which lists it for the object.
    DrsServer,
    /// The object storage, which sent it for the whole object: `x-goog-hash`, `x-amz-checksum-*` of type `FULL_OBJECT`,
    /// `x-ms-blob-content-md5`.
    Storage,
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.algorithm.name(), self.hex)
    }
}

impl FromStr for Digest {
    type Err = Error;

    /// Parses the form of [`Display`](fmt::Display), `algorithm:hex`.
    fn from_str(text: &str) -> Result<Self> {
        let (name, hex) = text.split_once(':').unwrap_or(("", text));
        let algorithm = Algorithm::ALL.into_iter().find(|algorithm| algorithm.name() == name);
        let unknown =
            || Error::invalid(format!("not a digest: `{text}` (expected crc32c:..., md5:... or sha256:...)"));
        Self::new(algorithm.ok_or_else(unknown)?, hex)
    }
}

/// Bytes that are read and hashed at once.
const BLOCK: usize = 1024 * 1024;

/// Computes these digests of a file in one pass. A large file takes a while, so `stopped` is polled.
pub(super) fn of_file(
    file: &File,
    algorithms: &[Algorithm],
    stopped: &dyn Fn() -> bool,
) -> io::Result<Vec<Digest>> {
    let wanted = |algorithm| algorithms.contains(&algorithm);
    let mut crc32c = wanted(Algorithm::Crc32c).then_some(0);
    let mut md5 = wanted(Algorithm::Md5).then(Md5::new);
    let mut sha256 = wanted(Algorithm::Sha256).then(Sha256::new);
    let mut block = vec![0; BLOCK];
    let mut at = 0;
    loop {
        if stopped() {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let count = super::local::pread::read_at(file, &mut block, at)?;
        if count == 0 {
            break;
        }
        let bytes = &block[..count];
        crc32c = crc32c.map(|crc| crc32c::crc32c_append(crc, bytes));
        if let Some(md5) = &mut md5 {
            md5.update(bytes);
        }
        if let Some(sha256) = &mut sha256 {
            sha256.update(bytes);
        }
        at += count as u64;
    }
    let digests = [
        crc32c.map(Digest::of_crc32c),
        md5.map(|md5| Digest::of_bytes(Algorithm::Md5, &md5.finalize())),
        sha256.map(|sha256| Digest::of_bytes(Algorithm::Sha256, &sha256.finalize())),
    ];
    Ok(digests.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_digests_match_known_values() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "abc").unwrap();
        let digests = of_file(&File::open(path).unwrap(), &Algorithm::ALL, &|| false).unwrap();
        let shown: Vec<_> = digests.iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            [
                "crc32c:364b3fb7",
                "md5:900150983cd24fb0d6963f7d28e17f72",
                "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            ]
        );
    }

    #[test]
    fn digest_stops_when_cancelled() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, vec![0; 3 * BLOCK]).unwrap();
        let looks = std::cell::Cell::new(0);
        let stopped = || looks.replace(looks.get() + 1) == 2;
        let given_up = of_file(&File::open(path).unwrap(), &Algorithm::ALL, &stopped);
        assert_eq!(given_up.unwrap_err().kind(), io::ErrorKind::Interrupted);
    }

    #[test]
    fn invalid_digest_text_is_rejected() {
        for text in
            ["", "md5", "md5:", "md5:90", "sha1:00", "crc32c:0000000g", "900150983cd24fb0d6963f7d28e17f72"]
        {
            assert!(text.parse::<Digest>().is_err(), "{text}");
        }
    }
}
