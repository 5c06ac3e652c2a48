//! Signed URLs: valid for one method and one object until a point in time.

use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use url::form_urlencoded;

/// Characters that are not escaped in the path of a signed URL.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// Why a URL is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignatureError {
    /// No signature, or one for another method or object.
    Invalid,
    /// The signature has expired.
    Expired,
}

/// Signs and verifies URLs with a random key.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Signer {
    key: [u8; 32],
}

impl Default for Signer {
    fn default() -> Self {
        let mut key = [0; 32];
        fastrand::fill(&mut key);
        Self { key }
    }
}

impl Signer {
    /// Path and query of a signed URL.
    pub(crate) fn sign(&self, method: &str, path: &str, expires: i64) -> String {
        let path = utf8_percent_encode(path, PATH);
        let signature = hex::encode(self.mac(method, &path.to_string(), expires).finalize().into_bytes());
        format!("{path}?Expires={expires}&X-Method={method}&X-Signature={signature}")
    }

    /// Checks the path and query of a request.
    pub(crate) fn check(
        &self,
        method: &str,
        path: &str,
        query: &str,
        now: i64,
    ) -> Result<(), SignatureError> {
        let value = |name: &str| {
            form_urlencoded::parse(query.as_bytes())
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.into_owned())
        };
        let expires =
            value("Expires").and_then(|text| text.parse::<i64>().ok()).ok_or(SignatureError::Invalid)?;
        let signature =
            value("X-Signature").and_then(|text| hex::decode(&*text).ok()).ok_or(SignatureError::Invalid)?;
        // The comparison takes constant time.
        self.mac(method, path, expires).verify_slice(&signature).map_err(|_| SignatureError::Invalid)?;
        if now >= expires { Err(SignatureError::Expired) } else { Ok(()) }
    }

    fn mac(&self, method: &str, path: &str, expires: i64) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes a key of any length");
        mac.update(format!("{method}\n{path}\n{expires}").as_bytes());
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signature_covers_method_path_and_expiry() {
        let signer = Signer::default();
        let url = signer.sign("GET", "/main/a b", 1000);
        let (path, query) = url.split_once('?').unwrap();
        assert_eq!(path, "/main/a%20b");
        assert_eq!(signer.check("GET", path, query, 999), Ok(()));
        assert_eq!(signer.check("GET", path, query, 1000), Err(SignatureError::Expired));
        assert_eq!(signer.check("HEAD", path, query, 999), Err(SignatureError::Invalid));
        assert_eq!(signer.check("GET", "/main/other", query, 999), Err(SignatureError::Invalid));
        let longer = query.replace("Expires=1000", "Expires=2000");
        assert_eq!(signer.check("GET", path, &longer, 999), Err(SignatureError::Invalid));
        assert_eq!(signer.check("GET", path, "", 999), Err(SignatureError::Invalid));
        assert_eq!(
            signer.check("GET", path, "Expires=1&X-Signature=\u{e9}a", 0),
            Err(SignatureError::Invalid)
        );
        assert_eq!(Signer::default().check("GET", path, query, 999), Err(SignatureError::Invalid));
    }
}
