#!/usr/bin/env bash
# OpenAPI Generator 7.26.0 (PyPI openapi-generator-cli), clients in Rust. Needs Java and Cargo.
#
# Expected: an object in a query with `style: form` and `explode: true`, the defaults, is a parameter for each of its properties:
#           `color=red&size=big` (OpenAPI 3.0.3, Style Values).
# Actual:   the object is sent as JSON in one parameter: `labels={"color":"red"}`.
# Impact:   a filter of that kind is lost; a server that ignores unknown parameters responds with everything.
work=$(mktemp -d)
source "$(dirname "$0")/lib.bash"

cat > "$work/api.json" << DOCUMENT
{
  "openapi": "3.0.3",
  "info": {"title": "Pears", "version": "1"},
  "servers": [{"url": "$url"}],
  "paths": {
    "/pears": {
      "get": {
        "operationId": "list",
        "tags": ["pears"],
        "parameters": [
          {
            "name": "labels",
            "in": "query",
            "style": "form",
            "explode": true,
            "schema": {"type": "object", "additionalProperties": {"type": "string"}}
          }
        ],
        "responses": {"200": {"description": "A pear.", "content": {"application/json": {"schema": {"\$ref": "#/components/schemas/Pear"}}}}}
      }
    }
  },
  "components": {
    "schemas": {
      "Pear": {"type": "object", "properties": {"name": {"type": "string"}}}
    }
  }
}
DOCUMENT
openapi_generator openapi-generator-cli==7.26.0 rust --additional-properties=packageName=pears
# The server is on this machine, so there is no TLS.
mkdir "$work/src"
cat > "$work/Cargo.toml" << 'CARGO'
[package]
name = "program"
version = "0.0.0"
edition = "2021"

[dependencies]
pears = { path = "client", default-features = false }
reqwest = { version = "=0.13.5", default-features = false }
tokio = { version = "1", features = ["macros", "rt"] }

[workspace]
CARGO
cat > "$work/src/main.rs" << 'RUST'
use pears::apis::{configuration::Configuration, pears_api};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let labels = [("color".to_owned(), "red".to_owned())].into();
    let _ = pears_api::list(&Configuration::default(), Some(labels)).await;
}
RUST
serve_anything
cargo run --quiet --manifest-path "$work/Cargo.toml"
seen request "$(requested)" 'GET /pears?labels={"color":"red"}'
verdict
