"""An outside witness for the emulator: sbpack, which labs use to publish apps, packs, pulls, copies and writes manifests.

Run it with the programs of PyPI `sbpack` against a fresh emulator, whose URL and token it finds in SB_API_ENDPOINT and SB_AUTH_TOKEN. It
prints one line for each step and ends with 0 if all of them are as expected.
"""

import csv
import json
import os
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

import sevenbridges

# The profile `.` is the environment.
HERE = "."
PROGRAMS = Path(sys.executable).parent
STEPS = []


def step(function):
    """Registers a check; steps run in the order in which they are written."""
    STEPS.append(function)
    return function


def run(program, *arguments, cwd=None):
    """Runs a program, which has to succeed, and returns what it printed."""
    command = [PROGRAMS / program, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=cwd)
    assert done.returncode == 0, f"{program} {arguments}: {done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


class World:
    def __init__(self, folder):
        self.folder = folder
        self.api = sevenbridges.Api()
        self.project = self.api.projects.create(name="sbpack")
        self.other = self.api.projects.create(name="sbpack copy")

    def app(self, name):
        return f"{self.project.id}/{name}"

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path


def tool(version):
    return f"""cwlVersion: {version}
class: CommandLineTool
label: Word count
baseCommand: [wc, -l]
inputs:
  text:
    type: File
    inputBinding: {{position: 1}}
outputs:
  count:
    type: stdout
stdout: count.txt
"""


@step
def pack_tools_of_each_version(world):
    for version in ["v1.0", "v1.2"]:
        name = "tool-" + version.replace(".", "-")
        run("sbpack", HERE, world.app(name), world.write(f"{name}.cwl", tool(version)))
        app = world.api.apps.get(world.app(name))
        assert app.revision == 0 and app.name == "Word count", app
        assert app.raw["cwlVersion"] == version and app.raw["sbg:appVersion"] == [version], app.raw
    return "two tools"


@step
def pack_again_makes_a_revision(world):
    name = "tool-v1-2"
    run("sbpack", HERE, world.app(name), world.folder / f"{name}.cwl")
    app = world.api.apps.get(world.app(name))
    first = world.api.apps.get_revision(world.app(name), 0)
    assert app.revision == 1, app
    assert app.raw["sbg:content_hash"] == first.raw["sbg:content_hash"], "nothing has changed"
    return f"revision {app.revision}"


@step
def pack_a_nested_workflow(world):
    world.write("steps/count.cwl", tool("v1.2"))
    inner = """cwlVersion: v1.2
class: Workflow
inputs: {text: File}
outputs:
  count: {type: File, outputSource: count/count}
steps:
  count:
    run: steps/count.cwl
    in: {text: text}
    out: [count]
"""
    world.write("inner.cwl", inner)
    outer = inner.replace("steps/count.cwl", "inner.cwl") + "requirements: {SubworkflowFeatureRequirement: {}}\n"
    run("sbpack", HERE, world.app("nested"), world.write("outer.cwl", outer))
    raw = world.api.apps.get(world.app("nested")).raw
    assert raw["steps"][0]["run"]["steps"][0]["run"]["class"] == "CommandLineTool", raw
    return "a tool in a workflow in a workflow"


@step
def pack_draft_2(world):
    document = {
        "class": "CommandLineTool",
        "cwlVersion": "sbg:draft-2",
        "label": "Old",
        "baseCommand": ["cat"],
        "inputs": [{"id": "#text", "type": ["File"], "inputBinding": {"position": 0}}],
        "outputs": [{"id": "#out", "type": ["null", "File"], "outputBinding": {"glob": "out.txt"}}],
        "stdout": "out.txt",
        "arguments": [],
        "hints": [],
    }
    run("sbpack", HERE, world.app("draft-2"), world.write("draft-2.json", json.dumps(document)))
    app = world.api.apps.get(world.app("draft-2"))
    assert app.raw["cwlVersion"] == "sbg:draft-2" and app.raw["sbg:appVersion"] == ["sbg:draft-2"], app.raw
    return app.raw["sbg:id"]


@step
def pull_and_unpack(world):
    whole = world.folder / "pulled.cwl"
    run("sbpull", HERE, world.app("nested"), whole)
    assert "class: Workflow" in whole.read_text()
    run("sbpull", "--unpack", HERE, world.app("nested"), world.folder / "unpacked.cwl")
    parts = sorted(path.name for path in world.folder.glob("unpacked*/**/*.cwl"))
    assert parts, list(world.folder.iterdir())
    return ", ".join(parts)


@step
def pack_a_nextflow_workflow(world):
    code = world.folder / "nextflow"
    world.write("nextflow/main.nf", "workflow { println 'hello' }\n")
    world.write("nextflow/README.md", "# A pipeline\n")
    world.write(
        "nextflow/nextflow_schema.json",
        json.dumps({"definitions": {"io": {"type": "object", "properties": {"input": {"type": "string"}}}}}),
    )
    run(
        "sbpack_nf", "--profile", HERE, "--appid", world.app("pipeline"), "--workflow-path", code,
        "--entrypoint", "main.nf", "--executor-version", "22.10.1", "--auto",
    )
    raw = world.api.apps.get(world.app("pipeline")).raw
    assert raw["class"] == "nextflow" and raw["sbg:workflowLanguage"] == "Nextflow", raw
    package = world.api.files.get(raw["app_content"]["code_package"])
    folder = world.api.files.get(package.parent)
    assert folder.name == "nextflow_workflows" and package.name.endswith(".zip"), package.name
    return package.name


@step
def copy_apps_to_another_project(world):
    for name in ["tool-v1-2", "pipeline"]:
        run("sbcopy", "--profile", HERE, "--appid", world.app(name), "--projectid", world.other.id)
        copy = world.api.apps.get(f"{world.other.id}/{name}")
        assert copy.raw["sbg:project"] == world.other.id, copy.raw
    return "a tool and a pipeline with its code package"


@step
def write_a_manifest(world):
    reads = world.write("reads.fastq", "@r\nACGT\n+\nFFFF\n")
    world.api.files.upload(str(reads), project=world.project.id, wait=True)
    sheet = world.write("samples.csv", "sample,fastq\nS1,reads.fastq\n")
    run(
        "sbmanifest", "--profile", HERE, "--projectid", world.project.id, "--sample-sheet", sheet,
        "--columns", "fastq", "--output", "manifest.csv", "--upload", "--tags", "manifest", "--validate",
        # The name of the local file is the name on the platform, so it must not have a folder.
        cwd=world.folder,
    )
    [row] = csv.DictReader((world.folder / "manifest.csv").open())
    root = world.api.files.get(world.project.root_folder)
    assert row["fastq"] == f"vs://Projects/{root.name}/reads.fastq", row
    [uploaded] = world.api.files.query(project=world.project.id, names=["manifest.csv"])
    assert world.api.files.get(uploaded.id).tags == ["manifest"]
    return row["fastq"]


def main():
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder))
        for function in STEPS:
            name = function.__name__.replace("_", " ")
            try:
                print(f"ok    {name}: {function(world)}", flush=True)
            except Exception:
                failed += 1
                print(f"FAIL  {name}\n{traceback.format_exc()}", flush=True)
    print(f"{len(STEPS)} steps, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
