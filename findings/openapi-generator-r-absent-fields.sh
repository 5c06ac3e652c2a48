#!/usr/bin/env bash
# OpenAPI Generator 7.26.0 (PyPI openapi-generator-cli), clients in R. Needs Java, and R with R6, jsonlite and httr.
#
# Expected: a response that is read and written again is the same JSON.
# Actual:   lists, maps and objects that the response does not have are written as empty ones: `{"name": ...}` comes back with
#           `"seeds":[]` and `"origin":[]`.
# Impact:   who reads an object, changes a field and sends it back with PUT or PATCH clears fields that were left out of the response.
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
      "Pear": {
        "type": "object",
        "properties": {
          "name": {"type": "string"},
          "seeds": {"type": "array", "items": {"type": "string"}},
          "origin": {"$ref": "#/components/schemas/Origin"}
        }
      },
      "Origin": {"type": "object", "properties": {"country": {"type": "string"}}}
    }
  }
}
DOCUMENT
r_client openapi-generator-cli==7.26.0
pear='{"name":"Conference"}'
seen 'made' "$(r 'Pear$new(name = "Conference")$toJSONString()')" "$pear"
seen 'read' "$(r "Pear\$new()\$fromJSONString('$pear')\$toJSONString()")" '{"name":"Conference","seeds":[],"origin":[]}'
verdict
