//! The path segments that name an app.

/// Sets the app's path segments on a generated call.
macro_rules! of_app {
    ($call:expr, $id:expr) => {
        $call.project_owner($id.owner()).project($id.project()).app_short_name($id.app())
    };
}

pub(super) use of_app;
