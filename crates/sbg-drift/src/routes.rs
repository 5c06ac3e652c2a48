//! The operations of the document, and matching of requests to them.

use serde_json::Value;

/// All operations of a document: path and method, then operation object.
pub fn operations(document: &Value) -> impl Iterator<Item = ((&str, &str), &Value)> {
    let paths = document.get("paths").and_then(Value::as_object);
    paths.into_iter().flatten().flat_map(|(path, item)| {
        let methods = item.as_object().into_iter().flatten();
        methods
            .filter(|(key, _)| !key.starts_with("x-") && *key != "parameters")
            .map(move |(method, operation)| ((path.as_str(), method.as_str()), operation))
    })
}

/// The operations of a bundle.
pub struct Routes<'d> {
    routes: Vec<Route<'d>>,
}

/// An operation of the bundle, with its parameters resolved.
#[derive(Clone)]
pub struct Route<'d> {
    /// HTTP method in upper case.
    pub method: String,
    /// Path template.
    pub path: &'d str,
    /// The operation object.
    pub operation: &'d Value,
    /// The parameters of the path and of the operation.
    pub parameters: Vec<&'d Value>,
}

impl<'d> Route<'d> {
    /// Operation id.
    pub fn id(&self) -> &'d str {
        self.operation["operationId"].as_str().unwrap_or_default()
    }

    /// For each segment of `path`, whether it is a parameter; `None` if the path does not match.
    fn parameters_of(&self, path: &str) -> Option<Vec<bool>> {
        let segments = self.segments(path)?;
        let segments = segments.into_iter().map(|(template, given)| {
            if template.starts_with('{') {
                (!given.is_empty()).then_some(true)
            } else {
                (template == given).then_some(false)
            }
        });
        segments.collect()
    }

    /// The segments of the template with their values in `path`; `None` if the numbers differ. The value of a parameter with
    /// `x-sbg-slashes` may have two segments.
    fn segments<'p>(&self, path: &'p str) -> Option<Vec<(&'d str, &'p str)>> {
        let (template, given) = (self.path.split('/'), path.split('/'));
        let (wanted, there) = (template.clone().count(), given.clone().count());
        if wanted == there {
            return Some(template.zip(given).collect());
        }
        if there != wanted + 1 {
            return None;
        }
        let at = template.clone().position(|segment| self.takes_slashes(segment))?;
        // Each segment starts after the slash that ends the previous one.
        let mut starts: Vec<usize> =
            std::iter::once(0).chain(path.match_indices('/').map(|(at, _)| at + 1)).collect();
        starts.remove(at + 1);
        starts.push(path.len() + 1);
        Some(template.zip(starts.windows(2).map(|pair| &path[pair[0]..pair[1] - 1])).collect())
    }

    fn takes_slashes(&self, segment: &str) -> bool {
        let name = segment.strip_prefix('{').and_then(|name| name.strip_suffix('}'));
        self.parameters.iter().any(|parameter| {
            parameter["in"] == "path"
                && parameter["name"].as_str() == name
                && parameter["x-sbg-slashes"] == true
        })
    }

    /// Name and value of each parameter in `path`, which must match. Values stay encoded.
    pub fn path_parameters<'p>(&self, path: &'p str) -> Vec<(&'d str, &'p str)> {
        let segments = self.segments(path).unwrap_or_default();
        segments
            .into_iter()
            .filter_map(|(template, given)| Some((template.strip_prefix('{')?.strip_suffix('}')?, given)))
            .collect()
    }
}

impl<'d> Routes<'d> {
    /// The operations of `document`.
    pub fn of(document: &'d Value) -> Self {
        let follow = |parameter: &'d Value| match parameter.get("$ref").and_then(Value::as_str) {
            Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap_or(parameter),
            None => parameter,
        };
        let routes = operations(document).map(|((path, method), operation)| {
            let of_path = document["paths"][path].get("parameters");
            let of_operation = operation.get("parameters");
            let all = [of_path, of_operation].into_iter().flatten().filter_map(Value::as_array).flatten();
            Route {
                method: method.to_ascii_uppercase(),
                path,
                operation,
                parameters: all.map(follow).collect(),
            }
        });
        Self { routes: routes.collect() }
    }

    /// The operation that `method` and `path` call. A literal segment takes precedence over a parameter: `/files/scroll` is not a file.
    pub fn find(&self, method: &str, path: &str) -> Option<&Route<'d>> {
        let of_method = self.routes.iter().filter(|route| route.method == method);
        let matching = of_method.filter_map(|route| Some((route.parameters_of(path)?, route)));
        matching.min_by(|(one, _), (other, _)| one.cmp(other)).map(|(_, route)| route)
    }

    /// The methods of `path`.
    pub fn methods(&self, path: &str) -> Vec<&str> {
        let of_path = self.routes.iter().filter(|route| route.parameters_of(path).is_some());
        of_path.map(|route| route.method.as_str()).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_username_may_have_a_slash() {
        let document = crate::document();
        let routes = Routes::of(&document);
        let check = |path: &str, id: &str, username: &str| {
            let route = routes.find("GET", path).unwrap();
            let found = route.path_parameters(path);
            assert_eq!((route.id(), found.last().copied()), (id, Some(("username", username))), "{path}");
        };
        check("/users/rfranklin", "user_get", "rfranklin");
        check("/users/kings/rfranklin", "user_get", "kings/rfranklin");
        check("/users/kings%2Frfranklin", "user_get", "kings%2Frfranklin");
        check("/projects/a/b/members/kings/rfranklin", "project_member_get", "kings/rfranklin");
        assert!(routes.find("GET", "/users/a/b/c").is_none());
        assert!(routes.find("GET", "/tasks/a/b").is_none());
    }

    #[test]
    fn literal_segment_precedes_a_parameter() {
        let operation = |id: &str| json!({"operationId": id});
        let document = json!({"paths": {
            "/": {"get": operation("index")},
            "/files/{id}": {"get": operation("one"), "delete": operation("delete")},
            "/files/scroll": {"get": operation("scroll")},
            "/files/{id}/list": {"get": operation("list")},
            "/{kind}/{id}/list": {"get": operation("any_list")},
        }});
        let routes = Routes::of(&document);
        let check = |method: &str, path: &str, expected: Option<&str>| {
            assert_eq!(routes.find(method, path).map(Route::id), expected, "{method} {path}");
        };
        check("GET", "/", Some("index"));
        check("GET", "/files/abc", Some("one"));
        check("GET", "/files/scroll", Some("scroll"));
        check("DELETE", "/files/scroll", Some("delete"));
        check("GET", "/files/scroll/list", Some("list"));
        check("GET", "/apps/a/list", Some("any_list"));
        check("GET", "/files/", None);
        check("POST", "/files/abc", None);
        assert_eq!(routes.methods("/files/abc"), ["GET", "DELETE"]);
        let one = routes.find("GET", "/files/a%2Fb").unwrap();
        assert_eq!(one.path_parameters("/files/a%2Fb"), [("id", "a%2Fb")]);
    }
}
