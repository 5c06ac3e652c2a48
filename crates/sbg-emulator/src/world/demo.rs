//! Sample data to explore and to write documentation with: projects, files, apps, finished and failed tasks,
//! a volume, and two months of bills.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::{
    World,
    apps::Strategy,
    files::FileEdit,
    members::{MemberKind, NewMember},
    projects::ProjectEdit,
    tasks::TaskEdit,
};
use crate::{error::Outcome, json_object::JsonObject, objects::object::Object};

const OWNER: &str = "rfranklin";
const PROJECT: &str = "rfranklin/fibre-diffraction";
/// The age of everything.
const AGE: SignedDuration = SignedDuration::from_hours(40 * 24);

impl World {
    /// Fills a new world through the same rules as requests, then moves everything into the past.
    pub(super) fn seed_demo(&mut self) -> Outcome<()> {
        let reads = self.demo_project()?;
        self.demo_apps()?;
        self.demo_tasks(&reads)?;
        self.demo_volume(&reads)?;
        self.finish_everything();
        self.age(AGE);
        Ok(())
    }

    fn demo_project(&mut self) -> Outcome<Vec<String>> {
        for (name, description) in [
            ("Fibre diffraction", "Patterns of the B form, and what was measured on them."),
            ("RNA pilot", "A first look at tobacco mosaic virus."),
        ] {
            let edit = ProjectEdit {
                name: Some(name.to_owned()),
                description: Some(description.to_owned()),
                tags: Some(vec!["demo".to_owned()]),
                ..ProjectEdit::default()
            };
            self.create_project(OWNER, edit)?;
        }
        let read_and_copy = map(json!({ "read": true, "copy": true }));
        self.add_member(OWNER, PROJECT, &NewMember::Named(MemberKind::User, "fcrick"), Some(&read_and_copy))?;
        let all = map(json!({ "admin": true }));
        self.add_member(OWNER, PROJECT, &NewMember::Named(MemberKind::User, "mwilkins"), Some(&all))?;
        let mut reads = Vec::new();
        for (number, lines) in [(1_u32, 40_usize), (2, 25), (3, 60)] {
            let content = format!("@read\n{}\n+\nIIII\n", "ACGT".repeat(10)).repeat(lines);
            let path = format!("reads/sample-{number}.fastq");
            let id = self.seed_file(PROJECT, &path, self.demo_object(content));
            let edit = FileEdit {
                tags: Some(vec!["fastq".to_owned(), "raw".to_owned()]),
                metadata: Some(map(
                    json!({ "sample_id": format!("S{}", number % 2), "experimental_strategy": "WGS" }),
                )),
                ..FileEdit::default()
            };
            self.edit_file(OWNER, &id, edit)?;
            reads.push(id);
        }
        self.seed_file(PROJECT, "notes.txt", self.demo_object("Photo 51 is the clearest.\n".to_owned()));
        let large = Object::pattern(20_000_000_000, self.clock.timestamp());
        let archive = self.seed_file("rfranklin/rna-pilot", "archive.tar", large);
        // The link is not used: requesting it is charged.
        self.download_url(OWNER, &archive, std::time::Duration::ZERO)?;
        Ok(reads)
    }

    fn demo_object(&self, content: String) -> Object {
        Object::new(vec![content.into()], self.clock.timestamp())
    }

    fn demo_apps(&mut self) -> Outcome<()> {
        for app in ["line-count", "concatenate", "checksum"] {
            let source = format!("admin/sbg-public-data/{app}");
            self.copy_app(OWNER, (&source, None), PROJECT, None, Strategy::Clone)?;
        }
        let workflow = json!({
            "class": "Workflow",
            "cwlVersion": "v1.2",
            "label": "Helix angle",
            "doc": "Measures the angle of the helix; does nothing here.",
            "inputs": [{ "id": "pattern", "type": "File" }, { "id": "layers", "type": "int?", "default": 10 }],
            "outputs": [{ "id": "angle", "type": "float", "outputSource": "measure/angle" }],
            "steps": [],
        });
        let id = format!("{PROJECT}/helix-angle");
        self.install_app(OWNER, &id, None, &map(workflow.clone()), None)?;
        let mut next = map(workflow);
        next.insert("sbg:revisionNotes".to_owned(), "Ten layers by default".into());
        self.install_app(OWNER, &id, Some("1"), &next, None)?;
        Ok(())
    }

    fn demo_tasks(&mut self, reads: &[String]) -> Outcome<()> {
        let file = |id: &String| json!({ "class": "File", "path": id });
        let all: Vec<Value> = reads.iter().map(file).collect();
        let by_sample = map(json!({ "type": "CRITERIA", "criteria": ["metadata.sample_id"] }));
        let tasks = [
            ("Count reads", "line-count", json!({ "file": all[0] }), None, true),
            ("All reads", "concatenate", json!({ "files": all }), None, true),
            ("By sample", "concatenate", json!({ "files": all }), Some(("files", &by_sample)), true),
            ("Unknown digest", "checksum", json!({ "file": all[1], "algorithm": "crc" }), None, true),
            ("Digest", "checksum", json!({ "file": all[1], "algorithm": "md5" }), None, false),
        ];
        for (name, app, inputs, batch, runs) in tasks {
            let app = format!("{PROJECT}/{app}");
            let edit = TaskEdit {
                name: Some(name),
                app: Some(&app),
                inputs: Some(map(inputs)),
                batch_input: batch.map(|(input, _)| input),
                batch_by: batch.map(|(_, by)| by),
                ..TaskEdit::default()
            };
            let id = self.create_task(OWNER, Some(PROJECT), &edit)?;
            if runs {
                self.run_task(OWNER, &id, None, None)?;
            }
        }
        Ok(())
    }

    fn demo_volume(&mut self, reads: &[String]) -> Outcome<()> {
        let now = self.clock.timestamp();
        for key in ["patterns/a-form.csv", "patterns/b-form.csv", "README.txt"] {
            let object = Arc::new(Object::new(vec![format!("{key}\n").into()], now));
            // Memory takes everything; a folder that cannot be written to has one object less.
            let _ = self.bucket_mut("demo-bucket").put(key, &object);
        }
        let volume = json!({
            "name": "patterns",
            "description": "Patterns on a bucket in memory",
            "service": {
                "type": "s3",
                "bucket": "demo-bucket",
                "credentials": { "access_key_id": "AKIADEMO", "secret_access_key": "demo" },
            },
        });
        let import = json!({
            "source": { "volume": "rfranklin/patterns", "location": "patterns" },
            "destination": { "project": PROJECT },
        });
        let export = json!({
            "source": { "file": reads[2] },
            "destination": { "volume": "rfranklin/patterns", "location": "reads/sample-3.fastq" },
        });
        let body = |value| JsonObject::of(value).ok_or(crate::error::ApiError::new(90000));
        self.create_volume(OWNER, body(&volume)?)?;
        self.start_import(OWNER, body(&import)?)?;
        self.start_export(OWNER, body(&export)?, true)?;
        Ok(())
    }

    /// Moves everything into the past.
    fn age(&mut self, by: SignedDuration) {
        let back = |time: &mut Timestamp| *time = time.checked_sub(by).unwrap_or(*time);
        let back_option = |time: &mut Option<Timestamp>| {
            if let Some(time) = time {
                *time = time.checked_sub(by).unwrap_or(*time);
            }
        };
        for group in &mut self.billing_groups {
            back(&mut group.created);
        }
        for project in self.projects.values_mut() {
            back(&mut project.created);
            back(&mut project.modified);
        }
        for file in self.files.values_mut() {
            back(&mut file.created);
            back(&mut file.modified);
        }
        for task in self.tasks.values_mut() {
            back(&mut task.created);
            for time in [&mut task.started, &mut task.running, &mut task.ended] {
                back_option(time);
            }
        }
        for app in self.apps.values_mut() {
            app.revisions.iter_mut().for_each(|revision| back(&mut revision.created));
        }
        for volume in self.volumes.values_mut() {
            back(&mut volume.created);
            back(&mut volume.modified);
        }
        let imports = self.imports.values_mut().map(|import| &mut import.progress);
        for job in imports.chain(self.exports.values_mut().map(|export| &mut export.progress)) {
            back(&mut job.started);
            back_option(&mut job.finished);
        }
        self.ledger.age(by);
    }
}

fn map(value: Value) -> Map<String, Value> {
    if let Value::Object(map) = value { map } else { Map::new() }
}
