#!/usr/bin/env bash
# oazapfts 7.5.0 (npm), a client in TypeScript.
#
# Expected: `2XX` describes the responses of every status of success (OpenAPI 3.0.3, Responses Object).
# Actual:   the type of the response has the line `status: 2XX;`, which is not TypeScript. The generator succeeds.
# Impact:   a client of such a document does not compile.
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

        ],
        "responses": {"2XX": {"description": "A pear.", "content": {"application/json": {"schema": {"\$ref": "#/components/schemas/Pear"}}}}}
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
npm_packages oazapfts@7.5.0 typescript@5.9.3
seen version "$(sed -n 's/^ *"version": "\(.*\)".*/\1/p' "$work/node_modules/oazapfts/package.json")" 7.5.0
check() {
    "$work/node_modules/.bin/oazapfts" "$work/api.json" "$work/api.ts"
    "$work/node_modules/.bin/tsc" --noEmit --skipLibCheck --target es2022 --module esnext --moduleResolution bundler "$work/api.ts" |
        sed -n 's/.*error \(TS[0-9]*\).*/\1/p' | head -n 1
}
seen 'first error with 2XX' "$(check)" TS1351
seen line "$(grep -o 'status: .*' "$work/api.ts")" 'status: 2XX;'
sed -i 's/"2XX"/"200"/' "$work/api.json"
seen 'first error with 200' "$(check)" ''
verdict
