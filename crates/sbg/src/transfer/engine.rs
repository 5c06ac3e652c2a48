//! Shared by all transfers of a client: threads, connections, bandwidth, and storage requests with their retries.

pub(super) mod bandwidth;
pub(super) mod concurrency;
mod controller;
pub(super) mod in_flight;
pub(super) mod platform_clock;
pub(super) mod retry;
pub(super) mod runtime;
pub(super) mod storage;
pub(super) mod task;
