#!/usr/bin/env bash
# OpenAPI Generator 7.26.0 (PyPI openapi-generator-cli), clients in R. Needs Java, and R with R6, jsonlite and httr.
#
# Expected: a parameter may have any name; what is not a name in R is quoted or renamed.
# Actual:   a parameter `_all` becomes an argument of this name, without the quotes that its uses have. The package cannot be installed.
# Impact:   one such parameter makes the whole client useless, until `--parameter-name-mappings` renames it. Reserved words are renamed.
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
          {"name": "_all", "in": "query", "schema": {"type": "boolean"}}
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
openapi_generator openapi-generator-cli==7.26.0 r --additional-properties=packageName=pears
parse() {
    Rscript -e "cat(tryCatch({parse('$work/client/R/pears_api.R'); 'parsed'}, error = function(e) 'not R'))"
}
seen '_all' "$(parse)" 'not R'
sed -i 's/"_all"/"function"/' "$work/api.json"
rm -rf "$work/client"
openapi_generator openapi-generator-cli==7.26.0 r --additional-properties=packageName=pears
seen 'a reserved word' "$(parse)" parsed
verdict
