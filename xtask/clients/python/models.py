"""The scenario for generated models. Arguments: the module, and the document whose examples it must be able to read."""

import importlib.util
import json
import os
import sys
import urllib.request
from pathlib import Path
from typing import Any, Callable

spec = importlib.util.spec_from_file_location("models", sys.argv[1])
assert spec and spec.loader
models = importlib.util.module_from_spec(spec)
sys.modules["models"] = models
spec.loader.exec_module(models)


def get(endpoint: str, path: str) -> Any:
    request = urllib.request.Request(os.environ[endpoint] + path, headers={"X-SBG-Auth-Token": os.environ["SB_AUTH_TOKEN"]})
    with urllib.request.urlopen(request) as response:
        return json.load(response)


def check(value: object, wanted: object) -> None:
    assert value == wanted, f"{value!r} instead of {wanted!r}"


def examples() -> None:
    """Every example of a response is read, and nothing of it is lost."""
    count = 0
    document = json.loads(Path(sys.argv[2]).read_text())
    for path, item in document["paths"].items():
        for operation in item.values():
            if "responses" not in operation:
                continue
            for response in operation["responses"].values():
                content = response.get("content", {}).get("application/json", {})
                name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
                if name and "example" in content:
                    read = getattr(models, name).model_validate(content["example"])
                    check(set(read.model_dump(by_alias=True, exclude_unset=True)), set(content["example"]))
                    count += 1
    assert count > 200, f"only {count} examples"


def account() -> None:
    check(bool(models.User.model_validate(get("SB_API_ENDPOINT", "/user")).username), True)


def nulls() -> None:
    found = models.SbgFile.model_validate(get("SBG_ODD_ENDPOINT", "/files/nulls"))
    check((found.id, found.name, found.size, found.storage), ("nulls", None, None, None))


def unknown() -> None:
    found = models.SbgFile.model_validate(get("SBG_ODD_ENDPOINT", "/files/odd"))
    check((found.size, found.storage.shelf, found.checksum), (5_000_000_000, 7, {"md5": "0"}))
    task = models.Task.model_validate(get("SBG_ODD_ENDPOINT", "/tasks/00000000-0000-4000-8000-000000000000"))
    check((task.price.amount, task.execution_status.steps_total, task.planet), ("0.23", 5, "Mars"))


def step(work: Callable[[], None]) -> None:
    try:
        work()
        print(f"{work.__name__}: ok")
    except Exception as why:
        print(f"{work.__name__}: {str(why).splitlines()[0] if str(why) else why!r}")


for work in (examples, account, nulls, unknown):
    step(work)
