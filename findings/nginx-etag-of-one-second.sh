#!/usr/bin/env bash
# nginx 1.22.1 (Debian 12), as a server of large files.
#
# Expected: two versions of a file have different ETags: a strong ETag promises identical bytes (RFC 9110, 8.8.1).
# Actual:   the ETag is the time in whole seconds and the size. Two versions of equal size within one second share it and `Last-Modified`, so
#           neither `If-Match` nor `If-Range` can tell them apart.
# Impact:   clients that fetch in ranges a file that is written twice in a second (fixed-size records, rewritten headers) mix the bytes of two
#           versions although every HTTP check passes. Only a checksum shows it.
work=$(mktemp -d)
source "$(dirname "$0")/lib.bash"

debian nginx nginx-light
nginx=$work/debian/usr/sbin/nginx
seen version "$("$nginx" -v 2>&1 | cut -d / -f 2)" 1.22.1
mkdir "$work/files" "$work/tmp"
cat > "$work/nginx.conf" << CONFIGURATION
daemon off;
master_process off;
pid $work/nginx.pid;
events {}
http {
    access_log off;
    client_body_temp_path $work/tmp;
    proxy_temp_path $work/tmp;
    fastcgi_temp_path $work/tmp;
    uwsgi_temp_path $work/tmp;
    scgi_temp_path $work/tmp;
    server {
        listen 127.0.0.1:$port;
        root $work/files;
    }
}
CONFIGURATION
serve "$nginx" -e "$work/error.log" -c "$work/nginx.conf"

write() {
    printf %s "$1" > "$work/files/new"
    # Half a second apart.
    touch -d "2026-01-01 00:00:00.$2" "$work/files/new"
    mv "$work/files/new" "$work/files/ten"
}
write aaaaaaaaaa 2
seen 'status of the first half' "$(request -H 'Range: bytes=0-4' "$url/ten")" 206
tag=$(header ETag)
first=$(cat "$work/body")
write bbbbbbbbbb 7
seen 'status of the second half, If-Match' "$(request -H "If-Match: $tag" -H 'Range: bytes=5-9' "$url/ten")" 206
seen 'joined bytes' "$first$(cat "$work/body")" aaaaabbbbb
verdict
