#!/usr/bin/env bash
# openapi-typescript-codegen 0.31.0 (npm), a client in TypeScript.
#
# Expected: components of different kinds may have the same name: a reference says which kind it means.
# Actual:   a parameter `Pear` and a schema `Pear` become one file, and `index.ts` exports the type twice.
# Impact:   the client does not compile (TS2300) and one of the two types is missing. Parameters need names that no schema has.
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
        "parameters": [{"$ref": "#/components/parameters/Pear"}],
        "responses": {"200": {"description": "A pear.", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pear"}}}}}
      }
    }
  },
  "components": {
    "parameters": {"Pear": {"name": "pear", "in": "query", "schema": {"type": "string"}}},
    "schemas": {"Pear": {"type": "object", "properties": {"name": {"type": "string"}}}}
  }
}
DOCUMENT
npm_packages openapi-typescript-codegen@0.31.0 typescript@5.9.3
generator=$work/node_modules/openapi-typescript-codegen/bin/index.js
seen version "$(node "$generator" --version)" 0.31.0
node "$generator" --input "$work/api.json" --output "$work/client"
seen 'lines that export it' "$(grep -c 'export type { Pear }' "$work/client/index.ts")" 2
errors=$("$work/node_modules/.bin/tsc" --noEmit --skipLibCheck --target es2022 --lib es2022,dom --module esnext --moduleResolution bundler \
    "$work/client/index.ts" | grep -o 'error TS[0-9]*' | sort | uniq -c | tr -s ' ' || true)
seen errors "$errors" ' 2 error TS2300'
verdict
