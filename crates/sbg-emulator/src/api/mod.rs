//! The API over HTTP: from a request to the handler of its operation and back. One file an area.

mod apps;
mod automation_runs;
mod automations;
mod billing;
mod bulk;
mod cursor;
mod datasets;
mod divisions;
pub(crate) mod document;
mod drs;
mod feedback;
mod file_jobs;
mod files;
mod ga4gh_drs;
mod imports;
mod markers;
mod members;
mod page;
mod platform;
mod projects;
mod scroll;
mod search;
mod tasks;
mod teams;
mod uploads;
mod volumes;

use std::{io, sync::LazyLock};

use bytes::Bytes;
use http::{HeaderName, Method, header, request::Parts};
use serde_json::Value;
use url::form_urlencoded;

use crate::{
    clock::http_date,
    error::{ApiError, Outcome},
    http::{
        auth,
        handler::Exchange,
        incoming::collect,
        rate_limit::RateLimitStatus,
        request::{Reply, Request},
        response::Response,
        router::{Route, Router},
    },
    shared::Shared,
};

/// All operations. An area is one file here, one in `world`, and one line in this table.
static AREAS: &[&[Route]] = &[
    platform::ROUTES,
    divisions::ROUTES,
    teams::ROUTES,
    billing::ROUTES,
    projects::ROUTES,
    members::ROUTES,
    apps::ROUTES,
    tasks::ROUTES,
    volumes::ROUTES,
    imports::ROUTES,
    bulk::ROUTES,
    file_jobs::ROUTES,
    drs::ROUTES,
    markers::ROUTES,
    automations::ROUTES,
    automation_runs::ROUTES,
    files::ROUTES,
    feedback::ROUTES,
    scroll::ROUTES,
    search::ROUTES,
    datasets::ROUTES,
    uploads::ROUTES,
];

static ROUTER: LazyLock<Router> = LazyLock::new(|| Router::new(AREAS));

/// The operations of the service beside the API.
static DRS_ROUTER: LazyLock<Router> = LazyLock::new(|| Router::new(&[ga4gh_drs::ROUTES]));

/// The services of the origin of the API, by the beginning of their paths.
#[derive(Clone, Copy, PartialEq)]
enum Service {
    Api,
    Drs,
}

impl Service {
    /// The service of a path, and the rest of the path.
    fn of(path: &str) -> Option<(Self, &str)> {
        let below =
            |base| path.strip_prefix(base).filter(|rest: &&str| rest.is_empty() || rest.starts_with('/'));
        let drs = || below(ga4gh_drs::BASE).map(|rest| (Self::Drs, rest));
        below("/v2").map(|rest| (Self::Api, rest)).or_else(drs)
    }

    fn router(self) -> &'static Router {
        match self {
            Self::Api => &ROUTER,
            Self::Drs => &DRS_ROUTER,
        }
    }

    fn error_body(self, error: &ApiError) -> Value {
        match self {
            Self::Api => error.body(),
            Self::Drs => ga4gh_drs::error_body(error),
        }
    }
}

/// Path parameters that name a user or a member.
const NAMES_OF_USERS: [&str; 2] = ["username", "member_id"];

/// The maximum size of a body: enough for bulk calls and large apps.
const MAX_BODY: u64 = 10 * 1024 * 1024;

/// Responds to one request.
pub(crate) async fn respond(exchange: Exchange) -> io::Result<Response> {
    let Exchange { shared, number, head, body, .. } = exchange;
    let body = collect(body, MAX_BODY).await?;
    if let Some(body) = &body {
        shared.log.body(number, body);
    }
    let service = Service::of(head.uri.path()).map_or(Service::Api, |(service, _)| service);
    let (rate_limit, result) = outcome(&shared, &head, body.clone());
    let mut response = match result {
        Ok(Reply { status, body, yaml, headers }) => {
            let mut response = match (body, yaml) {
                (_, Some(yaml)) => Response::text(status, "application/yaml", yaml),
                (Some(body), None) => Response::json(status, &body),
                (None, None) => Response::empty(status),
            };
            response.headers.extend(headers);
            response
        }
        Err(error) => {
            let response = Response::json(error.status, &service.error_body(&error));
            match error.allow {
                Some(methods) => response.header(header::ALLOW, methods),
                None => response,
            }
        }
    };
    if let Some(rate_limit) = rate_limit {
        response = response
            .header(HeaderName::from_static("x-ratelimit-limit"), rate_limit.limit)
            .header(HeaderName::from_static("x-ratelimit-remaining"), rate_limit.remaining)
            .header(HeaderName::from_static("x-ratelimit-reset"), rate_limit.reset);
    }
    // The document that recorded traffic is checked against describes the API alone.
    if let Some(traffic) = shared.traffic.as_ref().filter(|_| service == Service::Api) {
        traffic.write(&head, body.as_ref(), &response);
    }
    // 32 digits identify a request in a log; nothing else depends on them.
    let request_id = format!("{:032x}", fastrand::u128(..));
    let date = http_date(shared.clock.timestamp());
    Ok(response.header(HeaderName::from_static("x-request-id"), request_id).header(header::DATE, date))
}

/// The rate limit of a known user, and the outcome.
fn outcome(shared: &Shared, head: &Parts, body: Option<Bytes>) -> (Option<RateLimitStatus>, Outcome<Reply>) {
    let token = auth::token(&head.headers);
    let actor =
        token.and_then(|token| shared.world().users.by_token(token).map(|user| user.username.clone()));
    let rate_limit = actor.as_deref().map(|actor| {
        let now = shared.clock.epoch_seconds();
        let mut limiter = shared.limiter.lock();
        // Asking for the rate limit does not count.
        if head.uri.path() == "/v2/rate_limit" { limiter.peek(actor, now) } else { limiter.take(actor, now) }
    });
    let result = if rate_limit.is_some_and(|rate_limit| rate_limit.exceeded) {
        Err(ApiError::new(1000))
    } else {
        dispatch(shared, head, body, actor, rate_limit)
    };
    (rate_limit, result)
}

fn dispatch(
    shared: &Shared,
    head: &Parts,
    body: Option<Bytes>,
    actor: Option<String>,
    rate_limit: Option<RateLimitStatus>,
) -> Outcome<Reply> {
    let (service, path) = Service::of(head.uri.path()).ok_or(ApiError::new(90003))?;
    let (route, params) = service.router().find(head.method.as_str(), path)?;
    let actor = match actor {
        Some(actor) => actor,
        None if route.anonymous => String::new(),
        None => return Err(ApiError::new(90001)),
    };
    if route.advance && !auth::advance_access(&head.headers) {
        return Err(
            ApiError::new(90002).detail("This operation needs the header `X-SBG-Advance-Access: advance`.")
        );
    }
    let body = body.ok_or_else(|| ApiError::bad_request("The body is too large.").with_status(413))?;
    let (body, yaml_text) = parse_body(head, &body, route.yaml)?;
    if body.is_none() && head.method == Method::PATCH {
        return Err(ApiError::bad_request("A PATCH request needs a body."));
    }
    let mut request = Request {
        actor,
        rate_limit,
        path: path.to_owned(),
        base: shared.api_base.clone(),
        url_lifetime: shared.config.url_lifetime,
        params,
        query: form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes()).into_owned().collect(),
        body,
        yaml: yaml_text,
        accepts_yaml: mentions_yaml(head, &header::ACCEPT),
    };
    if let Some(document) = shared.document.as_ref().filter(|_| service == Service::Api) {
        document.check(route, &request)?;
    }
    let mut world = shared.world();
    world.settle();
    for (name, value) in &mut request.params {
        if NAMES_OF_USERS.contains(name) {
            *value = world.plain_username(value).to_owned();
        }
    }
    (route.handler)(&mut world, &request)
}

/// The JSON of a body, and the text if it is YAML. Bodies of other methods are ignored: the official client sends some.
fn parse_body(head: &Parts, body: &Bytes, yaml: bool) -> Outcome<(Option<Value>, Option<String>)> {
    if !matches!(head.method, Method::POST | Method::PUT | Method::PATCH) || body.is_empty() {
        return Ok((None, None));
    }
    if yaml && mentions_yaml(head, &header::CONTENT_TYPE) {
        let text = String::from_utf8(body.to_vec())
            .map_err(|_| ApiError::bad_request("The body is not valid YAML: it is not UTF-8."))?;
        let value = sbg_yaml::parse(&text)
            .map_err(|error| ApiError::bad_request(format_args!("The body is not valid YAML: {error}.")))?;
        return Ok((Some(value), Some(text)));
    }
    let is_json = |kind: &str| {
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        kind == "application/json" || kind.ends_with("+json")
    };
    // Without a content type it is parsed as JSON.
    if head.headers.get(header::CONTENT_TYPE).is_some_and(|kind| !kind.to_str().is_ok_and(is_json)) {
        return Err(ApiError::new(90008));
    }
    let value: Value = serde_json::from_slice(body)
        .map_err(|error| ApiError::bad_request(format_args!("The body is not valid JSON: {error}.")))?;
    Ok((Some(value).filter(|value| !value.is_null()), None))
}

/// Whether a header contains a media type of YAML.
fn mentions_yaml(head: &Parts, name: &HeaderName) -> bool {
    let value = head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(',').any(|kind| {
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        matches!(kind.as_str(), "application/yaml" | "application/x-yaml" | "text/yaml")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_has_a_handler() {
        let list = concat!(env!("CARGO_MANIFEST_DIR"), "/../../openapi/operations.tsv");
        let list = std::fs::read_to_string(list).unwrap();
        let mut count = 0;
        for line in list.lines().skip(1) {
            let [area, method, path, operation] = line.split('\t').collect::<Vec<_>>()[..] else {
                panic!("{line}")
            };
            let router = if area == "ga4gh-drs" { &DRS_ROUTER } else { &ROUTER };
            let found = router.find(method, path).map(|(route, _)| route.path.split('/').count());
            assert_eq!(found, Ok(path.split('/').count()), "{operation}: {method} {path}");
            count += 1;
        }
        assert!(count >= 167, "{count}");
    }
}
