//! The scenario of the matrix with the Rust client of OpenAPI Generator. `cargo xtask clients` runs it.

use std::collections::HashMap;
use std::env;
use std::error::Error;
use std::fmt::Debug;

use sbg_api::apis::configuration::{ApiKey, Client, Configuration};
use sbg_api::apis::{Error as Refused, files_api, projects_api, tasks_api, upload_api, users_api};
use sbg_api::models::{self, FilePage};
use serde_json::json;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

const PART_SIZE: usize = 2048;

fn content() -> Vec<u8> {
    (0..=255).collect::<Vec<u8>>().repeat(12)
}

fn client(endpoint: &str) -> Configuration {
    Configuration {
        base_path: env::var(endpoint).expect("the URL is set"),
        api_key: Some(ApiKey { prefix: None, key: token() }),
        ..Configuration::default()
    }
}

fn token() -> String {
    env::var("SB_AUTH_TOKEN").expect("the token is set")
}

fn check<T: PartialEq + Debug>(value: T, wanted: T) -> Outcome {
    if value == wanted { Ok(()) } else { Err(format!("{value:?} instead of {wanted:?}").into()) }
}

/// What may be absent or null.
fn given<T>(value: Option<Option<T>>) -> Outcome<T> {
    value.flatten().ok_or_else(|| "absent or null".into())
}

async fn upload(api: &Configuration, storage: &Client, parent: &str, name: &str) -> Outcome<String> {
    let content = content();
    let start = models::UploadInit {
        parent: Some(parent.to_owned()),
        size: Some(content.len() as i64),
        part_size: Some(PART_SIZE as i32),
        ..models::UploadInit::new(name.to_owned())
    };
    let upload = upload_api::upload_init(api, start, None).await?;
    for (number, bytes) in (1..).zip(content.chunks(PART_SIZE)) {
        let part = upload_api::upload_part_url(api, &upload.upload_id, number).await?;
        // The storage must not get the token.
        let mut request = storage.put(&part.url).body(bytes.to_vec());
        for (name, value) in part.headers.flatten().unwrap_or_default() {
            request = request.header(name, value);
        }
        let stored = request.send().await?.error_for_status()?;
        let mut headers = HashMap::new();
        for header in given(given(part.report)?.headers)? {
            let value = stored.headers().get(&header).ok_or("the storage sent no such header")?;
            headers.insert(header, value.to_str()?.replace('"', ""));
        }
        let response = models::UploadPartReportResponse::new(headers);
        let report = models::UploadPartReport::new(number, response);
        upload_api::upload_part_report(api, &upload.upload_id, report).await?;
    }
    let file = upload_api::upload_complete(api, &upload.upload_id, models::UploadComplete::new()).await?;
    Ok(file.id)
}

/// Lists files by metadata: the client sends a map as one parameter with JSON.
async fn by_sample(api: &Configuration, parent: &str, sample: &str) -> Outcome<FilePage> {
    let request = api.client.get(format!("{}/files", api.base_path)).header("X-SBG-Auth-Token", token());
    let request = request.query(&[("parent", parent), ("metadata.sample_id", sample)]);
    Ok(request.send().await?.error_for_status()?.json().await?)
}

fn report(name: &str, outcome: &Outcome) {
    match outcome {
        Ok(()) => println!("{name}: ok"),
        Err(why) => println!("{name}: {}", why.to_string().lines().next().unwrap_or_default()),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let (api, odd, storage) = (client("SB_API_ENDPOINT"), client("SBG_ODD_ENDPOINT"), Client::new());
    let (mut project, mut folder, mut file) = (String::new(), String::new(), String::new());

    let account = async { check(users_api::user_me(&api, None).await?.username.is_empty(), false) };
    report("account", &account.await);

    let created = async {
        let create = models::ProjectCreate::new("From Rust".to_owned());
        project = projects_api::project_create(&api, create, None).await?.id;
        let page = projects_api::project_list(&api, None, None, None, None, None, None).await?;
        check(page.items.iter().any(|item| item.id == project), true)
    };
    report("project", &created.await);

    let created = async {
        let mut create = models::FolderCreate::new("reads".to_owned(), models::FolderCreateType::Folder);
        create.project = Some(project.clone());
        folder = files_api::folder_create(&api, create).await?.id;
        Ok(())
    };
    report("folder", &created.await);

    let uploaded = async {
        file = upload(&api, &storage, &folder, "a.bam").await?;
        Ok(())
    };
    report("upload", &uploaded.await);

    let names = async {
        for name in ["b.bam", "c.bam"] {
            upload(&api, &storage, &folder, name).await?;
        }
        let wanted = vec!["a.bam".to_owned(), "b.bam".to_owned()];
        let page = files_api::file_list(
            &api,
            None,
            Some(&folder),
            None,
            Some(wanted.clone()),
            None,
            None,
            None,
            None,
            None,
            None,
        )
        .await?;
        let mut names = page.items.into_iter().map(|item| given(item.name)).collect::<Outcome<Vec<_>>>()?;
        names.sort();
        check(names, wanted)
    };
    report("names", &names.await);

    let metadata = async {
        let sample = HashMap::from([("sample_id".to_owned(), "S1".to_owned())]);
        files_api::file_metadata_edit(&api, &file, sample, None).await?;
        check(by_sample(&api, &folder, "S1").await?.items.len(), 1)?;
        check(by_sample(&api, &folder, "S2").await?.items.len(), 0)
    };
    report("metadata", &metadata.await);

    let rename = async {
        let edit = models::FileEdit { name: Some("d.bam".to_owned()), ..models::FileEdit::new() };
        check(given(files_api::file_edit(&api, &file, edit, None).await?.name)?.as_str(), "d.bam")
    };
    report("rename", &rename.await);

    let download = async {
        let url = files_api::file_download_info(&api, &file, None).await?.url;
        let stored = storage.get(&url).send().await?.error_for_status()?.bytes().await?;
        check(stored == content(), true)
    };
    report("download", &download.await);

    let tasks = async {
        let page = tasks_api::task_list(
            &api,
            Some(&project),
            None,
            None,
            None,
            None,
            None,
            None,
            None,
            None,
            None,
            None,
            None,
            None,
            Some("_all"),
            None,
            None,
        );
        check(page.await?.items.len(), 0)
    };
    report("tasks", &tasks.await);

    let refusal = async {
        let Err(Refused::ResponseError(refused)) = files_api::file_get(&api, "missing", None).await else {
            return Err("no refusal".into());
        };
        check(refused.status.as_u16(), 404)?;
        match refused.entity {
            Some(files_api::FileGetError::DefaultResponse(error)) => check(given(error.code)?, json!(5002)),
            other => Err(format!("the error is {other:?}").into()),
        }
    };
    report("refusal", &refusal.await);

    let nulls = async {
        let found = files_api::file_get(&odd, "nulls", None).await?;
        check(found.id.as_str(), "nulls")?;
        check((found.name, found.size, found.storage), (Some(None), Some(None), Some(None)))
    };
    report("nulls", &nulls.await);

    let unknown = async {
        let found = files_api::file_get(&odd, "odd", None).await?;
        check((given(found.r#type)?.as_str(), given(found.size)?), ("symlink", 5_000_000_000))?;
        check(given(found.metadata)?.get("depth"), Some(&json!(30)))?;
        let task = tasks_api::task_get(&odd, "00000000-0000-4000-8000-000000000000", None).await?;
        check(given(task.status)?.as_str(), "HIBERNATING")?;
        check(given(given(task.price)?.amount)?, json!("0.23"))?;
        check(given(given(task.execution_status)?.steps_total)?, json!(5))
    };
    report("unknown", &unknown.await);
}
