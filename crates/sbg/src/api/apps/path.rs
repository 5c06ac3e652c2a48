//! The pieces of the path that name an app.

/// Names the app in a generated call.
macro_rules! of_app {
    ($call:expr, $id:expr) => {
        $call.project_owner($id.owner()).project($id.project()).app_short_name($id.app())
    };
}

pub(super) use of_app;
