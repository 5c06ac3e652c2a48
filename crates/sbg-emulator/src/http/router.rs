//! The table of operations: which handler answers which method on which path, and what it asks of the request.

use std::cmp::Ordering;

use percent_encoding::percent_decode_str;

use super::request::{Reply, Request};
use crate::{
    error::{ApiError, Outcome},
    world::World,
};

/// Answers one operation. The state is locked for the time of the request.
pub(crate) type Handler = fn(&mut World, &Request) -> Outcome<Reply>;

/// One operation.
#[derive(Clone, Copy)]
pub(crate) struct Route {
    pub(crate) method: &'static str,
    /// Steps below `/v2`; one in braces stands for anything but an empty step.
    pub(crate) path: &'static str,
    pub(crate) handler: Handler,
    /// Whether it works without a token.
    pub(crate) anonymous: bool,
    /// Whether it needs the header that asks for advance access.
    pub(crate) advance: bool,
    /// Whether the body may be YAML instead of JSON.
    pub(crate) yaml: bool,
}

impl Route {
    const fn new(method: &'static str, path: &'static str, handler: Handler) -> Self {
        Self { method, path, handler, anonymous: false, advance: false, yaml: false }
    }

    pub(crate) const fn get(path: &'static str, handler: Handler) -> Self {
        Self::new("GET", path, handler)
    }

    pub(crate) const fn post(path: &'static str, handler: Handler) -> Self {
        Self::new("POST", path, handler)
    }

    pub(crate) const fn put(path: &'static str, handler: Handler) -> Self {
        Self::new("PUT", path, handler)
    }

    pub(crate) const fn patch(path: &'static str, handler: Handler) -> Self {
        Self::new("PATCH", path, handler)
    }

    pub(crate) const fn delete(path: &'static str, handler: Handler) -> Self {
        Self::new("DELETE", path, handler)
    }

    pub(crate) const fn anonymous(mut self) -> Self {
        self.anonymous = true;
        self
    }

    pub(crate) const fn advance(mut self) -> Self {
        self.advance = true;
        self
    }

    pub(crate) const fn yaml(mut self) -> Self {
        self.yaml = true;
        self
    }

    /// The parameters of the path, if it fits.
    fn params(&self, steps: &[&str]) -> Option<Vec<(&'static str, String)>> {
        // Most routes of the table fail here, so nothing is allocated before.
        let template = || self.path.split('/').filter(|step| !step.is_empty());
        if template().count() != steps.len() {
            return None;
        }
        let mut params = Vec::new();
        for (wanted, step) in template().zip(steps) {
            if let Some(name) = wanted.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
                if step.is_empty() {
                    return None;
                }
                params.push((name, percent_decode_str(step).decode_utf8_lossy().into_owned()));
            } else if wanted != *step {
                return None;
            }
        }
        Some(params)
    }
}

/// A route and the parameters of the path.
pub(crate) type Match = (&'static Route, Vec<(&'static str, String)>);

/// Finds the operation. A path with fewer parameters wins, whatever its methods: `/raw` is a name and no revision.
pub(crate) fn find(areas: &[&'static [Route]], method: &str, path: &str) -> Outcome<Match> {
    let steps = split(path);
    let mut found: Vec<Match> = Vec::new();
    for route in areas.iter().copied().flatten() {
        let Some(params) = route.params(&steps) else { continue };
        match found.first().map_or(Ordering::Less, |(_, others)| params.len().cmp(&others.len())) {
            Ordering::Less => found = vec![(route, params)],
            Ordering::Equal => found.push((route, params)),
            Ordering::Greater => {}
        }
    }
    if found.is_empty() {
        return Err(ApiError::new(90003));
    }
    let allowed = found.iter().map(|(route, _)| route.method).collect::<Vec<_>>().join(", ");
    let of_method = found.into_iter().find(|(route, _)| route.method == method);
    of_method.ok_or_else(|| ApiError::new(90006).allowing(&allowed))
}

/// The steps of a path. One slash at the end makes no difference, because the official client sends some.
fn split(path: &str) -> Vec<&str> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let path = path.strip_suffix('/').unwrap_or(path);
    if path.is_empty() { Vec::new() } else { path.split('/').collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::unnecessary_wraps, reason = "handlers have one type")]
    fn handler(_: &mut World, _: &Request) -> Outcome<Reply> {
        Ok(Reply::empty(200))
    }

    #[test]
    fn the_most_specific_path_wins() {
        static ROUTES: &[Route] = &[
            Route::get("/", handler),
            Route::get("/apps/{owner}/{revision}", handler),
            Route::get("/apps/{owner}/raw", handler),
            Route::post("/apps/{owner}/raw", handler),
        ];
        let found = |method, path| find(&[ROUTES], method, path).map(|(route, params)| (route.path, params));
        assert_eq!(
            found("GET", "/apps/a%20b/raw"),
            Ok(("/apps/{owner}/raw", vec![("owner", "a b".to_owned())]))
        );
        assert_eq!(found("GET", "/apps/a/3/").unwrap().0, "/apps/{owner}/{revision}");
        assert_eq!(found("GET", "").unwrap().0, "/");
        assert_eq!(found("GET", "/").unwrap().0, "/");
        assert_eq!(found("GET", "/apps//raw").unwrap_err().code, 90003);
        assert_eq!(found("GET", "/nothing").unwrap_err().status, 404);
        assert_eq!(found("DELETE", "/apps/a/raw").unwrap_err().code, 90006);
        assert_eq!(found("POST", "/apps/a/3").unwrap_err().allow.as_deref(), Some("GET"));
        assert_eq!(found("DELETE", "/apps/a/raw").unwrap_err().allow.as_deref(), Some("GET, POST"));
    }
}
