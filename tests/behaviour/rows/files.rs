//! Files and folders: finding, describing, copying, moving.

use sbg::types::{File, FileType};
use sbg::{ErrorKind, Fields};
use sbg_tests::{assert_refused, client_of};
use serde_json::json;

use super::{Row, Scene, row};

const PROJECT: &str = "rfranklin/demo";

fn names(files: &[File]) -> Vec<&str> {
    let mut names: Vec<&str> = files.iter().filter_map(|file| file.name.as_deref()).collect();
    names.sort_unstable();
    names
}

/// The id of a new folder in the project.
async fn folder(scene: &Scene, name: &str) -> sbg::Result<String> {
    let folder = scene.client.files().create_folder(name, &scene.project).await?;
    scene.prepared();
    Ok(folder.id)
}

pub(super) fn rows() -> Vec<Row> {
    [finding(), scrolling(), describing(), copying(), folders()].into_iter().flatten().collect()
}

fn finding() -> Vec<Row> {
    vec![
        row("api.files.query(project='user/my-project')", async |scene, client| {
            scene.file("a.fasta", "a");
            scene.file("inner/b.fasta", "b");
            let files = client.files().query().project("rfranklin/demo").all().await?;
            assert_eq!(names(&files), ["a.fasta", "inner"]);
            scene.sent("GET /files?project=rfranklin/demo&offset=0&limit=100");
            Ok(())
        }),
        row("[file for file in files if 'fasta' in file.name]", async |scene, client| {
            scene.file("a.fasta", "a");
            scene.file("a.fastq", "a");
            let mut files = client.project(PROJECT).files().query().items();
            let mut fasta = Vec::new();
            while let Some(file) = files.try_next().await? {
                if file.name.as_deref().unwrap_or_default().contains("fasta") {
                    fasta.push(file);
                }
            }
            assert_eq!(names(&fasta), ["a.fasta"]);
            scene.sent("GET /files?project=rfranklin/demo&offset=0&limit=100");
            Ok(())
        }),
        row(
            "api.files.query(project='user/myproject', names=['a.fastq.gz', 'b.fastq.gz'])",
            async |scene, client| {
                for name in ["a.fastq.gz", "b.fastq.gz", "c.fastq.gz"] {
                    scene.file(name, name);
                }
                let files = client
                    .files()
                    .query()
                    .project("rfranklin/demo")
                    .name("a.fastq.gz")
                    .name("b.fastq.gz")
                    .all()
                    .await?;
                assert_eq!(names(&files), ["a.fastq.gz", "b.fastq.gz"]);
                scene.sent(
                    "GET /files?project=rfranklin/demo&name=a.fastq.gz&name=b.fastq.gz&offset=0&limit=100",
                );
                Ok(())
            },
        ),
        row(
            "api.files.query(project='user/myproject', metadata={'sample_id': 'SRR062634'})",
            async |scene, client| {
                let [mine, _] = ["a", "b"].map(|name| scene.file(name, name));
                client.file(&mine).metadata().merge([("sample_id", "SRR062634")]).await?;
                scene.prepared();
                let files = client
                    .files()
                    .query()
                    .project("rfranklin/demo")
                    .metadata("sample_id", "SRR062634")
                    .all()
                    .await?;
                assert_eq!((files.len(), &files[0].id), (1, &mine));
                scene.sent(
                    "GET /files?project=rfranklin/demo&metadata.sample_id=SRR062634&offset=0&limit=100",
                );
                Ok(())
            },
        ),
        row("api.files.query(parent=parent)", async |scene, client| {
            scene.file("reads/a.fastq", "a");
            let root = client.project(PROJECT).files().query().all().await?;
            let parent = &root[0].id;
            scene.prepared();
            let files = client.files().query().parent(parent).all().await?;
            assert_eq!(names(&files), ["a.fastq"]);
            scene.sent(&format!("GET /files?parent={parent}&offset=0&limit=100"));
            Ok(())
        }),
        row("api.files.get(id='5710141760b2b14e3cc146af')", async |scene, client| {
            let id = scene.file("a.fastq", "ACGT");
            let file = client.file(&id).get().await?;
            assert_eq!((file.name.as_deref(), file.size), (Some("a.fastq"), Some(4)));
            scene.sent(&format!("GET /files/{id}"));
            Ok(())
        }),
        row("file.reload()", async |scene, client| {
            let file = client.file(scene.file("a.fastq", "ACGT"));
            let reloaded = file.get().await?;
            assert_eq!(reloaded.id, file.id());
            scene.sent(&format!("GET /files/{}", file.id()));
            Ok(())
        }),
    ]
}

fn scrolling() -> Vec<Row> {
    vec![
        row("api.files.query(cont_token='init', limit=10)", async |scene, client| {
            for number in 0..12 {
                scene.file(&format!("{number:02}"), "");
            }
            let files =
                client.files().query().project("rfranklin/demo").cont_token().page_size(10).page().await?;
            assert_eq!(files.items.len(), 10);
            scene.sent("GET /files/scroll?project=rfranklin/demo&token=init&limit=10");
            let rest = files.next_page().await?.expect("a second page");
            assert_eq!(rest.items.len(), 2);
            let next = scene.rest();
            assert!(next.len() == 1 && next[0].contains("&token=") && !next[0].contains("init"), "{next:?}");

            // Each of the three rules is checked before a request is sent.
            let invalid = ErrorKind::InvalidInput;
            let query = || client.files().query().project("rfranklin/demo").cont_token();
            assert_refused(query().offset(10).page().await, invalid, &["offset"]);
            assert_refused(query().metadata("sample_id", "S1").page().await, invalid, &["metadata"]);
            let plain = client_of(scene.emulator.url(), &scene.emulator.token()).build()?;
            let without_access = plain.files().query().project("rfranklin/demo").cont_token().page().await;
            assert_refused(without_access, ErrorKind::AdvanceAccess, &["advance_access"]);
            scene.sent_nothing();
            Ok(())
        }),
        row("folder.list_files(cont_token='init', limit=10)", async |scene, client| {
            scene.file("reads/a.fastq", "a");
            let root = client.project(PROJECT).files().query().all().await?;
            let folder = client.file(&root[0].id);
            scene.prepared();
            let files = folder.list().cont_token().page_size(10).page().await?;
            assert_eq!(names(&files.items), ["a.fastq"]);
            scene.sent(&format!("GET /files/{}/scroll?token=init&limit=10", folder.id()));
            Ok(())
        }),
    ]
}

fn describing() -> Vec<Row> {
    vec![
        row("my_file.metadata['sample_id'] = 'my-sample'", async |scene, client| {
            let my_file = client.file(scene.file("a.fastq", "a"));
            my_file.metadata().merge([("library", "my-library")]).await?;
            scene.prepared();
            let metadata = my_file.metadata().merge([("sample_id", "my-sample")]).await?;
            assert_eq!(
                (&metadata["sample_id"], &metadata["library"]),
                (&json!("my-sample"), &json!("my-library"))
            );
            scene.sent_json(
                &format!("PATCH /files/{}/metadata", my_file.id()),
                json!({"sample_id": "my-sample"}),
            );
            Ok(())
        }),
        row(
            "my_file.metadata = {'sample_id': 'my-sample', 'library': 'my-library'}",
            async |scene, client| {
                let my_file = client.file(scene.file("a.fastq", "a"));
                my_file.metadata().merge([("lane", "1")]).await?;
                scene.prepared();
                let fields = [("sample_id", "my-sample"), ("library", "my-library")];
                let metadata = my_file.metadata().overwrite(fields).await?;
                assert_eq!(metadata["library"], json!("my-library"));
                assert!(!metadata.contains_key("lane"));
                scene.sent_json(
                    &format!("PUT /files/{}/metadata", my_file.id()),
                    json!({"sample_id": "my-sample", "library": "my-library"}),
                );
                Ok(())
            },
        ),
        row("my_file.tags = ['example']", async |scene, client| {
            let my_file = client.file(scene.file("a.fastq", "a"));
            let edited = my_file.edit().tags(["example"]).await?;
            assert_eq!(edited.tags.unwrap_or_default(), ["example"]);
            scene.sent_json(&format!("PATCH /files/{}", my_file.id()), json!({"tags": ["example"]}));
            Ok(())
        }),
        row("my_file.save()", async |scene, client| {
            let my_file = client.file(scene.file("a.fastq", "a"));
            let saved = my_file.edit().name("b.fastq").tags(["example"]).await?;
            assert_eq!((saved.name.as_deref(), saved.id.as_str()), (Some("b.fastq"), my_file.id()));
            scene.sent_json(
                &format!("PATCH /files/{}", my_file.id()),
                json!({"name": "b.fastq", "tags": ["example"]}),
            );
            Ok(())
        }),
        row("file.delete()", async |scene, client| {
            let file = client.file(scene.file("a.fastq", "a"));
            file.delete().await?;
            scene.sent(&format!("DELETE /files/{}", file.id()));
            assert_eq!(scene.emulator.file_content(file.id()), None);
            Ok(())
        }),
    ]
}

fn copying() -> Vec<Row> {
    vec![
        row("my_file.copy(project='user/my-other-project', name='my-new-file')", async |scene, client| {
            let my_file = client.file(scene.file("a.fastq", "ACGT"));
            let new_file = my_file.copy_to("rfranklin/rna-pilot").name("my-new-file").await?;
            assert_eq!(new_file.name.as_deref(), Some("my-new-file"));
            scene.assert_uploaded(&new_file.id, b"ACGT");
            scene.sent_json(
                &format!("POST /files/{}/actions/copy", my_file.id()),
                json!({"project": "rfranklin/rna-pilot", "name": "my-new-file"}),
            );
            Ok(())
        }),
        row("my_file.copy_to_folder(parent=new_folder, name='new-file-name')", async |scene, client| {
            let my_file = client.file(scene.file("a.fastq", "ACGT"));
            let new_folder = folder(scene, "new").await?;
            let copied_file = my_file.copy_to(&new_folder).name("new-file-name").await?;
            assert_ne!(copied_file.id, my_file.id());
            scene.sent_json(
                &format!("POST /files/{}/actions/copy", my_file.id()),
                json!({"parent": new_folder, "name": "new-file-name"}),
            );
            Ok(())
        }),
        row("my_file.move_to_folder(parent=new_folder, name='new-file-name')", async |scene, client| {
            let my_file = client.file(scene.file("a.fastq", "ACGT"));
            let new_folder = folder(scene, "new").await?;
            let moved_file = my_file.move_to(&new_folder).name("new-file-name").await?;
            assert_eq!((moved_file.id.as_str(), moved_file.parent), (my_file.id(), Some(new_folder.clone())));
            scene.sent_json(
                &format!("POST /files/{}/actions/move", my_file.id()),
                json!({"parent": new_folder, "name": "new-file-name"}),
            );
            Ok(())
        }),
    ]
}

fn folders() -> Vec<Row> {
    vec![
        row("api.files.get('folder-identifier')", async |scene, client| {
            let id = folder(scene, "reads").await?;
            let folder = client.file(&id).get().fields(Fields::only(["type", "name"])).await?;
            assert_eq!(folder.type_, Some(FileType::Folder));
            scene.sent(&format!("GET /files/{id}?fields=id,type,name"));
            Ok(())
        }),
        row("folder.list_files()", async |scene, client| {
            scene.file("reads/a.fastq", "a");
            let root = client.project(PROJECT).files().query().all().await?;
            let folder = client.file(&root[0].id);
            scene.prepared();
            let files = folder.list().all().await?;
            assert_eq!(names(&files), ["a.fastq"]);
            scene.sent(&format!("GET /files/{}/list?offset=0&limit=100", folder.id()));
            Ok(())
        }),
        row(
            "api.files.create_folder(name='new_folder_name', project='project-identifier')",
            async |scene, client| {
                let new_folder = client.files().create_folder("new_folder_name", "rfranklin/demo").await?;
                assert_eq!(new_folder.type_, Some(FileType::Folder));
                scene.sent_json(
                    "POST /files",
                    json!({"name": "new_folder_name", "type": "folder", "project": "rfranklin/demo"}),
                );
                Ok(())
            },
        ),
        row(
            "api.files.create_folder(name='new_folder_name', parent='parent-folder-identifier')",
            async |scene, client| {
                let parent = folder(scene, "outer").await?;
                let new_folder = client.files().create_folder("new_folder_name", &parent).await?;
                assert_eq!(new_folder.parent.as_deref(), Some(parent.as_str()));
                scene.sent_json(
                    "POST /files",
                    json!({"name": "new_folder_name", "type": "folder", "parent": parent}),
                );
                Ok(())
            },
        ),
    ]
}
