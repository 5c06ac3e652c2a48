//! The responses that faults give in place of the real ones.

use http::{HeaderName, header, request::Parts};

use super::action::Action;
use crate::{
    error::ApiError,
    http::{origin::Origin, response::Response},
    objects::storage_error::StorageError,
    shared::Shared,
};

/// The response of a fault that replaces the real one; `None` for other faults.
pub(crate) fn replacement(
    shared: &Shared,
    origin: Origin,
    head: &Parts,
    action: &Action,
) -> Option<Response> {
    let usual = |status: u16| match origin {
        Origin::Api => Response::json(status, &usual_error(status).body()),
        Origin::Storage => shared.storage.errors.error(StorageError::of_status(status), status),
    };
    let redirect = |status: u16, url: &str| {
        let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
        Response::empty(status).header(header::LOCATION, url.replace("{path}", path))
    };
    let response = match action {
        Action::Status { code, body, headers } => {
            let mut response = match body {
                Some(serde_json::Value::String(text)) => Response::text(*code, "text/plain", text.clone()),
                Some(body) => Response::json(*code, body),
                None => usual(*code),
            };
            for (name, value) in headers {
                if let Ok(name) = name.parse::<HeaderName>() {
                    response.headers.retain(|(present, _)| *present != name);
                    response = response.header(name, value);
                }
            }
            response
        }
        Action::RateLimited { reset_header } => {
            let response = Response::json(429, &ApiError::new(1000).body())
                .header(HeaderName::from_static("x-ratelimit-limit"), shared.config.rate_limit)
                .header(HeaderName::from_static("x-ratelimit-remaining"), 0);
            if *reset_header {
                // One second from now, so that a client that obeys it comes back soon and tests are short.
                let reset = shared.clock.epoch_seconds() + 1;
                response.header(HeaderName::from_static("x-ratelimit-reset"), reset)
            } else {
                response
            }
        }
        Action::ExpiredUrl => match origin {
            Origin::Api => usual(403),
            Origin::Storage => shared.storage.errors.refuse(shared.storage.expired),
        },
        Action::Maintenance => Response::json(503, &ApiError::new(0).body()),
        Action::HtmlError => Response::text(
            502,
            "text/html",
            "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>\n",
        ),
        Action::EmptyBody(status) => Response::empty(*status),
        Action::Redirect(url) => redirect(302, url),
        Action::RedirectWith { status, url } => redirect(*status, url),
        Action::StorageError(error) => match origin {
            Origin::Api => usual(error.status()),
            Origin::Storage => shared.storage.errors.error(*error, error.status()),
        },
        Action::RefuseEarly(status) => usual(*status).header(header::CONNECTION, "close"),
        _ => return None,
    };
    Some(response)
}

/// The error of the platform for a status.
fn usual_error(status: u16) -> ApiError {
    let code = match status {
        400 => 90000,
        401 => 90001,
        403 => 90002,
        404 => 90003,
        405 => 90006,
        409 => 90007,
        415 => 90008,
        429 => 1000,
        503 => 90005,
        _ => 90004,
    };
    ApiError::new(code).with_status(status)
}
