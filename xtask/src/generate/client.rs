//! The client and the types of `sbg-raw`: the bundle, fitted to what progenitor understands, through progenitor.

use anyhow::{Context, Result, anyhow};
use openapiv3::OpenAPI;
use progenitor::{GenerationSettings, Generator, HooksMode, InterfaceStyle, TagStyle, TypeImpl};
use quote::quote;
use schemars::schema::{InstanceType, SchemaObject};
use serde_json::{Value, json};

use super::caught::caught;
use super::{nullable, prune, read, slashes, tables};
use crate::spec::schema_usage::Uses;

/// Folder of the generated code.
const FOLDER: &str = "crates/sbg-raw/src/generated";

/// Modules of the client that are files of their own.
const MODULES: [&str; 2] = ["types", "builder"];

/// Schemas which a hand-written type of `sbg_raw::values` stands for, because typify makes nothing useful of them.
const HAND_WRITTEN: [(&str, &str); 3] =
    [("DrsImportId", "Identifier"), ("MetadataFilter", "MetadataFilter"), ("Number", "Number")];

/// Schemas that stand for a property which is marked as secret, by whether it is a string, and the types that hide it.
const SECRETS: [(bool, &str, &str); 2] = [
    (true, "SecretText", "crate::values::Secret<::std::string::String>"),
    (false, "SecretJson", "crate::values::Secret<::serde_json::Value>"),
];

/// Validation that typify would turn into types of their own (`NonZero`, newtypes of strings) which would break callers whenever
/// a limit changes; and examples, which it has no use for.
const STRIPPED: [&str; 12] = [
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
    "uniqueItems",
    "maxProperties",
    "default",
    "example",
    "examples",
];

/// The files of the generated client, path and content: the traits, the types, the builders of operations.
///
/// Types which only answers use (`uses`) have no builders: nobody but the platform makes such values.
pub fn generate(document: &Value, uses: &Uses<'_>) -> Result<Vec<(String, String)>> {
    let mut fitted = document.clone();
    hide_secrets(&mut fitted);
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
    for (schema, name) in HAND_WRITTEN {
        settings.with_replacement(schema, format!("crate::values::{name}"), std::iter::empty::<TypeImpl>());
    }
    for (_, name, hidden) in SECRETS {
        settings.with_replacement(name, hidden, std::iter::empty::<TypeImpl>());
    }
    for (name, _) in tables::open_enum_schemas(document) {
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
    prune::prune(&mut client, |name| uses.only_answers(name));
    read::by_hook(&mut client);
    slashes::keep(&mut client, document);
    nullable::apply(&mut client, document, |name| uses.requests(name));
    let mut files = Vec::new();
    for name in MODULES {
        let module = prune::split(&mut client, name)
            .with_context(|| format!("progenitor wrote no module `{name}`"))?;
        files.push((format!("{FOLDER}/client/{name}.rs"), source(&module)));
    }
    files.push((format!("{FOLDER}/client.rs"), source(&client)));
    Ok(files)
}

fn source(file: &syn::File) -> String {
    format!("{}\n{}", tables::HEADER, prettyplease::unparse(file))
}

/// Gives properties that are marked as secret a type that does not show them.
fn hide_secrets(document: &mut Value) {
    let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) else {
        return;
    };
    for schema in schemas.values_mut() {
        let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
        for property in properties.into_iter().flat_map(serde_json::Map::values_mut) {
            if property.get("x-sbg-secret") != Some(&Value::Bool(true)) {
                continue;
            }
            let is_text = property.get("type").and_then(Value::as_str) == Some("string");
            for (_, name, _) in SECRETS.iter().filter(|(text, ..)| *text == is_text) {
                let hidden = format!("#/components/schemas/{name}");
                *property = json!({"description": property["description"], "allOf": [{"$ref": hidden}]});
            }
        }
    }
    // What they stand for does not matter, because each is replaced by its type.
    schemas.extend(SECRETS.map(|(_, name, _)| (name.to_owned(), json!({"type": "string"}))));
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
    use super::*;

    #[test]
    fn secret_properties_get_a_type_that_hides_them_and_others_stay() {
        let text =
            json!({"type": "string", "format": "password", "x-sbg-secret": true, "description": "Key."});
        let object = json!({"x-sbg-secret": true, "description": "Settings."});
        let plain = json!({"type": "string", "description": "Name."});
        let properties = json!({"key": text, "settings": object, "name": plain.clone()});
        let mut document = json!({"components": {"schemas": {"Pear": {"properties": properties}}}});
        hide_secrets(&mut document);
        let hidden = |name: &str, description: &str| json!({"description": description, "allOf": [{"$ref": format!("#/components/schemas/{name}")}]});
        let expected = json!({
            "key": hidden("SecretText", "Key."),
            "settings": hidden("SecretJson", "Settings."),
            "name": plain,
        });
        assert_eq!(document["components"]["schemas"]["Pear"]["properties"], expected);
    }

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
