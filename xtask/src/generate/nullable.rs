//! Fields of requests that can be null. typify uses `Option` for optional and nullable fields alike, so a request could never send null;
//! here such a field becomes a `Nullable`, which distinguishes the two.

use serde_json::Value;
use syn::{
    Field, File, GenericArgument, ImplItem, Item, Path, PathArguments, Type, TypeParamBound, WherePredicate,
    parse_quote,
};

use crate::generate::prune::{module, named};

/// Makes every field that is nullable in `document` a `Nullable`, in the types for which `in_requests` is true and in their builders.
pub fn apply(file: &mut File, document: &Value, in_requests: impl Fn(&str) -> bool) {
    let Some(types) = module(&mut file.items, "types") else { return };
    let nullable = |schema: &str, property: &str| {
        in_requests(schema) && is_nullable(&document["components"]["schemas"][schema]["properties"][property])
    };
    for item in types.iter_mut() {
        let Item::Struct(structure) = item else { continue };
        let schema = structure.ident.to_string();
        for field in structure.fields.iter_mut().filter(|field| nullable(&schema, &name_of(field))) {
            if to_nullable(&mut field.ty) {
                mark(field);
            }
        }
    }
    for item in module(types, "builder").into_iter().flatten() {
        match item {
            Item::Struct(builder) => {
                let schema = builder.ident.to_string();
                for field in builder.fields.iter_mut().filter(|field| nullable(&schema, &name_of(field))) {
                    to_nullable(&mut field.ty);
                }
            }
            Item::Impl(block) if block.trait_.is_none() => {
                let Some(schema) = named(&block.self_ty) else { continue };
                for item in &mut block.items {
                    let ImplItem::Fn(setter) = item else { continue };
                    let bounds =
                        setter.sig.generics.where_clause.iter_mut().flat_map(|all| &mut all.predicates);
                    if nullable(&schema, setter.sig.ident.to_string().trim_end_matches('_')) {
                        bounds.for_each(bound_to_nullable);
                    }
                }
            }
            _ => {}
        }
    }
}

/// Whether a property is nullable, in either of the two forms of the bundle.
fn is_nullable(property: &Value) -> bool {
    let null = |branch: &Value| branch["enum"] == Value::Array(vec![Value::Null]);
    property["nullable"] == Value::Bool(true)
        || property["oneOf"].as_array().is_some_and(|of| of.iter().any(null))
}

/// The property of a field. A keyword has a trailing underscore.
fn name_of(field: &Field) -> String {
    let name = field.ident.as_ref().map(ToString::to_string).unwrap_or_default();
    name.trim_end_matches('_').to_owned()
}

/// An absent field is not serialized, and a missing one is deserialized as absent.
fn mark(field: &mut Field) {
    let mut rename = None;
    for attribute in field.attrs.iter().filter(|attribute| attribute.path().is_ident("serde")) {
        // Only `rename` is kept; everything else is replaced.
        let _ = attribute.parse_nested_meta(|meta| {
            let value = meta.value().and_then(syn::parse::ParseBuffer::parse::<syn::LitStr>);
            if meta.path.is_ident("rename") {
                rename = Some(value?);
            }
            Ok(())
        });
    }
    field.attrs.retain(|attribute| !attribute.path().is_ident("serde"));
    if let Some(rename) = rename {
        field.attrs.push(parse_quote!(#[serde(rename = #rename)]));
    }
    field
        .attrs
        .push(parse_quote!(#[serde(default, skip_serializing_if = "crate::values::Nullable::is_absent")]));
}

/// Replaces the outermost `Option` in a type by `Nullable`; returns whether there is one.
fn to_nullable(kind: &mut Type) -> bool {
    let Type::Path(kind) = kind else { return false };
    if let Some(last) = kind.path.segments.last()
        && last.ident == "Option"
    {
        let arguments = last.arguments.clone();
        let mut path: Path = parse_quote!(crate::values::Nullable);
        if let Some(last) = path.segments.last_mut() {
            last.arguments = arguments;
        }
        kind.path = path;
        return true;
    }
    any_argument(&mut kind.path)
}

fn any_argument(path: &mut Path) -> bool {
    let arguments = path.segments.iter_mut().filter_map(|segment| match &mut segment.arguments {
        PathArguments::AngleBracketed(arguments) => Some(&mut arguments.args),
        _ => None,
    });
    arguments.flatten().any(|argument| match argument {
        GenericArgument::Type(inner) => to_nullable(inner),
        _ => false,
    })
}

/// The setter of a builder takes `T: TryInto<Option<...>>`.
fn bound_to_nullable(predicate: &mut WherePredicate) {
    let WherePredicate::Type(predicate) = predicate else { return };
    for bound in &mut predicate.bounds {
        if let TypeParamBound::Trait(bound) = bound {
            any_argument(&mut bound.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const CLIENT: &str = r#"
        pub mod types {
            pub struct PearEdit {
                ///Soil.
                #[serde(skip_serializing_if = "::std::option::Option::is_none")]
                pub soil: ::std::option::Option<Soil>,
                #[serde(rename = "type", default, skip_serializing_if = "::std::option::Option::is_none")]
                pub type_: ::std::option::Option<::std::vec::Vec<::std::string::String>>,
                #[serde(skip_serializing_if = "::std::option::Option::is_none")]
                pub name: ::std::option::Option<::std::string::String>,
            }
            pub struct Pear { pub soil: ::std::option::Option<Soil> }
            pub mod builder {
                pub struct PearEdit { soil: ::std::result::Result<::std::option::Option<super::Soil>, String> }
                impl PearEdit {
                    pub fn soil<T>(mut self, value: T) -> Self
                    where
                        T: ::std::convert::TryInto<::std::option::Option<super::Soil>>,
                        T::Error: ::std::fmt::Display,
                    { self }
                }
            }
        }
    "#;

    #[test]
    fn nullable_fields_of_requests_become_nullable() {
        let soil = json!({"oneOf": [{"$ref": "#/components/schemas/Soil"}, {"enum": [null]}]});
        let kind = json!({"type": "array", "nullable": true, "items": {"type": "string"}});
        let properties = json!({"soil": soil, "type": kind, "name": {"type": "string"}});
        let document = json!({"components": {"schemas": {
            "PearEdit": {"properties": properties},
            "Pear": {"properties": {"soil": soil}},
        }}});
        let mut file = syn::parse_str(CLIENT).unwrap();
        apply(&mut file, &document, |name| name == "PearEdit");
        let expected = r#"
            pub mod types {
                pub struct PearEdit {
                    ///Soil.
                    #[serde(default, skip_serializing_if = "crate::values::Nullable::is_absent")]
                    pub soil: crate::values::Nullable<Soil>,
                    #[serde(rename = "type")]
                    #[serde(default, skip_serializing_if = "crate::values::Nullable::is_absent")]
                    pub type_: crate::values::Nullable<::std::vec::Vec<::std::string::String>>,
                    #[serde(skip_serializing_if = "::std::option::Option::is_none")]
                    pub name: ::std::option::Option<::std::string::String>,
                }
                pub struct Pear { pub soil: ::std::option::Option<Soil> }
                pub mod builder {
                    pub struct PearEdit { soil: ::std::result::Result<crate::values::Nullable<super::Soil>, String> }
                    impl PearEdit {
                        pub fn soil<T>(mut self, value: T) -> Self
                        where
                            T: ::std::convert::TryInto<crate::values::Nullable<super::Soil>>,
                            T::Error: ::std::fmt::Display,
                        { self }
                    }
                }
            }
        "#;
        assert_eq!(prettyplease::unparse(&file), prettyplease::unparse(&syn::parse_str(expected).unwrap()));
    }
}
