"""A witness for the emulator: the official Python client calls every area and checks the responses.

Run it with the client (PyPI `sevenbridges-python`) against a fresh emulator, whose address and token it finds in
SB_API_ENDPOINT and SB_AUTH_TOKEN. It prints one line for each area and ends with 0 if all of them are as expected.
"""

import datetime
import os
import sys
import tempfile
import time
import traceback
import uuid
from pathlib import Path
from unittest import mock

import sevenbridges
from sevenbridges.config import UserProfile
from sevenbridges.errors import (
    Conflict,
    Forbidden,
    NotFound,
    SbgError,
    TaskValidationError,
    Unauthorized,
)
from sevenbridges.http.error_handlers import maintenance_sleeper, rate_limit_sleeper
from sevenbridges.models.enums import AsyncFileOperations, TransferState

RUN = uuid.uuid4().hex[:8]
AREAS = []
CONTENT = b"one\ntwo\nthree\n"


def area(function):
    """Registers a check; areas run in the order of this file."""
    AREAS.append(function)
    return function


def expect(error, function, *args, **kwargs):
    """Expects the call to fail with this kind of error, and returns it."""
    try:
        function(*args, **kwargs)
    except error as refused:
        return refused
    raise AssertionError(f"{function} was not refused")


def until(read, states, seconds=20):
    """Polls a resource until it is in one of these states."""
    end = time.time() + seconds
    while time.time() < end:
        resource = read()
        state = getattr(resource, "status", None) or getattr(resource, "state", None)
        if state in states:
            return resource
        time.sleep(0.05)
    raise AssertionError(f"{resource} is still {state}")


def upload(api, name, content, **place):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, name)
        with open(path, "wb") as file:
            file.write(content)
        transfer = api.files.upload(path, wait=False, **place)
        transfer.start()
        transfer.wait()
        return transfer.result()


def filled(resource, *names):
    """Checks that these properties are present and not empty."""
    empty = [name for name in names if getattr(resource, name) in (None, "")]
    assert not empty, f"{type(resource).__name__} has no {', '.join(empty)}"


class World:
    """Items that one area creates and later ones use."""


@area
def configuration(api, world):
    url, token = os.environ["SB_API_ENDPOINT"], os.environ["SB_AUTH_TOKEN"]
    assert sevenbridges.Api(url=url, token=token).users.me().username == "rfranklin"
    expect(Unauthorized, sevenbridges.Api(url=url, token="0" * 32).users.me)
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home, ".sevenbridges")
        (folder / "sevenbridges-python").mkdir(parents=True)
        (folder / "credentials").write_text(f"[witness]\napi_endpoint = {url}\nauth_token = {token}\n")
        (folder / "sevenbridges-python" / "config").write_text("[mode]\nadvance_access=True\n")
        # The client has already looked up the home folder.
        files = dict(CREDENTIALS=str(folder / "credentials"), CONFIG=str(folder / "sevenbridges-python" / "config"))
        with mock.patch.multiple(UserProfile, **files):
            configured = sevenbridges.Api(config=sevenbridges.Config(profile="witness"))
    assert configured.users.me().username == "rfranklin" and configured.aa
    tuned = sevenbridges.Api(url=url, token=token, pool_connections=2, pool_maxsize=2, max_parallel_requests=1)
    # Without advance access the platform refuses calls that are not generally available.
    refused = expect(SbgError, tuned.datasets.query)
    assert "dvance" in str(refused), refused
    return "explicit, by environment, by profile"


@area
def error_handlers(api, world):
    seen = []

    def witness(api, response):
        seen.append(response.status_code)
        return response

    handled = sevenbridges.Api(error_handlers=[rate_limit_sleeper, maintenance_sleeper, witness])
    expect(NotFound, handled.projects.get, "rfranklin/none")
    handled.users.me()
    assert seen == [404, 200], seen
    refused = expect(SbgError, handled.projects.get, "doesnotexist/forsure")
    assert refused.status == 404 and refused.code == 3002 and refused.message and refused.more_info, refused.code
    return f"statuses {seen}"


@area
def users(api, world):
    me = api.users.me()
    assert me.username == "rfranklin" and me.email
    filled(me, "href", "first_name", "last_name", "affiliation", "country", "role")
    again = me.reload()
    assert again.username == me.username and me.field("username") == "rfranklin"
    assert api.users.get("rfranklin").first_name == "Rosalind"
    expect(Forbidden, api.users.get, "fcrick")
    world.me = me
    return f"{me.username}, {me.role}"


@area
def rate_limit(api, world):
    limit = api.rate_limit.get()
    assert 0 < limit.rate.remaining <= limit.rate.limit
    assert limit.instance_limit.limit == -1
    assert api.remaining < api.limit
    return f"{limit.rate.remaining} of {limit.rate.limit} left"


@area
def divisions(api, world):
    division = api.divisions.query()[0]
    assert division.id == "kings-college"
    assert api.divisions.get(division.id).name == division.name
    names = {user.username for user in division.get_members()}
    assert "rfranklin" in names and "fcrick" in names
    assert [user.username for user in division.get_members(role="admin")] == ["rfranklin"]
    roles = {role: api.users.query(division=division, role=role) for role in ("member", "admin", "external_collaborator")}
    assert [user.username for user in roles["admin"]] == ["rfranklin"]
    assert "fcrick" in {user.username for user in roles["member"]}
    assert sum(len(users) for users in roles.values()) == len(names)
    assert division.reload().id == division.id
    for user in division.get_members():
        if user.username == "jwatson":
            user.disable()
    assert "jwatson" not in {user.username for user in division.get_members()}
    world.division = division
    return f"{division.id} with {len(names)} members"


@area
def teams(api, world):
    assert "crystallography" in [team.name for team in world.division.get_teams()]
    team = api.teams.create(name=f"team {RUN}", division=world.division)
    team.name = f"renamed {RUN}"
    team.save()
    assert api.teams.get(team.id).name == f"renamed {RUN}"
    member = team.add_member("fcrick")
    assert member.username == "fcrick" and member.role == "MEMBER"
    assert {member.username for member in team.get_members()} == {"rfranklin", "fcrick"}
    team.remove_member("fcrick")
    assert [member.username for member in team.get_members()] == ["rfranklin"]
    assert team.id in [each.id for each in api.teams.query(world.division, list_all=True)]
    world.team = team
    return team.name


@area
def billing(api, world):
    group = api.billing_groups.query()[0]
    group = api.billing_groups.get(group.id)
    assert group.owner == "rfranklin" and not group.disabled and group.balance.amount > 0
    for breakdown in (group.analysis_breakdown, group.storage_breakdown, group.egress_breakdown):
        assert breakdown(date_from="01-01-2020", limit=5).total >= 0
    filled(group, "href", "name", "type", "pending", "disabled")
    expect(SbgError, group.storage_breakdown, date_from="2020-01-01")
    invoices = api.invoices.query()
    for invoice in invoices:
        invoice = api.invoices.get(invoice.id)
        filled(invoice, "href", "pending")
        assert invoice.total.amount >= 0 and invoice.analysis_costs.amount >= 0 and invoice.storage_costs.amount >= 0
        assert invoice.invoice_period
    world.group = group
    return f"{group.name}, {invoices.total} invoices"


@area
def projects(api, world):
    project = api.projects.create(
        name=f"Witness {RUN}", billing_group=world.group, description="first", tags=["w"]
    )
    assert project.id == f"rfranklin/witness-{RUN}"
    expect(Conflict, api.projects.create, name=f"Witness {RUN}")
    project.description = "second"
    project.settings["locked"] = False
    project.save()
    assert api.projects.get(project.id).description == "second"
    assert project.reload().description == "second"
    filled(project, "href", "name", "billing_group", "type", "root_folder", "settings", "created_on", "modified_on")
    assert project.created_by == "rfranklin" and project.tags == ["w"]
    lazy = sevenbridges.Project(id=project.id, href=project.href, api=api)
    assert lazy.description == "second"
    other = api.projects.create(name=f"Other {RUN}", billing_group=world.group, tags=["w", "x"])
    assert [each.id for each in api.projects.query(tags=["w", "x"])] == [other.id]
    assert project.id in [each.id for each in api.projects.query(category="PRIVATE").all()]
    page = api.projects.query(offset=0, limit=1)
    second = page.next_page()
    assert page.total == 2 and second[0].id != page[0].id
    assert second.previous_page()[0].id == page[0].id
    assert [each.id for each in api.projects.query(name=f"witness {RUN}")] == [project.id]
    assert project.id in [each.id for each in api.projects.query(limit=1).all()]
    expect(NotFound, api.projects.get, "rfranklin/none")
    world.project, world.other = project, other
    return project.id


@area
def members(api, world):
    project = world.project
    member = project.add_member("fcrick", permissions={"read": True, "write": True})
    assert member.permissions["write"] and not member.permissions["admin"]
    member.permissions["copy"] = True
    member.save()
    assert project.get_member("fcrick").permissions["copy"]
    project.add_member_team(world.team, permissions={"read": True})
    project.add_member_division(world.division, permissions={"read": True})
    assert project.get_members().total == 4
    project.remove_member("fcrick")
    assert project.get_members().total == 3
    email = api.users.me().email.replace("rosalind.franklin", "francis.crick")
    assert project.add_member_email(email, permissions={"read": True, "copy": True}).username == "fcrick"
    assert project.get_member("fcrick").permissions["copy"]
    project.remove_member("fcrick")
    return "a user, a team and a division"


@area
def files(api, world):
    project = world.project
    world.file = upload(api, "reads.txt", CONTENT, project=project)
    file = api.files.get(world.file.id)
    assert (file.name, file.size, file.type) == ("reads.txt", len(CONTENT), "file")
    assert file.storage.type == "PLATFORM"
    file.metadata["sample_id"] = "S1"
    file.tags = ["dna"]
    file.name = "renamed.txt"
    file.save()
    file = api.files.get(file.id)
    assert (file.name, file.tags, file.metadata["sample_id"]) == ("renamed.txt", ["dna"], "S1")
    assert api.files.query(project=project, metadata={"sample_id": "S1"})[0].id == file.id
    assert api.files.query(project=project, names=["renamed.txt"], tags=["dna"]).total == 1
    assert file.content() == CONTENT.decode()
    assert b"".join(file.stream()) == CONTENT
    filled(file, "href", "parent", "created_on", "modified_on", "download_info")
    assert file.project == project.id and file.parent == project.root_folder and file.reload().id == file.id
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "down.txt")
        file.download(path)
        assert Path(path).read_bytes() == CONTENT
        expect(SbgError, file.download, path, overwrite=False)
    world.other.add_files([file])
    assert [each.name for each in world.other.get_files()] == ["renamed.txt"]
    copy = file.copy(project=project, name="copy.txt")
    assert api.files.query(project=project).total == 2
    copy.delete()
    expect(NotFound, api.files.get, copy.id)
    return f"{file.name}, {file.size} bytes up and down"


@area
def transfers(api, world):
    done = []
    content = os.urandom(300_000)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "large.bin")
        path.write_bytes(content)
        up = api.files.upload(str(path), project=world.other, file_name="named.bin", wait=False, part_size=100_000)
        up.add_callback(callback=lambda status: done.append(status), errorback=lambda error: done.append(error))
        up.start()
        up.wait()
        assert up.status == TransferState.COMPLETED and up.progress > 0
        assert up.duration >= 0 and up.start_time and up.file_name.endswith(".bin")
        file = up.result()
        assert (file.name, file.size) == ("named.bin", len(content))
        again = api.files.upload(str(path), project=world.other, file_name="named.bin", overwrite=True).result()
        assert again.size == len(content)
        # Pause and stop are left out: if a transfer this small ends first, the client waits forever.
        target = Path(folder, "copy.bin")
        down = again.download(str(target), wait=False)
        down.start()
        down.wait()
        assert down.status == TransferState.COMPLETED and down.path == str(target) and down.progress > 0
        assert target.read_bytes() == content
    assert len(done) == 1, done
    return f"{len(content)} bytes in parts, up and down"


@area
def folders(api, world):
    project = world.project
    folder = api.files.create_folder("folder", project=project)
    assert folder.is_folder()
    inner = api.files.create_folder("inner", parent=folder)
    copy = world.file.copy_to_folder(parent=inner, name="inner.txt")
    moved = copy.move_to_folder(parent=folder)
    assert moved.parent == folder.id
    assert {each.name for each in folder.list_files()} == {"inner", "inner.txt"}
    expect(SbgError, folder.delete)
    assert api.files.query(parent=folder).total == 2
    with tempfile.NamedTemporaryFile(suffix=".txt") as file:
        file.write(CONTENT)
        file.flush()
        into = api.files.upload(file.name, parent=inner).result()
    assert into.parent == inner.id
    into.delete()
    world.folder = folder
    return f"{folder.list_files().total} entries"


@area
def scroll(api, world):
    names = [each.name for each in api.files.query(project=world.project, cont_token="init", limit=1).all()]
    assert sorted(names) == ["folder", "renamed.txt"], names
    names = [each.name for each in world.folder.list_files(cont_token="init", limit=1).all()]
    assert sorted(names) == ["inner", "inner.txt"], names
    # A token excludes offset and metadata; the client checks that before it calls.
    expect(SbgError, api.files.query, project=world.project, cont_token="init", offset=1)
    expect(SbgError, api.files.query, project=world.project, cont_token="init", metadata={"sample_id": "S1"})
    expect(SbgError, sevenbridges.Api().files.query, project=world.project, cont_token="init")
    return "two lists by token"


@area
def search(api, world):
    where = f'IN "/Projects/{world.project.id}" WHERE type = "FILE" RECURSIVE'
    found = api.files.search(where, limit=1)
    assert found.count == 2 and len(found.result_set) == 1
    rest = api.files.search(where, cont_token=found.cont_token)
    assert len(rest.result_set) == 1 and rest.cont_token is None
    expect(SbgError, api.files.search, "nonsense")
    return f"{found.count} hits"


@area
def actions(api, world):
    result = api.actions.bulk_copy_files([world.file], world.project.id)
    assert result[world.file.id]["status"] == "OK", result
    api.files.get(result[world.file.id]["new_file_id"]).delete()
    api.actions.send_feedback(text="Well done.")
    return "bulk copy, feedback"


@area
def apps(api, world):
    project = world.project
    public = {app.id for app in api.apps.query(visibility="public")}
    assert {f"admin/sbg-public-data/{name}" for name in ("line-count", "concatenate", "checksum")} <= public
    copy = api.apps.get("admin/sbg-public-data/line-count").copy(project)
    assert copy.id == f"{project.id}/line-count" and copy.raw["class"] == "CommandLineTool"
    assert copy.sync().revision == 0
    raw = {
        "class": "CommandLineTool",
        "cwlVersion": "v1.2",
        "label": "Mine",
        "baseCommand": ["true"],
        "inputs": [{"id": "text", "type": "string"}],
        "outputs": [],
    }
    app = api.apps.install_app(id=f"{project.id}/mine", raw=raw)
    assert (app.name, app.revision) == ("Mine", 0)
    app = api.apps.create_revision(id=app.id, revision=1, raw=dict(raw, label="Ours"))
    assert (app.name, app.revision) == ("Ours", 1)
    assert api.apps.get_revision(app.id, 0).name == "Mine"
    assert api.apps.query(project=project).total == 2
    assert api.apps.query(project=project, q="ours").total == 1
    expect(Conflict, api.apps.install_app, id=f"{project.id}/mine", raw=raw)
    filled(app, "href", "project")
    # It sends JSON, which is valid YAML.
    written = api.apps.install_app(id=f"{project.id}/written", raw=dict(raw, label="Written"), raw_format="yaml")
    assert written.name == "Written" and {each.name for each in project.get_apps()} >= {"Ours", "Written"}
    kept = api.apps.get("admin/sbg-public-data/checksum").copy(project, name="Kept", strategy="clone")
    assert kept.name == "Kept" and kept.project == project.id
    world.app = copy
    return f"{len(public)} public, 2 installed"


@area
def tasks(api, world):
    project, file = world.project, api.files.get(world.file.id)
    task = api.tasks.create(name="count", project=project, app=world.app, inputs={"file": file})
    assert task.status == "DRAFT" and task.errors == []
    task.description = "edited"
    task.save()
    task.run()
    done = until(lambda: api.tasks.get(task.id), ["COMPLETED"])
    assert done.outputs["count"] == 3 and done.description == "edited"
    report = api.files.get(done.outputs["report"].id)
    assert report.content() == "3 renamed.txt\n" and report.origin.task == task.id
    assert done.price.amount > 0 and done.execution_status.steps_completed == 1
    filled(done, "href", "type", "created_by", "executed_by", "created_time", "start_time", "end_time", "execution_settings")
    assert done.project == project.id and done.app.startswith(world.app.id) and done.batch is False and done.parent is None
    assert done.reload().status == "COMPLETED"
    made = project.create_task(name="made", app=world.app, inputs={"file": file})
    made.inputs["file"] = file
    made.save()
    made.run()
    made.wait(period=0)
    assert api.tasks.get(made.id).outputs["count"] == 3
    details = done.get_execution_details()
    log = details.jobs[0].logs["cmd.log"]
    assert details.status == "COMPLETED" and "line-count" in api.files.get(log.id).content()
    refused = expect(TaskValidationError, api.tasks.create, name="none", project=project, app=world.app, run=True)
    assert refused.task.errors[0]["code"] == 7012
    clone = done.clone(run=False)
    assert clone.status == "DRAFT" and clone.inputs["file"].id == file.id
    clone.run()
    clone.abort()
    assert until(lambda: api.tasks.get(clone.id), ["ABORTED"]).id == clone.id
    failing = api.tasks.create(
        name="fails", project=project, app="admin/sbg-public-data/checksum", run=True,
        inputs={"file": file, "algorithm": "fail: on purpose"},
    )
    failed = until(lambda: api.tasks.get(failing.id), ["FAILED"])
    assert failed.execution_status.message == "on purpose"
    today = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")
    listed = api.tasks.query(project=project, created_from=today, order_by="name", order="desc")
    assert [each.name for each in listed][0] == "none"
    assert api.tasks.query(project=project, status="COMPLETED").total == 2
    rising = api.tasks.query(project=project, order_by="created_time", order="asc")
    assert rising[0].id == task.id
    assert [each.id for each in api.files.query(project=project, origin={"task": task.id})] == [report.id]
    assert project.get_tasks().total == listed.total
    assert world.group.analysis_breakdown().total >= 2
    refused.task.delete()
    return f"{listed.total} tasks, {done.price.amount} USD"


@area
def batch_tasks(api, world):
    inputs = [api.files.get(world.file.id).copy(project=world.project, name=f"b{n}.txt") for n in range(3)]
    for number, file in enumerate(inputs):
        file.metadata["sample_id"] = f"S{number % 2}"
        file.save()
    task = api.tasks.create(
        name="batch", project=world.project, app=world.app, inputs={"file": inputs},
        batch_input="file", batch_by={"type": "item"}, run=True,
    )
    done = until(lambda: api.tasks.get(task.id), ["COMPLETED"])
    assert done.batch and done.execution_status.completed == 3
    children = list(done.get_batch_children())
    assert [child.outputs["count"] for child in children] == [3, 3, 3] and children[0].parent == task.id
    task = api.tasks.create(
        name="groups", project=world.project, app="admin/sbg-public-data/concatenate", inputs={"files": inputs},
        batch_input="files", batch_by={"type": "criteria", "criteria": ["metadata.sample_id"]}, run=True,
    )
    until(lambda: api.tasks.get(task.id), ["COMPLETED"])
    groups = {child.batch_group.value: child for child in api.tasks.query(parent=task.id)}
    assert set(groups) == {"S0", "S1"}
    assert api.files.get(groups["S0"].outputs["file"].id).size == 2 * len(CONTENT)
    world.copies = inputs
    return f"{len(children)} by item, {len(groups)} by criteria"


@area
def volumes(api, world):
    volume = api.volumes.create_s3_volume(
        name=f"w_{RUN}", bucket=f"bucket-{RUN}", access_key_id="AKIA", secret_access_key="secret", access_mode="RW",
        prefix="data",
    )
    assert volume.id == f"rfranklin/w_{RUN}" and volume.active
    assert "secret_access_key" not in volume.service["credentials"]
    volume.description = "patterns"
    volume.save()
    assert api.volumes.get(volume.id).description == "patterns"
    role = api.volumes.create_s3_volume_role_auth(
        name=f"role_{RUN}", bucket="b", role_arn="arn:aws:iam::1:role/r", external_id="x", access_mode="RO"
    )
    google = api.volumes.create_google_volume(
        name=f"gcs_{RUN}", bucket="b", client_email="a@example.org", private_key="key", access_mode="RO"
    )
    federated = api.volumes.create_google_iam_volume(
        name=f"iam_{RUN}", bucket="b", configuration={"type": "external_account"}, access_mode="RO"
    )
    alibaba = api.volumes.create_oss_volume(
        name=f"oss_{RUN}", bucket="b", endpoint="oss.example.org", access_key_id="a", secret_access_key="s",
        access_mode="RO",
    )
    for other in (role, google, federated, alibaba):
        other.active = False
        other.save()
        other.delete()
        expect(NotFound, api.volumes.get, other.id)
    member = volume.add_member("fcrick", permissions={"read": True, "copy": False})
    assert member.permissions["read"] and not member.permissions["copy"]
    volume.add_member_team(world.team, permissions={"read": True})
    assert volume.get_members().total == 3
    filled(volume, "href", "name", "access_mode", "created_on", "modified_on", "service")
    assert volume.reload().id == volume.id and volume.id in [each.id for each in api.volumes.query().all()]
    member.permissions["copy"] = True
    member.save()
    assert volume.get_member("fcrick").permissions["copy"]
    division = volume.add_member_division(world.division, permissions={"read": True})
    assert division.type == "DIVISION"
    volume.remove_member(world.division.id)
    assert volume.get_member("fcrick").username == "fcrick"
    volume.remove_member("fcrick")
    assert volume.get_members().total == 2
    world.volume = volume
    return f"{volume.id} and four other kinds"


@area
def exports(api, world):
    file = world.copies[0]
    export = api.exports.submit_export(file=file, volume=world.volume, location="deep/one.txt", copy_only=True)
    done = until(lambda: api.exports.get(export.id), ["COMPLETED"])
    assert done.result.id == file.id and api.files.get(file.id).storage.type == "PLATFORM"
    filled(done, "href", "started_on", "finished_on", "overwrite")
    assert done.source.id == file.id and done.destination.location == "deep/one.txt"
    assert done.destination.volume == world.volume.id and done.reload().state == "COMPLETED"
    export = api.exports.submit_export(file=file, volume=world.volume, location="two.txt")
    until(lambda: api.exports.get(export.id), ["COMPLETED"])
    alias = api.files.get(file.id)
    assert (alias.storage.type, alias.storage.location) == ("VOLUME", "two.txt")
    assert alias.content() == CONTENT.decode()
    export = api.exports.submit_export(file=world.copies[1], volume=world.volume, location="two.txt")
    failed = until(lambda: api.exports.get(export.id), ["FAILED"])
    assert failed.error.code == 9107
    assert world.volume.get_exports().total == 3 and world.volume.get_exports(state="FAILED").total == 1
    listing = world.volume.list()
    assert [item.location for item in listing] == ["two.txt"]
    prefixes = [prefix.prefix for prefix in listing.prefixes]
    assert [prefix.rstrip("/") for prefix in prefixes] == ["deep"], prefixes
    assert [item.location for item in world.volume.list(prefix=prefixes[0]).all()] == ["deep/one.txt"]
    pages = list(world.volume.list(limit=1).all())
    assert [item.location for item in pages] == ["two.txt"]
    assert world.volume.get_volume_object_info("two.txt").metadata["size"] == len(CONTENT)
    return "a copy, an alias and a refusal"


@area
def imports(api, world):
    project = world.project
    job = api.imports.submit_import(volume=world.volume, location="deep/one.txt", project=project, name="in.txt")
    done = until(lambda: api.imports.get(job.id), ["COMPLETED"])
    assert done.result.name == "in.txt" and api.files.get(done.result.id).content() == CONTENT.decode()
    filled(done, "href", "started_on", "finished_on", "overwrite")
    assert done.source.volume == world.volume.id and done.source.location == "deep/one.txt"
    assert done.destination.project == project.id and done.destination.name == "in.txt"
    assert done.reload().state == "COMPLETED"
    job = api.imports.submit_import(volume=world.volume, location="deep/one.txt", project=project, name="in.txt")
    assert until(lambda: api.imports.get(job.id), ["FAILED"]).error.code == 9108
    job = api.imports.submit_import(
        volume=world.volume, location="deep/one.txt", project=project, name="in.txt", autorename=True
    )
    assert until(lambda: api.imports.get(job.id), ["COMPLETED"]).result.name == "_1_in.txt"
    job = api.imports.submit_import(volume=world.volume, location="deep", parent=world.folder)
    folder = until(lambda: api.imports.get(job.id), ["COMPLETED"]).result
    assert [each.name for each in api.files.get(folder.id).list_files()] == ["one.txt"]
    assert world.volume.get_imports().total == 4
    assert api.imports.query(project=project, state="FAILED").total == 1
    return "a file, a folder, a new name and a refusal"


@area
def bulk(api, world):
    one, two = world.copies[1], world.copies[2]
    records = api.files.bulk_get([one, "none", two])
    assert [record.valid for record in records] == [True, False, True]
    assert records[1].error.code == 5002 and records[0].resource.id == one.id
    for file in (one, two):
        file.tags = ["bulk"]
    assert all(record.resource.tags == ["bulk"] for record in api.files.bulk_edit([one, two]))
    one.metadata = {"only": "this"}
    updated = api.files.bulk_update([one])[0].resource
    assert dict(updated.metadata) == {"only": "this"}
    tasks = list(api.tasks.query(project=world.project, limit=2))
    assert [record.resource.id for record in api.tasks.bulk_get(tasks)] == [task.id for task in tasks]
    created = api.imports.bulk_submit(
        [{"volume": world.volume, "location": "two.txt", "project": world.project, "name": "bulk.txt"}]
    )
    job = created[0].resource
    until(lambda: api.imports.bulk_get([job])[0].resource, ["COMPLETED"])
    created = api.exports.bulk_submit(
        [{"file": one, "volume": world.volume, "location": "three.txt"}], copy_only=True
    )
    job = created[0].resource
    until(lambda: api.exports.bulk_get([job])[0].resource, ["COMPLETED"])
    assert [record.valid for record in api.files.bulk_delete([two, two])] == [True, False]
    return "get, edit, update, delete, imports, exports, tasks"


@area
def async_jobs(api, world):
    project, jobs = world.project, api.async_jobs
    target = api.files.create_folder("target", project=project)
    copy = jobs.file_bulk_copy([{"file": world.folder.id, "parent": target.id}, {"file": "none", "parent": target.id}])
    assert copy.state == "SUBMITTED" and copy.type.lower() == AsyncFileOperations.COPY
    copy = until(lambda: jobs.get_file_copy_job(copy.id), ["FINISHED"])
    results = copy.get_result()
    assert [record.valid for record in results] == [True, False]
    assert copy.completed_files == copy.total_files == 2 and copy.failed_files == 1
    move = jobs.file_bulk_move([{"file": results[0].resource.id, "project": project.id, "name": "moved"}])
    move = until(lambda: jobs.get_file_move_job(move.id), ["FINISHED"])
    moved = move.get_result()[0].resource
    assert moved.name == "moved" and target.list_files().total == 0
    delete = jobs.file_bulk_delete([{"file": moved.id}, {"file": target.id}])
    delete = until(lambda: jobs.get_file_delete_job(delete.id), ["FINISHED"])
    assert all(record.valid for record in delete.get_result())
    expect(NotFound, api.files.get, moved.id)
    filled(copy, "started_on", "finished_on")
    assert {copy.id, move.id, delete.id} <= {job.id for job in jobs.list_file_jobs().all()}
    return "copy, move and delete of folders"


@area
def drs(api, world):
    job = api.drs_imports.bulk_submit(
        [
            {"drs_uri": "drs://server.example.org/abc", "project": world.project, "name": "drs.txt"},
            {"drs_uri": "drs://server.example.org/missing", "project": world.project},
        ],
        tags=["drs"],
    )
    done = until(lambda: api.drs_imports.bulk_get(job.id), ["FINISHED"])
    assert done.result[0].resource.name == "drs.txt" and done.result[1].error.code == 10225
    assert api.files.query(project=world.project, tags=["drs"]).total == 1
    return "one file, one error"


@area
def datasets(api, world):
    public = api.datasets.query(visibility="public")[0]
    assert public.id == "admin/reference-sequences"
    assert api.files.query(dataset=public).total == 1
    own = api.datasets.get_owned_by("rfranklin")[0]
    filled(own, "href", "name")
    assert own.id in [each.id for each in api.datasets.query()]
    own.description = f"edited {RUN}"
    own.save()
    assert api.datasets.get(own.id).description == f"edited {RUN}"
    own.add_member("fcrick", permissions={"read": True})
    assert own.get_member("fcrick").permissions["read"] and own.get_members().total == 2
    member = own.get_member("fcrick")
    member.permissions["copy"] = True
    member.save()
    assert own.get_member("fcrick").permissions["copy"]
    own.remove_member(member=member)
    assert own.get_members().total == 1
    own.delete()
    expect(NotFound, api.datasets.get, own.id)
    return f"{public.id}, {own.id}"


@area
def markers(api, world):
    marker = api.markers.create(
        file=world.file, name="variant", position={"start": 1, "end": 9}, chromosome="chr1", private=False
    )
    marker.name = "renamed"
    marker.save()
    marker = api.markers.get(marker.id)
    assert marker.name == "renamed" and marker.position["end"] == 9
    assert api.markers.query(file=world.file).total == 1
    marker.delete()
    assert api.markers.query(file=world.file).total == 0
    return "one, made, renamed and deleted"


@area
def automations(api, world):
    automation = api.automations.create(name=f"auto {RUN}", billing_group=world.group, description="d")
    automation.description = "edited"
    automation.save()
    assert api.automations.query(name=RUN).total == 1
    member = automation.add_member("fcrick", permissions={"read": True, "execute": True})
    assert member.permissions["execute"]
    member.permissions["write"] = True
    member.save()
    assert automation.get_member("fcrick").permissions["write"]
    automation.add_team_member(world.team, permissions={"read": True})
    assert automation.get_members().total == 3
    automation.remove_team_member(world.team)
    automation.remove_member("fcrick")
    assert automation.get_members().total == 1
    with tempfile.NamedTemporaryFile(suffix=".zip") as code:
        code.write(b"code")
        code.flush()
        package = automation.add_package(version="1.0", file_path=code.name, schema={"inputs": []}, python="3.8")
    assert package.python == "3.8" and automation.get_packages().total == 1
    package.memory_limit = 512
    package.save()
    assert api.automation_packages.get(package.id).memory_limit == 512
    package.archive()
    assert package.archived
    package.restore()
    assert not package.archived
    filled(automation, "href", "owner", "created_by", "created_on", "modified_by", "modified_on")
    assert automation.get_package(package.id).version == "1.0"
    filled(package, "location", "created_by", "created_on")
    assert package.automation == automation.id
    assert [each.id for each in api.automation_packages.query(automation)] == [package.id]
    automation.archive()
    assert automation.archived
    automation.restore()
    world.automation, world.package = automation, package
    return automation.name


@area
def automation_runs(api, world):
    runs = api.automation_runs
    run = runs.create(package=world.package, inputs={"x": 1}, name=f"run {RUN}")
    done = until(lambda: runs.get(run.id), ["FINISHED"])
    assert done.outputs == {"x": 1} and done.package.id == world.package.id
    filled(done, "href", "created_by", "created_on", "start_time", "end_time", "settings", "execution_details")
    assert done.automation.id == world.automation.id and done.inputs == {"x": 1}
    assert [each.id for each in runs.query(name=f"run {RUN}")] == [run.id]
    assert [each.id for each in world.automation.get_runs(name=f"run {RUN}")] == [run.id]
    assert run.id in done.reload().get_log_file().content()
    assert done.get_state()["outputs"] == {"x": 1}
    done.name = f"renamed {RUN}"
    done.save()
    again = runs.rerun(done.id)
    again.stop()
    until(lambda: runs.get(again.id), ["ABORTED"])
    assert world.automation.get_runs(order_by="created_on", order="desc")[0].id == again.id
    assert runs.query(automation=world.automation, status="FINISHED").total == 1
    return "finished, run again and stopped"


@area
def cleaning_up(api, world):
    world.volume.active = False
    world.volume.save()
    expect(Conflict, world.volume.delete)
    world.other.delete()
    world.project.delete()
    expect(NotFound, api.projects.get, world.project.id)
    world.volume.delete()
    expect(NotFound, api.volumes.get, world.volume.id)
    return "the project and the volume are gone"


def main():
    api = sevenbridges.Api(advance_access=True)
    world = World()
    failed = 0
    for check in AREAS:
        name = check.__name__.replace("_", " ")
        try:
            print(f"ok    {name}: {check(api, world)}", flush=True)
        except Exception:  # Every failure is one line of the report, and the next area still runs.
            failed += 1
            print(f"FAIL  {name}\n{traceback.format_exc()}", flush=True)
    print(f"{len(AREAS)} areas, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
