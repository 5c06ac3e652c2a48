# Shared by the findings: a temporary folder $work that is deleted at the end, a server on a free loopback port, and comparisons.
# shellcheck shell=bash
set -euo pipefail

server=
failed=0

finish() {
    if [[ -n $server ]]; then
        kill "$server" 2> /dev/null || true
        wait "$server" 2> /dev/null || true
    fi
    rm -rf "$work"
}
trap finish EXIT

port=$(python3 -c '
import random, socket
while True:
    port = random.randrange(20000, 30000)
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)):
            print(port)
            break
')
url=http://127.0.0.1:$port

# Starts a server, which has to stay in the foreground, and waits until it responds.
serve() {
    "$@" > "$work/server.log" 2>&1 &
    server=$!
    local began=$SECONDS
    until curl -s -o /dev/null --max-time 5 "$url/"; do
        if ! kill -0 "$server" 2> /dev/null || (( SECONDS - began > 60 )); then
            cat "$work/server.log"
            exit 1
        fi
        sleep 0.1
    done
}

# Unpacks Debian packages below $work without installing them.
debian() {
    (cd "$work" && apt-get -q -o APT::Sandbox::User=root download "$@" > /dev/null && for package in ./*.deb; do dpkg -x "$package" debian; done)
}

npm_packages() {
    npm install --prefix "$work" --ignore-scripts --no-audit --no-fund --silent "$@"
}

python_packages() {
    python3 -m venv "$work/venv"
    "$work/venv/bin/pip" install --quiet --disable-pip-version-check "$@"
}

# Generates $work/client from $work/api.json with OpenAPI Generator, which a package of PyPI has as a whole.
openapi_generator() { # openapi-generator-cli==VERSION GENERATOR [OPTION ...]
    local jar package=$1
    shift
    python_packages "$package"
    jar=$("$work/venv/bin/python" -c 'import openapi_generator_cli as p; print(p.__path__[0])')/openapi-generator.jar
    seen version "$(java -jar "$jar" version)" "${package#*==}"
    java -jar "$jar" generate -i "$work/api.json" -o "$work/client" -g "$@" > "$work/generator.log" 2>&1 ||
        { cat "$work/generator.log"; exit 1; }
}

# Generates a client in R and installs it.
r_client() { # openapi-generator-cli==VERSION [OPTION ...]
    local package=$1
    shift
    openapi_generator "$package" r --additional-properties=packageName=pears "$@"
    mkdir "$work/library"
    export R_LIBS=$work/library
    R CMD INSTALL --no-docs --no-test-load --library="$work/library" "$work/client" > "$work/install.log" 2>&1 ||
        { cat "$work/install.log"; exit 1; }
}

# Prints the value of an expression in R that uses the installed client, or its error.
r() {
    Rscript -e 'library(pears)' -e "cat(tryCatch({$1}, error = function(e) conditionMessage(e)))" | head -n 1
}

# Prints the class path of a client in Java: the annotations of Debian, and Jackson, which the generator has.
java_libraries() {
    debian libjakarta-annotation-api-java libjsr305-java
    printf '%s' "$work"/venv/lib/python3*/site-packages/openapi_generator_cli/openapi-generator.jar \
        :"$work"/debian/usr/share/java/jakarta-annotation-api.jar:"$work"/debian/usr/share/java/jsr305.jar
}

# Compiles a program for Node. It may be in TypeScript, whose types are not checked.
node_program() { # FILE
    "$work/node_modules/.bin/esbuild" --bundle --platform=node --log-level=error --outfile="$work/program.cjs" "$work/$1"
}

# Starts a server that responds to everything with a body, `{}` by default, and writes method and target of the requests to $work/requests.
serve_anything() { # [BODY]
    # The first request is the one that waits for the server.
    serve python3 -c '
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        with open(sys.argv[2], "a") as requests:
            requests.write(f"{self.command} {self.path}\n")
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(sys.argv[3])))
        self.end_headers()
        self.wfile.write(sys.argv[3].encode())
HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
' "$port" "$work/requests" "${1:-{\}}"
}

# The last request to that server, its query decoded.
requested() {
    tail -n 1 "$work/requests" | python3 -c 'import sys, urllib.parse; print(urllib.parse.unquote(sys.stdin.read().strip()))'
}

# Starts the installed Azurite with a public object `objects/ten` of ten bytes.
azurite_with_ten_bytes() {
    serve "$work/node_modules/.bin/azurite-blob" --blobHost 127.0.0.1 --blobPort "$port" \
        --inMemoryPersistence --skipApiVersionCheck --disableTelemetry
    "$work/venv/bin/python" - "$url" << 'PYTHON'
import sys
from azure.storage.blob import BlobServiceClient
# The default account and key from the documentation of Azurite.
key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
service = BlobServiceClient(sys.argv[1] + "/devstoreaccount1", {"account_name": "devstoreaccount1", "account_key": key})
service.create_container("objects", public_access="blob").upload_blob("ten", b"0123456789")
PYTHON
}

# Prints the status of a response; its body is in $work/body, its headers in $work/head.
request() {
    curl -s -o "$work/body" -D "$work/head" -w '%{http_code}\n' "$@"
}

# A header of the last response.
header() {
    sed -n "s/^$1: \(.*\)\r$/\1/Ip" "$work/head"
}

# Compares a value with the one seen when the script was written.
seen() {
    echo "$1: $2"
    if [[ $2 != "$3" ]]; then
        echo "  CHANGED, was: $3"
        failed=1
    fi
}

verdict() {
    exit "$failed"
}
