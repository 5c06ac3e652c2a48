#!/usr/bin/env bash
# Azurite 3.37.0 (npm), an emulator of Azure Blob Storage.
#
# Expected: a range that begins behind the last byte cannot be satisfied: 416 (RFC 9110, 14.1.2; InvalidRange of Azure Blob Storage).
# Happens:  where it begins exactly at the end, 206 with `Content-Range: bytes 10-9/10` and no byte; one byte further on, 416.
# Hurts:    clients that resume a download that was complete, or read until 416: there is a success without progress, whose
#           Content-Range ends before it begins.
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
