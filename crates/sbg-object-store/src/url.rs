//! URLs of the form `sbg://owner/project/path`.

use object_store::path::Path;
use url::Url;

use crate::SbgStore;

impl SbgStore {
    /// The owner and the path in a URL of the form `sbg://owner/project/path`; the path begins with the project, as the paths of
    /// [`SbgStore::owner`].
    ///
    /// ```
    /// use sbg_object_store::SbgStore;
    ///
    /// let url = "sbg://rfranklin/fibre-diffraction/tables/samples.parquet".parse()?;
    /// let (owner, path) = SbgStore::parse_url(&url)?;
    /// assert_eq!((owner.as_str(), path.as_ref()), ("rfranklin", "fibre-diffraction/tables/samples.parquet"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Another scheme, a URL without owner, or an invalid path.
    pub fn parse_url(url: &Url) -> object_store::Result<(String, Path)> {
        let wrong =
            || crate::error::generic(format!("not a URL of the form `sbg://owner/project/path`: `{url}`"));
        let owner =
            url.host_str().filter(|owner| url.scheme() == "sbg" && !owner.is_empty()).ok_or_else(wrong)?;
        let plain = url.username().is_empty() && url.password().is_none() && url.port().is_none();
        if !plain || url.query().is_some() || url.fragment().is_some() {
            return Err(wrong());
        }
        Ok((owner.to_owned(), Path::from_url_path(url.path())?))
    }
}

/// The URL that the files of an owner are below.
pub(crate) fn of_owner(owner: &str) -> Option<Url> {
    Url::parse(&format!("sbg://{owner}/")).ok().filter(|url| url.host_str() == Some(owner))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_urls_of_the_platform_are_parsed() {
        let check = |url: &str, expected: Option<(&str, &str)>| {
            let parsed = SbgStore::parse_url(&url.parse().unwrap()).ok();
            assert_eq!(
                parsed.as_ref().map(|(owner, path)| (owner.as_str(), path.as_ref())),
                expected,
                "{url}"
            );
        };
        check("sbg://lab/demo/a%20b/c.bam", Some(("lab", "demo/a b/c.bam")));
        check("sbg://lab-2/demo", Some(("lab-2", "demo")));
        check("sbg://lab", Some(("lab", "")));
        check("s3://lab/demo", None);
        check("sbg:///demo", None);
        check("sbg://user:secret@lab/demo", None);
        check("sbg://lab:80/demo", None);
        check("sbg://lab/demo?version=1", None);
        assert_eq!(of_owner("lab").unwrap().as_str(), "sbg://lab/");
        assert_eq!(of_owner("a b"), None);
        assert_eq!(of_owner("a/b"), None);
    }
}
