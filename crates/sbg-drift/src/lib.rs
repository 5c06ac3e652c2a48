//! Checks recorded traffic against the OpenAPI document of the Seven Bridges API.
//!
//! Traffic is HAR 1.2, which browsers and proxies save, or lines of JSON, which `sbg` records. It is read as a stream: memory does not
//! grow with the size of the file. An exchange that contradicts the document is a failure. A field that the document does not name, or
//! a deviation that the platform accepts, is a notice of a named [class](Class).
//!
//! The program `sbg-drift` is the command line interface. The library also gives access to the operations and schemas of the document.
//!
//! ```
//! use sbg_drift::{Drift, Format, Options, document};
//!
//! let traffic = r#"{"method": "GET", "path": "/user/", "status": 200, "response": {"username": "rfranklin"}}"#;
//! let document = document();
//! let mut problems = Vec::new();
//! let report = Drift::new(&document, Options::default())?.check(
//!     traffic.as_bytes(),
//!     Format::Lines,
//!     &|_, _| None,
//!     &mut |problem| problems.push(problem.to_string()),
//! )?;
//! assert_eq!(report.to_string(), "1 exchanges, 0 failed, 1 notices");
//! assert_eq!(problems, ["1: notice: user_me: trailing-slash: the path ends in a slash"]);
//! # Ok::<(), anyhow::Error>(())
//! ```

mod base;
mod check;
#[cfg(feature = "program")]
mod decode;
mod exchange;
mod har;
mod lenient;
mod lines;
#[cfg(feature = "program")]
pub mod program;
mod report;
mod routes;
mod schema;
mod traffic;

pub use base::Bases;
pub use check::{Decode, Drift, ERROR, Options};
#[cfg(feature = "program")]
pub use decode::decode;
pub use exchange::{Body, Exchange};
pub use report::{Class, Kind, Position, Problem, Report, Tally};
pub use routes::{Route, Routes, operations};
pub use schema::{Breach, Schemas};
pub use traffic::Format;

/// The OpenAPI document, without its descriptions and examples.
///
/// ```
/// assert!(sbg_drift::document()["paths"]["/user"]["get"].is_object());
/// ```
///
/// # Panics
///
/// Never: the built-in document is valid JSON.
pub fn document() -> serde_json::Value {
    serde_json::from_str(include_str!("document.json")).expect("the document that is built in is JSON")
}
