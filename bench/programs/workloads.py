"""The measured jobs with the official Python client: one job per run.

Each job does the same as its namesake in `client.rs` and prints the same, written as the documentation of the client shows and with
default settings.
"""

import argparse
import os
import signal
import sys

import sevenbridges

# Maximum number of ids per call and of items per page.
HUNDRED = 100


def download(api, file_id, target):
    """Downloads a file."""
    api.files.get(file_id).download(target)
    # A download that fails on its thread only logs the error.
    if not os.path.exists(target):
        sys.exit("the download left no file")


def upload(api, source, project):
    """Uploads a file."""
    api.files.upload(source, project=project)


def download_all(api, project, folder):
    """Downloads all files of a project."""
    for file in api.files.query(project=project, limit=HUNDRED).all():
        file.download(os.path.join(folder, file.name))


def upload_all(api, folder, project):
    """Uploads all files of a folder."""
    for name in sorted(os.listdir(folder)):
        api.files.upload(os.path.join(folder, name), project=project)


def list_all(api, project):
    """Lists all files of a project; prints the number of files."""
    print(len({file.id for file in api.files.query(project=project, limit=HUNDRED).all()}))


def calls(api, file_id, count):
    """Gets the details of a file repeatedly; prints the number of correct responses."""
    print(sum(api.files.get(file_id).id == file_id for _ in range(int(count))))


def bulk(api, ids):
    """Gets and deletes the files whose ids are listed in a file; prints both counts."""
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

# An upload with a failed part can wait forever.
signal.alarm(given.limit)
JOBS[given.job](sevenbridges.Api(), *given.arguments)
