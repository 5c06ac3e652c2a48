#!/usr/bin/env bash
# moto 5.2.5 (PyPI), a server with the API of AWS for tests.
#
# Expected: a part of an aborted multipart upload gets 404 NoSuchUpload, as the S3 API specifies.
# Actual:   500 Internal Server Error, an HTML page without an error code.
# Impact:   clients that restart an upload when it is gone retry on 500 instead, so their tests against moto end with the wrong error.
work=$(mktemp -d)
source "$(dirname "$0")/lib.bash"

python_packages 'moto[s3]==5.2.5' Flask==3.1.3 flask-cors==6.0.5
seen version "$("$work/venv/bin/pip" show moto | sed -n 's/^Version: //p')" 5.2.5
serve "$work/venv/bin/moto_server" -H 127.0.0.1 -p "$port"
seen 'status of the bucket' "$(request -X PUT "$url/bucket")" 200
seen 'status of the upload' "$(request -X POST "$url/bucket/key?uploads")" 200
upload=$(sed -n 's:.*<UploadId>\(.*\)</UploadId>.*:\1:p' "$work/body")
printf part > "$work/part"
seen 'status of a part' "$(request -T "$work/part" "$url/bucket/key?partNumber=1&uploadId=$upload")" 200
seen 'status of the abort' "$(request -X DELETE "$url/bucket/key?uploadId=$upload")" 204
seen 'status of a part after the abort' "$(request -T "$work/part" "$url/bucket/key?partNumber=1&uploadId=$upload")" 500
seen 'lines with NoSuchUpload' "$(grep -c NoSuchUpload "$work/body" || true)" 0
verdict
