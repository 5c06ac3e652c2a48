//! Path parameters whose values may hold slashes (`x-sbg-slashes`). progenitor encodes every slash of a value; here the slashes of
//! these parameters are sent as they are.

use std::collections::BTreeSet;

use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::quote;
use serde_json::Value;
use syn::visit_mut::VisitMut;
use syn::{File, Macro};

/// Encodes the parameters that `document` marks segment by segment.
pub fn keep(file: &mut File, document: &Value) {
    let mut paths = Paths { names: marked(document) };
    paths.visit_file_mut(file);
}

/// Names of the path parameters that are marked. A name means the same in every path.
fn marked(document: &Value) -> BTreeSet<String> {
    let shared = document.pointer("/components/parameters").and_then(Value::as_object);
    let shared = shared.into_iter().flatten().map(|(_, parameter)| parameter);
    let paths = document["paths"].as_object().into_iter().flatten().map(|(_, path)| path);
    let items = paths
        .flat_map(|path| std::iter::once(path).chain(path.as_object().into_iter().flatten().map(|(_, o)| o)));
    let own = items.filter_map(|item| item.get("parameters")?.as_array()).flatten();
    shared
        .chain(own)
        .filter(|parameter| parameter.get("x-sbg-slashes") == Some(&Value::Bool(true)))
        .filter_map(|parameter| parameter["name"].as_str().map(str::to_owned))
        .collect()
}

struct Paths {
    names: BTreeSet<String>,
}

impl VisitMut for Paths {
    fn visit_macro_mut(&mut self, call: &mut Macro) {
        if call.path.is_ident("format") {
            call.tokens = self.rewrite(call.tokens.clone());
        }
    }
}

impl Paths {
    /// `encode_path(&NAME.to_string())` of a marked name becomes a call of the function that keeps slashes.
    fn rewrite(&self, tokens: TokenStream) -> TokenStream {
        let mut written = TokenStream::new();
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            let encodes = matches!(&token, TokenTree::Ident(name) if name == "encode_path");
            match (token, tokens.peek()) {
                (_, Some(TokenTree::Group(value))) if encodes && self.is_marked(value) => {
                    written.extend(quote!(crate::values::encode_segments));
                }
                (token, _) => written.extend([token]),
            }
        }
        written
    }

    fn is_marked(&self, value: &Group) -> bool {
        let first = value.stream().into_iter().find_map(|token| match token {
            TokenTree::Ident(name) => Some(name),
            _ => None,
        });
        first.is_some_and(|name: Ident| self.names.contains(&name.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use syn::parse_quote;

    use super::*;

    #[test]
    fn slashes_stay_in_marked_parameters_only() {
        let mut file: File = parse_quote! {
            fn url() -> String {
                format!("{}/a/{}/{}", base, encode_path(&owner.to_string()), encode_path(&username.to_string()),)
            }
        };
        let document = json!({
            "components": {"parameters": {"Username": {"name": "username", "in": "path", "x-sbg-slashes": true}}},
            "paths": {"/a/{owner}/{username}": {"parameters": [{"name": "owner", "in": "path"}]}},
        });
        keep(&mut file, &document);
        let expected: File = parse_quote! {
            fn url() -> String {
                format!("{}/a/{}/{}", base, encode_path(&owner.to_string()), crate::values::encode_segments(&username.to_string()),)
            }
        };
        assert_eq!(prettyplease::unparse(&file), prettyplease::unparse(&expected));
    }
}
