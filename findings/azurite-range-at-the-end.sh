#!/usr/bin/env bash
# Azurite 3.37.0 (npm), an emulator of Azure Blob Storage.
#
# Expected: a range that starts after the last byte is not satisfiable: 416 (RFC 9110, 14.1.2; InvalidRange of Azure Blob Storage).
# Actual:   if it starts exactly at the end, 206 with `Content-Range: bytes 10-9/10` and no body; one byte later, 416.
# Impact:   clients that resume a complete download, or read until 416, get a success without progress, whose Content-Range ends before it
#           starts.
work=$(mktemp -d)
source "$(dirname "$0")/lib.bash"

npm_packages azurite@3.37.0
python_packages azure-storage-blob==12.31.1
seen version "$("$work/node_modules/.bin/azurite-blob" --version)" 3.37.0
azurite_with_ten_bytes
seen 'status of bytes=10-19' "$(request -H 'Range: bytes=10-19' "$url/devstoreaccount1/objects/ten")" 206
seen Content-Range "$(header Content-Range)" 'bytes 10-9/10'
seen 'length of the body' "$(stat -c %s "$work/body")" 0
seen 'status of bytes=11-19' "$(request -H 'Range: bytes=11-19' "$url/devstoreaccount1/objects/ten")" 416
verdict
