#!/usr/bin/env bash
# lighttpd 1.4.69 (Debian 12), as a server of large files.
#
# Expected: `If-Match` with the ETag of another version gets 412 (RFC 9110, 13.1.1: the method must not be performed).
# Actual:   206 with bytes of the current file. `If-None-Match` with its ETag gets 304, so the ETags are known.
# Impact:   clients that fetch a file in ranges and rely on 412 when it is replaced mix the bytes of two versions. Compare the ETag of every
#           response.
work=$(mktemp -d)
source "$(dirname "$0")/lib.bash"

debian lighttpd
lighttpd=$work/debian/usr/sbin/lighttpd
seen version "$("$lighttpd" -v | head -n 1 | cut -d ' ' -f 1)" lighttpd/1.4.69
printf 0123456789 > "$work/ten.bin"
cat > "$work/lighttpd.conf" << CONFIGURATION
server.modules = ()
server.bind = "127.0.0.1"
server.port = $port
server.document-root = "$work"
mimetype.assign = (".bin" => "application/octet-stream")
CONFIGURATION
serve "$lighttpd" -D -m "$work/debian/usr/lib/lighttpd" -f "$work/lighttpd.conf"
seen 'status with another If-Match' "$(request -H 'If-Match: "other"' -H 'Range: bytes=5-9' "$url/ten.bin")" 206
seen body "$(cat "$work/body")" 56789
tag=$(header ETag)
seen 'status with its own If-None-Match' "$(request -H "If-None-Match: $tag" "$url/ten.bin")" 304
verdict
