//! Routes: which handler responds to which method and path, and what it needs from the request.

use std::{collections::BTreeMap, fmt::Write as _};

use percent_encoding::percent_decode_str;

use super::request::{Reply, Request};
use crate::{
    error::{ApiError, Outcome},
    world::World,
};

/// Handles one operation. The state is locked meanwhile.
pub(crate) type Handler = fn(&mut World, &Request) -> Outcome<Reply>;

/// One operation.
#[derive(Clone, Copy)]
pub(crate) struct Route {
    pub(crate) method: &'static str,
    /// Segments below `/v2`; one in braces is a parameter, which is not empty.
    pub(crate) path: &'static str,
    pub(crate) handler: Handler,
    /// Whether it works without a token.
    pub(crate) anonymous: bool,
    /// Whether it needs the advance access header.
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

    /// The path as a template of the matcher, and the names of its parameters. The matcher knows parameters by position, because
    /// routes name the same one differently.
    fn template(&self, path: &str) -> (String, Vec<&'static str>) {
        let mut names = Vec::new();
        let mut template = String::new();
        for segment in path.split('/').skip(1) {
            let name = self.path.split('/').find(|own| *own == segment).and_then(parameter);
            template.push('/');
            match name {
                Some(name) => {
                    let _ = write!(template, "{{{}}}", names.len());
                    names.push(name);
                }
                None => template.push_str(segment),
            }
        }
        (template, names)
    }
}

/// The name in a segment such as `{username}`.
fn parameter(segment: &str) -> Option<&str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}

/// The routes of all paths.
pub(crate) struct Router(matchit::Router<Vec<Candidate>>);

/// A route of a path.
struct Candidate {
    route: &'static Route,
    /// One for each parameter of the path; values of the same name are joined by a slash.
    names: Vec<&'static str>,
}

/// A route and the parameters of the path.
pub(crate) type Match = (&'static Route, Vec<(&'static str, String)>);

impl Router {
    /// Collects the routes of all areas.
    pub(crate) fn new(areas: &[&'static [Route]]) -> Self {
        let mut paths: BTreeMap<String, Vec<Candidate>> = BTreeMap::new();
        for route in areas.iter().copied().flatten() {
            // Users of divisions are `division/username`, with a slash that clients do not escape.
            let slashed = ["{username}", "{member_id}"]
                .into_iter()
                .filter(|name| route.path.contains(name))
                .map(|name| route.path.replace(name, &format!("{name}/{name}")));
            for path in std::iter::once(route.path.to_owned()).chain(slashed) {
                let (template, names) = route.template(&path);
                paths.entry(template).or_default().push(Candidate { route, names });
            }
        }
        let mut router = matchit::Router::new();
        for (path, candidates) in paths {
            router.insert(path, candidates).expect("paths of routes differ");
        }
        Self(router)
    }

    /// Finds the route of a request. Fixed segments go before parameters: `/raw` is a name and not a revision.
    pub(crate) fn find(&self, method: &str, path: &str) -> Outcome<Match> {
        // One slash at the end makes no difference: the official clients send some.
        let path = path.strip_suffix('/').unwrap_or(path);
        let found = self.0.at(if path.is_empty() { "/" } else { path }).map_err(|_| ApiError::new(90003))?;
        let candidates = found.value;
        let Some(candidate) = candidates.iter().find(|candidate| candidate.route.method == method) else {
            let allowed: Vec<_> = candidates.iter().map(|candidate| candidate.route.method).collect();
            return Err(ApiError::new(90006).allowing(&allowed.join(", ")));
        };
        let mut params: Vec<(&'static str, String)> = Vec::new();
        for (name, (_, value)) in candidate.names.iter().zip(found.params.iter()) {
            let value = percent_decode_str(value).decode_utf8_lossy();
            match params.last_mut() {
                Some((last, joined)) if last == name => {
                    joined.push('/');
                    joined.push_str(&value);
                }
                _ => params.push((name, value.into_owned())),
            }
        }
        Ok((candidate.route, params))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::unnecessary_wraps, reason = "handlers have one type")]
    fn handler(_: &mut World, _: &Request) -> Outcome<Reply> {
        Ok(Reply::empty(200))
    }

    #[test]
    fn most_specific_route_wins() {
        static ROUTES: &[Route] = &[
            Route::get("/", handler),
            Route::get("/apps/{owner}/{revision}", handler),
            Route::get("/apps/{owner}/raw", handler),
            Route::post("/apps/{owner}/raw", handler),
        ];
        let router = Router::new(&[ROUTES]);
        let found = |method, path| router.find(method, path).map(|(route, params)| (route.path, params));
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

    #[test]
    fn usernames_may_have_a_division() {
        static ROUTES: &[Route] = &[
            Route::get("/users/{username}", handler),
            Route::get("/projects/{project}/members/{username}", handler),
            Route::put("/projects/{project}/members/{username}/permissions", handler),
        ];
        let router = Router::new(&[ROUTES]);
        let username = |method, path| router.find(method, path).unwrap().1.pop().unwrap();
        for (method, path) in [
            ("GET", "/users/kings/fcrick"),
            ("GET", "/users/kings%2Ffcrick/"),
            ("GET", "/projects/p/members/kings/fcrick"),
            ("PUT", "/projects/p/members/kings/fcrick/permissions"),
            ("PUT", "/projects/p/members/kings%2Ffcrick/permissions"),
        ] {
            assert_eq!(username(method, path), ("username", "kings/fcrick".to_owned()), "{path}");
        }
        assert_eq!(username("PUT", "/projects/p/members/fcrick/permissions").1, "fcrick");
    }
}
