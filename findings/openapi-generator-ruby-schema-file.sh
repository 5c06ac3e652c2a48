#!/usr/bin/env bash
# OpenAPI Generator 7.26.0 (PyPI openapi-generator-cli), clients in Ruby. Needs Java, and Ruby with typhoeus.
#
# Expected: a response with the schema `File`, an object with a name, is an object of the generated class `File`.
# Actual:   it is taken for the contents of a file: the JSON is written to a temporary file, which is the result. A schema `Pear` works.
# Impact:   APIs about files cannot be used until `--model-name-mappings` renames the schema; generator and class give no hint.
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
        "responses": {"200": {"description": "A pear.", "content": {"application/json": {"schema": {"\$ref": "#/components/schemas/File"}}}}}
      }
    }
  },
  "components": {
    "schemas": {
      "Pear": {"type": "object", "properties": {"name": {"type": "string"}}},
      "File": {"type": "object", "properties": {"name": {"type": "string"}}}
    }
  }
}
DOCUMENT
serve_anything '{"name": "Conference"}'
result() {
    ruby -I "$work/client/lib" -e '
        require "openapi_client"
        OpenapiClient.configure { |config| config.logger.level = :fatal }
        result = OpenapiClient::PearsApi.new.list
        puts result.class, result.respond_to?(:name) ? result.name : result.open.read
    ' | paste -s -d ' '
}
openapi_generator openapi-generator-cli==7.26.0 ruby
seen 'schema File' "$(result)" 'Tempfile {"name": "Conference"}'
sed -i 's:schemas/File:schemas/Pear:' "$work/api.json"
openapi_generator openapi-generator-cli==7.26.0 ruby
seen 'schema Pear' "$(result)" 'OpenapiClient::Pear Conference'
verdict
