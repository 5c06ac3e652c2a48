//! The client and the types of `sbg-raw`: the bundle, fitted to what progenitor understands, through progenitor.

use anyhow::{Context, Result, anyhow};
use openapiv3::OpenAPI;
use progenitor::{GenerationSettings, Generator, HooksMode, InterfaceStyle, TagStyle, TypeImpl};
use quote::quote;
use schemars::schema::{InstanceType, SchemaObject};
use serde_json::Value;

use crate::caught::caught;
use crate::uses::Uses;
use crate::{rust_prune, rust_tables};

/// Folder of the generated code.
const FOLDER: &str = "crates/sbg-raw/src/generated";

/// Modules of the client that are files of their own.
const MODULES: [&str; 2] = ["types", "builder"];

/// Schemas which a hand-written type of `sbg_raw::values` stands for, because typify makes nothing useful of them.
const HAND_WRITTEN: [&str; 2] = ["MetadataFilter", "Number"];

/// Validation that typify would turn into types of their own (`NonZero`, newtypes of strings) which would break callers whenever
/// a limit changes; and examples, which it has no use for.
const STRIPPED: [&str; 11] = [
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
    "uniqueItems",
    "default",
    "example",
    "examples",
];

/// The files of the generated client, path and content: the traits, the types, the builders of operations.
///
/// Types which only answers use (`uses`) have no builders: nobody but the platform makes such values.
pub fn generate(document: &Value, uses: &Uses<'_>) -> Result<Vec<(String, String)>> {
    let mut fitted = document.clone();
    fit(&mut fitted);
    let api: OpenAPI = serde_json::from_value(fitted).context("the bundle is no OpenAPI 3.0 document")?;
    let mut settings = GenerationSettings::default();
    settings
        .with_interface(InterfaceStyle::Builder)
        .with_tag(TagStyle::Separate)
        .with_inner_type(quote!(crate::hooks::Inner))
        .with_hooks(HooksMode::Expected)
        .with_derive("PartialEq")
        .with_map_type("::std::collections::BTreeMap");
    for name in HAND_WRITTEN {
        settings.with_replacement(name, format!("crate::values::{name}"), std::iter::empty::<TypeImpl>());
    }
    for (name, _) in rust_tables::open_enum_schemas(document) {
        let known = [TypeImpl::Display, TypeImpl::FromStr];
        settings.with_replacement(name, format!("crate::generated::enums::{name}"), known.into_iter());
    }
    let date_time = SchemaObject {
        instance_type: Some(InstanceType::String.into()),
        format: Some("date-time".to_owned()),
        ..SchemaObject::default()
    };
    settings.with_conversion(
        date_time,
        "crate::values::Timestamp",
        [TypeImpl::Display, TypeImpl::FromStr].into_iter(),
    );

    let tokens = caught(|| Generator::new(&settings).generate_tokens(&api))
        .map_err(|panic| anyhow!("progenitor cannot digest the bundle: {panic}"))?
        .context("progenitor cannot digest the bundle")?;
    let mut client: syn::File = syn::parse2(tokens).context("progenitor wrote something that is no Rust")?;
    rust_prune::prune(&mut client, |name| uses.only_answers(name));
    let mut files = Vec::new();
    for name in MODULES {
        let module = rust_prune::split(&mut client, name)
            .with_context(|| format!("progenitor wrote no module `{name}`"))?;
        files.push((format!("{FOLDER}/client/{name}.rs"), source(&module)));
    }
    files.push((format!("{FOLDER}/client.rs"), source(&client)));
    Ok(files)
}

fn source(file: &syn::File) -> String {
    format!("{}\n{}", rust_tables::HEADER, prettyplease::unparse(file))
}

fn fit(value: &mut Value) {
    match value {
        Value::Object(map) => {
            // A property may bear the name of a keyword; only keywords beside a schema's own words are stripped.
            let is_schema =
                ["type", "allOf", "oneOf", "$ref", "schema"].iter().any(|key| map.contains_key(*key));
            if is_schema {
                map.retain(|key, value| is_property(value) || !STRIPPED.contains(&key.as_str()));
            }
            if map.contains_key("allOf") {
                map.shift_remove("type");
            }
            // Header parameters are the transport's business.
            if let Some(Value::Array(parameters)) = map.get_mut("parameters") {
                parameters.retain(|p| {
                    p.get("$ref").and_then(Value::as_str) != Some("#/components/parameters/AdvanceAccess")
                });
            }
            map.values_mut().for_each(fit);
        }
        Value::Array(items) => items.iter_mut().for_each(fit),
        _ => {}
    }
}

/// Whether a value under the name of a keyword is the schema of a property of that name.
fn is_property(value: &Value) -> bool {
    value.get("description").is_some()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_panic_of_progenitor_is_an_error() {
        let answer = |of: Value| json!({"description": "", "content": {"application/json": {"schema": of}}});
        let document = json!({
            "openapi": "3.0.3",
            "info": {"title": "Orchard", "version": "1"},
            "paths": {"/pears": {"get": {
                "operationId": "pear_list",
                "responses": {"200": answer(json!({"type": "string"})), "204": {"description": ""}},
            }}},
        });
        let error = generate(&document, &Uses::default()).unwrap_err().to_string();
        assert!(error.starts_with("progenitor cannot digest the bundle: "), "{error}");
    }
}
