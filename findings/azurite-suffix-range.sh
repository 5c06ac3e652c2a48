#!/usr/bin/env bash
# Azurite 3.37.0 (npm), an emulator of Azure Blob Storage.
#
# Expected: `Range: bytes=-3` is the last three bytes (RFC 9110, 14.1.2): 206 with `Content-Range: bytes 7-9/10`.
# Happens:  206 with `Content-Range: bytes NaN-3/10`, and all ten bytes.
# Hurts:    clients that read the end of a file first (zip, parquet, BAM indices): those that look at the status only take the whole
#           object for its end, and parsers of Content-Range find no number.
source "$(dirname "$0")/common.sh"

npm_packages azurite@3.37.0
python_packages azure-storage-blob==12.31.1
seen version "$("$work/node_modules/.bin/azurite-blob" --version)" 3.37.0
serve "$work/node_modules/.bin/azurite-blob" --blobHost 127.0.0.1 --blobPort "$port" \
    --inMemoryPersistence --skipApiVersionCheck --disableTelemetry
"$work/venv/bin/python" - "$url" << 'PYTHON'
import sys
from azure.storage.blob import BlobServiceClient
# The account and the key that every Azurite has, from its documentation.
key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
service = BlobServiceClient(sys.argv[1] + "/devstoreaccount1", {"account_name": "devstoreaccount1", "account_key": key})
service.create_container("c", public_access="blob").upload_blob("ten", b"0123456789")
PYTHON
seen status "$(request -H 'Range: bytes=-3' "$url/devstoreaccount1/c/ten")" 206
seen Content-Range "$(header Content-Range)" 'bytes NaN-3/10'
seen body "$(cat "$work/body")" 0123456789
verdict
