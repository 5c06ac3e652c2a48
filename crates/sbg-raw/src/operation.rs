//! What the specification says of an operation.

use crate::OPERATIONS;

/// An operation of the API, as the specification describes it.
///
/// ```
/// use sbg_raw::Operation;
///
/// let list = Operation::find("file_list").unwrap();
/// assert_eq!((list.method, list.path, list.idempotent), ("GET", "/files", true));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Operation {
    /// Operation id, such as `file_get`.
    pub id: &'static str,
    /// HTTP method in upper case.
    pub method: &'static str,
    /// Path template below the base of the API, such as `/files/{file_id}`.
    pub path: &'static str,
    /// Area of the API, such as `files`.
    pub tag: &'static str,
    /// Whether the platform refuses the call without the advance access header.
    pub advance_access: bool,
    /// Whether sending the call twice has the effect of sending it once.
    pub idempotent: bool,
    /// Whether a success has a JSON body.
    pub returns_body: bool,
    /// How the next page is found; `None` if the response is not a page.
    pub pagination: Option<Pagination>,
}

/// A request that the specification does not have.
const UNLISTED: Operation = Operation {
    id: "request",
    method: "",
    path: "",
    tag: "",
    advance_access: false,
    idempotent: false,
    returns_body: false,
    pagination: None,
};

/// The same, with a method that makes it safe to send twice.
const UNLISTED_IDEMPOTENT: Operation = Operation { idempotent: true, ..UNLISTED };

/// How the next page of a list is found.
///
/// ```
/// use sbg_raw::{OPERATIONS, Pagination};
///
/// let by_token = OPERATIONS.iter().filter(|operation| operation.pagination == Some(Pagination::ContToken));
/// assert!(by_token.map(|operation| operation.id).any(|id| id == "file_scroll"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pagination {
    /// By the index of its first item; the size of the whole is known.
    Offset,
    /// By an opaque token which the page before it gives.
    ContToken,
    /// By the link to the next page; there is no way back and no total.
    Volume,
}

impl Operation {
    /// The operation with this id.
    ///
    /// ```
    /// use sbg_raw::Operation;
    ///
    /// let get = Operation::find("project_get").unwrap();
    /// assert_eq!(get.path, "/projects/{project_owner}/{project}");
    /// assert_eq!(Operation::find("project_paint"), None);
    /// ```
    pub fn find(id: &str) -> Option<&'static Self> {
        find(&OPERATIONS, id)
    }

    /// The operation of a request with this method and path, and one named `request` for what the specification does not have: only its
    /// method says whether it may be sent twice.
    ///
    /// ```
    /// use sbg_raw::Operation;
    ///
    /// assert_eq!(Operation::of_request("GET", "/files/5f1").id, "file_get");
    /// assert_eq!(Operation::of_request("PUT", "/paintings/5f1").id, "request");
    /// ```
    pub fn of_request(method: &str, path: &str) -> &'static Self {
        let is_template = |piece: &str| piece.starts_with('{') && piece.ends_with('}');
        let fits = |operation: &&Self| {
            let (mut template, mut pieces) = (operation.path.split('/'), path.split('/'));
            operation.method == method
                && template
                    .by_ref()
                    .zip(pieces.by_ref())
                    .all(|(name, piece)| name == piece || is_template(name))
                && operation.path.split('/').count() == path.split('/').count()
        };
        // A literal piece, as in `/files/copy`, comes before a parameter.
        let parameters =
            |operation: &&Self| operation.path.split('/').filter(|piece| is_template(piece)).count();
        let found = OPERATIONS.iter().filter(fits).min_by_key(parameters);
        found.unwrap_or(if matches!(method, "GET" | "HEAD" | "OPTIONS" | "PUT" | "DELETE") {
            &UNLISTED_IDEMPOTENT
        } else {
            &UNLISTED
        })
    }
}

/// The operation with this id in a table that is sorted by id.
pub(crate) fn find(table: &'static [Operation], id: &str) -> Option<&'static Operation> {
    table.binary_search_by(|operation| operation.id.cmp(id)).ok().map(|index| &table[index])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_found_by_id() {
        for operation in &OPERATIONS {
            assert_eq!(Operation::find(operation.id), Some(operation));
        }
        assert_eq!(Operation::find("project_paint"), None);
    }

    #[test]
    fn operation_of_a_request_is_found_by_its_path() {
        let check = |method: &str, path: &str, expected: &str| {
            assert_eq!(Operation::of_request(method, path).id, expected, "{method} {path}");
        };
        check("GET", "/projects", "project_list");
        check("GET", "/projects/rfranklin/demo", "project_get");
        check("PATCH", "/projects/rfranklin/demo", "project_edit");
        check("POST", "/projects/rfranklin/demo/paint", "request");
        check("GET", "/project", "request");
        check("GET", "", "request");
        for operation in &OPERATIONS {
            assert_eq!(Operation::of_request(operation.method, operation.path).path, operation.path);
        }
        assert!(Operation::of_request("DELETE", "/paintings/1").idempotent);
        assert!(!Operation::of_request("POST", "/paintings").idempotent);
    }
}
