#!/usr/bin/env bash
# sbpack 2026.10.21 (PyPI), whose `sbmanifest` makes sample sheets for tasks of the Seven Bridges platform.
#
# Expected: a sheet may be CSV as Excel and Python write it: a cell with a comma is in quotes (RFC 4180, 2).
# Actual:   lines are split at every comma. The path is left as it is, and the end of the quoted cell before it becomes a file of the project:
#           `"Doe, J",reads.fastq` becomes `"Doe,vs://Projects/root/ J",reads.fastq`. There is no error.
# Impact:   tasks get a file that does not exist, or none, for the samples with such a cell; the others are right, which hides it.
work=$(mktemp -d)
source "$(dirname "$0")/lib.bash"

python_packages sbpack==2026.10.21
seen version "$("$work/venv/bin/pip" show sbpack | sed -n 's/^Version: //p')" 2026.10.21
printf '%s\n' 'patient,fastq' 'Doe,first.fastq' '"Doe, J",second.fastq' > "$work/sheet.csv"
seen 'a CSV parser' "$(python3 -c 'import csv, sys; print([row["fastq"] for row in csv.DictReader(open(sys.argv[1]))])' "$work/sheet.csv")" \
    "['first.fastq', 'second.fastq']"
# The function needs the platform only for files that are given by their ids.
"$work/venv/bin/python" -c '
import sys
from sbpack.noncwl.manifest import remap
print(remap(None, "root", sys.argv[1], ["fastq"]))
' "$work/sheet.csv" > "$work/manifest.csv"
seen 'without quotes' "$(sed -n 2p "$work/manifest.csv")" 'Doe,vs://Projects/root/first.fastq'
seen 'with quotes' "$(sed -n 3p "$work/manifest.csv")" '"Doe,vs://Projects/root/ J",second.fastq'
verdict
