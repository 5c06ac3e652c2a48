//! The Seven Bridges Platform API v2 in one process, for tests, examples and offline work.
//!
//! [`Emulator`] starts an API on one loopback port and an object store on another, which makes them two origins, as on
//! the real platform. It is stateful (created resources are listed, uploaded files can be downloaded) and strict (permissions,
//! limits, documented error codes, signed URLs that expire), and fault rules make it fail in many ways ([`FaultRule`]).
//!
//! ```
//! # fn main() -> std::io::Result<()> {
//! let emulator = sbg_emulator::Emulator::builder().start_blocking()?;
//! emulator.create_project("demo");
//! emulator.create_file("rfranklin/demo", "reads/sample.txt", "ACGT");
//! println!("export SB_API_ENDPOINT={}", emulator.url());
//! println!("export SB_AUTH_TOKEN={}", emulator.token());
//! # Ok(())
//! # }
//! ```
//!
//! It shares no types with the client: it speaks JSON, so a mistake in one cannot hide in the other.

mod api;
mod body_schema;
mod builder;
mod clock;
mod config;
mod emulator;
mod error;
mod error_codes;
mod faults;
mod http;
mod json_object;
mod objects;
mod parse_error;
mod private_file;
pub mod program;
mod shared;
mod state;
mod world;

pub use crate::{
    builder::Builder,
    clock::Clock,
    emulator::Emulator,
    faults::{
        action::Action,
        rules::{FaultCount, FaultId, FaultRule, Faults, When},
    },
    http::{origin::Origin, request_log::Recorded},
    objects::{flavor::StorageFlavor, profile::EmptyRange, quirk::StorageQuirk, storage_error::StorageError},
    parse_error::ParseFaultError,
};

/// The examples of the README, compiled with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
