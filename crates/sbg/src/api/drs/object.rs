//! Objects of the Data Repository Service, on the platform's servers and on others.

use std::sync::Arc;

use http::Method;
use sbg_raw::Operation;
use sbg_raw::ga4gh_drs::ClientGa4ghDrsExt as _;
use sbg_raw::ga4gh_drs::types::{AccessMethod, AccessUrl, DrsObject, ServiceInfo};
use serde::Deserialize;
use url::Url;

use super::access::{self, DrsAccess};
use super::uri::DrsUri;
use crate::client::Client;
use crate::error::{Error, ErrorKind, Result, excerpt};
use crate::request::call::Get;

/// What the path of an object begins with, in the URLs of registries.
const OBJECTS: &str = "/ga4gh/drs/v1/objects/";

impl Client {
    /// The Data Repository Service (DRS) of the GA4GH.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let info = client.drs().service_info("cgc-ga4gh-api.sbgenomics.com").await?;
    /// println!("{:?}", info.name);
    /// # Ok(())
    /// # }
    /// ```
    pub fn drs(&self) -> Drs {
        Drs { client: self.clone() }
    }

    /// The DRS object with this URI: `drs://host/id`, or a compact identifier, `drs://prefix:accession`. An invalid URI fails when a call
    /// is made. See [`DrsObjectHandle`].
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// client.drs_object("drs://caninedc.org/b-form").download("b-form.bam").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn drs_object(&self, uri: impl Into<String>) -> DrsObjectHandle {
        DrsObjectHandle { client: self.clone(), uri: uri.into().into() }
    }
}

/// The Data Repository Service (DRS) of the GA4GH.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let location = client.drs().resolve("drs://dg.4503:b-form").await?;
/// println!("{} on {}", location.id, location.host);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Drs {
    client: Client,
}

impl Drs {
    /// Gets who runs the DRS server on a host, and its version.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let info = client.drs().service_info("caninedc.org").await?;
    /// println!("{:?} {:?}", info.name, info.version);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn service_info(&self, host: impl Into<String>) -> Get<ServiceInfo> {
        let host = host.into();
        Get::whole(&self.client, "DRS servers", move |client| async move {
            let base = client.drs_servers().base(&host)?;
            Ok(client.drs_at(&base).drs_service_info().send().await?.into_inner())
        })
    }

    /// Finds the server and the id of a URI. Only a compact identifier with a prefix that [`DrsHosts`](super::DrsHosts) does not have needs
    /// a request, to the registry.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let location = client.drs().resolve("drs://dg.4503:b-form").await?;
    /// assert_eq!(location.host, "gen3.biodatacatalyst.nhlbi.nih.gov");
    /// assert!(!location.gets_token);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] for an invalid URI, or a prefix that is unknown while there is no registry;
    /// [`ErrorKind::NotFound`] if the registry does not know the prefix, or knows no DRS server for it; or the error of the call.
    pub async fn resolve(&self, uri: impl AsRef<str>) -> Result<DrsLocation> {
        resolve(&self.client, uri.as_ref()).await
    }
}

/// Where a DRS object is.
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let location = client.drs().resolve("drs://caninedc.org/b-form").await?;
/// assert_eq!((&*location.host, &*location.id), ("caninedc.org", "b-form"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DrsLocation {
    /// Host of the server, with its port if that is not the default.
    pub host: String,
    /// Id of the object on the server.
    pub id: String,
    /// Whether the server is one of the platform, which gets the token.
    pub gets_token: bool,
    base: Url,
}

impl DrsLocation {
    fn new(client: &Client, host: &str, id: String) -> Result<Self> {
        let base = client.drs_servers().base(host)?;
        let name = base.host_str().unwrap_or_default();
        let host = base.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"));
        Ok(Self { host, id, gets_token: client.drs_servers().is_own(&base), base })
    }

    /// The URI by host of the object.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let location = client.drs().resolve("drs://dg.4503:b-form").await?;
    /// assert_eq!(location.uri().to_string(), "drs://gen3.biodatacatalyst.nhlbi.nih.gov/b-form");
    /// # Ok(())
    /// # }
    /// ```
    pub fn uri(&self) -> DrsUri {
        DrsUri::Host { host: self.host.clone(), id: self.id.clone() }
    }
}

async fn resolve(client: &Client, uri: &str) -> Result<DrsLocation> {
    let uri: DrsUri = uri.parse()?;
    let hosts = &client.drs_servers().hosts;
    match uri {
        // Some write compact identifiers with a slash: `drs://dg.4503/b-form`.
        DrsUri::Host { host, id } => DrsLocation::new(client, hosts.of_prefix(&host).unwrap_or(&host), id),
        DrsUri::Compact { prefix, accession } => match (hosts.of_prefix(&prefix), hosts.registry()) {
            (Some(host), _) => DrsLocation::new(client, host, accession),
            (None, Some(registry)) => {
                let found = ask_registry(client, registry, &prefix, &accession).await?;
                DrsLocation::new(client, &found.0, found.1)
            }
            (None, None) => Err(Error::invalid(format!("no DRS server is known for the prefix `{prefix}`"))
                .with_hint("name one with `DrsHosts::prefix`, or a registry with `DrsHosts::resolver`")),
        },
    }
}

/// The response of a registry, in the form of identifiers.org.
#[derive(Debug, Deserialize)]
struct Resolved {
    payload: Option<Payload>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    #[serde(default)]
    resolved_resources: Vec<Resource>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Resource {
    compact_identifier_resolved_url: Option<String>,
    #[serde(default)]
    official: bool,
}

/// The host and id that a registry gives for a compact identifier.
async fn ask_registry(
    client: &Client,
    registry: &str,
    prefix: &str,
    accession: &str,
) -> Result<(String, String)> {
    let invalid = || Error::invalid(format!("`{registry}` is not the URL of a registry"));
    let mut url = Url::parse(registry).map_err(|_| invalid())?;
    if url.scheme() != "https" && !client.drs_servers().allows_http() {
        return Err(invalid().with_hint("it must begin with `https://`"));
    }
    let name = format!("{prefix}:{accession}");
    url.path_segments_mut().map_err(|()| invalid())?.pop_if_empty().extend(name.split('/'));
    let request = reqwest::Request::new(Method::GET, url.clone());
    let response =
        client.drs_pipeline(&url).run(request, Operation::of_request("GET", "/registry/{}")).await?;
    let unreadable = |error: serde_json::Error| {
        Error::new(
            ErrorKind::UnexpectedResponse,
            format!("the registry returned an unexpected response: {}", excerpt(response.body())),
        )
        .with_source(error)
    };
    let resolved: Resolved = serde_json::from_slice(response.body()).map_err(unreadable)?;
    let mut resources = resolved.payload.map(|payload| payload.resolved_resources).unwrap_or_default();
    resources.sort_by_key(|resource| !resource.official);
    let found =
        resources.iter().find_map(|resource| of_url(resource.compact_identifier_resolved_url.as_deref()?));
    found.ok_or_else(|| {
        let message = format!("the registry knows no DRS server for `drs://{name}`");
        Error::new(ErrorKind::NotFound, message).with_hint("name the server with `DrsHosts::prefix`")
    })
}

/// The host and id in the URL of a DRS object.
fn of_url(text: &str) -> Option<(String, String)> {
    let (before, id) = text.split_once(OBJECTS)?;
    let host = before.split_once("://")?.1;
    match format!("drs://{host}/{id}").parse() {
        Ok(DrsUri::Host { host, id }) => Some((host, id)),
        _ => None,
    }
}

/// An object of the Data Repository Service. Creating it sends nothing.
///
/// - The token goes only to the platform's own DRS servers (see [`DrsHosts`](super::DrsHosts)); servers of others serve what they show to
///   anyone.
/// - Servers are reached by https only. If the API itself has no TLS, such as an emulator, servers on this machine need none either.
/// - The platform's rate limit does not hold for DRS servers; each has its own limit of parallel requests. Error handlers are those of the
///   [builder](crate::ClientBuilder::error_handler).
///
/// ```no_run
/// # async fn example(client: sbg::Client) -> sbg::Result<()> {
/// let object = client.drs_object("drs://caninedc.org/b-form");
/// println!("{:?} bytes", object.get().await?.size);
/// let done = object.download("b-form.bam").await?;
/// println!("verified: {:?}", done.verified);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct DrsObjectHandle {
    client: Client,
    uri: Arc<str>,
}

impl DrsObjectHandle {
    /// The URI as given.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// assert_eq!(client.drs_object("drs://caninedc.org/b-form").uri(), "drs://caninedc.org/b-form");
    /// # }
    /// ```
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// Gets the object: its size, checksums and access methods, or the contents of a bundle.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let object = client.drs_object("drs://caninedc.org/b-form").get().await?;
    /// for sum in object.checksums.unwrap_or_default() {
    ///     println!("{:?} {:?}", sum.type_, sum.checksum);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn get(&self) -> Get<DrsObject> {
        let uri = self.uri.clone();
        Get::whole(&self.client, "DRS objects", move |client| async move {
            let location = resolve(&client, &uri).await?;
            get(&client, &location).await
        })
    }

    /// Gets a URL of the bytes, signed for a limited time by most servers.
    ///
    /// The access methods of the object are tried in this order: https, then those of storages (`s3`, `gs`) for which the server signs a
    /// URL.
    ///
    /// ```no_run
    /// # async fn example(client: sbg::Client) -> sbg::Result<()> {
    /// let access = client.drs_object("drs://caninedc.org/b-form").access().await?;
    /// println!("{}", access.url.expose());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoAccessMethod`] if no access method leads to an https URL, as for a bundle; or the error of the call.
    pub async fn access(&self) -> Result<DrsAccess> {
        let location = resolve(&self.client, &self.uri).await?;
        let object = get(&self.client, &location).await?;
        self.access_of(&location, &object).await
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// The same handle for work on the threads of the transfer engine.
    #[cfg(feature = "transfer")]
    pub(crate) fn on_engine(&self) -> Self {
        Self { client: self.client.on_engine(), uri: self.uri.clone() }
    }

    /// The location and the object.
    pub(crate) async fn find(&self) -> Result<(DrsLocation, DrsObject)> {
        let location = resolve(&self.client, &self.uri).await?;
        let object = get(&self.client, &location).await?;
        Ok((location, object))
    }

    /// A URL of the bytes of `object`. If the server refuses one access method, the next one is tried.
    pub(crate) async fn access_of(&self, location: &DrsLocation, object: &DrsObject) -> Result<DrsAccess> {
        let mut first = None;
        for method in access::candidates(object, &self.uri)? {
            match self.try_method(location, method).await {
                Ok(access) => return Ok(access),
                Err(error) => {
                    tracing::debug!(uri = %self.uri, method = ?method.type_, %error, "an access method of a DRS object fails");
                    // A failure that may pass is more useful to the caller than the form of another URL.
                    first = first
                        .filter(|first: &Error| first.is_transient() || !error.is_transient())
                        .or(Some(error));
                }
            }
        }
        Err(first.unwrap_or_else(Error::cancelled))
    }

    async fn try_method(&self, location: &DrsLocation, method: &AccessMethod) -> Result<DrsAccess> {
        let url: AccessUrl = match (&method.access_id, &method.access_url) {
            (Some(id), _) => {
                let server = self.client.drs_at(&location.base);
                let call = server.drs_access_get();
                call.object_id(&*location.id).access_id(checked_id(id)?).send().await?.into_inner()
            }
            (None, Some(url)) => url.clone(),
            (None, None) => return Err(Error::cancelled()),
        };
        DrsAccess::new(method, url, self.client.drs_servers().allows_http())
    }
}

/// An id of an access method, which becomes a segment of a path.
fn checked_id(id: &str) -> Result<&str> {
    if matches!(id, "" | "." | "..") {
        return Err(Error::new(
            ErrorKind::UnexpectedResponse,
            format!("the access method has the id `{id}`"),
        ));
    }
    Ok(id)
}

async fn get(client: &Client, location: &DrsLocation) -> Result<DrsObject> {
    Ok(client.drs_at(&location.base).drs_object_get().object_id(&*location.id).send().await?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_registries_give_host_and_id() {
        let check = |url: &str, expected: Option<(&str, &str)>| {
            let found = of_url(url);
            assert_eq!(found.as_ref().map(|(host, id)| (&**host, &**id)), expected, "{url}");
        };
        check("https://caninedc.org/ga4gh/drs/v1/objects/b-form", Some(("caninedc.org", "b-form")));
        check("https://caninedc.org/ga4gh/drs/v1/objects/dg.1%2Fb", Some(("caninedc.org", "dg.1/b")));
        check("https://caninedc.org/index.html?id=b-form", None);
        check("https://user@caninedc.org/ga4gh/drs/v1/objects/b-form", None);
        check("https://caninedc.org/ga4gh/drs/v1/objects/", None);
    }
}
