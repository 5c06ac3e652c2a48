#!/usr/bin/env bash
# OpenAPI Generator 7.26.0 (PyPI openapi-generator-cli), clients in PHP. Needs Java, and PHP with Guzzle.
#
# Expected: `oneOf` of a number and a string keeps the value of a response.
# Actual:   the value becomes an object of a class without properties. The value is gone, without an error, and is written as `{}`.
# Impact:   amounts, durations and counts of such a type are lost; a program notices when it computes with them.
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
openapi_generator openapi-generator-cli==7.26.0 php
debian php-guzzlehttp-guzzle php-guzzlehttp-psr7 php-guzzlehttp-promises php-getallheaders php-psr-http-client php-psr-http-message php-psr-http-factory \
    php-symfony-deprecation-contracts
cat > "$work/program.php" << 'PHP'
<?php
require 'GuzzleHttp/autoload.php';
spl_autoload_register(function ($class) {
    require __DIR__ . '/client/lib/' . strtr(substr($class, strlen('OpenAPI\\Client\\')), '\\', '/') . '.php';
});
use OpenAPI\Client\{Model\Pear, ObjectSerializer};
$pear = ObjectSerializer::deserialize(json_decode($argv[1]), Pear::class);
echo get_debug_type($pear->getPrice()), ' ', json_encode($pear), "\n";
PHP
read_pear() {
    php -d include_path="$work/debian/usr/share/php" "$work/program.php" "$1"
}
seen 'a number' "$(read_pear '{"price": 0.23}')" 'OpenAPI\Client\Model\Amount {"price":{}}'
seen 'a string' "$(read_pear '{"price": "0.23"}')" 'OpenAPI\Client\Model\Amount {"price":{}}'
verdict
