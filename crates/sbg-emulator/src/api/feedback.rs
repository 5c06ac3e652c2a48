//! Feedback. The other actions are in `files`.

use crate::{
    error::Outcome,
    http::{
        request::{Reply, Request},
        router::Route,
    },
    world::World,
};

pub(super) static ROUTES: &[Route] = &[Route::post("/action/notifications/feedback", send)];

fn send(world: &mut World, request: &Request) -> Outcome<Reply> {
    let body = request.object()?;
    for text in ["text", "referrer"] {
        body.text(text)?;
    }
    world.send_feedback(&request.actor, body.text("type")?)?;
    Ok(Reply::empty(204))
}
