//! The programs on tables in a project of the emulator: results, and what they request.

mod distributed;
mod guide;
mod query;
mod stage;
