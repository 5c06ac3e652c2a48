#!/usr/bin/env bash
# sbpack 2026.10.21 (PyPI), whose `sbmanifest` makes sample sheets for tasks of the Seven Bridges platform.
#
# Expected: `--output FOLDER/manifest.csv --upload` writes that file and uploads it under its name, `manifest.csv`; without `--output`, the
#           name of the sheet is used without its folder.
# Actual:   the whole path is the name on the platform: `FOLDER/manifest.csv`.
# Impact:   names of the platform have no slash, so the upload is refused after the file was written; the option works only in the folder
#           where the program runs.
work=$(mktemp -d)
source "$(dirname "$0")/lib.bash"

python_packages sbpack==2026.10.21
seen version "$("$work/venv/bin/pip" show sbpack | sed -n 's/^Version: //p')" 2026.10.21
mkdir "$work/out"
printf '%s\n' 'sample,fastq' 'S1,reads.fastq' > "$work/sheet.csv"
name() {
    "$work/venv/bin/python" -c '
import argparse, sys
from unittest.mock import MagicMock
from sbpack.noncwl.manifest import make_manifest
# It stands for the platform, and records what is called.
api = MagicMock()
api.files.get.return_value.name = "root"
api.files.query.return_value = []
make_manifest(api, argparse.Namespace(
    projectid="owner/project", sample_sheet=sys.argv[1], columns=["fastq"], output=sys.argv[2], upload=True, tags=None, validate=False))
print(api.files.upload.call_args.kwargs["file_name"])
' "$work/sheet.csv" "$1" 2> "$work/log"
}
written=$(name "$work/out/manifest.csv")
seen 'name with --output' "${written/#$work/FOLDER}" FOLDER/out/manifest.csv
seen 'name without' "$(name '')" sheet.csv
verdict
