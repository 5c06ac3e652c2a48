//! The client and the types of `sbg-raw`: the bundle, fitted to what progenitor understands, through progenitor.

use anyhow::{Context, Result};
use openapiv3::OpenAPI;
use progenitor::{GenerationSettings, Generator, HooksMode, InterfaceStyle, TagStyle, TypeImpl};
use quote::quote;
use schemars::schema::{InstanceType, SchemaObject};
use serde_json::Value;

use crate::rust_tables;

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

/// The source of the generated client.
pub fn generate(document: &Value) -> Result<String> {
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

    let tokens = Generator::new(&settings).generate_tokens(&api).context("progenitor refuses the bundle")?;
    let file = syn::parse2(tokens).context("progenitor wrote something that is no Rust")?;
    Ok(format!("{}\n{}", rust_tables::HEADER, prettyplease::unparse(&file)))
}

fn fit(value: &mut Value) {
    match value {
        Value::Object(map) => {
            // A property may bear the name of a keyword; only keywords beside a schema's own words are stripped.
            let is_schema =
                ["type", "allOf", "oneOf", "$ref", "schema"].iter().any(|key| map.contains_key(*key));
            if is_schema {
                map.retain(|key, value| !(STRIPPED.contains(&key.as_str()) && !is_property(value)));
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
