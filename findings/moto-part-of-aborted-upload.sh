#!/usr/bin/env bash
# moto 5.2.5 (PyPI), a server with the API of AWS for tests.
#
# Expected: a part for a multipart upload that was aborted is refused with 404 NoSuchUpload, as the API of S3 says.
# Happens:  500 Internal Server Error, as HTML without a code.
# Hurts:    clients that begin an upload once more when the old one is gone: 500 is what they repeat, so a test of theirs against moto ends
#           with the wrong error after all attempts.
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
seen 'status of a part afterwards' "$(request -T "$work/part" "$url/bucket/key?partNumber=1&uploadId=$upload")" 500
seen 'words of NoSuchUpload' "$(grep -c NoSuchUpload "$work/body" || true)" 0
verdict
