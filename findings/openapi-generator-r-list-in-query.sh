#!/usr/bin/env bash
# OpenAPI Generator 7.26.0 (PyPI openapi-generator-cli), clients in R. Needs Java, and R with R6, jsonlite and httr.
#
# Expected: a list in a query is sent as a parameter for each value (`style: form`, `explode: true`).
# Actual:   with `httr`, which is the default library, one value is sent, and two are an error of R. With `library=httr2` both are sent.
# Impact:   clients pass their tests with one value and fail with two; the message names neither the parameter nor the cause.
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
          {"name": "name", "in": "query", "style": "form", "explode": true, "schema": {"type": "array", "items": {"type": "string"}}}
        ],
        "responses": {"200": {"description": "A pear.", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pear"}}}}}
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
r_client openapi-generator-cli==7.26.0
serve_anything
call() {
    r "PearsApi\$new(ApiClient\$new(base_path = '$url'))\$ListWithHttpInfo(name = c($1))\$status_code"
}
seen 'one value' "$(call '"a"')" 200
seen request "$(requested)" 'GET /pears?name=a'
seen 'two values' "$(call '"a", "b"')" 'values must be length 1,'
verdict
