"""The work that is measured, done with the official Python client: one job for each run of the program.

Each job does what its namesake in `src/client.rs` does and prints the same, in the way in which the documentation of the client
does it, with the settings that it has from the start.
"""

import argparse
import os
import signal
import sys

import sevenbridges

# Ids in one call at the most, and items in one page.
HUNDRED = 100


def download(api, file_id, target):
    """A file of the platform to a local file."""
    api.files.get(file_id).download(target)
    # A download that fails on its thread says so in the log alone.
    if not os.path.exists(target):
        sys.exit("the download left no file")


def upload(api, source, project):
    """A local file to a project."""
    api.files.upload(source, project=project)


def download_all(api, project, folder):
    """All files of a project to a folder."""
    for file in api.files.query(project=project, limit=HUNDRED).all():
        file.download(os.path.join(folder, file.name))


def upload_all(api, folder, project):
    """All files of a folder to a project."""
    for name in sorted(os.listdir(folder)):
        api.files.upload(os.path.join(folder, name), project=project)


def list_all(api, project):
    """Lists a project to its end; prints how many files there are."""
    print(len({file.id for file in api.files.query(project=project, limit=HUNDRED).all()}))


def calls(api, file_id, count):
    """Asks for the details of a file again and again, one call after the other; prints how many answers were right."""
    print(sum(api.files.get(file_id).id == file_id for _ in range(int(count))))


def bulk(api, ids):
    """Gets all files that a file names, line by line, and deletes them; prints how many of each it did."""
    with open(ids) as lines:
        ids = lines.read().split()
    chunks = [ids[start:start + HUNDRED] for start in range(0, len(ids), HUNDRED)]
    got = [record for chunk in chunks for record in api.files.bulk_get(files=chunk)]
    deleted = [record for chunk in chunks for record in api.files.bulk_delete(files=chunk)]
    print(*(sum(record.valid for record in records) for records in (got, deleted)))


JOBS = {
    job.__name__.replace("_", "-"): job
    for job in (download, upload, download_all, upload_all, list_all, calls, bulk)
}

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--limit", type=int, required=True, help="seconds after which the run counts as failed")
parser.add_argument("job", choices=JOBS)
parser.add_argument("arguments", nargs="*")
given = parser.parse_args()

# An upload whose part fails can wait for ever.
signal.alarm(given.limit)
JOBS[given.job](sevenbridges.Api(), *given.arguments)
