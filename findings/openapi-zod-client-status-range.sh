#!/usr/bin/env bash
# openapi-zod-client 1.18.3 (npm), a client in TypeScript that validates.
#
# Expected: `2XX` describes the responses of every status of success (OpenAPI 3.0.3, Responses Object).
# Actual:   its schema becomes that of an error with the status `NaN`, and the one of a success is `z.void()`. So each valid response is refused:
#           "Expected void, received object".
# Impact:   no operation of such a document can be called, although generator and compiler have no complaint.
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
npm_packages openapi-zod-client@1.18.3 @zodios/core@10.9.6 axios@1.7.9 zod@3.25.76 esbuild@0.28.2
seen version "$("$work/node_modules/.bin/openapi-zod-client" --version | cut -d ' ' -f 1)" openapi-zod-client/1.18.3
serve_anything '{"name": "Conference"}'
cat > "$work/program.ts" << TYPESCRIPT
import { createApiClient } from "./zod";
createApiClient("$url").get("/pears").then(
    (pear) => console.log(pear.name),
    (error) => console.log(/"message": "(.*)"/.exec(error.message)?.[1]),
);
TYPESCRIPT
result() {
    "$work/node_modules/.bin/openapi-zod-client" "$work/api.json" --output "$work/zod.ts" > "$work/log"
    node_program program.ts
    node --no-deprecation "$work/program.cjs"
}
seen 'response of 2XX' "$(result)" 'Expected void, received object'
sed -i 's/"2XX"/"200"/' "$work/api.json"
seen 'response of 200' "$(result)" Conference
verdict
