#!/usr/bin/env bash
# OpenAPI Generator 7.26.0 (PyPI openapi-generator-cli), clients in R. Needs Java, and R with R6, jsonlite and httr.
#
# Expected: an integer in a query is sent in digits.
# Actual:   with `httr`, which is the default library, 100000 is sent as `1e+05`. 100001 is sent in digits, and so are 100000L and
#           everything with `library=httr2`.
# Impact:   servers refuse round numbers from 100000 on, or read another value, such as 1: offsets, sizes and limits.
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
      "Pear": {"type": "object", "properties": {"name": {"type": "string"}}}
    }
  }
}
DOCUMENT
r_client openapi-generator-cli==7.26.0
serve_anything
call() {
    r "PearsApi\$new(ApiClient\$new(base_path = '$url'))\$ListWithHttpInfo(limit = $1)\$status_code" > /dev/null
    requested
}
seen 100001 "$(call 100001)" 'GET /pears?limit=100001'
seen 100000L "$(call 100000L)" 'GET /pears?limit=100000'
seen 100000 "$(call 100000)" 'GET /pears?limit=1e+05'
verdict
