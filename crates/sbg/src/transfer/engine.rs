//! What all transfers of a client share: threads, connections, bandwidth, and how requests to the storage are sent and retried.

pub(super) mod bandwidth;
pub(super) mod concurrency;
pub(super) mod in_flight;
pub(super) mod platform_clock;
pub(super) mod retry;
pub(super) mod runtime;
pub(super) mod storage;
pub(super) mod task;
