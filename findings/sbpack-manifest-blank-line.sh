#!/usr/bin/env bash
# sbpack 2026.10.21 (PyPI), whose `sbmanifest` makes sample sheets for tasks of the Seven Bridges platform.
#
# Expected: blank lines of a sheet are skipped, as its option `--validate` does ("Skip empty lines").
# Actual:   a blank line ends it with an IndexError that names neither line nor sheet.
# Impact:   sheets that end with a blank line, as editors and spreadsheets leave it, cannot be used.
work=$(mktemp -d)
source "$(dirname "$0")/lib.bash"

python_packages sbpack==2026.10.21
seen version "$("$work/venv/bin/pip" show sbpack | sed -n 's/^Version: //p')" 2026.10.21
remap() {
    "$work/venv/bin/python" -c '
import sys
from sbpack.noncwl.manifest import remap
try:
    print(repr(remap(None, "root", sys.argv[1], ["fastq"])))
except Exception as error:
    print(repr(error))
' "$work/sheet.csv"
}
printf '%s\n' 'sample,fastq' 'S1,reads.fastq' > "$work/sheet.csv"
seen 'without a blank line' "$(remap)" "'sample,fastq\\nS1,vs://Projects/root/reads.fastq'"
echo >> "$work/sheet.csv"
seen 'with one' "$(remap)" "IndexError('list index out of range')"
verdict
