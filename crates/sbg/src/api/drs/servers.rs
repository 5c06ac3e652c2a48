//! The DRS servers: how calls reach them, and which of them get the token.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use parking_lot::Mutex;
use sbg_raw::{ClientInfo as _, Inner, ga4gh_drs};
use url::{Origin, Url};

use super::hosts::DrsHosts;
use crate::client::Client;
use crate::config::Endpoint;
use crate::error::{Error, Result};
use crate::ids::excerpt;
use crate::pipeline::{Attempt, Decision, ErrorHandler, Pipeline, Policy, Response, retry_after};

/// Path of the service on its host.
const PATH: &str = "/ga4gh/drs/v1";

/// The DRS servers of a client. Each has limits of its own; the rate limit of the platform does not hold for it.
#[derive(Debug)]
pub(crate) struct DrsServers {
    pub(super) hosts: DrsHosts,
    api: Url,
    own: Vec<Origin>,
    platform: Arc<Policy>,
    policies: Mutex<HashMap<Origin, Arc<Policy>>>,
}

impl DrsServers {
    /// Servers beside the platform at `endpoint`, whose calls follow `platform`.
    pub(crate) fn new(endpoint: &Endpoint, hosts: DrsHosts, platform: Arc<Policy>) -> Result<Self> {
        let own = hosts.own_of(endpoint);
        let mut servers =
            Self { hosts, api: endpoint.url(), own: Vec::new(), platform, policies: Mutex::default() };
        servers.own = own.iter().map(|host| Ok(servers.base(host)?.origin())).collect::<Result<_>>()?;
        Ok(servers)
    }

    /// The base URL of the service on a host, `host` or `host:port`. It is https, except that a platform without TLS, such as an
    /// emulator, may use servers on the same host or on this machine.
    pub(super) fn base(&self, host: &str) -> Result<Url> {
        let invalid = || Error::invalid(format!("`{}` is not the host of a DRS server", excerpt(host, 80)));
        let parse = |scheme: &str| Url::parse(&format!("{scheme}://{host}{PATH}"));
        let url = parse("https").map_err(|_| invalid())?;
        if !url.username().is_empty()
            || url.password().is_some()
            || url.path() != PATH
            || url.query().is_some()
        {
            return Err(invalid());
        }
        let is_loopback = match url.host() {
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            Some(url::Host::Domain(name)) => name == "localhost",
            None => return Err(invalid()),
        };
        let plain = self.api.scheme() == "http" && (is_loopback || url.host() == self.api.host());
        if plain { parse("http").map_err(|_| invalid()) } else { Ok(url) }
    }

    /// Whether URLs without TLS are allowed, as those of the platform itself.
    pub(super) fn allows_http(&self) -> bool {
        self.api.scheme() == "http"
    }

    /// Whether the server gets the token.
    pub(super) fn is_own(&self, base: &Url) -> bool {
        self.own.contains(&base.origin())
    }

    fn policy(&self, base: &Url) -> Arc<Policy> {
        let mut policies = self.policies.lock();
        let new =
            || Arc::new(self.platform.for_server(base.clone(), self.is_own(base), Arc::new(StagingSleeper)));
        policies.entry(base.origin()).or_insert_with(new).clone()
    }
}

impl Client {
    /// The pipeline to the server at `base`.
    pub(super) fn drs_pipeline(&self, base: &Url) -> Pipeline {
        let http = self.raw().client().clone();
        Pipeline { policy: self.drs_servers().policy(base), http, options: self.pipeline().options.clone() }
    }

    /// The generated client of the DRS server at `base`.
    pub(super) fn drs_at(&self, base: &Url) -> ga4gh_drs::Client {
        let pipeline = self.drs_pipeline(base);
        let http = pipeline.http.clone();
        ga4gh_drs::Client::new_with_client(base.as_str(), http, Inner(Arc::new(pipeline)))
    }
}

/// Waits while a server stages an object: status 202, mostly with `Retry-After`. Without it the waits grow by a second each.
#[derive(Debug)]
struct StagingSleeper;

impl StagingSleeper {
    const LONGEST_WAIT: u32 = 30;
    const LONGEST: Duration = Duration::from_secs(60 * 60);
}

impl ErrorHandler for StagingSleeper {
    fn handle(&self, response: &Response, attempt: &Attempt) -> Decision {
        if response.status() != 202 {
            return Decision::Pass;
        }
        let wait = retry_after(response.headers())
            .unwrap_or_else(|| Duration::from_secs(attempt.number.min(Self::LONGEST_WAIT).into()));
        if attempt.elapsed + wait <= Self::LONGEST {
            return Decision::RetryAfter(wait);
        }
        let body = r#"{"msg": "the server still stages the object"}"#;
        Decision::Replace(Response::new(StatusCode::SERVICE_UNAVAILABLE, HeaderMap::new(), body))
    }
}
