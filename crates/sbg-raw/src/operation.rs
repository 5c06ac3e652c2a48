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
    pub answers: bool,
    /// How the next page of the answer is found; `None` where the answer is no page.
    pub pagination: Option<Pagination>,
}

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
        OPERATIONS.binary_search_by(|operation| operation.id.cmp(id)).ok().map(|index| &OPERATIONS[index])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_found_by_its_id() {
        for operation in &OPERATIONS {
            assert_eq!(Operation::find(operation.id), Some(operation));
        }
        assert_eq!(Operation::find("project_paint"), None);
    }
}
