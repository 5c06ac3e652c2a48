#!/usr/bin/env bash
# OpenAPI Generator 7.26.0 (PyPI openapi-generator-cli), clients in R. Needs Java, and R with R6, jsonlite and httr.
#
# Expected: an optional parameter that is left out is not sent.
# Actual:   the function of an operation passes each of them on as `NULL`, which the function that it calls refuses: "`name` is not nullable".
#           So it works only if every optional parameter is given. Its twin ending in `WithHttpInfo` works.
# Impact:   none of the documented calls of an API with optional filters or paging works.
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
          {"name": "limit", "in": "query", "schema": {"type": "integer"}},
          {"name": "name", "in": "query", "schema": {"type": "string"}}
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
api="PearsApi\$new(ApiClient\$new(base_path = '$url'))"
seen 'one of two parameters' "$(r "$api\$List(limit = 5)")" \
    'Invalid value for `name` when calling PearsApi$List, `name` is not nullable'
seen 'no parameter' "$(r "$api\$List()")" 'Invalid value for `limit` when calling PearsApi$List, `limit` is not nullable'
seen 'requests so far' "$(grep -c limit "$work/requests" || true)" 0
seen 'WithHttpInfo' "$(r "$api\$ListWithHttpInfo(limit = 5)\$status_code")" 200
seen request "$(requested)" 'GET /pears?limit=5'
verdict
