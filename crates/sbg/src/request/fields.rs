//! The fields of a resource that a response has.

use std::fmt;

/// The fields to return of each resource, for `get` and for queries.
///
/// Lists return a short form of their items; `Fields::all()` requests every field. The fields that identify the resource (its `id` or
/// equivalent) are always requested, so that the response can be read.
///
/// ```
/// use sbg::Fields;
///
/// assert_eq!(Fields::all().to_string(), "_all");
/// assert_eq!(Fields::only(["name", "size"]).to_string(), "name,size");
/// assert_eq!(Fields::all().without("metadata").to_string(), "_all,!metadata");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fields {
    names: Vec<String>,
    left_out: Vec<String>,
}

impl Fields {
    const ALL: &'static str = "_all";

    /// Every field of the resource.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let with_metadata_and_tags = client.files().query().project("rfranklin/demo").fields(sbg::Fields::all());
    /// # }
    /// ```
    pub fn all() -> Self {
        Self::only([Self::ALL])
    }

    /// Only these fields. A dot selects a field of a nested object, as in `metadata.sample_id`.
    ///
    /// ```
    /// use sbg::Fields;
    ///
    /// assert_eq!(Fields::only(["name", "metadata.sample_id"]).to_string(), "name,metadata.sample_id");
    /// ```
    pub fn only<N: Into<String>>(names: impl IntoIterator<Item = N>) -> Self {
        Self { names: names.into_iter().map(Into::into).collect(), left_out: Vec::new() }
    }

    /// These fields and those of `others`.
    ///
    /// ```
    /// use sbg::Fields;
    ///
    /// let of_lists = Fields::only(["name", "type"]);
    /// assert_eq!(of_lists.and(Fields::only(["size"])).to_string(), "name,type,size");
    /// ```
    pub fn and(mut self, others: Self) -> Self {
        self.names.extend(others.names);
        self.left_out.extend(others.left_out);
        self
    }

    /// Leaves `name` out.
    ///
    /// ```
    /// use sbg::Fields;
    ///
    /// assert_eq!(Fields::all().without("metadata").without("storage").to_string(), "_all,!metadata,!storage");
    /// ```
    pub fn without(mut self, name: impl Into<String>) -> Self {
        self.left_out.push(name.into());
        self
    }

    /// The value of the query parameter, for a resource that is identified by the fields `identity`.
    pub(crate) fn with_identity(&self, identity: &[&str]) -> String {
        let all = self.names.iter().any(|name| name == Self::ALL);
        let missing = identity.iter().filter(|name| !all && !self.names.iter().any(|named| named == *name));
        let names = missing.copied().chain(self.names.iter().map(String::as_str)).map(str::to_owned);
        let left_out = self.left_out.iter().filter(|name| !identity.contains(&name.as_str()));
        names.chain(left_out.map(|name| format!("!{name}"))).collect::<Vec<_>>().join(",")
    }
}

impl fmt::Display for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.with_identity(&[]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identity_field_is_always_requested() {
        let check = |fields: Fields, expected: &str| assert_eq!(fields.with_identity(&["id"]), expected);
        check(Fields::only(["name"]), "id,name");
        check(Fields::only(["name", "id"]), "name,id");
        check(Fields::all().without("id").without("tags"), "_all,!tags");
    }
}
