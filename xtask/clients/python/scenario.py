"""The scenario of the matrix for Python clients. `cargo xtask clients` runs it; the argument is the module that adapts a client."""

import importlib
import os
import sys
from collections.abc import Callable
from typing import Any

import httpx

PART_SIZE = 2048
CONTENT = bytes(range(256)) * 12
TASK = "00000000-0000-4000-8000-000000000000"

adapter = importlib.import_module(sys.argv[1])
api = adapter.Api(os.environ["SB_API_ENDPOINT"], os.environ["SB_AUTH_TOKEN"])
odd = adapter.Api(os.environ["SBG_ODD_ENDPOINT"], os.environ["SB_AUTH_TOKEN"])
# The storage must not get the token, so it has a client of its own.
storage = httpx.Client()
made: dict[str, str] = {}


def upload(name: str) -> str:
    upload_id, part_size = api.upload_init(made["folder"], name, len(CONTENT), PART_SIZE)
    assert part_size == PART_SIZE, part_size
    for number, at in enumerate(range(0, len(CONTENT), PART_SIZE), start=1):
        part = api.upload_part_url(upload_id, number)
        stored = storage.put(part.url, content=CONTENT[at : at + PART_SIZE], headers=adapter.headers(part))
        stored.raise_for_status()
        wanted = part.report.headers if part.report else []
        api.upload_part_report(upload_id, number, {name: stored.headers[name].strip('"') for name in wanted or []})
    file_id: str = api.upload_complete(upload_id)
    return file_id


def check(value: Any, wanted: Any) -> None:
    if value != wanted:
        raise AssertionError(f"{value!r} instead of {wanted!r}")


def step(name: str, work: Callable[[], None]) -> None:
    try:
        work()
        print(f"{name}: ok")
    except Exception as error:
        print(f"{name}: {type(error).__name__}: {str(error).splitlines()[:1]}")


def project() -> None:
    made["project"] = api.project_create(f"From {sys.argv[1]}")
    check(made["project"] in api.project_ids(), True)


def folder() -> None:
    made["folder"] = api.folder_create(made["project"], "reads")


def first_file() -> None:
    made["file"] = upload("a.bam")


def names() -> None:
    upload("b.bam")
    upload("c.bam")
    check(sorted(file.name for file in api.files(parent=made["folder"], name=["a.bam", "b.bam"])), ["a.bam", "b.bam"])


def metadata() -> None:
    api.metadata_edit(made["file"], {"sample_id": "S1"})
    for sample, count in (("S1", 1), ("S2", 0)):
        check(len(api.files(parent=made["folder"], metadata={"metadata.sample_id": sample})), count)


def download() -> None:
    check(storage.get(api.download_url(made["file"])).raise_for_status().content == CONTENT, True)


def nulls() -> None:
    file = odd.file("nulls")
    check((file.id, file.name, file.size, file.storage), ("nulls", None, None, None))


def unknown() -> None:
    file = odd.file("odd")
    check((file.type_ if hasattr(file, "type_") else file.type, file.size), ("symlink", 5_000_000_000))
    check(file.metadata["depth"], 30)
    task = odd.task(TASK)
    check((task.status, task.price.amount, task.execution_status.steps_total), ("HIBERNATING", "0.23", 5))


step("account", lambda: check(bool(api.username()), True))
step("project", project)
step("folder", folder)
step("upload", first_file)
step("names", names)
step("metadata", metadata)
step("rename", lambda: check(api.rename(made["file"], "d.bam"), "d.bam"))
step("download", download)
step("tasks", lambda: check(api.tasks(made["project"], "_all"), []))
step("refusal", lambda: check(api.refusal("missing"), (404, 5002)))
step("nulls", nulls)
step("unknown", unknown)
