//! Jobs that copy, move and delete files in the background.

use serde_json::{Value, json};

use super::{files, page};
use crate::{
    clock::rfc3339,
    error::{ApiError, Outcome},
    http::{
        request::{Reply, Request},
        router::Route,
    },
    world::{
        World,
        file_jobs::{FileJob, FileJobState, JobKind, JobResult},
    },
};

pub(super) static ROUTES: &[Route] = &[
    Route::get("/async/files", list),
    Route::post("/async/files/copy", start_copy),
    Route::get("/async/files/copy/{job_id}", get_copy),
    Route::post("/async/files/move", start_move),
    Route::get("/async/files/move/{job_id}", get_move),
    Route::post("/async/files/delete", start_delete),
    Route::get("/async/files/delete/{job_id}", get_delete),
];

fn list(world: &mut World, request: &Request) -> Outcome<Reply> {
    let jobs = world.list_file_jobs(&request.actor);
    page::whole(request, &jobs, |job| render(request, job))
}

fn start_copy(world: &mut World, request: &Request) -> Outcome<Reply> {
    start(world, request, JobKind::Copy)
}

fn start_move(world: &mut World, request: &Request) -> Outcome<Reply> {
    start(world, request, JobKind::Move)
}

fn start_delete(world: &mut World, request: &Request) -> Outcome<Reply> {
    start(world, request, JobKind::Delete)
}

fn start(world: &mut World, request: &Request, kind: JobKind) -> Outcome<Reply> {
    let items = request.object()?.list("items")?.ok_or(ApiError::new(57038))?;
    let id = world.start_file_job(&request.actor, kind, items)?;
    Ok(Reply::object(request, render(request, world.file_job(&request.actor, &id, kind)?)))
}

fn get_copy(world: &mut World, request: &Request) -> Outcome<Reply> {
    get(world, request, JobKind::Copy)
}

fn get_move(world: &mut World, request: &Request) -> Outcome<Reply> {
    get(world, request, JobKind::Move)
}

fn get_delete(world: &mut World, request: &Request) -> Outcome<Reply> {
    get(world, request, JobKind::Delete)
}

fn get(world: &World, request: &Request, kind: JobKind) -> Outcome<Reply> {
    let job = world.file_job(&request.actor, request.param("job_id"), kind)?;
    Ok(Reply::object(request, render(request, job)))
}

fn render(request: &Request, job: &FileJob) -> Value {
    let path = job.kind.name().to_lowercase();
    let mut value = json!({
        "href": request.href(&format!("/async/files/{path}/{}", job.id)),
        "id": job.id,
        "type": job.kind.name(),
        "state": job.state.name(),
        "total_files": job.total,
        "completed_files": job.completed,
        "failed_files": 0,
        "started_on": rfc3339(job.started),
    });
    if job.state == FileJobState::Finished {
        let result = |result: &JobResult| match result {
            JobResult::Done(file) => json!({ "resource": files::render(request, file) }),
            JobResult::Failed(error) => json!({ "error": error.body() }),
        };
        value["result"] = job.results.iter().map(result).collect();
        // A failed item counts even if it never was a file.
        let failed = job.results.iter().filter(|result| matches!(result, JobResult::Failed(_))).count();
        value["failed_files"] = failed.max(job.total - job.completed).into();
        value["finished_on"] = job.finished.map(rfc3339).into();
    }
    value
}
