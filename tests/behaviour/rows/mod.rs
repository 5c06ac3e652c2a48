//! The guide from Python to Rust, row by row: each Rust call runs against the emulator, its result is checked, and so is every request
//! that it makes. The rows of the guide and those that are tested are the same.

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

/// A chapter of the guide: its rows, and the text of the file that they stand in.
struct Area {
    rows: fn() -> Vec<Row>,
    source: &'static str,
}

/// Lists the chapters, and makes a test of each that is named after it.
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
