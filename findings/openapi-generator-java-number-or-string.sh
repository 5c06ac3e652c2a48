#!/usr/bin/env bash
# OpenAPI Generator 7.26.0 (PyPI openapi-generator-cli), clients in Java with `library=native`. Needs a JDK.
#
# Expected: `oneOf` of a number and a string takes either: no JSON value is both.
# Actual:   its class accepts numbers for both types, and strings as well: "2 classes match result, expected 1", whichever is read.
# Impact:   responses with such a value, like an amount that comes as 0.23 or "0.23", cannot be read at all.
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
        "responses": {"200": {"description": "A pear.", "content": {"application/json": {"schema": {"\$ref": "#/components/schemas/Pear"}}}}}
      }
    }
  },
  "components": {
    "schemas": {
      "Pear": {"type": "object", "properties": {"price": {"\$ref": "#/components/schemas/Amount"}}},
      "Amount": {"oneOf": [{"type": "number"}, {"type": "string"}]}
    }
  }
}
DOCUMENT
openapi_generator openapi-generator-cli==7.26.0 java --library=native --additional-properties=openApiNullable=false,useJakartaEe=true
libraries=$(java_libraries)
cat > "$work/Program.java" << 'JAVA'
import org.openapitools.client.ApiClient;
import org.openapitools.client.model.Pear;

public class Program {
    public static void main(String[] arguments) {
        try {
            System.out.println(new ApiClient().getObjectMapper().readValue(arguments[0], Pear.class).getPrice().getActualInstance());
        } catch (Exception failure) {
            System.out.println(failure.getMessage().replaceAll("(?s).*Amount: (.*)", "$1"));
        }
    }
}
JAVA
find "$work/client/src/main" -name '*.java' > "$work/files"
javac -nowarn -proc:none -Xlint:none -cp "$libraries" -d "$work/classes" @"$work/files" "$work/Program.java" 2> "$work/javac.log" ||
    { cat "$work/javac.log"; exit 1; }
read_pear() {
    java -cp "$work/classes:$libraries" Program "$1" | head -n 1
}
seen 'a number' "$(read_pear '{"price": 0.23}')" '2 classes match result, expected 1'
seen 'a string' "$(read_pear '{"price": "0.23"}')" '2 classes match result, expected 1'
verdict
