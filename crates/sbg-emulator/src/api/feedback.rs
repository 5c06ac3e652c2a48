//! Feedback. The other actions are with the files that they copy.

use crate::{
    call::{Call, Reply},
    error::Outcome,
    route::Route,
    world::World,
};

pub(super) static ROUTES: &[Route] = &[Route::post("/action/notifications/feedback", send)];

fn send(world: &mut World, call: &Call) -> Outcome<Reply> {
    let body = call.object()?.nullable(&["text"]);
    for text in ["text", "referrer"] {
        body.text(text)?;
    }
    world.send_feedback(&call.actor, body.text("type")?)?;
    Ok(Reply::empty(204))
}
