#!/usr/bin/env bash
# OpenAPI Generator 7.26.0 (PyPI openapi-generator-cli), clients in R. Needs Java, and R with R6, jsonlite and httr.
#
# Expected: a property whose schema is a component with an `enum` takes the values of that enum.
# Actual:   the constructor of the object compares the value with an empty set, `c()`, and refuses every one, as text and as object of the
#           generated class of the enum. An enum that is written at the property works.
# Impact:   objects with an enum that several schemas share cannot be made; the property has to be assigned afterwards.
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
        "properties": {"kind": {"$ref": "#/components/schemas/Kind"}, "size": {"type": "string", "enum": ["small", "large"]}}
      },
      "Kind": {"type": "string", "enum": ["soft", "hard"]}
    }
  }
}
DOCUMENT
r_client openapi-generator-cli==7.26.0
seen 'a text' "$(r 'Pear$new(kind = "soft")$toJSONString()')" 'Error! "soft" cannot be assigned to `kind`. Must be .'
seen 'an object' "$(r 'Pear$new(kind = Kind$new("soft"))$toJSONString()')" "'match' requires vector arguments"
seen 'assigned later' "$(r 'pear <- Pear$new(); pear$kind <- Kind$new("soft"); pear$toJSONString()')" '{"kind":"soft"}'
seen 'an enum at the property' "$(r 'Pear$new(size = "small")$toJSONString()')" '{"size":"small"}'
verdict
