#!/usr/bin/env bash
# swagger-typescript-api 13.13.0 (npm), a client in TypeScript.
#
# Expected: `2XX` describes the responses of every status of success (OpenAPI 3.0.3, Responses Object).
# Actual:   the body is not read: `data` is null and has the type `any`. The schema becomes the type of the error.
# Impact:   calls succeed without a result, and the compiler does not notice. With `200` the result is there.
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
npm_packages swagger-typescript-api@13.13.0 esbuild@0.28.2
generator=$work/node_modules/.bin/swagger-typescript-api
seen version "$("$generator" --version)" 13.13.0
serve_anything '{"name": "Conference"}'
cat > "$work/program.ts" << 'TYPESCRIPT'
import { Api } from "./api";
void new Api().pears.list().then((response) => console.log(JSON.stringify(response.data)));
TYPESCRIPT
result() {
    "$generator" generate --path "$work/api.json" --output "$work" --name api.ts > "$work/log"
    node_program program.ts
    node "$work/program.cjs"
}
seen 'result of 2XX' "$(result)" null
seen 'types of result and error' "$(grep -o 'this.request<.*>' "$work/api.ts")" 'this.request<any, Pear>'
sed -i 's/"2XX"/"200"/' "$work/api.json"
seen 'result of 200' "$(result)" '{"name":"Conference"}'
verdict
