//! Creates markers.

use sbg_raw::ClientMarkersExt as _;

use crate::client::Client;
use crate::error::{Error, Result};
use crate::ids::check_segment;
use crate::raw::types as bodies;
use crate::request::call::awaitable;
use crate::types;

/// A marker to create.
///
/// ```no_run
/// # async fn example(client: sbg::Client, bam: sbg::types::File) -> sbg::Result<()> {
/// let create = client.markers().create(bam.id, "TP53", "chr17", 7_668_402, 7_687_550);
/// println!("{}", create.private(false).await?.id);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct MarkerCreate {
    pub(super) client: Client,
    pub(super) file: String,
    pub(super) name: String,
    pub(super) chromosome: String,
    pub(super) bounds: (u64, u64),
    pub(super) private: Option<bool>,
}

impl MarkerCreate {
    /// Whether only the caller sees the marker. The platform's default is not documented; the official Python client sends `true`.
    ///
    /// ```
    /// # fn example(client: sbg::Client, bam: sbg::types::File) {
    /// let create = client.markers().create(bam.id, "TP53", "chr17", 7_668_402, 7_687_550).private(false);
    /// # }
    /// ```
    pub fn private(mut self, private: bool) -> Self {
        self.private = Some(private);
        self
    }

    /// Sends the call. The same as `.await`.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client, bam: sbg::types::File) -> sbg::Result<()> {
    /// let marker = client.markers().create(bam.id, "TP53", "chr17", 7_668_402, 7_687_550).send().await?;
    /// println!("{} by {:?}", marker.id, marker.created_by);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Refused before any request: an invalid file id, an empty name or chromosome, or an end before the start. Otherwise the error of
    /// the call.
    pub async fn send(self) -> Result<types::Marker> {
        check_segment("file id", &self.file)?;
        check_texts(Some(&self.name), Some(&self.chromosome))?;
        let (start, end) = (position(self.bounds.0)?, position(self.bounds.1)?);
        check_bounds(Some(start), Some(end))?;
        let body = bodies::MarkerCreate {
            file: self.file,
            name: self.name,
            chromosome: self.chromosome,
            position: types::MarkerPositionCreate { start, end },
            private: self.private,
        };
        Ok(self.client.raw().marker_create().body(body).send().await?.into_inner())
    }
}

awaitable!(MarkerCreate => types::Marker, client);

pub(super) fn check_texts(name: Option<&str>, chromosome: Option<&str>) -> Result<()> {
    for (what, text) in [("name", name), ("chromosome", chromosome)] {
        if text.is_some_and(|text| text.trim().is_empty()) {
            return Err(Error::invalid(format!("the {what} of the marker is empty")));
        }
    }
    Ok(())
}

pub(super) fn position(given: u64) -> Result<i64> {
    i64::try_from(given)
        .map_err(|_| Error::invalid(format!("invalid position {given}: it is too large for a chromosome")))
}

pub(super) fn check_bounds(start: Option<i64>, end: Option<i64>) -> Result<()> {
    match (start, end) {
        (Some(start), Some(end)) if start > end => Err(Error::invalid(format!(
            "the marker ends before it starts: its start is {start}, its end is {end}"
        ))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marker_cannot_end_before_it_starts() {
        assert!(check_bounds(Some(3), Some(3)).is_ok() && check_bounds(Some(3), None).is_ok());
        assert_eq!(
            check_bounds(Some(3), Some(2)).unwrap_err().to_string(),
            "the marker ends before it starts: its start is 3, its end is 2"
        );
        assert!(position(u64::MAX).is_err());
        assert_eq!(
            check_texts(Some("x"), Some(" ")).unwrap_err().to_string(),
            "the chromosome of the marker is empty"
        );
    }
}
