#!/usr/bin/env bash
# Azurite 3.37.0 (npm), an emulator of Azure Blob Storage.
#
# Expected: `Range: bytes=-3` is the last three bytes (RFC 9110, 14.1.2): 206 with `Content-Range: bytes 7-9/10`.
# Actual:   206 with `Content-Range: bytes NaN-3/10` and `Content-Length: NaN`, which is not valid HTTP: curl fails with exit code 8.
# Impact:   clients that read the end of a file first (zip, parquet, BAM indices) work with Azure and fail with its emulator; lenient ones
#           read the wrong bytes.
work=$(mktemp -d)
source "$(dirname "$0")/lib.bash"

npm_packages azurite@3.37.0
python_packages azure-storage-blob==12.31.1
seen version "$("$work/node_modules/.bin/azurite-blob" --version)" 3.37.0
azurite_with_ten_bytes
code=0
request -H 'Range: bytes=-3' "$url/devstoreaccount1/objects/ten" > /dev/null || code=$?
seen 'exit code of curl' "$code" 8
# The raw head: HTTP libraries reject it.
"$work/venv/bin/python" - "$port" > "$work/head" << 'PYTHON'
import socket, sys
with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as connection:
    connection.sendall(b"GET /devstoreaccount1/objects/ten HTTP/1.1\r\nHost: 127.0.0.1\r\nRange: bytes=-3\r\n\r\n")
    head = b""
    while b"\r\n\r\n" not in head and (piece := connection.recv(4096)):
        head += piece
sys.stdout.buffer.write(head.partition(b"\r\n\r\n")[0] + b"\r\n")
PYTHON
seen status "$(head -n 1 "$work/head" | cut -d ' ' -f 2)" 206
seen Content-Range "$(header Content-Range)" 'bytes NaN-3/10'
seen Content-Length "$(header Content-Length)" NaN
verdict
