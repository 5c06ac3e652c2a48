//! Jobs that copy, move and delete files in the background.

use serde_json::{Value, json};

use crate::{
    call::{Call, Reply},
    clock::rfc3339,
    error::{ApiError, Outcome},
    page,
    route::Route,
    world::{
        World,
        file_jobs::{FileJob, FileJobState, JobKind, JobResult},
    },
};

use super::files::{self, Case};

pub(super) static ROUTES: &[Route] = &[
    Route::get("/async/files", list),
    Route::post("/async/files/copy", start_copy),
    Route::get("/async/files/copy/{job_id}", get_copy),
    Route::post("/async/files/move", start_move),
    Route::get("/async/files/move/{job_id}", get_move),
    Route::post("/async/files/delete", start_delete),
    Route::get("/async/files/delete/{job_id}", get_delete),
];

fn list(world: &mut World, call: &Call) -> Outcome<Reply> {
    let jobs = world.list_file_jobs(&call.actor);
    page::whole(call, &jobs, |job| render(call, job))
}

fn start_copy(world: &mut World, call: &Call) -> Outcome<Reply> {
    start(world, call, JobKind::Copy)
}

fn start_move(world: &mut World, call: &Call) -> Outcome<Reply> {
    start(world, call, JobKind::Move)
}

fn start_delete(world: &mut World, call: &Call) -> Outcome<Reply> {
    start(world, call, JobKind::Delete)
}

fn start(world: &mut World, call: &Call, kind: JobKind) -> Outcome<Reply> {
    let items = call.object()?.list("items")?.ok_or(ApiError::new(57038))?;
    let id = world.start_file_job(&call.actor, kind, items)?;
    Ok(Reply::object(call, render(call, world.file_job(&call.actor, &id, kind)?)))
}

fn get_copy(world: &mut World, call: &Call) -> Outcome<Reply> {
    get(world, call, JobKind::Copy)
}

fn get_move(world: &mut World, call: &Call) -> Outcome<Reply> {
    get(world, call, JobKind::Move)
}

fn get_delete(world: &mut World, call: &Call) -> Outcome<Reply> {
    get(world, call, JobKind::Delete)
}

fn get(world: &World, call: &Call, kind: JobKind) -> Outcome<Reply> {
    let job = world.file_job(&call.actor, call.param("job_id"), kind)?;
    Ok(Reply::object(call, render(call, job)))
}

fn render(call: &Call, job: &FileJob) -> Value {
    let path = job.kind.name().to_lowercase();
    let mut value = json!({
        "href": call.href(&format!("/async/files/{path}/{}", job.id)),
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
            JobResult::Done(file) => json!({ "resource": files::render(call, file, Case::Small) }),
            JobResult::Failed(error) => json!({ "error": error.body() }),
        };
        value["result"] = job.results.iter().map(result).collect();
        // An item that fails is counted also where it never was a file.
        let failed = job.results.iter().filter(|result| matches!(result, JobResult::Failed(_))).count();
        value["failed_files"] = failed.max(job.total - job.completed).into();
        value["finished_on"] = job.finished.map(rfc3339).into();
    }
    value
}
