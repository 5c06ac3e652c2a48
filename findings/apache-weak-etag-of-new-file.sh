#!/usr/bin/env bash
# Apache 2.4.71 (Debian 12), as a server of large files.
#
# Expected: the ETag of an unchanged file stays the same, and `If-Match` with it succeeds.
# Actual:   within a second of a write the ETag is weak (`W/"..."`), later it is strong, with the same opaque tag. `If-Match` with the weak
#           ETag gets 412, although nothing has changed.
# Impact:   clients that fetch a new file in ranges see two ETags, and a download that resumes with `If-Match` fails. Compare the opaque tag.
work=$(mktemp -d)
source "$(dirname "$0")/lib.bash"

debian apache2-bin
apache=$work/debian/usr/sbin/apache2
modules=$work/debian/usr/lib/apache2/modules
seen version "$("$apache" -v | sed -n 's:.*Apache/\([0-9.]*\).*:\1:p')" 2.4.71
mkdir "$work/files"
chmod 755 "$work" "$work/files"
cat > "$work/apache.conf" << CONFIGURATION
LoadModule mpm_event_module $modules/mod_mpm_event.so
LoadModule authz_core_module $modules/mod_authz_core.so
ServerName 127.0.0.1
Listen 127.0.0.1:$port
PidFile $work/apache.pid
DefaultRuntimeDir $work
ErrorLog $work/error.log
User nobody
Group nogroup
DocumentRoot $work/files
CONFIGURATION
serve "$apache" -X -f "$work/apache.conf"
# A slow machine may miss that second.
for _ in {1..20}; do
    printf 0123456789 > "$work/files/ten"
    status=$(request -H 'Range: bytes=0-4' "$url/ten")
    new=$(header ETag)
    [[ $new != W/* ]] || break
done
seen status "$status" 206
seen 'form of the new ETag' "${new:0:3}" 'W/"'
sleep 2
seen 'status later, If-Match' "$(request -H "If-Match: $new" -H 'Range: bytes=5-9' "$url/ten")" 412
seen 'status later' "$(request -H 'Range: bytes=5-9' "$url/ten")" 206
seen 'ETag later, equal except for W/' "$([[ $new == "W/$(header ETag)" ]] && echo yes)" yes
verdict
