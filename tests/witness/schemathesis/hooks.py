"""What schemathesis cannot know about the emulator: which errors for valid requests are correct, and how fields are selected.

A specification says which requests are well-formed, not which make sense at the time: a folder that is not empty cannot be deleted.
exclusions.toml lists such refusals, one entry for each error code of the platform, with the operations and the reason. A failure
that no entry covers fails the run, and so does an entry that covers nothing.
"""

import tomllib
from pathlib import Path

import schemathesis
from schemathesis import Case, HookContext, Response

EXCLUSIONS = tomllib.loads(Path(__file__).with_name("exclusions.toml").read_text())["exclusion"]
for entry in EXCLUSIONS:
    assert set(entry) - {"seldom", "says"} == {"check", "code", "operations", "reason"} and entry["reason"], entry
    assert entry["code"] != 90000 or entry.get("says"), entry

# Fields that identify an item: always selected along with the others, as `sbg` does.
IDENTITY = "id,username,invoice_id,upload_id,location,url,items"

covered: set[tuple[int, str]] = set()
operations: set[str] = set()


@schemathesis.hook
def before_call(context: HookContext, case: Case, kwargs: dict) -> None:
    operations.add(case.operation.label)
    fields = (case.query or {}).get("fields")
    if isinstance(fields, str):
        case.query["fields"] = f"{IDENTITY},{fields}"


@schemathesis.hook
def filter_failure(context: HookContext, failure: Exception, case: Case, response: Response) -> bool:
    try:
        error = response.json()
        code, message = error["code"], error["message"]
    except (ValueError, KeyError, TypeError):
        return True
    # Schemas leave room for properties of newer versions; strict mode refuses those that the specification does not name.
    if code == 90000 and "Strict mode:" in message and "the specification has no property" in message:
        return False
    label = case.operation.label
    for number, entry in enumerate(EXCLUSIONS):
        named = entry["check"] in failure.checks and label in entry["operations"]
        if named and entry["code"] == code and entry.get("says", "") in message:
            covered.add((number, label))
            return False
    return True


@schemathesis.check
class exclusions_are_needed:
    """Every operation of every entry must occur, unless the entry is marked as `seldom`."""

    def after_run(self, ctx) -> None:
        stale = [
            f"{entry['check']} {entry['code']} {label}"
            for number, entry in enumerate(EXCLUSIONS)
            for label in entry["operations"]
            if (number, label) not in covered and not (entry.get("seldom") and label in operations)
        ]
        if stale:
            raise AssertionError("exclusions.toml has entries that cover nothing:\n" + "\n".join(stale))
