//! The apps in `admin/sbg-public-data`, which every user can read.

use serde_json::{Value, json};

use super::{
    World,
    apps::{App, Revision},
    ids::PUBLIC_PROJECT,
};

impl World {
    pub(super) fn seed_public_apps(&mut self) {
        let created = self.clock.timestamp();
        for (short_name, raw) in
            [("line-count", line_count()), ("concatenate", concatenate()), ("checksum", checksum())]
        {
            let Value::Object(raw) = raw else { continue };
            let id = format!("{PUBLIC_PROJECT}/{short_name}");
            let notes = Some("First revision".to_owned());
            let revision = Revision::new(short_name, raw, None, notes, "admin", created);
            self.apps.insert(id.clone(), App::public(id, short_name, revision));
        }
    }
}

fn line_count() -> Value {
    tool(
        "Line count",
        "Counts the lines of a text file.",
        "line-count",
        &json!([{ "id": "file", "type": "File", "label": "Text file" }]),
        &json!([
            { "id": "count", "type": "int", "label": "Number of lines" },
            { "id": "report", "type": "File", "label": "Report", "outputBinding": { "glob": "*.line-count.txt" } },
        ]),
    )
}

fn concatenate() -> Value {
    tool(
        "Concatenate",
        "Writes files one after the other into one.",
        "concatenate",
        &json!([{ "id": "files", "type": { "type": "array", "items": "File" }, "label": "Files" }]),
        &json!([{ "id": "file", "type": "File", "label": "All in one", "outputBinding": { "glob": "*" } }]),
    )
}

fn checksum() -> Value {
    tool(
        "Checksum",
        "Computes the digest of a file: md5, sha256 or sha512.",
        "checksum",
        &json!([
            { "id": "file", "type": "File", "label": "File" },
            { "id": "algorithm", "type": "string?", "default": "sha256", "label": "Algorithm" },
        ]),
        &json!([{ "id": "digest", "type": "string", "label": "Digest in hexadecimal digits" }]),
    )
}

fn tool(label: &str, description: &str, command: &str, inputs: &Value, outputs: &Value) -> Value {
    json!({
        "cwlVersion": "v1.2",
        "class": "CommandLineTool",
        "$namespaces": { "sbg": "https://sevenbridges.com" },
        "label": label,
        "doc": description,
        "baseCommand": [command],
        "inputs": inputs,
        "outputs": outputs,
        "requirements": [{ "class": "DockerRequirement", "dockerPull": "images.example.org/emulator:1" }],
        "sbg:categories": ["Text"],
        "sbg:toolkit": "emulator",
        "sbg:license": "Apache-2.0",
    })
}
