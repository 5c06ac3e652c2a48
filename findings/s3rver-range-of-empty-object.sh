#!/usr/bin/env bash
# s3rver 3.7.1 (npm), a server with the API of S3 for tests.
#
# Expected: no range of an empty object is satisfiable: 416 InvalidRange, as S3 responds.
# Actual:   206 with `Content-Range: bytes 0-0/0` and `Content-Length: 1`, but no body: a range outside of the object and a byte that never
#           arrives.
# Impact:   clients that send a range with the first request see a broken connection instead of an empty file, and retry.
work=$(mktemp -d)
source "$(dirname "$0")/lib.bash"

npm_packages s3rver@3.7.1
seen version "$("$work/node_modules/.bin/s3rver" --version)" 3.7.1
serve "$work/node_modules/.bin/s3rver" -a 127.0.0.1 -p "$port" -d "$work/data" --configure-bucket b
: > "$work/empty"
seen 'status of PUT' "$(request -X PUT --data-binary @"$work/empty" "$url/b/empty")" 200
seen status "$(request --max-time 3 -H 'Range: bytes=0-1023' "$url/b/empty" || true)" 206
seen Content-Range "$(header Content-Range)" 'bytes 0-0/0'
seen Content-Length "$(header Content-Length)" 1
seen 'bytes received' "$(stat -c %s "$work/body" 2> /dev/null || echo 0)" 0
verdict
