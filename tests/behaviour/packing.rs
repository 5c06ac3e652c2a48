//! Apps in several files become one document.

use std::fs;
use std::path::Path;

use sbg::ErrorKind;
use sbg::apps::Cwl;
use sbg_tests::Stage;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

#[track_caller]
fn packed(path: impl AsRef<Path>, root: &Path) -> Value {
    match Cwl::pack(path.as_ref()).root(root).read() {
        Ok(Cwl::Json(value)) => value,
        other => panic!("{other:?}"),
    }
}

/// The error of packing `main.cwl`, which must name what is wrong.
#[track_caller]
fn assert_refused(files: &[(&str, &str)], expected: &str) {
    let folder = folder(files);
    let error = Cwl::pack(folder.path().join("main.cwl")).read().unwrap_err();
    let text = format!("{error:#}");
    assert!(text.contains(expected), "{text}");
}

const TOOL: &str =
    "cwlVersion: v1.2\nclass: CommandLineTool\ninputs: {reads: File}\noutputs: {bam: stdout}\n";

#[test]
fn linked_tools_are_embedded() {
    let folder = folder(&[
        (
            "workflows/main.cwl",
            "cwlVersion: v1.2\nclass: Workflow\n\
             requirements: {SubworkflowFeatureRequirement: {}, InlineJavascriptRequirement: {expressionLib: [{$include: ../lib/f.js}]}}\n\
             inputs: {reads: File, names: {type: \"string[]?\", default: [a]}}\n\
             outputs: {bam: {type: File, outputSource: inner/bam}}\n\
             steps:\n  inner:\n    run: inner.cwl\n    in: {reads: reads, both: {source: [reads, names], linkMerge: merge_flattened}}\n    out: [bam]\n",
        ),
        (
            "workflows/inner.cwl",
            "cwlVersion: v1.0\nclass: Workflow\ninputs: {$import: ../lib/inputs.yml}\noutputs: []\n\
             steps: [{id: align, run: ../tools/align.cwl, in: [], out: [bam]}]\n",
        ),
        ("tools/align.cwl", TOOL),
        ("lib/inputs.yml", "reads: {type: File, doc: {$include: doc.txt}}\n"),
        ("lib/doc.txt", "Reads of one lane.\n"),
        ("lib/f.js", "function f() { return 1; }\n"),
    ]);
    assert_eq!(
        packed(folder.path().join("workflows/main.cwl"), folder.path()),
        json!({
            "cwlVersion": "v1.2", "class": "Workflow",
            "requirements": [
                {"class": "SubworkflowFeatureRequirement"},
                {"class": "InlineJavascriptRequirement", "expressionLib": ["function f() { return 1; }\n"]},
            ],
            "inputs": [{"id": "reads", "type": "File"}, {"id": "names", "type": "string[]?", "default": ["a"]}],
            "outputs": [{"id": "bam", "type": "File", "outputSource": "inner/bam"}],
            "steps": [{
                "id": "inner", "out": ["bam"],
                "in": [{"id": "reads", "source": "reads"},
                       {"id": "both", "source": ["reads", "names"], "linkMerge": "merge_flattened"}],
                "run": {
                    "cwlVersion": "v1.0", "class": "Workflow", "id": "inner", "outputs": [],
                    "inputs": [{"id": "reads", "type": "File", "doc": "Reads of one lane.\n"}],
                    "steps": [{
                        "id": "align", "in": [], "out": ["bam"],
                        "run": {"cwlVersion": "v1.2", "class": "CommandLineTool", "id": "align",
                                "inputs": [{"id": "reads", "type": "File"}], "outputs": [{"id": "bam", "type": "stdout"}]},
                    }],
                },
            }],
        })
    );
}

#[test]
fn named_types_stand_where_they_are_used() {
    let folder = folder(&[
        (
            "main.cwl",
            "cwlVersion: v1.2\nclass: CommandLineTool\n\
             requirements: [{class: SchemaDefRequirement, types: [{$import: types.yml}, {name: color, type: enum, symbols: [red]}]}]\n\
             inputs: {one: \"types.yml#sample\", many: \"types.yml#sample[]?\", paint: color,\n  \
             choice: [\"null\", \"types.yml#sample\"], deep: {type: {type: array, items: \"#color\"}}}\noutputs: []\n",
        ),
        (
            "types.yml",
            "- {name: lane, type: enum, symbols: [\"1\", \"2\"]}\n\
             - name: sample\n  type: record\n  fields: {bam: File, lanes: \"lane[]\"}\n",
        ),
    ]);
    let lane = json!({"name": "lane", "type": "enum", "symbols": ["1", "2"]});
    let sample = json!({
        "name": "sample", "type": "record",
        "fields": [{"name": "bam", "type": "File"}, {"name": "lanes", "type": {"type": "array", "items": lane}}],
    });
    let color = json!({"name": "color", "type": "enum", "symbols": ["red"]});
    assert_eq!(
        packed(folder.path().join("main.cwl"), folder.path()),
        json!({
            "cwlVersion": "v1.2", "class": "CommandLineTool", "requirements": [], "outputs": [],
            "inputs": [
                {"id": "one", "type": sample},
                {"id": "many", "type": ["null", {"type": "array", "items": sample}]},
                {"id": "paint", "type": color},
                {"id": "choice", "type": ["null", sample]},
                {"id": "deep", "type": {"type": "array", "items": color}},
            ],
        })
    );
}

/// What `cwltool --pack` writes.
#[test]
fn graphs_are_unfolded() {
    let graph = json!({"cwlVersion": "v1.0", "$namespaces": {"sbg": "https://sevenbridges.com"}, "$graph": [
        {"class": "CommandLineTool", "id": "#align.cwl", "inputs": [{"id": "#align.cwl/reads", "type": "File"}],
         "outputs": [{"id": "#align.cwl/bam", "type": "stdout"}]},
        {"class": "Workflow", "id": "#main", "inputs": [{"id": "#main/reads", "type": "File"}],
         "outputs": [{"id": "#main/bam", "type": "File", "outputSource": "#main/align/bam"}],
         "steps": [{"id": "#main/align", "run": "#align.cwl", "scatter": "#main/align/reads",
                    "in": [{"id": "#main/align/reads", "source": "#main/reads"}], "out": ["#main/align/bam"]}]},
    ]});
    let folder = folder(&[("all.cwl", &graph.to_string())]);
    let tool = json!({
        "class": "CommandLineTool", "id": "align.cwl", "inputs": [{"id": "reads", "type": "File"}],
        "outputs": [{"id": "bam", "type": "stdout"}], "cwlVersion": "v1.0",
    });
    let namespaces = json!({"sbg": "https://sevenbridges.com"});
    assert_eq!(
        packed(folder.path().join("all.cwl"), folder.path()),
        json!({
            "class": "Workflow", "id": "main", "inputs": [{"id": "reads", "type": "File"}], "cwlVersion": "v1.0",
            "outputs": [{"id": "bam", "type": "File", "outputSource": "align/bam"}], "$namespaces": namespaces,
            "steps": [{"id": "align", "run": tool, "scatter": "reads", "in": [{"id": "reads", "source": "reads"}],
                       "out": ["bam"]}],
        })
    );
    let mut alone = tool;
    alone["$namespaces"] = namespaces;
    assert_eq!(packed(folder.path().join("all.cwl#align.cwl"), folder.path()), alone);
}

#[test]
fn draft_2_is_packed() {
    let tool = r##"{"cwlVersion": "sbg:draft-2", "class": "CommandLineTool", "id": "t", "inputs": [{"id": "#reads", "type": ["File"]}]}"##;
    let main = r##"{"cwlVersion": "sbg:draft-2", "class": "Workflow", "inputs": [{"id": "#reads", "type": ["File"]}],
                   "steps": [{"id": "#s", "run": {"import": "tool.json"}, "inputs": [{"id": "#s.reads", "source": ["#reads"]}]}]}"##;
    let folder = folder(&[("main.cwl", main), ("tool.json", tool)]);
    let mut expected: Value = serde_json::from_str(main).unwrap();
    expected["steps"][0]["run"] = serde_json::from_str(tool).unwrap();
    assert_eq!(packed(folder.path().join("main.cwl"), folder.path()), expected);
}

#[test]
fn invalid_links_are_named() {
    let step = |run: &str| {
        format!(
            "cwlVersion: v1.2\nclass: Workflow\ninputs: []\noutputs: []\nsteps: {{a: {{run: {run}, in: [], out: []}}}}\n"
        )
    };
    assert_refused(&[("main.cwl", &step("tool.cwl"))], "tool.cwl`, which `");
    assert_refused(&[("main.cwl", &step("https://example.com/tool.cwl"))], "links to the URL");
    assert_refused(&[("main.cwl", &step("main.cwl"))], "runs itself: main.cwl -> main.cwl");
    assert_refused(
        &[("main.cwl", &step("b.cwl")), ("b.cwl", &step("main.cwl"))],
        "runs itself: main.cwl -> b.cwl -> main.cwl",
    );
    assert_refused(
        &[("main.cwl", &step("tool.cwl#other")), ("tool.cwl", TOOL)],
        "no process in it is named `other`",
    );
    assert_refused(&[("main.cwl", &step("[x]"))], "neither a file nor a process");
    assert_refused(&[("main.cwl", &step("list.yml")), ("list.yml", "[]")], "not a CWL description");
    let import = "cwlVersion: v1.2\nclass: CommandLineTool\ninputs: {$import: a.yml}\noutputs: []\n";
    assert_refused(&[("main.cwl", import), ("a.yml", "{$import: a.yml}")], "imports itself");
    assert_refused(
        &[("main.cwl", import), ("a.yml", "x: {type: File, doc: {$import: a.yml}}")],
        "imports itself",
    );
}

#[test]
fn invalid_descriptions_are_named() {
    assert_refused(&[("main.cwl", "class: Workflow\nsteps: [")], "main.cwl");
    assert_refused(&[("main.cwl", "{\"class\": ")], "line 1");
    assert_refused(&[("main.cwl", "class: Tool\ncwlVersion: v1.2\n")], "`Tool` is not a class");
    assert_refused(&[("main.cwl", "class: Workflow\n")], "no `cwlVersion`");
    assert_refused(&[("main.cwl", "class: Workflow\ncwlVersion: v9\n")], "CWL `v9` is not supported");
    let tool =
        |inputs: &str| format!("class: CommandLineTool\ncwlVersion: v1.2\noutputs: []\ninputs: {inputs}\n");
    assert_refused(&[("main.cwl", &tool("{a: Sample}"))], "the type `Sample` is not defined");
    assert_refused(&[("main.cwl", &tool("7"))], "`inputs` is neither a list nor a map");
    let circle = "class: CommandLineTool\ncwlVersion: v1.2\noutputs: []\ninputs: {a: t}\n\
                  requirements: {SchemaDefRequirement: {types: [{name: t, type: record, fields: {next: \"t?\"}}]}}\n";
    assert_refused(&[("main.cwl", circle)], "a type contains itself");
}

/// An app of someone else must not read the files of its user.
#[test]
fn links_stay_below_the_root() {
    let text =
        "class: CommandLineTool\ncwlVersion: v1.2\noutputs: []\ninputs: []\ndoc: {$include: ../secret}\n";
    let folder = folder(&[("app/main.cwl", text), ("secret", "a secret")]);
    let main = folder.path().join("app/main.cwl");
    let error = Cwl::pack(&main).read().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(format!("{error:#}").contains("is outside of the folder"), "{error:#}");
    assert_eq!(packed(&main, folder.path())["doc"], "a secret");
    #[cfg(unix)]
    {
        fs::remove_file(&main).unwrap();
        fs::write(&main, text.replace("../secret", "link")).unwrap();
        std::os::unix::fs::symlink("../secret", folder.path().join("app/link")).unwrap();
        Cwl::pack(&main).read().unwrap_err();
    }
}

#[tokio::test]
async fn packed_app_is_pushed_once() {
    let stage = Stage::start().await;
    let client = &stage.client;
    let folder = folder(&[("main.cwl", TOOL)]);
    let pack = || Cwl::pack(folder.path().join("main.cwl")).read().unwrap();
    let id = format!("{}/tool", stage.project);
    assert!(client.apps().push(&id, pack()).await.unwrap().changed);
    let again = client.apps().push(&id, pack()).await.unwrap();
    assert_eq!((again.changed, again.app.revision), (false, Some(0)));
    // The same in YAML is the same, unless it writes lists as maps.
    let yaml = Cwl::yaml(
        "cwlVersion: v1.2\nclass: CommandLineTool\ninputs: [{id: reads, type: File}]\noutputs: [{id: bam, type: stdout}]\n",
    );
    assert!(!client.apps().push(&id, yaml).await.unwrap().changed);
    fs::write(folder.path().join("main.cwl"), format!("{TOOL}label: Tool\n")).unwrap();
    let changed = client.apps().push(&id, pack()).await.unwrap();
    assert_eq!((changed.changed, changed.app.revision), (true, Some(1)));
}
