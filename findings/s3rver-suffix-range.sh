#!/usr/bin/env bash
# s3rver 3.7.1 (npm), a server with the API of S3 for tests.
#
# Expected: `Range: bytes=-3` is the last three bytes (RFC 9110, 14.1.2, and S3): 206 with `Content-Range: bytes 7-9/10`.
# Actual:   206 with `Content-Range: bytes 0-3/10`: the first four bytes.
# Impact:   clients that read the end of a file first (zip, parquet, BAM indices) get bytes from the wrong end, with a success status.
work=$(mktemp -d)
source "$(dirname "$0")/lib.bash"

npm_packages s3rver@3.7.1
seen version "$("$work/node_modules/.bin/s3rver" --version)" 3.7.1
serve "$work/node_modules/.bin/s3rver" -a 127.0.0.1 -p "$port" -d "$work/data" --configure-bucket b
printf 0123456789 > "$work/ten"
seen 'status of PUT' "$(request -T "$work/ten" "$url/b/ten")" 200
seen status "$(request -H 'Range: bytes=-3' "$url/b/ten")" 206
seen Content-Range "$(header Content-Range)" 'bytes 0-3/10'
seen body "$(cat "$work/body")" 0123
verdict
