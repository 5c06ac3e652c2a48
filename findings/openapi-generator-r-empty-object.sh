#!/usr/bin/env bash
# OpenAPI Generator 7.26.0 (PyPI openapi-generator-cli), clients in R. Needs Java, and R with R6, jsonlite and httr.
#
# Expected: an object without properties is `{}` in JSON, also inside of another one.
# Actual:   it is `[]`, an empty array.
# Impact:   servers that check types refuse calls whose fields are all optional when none is set, such as an edit or a "complete".
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
      "Pear": {"type": "object", "properties": {"name": {"type": "string"}, "origin": {"$ref": "#/components/schemas/Origin"}}},
      "Origin": {"type": "object", "properties": {"country": {"type": "string"}}}
    }
  }
}
DOCUMENT
r_client openapi-generator-cli==7.26.0
seen 'one property' "$(r 'Pear$new(name = "Conference")$toJSONString()')" '{"name":"Conference"}'
seen 'no property' "$(r 'Pear$new()$toJSONString()')" '[]'
seen 'an object inside' "$(r 'Pear$new(origin = Origin$new())$toJSONString()')" '{"origin":[]}'
verdict
