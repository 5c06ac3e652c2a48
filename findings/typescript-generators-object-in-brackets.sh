#!/usr/bin/env bash
# openapi-zod-client 1.18.3 and openapi-typescript-codegen 0.31.0 (npm), clients in TypeScript.
#
# Expected: an object in a query with `style: form` and `explode: true`, the defaults, is a parameter for each of its properties:
#           `color=red&size=big` (OpenAPI 3.0.3, Style Values).
# Actual:   both send it as `style: deepObject` would: `labels[color]=red&labels[size]=big`.
# Impact:   servers do not know these parameters: they refuse them, or ignore the filter and respond with everything.
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
          {
            "name": "labels",
            "in": "query",
            "style": "form",
            "explode": true,
            "schema": {"type": "object", "additionalProperties": {"type": "string"}}
          }
        ],
        "responses": {"200": {"description": "A pear.", "content": {"application/json": {"schema": {"\$ref": "#/components/schemas/Pear"}}}}}
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
npm_packages openapi-zod-client@1.18.3 openapi-typescript-codegen@0.31.0 @zodios/core@10.9.6 axios@1.7.9 zod@3.25.76 esbuild@0.28.2
modules=$work/node_modules
seen 'version of openapi-zod-client' "$("$modules/.bin/openapi-zod-client" --version | cut -d ' ' -f 1)" openapi-zod-client/1.18.3
seen 'version of openapi-typescript-codegen' "$(node "$modules/openapi-typescript-codegen/bin/index.js" --version)" 0.31.0
"$modules/.bin/openapi-zod-client" "$work/api.json" --output "$work/zod.ts" > "$work/log"
node "$modules/openapi-typescript-codegen/bin/index.js" --input "$work/api.json" --output "$work/codegen" >> "$work/log"
serve_anything

cat > "$work/with-zod.ts" << TYPESCRIPT
import { createApiClient } from "./zod";
void createApiClient("$url").get("/pears", { queries: { labels: { color: "red", size: "big" } } });
TYPESCRIPT
node_program with-zod.ts
node --no-deprecation "$work/program.cjs"
seen openapi-zod-client "$(requested)" 'GET /pears?labels[color]=red&labels[size]=big'

cat > "$work/with-codegen.ts" << 'TYPESCRIPT'
import { PearsService } from "./codegen";
void PearsService.list({ color: "red", size: "big" });
TYPESCRIPT
node_program with-codegen.ts
node --no-deprecation "$work/program.cjs"
seen openapi-typescript-codegen "$(requested)" 'GET /pears?labels[color]=red&labels[size]=big'
verdict
