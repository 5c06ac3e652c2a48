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
