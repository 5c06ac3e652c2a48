#!/usr/bin/env bash
# OpenAPI Generator 7.26.0 (PyPI openapi-generator-cli), clients in R. Needs Java, and R with R6, jsonlite and httr.
#
# Expected: a property whose schema has no `type` may be any JSON (OpenAPI 3.0.3, Schema Object).
# Actual:   its class is `AnyType`, which is neither generated nor part of a package: reading a response that has the property fails.
#           Generation and installation give no hint.
# Impact:   responses with free-form values, such as inputs of tasks, cannot be read; a mapping of the type to another one helps.
work=$(mktemp -d)
source "$(dirname "$0")/lib.bash"

cat > "$work/api.json" << 'DOCUMENT'
{
  "openapi": "3.0.3",
  "info": {"title": "Pears", "version": "1"},
  "paths": {
    "/pears": {
      "get": {
        "operationId": "list",
        "tags": ["pears"],
        "parameters": [
          {"name": "limit", "in": "query", "schema": {"type": "integer"}}
        ],
        "responses": {"200": {"description": "A pear.", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pear"}}}}}
      }
    }
  },
  "components": {
    "schemas": {
      "Pear": {"type": "object", "properties": {"name": {"type": "string"}, "note": {"description": "Any JSON."}}}
    }
  }
}
DOCUMENT
r_client openapi-generator-cli==7.26.0
seen 'files that define AnyType' "$(grep -lE '^AnyType *<-' "$work"/client/R/*.R | wc -l)" 0
seen 'without the property' "$(r 'Pear$new()$fromJSON(r"({"name": "Conference"})")$name')" Conference
seen 'with it' "$(r 'Pear$new()$fromJSON(r"({"note": "ripe"})")$note')" "object 'AnyType' not found"
verdict
