//! Which fields of a resource an answer has.

use std::fmt;

/// The fields to return of each resource, for `get` and for queries.
///
/// Lists give a short form of their items; `Fields::all()` asks for everything. What identifies the resource (its `id`, or what
/// stands for it) is always asked for, whatever is selected, so that the answer can be read.
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

    /// Every field that the resource has.
    ///
    /// ```
    /// # fn example(client: sbg::Client) {
    /// let with_metadata_and_tags = client.files().query().project("rfranklin/demo").fields(sbg::Fields::all());
    /// # }
    /// ```
    pub fn all() -> Self {
        Self::only([Self::ALL])
    }

    /// These fields alone. A field of a nested object is named with a dot, as in `metadata.sample_id`.
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

    /// The value of the query parameter for a resource which these fields identify.
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
