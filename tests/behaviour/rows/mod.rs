//! Tests the guide from Python to Rust row by row: each Rust call runs against the emulator, and its result and all its requests are
//! checked. The guide and the tests have the same rows.

mod apps;
mod automations;
mod billing;
mod bulk;
mod configuration;
mod datasets;
mod files;
mod guide;
mod jobs;
mod projects;
mod resources;
mod row;
mod scene;
mod tasks;
mod transfers;
mod users;
mod volumes;

use row::{Row, row, run};
use scene::Scene;

/// A chapter of the guide: its rows, and the source text of their file.
struct Area {
    rows: fn() -> Vec<Row>,
    source: &'static str,
}

/// Lists the chapters and creates a test named after each.
macro_rules! areas {
    ($($area:ident),* $(,)?) => {
        /// All chapters.
        const AREAS: &[Area] =
            &[$(Area { rows: $area::rows, source: include_str!(concat!(stringify!($area), ".rs")) }),*];

        $(#[tokio::test]
        async fn $area() {
            run(stringify!($area), $area::rows()).await;
        })*
    };
}

areas!(
    apps,
    automations,
    billing,
    bulk,
    configuration,
    datasets,
    files,
    jobs,
    projects,
    resources,
    tasks,
    transfers,
    users,
    volumes,
);
