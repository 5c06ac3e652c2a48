#!/usr/bin/env bash
# OpenAPI Generator 7.26.0 (PyPI openapi-generator-cli), clients in Java with `library=native`. Needs a JDK.
#
# Expected: an object in a query with `style: form` and `explode: true`, the defaults, is a parameter for each of its properties:
#           `color=red&size=big` (OpenAPI 3.0.3, Style Values).
# Actual:   the text of a Java map is sent: `labels={color=red, size=big}`.
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
        "operationId": "find",
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
openapi_generator openapi-generator-cli==7.26.0 java --library=native --additional-properties=openApiNullable=false,useJakartaEe=true
libraries=$(java_libraries)
cat > "$work/Program.java" << 'JAVA'
import java.util.TreeMap;
import org.openapitools.client.ApiClient;
import org.openapitools.client.api.PearsApi;

public class Program {
    public static void main(String[] arguments) throws Exception {
        TreeMap<String, String> labels = new TreeMap<>();
        labels.put("color", "red");
        labels.put("size", "big");
        new PearsApi(new ApiClient()).find(labels);
    }
}
JAVA
find "$work/client/src/main" -name '*.java' > "$work/files"
javac -nowarn -proc:none -Xlint:none -cp "$libraries" -d "$work/classes" @"$work/files" "$work/Program.java" 2> "$work/javac.log" ||
    { cat "$work/javac.log"; exit 1; }
serve_anything
java -cp "$work/classes:$libraries" Program
seen request "$(requested)" 'GET /pears?labels={color=red, size=big}'
verdict
